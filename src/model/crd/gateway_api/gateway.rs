//! Schemas of Gateway, GatewayClass and ListenerSet.

use super::gateway_rules as rules;
use super::policy::OPTIONS;
use super::reference::{
    ANY_OBJECT, ANY_TEXT, CERTIFICATE, GATEWAY_KIND, HOSTNAME, LOCAL_OBJECT, NAME, NAMED_KIND, OTHER_NAMESPACE,
    OWN_GROUP, PORT, REQUIRED_NAME, SECTION,
};
use crate::model::crd::structural::CelRule::{Check, Unchanged};
use crate::model::crd::structural::{
    CelRule, DefaultValue, ListSchema, MapSchema, ObjectSchema, TextForm, ValueSchema, defaulted, experimental, form,
    keyed_list, list, object, optional, required,
};

pub static GATEWAY_CLASS: ObjectSchema = ObjectSchema {
    fields: &[
        required("controllerName", ValueSchema::Text(1, 253, TextForm::Pattern(&form::CONTROLLER))),
        optional("description", ValueSchema::Text(0, 64, TextForm::Any)),
        optional("parametersRef", ValueSchema::Object(&ANY_OBJECT)),
    ],
    rules: &[Unchanged],
};

pub static GATEWAY: ObjectSchema = object(&[
    required("gatewayClassName", NAME),
    required("listeners", ValueSchema::List(&GATEWAY_LISTENERS)),
    optional("addresses", ValueSchema::List(&ADDRESSES)),
    optional("infrastructure", ValueSchema::Object(&INFRASTRUCTURE)),
    optional("allowedListeners", ValueSchema::Object(&ALLOWED_LISTENERS)),
    optional("tls", ValueSchema::Object(&GATEWAY_TLS)),
    experimental("defaultScope", ValueSchema::Text(0, usize::MAX, TextForm::Words(&["All", "None"]))),
]);

pub static LISTENER_SET: ObjectSchema = object(&[
    required("parentRef", ValueSchema::Object(&PARENT)),
    required("listeners", ValueSchema::List(&GATEWAY_LISTENERS)),
]);
static PARENT: ObjectSchema = object(&[OWN_GROUP, GATEWAY_KIND, OTHER_NAMESPACE, REQUIRED_NAME]);

static GATEWAY_LISTENERS: ListSchema = ListSchema {
    least: 1,
    rules: &[Check(rules::names_differ), Check(rules::listeners_differ)],
    ..keyed_list(ValueSchema::Object(&LISTENER), "name", 64)
};
/// The CRD has these rules at the list. Here each listener that breaks one is reported.
static LISTENER: ObjectSchema = ObjectSchema {
    fields: &[
        required("name", SECTION),
        optional("hostname", HOSTNAME),
        required("port", PORT),
        required("protocol", ValueSchema::Text(1, 255, TextForm::Pattern(&form::PROTOCOL))),
        optional("tls", ValueSchema::Object(&LISTENER_TLS)),
        defaulted(
            "allowedRoutes",
            DefaultValue::Object(&[("namespaces", OWN_NAMESPACE)]),
            ValueSchema::Object(&ALLOWED_ROUTES),
        ),
    ],
    rules: &[
        Check(rules::plain_listeners_have_no_tls),
        Check(rules::https_is_terminated),
        Check(rules::tls_has_mode),
        Check(rules::streams_have_no_hostname),
    ],
};
static LISTENER_TLS: ObjectSchema = ObjectSchema {
    fields: &[
        defaulted(
            "mode",
            DefaultValue::Text("Terminate"),
            ValueSchema::Text(0, usize::MAX, TextForm::Words(&["Terminate", "Passthrough"])),
        ),
        optional("certificateRefs", ValueSchema::List(&CERTIFICATES)),
        optional("options", ValueSchema::Map(&OPTIONS)),
    ],
    rules: &[Check(rules::termination_has_certificate)],
};
static CERTIFICATES: ListSchema = list(ValueSchema::Object(&CERTIFICATE), 0, 64);

