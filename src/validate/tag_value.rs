//! The syntax of values of labels and annotations (istio: `pkg/kube/inject/validate.go`).

use std::num::IntErrorKind;

use super::quoted;
use ipnet::IpNet;

use super::metadata::BOOLEANS;
use crate::advice::Advice;
use crate::model::decode::camel_case;
use crate::model::known_metadata::Values;
use crate::model::nearest;
use crate::model::spelling::did_you_mean;
use crate::source::Spanned;
use crate::yaml;

/// The reason why a value is not valid for its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueFault {
    /// The problem, as a message: "`x` is not a valid port".
    pub message: String,
    /// The way to fix it.
    pub help: Advice,
    /// Whether the rest of the value still has an effect.
    pub is_partial: bool,
}

/// Checks a value. Returns the reason if it is not valid.
pub fn fault(values: Values, value: &Spanned<String>) -> Option<ValueFault> {
    let text = value.as_str();
    match values {
        Values::Any => None,
        Values::Words(words) if words.contains(&text) => None,
        Values::CaselessWords(words) if words.iter().any(|word| word.eq_ignore_ascii_case(text)) => None,
        Values::Words(words) | Values::CaselessWords(words) => Some(unknown_word(value, words)),
        Values::Boolean if BOOLEANS.contains(&text) => None,
        Values::Boolean => fault_with(format!("{} is not a boolean", quoted(text)), "write `\"true\"` or `\"false\"`"),
        Values::Number if text.parse::<u32>().is_ok() && !text.starts_with('+') => None,
        Values::Number => {
            fault_with(format!("{} is not a valid number", quoted(text)), "use 0 or a positive whole number")
        }
        Values::Percentage if text.parse::<u8>().is_ok_and(|number| number <= 100) => None,
        Values::Percentage => {
            fault_with(format!("{} is not a valid percentage", quoted(text)), "use a whole number from 0 to 100")
        }
        Values::Port => port(text),
        Values::PortsOrAll | Values::NetworksOrAll if text == "*" => None,
        Values::Ports | Values::PortsOrAll => text.trim().split(',').filter(|_| !text.trim().is_empty()).find_map(port),
        Values::Networks | Values::NetworksOrAll => text.split(',').filter(|_| !text.is_empty()).find_map(network),
        Values::Interfaces => text.split(',').filter(|_| !text.is_empty()).find_map(interface),
        Values::Quantity if is_quantity(text) => None,
        Values::Quantity => fault_with(
            format!("{} is not a valid quantity", quoted(text)),
            "write a Kubernetes quantity, such as `100m` or `128Mi`",
        ),
        Values::Json if serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() => None,
        Values::Json => {
            fault_with("the value is not valid JSON".to_owned(), "write JSON in quotes, or as a block after `|`")
        }
        Values::ProxyConfig => proxy_config(value),
    }
}

fn fault_with(message: String, help: &str) -> Option<ValueFault> {
    Some(ValueFault { message, help: help.into(), is_partial: false })
}

fn unknown_word(value: &Spanned<String>, words: &[&str]) -> ValueFault {
    let help = did_you_mean(value.span, value, words.iter().copied()).unwrap_or_else(|| {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        format!("use one of {}", words.join(", ")).into()
    });
    ValueFault { message: format!("{} is not a valid value", quoted(value)), help, is_partial: false }
}

fn port(text: &str) -> Option<ValueFault> {
    let help = "use numbers up to 65535, separated by commas";
    match text.trim().parse::<u16>() {
        Ok(_) if !text.trim().starts_with('+') => None,
        Err(error) if *error.kind() == IntErrorKind::Empty => {
            fault_with("a port of the list is empty".to_owned(), help)
        }
        _ => fault_with(format!("{} is not a valid port", quoted(text)), help),
    }
}

fn network(text: &str) -> Option<ValueFault> {
    match text.parse::<IpNet>() {
        Ok(_) => None,
        Err(_) if text != text.trim() => fault_with(
            format!("CIDR range {} has a space", quoted(text)),
            "separate CIDR ranges by commas, without spaces",
        ),
        Err(_) => fault_with(
            format!("{} is not a valid CIDR range", quoted(text)),
            "write a range such as `10.0.0.0/8`, or `10.1.2.3/32` for one address",
        ),
    }
}

