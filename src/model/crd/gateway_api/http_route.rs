//! The schema of HTTPRoute.

use super::filter::{HEADER_NAME, HEADER_VALUE, HTTP_FILTERS};
use super::path_rules::{
    METHODS, PATH_RULES, attempts_fit_request, backend_redirect_has_prefix, backend_rewrite_has_prefix, matches_in_all,
    redirect_has_prefix, redirects_have_no_backends, rewrite_has_prefix,
};
use super::reference::{
    BACKEND_PORT, CORE_GROUP, DEFAULT_GATEWAYS, DURATION, HOSTNAMES, OTHER_NAMESPACE, PARENTS, REQUIRED_NAME, SECTION,
    SERVICE_KIND, SERVICES_HAVE_PORTS, SHARE,
};
use super::session::{RETRY, SESSION_PERSISTENCE};
use super::stream_route::names_differ;
use crate::model::crd::structural::CelRule::{Check, FirstOf, InChannel};
use crate::model::crd::structural::{
    Channel, DefaultValue, ListSchema, ObjectSchema, TextForm, ValueSchema, defaulted, form, keyed_list, list, object,
    optional, required,
};

pub static HTTP_ROUTE: ObjectSchema = object(&[
    PARENTS,
    DEFAULT_GATEWAYS,
    HOSTNAMES,
    defaulted(
        "rules",
        DefaultValue::List(&[DefaultValue::Object(&[("matches", EVERY_REQUEST)])]),
        ValueSchema::List(&RULES),
    ),
]);
const EVERY_PATH: DefaultValue =
    DefaultValue::Object(&[("type", DefaultValue::Text("PathPrefix")), ("value", DefaultValue::Text("/"))]);
const EVERY_REQUEST: DefaultValue = DefaultValue::List(&[DefaultValue::Object(&[("path", EVERY_PATH)])]);

static RULES: ListSchema = ListSchema {
    rules: &[Check(matches_in_all), InChannel(Channel::Experimental, names_differ)],
    ..list(ValueSchema::Object(&RULE), 1, 16)
};
static RULE: ObjectSchema = ObjectSchema {
    fields: &[
        optional("name", SECTION),
        defaulted("matches", EVERY_REQUEST, ValueSchema::List(&MATCHES)),
        optional("filters", ValueSchema::List(&HTTP_FILTERS)),
        optional("backendRefs", ValueSchema::List(&BACKENDS)),
        optional("timeouts", ValueSchema::Object(&TIMEOUTS)),
        RETRY,
        SESSION_PERSISTENCE,
    ],
    rules: &[
        Check(redirects_have_no_backends),
        Check(redirect_has_prefix),
        Check(rewrite_has_prefix),
        Check(backend_redirect_has_prefix),
        Check(backend_rewrite_has_prefix),
    ],
};
static BACKENDS: ListSchema = list(ValueSchema::Object(&BACKEND), 0, 16);
static BACKEND: ObjectSchema = ObjectSchema {
    fields: &[
        CORE_GROUP,
        SERVICE_KIND,
        REQUIRED_NAME,
        OTHER_NAMESPACE,
        BACKEND_PORT,
        SHARE,
        optional("filters", ValueSchema::List(&HTTP_FILTERS)),
    ],
    rules: &[SERVICES_HAVE_PORTS],
};
static TIMEOUTS: ObjectSchema = ObjectSchema {
    fields: &[optional("request", DURATION), optional("backendRequest", DURATION)],
    rules: &[Check(attempts_fit_request)],
};

static MATCHES: ListSchema = list(ValueSchema::Object(&MATCH), 0, 64);
static MATCH: ObjectSchema = object(&[
    defaulted("path", EVERY_PATH, ValueSchema::Object(&PATH)),
    optional("headers", ValueSchema::List(&HEADERS)),
    optional("queryParams", ValueSchema::List(&PARAMETERS)),
    optional("method", ValueSchema::Text(0, usize::MAX, TextForm::Words(REQUEST_METHODS))),
]);
const REQUEST_METHODS: &[&str] = METHODS.split_at(METHODS.len() - 1).0;
static PATH: ObjectSchema = ObjectSchema {
    fields: &[
        defaulted(
            "type",
            DefaultValue::Text("PathPrefix"),
            ValueSchema::Text(0, usize::MAX, TextForm::Words(&["Exact", "PathPrefix", "RegularExpression"])),
        ),
        defaulted("value", DefaultValue::Text("/"), ValueSchema::Text(0, 1024, TextForm::Any)),
    ],
    rules: &[FirstOf(&PATH_RULES)],
};
/// The type of the match of a header or a query parameter.
pub const VALUE_TYPE: ValueSchema = ValueSchema::Text(0, usize::MAX, TextForm::Words(&["Exact", "RegularExpression"]));
static HEADERS: ListSchema = keyed_list(ValueSchema::Object(&HEADER), "name", 16);
static HEADER: ObjectSchema = object(&[
    defaulted("type", DefaultValue::Text("Exact"), VALUE_TYPE),
    required("name", HEADER_NAME),
    required("value", HEADER_VALUE),
]);
static PARAMETERS: ListSchema = keyed_list(ValueSchema::Object(&PARAMETER), "name", 16);
static PARAMETER: ObjectSchema = object(&[
    defaulted("type", DefaultValue::Text("Exact"), VALUE_TYPE),
    required("name", ValueSchema::Text(1, 256, TextForm::Pattern(&form::PARAMETER_NAME))),
    required("value", ValueSchema::Text(1, 1024, TextForm::Any)),
]);
