//! Findings for the tests of this module, made by hand.

use crate::lint::{Diagnostic, Related, ResourceName, Rule, Severity, Subject};
use crate::source::{FileId, Sources, Span};

const fn rule(name: &'static str, aliases: &'static [&'static str]) -> Rule {
    Rule { name, aliases, severity: Severity::Error, summary: "", page: "", check: |_, _| {} }
}

pub(super) static DUPLICATE_HOST: Rule = rule("duplicate-host", &["IST0109", "KIA1106"]);
pub(super) static UNKNOWN_FIELD: Rule = rule("unknown-field", &[]);

/// A finding at the first place in `file` that reads `wanted`.
pub(super) fn finding(sources: &Sources, rule: &'static Rule, file: FileId, wanted: &str, message: &str) -> Diagnostic {
    Diagnostic {
        rule,
        aliases: rule.aliases,
        severity: rule.severity,
        message: message.to_owned(),
        span: span(sources, file, wanted),
        label: None,
        subject: None,
        related: Vec::new(),
        help: None,
    }
}

/// The first place in `file` that reads `wanted`.
pub(super) fn span(sources: &Sources, file: FileId, wanted: &str) -> Span {
    let start = sources.file(file).text().find(wanted).expect("the text is there");
    Span::new(file, start, start + wanted.len())
}

pub(super) fn related(message: &str, span: Span, subject: Option<Subject>) -> Related {
    Related { message: message.to_owned(), span, subject }
}

pub(super) fn virtual_service(name: &str, field: &str) -> Option<Subject> {
    let resource = ResourceName {
        api_version: "networking.istio.io/v1".to_owned(),
        kind: "VirtualService".to_owned(),
        namespace: Some("default".to_owned()),
        name: name.to_owned(),
    };
    Some(Subject { resource, field: field.to_owned() })
}

/// A VirtualService of this name for the host `reviews`.
pub(super) fn manifest(name: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: {name}\nspec:\n  hosts:\n  \
         - reviews\n  http:\n  - route:\n    - destination:\n        host: reviews\n"
    )
}
