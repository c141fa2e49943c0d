//! Filters of HTTPRoute and GRPCRoute.

use super::filter_rules::{
    external_auth_fits_type, lone_wildcard_header, lone_wildcard_method, lone_wildcard_origin, one_share,
    redirects_or_rewrites, share_below_one,
};
use super::path_rules::METHODS;
use super::reference::{ANY_TEXT, BACKEND, LOCAL_OBJECT, PORT, PRECISE_HOSTNAME};
use crate::model::crd::structural::CelRule::{Check, InChannel, Needs, Once, OnlyWith};
use crate::model::crd::structural::{
    Channel, DefaultValue, ListSchema, ObjectSchema, TextForm, ValueSchema, defaulted, experimental, form, keyed_list,
    list, object, optional, required, set,
};

pub static HTTP_FILTERS: ListSchema = ListSchema {
    rules: &[
        Check(redirects_or_rewrites),
        Once("CORS"),
        Once("RequestHeaderModifier"),
        Once("ResponseHeaderModifier"),
        Once("RequestRedirect"),
        Once("URLRewrite"),
    ],
    ..list(ValueSchema::Object(&HTTP_FILTER), 0, 16)
};
static HTTP_FILTER: ObjectSchema = ObjectSchema {
    fields: &[
        required("type", HTTP_TYPE),
        optional("requestHeaderModifier", ValueSchema::Object(&HEADER_MODIFIER)),
        optional("responseHeaderModifier", ValueSchema::Object(&HEADER_MODIFIER)),
        optional("requestMirror", ValueSchema::Object(&MIRROR)),
        optional("requestRedirect", ValueSchema::Object(&REDIRECT)),
        optional("urlRewrite", ValueSchema::Object(&REWRITE)),
        optional("cors", ValueSchema::Object(&CORS)),
        optional("extensionRef", ValueSchema::Object(&LOCAL_OBJECT)),
        experimental("externalAuth", ValueSchema::Object(&EXTERNAL_AUTH)),
    ],
    rules: &[
        OnlyWith("type", "CORS", "cors"),
        Needs("type", "CORS", "cors"),
        OnlyWith("type", "RequestHeaderModifier", "requestHeaderModifier"),
        Needs("type", "RequestHeaderModifier", "requestHeaderModifier"),
        OnlyWith("type", "ResponseHeaderModifier", "responseHeaderModifier"),
        Needs("type", "ResponseHeaderModifier", "responseHeaderModifier"),
        OnlyWith("type", "RequestMirror", "requestMirror"),
        Needs("type", "RequestMirror", "requestMirror"),
        OnlyWith("type", "RequestRedirect", "requestRedirect"),
        Needs("type", "RequestRedirect", "requestRedirect"),
        OnlyWith("type", "URLRewrite", "urlRewrite"),
        Needs("type", "URLRewrite", "urlRewrite"),
        OnlyWith("type", "ExtensionRef", "extensionRef"),
        Needs("type", "ExtensionRef", "extensionRef"),
        InChannel(Channel::Experimental, external_auth_fits_type),
    ],
};
const HTTP_TYPE: ValueSchema = ValueSchema::Text(
    0,
    usize::MAX,
    TextForm::WordsByChannel(
        &[
            "RequestHeaderModifier",
            "ResponseHeaderModifier",
            "RequestMirror",
            "RequestRedirect",
            "URLRewrite",
            "ExtensionRef",
            "CORS",
        ],
        &["ExternalAuth"],
    ),
);

pub static GRPC_FILTERS: ListSchema = ListSchema {
    rules: &[Once("RequestHeaderModifier"), Once("ResponseHeaderModifier")],
    ..list(ValueSchema::Object(&GRPC_FILTER), 0, 16)
};
static GRPC_FILTER: ObjectSchema = ObjectSchema {
    fields: &[
        required("type", GRPC_TYPE),
        optional("requestHeaderModifier", ValueSchema::Object(&HEADER_MODIFIER)),
        optional("responseHeaderModifier", ValueSchema::Object(&HEADER_MODIFIER)),
        optional("requestMirror", ValueSchema::Object(&MIRROR)),
        optional("extensionRef", ValueSchema::Object(&LOCAL_OBJECT)),
    ],
    rules: &[
        OnlyWith("type", "RequestHeaderModifier", "requestHeaderModifier"),
        Needs("type", "RequestHeaderModifier", "requestHeaderModifier"),
        OnlyWith("type", "ResponseHeaderModifier", "responseHeaderModifier"),
        Needs("type", "ResponseHeaderModifier", "responseHeaderModifier"),
        OnlyWith("type", "RequestMirror", "requestMirror"),
        Needs("type", "RequestMirror", "requestMirror"),
        OnlyWith("type", "ExtensionRef", "extensionRef"),
        Needs("type", "ExtensionRef", "extensionRef"),
    ],
};
const GRPC_TYPE: ValueSchema = ValueSchema::Text(
    0,
    usize::MAX,
    TextForm::Words(&["RequestHeaderModifier", "ResponseHeaderModifier", "RequestMirror", "ExtensionRef"]),
);

pub const HEADER_NAME: ValueSchema = ValueSchema::Text(1, 256, TextForm::Pattern(&form::HEADER_NAME));
pub const HEADER_VALUE: ValueSchema = ValueSchema::Text(1, 4096, TextForm::ExperimentalPattern(&form::HEADER_VALUE));

