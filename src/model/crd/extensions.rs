//! Schemas of EnvoyFilter, ProxyConfig, WasmPlugin and TrafficExtension.

use super::policies::{SELECTOR, TARGET, TARGETS};
use super::schema::Constraint::{AtMostOne, Check, Items, Length, Range, Required, Text, Unique};
use super::schema::{Breach, Schema, leaf, present, text, within};
use super::workloads::{PORT, WORKLOAD_SELECTOR};
use crate::uri::go;
use crate::yaml::Node;

pub(super) static ENVOY_FILTER: Schema = Schema {
    constraints: &[AtMostOne(&["workloadSelector", "targetRefs"])],
    fields: &[
        ("workloadSelector", &WORKLOAD_SELECTOR),
        ("targetRefs", &TARGETS),
        ("targetRefs[]", &TARGET),
        ("configPatches[]", &within(&[("match", &PATCH_MATCH)])),
    ],
};
static PATCH_MATCH: Schema = Schema {
    constraints: &[AtMostOne(&["listener", "routeConfiguration", "cluster", "waypoint"]), Check(context_fits_waypoint)],
    fields: &[("waypoint", &within(&[("portNumber", &PORT)]))],
};

fn context_fits_waypoint(entry: &Node) -> Option<Breach> {
    let is_waypoint = text(entry, "context") == Some("WAYPOINT");
    match present(entry, "waypoint") {
        None if is_waypoint => Some(Breach(
            entry.span,
            "`context: WAYPOINT` needs `match.waypoint`",
            "add `waypoint` to `match`, or change `context`",
        )),
        Some(waypoint) if !is_waypoint => Some(Breach(
            waypoint.span,
            "`match.waypoint` needs `context: WAYPOINT`",
            "set `context: WAYPOINT`, or remove `waypoint`",
        )),
        _ => None,
    }
}

pub(super) static PROXY_CONFIG: Schema = within(&[
    ("selector", &SELECTOR),
    ("concurrency", &leaf(&[Range(0, i64::MAX)])),
    ("environmentVariables{}", &leaf(&[Length(0, 2048)])),
]);

pub(super) static WASM_PLUGIN: Schema = Schema {
    constraints: &[Required("url"), AtMostOne(&["selector", "targetRef", "targetRefs"])],
    fields: &[
        ("selector", &SELECTOR),
        ("targetRef", &TARGET),
        ("targetRefs", &TARGETS),
        ("targetRefs[]", &TARGET),
        ("match[]", &TRAFFIC_MATCH),
        ("url", &URL),
        ("sha256", &DIGEST),
        ("imagePullSecret", &SECRET),
        ("pluginName", &NAME),
        ("vmConfig", &VM_CONFIG),
    ],
};

pub(super) static TRAFFIC_EXTENSION: Schema = Schema {
    constraints: &[AtMostOne(&["selector", "targetRefs"]), AtMostOne(&["wasm", "lua"]), Check(has_extension)],
    fields: &[
        ("selector", &SELECTOR),
        ("targetRefs", &TARGETS),
        ("targetRefs[]", &TARGET),
        ("match[]", &TRAFFIC_MATCH),
        (
            "lua",
            &Schema { constraints: &[Required("inlineCode")], fields: &[("inlineCode", &leaf(&[Length(1, 65536)]))] },
        ),
        ("wasm", &WASM_CONFIG),
    ],
};
static WASM_CONFIG: Schema = Schema {
    constraints: &[Required("url")],
    fields: &[
        ("url", &URL),
        ("sha256", &DIGEST),
        ("imagePullSecret", &SECRET),
        ("pluginName", &NAME),
        ("vmConfig", &VM_CONFIG),
    ],
};

fn has_extension(spec: &Node) -> Option<Breach> {
    let is_set = present(spec, "wasm").is_some() || present(spec, "lua").is_some();
    (!is_set).then_some(Breach(spec.span, "`wasm` or `lua` must be set", "add `wasm` or `lua`"))
}

static TRAFFIC_MATCH: Schema = within(&[
    ("ports", &leaf(&[Unique("number")])),
    ("ports[]", &Schema { constraints: &[Required("number")], fields: &[("number", &PORT)] }),
]);
static URL: Schema = leaf(&[
    Length(1, usize::MAX),
    Text(is_url, "use a URL that starts with `oci://`, `https://`, `http://` or `file://`"),
]);
static DIGEST: Schema = leaf(&[Text(is_digest, "use 64 lower-case hexadecimal digits")]);
static SECRET: Schema = leaf(&[Length(1, 253)]);
static NAME: Schema = leaf(&[Length(1, 256)]);
static VM_CONFIG: Schema = within(&[("env", &leaf(&[Items(0, 256), Unique("name")])), ("env[]", &VARIABLE)]);
static VARIABLE: Schema = Schema {
    constraints: &[Required("name"), Check(value_fits_source)],
    fields: &[("name", &NAME), ("value", &leaf(&[Length(0, 2048)]))],
};

fn is_url(text: &str) -> bool {
    let scheme = go::request_uri(text).or_else(|| go::request_uri(&format!("http://{text}")));
    text.is_empty() || scheme.is_some_and(|scheme| ["", "http", "https", "oci", "file"].contains(&scheme.0.as_str()))
}

fn is_digest(text: &str) -> bool {
    text.is_empty() || (text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

fn value_fits_source(variable: &Node) -> Option<Breach> {
    let is_host = text(variable, "valueFrom") == Some("HOST");
    let value = present(variable, "value").filter(|_| is_host)?;
    Some(Breach(
        value.span,
        "`value` is not allowed with `valueFrom: HOST`",
        "remove `value`, or set `valueFrom: INLINE`",
    ))
}
