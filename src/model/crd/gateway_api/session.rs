//! Parts of the experimental channel: session persistence and retries.

use super::reference::DURATION;
use crate::model::crd::schema::{present, text};
use crate::model::crd::structural::{
    CelRule, DefaultValue, FieldSchema, ListSchema, ObjectSchema, Refusal, TextForm, ValueSchema, defaulted,
    experimental, form, object, optional, refuse, set,
};
use crate::yaml::Node;

const HEADER_NAME: ValueSchema = ValueSchema::Text(1, 256, TextForm::Pattern(&form::HEADER_NAME));

/// The session persistence of a rule.
pub const SESSION_PERSISTENCE: FieldSchema = experimental("sessionPersistence", ValueSchema::Object(&SESSION));
/// The retries of a rule.
pub const RETRY: FieldSchema = experimental("retry", ValueSchema::Object(&RETRIES));

/// `cookie` and `header` come after v1.6, `idleTimeout` was removed in v1.6.
static SESSION: ObjectSchema = ObjectSchema {
    fields: &[
        optional("sessionName", ValueSchema::Text(0, 128, TextForm::Any)),
        optional("absoluteTimeout", DURATION),
        optional("idleTimeout", DURATION),
        defaulted(
            "type",
            DefaultValue::Text("Cookie"),
            ValueSchema::Text(0, usize::MAX, TextForm::Words(&["Cookie", "Header"])),
        ),
        optional("cookieConfig", ValueSchema::Object(&COOKIE)),
        optional("cookie", ValueSchema::Object(&COOKIE)),
        optional("header", ValueSchema::Object(&HEADER)),
    ],
    rules: &[CelRule::Check(permanent_cookies_end), CelRule::OnlyWith("type", "Cookie", "cookieConfig")],
};
static COOKIE: ObjectSchema = object(&[
    defaulted(
        "lifetimeType",
        DefaultValue::Text("Session"),
        ValueSchema::Text(0, usize::MAX, TextForm::Words(&["Permanent", "Session"])),
    ),
    optional("name", HEADER_NAME),
    optional("path", ValueSchema::Text(0, 1024, TextForm::Any)),
]);
static HEADER: ObjectSchema = object(&[optional("name", HEADER_NAME)]);
static RETRIES: ObjectSchema = object(&[
    optional("codes", ValueSchema::List(&CODES)),
    optional("attempts", ValueSchema::Number(1, i64::MAX)),
    optional("backoff", DURATION),
]);
static CODES: ListSchema = set(ValueSchema::Number(400, 599), usize::MAX);

fn permanent_cookies_end(session: &Node) -> Option<Refusal> {
    let lifetime = present(present(session, "cookieConfig")?, "lifetimeType")?;
    let is_permanent = lifetime.as_str() == Some("Permanent");
    (is_permanent && text(session, "absoluteTimeout").is_none()).then(|| {
        refuse(
            lifetime.span,
            "`lifetimeType: Permanent` needs `absoluteTimeout`",
            "add `absoluteTimeout` beside `cookieConfig`",
        )
    })
}
