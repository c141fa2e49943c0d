//! Schemas of AuthorizationPolicy, PeerAuthentication, RequestAuthentication and Telemetry, and of selectors.

use super::schema::Constraint::{AtMostOne, Check, Entries, Items, Keys, Length, Range, Required, Text};
use super::schema::{Breach, Schema, leaf, present, text, within};
use super::structural::form;
use super::traffic::DURATION;
use crate::uri::go;
use crate::yaml::Node;

/// A selector with `matchLabels`.
pub(super) static SELECTOR: Schema = within(&[
    (
        "matchLabels",
        &leaf(&[
            Entries(0, 4096),
            Keys(|key| !key.is_empty() && !key.contains('*'), "use complete label keys, without `*`"),
        ]),
    ),
    (
        "matchLabels{}",
        &leaf(&[Length(0, 63), Text(|value| !value.contains('*'), "use a complete label value, without `*`")]),
    ),
]);
pub(super) static TARGET: Schema = Schema {
    constraints: &[Required("kind"), Required("name")],
    fields: &[
        ("group", &leaf(&[Length(0, 253), Text(form::GROUP.is_match, "use an API group in lower case")])),
        ("kind", &leaf(&[Length(1, 63), Text(form::is_kind, "use the name of a kind")])),
        ("name", &leaf(&[Length(1, 253)])),
        ("namespace", &leaf(&[Text(str::is_empty, "remove it: the target is in the namespace of the policy")])),
    ],
};
pub(super) static TARGETS: Schema = leaf(&[Items(0, 16)]);
pub(super) static NOT_EMPTY: Schema = leaf(&[Length(1, usize::MAX)]);
pub(super) static HEADER_NAME: Schema =
    leaf(&[Text(is_header_name, "use letters, digits, dashes and underscores only")]);

fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

pub(super) static AUTHORIZATION_POLICY: Schema = Schema {
    constraints: &[AtMostOne(&["selector", "targetRef", "targetRefs"])],
    fields: &[
        ("selector", &SELECTOR),
        ("targetRef", &TARGET),
        ("targetRefs", &TARGETS),
        ("targetRefs[]", &TARGET),
        ("rules", &leaf(&[Items(0, 512)])),
        ("rules[]", &AUTHORIZATION_RULE),
    ],
};
static AUTHORIZATION_RULE: Schema = within(&[
    ("from", &leaf(&[Items(0, 512)])),
    ("from[]", &within(&[("source", &SOURCE)])),
    ("when[]", &leaf(&[Required("key")])),
]);
static SOURCE: Schema = Schema {
    constraints: &[Check(no_accounts_beside_principals)],
    fields: &[
        ("serviceAccounts", &leaf(&[Items(0, 16)])),
        ("serviceAccounts[]", &ACCOUNT),
        ("notServiceAccounts", &leaf(&[Items(0, 16)])),
        ("notServiceAccounts[]", &ACCOUNT),
    ],
};
static ACCOUNT: Schema = leaf(&[Length(0, 320)]);

fn no_accounts_beside_principals(source: &Node) -> Option<Breach> {
    let any = |fields: &[&str]| fields.iter().find_map(|field| present(source, field));
    any(&["serviceAccounts", "notServiceAccounts"])?;
    let other = any(&["principals", "notPrincipals", "namespaces", "notNamespaces"])?;
    Some(Breach(
        other.span,
        "service accounts cannot be combined with principals or namespaces",
        "use `principals` only, or service accounts only",
    ))
}

pub(super) static PEER_AUTHENTICATION: Schema = Schema {
    constraints: &[Check(ports_need_selector)],
    fields: &[
        ("selector", &SELECTOR),
        ("portLevelMtls", &leaf(&[Entries(1, usize::MAX), Keys(is_port, "use port numbers from 1 to 65535")])),
    ],
};

fn is_port(key: &str) -> bool {
    key.parse::<i64>().is_ok_and(|port| (1..=65535).contains(&port))
}

