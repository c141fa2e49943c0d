//! AuthorizationPolicy, PeerAuthentication, RequestAuthentication, Telemetry, and what selects workloads.

use super::shape::Rule::{AtMostOne, Check, Entries, Items, Keys, Length, Range, Required, Text};
use super::shape::{Shape, leaf, present, text, within};
use super::traffic::DURATION;
use crate::source::Span;
use crate::uri::go;
use crate::yaml::Node;

/// The selector of kinds with `matchLabels`.
pub(super) static SELECTOR: Shape = within(&[
    ("matchLabels", &leaf(&[Entries(0, 4096), Keys(|key| !key.is_empty() && !key.contains('*'), "whole names")])),
    ("matchLabels{}", &leaf(&[Length(0, 63), Text(|value| !value.contains('*'), "no wildcards")])),
]);
pub(super) static TARGET: Shape = Shape {
    rules: &[Required("kind"), Required("name")],
    fields: &[
        ("group", &leaf(&[Length(0, 253), Text(is_group, "the name of an API group, in lower case")])),
        ("kind", &leaf(&[Length(1, 63), Text(is_kind, "the name of a kind")])),
        ("name", &leaf(&[Length(1, 253)])),
        ("namespace", &leaf(&[Text(str::is_empty, "nothing: a reference does not leave its namespace")])),
    ],
};
pub(super) static TARGETS: Shape = leaf(&[Items(0, 16)]);
pub(super) static NOT_EMPTY: Shape = leaf(&[Length(1, usize::MAX)]);
pub(super) static HEADER_NAME: Shape = leaf(&[Text(is_header_name, "letters, digits, dashes and underscores")]);

fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn is_group(group: &str) -> bool {
    let is_end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_part = |part: &str| {
        let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        part.bytes().all(is_inner) && is_end(part.bytes().next()) && is_end(part.bytes().last())
    };
    group.is_empty() || group.split('.').all(is_part)
}

fn is_kind(kind: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    kind.starts_with(|letter: char| letter.is_ascii_alphabetic()) && kind.bytes().all(is_inner) && !kind.ends_with('-')
}

pub(super) static AUTHORIZATION_POLICY: Shape = Shape {
    rules: &[AtMostOne(&["selector", "targetRef", "targetRefs"])],
    fields: &[
        ("selector", &SELECTOR),
        ("targetRef", &TARGET),
        ("targetRefs", &TARGETS),
        ("targetRefs[]", &TARGET),
        ("rules", &leaf(&[Items(0, 512)])),
        ("rules[]", &RULE),
    ],
};
static RULE: Shape = within(&[
    ("from", &leaf(&[Items(0, 512)])),
    ("from[]", &within(&[("source", &SOURCE)])),
    ("when[]", &leaf(&[Required("key")])),
]);
static SOURCE: Shape = Shape {
    rules: &[Check(accounts_stand_alone)],
    fields: &[
        ("serviceAccounts", &leaf(&[Items(0, 16)])),
        ("serviceAccounts[]", &ACCOUNT),
        ("notServiceAccounts", &leaf(&[Items(0, 16)])),
        ("notServiceAccounts[]", &ACCOUNT),
    ],
};
static ACCOUNT: Shape = leaf(&[Length(0, 320)]);

fn accounts_stand_alone(source: &Node) -> Option<(Span, &'static str)> {
    let any = |fields: &[&str]| fields.iter().find_map(|field| present(source, field));
    any(&["serviceAccounts", "notServiceAccounts"])?;
    let other = any(&["principals", "notPrincipals", "namespaces", "notNamespaces"])?;
    Some((other.span, "service accounts are not taken beside principals or namespaces"))
}

pub(super) static PEER_AUTHENTICATION: Shape = Shape {
    rules: &[Check(ports_need_selector)],
    fields: &[("selector", &SELECTOR), ("portLevelMtls", &leaf(&[Entries(1, usize::MAX), Keys(is_port, "ports")]))],
};

fn is_port(key: &str) -> bool {
    key.parse::<i64>().is_ok_and(|port| (1..=65535).contains(&port))
}