fn interface(text: &str) -> Option<ValueFault> {
    let name = text.trim();
    let is_name = name.len() <= 15
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    if is_name {
        None
    } else {
        fault_with(
            format!("{} is not a valid interface name", quoted(name)),
            "use names such as `eth0`, separated by commas",
        )
    }
}

/// Whether a text is a Kubernetes quantity.
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

/// The fields of the ProxyConfig of the MeshConfig.
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

/// Checks a ProxyConfig: a mapping. istiod silently drops unknown fields.
fn proxy_config(value: &Spanned<String>) -> Option<ValueFault> {
    let documents = yaml::split(value.span.file, value);
    let document = yaml::parse(documents.first()?, value);
    let Some(root) = document.root.filter(|_| document.problems.is_empty()) else {
        let is_empty = document.problems.is_empty();
        let fault = || {
            fault_with(
                "the value is not valid YAML".to_owned(),
                "write the fields of a ProxyConfig as a block after `|`",
            )
        };
        return if is_empty { None } else { fault() };
    };
    if !root.is_null() && !matches!(root.value, yaml::Value::Mapping(_)) {
        return fault_with(
            "the value is not a ProxyConfig".to_owned(),
            "write the fields of a ProxyConfig as a block after `|`",
        );
    }
    let names: Vec<String> = PROXY_CONFIG.iter().map(|field| camel_case(field)).collect();
    let is_known = |key: &str| PROXY_CONFIG.contains(&key) || names.iter().any(|name| name == key);
    let unknown = root.entries().iter().map(|entry| &*entry.key.text).find(|key| !is_known(key))?;
    let help = match nearest(unknown, names.iter().map(String::as_str)) {
        Some(name) => format!("did you mean `{name}`?").into(),
        None => "remove it: istiod silently drops it".into(),
    };
    Some(ValueFault {
        message: format!("a ProxyConfig does not have the field {}", quoted(unknown)),
        help,
        is_partial: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Sources, Span};

    fn is_valid(values: Values, text: &str) -> bool {
        let file = Sources::default().add("a.yaml", text);
        fault(values, &Spanned::new(text.to_owned(), Span::new(file, 0, text.len()))).is_none()
    }

    #[test]
    fn values_are_valid_as_for_the_injector() {
        for (values, valid, invalid) in [
            (Values::Boolean, &["true", "False", "1", "t"][..], &["yes", "on", ""][..]),
            (Values::Number, &["0", "10", "4294967295"], &["-1", "+1", "1.5", "", "4294967296"]),
            (Values::Percentage, &["0", "100"], &["101", "5%"]),
            (Values::Port, &["0", "15020", " 80 "], &["65536", "http", ""]),
            (Values::Ports, &["", "80", "80, 443"], &["*", "80,", "80;443", "80,http"]),
            (Values::PortsOrAll, &["*", "", "80"], &["*,80"]),
            (
                Values::Networks,
                &["", "10.0.0.0/8,fd00::/8"],
                &["*", "10.0.0.1", "10.0.0.0/8, 11.0.0.0/8", "10.0.0.0/33"],
            ),
            (Values::NetworksOrAll, &["*", "0.0.0.0/0"], &["any"]),
            (Values::Interfaces, &["", "eth0, net1.100"], &["eth0,", "0eth", "averyveryverylongname", "eth0/1"]),
            (
                Values::Quantity,
                &["100m", "1.5", "128Mi", "1e3", ".5G", "-1"],
                &["128MB", "", "m", "1 Gi", "1e", "1.2.3"],
            ),
            (Values::Json, &["{}", "[{\"name\": \"a\"}]"], &["{name: a}", ""]),
            (Values::CaselessWords(&["PreferClose"]), &["preferclose"], &["close"]),
            (Values::Words(&["REDIRECT"]), &["REDIRECT"], &["redirect"]),
            (
                Values::ProxyConfig,
                &["", "{}", "concurrency: 2", "proxy_metadata: {A: b}\nholdApplicationUntilProxyStarts: true\n"],
                &["concurrency", "a: [", "holdApplicationUntilProxyStart: true"],
            ),
        ] {
            for text in valid {
                assert!(is_valid(values, text), "{values:?} allows {text:?}");
            }
            for text in invalid {
                assert!(!is_valid(values, text), "{values:?} does not allow {text:?}");
            }
        }
    }
}