fn ports_need_selector(spec: &Node) -> Option<Breach> {
    let ports = present(spec, "portLevelMtls")?;
    let labels = present(spec, "selector").and_then(|selector| present(selector, "matchLabels"));
    let selects = labels.is_some_and(|labels| !labels.entries().is_empty());
    (!selects).then_some(Breach(
        ports.span,
        "`portLevelMtls` needs a `selector` with labels",
        "add a `selector` with `matchLabels`, or set `mtls` only",
    ))
}

pub(super) static REQUEST_AUTHENTICATION: Schema = Schema {
    constraints: &[AtMostOne(&["selector", "targetRef", "targetRefs"])],
    fields: &[
        ("selector", &SELECTOR),
        ("targetRef", &TARGET),
        ("targetRefs", &TARGETS),
        ("targetRefs[]", &TARGET),
        ("jwtRules", &leaf(&[Items(0, 4096)])),
        ("jwtRules[]", &JWT_RULE),
    ],
};
static JWT_RULE: Schema = Schema {
    constraints: &[AtMostOne(&["jwks", "jwksUri", "jwks_uri"])],
    fields: &[
        ("issuer", &NOT_EMPTY),
        ("audiences[]", &NOT_EMPTY),
        ("jwksUri", &KEYS_URI),
        ("jwks_uri", &KEYS_URI),
        ("fromHeaders[]", &Schema { constraints: &[Required("name")], fields: &[("name", &NOT_EMPTY)] }),
        ("fromParams[]", &NOT_EMPTY),
        ("fromCookies[]", &NOT_EMPTY),
        ("outputClaimToHeaders[]", &CLAIM),
        ("spaceDelimitedClaims", &leaf(&[Items(0, 64)])),
        ("spaceDelimitedClaims[]", &NOT_EMPTY),
        ("timeout", &DURATION),
    ],
};
static KEYS_URI: Schema =
    leaf(&[Length(1, 2048), Text(is_web_uri, "use a URL that starts with `https://` or `http://`")]);
static CLAIM: Schema = Schema {
    constraints: &[Required("header"), Required("claim")],
    fields: &[("header", &HEADER_NAME), ("claim", &NOT_EMPTY)],
};

fn is_web_uri(text: &str) -> bool {
    go::request_uri(text).is_some_and(|scheme| ["http", "https"].contains(&scheme.0.as_str()))
}

pub(super) static TELEMETRY: Schema = Schema {
    constraints: &[AtMostOne(&["selector", "targetRef", "targetRefs"])],
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
static NAMED: Schema = Schema { constraints: &[Required("name")], fields: &[("name", &NOT_EMPTY)] };
static VALUED: Schema = Schema { constraints: &[Required("value")], fields: &[("value", &NOT_EMPTY)] };
static TRACING: Schema = within(&[
    ("providers[]", &NAMED),
    ("randomSamplingPercentage", &leaf(&[Range(0, 100)])),
    ("customTags{}", &CUSTOM_TAG),
]);
static CUSTOM_TAG: Schema = Schema {
    constraints: &[AtMostOne(&["literal", "environment", "header", "formatter"])],
    fields: &[("literal", &VALUED), ("environment", &NAMED), ("header", &NAMED), ("formatter", &VALUED)],
};
static METRICS: Schema =
    within(&[("providers[]", &NAMED), ("overrides[]", &OVERRIDE), ("reportingInterval", &DURATION)]);
static OVERRIDE: Schema = within(&[("match", &METRIC), ("tagOverrides{}", &leaf(&[Check(value_fits_operation)]))]);
static METRIC: Schema =
    Schema { constraints: &[AtMostOne(&["metric", "customMetric"])], fields: &[("customMetric", &NOT_EMPTY)] };

fn value_fits_operation(tag: &Node) -> Option<Breach> {
    let value = present(tag, "value");
    match text(tag, "operation")? {
        "UPSERT" if value.is_none_or(|value| value.as_str() == Some("")) => Some(Breach(
            value.map_or(tag.span, |value| value.span),
            "`operation: UPSERT` needs a `value`",
            "add `value`, or set `operation: REMOVE`",
        )),
        "REMOVE" => Some(Breach(
            value?.span,
            "`value` is not allowed with `operation: REMOVE`",
            "remove `value`, or set `operation: UPSERT`",
        )),
        _ => None,
    }
}