fn ports_need_selector(spec: &Node) -> Option<(Span, &'static str)> {
    let ports = present(spec, "portLevelMtls")?;
    let labels = present(spec, "selector").and_then(|selector| present(selector, "matchLabels"));
    let selects = labels.is_some_and(|labels| !labels.entries().is_empty());
    (!selects).then_some((ports.span, "portLevelMtls needs a selector with labels"))
}

pub(super) static REQUEST_AUTHENTICATION: Shape = Shape {
    rules: &[AtMostOne(&["selector", "targetRef", "targetRefs"])],
    fields: &[
        ("selector", &SELECTOR),
        ("targetRef", &TARGET),
        ("targetRefs", &TARGETS),
        ("targetRefs[]", &TARGET),
        ("jwtRules", &leaf(&[Items(0, 4096)])),
        ("jwtRules[]", &JWT_RULE),
    ],
};
static JWT_RULE: Shape = Shape {
    rules: &[AtMostOne(&["jwks", "jwksUri", "jwks_uri"])],
    fields: &[
        ("issuer", &NOT_EMPTY),
        ("audiences[]", &NOT_EMPTY),
        ("jwksUri", &KEYS_URI),
        ("jwks_uri", &KEYS_URI),
        ("fromHeaders[]", &Shape { rules: &[Required("name")], fields: &[("name", &NOT_EMPTY)] }),
        ("fromParams[]", &NOT_EMPTY),
        ("fromCookies[]", &NOT_EMPTY),
        ("outputClaimToHeaders[]", &CLAIM),
        ("spaceDelimitedClaims", &leaf(&[Items(0, 64)])),
        ("spaceDelimitedClaims[]", &NOT_EMPTY),
        ("timeout", &DURATION),
    ],
};
static KEYS_URI: Shape = leaf(&[Length(1, 2048), Text(is_web_uri, "a URL with http:// or https://")]);
static CLAIM: Shape = Shape {
    rules: &[Required("header"), Required("claim")],
    fields: &[("header", &HEADER_NAME), ("claim", &NOT_EMPTY)],
};

fn is_web_uri(text: &str) -> bool {
    go::request_uri(text).is_some_and(|scheme| ["http", "https"].contains(&scheme.0.as_str()))
}

pub(super) static TELEMETRY: Shape = Shape {
    rules: &[AtMostOne(&["selector", "targetRef", "targetRefs"])],
    fields: &[
        ("selector", &SELECTOR),
        ("targetRef", &TARGET),
        ("targetRefs", &TARGETS),
        ("targetRefs[]", &TARGET),
        ("tracing[]", &TRACING),
        ("metrics[]", &METRICS),
        ("accessLogging[]", &within(&[("providers[]", &NAMED)])),
    ],
};
static NAMED: Shape = Shape { rules: &[Required("name")], fields: &[("name", &NOT_EMPTY)] };
static VALUED: Shape = Shape { rules: &[Required("value")], fields: &[("value", &NOT_EMPTY)] };
static TRACING: Shape = within(&[
    ("providers[]", &NAMED),
    ("randomSamplingPercentage", &leaf(&[Range(0, 100)])),
    ("customTags{}", &CUSTOM_TAG),
]);
static CUSTOM_TAG: Shape = Shape {
    rules: &[AtMostOne(&["literal", "environment", "header", "formatter"])],
    fields: &[("literal", &VALUED), ("environment", &NAMED), ("header", &NAMED), ("formatter", &VALUED)],
};
static METRICS: Shape =
    within(&[("providers[]", &NAMED), ("overrides[]", &OVERRIDE), ("reportingInterval", &DURATION)]);
static OVERRIDE: Shape = within(&[("match", &METRIC), ("tagOverrides{}", &leaf(&[Check(value_fits_operation)]))]);
static METRIC: Shape =
    Shape { rules: &[AtMostOne(&["metric", "customMetric"])], fields: &[("customMetric", &NOT_EMPTY)] };

fn value_fits_operation(tag: &Node) -> Option<(Span, &'static str)> {
    let value = present(tag, "value");
    match text(tag, "operation")? {
        "UPSERT" if value.is_none_or(|value| value.as_str() == Some("")) => {
            Some((value.map_or(tag.span, |value| value.span), "a tag that is set (UPSERT) needs a value"))
        }
        "REMOVE" => Some((value?.span, "a tag that is removed has no value")),
        _ => None,
    }
}