static HEADER_MODIFIER: ObjectSchema = object(&[
    optional("set", ValueSchema::List(&HEADERS)),
    optional("add", ValueSchema::List(&HEADERS)),
    optional("remove", ValueSchema::List(&REMOVED_HEADERS)),
]);
static HEADERS: ListSchema = keyed_list(ValueSchema::Object(&HEADER), "name", 16);
static HEADER: ObjectSchema = object(&[required("name", HEADER_NAME), required("value", HEADER_VALUE)]);
static REMOVED_HEADERS: ListSchema = set(ANY_TEXT, 16);

static MIRROR: ObjectSchema = ObjectSchema {
    fields: &[
        required("backendRef", ValueSchema::Object(&BACKEND)),
        optional("percent", ValueSchema::Number(0, 100)),
        optional("fraction", ValueSchema::Object(&FRACTION)),
    ],
    rules: &[Check(one_share)],
};
static FRACTION: ObjectSchema = ObjectSchema {
    fields: &[
        required("numerator", ValueSchema::Number(0, i32::MAX as i64)),
        defaulted("denominator", DefaultValue::Number(100), ValueSchema::Number(1, i32::MAX as i64)),
    ],
    rules: &[Check(share_below_one)],
};

static REDIRECT: ObjectSchema = object(&[
    optional("scheme", ValueSchema::Text(0, usize::MAX, TextForm::Words(&["http", "https"]))),
    optional("hostname", PRECISE_HOSTNAME),
    optional("path", ValueSchema::Object(&PATH_MODIFIER)),
    optional("port", PORT),
    defaulted("statusCode", DefaultValue::Number(302), ValueSchema::NumberOf(&[301, 302, 303, 307, 308])),
]);
static REWRITE: ObjectSchema =
    object(&[optional("hostname", PRECISE_HOSTNAME), optional("path", ValueSchema::Object(&PATH_MODIFIER))]);
static PATH_MODIFIER: ObjectSchema = ObjectSchema {
    fields: &[
        required("type", ValueSchema::Text(0, usize::MAX, TextForm::Words(&["ReplaceFullPath", "ReplacePrefixMatch"]))),
        optional("replaceFullPath", ValueSchema::Text(0, 1024, TextForm::Any)),
        optional("replacePrefixMatch", ValueSchema::Text(0, 1024, TextForm::Any)),
    ],
    rules: &[
        Needs("type", "ReplaceFullPath", "replaceFullPath"),
        OnlyWith("type", "ReplaceFullPath", "replaceFullPath"),
        Needs("type", "ReplacePrefixMatch", "replacePrefixMatch"),
        OnlyWith("type", "ReplacePrefixMatch", "replacePrefixMatch"),
    ],
};

static CORS: ObjectSchema = object(&[
    optional("allowOrigins", ValueSchema::List(&ORIGINS)),
    optional("allowCredentials", ValueSchema::Boolean),
    optional("allowMethods", ValueSchema::List(&ALLOWED_METHODS)),
    optional("allowHeaders", ValueSchema::List(&ALLOWED_HEADERS)),
    optional("exposeHeaders", ValueSchema::List(&EXPOSED_HEADERS)),
    defaulted("maxAge", DefaultValue::Number(5), ValueSchema::Number(1, i32::MAX as i64)),
]);
static ORIGINS: ListSchema = ListSchema {
    rules: &[Check(lone_wildcard_origin)],
    ..set(ValueSchema::Text(1, 253, TextForm::Pattern(&form::ORIGIN)), 64)
};
static ALLOWED_METHODS: ListSchema = ListSchema {
    rules: &[Check(lone_wildcard_method)],
    ..set(ValueSchema::Text(0, usize::MAX, TextForm::Words(&METHODS)), 9)
};
static ALLOWED_HEADERS: ListSchema = ListSchema { rules: &[Check(lone_wildcard_header)], ..set(HEADER_NAME, 64) };
static EXPOSED_HEADERS: ListSchema = set(HEADER_NAME, 64);

/// A filter of the experimental channel.
static EXTERNAL_AUTH: ObjectSchema = ObjectSchema {
    fields: &[
        required("protocol", ValueSchema::Text(0, usize::MAX, TextForm::Words(&["HTTP", "GRPC"]))),
        required("backendRef", ValueSchema::Object(&BACKEND)),
        optional("grpc", ValueSchema::Object(&AUTH_BY_GRPC)),
        optional("http", ValueSchema::Object(&AUTH_BY_HTTP)),
        optional("forwardBody", ValueSchema::Object(&FORWARDED_BODY)),
    ],
    rules: &[
        Needs("protocol", "GRPC", "grpc"),
        OnlyWith("protocol", "GRPC", "grpc"),
        Needs("protocol", "HTTP", "http"),
        OnlyWith("protocol", "HTTP", "http"),
    ],
};
static AUTH_BY_GRPC: ObjectSchema = object(&[optional("allowedHeaders", ValueSchema::List(&HEADER_SET))]);
static AUTH_BY_HTTP: ObjectSchema = object(&[
    optional("path", ValueSchema::Text(0, 1024, TextForm::Pattern(&form::PATH))),
    optional("allowedHeaders", ValueSchema::List(&HEADER_SET)),
    optional("allowedResponseHeaders", ValueSchema::List(&HEADER_SET)),
]);
static HEADER_SET: ListSchema = set(ANY_TEXT, 64);
static FORWARDED_BODY: ObjectSchema = object(&[optional("maxSize", ValueSchema::Number(i64::MIN, i64::MAX))]);