const OWN_NAMESPACE: DefaultValue = DefaultValue::Object(&[("from", DefaultValue::Text("Same"))]);
static ALLOWED_ROUTES: ObjectSchema = object(&[
    defaulted("namespaces", OWN_NAMESPACE, ValueSchema::Object(&ROUTE_NAMESPACES)),
    optional("kinds", ValueSchema::List(&ROUTE_KINDS)),
]);
static ROUTE_NAMESPACES: ObjectSchema = object(&[
    defaulted(
        "from",
        DefaultValue::Text("Same"),
        ValueSchema::Text(0, usize::MAX, TextForm::Words(&["All", "Selector", "Same"])),
    ),
    optional("selector", ValueSchema::Object(&SELECTOR)),
]);
static ROUTE_KINDS: ListSchema = list(ValueSchema::Object(&ROUTE_KIND), 0, 8);
static ROUTE_KIND: ObjectSchema = object(&[OWN_GROUP, NAMED_KIND]);
static ALLOWED_LISTENERS: ObjectSchema = object(&[defaulted(
    "namespaces",
    DefaultValue::Object(&[("from", DefaultValue::Text("None"))]),
    ValueSchema::Object(&LISTENER_NAMESPACES),
)]);
static LISTENER_NAMESPACES: ObjectSchema = object(&[
    defaulted(
        "from",
        DefaultValue::Text("None"),
        ValueSchema::Text(0, usize::MAX, TextForm::Words(&["All", "Selector", "Same", "None"])),
    ),
    optional("selector", ValueSchema::Object(&SELECTOR)),
]);
/// The API server does not check the operators and the forms of labels of these selectors.
static SELECTOR: ObjectSchema = object(&[
    optional("matchLabels", ValueSchema::Map(&LABELS)),
    optional("matchExpressions", ValueSchema::List(&REQUIREMENTS)),
]);
static LABELS: MapSchema = MapSchema { values: ANY_TEXT, most: usize::MAX, rules: &[] };
static REQUIREMENTS: ListSchema = list(ValueSchema::Object(&REQUIREMENT), 0, usize::MAX);
static REQUIREMENT: ObjectSchema = object(&[
    required("key", ANY_TEXT),
    required("operator", ANY_TEXT),
    optional("values", ValueSchema::List(&LABEL_VALUES)),
]);
static LABEL_VALUES: ListSchema = list(ANY_TEXT, 0, usize::MAX);

static ADDRESSES: ListSchema = ListSchema {
    rules: &[Check(rules::ip_addresses_differ), Check(rules::hostnames_differ)],
    ..list(ValueSchema::Object(&ADDRESS), 0, 16)
};
static ADDRESS: ObjectSchema = ObjectSchema {
    fields: &[
        defaulted(
            "type",
            DefaultValue::Text("IPAddress"),
            ValueSchema::Text(1, 253, TextForm::Pattern(&form::ADDRESS_TYPE)),
        ),
        optional("value", ValueSchema::Text(0, 253, TextForm::Any)),
    ],
    rules: &[CelRule::Form(rules::ip_is_valid), Check(rules::hostname_is_valid)],
};

static INFRASTRUCTURE: ObjectSchema = object(&[
    optional("labels", ValueSchema::Map(&INFRASTRUCTURE_LABELS)),
    optional("annotations", ValueSchema::Map(&INFRASTRUCTURE_ANNOTATIONS)),
    optional("parametersRef", ValueSchema::Object(&LOCAL_OBJECT)),
]);
static INFRASTRUCTURE_LABELS: MapSchema = MapSchema {
    values: ValueSchema::Text(0, 63, TextForm::Pattern(&form::LABEL_VALUE)),
    most: 8,
    rules: &[CelRule::FirstOf(&[rules::keys_are_valid, rules::prefixes_are_short])],
};
static INFRASTRUCTURE_ANNOTATIONS: MapSchema = MapSchema {
    values: ValueSchema::Text(0, 4096, TextForm::Any),
    most: 16,
    rules: &[CelRule::FirstOf(&[rules::keys_are_valid, rules::prefixes_are_short])],
};

static GATEWAY_TLS: ObjectSchema = object(&[
    optional("backend", ValueSchema::Object(&BACKEND_TLS)),
    optional("frontend", ValueSchema::Object(&FRONTEND_TLS)),
]);
static BACKEND_TLS: ObjectSchema = object(&[optional("clientCertificateRef", ValueSchema::Object(&CERTIFICATE))]);
static FRONTEND_TLS: ObjectSchema = object(&[
    required("default", ValueSchema::Object(&CLIENT_CERTIFICATES)),
    optional("perPort", ValueSchema::List(&CLIENT_CERTIFICATES_BY_PORT)),
]);
static CLIENT_CERTIFICATES: ObjectSchema = object(&[optional("validation", ValueSchema::Object(&CLIENT_VALIDATION))]);
static CLIENT_VALIDATION: ObjectSchema = object(&[
    required("caCertificateRefs", ValueSchema::List(&AUTHORITIES)),
    defaulted(
        "mode",
        DefaultValue::Text("AllowValidOnly"),
        ValueSchema::Text(0, usize::MAX, TextForm::Words(&["AllowValidOnly", "AllowInsecureFallback"])),
    ),
]);
static AUTHORITIES: ListSchema = list(ValueSchema::Object(&ANY_OBJECT), 1, 16);
static CLIENT_CERTIFICATES_BY_PORT: ListSchema =
    ListSchema { rules: &[Check(rules::ports_differ)], ..keyed_list(ValueSchema::Object(&PORT_TLS), "port", 64) };
static PORT_TLS: ObjectSchema =
    object(&[required("port", PORT), required("tls", ValueSchema::Object(&CLIENT_CERTIFICATES))]);
