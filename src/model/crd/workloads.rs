//! Schemas of ServiceEntry, WorkloadEntry and WorkloadGroup.

use super::schema::Constraint::{AtMostOne, Check, Entries, Items, Keys, Length, Range, Required, Text, Unique};
use super::schema::{Breach, Schema, leaf, present, text, within};
use crate::yaml::Node;

pub(super) static PORT: Schema = leaf(&[Range(1, 65535)]);

/// A `workloadSelector` with `labels`. The CRD does not constrain the keys.
pub(super) static WORKLOAD_SELECTOR: Schema = within(&[
    ("labels", &leaf(&[Entries(0, 256)])),
    (
        "labels{}",
        &leaf(&[Length(0, 63), Text(|value| !value.contains('*'), "use a complete label value, without `*`")]),
    ),
]);

pub(super) static SERVICE_ENTRY: Schema = Schema {
    constraints: &[
        Required("hosts"),
        AtMostOne(&["workloadSelector", "endpoints"]),
        Check(networks_need_addresses),
        Check(endpoints_fit_resolution),
    ],
    fields: &[
        ("hosts", &leaf(&[Items(1, 256)])),
        ("hosts[]", &leaf(&[Text(|host| host != "*", "use a host, or a wildcard such as `*.example.com`")])),
        ("addresses", &leaf(&[Items(0, 256)])),
        ("addresses[]", &leaf(&[Length(0, 64)])),
        ("ports", &leaf(&[Items(0, 256), Unique("name"), Unique("number")])),
        ("ports[]", &SERVICE_PORT),
        ("endpoints", &leaf(&[Items(0, 4096)])),
        ("endpoints[]", &WORKLOAD_ENTRY),
        ("workloadSelector", &WORKLOAD_SELECTOR),
    ],
};
static SERVICE_PORT: Schema = Schema {
    constraints: &[Required("number"), Required("name")],
    fields: &[
        ("number", &PORT),
        ("targetPort", &PORT),
        ("name", &leaf(&[Length(0, 256)])),
        ("protocol", &leaf(&[Length(0, 256)])),
    ],
};

fn networks_need_addresses(spec: &Node) -> Option<Breach> {
    if matches!(text(spec, "resolution").unwrap_or("NONE"), "NONE" | "STATIC") {
        return None;
    }
    let addresses = present(spec, "addresses").map(Node::items).unwrap_or_default();
    let network = addresses.iter().find(|address| address.as_str().is_some_and(|it| it.contains('/')))?;
    Some(Breach(
        network.span,
        "an address with a prefix length needs `resolution: NONE` or `resolution: STATIC`",
        "change `resolution`, or write addresses without a prefix length",
    ))
}

fn endpoints_fit_resolution(spec: &Node) -> Option<Breach> {
    let endpoints = present(spec, "endpoints")?;
    match text(spec, "resolution").unwrap_or("NONE") {
        "NONE" => Some(Breach(
            endpoints.span,
            "`endpoints` are not allowed with `resolution: NONE`, the default",
            "set `resolution: STATIC` or `resolution: DNS`, or remove `endpoints`",
        )),
        "DNS_ROUND_ROBIN" => {
            let second = endpoints.items().get(1)?;
            Some(Breach(
                second.span,
                "`resolution: DNS_ROUND_ROBIN` allows only one endpoint",
                "keep one endpoint, or set `resolution: DNS`",
            ))
        }
        _ => None,
    }
}

const ENTRY_FIELDS: &[(&str, &Schema)] = &[
    ("address", &ADDRESS),
    ("ports", &ENTRY_PORTS),
    ("ports{}", &PORT),
    ("labels", &leaf(&[Entries(0, 256)])),
    ("locality", &LONG_TEXT),
    ("network", &LONG_TEXT),
    ("serviceAccount", &leaf(&[Length(0, 253)])),
];
pub(super) static WORKLOAD_ENTRY: Schema =
    Schema { constraints: &[Check(address_or_network), Check(sockets_have_no_ports)], fields: ENTRY_FIELDS };
static TEMPLATE: Schema = Schema { constraints: &[Check(sockets_have_no_ports)], fields: ENTRY_FIELDS };
static LONG_TEXT: Schema = leaf(&[Length(0, 2048)]);
static ADDRESS: Schema = leaf(&[
    Length(0, 256),
    Text(is_address, "use an address, a host, or `unix://` with an absolute path or an abstract name"),
]);
static ENTRY_PORTS: Schema =
    leaf(&[Entries(0, 128), Keys(is_port_name, "use port names of at most 62 letters, digits and dashes")]);

fn is_address(address: &str) -> bool {
    let Some(path) = address.strip_prefix("unix://") else { return true };
    path.starts_with(['/', '@']) && !path.ends_with('/')
}

fn is_port_name(name: &str) -> bool {
    let is_end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    name.len() < 63
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && is_end(name.bytes().next())
        && is_end(name.bytes().last())
}

fn address_or_network(entry: &Node) -> Option<Breach> {
    let is_missing = present(entry, "address").is_none() && present(entry, "network").is_none();
    is_missing.then_some(Breach(
        entry.span,
        "`address` or `network` must be set",
        "add `address`, or `network` for endpoints behind a gateway",
    ))
}

fn sockets_have_no_ports(entry: &Node) -> Option<Breach> {
    let is_socket = text(entry, "address").is_some_and(|address| address.starts_with("unix://"));
    let ports = present(entry, "ports").filter(|_| is_socket)?;
    Some(Breach(ports.span, "`ports` are not allowed with a socket address (`unix://`)", "remove `ports`"))
}

pub(super) static WORKLOAD_GROUP: Schema = Schema {
    constraints: &[Required("template")],
    fields: &[
        ("metadata", &within(&[("labels", &leaf(&[Entries(0, 256)])), ("annotations", &leaf(&[Entries(0, 256)]))])),
        ("template", &TEMPLATE),
        ("probe", &PROBE),
    ],
};
static PROBE: Schema = Schema {
    constraints: &[AtMostOne(&["httpGet", "tcpSocket", "exec", "grpc"])],
    fields: &[
        ("httpGet", &HTTP_GET),
        ("tcpSocket", &Schema { constraints: &[Required("port")], fields: &[("port", &PORT)] }),
        ("grpc", &within(&[("port", &PORT)])),
        (
            "exec",
            &Schema { constraints: &[Required("command")], fields: &[("command[]", &leaf(&[Length(1, usize::MAX)]))] },
        ),
        ("initialDelaySeconds", &COUNT),
        ("timeoutSeconds", &COUNT),
        ("periodSeconds", &COUNT),
        ("successThreshold", &COUNT),
        ("failureThreshold", &COUNT),
    ],
};
static COUNT: Schema = leaf(&[Range(0, i64::MAX)]);
static HTTP_GET: Schema = Schema {
    constraints: &[Required("port")],
    fields: &[
        ("port", &PORT),
        ("scheme", &leaf(&[Text(|scheme| ["", "HTTP", "HTTPS"].contains(&scheme), "use `HTTP` or `HTTPS`")])),
        ("httpHeaders[]", &within(&[("name", &super::policies::HEADER_NAME)])),
    ],
};
