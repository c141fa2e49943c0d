//! The schema of GRPCRoute.

use super::filter::{GRPC_FILTERS, HEADER_NAME};
use super::http_route::VALUE_TYPE;
use super::path_rules::matches_in_all;
use super::reference::{
    BACKEND_PORT, CORE_GROUP, DEFAULT_GATEWAYS, HOSTNAMES, OTHER_NAMESPACE, PARENTS, REQUIRED_NAME, SECTION,
    SERVICE_KIND, SERVICES_HAVE_PORTS, SHARE,
};
use super::session::SESSION_PERSISTENCE;
use super::stream_route::names_differ;
use crate::model::crd::schema::{present, text};
use crate::model::crd::structural::CelRule::{Check, InChannel};
use crate::model::crd::structural::{
    Channel, DefaultValue, ListSchema, ObjectSchema, Refusal, TextForm, ValueSchema, defaulted, keyed_list, list,
    object, optional, refuse, required,
};
use crate::model::problem::in_backticks;
use crate::yaml::Node;

pub static GRPC_ROUTE: ObjectSchema =
    object(&[PARENTS, DEFAULT_GATEWAYS, HOSTNAMES, optional("rules", ValueSchema::List(&RULES))]);
static RULES: ListSchema = ListSchema {
    rules: &[Check(matches_in_all), InChannel(Channel::Experimental, names_differ)],
    ..list(ValueSchema::Object(&RULE), 0, 16)
};
static RULE: ObjectSchema = object(&[
    optional("name", SECTION),
    optional("matches", ValueSchema::List(&MATCHES)),
    optional("filters", ValueSchema::List(&GRPC_FILTERS)),
    optional("backendRefs", ValueSchema::List(&BACKENDS)),
    SESSION_PERSISTENCE,
]);
static BACKENDS: ListSchema = list(ValueSchema::Object(&BACKEND), 0, 16);
static BACKEND: ObjectSchema = ObjectSchema {
    fields: &[
        CORE_GROUP,
        SERVICE_KIND,
        REQUIRED_NAME,
        OTHER_NAMESPACE,
        BACKEND_PORT,
        SHARE,
        optional("filters", ValueSchema::List(&GRPC_FILTERS)),
    ],
    rules: &[SERVICES_HAVE_PORTS],
};
static MATCHES: ListSchema = list(ValueSchema::Object(&MATCH), 0, 64);
static MATCH: ObjectSchema =
    object(&[optional("method", ValueSchema::Object(&METHOD)), optional("headers", ValueSchema::List(&HEADERS))]);
static HEADERS: ListSchema = keyed_list(ValueSchema::Object(&HEADER), "name", 16);
static HEADER: ObjectSchema = object(&[
    defaulted("type", DefaultValue::Text("Exact"), VALUE_TYPE),
    required("name", HEADER_NAME),
    required("value", ValueSchema::Text(1, 4096, TextForm::Any)),
]);
static METHOD: ObjectSchema = ObjectSchema {
    fields: &[
        defaulted("type", DefaultValue::Text("Exact"), VALUE_TYPE),
        optional("service", ValueSchema::Text(0, 1024, TextForm::Any)),
        optional("method", ValueSchema::Text(0, 1024, TextForm::Any)),
    ],
    rules: &[Check(service_or_method), Check(service_is_name), Check(method_is_name)],
};

fn service_or_method(method: &Node) -> Option<Refusal> {
    let has_none = present(method, "service").is_none() && present(method, "method").is_none();
    let help = "add `service`, `method` or both; a match without `method` matches all methods";
    has_none.then(|| refuse(method.span, "the match names neither a service nor a method", help))
}

/// The service of an exact match is a full name of Protobuf, with an optional dot before it.
fn service_is_name(method: &Node) -> Option<Refusal> {
    let is_name = |text: &str| text.strip_prefix('.').unwrap_or(text).split('.').all(is_identifier);
    let help = "write the full name of the service, such as `shop.v1.Cart`";
    exact(method, "service", is_name, help)
}

/// The method of an exact match is an identifier of Protobuf.
fn method_is_name(method: &Node) -> Option<Refusal> {
    exact(method, "method", is_identifier, "write the name of the method without its service, such as `AddItem`")
}

fn exact(method: &Node, field: &str, is_valid: impl Fn(&str) -> bool, help: &str) -> Option<Refusal> {
    if text(method, "type") != Some("Exact") {
        return None;
    }
    let value = present(method, field)?;
    let written = value.as_str().filter(|written| !is_valid(written))?;
    let message = match written {
        "" => format!("`{field}` is empty"),
        _ => format!("{} is not the name of a {field}", in_backticks(written)),
    };
    let help = if written.is_empty() { format!("remove `{field}`, or write a name") } else { help.to_owned() };
    Some(refuse(value.span, message, help))
}

fn is_identifier(text: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.bytes().all(is_inner) && text.bytes().next().is_some_and(|byte| !byte.is_ascii_digit())
}
