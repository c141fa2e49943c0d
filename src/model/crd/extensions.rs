//! EnvoyFilter, ProxyConfig, WasmPlugin, TrafficExtension.

use super::policies::{SELECTOR, TARGET, TARGETS};
use super::shape::Rule::{AtMostOne, Check, Items, Length, Range, Required, Text, Unique};
use super::shape::{Shape, leaf, present, text, within};
use super::workloads::{PORT, WORKLOAD_SELECTOR};
use crate::source::Span;
use crate::uri::go;
use crate::yaml::Node;

pub(super) static ENVOY_FILTER: Shape = Shape {
    rules: &[AtMostOne(&["workloadSelector", "targetRefs"])],
    fields: &[
        ("workloadSelector", &WORKLOAD_SELECTOR),
        ("targetRefs", &TARGETS),
        ("targetRefs[]", &TARGET),
        ("configPatches[]", &within(&[("match", &PATCH_MATCH)])),
    ],
};
static PATCH_MATCH: Shape = Shape {
    rules: &[AtMostOne(&["listener", "routeConfiguration", "cluster", "waypoint"]), Check(waypoints_go_together)],
    fields: &[("waypoint", &within(&[("portNumber", &PORT)]))],
};

fn waypoints_go_together(matched: &Node) -> Option<(Span, &'static str)> {
    let is_waypoint = text(matched, "context") == Some("WAYPOINT");
    match present(matched, "waypoint") {
        None if is_waypoint => Some((matched.span, "context WAYPOINT needs a match of waypoint")),
        Some(waypoint) if !is_waypoint => Some((waypoint.span, "a match of waypoint needs context: WAYPOINT")),
        _ => None,
    }
}

pub(super) static PROXY_CONFIG: Shape = within(&[
    ("selector", &SELECTOR),
    ("concurrency", &leaf(&[Range(0, i64::MAX)])),
    ("environmentVariables{}", &leaf(&[Length(0, 2048)])),
]);

pub(super) static WASM_PLUGIN: Shape = Shape {
    rules: &[Required("url"), AtMostOne(&["selector", "targetRef", "targetRefs"])],
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

pub(super) static TRAFFIC_EXTENSION: Shape = Shape {
    rules: &[AtMostOne(&["selector", "targetRefs"]), AtMostOne(&["wasm", "lua"]), Check(has_extension)],
    fields: &[
        ("selector", &SELECTOR),
        ("targetRefs", &TARGETS),
        ("targetRefs[]", &TARGET),
        ("match[]", &TRAFFIC_MATCH),
        ("lua", &Shape { rules: &[Required("inlineCode")], fields: &[("inlineCode", &leaf(&[Length(1, 65536)]))] }),
        ("wasm", &WASM_CONFIG),
    ],
};
static WASM_CONFIG: Shape = Shape {
    rules: &[Required("url")],
    fields: &[
        ("url", &URL),
        ("sha256", &DIGEST),
        ("imagePullSecret", &SECRET),
        ("pluginName", &NAME),
        ("vmConfig", &VM_CONFIG),
    ],
};

fn has_extension(spec: &Node) -> Option<(Span, &'static str)> {
    let is_there = present(spec, "wasm").is_some() || present(spec, "lua").is_some();
    (!is_there).then_some((spec.span, "neither wasm nor lua is there"))
}

static TRAFFIC_MATCH: Shape = within(&[
    ("ports", &leaf(&[Unique("number")])),
    ("ports[]", &Shape { rules: &[Required("number")], fields: &[("number", &PORT)] }),
]);
static URL: Shape = leaf(&[Length(1, usize::MAX), Text(is_url, "a URL with oci://, https://, http:// or file://")]);
static DIGEST: Shape = leaf(&[Text(is_digest, "64 hexadecimal digits in lower case")]);
static SECRET: Shape = leaf(&[Length(1, 253)]);
static NAME: Shape = leaf(&[Length(1, 256)]);
static VM_CONFIG: Shape = within(&[("env", &leaf(&[Items(0, 256), Unique("name")])), ("env[]", &VARIABLE)]);
static VARIABLE: Shape = Shape {
    rules: &[Required("name"), Check(value_fits_source)],
    fields: &[("name", &NAME), ("value", &leaf(&[Length(0, 2048)]))],
};

fn is_url(text: &str) -> bool {
    let scheme = go::request_uri(text).or_else(|| go::request_uri(&format!("http://{text}")));
    text.is_empty() || scheme.is_some_and(|scheme| ["", "http", "https", "oci", "file"].contains(&scheme.0.as_str()))
}

fn is_digest(text: &str) -> bool {
    text.is_empty() || (text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')))
}

fn value_fits_source(variable: &Node) -> Option<(Span, &'static str)> {
    let is_host = text(variable, "valueFrom") == Some("HOST");
    let value = present(variable, "value").filter(|_| is_host)?;
    Some((value.span, "value is not taken with valueFrom: HOST"))
}
