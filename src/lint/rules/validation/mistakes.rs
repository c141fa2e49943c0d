//! The rules that report violations: one for each kind of mistake, in a table.

use std::collections::HashSet;

use super::route_regex;
use crate::lint::rule::rule;
use crate::lint::{Certainty, Context, Diagnostic, Diagnostics, Finding, Harm, Rule};
use crate::source::Span;
use crate::validate::{Layer, Mistake, Violation};
use crate::world::Gap;

/// The webhook rejects the resource.
const fn rejected(aliases: &'static [&'static str]) -> Finding {
    Finding {
        name: "rejected",
        harm: Harm::Refused,
        certainty: Certainty::Certain,
        aliases,
        summary: "istiod's webhook rejects the resource",
    }
}

/// The webhook accepts the resource, but warns.
const fn warned(aliases: &'static [&'static str]) -> Finding {
    Finding {
        name: "warned",
        harm: Harm::Surprising,
        certainty: Certainty::Certain,
        aliases,
        summary: "istiod's webhook accepts the resource, but warns",
    }
}

/// The webhook drops the warning.
const fn unreported(aliases: &'static [&'static str]) -> Finding {
    Finding {
        name: "unreported",
        harm: Harm::Surprising,
        certainty: Certainty::Certain,
        aliases,
        summary: "istiod's webhook drops its warning, because the setting belongs to a subset or a port",
    }
}

/// The webhook warns about every such resource.
const fn general(aliases: &'static [&'static str], summary: &'static str) -> Finding {
    Finding { name: "general", harm: Harm::Notable, certainty: Certainty::Certain, aliases, summary }
}

/// Declares the rules.
macro_rules! table {
    ($($rule:ident: $name:literal, $mistake:ident, $summary:literal, [$($finding:expr),+];)+) => {$(
        pub static $rule: Rule = rule! {
            name: $name,
            summary: $summary,
            findings: [$(&$finding),+],
            check: |context, diagnostics| check(&$rule, Mistake::$mistake, context, diagnostics),
        };
    )+};
}

table! {
    MISSING_FIELD: "missing-field", MissingField,
        "a required field is missing or empty",
        [
            rejected(&["IST0106"]),
            general(&["IST0133"], "a workload without an address is reached through a gateway of its network")
        ];
    CONFLICTING_FIELDS: "conflicting-fields", ConflictingFields,
        "fields exclude each other, or a field needs another one",
        [rejected(&["IST0106"]), warned(&["IST0133", "no-effect"])];
    NO_EFFECT: "no-effect", NoEffect,
        "a setting has no effect",
        [
            warned(&["IST0133"]),
            unreported(&[]),
            general(&["IST0133"], "a TCP port of a ServiceEntry without addresses matches connections to any address")
        ];
    OLDER_FORM: "older-form", OlderForm,
        "a setting is written in an older form, which a newer one replaces",
        [warned(&["IST0133", "no-effect"]), unreported(&["no-effect"])];
    UNSUPPORTED_FIELD: "unsupported-field", UnsupportedField,
        "the API has the field, but istiod does not support it",
        [rejected(&["IST0106", "no-effect"])];
    DUPLICATE_ENTRY: "duplicate-entry", DuplicateEntry,
        "a list has an entry twice that it can have only once",
        [rejected(&["IST0106"]), warned(&["IST0133"])];
    INVALID_ADDRESS: "invalid-address", InvalidAddress,
        "an IP address, a CIDR range or a socket path is not valid",
        [rejected(&["IST0106"])];
    INVALID_DURATION: "invalid-duration", InvalidDuration,
        "a duration is shorter than a millisecond, or not in whole milliseconds",
        [rejected(&["IST0106"])];
    INVALID_EXPRESSION: "invalid-expression", InvalidExpression,
        "the filter of an access log is not a valid CEL expression",
        [rejected(&["IST0106", "invalid-policy"])];
    INVALID_EXTENSION: "invalid-extension", InvalidExtension,
        "an EnvoyFilter or a Wasm plugin is not valid",
        [rejected(&["IST0106", "invalid-policy"])];
    INVALID_HEADER: "invalid-header", InvalidHeader,
        "the name or the value of a header is not valid",
        [rejected(&["IST0106"])];
    INVALID_HOST: "invalid-host", InvalidHost,
        "a host is not a valid DNS name",
        [rejected(&["IST0106"]), warned(&["IST0133"])];
    INVALID_JWKS: "invalid-jwks", InvalidJwks,
        "an inline key set cannot be parsed, or contains private keys",
        [rejected(&["IST0106", "invalid-policy"]), warned(&["IST0133", "invalid-policy"])];
    INVALID_LABEL: "invalid-label", InvalidLabel,
        "a label or a selector is not valid",
        [rejected(&["IST0106"])];
    INVALID_METADATA: "invalid-metadata", InvalidMetadata,
        "Istio rejects the name or an annotation of a resource",
        [rejected(&["IST0106"])];
    INVALID_POLICY: "invalid-policy", InvalidPolicy,
        "an AuthorizationPolicy or a RequestAuthentication is not valid",
        [rejected(&["IST0106"])];
    INVALID_PORT: "invalid-port", InvalidPort,
        "the number, the name or the protocol of a port is not valid",
        [rejected(&["IST0106"])];
    INVALID_REFERENCE: "invalid-reference", InvalidReference,
        "a name cannot refer to anything: a namespace, a Gateway, a subset, a target, a retry condition",
        [rejected(&["IST0106"])];
    INVALID_REGEX: "invalid-regex", InvalidRegex,
        "RE2 rejects a regular expression",
        [rejected(&["IST0106"]), warned(&["IST0133"]), route_regex::REJECTED_BY_PROXY];
    INVALID_TLS: "invalid-tls", InvalidTls,
        "TLS settings contradict each other, or the protocol of the port",
        [rejected(&["IST0106"]), warned(&["IST0133"])];
    INVALID_URI: "invalid-uri", InvalidUri,
        "a URI, a path or a path template is not valid",
        [rejected(&["IST0106"])];
    OUT_OF_RANGE: "out-of-range", OutOfRange,
        "a number is too small or too large for its field",
        [rejected(&["IST0106"])];
    OVERSIZED_VALUE: "oversized-value", OversizedValue,
        "a text or a list is too long for its field",
        [rejected(&["IST0106", "out-of-range"]), warned(&["IST0133", "out-of-range"])];
    ENVOY_FILTER_UPGRADE: "envoy-filter-upgrade", EnvoyFilterUpgrade,
        "an upgrade of Istio can break an EnvoyFilter",
        [general(&["IST0133", "invalid-policy"], "an EnvoyFilter depends on generated configuration, which changes with Istio")];
}

