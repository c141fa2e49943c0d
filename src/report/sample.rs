//! Findings for the tests of this module.

use std::panic::Location;

use crate::lint::{Certainty, Diagnostic, Finding, Harm, Related, ResourceName, Rule, Subject};
use crate::source::{FileId, Sources, Span};

static OF_DUPLICATE_HOST: Finding = Finding {
    name: "conflict",
    harm: Harm::Lost,
    certainty: Certainty::Certain,
    aliases: &["IST0109", "KIA1106"],
    summary: "",
};
static OF_UNKNOWN_FIELD: Finding = Finding { name: "unknown", aliases: &[], ..OF_DUPLICATE_HOST };

pub(super) static DUPLICATE_HOST: Rule = rule("duplicate-host", &[&OF_DUPLICATE_HOST]);
pub(super) static UNKNOWN_FIELD: Rule = rule("unknown-field", &[&OF_UNKNOWN_FIELD]);

const fn rule(name: &'static str, findings: &'static [&'static Finding]) -> Rule {
    Rule { name, summary: "", findings, page: "", check: |_, _| {} }
}

/// A finding at the first occurrence of `wanted` in `file`.
pub(super) fn finding(sources: &Sources, rule: &'static Rule, file: FileId, wanted: &str, message: &str) -> Diagnostic {
    Diagnostic {
        rule,
        finding: rule.findings[0],
        severity: rule.severity(),
        message: message.to_owned(),
        span: span(sources, file, wanted),
        label: None,
        subject: None,
        related: Vec::new(),
        cause: None,
        help: None,
        meshes: Vec::new(),
        reported_at: Location::caller(),
    }
}

/// The first occurrence of `wanted` in `file`.
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
