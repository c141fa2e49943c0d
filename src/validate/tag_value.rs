//! What the values of labels and annotations look like (istio: `pkg/kube/inject/validate.go`).

use std::num::IntErrorKind;

use ipnet::IpNet;

use super::metadata::BOOLEANS;
use crate::model::decode::camel_case;
use crate::model::known_metadata::Values;
use crate::model::nearest;
use crate::source::Spanned;
use crate::yaml;

/// What is wrong with a value: that it is none of what the key takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong: "… is no port".
    pub message: String,
    /// What to write.
    pub help: String,
    /// Whether the rest counts all the same.
    pub is_partial: bool,
}

/// Says what is wrong with a value.
pub fn fault(values: Values, value: &Spanned<String>) -> Option<Fault> {
    let text = value.as_str();
    match values {
        Values::Any => None,
        Values::Words(words) if words.contains(&text) => None,
        Values::CaselessWords(words) if words.iter().any(|word| word.eq_ignore_ascii_case(text)) => None,
        Values::Words(words) | Values::CaselessWords(words) => Some(of_words(text, words)),
        Values::Boolean if BOOLEANS.contains(&text) => None,
        Values::Boolean => some(format!("{text:?} is no boolean"), "write \"true\" or \"false\""),
        Values::Number if text.parse::<u32>().is_ok() && !text.starts_with('+') => None,
        Values::Number => some(format!("{text:?} is no number"), "write a whole number, 0 or more"),
        Values::Percentage if text.parse::<u8>().is_ok_and(|number| number <= 100) => None,
        Values::Percentage => some(format!("{text:?} is no percentage"), "write a whole number from 0 to 100"),
        Values::Port => port(text),
        Values::PortsOrAll | Values::NetworksOrAll if text == "*" => None,
        Values::Ports | Values::PortsOrAll => text.trim().split(',').filter(|_| !text.trim().is_empty()).find_map(port),
        Values::Networks | Values::NetworksOrAll => text.split(',').filter(|_| !text.is_empty()).find_map(network),
        Values::Interfaces => text.split(',').filter(|_| !text.is_empty()).find_map(interface),
        Values::Quantity if is_quantity(text) => None,
        Values::Quantity => {
            some(format!("{text:?} is no quantity"), "write it as resources of containers are: 100m, 128Mi")
        }
        Values::Json if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => None,
        Values::Json => some("this is no JSON".to_owned(), "write JSON in quotes, or as a block after |"),
        Values::ProxyConfig => proxy_config(value),
    }
}

fn some(message: String, help: &str) -> Option<Fault> {
    Some(Fault { message, help: help.to_owned(), is_partial: false })
}

fn of_words(text: &str, words: &[&str]) -> Fault {
    let help = match nearest(text, words.iter().copied()) {
        Some(word) => format!("did you mean {word}?"),
        None => format!("it takes {}", words.join(", ")),
    };
    Fault { message: format!("{text:?} is not known here"), help, is_partial: false }
}

fn port(text: &str) -> Option<Fault> {
    let help = "write numbers up to 65535 with commas between";
    match text.trim().parse::<u16>() {
        Ok(_) if !text.trim().starts_with('+') => None,
        Err(error) if *error.kind() == IntErrorKind::Empty => some("a port is empty".to_owned(), help),
        _ => some(format!("{text:?} is no port"), help),
    }
}

fn network(text: &str) -> Option<Fault> {
    match text.parse::<IpNet>() {
        Ok(_) => None,
        Err(_) if text != text.trim() => {
            some(format!("there is a space at {text:?}"), "write networks with mere commas between")
        }
        Err(_) => {
            some(format!("{text:?} is no network"), "write networks such as 10.0.0.0/8; of one address 10.1.2.3/32")
        }
    }
}

fn interface(text: &str) -> Option<Fault> {
    let name = text.trim();
    let is_name = name.len() <= 15
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    if is_name {
        None
    } else {
        some(format!("{name:?} names no network interface"), "write names such as eth0 with commas between")
    }
}

/// Whether Kubernetes reads it as an amount.
fn is_quantity(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = unsigned.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = &unsigned[..unsigned.len() - digits.len()];
    let has_number = number.bytes().any(|byte| byte.is_ascii_digit()) && number.matches('.').count() <= 1;
    let is_exponent = || {
        let exponent = digits.strip_prefix(['e', 'E']).map(|it| it.strip_prefix(['+', '-']).unwrap_or(it));
        exponent.is_some_and(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit()))
    };
    const SUFFIXES: [&str; 16] = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    has_number && (SUFFIXES.contains(&digits) || is_exponent())
}

/// The fields of a ProxyConfig of the mesh configuration.
const PROXY_CONFIG: [&str; 40] = [
    "config_path",
    "binary_path",
    "service_cluster",
    "tracing_service_name",
    "drain_duration",
    "discovery_address",
    "discovery_refresh_delay",
    "zipkin_address",
    "statsd_udp_address",
    "envoy_metrics_service_address",
    "proxy_admin_port",
    "availability_zone",
    "control_plane_auth_policy",
    "custom_config_file",
    "stat_name_length",
    "concurrency",
    "proxy_bootstrap_template_path",
    "interception_mode",
    "tracing",
    "sds",
    "envoy_access_log_service",
    "envoy_metrics_service",
    "proxy_metadata",
    "runtime_values",
    "status_port",
    "extra_stat_tags",
    "gateway_topology",
    "termination_drain_duration",
    "mesh_id",
    "readiness_probe",
    "proxy_stats_matcher",
    "hold_application_until_proxy_starts",
    "ca_certificates_pem",
    "image",
    "private_key_provider",
    "proxy_headers",
    "file_flush_interval",
    "file_flush_min_size_kb",
    "stats_compression",
    "connection_settings",
];

/// It has to be a mapping; fields that it does not have are dropped without a word.
fn proxy_config(value: &Spanned<String>) -> Option<Fault> {
    let documents = yaml::split(value.span.file, value);
    let document = yaml::parse(documents.first()?, value);
    let Some(root) = document.root.filter(|_| document.problems.is_empty()) else {
        let is_empty = document.problems.is_empty();
        let fault = || some("this is not YAML".to_owned(), "write the fields of a ProxyConfig as a block after |");
        return if is_empty { None } else { fault() };
    };
    if !root.is_null() && !matches!(root.value, yaml::Value::Mapping(_)) {
        return some("this is no ProxyConfig".to_owned(), "write its fields as a block after |");
    }
    let names: Vec<String> = PROXY_CONFIG.iter().map(|field| camel_case(field)).collect();
    let is_known = |key: &str| PROXY_CONFIG.contains(&key) || names.iter().any(|name| name == key);
    let unknown = root.entries().iter().map(|entry| &*entry.key.text).find(|key| !is_known(key))?;
    let help = match nearest(unknown, names.iter().map(String::as_str)) {
        Some(name) => format!("did you mean {name}?"),
        None => "it is dropped without a word".to_owned(),
    };
    Some(Fault { message: format!("a ProxyConfig has no field {unknown}"), help, is_partial: true })
}
