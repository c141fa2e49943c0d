//! `unknown-method`

use super::policy_notation::{listed, without_anchors};
use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::spelling::misspelt;
use crate::model::wording::list;
use crate::policy::{Attribute, requirements};

pub static RULE: Rule = rule! {
    name: "unknown-method",
    summary: "an AuthorizationPolicy names a method that HTTP does not have, so no request matches it",
    findings: [&UNKNOWN, &CASE],
    check: check,
};

static UNKNOWN: Finding = finding! {
    "unknown", Lost, Likely, ["KIA0102"],
    "HTTP has no such method",
};
static CASE: Finding = finding! {
    "case", Lost, Likely, [],
    "the method is not in upper case",
};

/// The methods of HTTP, PATCH, and the common ones of WebDAV.
const METHODS: [&str; 16] = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "PATCH",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for policy in context.world.policies.authorization_policies() {
        let methods = policy.spec.rules.iter().flat_map(requirements).filter(|it| it.attribute == Attribute::Method);
        for value in methods.flat_map(|it| it.values) {
            let method = value.as_str();
            if method.is_empty() || exists(method) {
                continue;
            }
            let upper_case = method.to_ascii_uppercase();
            if exists(&upper_case) {
                diagnostics
                    .report(
                        &CASE,
                        value.span,
                        format!("no request has the method `{method}`: methods are case-sensitive"),
                    )
                    .write(upper_case);
                continue;
            }
            let diagnostic = diagnostics.report(&UNKNOWN, value.span, format!("`{method}` is not an HTTP method"));
            let set = |text: &str| Advice::write(Edit::set(value.span, text));
            match misspelt(method, METHODS) {
                _ if [".*", ".+"].contains(&without_anchors(method)) => diagnostic.help(
                    Advice::new(format!("write {} to match every method", Edit::set(value.span, "*")))
                        .fix([Edit::set(value.span, "*")]),
                ),
                _ if exists(without_anchors(method)) => diagnostic.help(set(without_anchors(method))),
                _ if listed(method).is_some_and(|methods| methods.iter().all(|it| exists(it))) => {
                    let methods = list(listed(method).unwrap_or_default(), "and");
                    diagnostic.help(format!("write {methods} as separate values"))
                }
                Some(known) => diagnostic.did_you_mean(known),
                None if method.contains(|it: char| it.is_ascii_lowercase() || "/.".contains(it)) => {
                    diagnostic.help("match gRPC methods by `paths`: their HTTP method is `POST`")
                }
                None => diagnostic.help("use `GET`, `POST` or another HTTP method"),
            };
        }
    }
}

/// Whether there is such a method, or one that a pattern with `*` at one end matches.
fn exists(method: &str) -> bool {
    match (method.strip_suffix('*'), method.strip_prefix('*')) {
        (Some(prefix), _) => METHODS.iter().any(|known| known.starts_with(prefix)),
        (_, Some(suffix)) => METHODS.iter().any(|known| known.ends_with(suffix)),
        (None, None) => METHODS.contains(&method),
    }
}
