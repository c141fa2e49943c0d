//! Schemas of BackendTLSPolicy and ReferenceGrant.

use super::reference::{
    HOSTNAME, LOCAL_OBJECT, NAME, NAMED_GROUP, NAMED_KIND, NAMESPACE, PRECISE_HOSTNAME, REQUIRED_NAME, SECTION, pair,
    partly_named, repeated,
};
use crate::model::crd::schema::{present, text};
use crate::model::crd::structural::{
    CelRule, ListSchema, MapSchema, ObjectSchema, Refusal, TextForm, ValueSchema, form, list, object, optional, refuse,
    required,
};
use crate::yaml::Node;

pub static REFERENCE_GRANT: ObjectSchema =
    object(&[required("from", ValueSchema::List(&REFERRERS)), required("to", ValueSchema::List(&REFERENTS))]);
static REFERRERS: ListSchema = list(ValueSchema::Object(&REFERRER), 1, 16);
static REFERRER: ObjectSchema = object(&[NAMED_GROUP, NAMED_KIND, required("namespace", NAMESPACE)]);
static REFERENTS: ListSchema = list(ValueSchema::Object(&REFERENT), 1, 16);
static REFERENT: ObjectSchema = object(&[NAMED_GROUP, NAMED_KIND, optional("name", NAME)]);

pub static BACKEND_TLS_POLICY: ObjectSchema = object(&[
    required("targetRefs", ValueSchema::List(&TARGETS)),
    required("validation", ValueSchema::Object(&VALIDATION)),
    optional("options", ValueSchema::Map(&OPTIONS)),
]);
/// Options, which are up to the implementation.
pub static OPTIONS: MapSchema = MapSchema { values: ValueSchema::Text(0, 4096, TextForm::Any), most: 16, rules: &[] };
static TARGETS: ListSchema = ListSchema {
    rules: &[CelRule::Check(all_or_no_sections), CelRule::Check(no_repetition)],
    ..list(ValueSchema::Object(&TARGET), 1, 16)
};
static TARGET: ObjectSchema = object(&[NAMED_GROUP, NAMED_KIND, REQUIRED_NAME, optional("sectionName", SECTION)]);
static VALIDATION: ObjectSchema = ObjectSchema {
    fields: &[
        required("hostname", PRECISE_HOSTNAME),
        optional("caCertificateRefs", ValueSchema::List(&AUTHORITIES)),
        optional(
            "wellKnownCACertificates",
            ValueSchema::Text(1, 253, TextForm::Pattern(&form::CERTIFICATE_AUTHORITIES)),
        ),
        optional("subjectAltNames", ValueSchema::List(&ALTERNATIVE_NAMES)),
    ],
    rules: &[CelRule::Check(one_source_of_authorities), CelRule::Check(some_authorities)],
};
static AUTHORITIES: ListSchema = list(ValueSchema::Object(&LOCAL_OBJECT), 0, 8);
static ALTERNATIVE_NAMES: ListSchema = list(ValueSchema::Object(&ALTERNATIVE_NAME), 0, 5);
static ALTERNATIVE_NAME: ObjectSchema = ObjectSchema {
    fields: &[
        required("type", ValueSchema::Text(0, usize::MAX, TextForm::Words(&["Hostname", "URI"]))),
        optional("hostname", HOSTNAME),
        optional("uri", ValueSchema::Text(1, 253, TextForm::Pattern(&form::URI))),
    ],
    rules: &[
        CelRule::Needs("type", "Hostname", "hostname"),
        CelRule::OnlyWith("type", "Hostname", "hostname"),
        CelRule::Needs("type", "URI", "uri"),
        CelRule::OnlyWith("type", "URI", "uri"),
    ],
};

const OBJECT: [&str; 3] = ["group", "kind", "name"];

fn all_or_no_sections(targets: &Node) -> Option<Refusal> {
    let has_section = |target: &Node| present(target, "sectionName").is_some();
    Some(partly_named(pair(targets, &OBJECT, |a, b| has_section(a) != has_section(b))?, "sectionName"))
}

fn no_repetition(targets: &Node) -> Option<Refusal> {
    let is_same = |a: &Node, b: &Node| text(a, "sectionName") == text(b, "sectionName");
    Some(repeated(pair(targets, &OBJECT, is_same)?, "sectionName"))
}

fn has_references(validation: &Node) -> bool {
    present(validation, "caCertificateRefs").is_some_and(|refs| !refs.items().is_empty())
}

fn one_source_of_authorities(validation: &Node) -> Option<Refusal> {
    let well_known = present(validation, "wellKnownCACertificates").filter(|_| has_references(validation))?;
    let message = "`wellKnownCACertificates` and `caCertificateRefs` exclude each other";
    Some(refuse(well_known.span, message, "keep one of them"))
}

fn some_authorities(validation: &Node) -> Option<Refusal> {
    let has_none = !has_references(validation) && present(validation, "wellKnownCACertificates").is_none();
    let place = present(validation, "caCertificateRefs").unwrap_or(validation);
    has_none.then(|| {
        refuse(
            place.span,
            "the policy names no certificate authorities",
            "set `wellKnownCACertificates: System`, or list ConfigMaps in `caCertificateRefs`",
        )
    })
}