fn check(rule: &Rule, mistake: Mistake, context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let resources: HashSet<Span> = match mistake {
        Mistake::MissingField => context.snapshot.resources().map(|resource| resource.span).collect(),
        _ => HashSet::new(),
    };
    let mut reported = HashSet::new();
    for violation in context.violations(mistake) {
        // A manifest without `spec`, where one is required, is usually a part of one: a patch, or a fixture of a test.
        if resources.contains(&violation.span) {
            diagnostics.unchecked(Gap::NoSpec);
            continue;
        }
        // A text that is not a host at all breaks several checks of hosts.
        if mistake == Mistake::InvalidHost && !reported.insert(violation.span) {
            continue;
        }
        let Some(finding) = finding_of(rule, violation) else {
            debug_assert!(false, "{} does not declare the finding of {}", rule.name, violation.id);
            continue;
        };
        let diagnostic = report_violation(finding, violation, diagnostics);
        if let Some(part) = violation.part.clone().filter(|part| !part.is_empty()) {
            diagnostic.span = context.part_of(violation.span, part);
        }
    }
    if mistake == Mistake::InvalidRegex {
        route_regex::check(rule, context, diagnostics);
    }
}

/// The finding of a rule that says how the webhook reacts.
fn finding_of(rule: &Rule, violation: &Violation) -> Option<&'static Finding> {
    let name = match violation.layer {
        _ if violation.is_general => "general",
        Layer::Webhook => "rejected",
        Layer::WebhookWarning => "warned",
        Layer::LostWarning => "unreported",
    };
    rule.findings.iter().copied().find(|finding| finding.name == name)
}

/// Reports a violation as a finding of a rule.
fn report_violation<'d>(
    finding: &'static Finding,
    violation: &Violation,
    diagnostics: &'d mut Diagnostics,
) -> &'d mut Diagnostic {
    let diagnostic = diagnostics.report(finding, violation.span, &violation.message);
    diagnostic.reported_at = violation.reported_at;
    if let Some(help) = &violation.help {
        diagnostic.help(help);
    }
    if let Some((span, label)) = violation.related {
        diagnostic.related(span, label);
    }
    diagnostic
}
