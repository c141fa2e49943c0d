//! `uneven-uri-case`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::networking::{HttpMatchRequest, HttpRoute};

pub static RULE: Rule = rule! {
    name: "uneven-uri-case",
    aliases: [],
    severity: Info,
    summary: "ignoreUriCase on some matches of a rule and not on others, or where it changes nothing",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for rule in context.world.virtual_services.iter().flat_map(|service| &service.spec.http) {
        check_useless(rule, diagnostics);
        check_uneven(rule, diagnostics);
    }
}

/// Expressions heed the case whatever is said (istiod: `TranslateRouteMatch`).
fn check_useless(rule: &HttpRoute, diagnostics: &mut Diagnostics) {
    for entry in rule.r#match.iter().filter(|entry| ignores_case(entry)) {
        let Some(ignores) = entry.ignore_uri_case else { continue };
        let regex = entry.uri.as_ref().and_then(|uri| uri.regex.as_ref());
        if let Some(regex) = regex.filter(|regex| !regex.starts_with("(?i)")) {
            diagnostics
                .report_default(ignores.span, "ignoreUriCase does not change how an expression is compared")
                .severity(Severity::Warning)
                .related(regex.span, "the expression")
                .help(format!("write regex: (?i){}", regex.value));
        }
    }
}

fn check_uneven(rule: &HttpRoute, diagnostics: &mut Diagnostics) {
    let texts = || rule.r#match.iter().filter(|entry| has_letters(entry));
    let Some(ignoring) = texts().find(|entry| ignores_case(entry)).and_then(|entry| entry.ignore_uri_case) else {
        return;
    };
    for entry in texts().filter(|entry| !ignores_case(entry)) {
        // One that says so is meant.
        if entry.ignore_uri_case.is_none() {
            diagnostics
                .report_default(entry.span, "the case of this path counts, that of another match of this rule does not")
                .related(ignoring.span, "only said here")
                .help("write ignoreUriCase in each match; ignoreUriCase: false if the case is to count");
        }
    }
}

fn ignores_case(entry: &HttpMatchRequest) -> bool {
    entry.ignore_uri_case.is_some_and(|ignores| ignores.value)
}

/// Whether a path is compared as a text in which case can differ.
fn has_letters(entry: &HttpMatchRequest) -> bool {
    let Some(uri) = entry.uri.as_ref().filter(|uri| uri.regex.is_none()) else { return false };
    let text = uri.prefix.as_ref().or(uri.exact.as_ref());
    text.is_some_and(|text| text.bytes().any(|byte| byte.is_ascii_alphabetic()))
}
