//! `split-rule`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::security::{AuthorizationRule, PolicyAction};
use crate::policy::{Attribute, Requirement, requirements};
use crate::source::{Sources, Span};
use crate::world::AuthorizationPolicy;

pub static RULE: Rule = rule! {
    name: "split-rule",
    summary: "a dash before `to` makes a rule of its own, which is for all clients instead of those in `from`",
    findings: [&ALLOW, &DENY, &PUBLIC_PATHS],
    check: check,
};

static ALLOW: Finding = finding! {
    "allow", Exposed, Likely, [],
    "an ALLOW policy has a rule with only `from` and one with only `to`, which allows the operations to all clients",
};
static DENY: Finding = finding! {
    "deny", Surprising, Likely, [],
    "a DENY policy has a rule with only `from` and one with only `to`, which denies the operations to all clients",
};
static PUBLIC_PATHS: Finding = finding! {
    "paths-without-token", Notable, Certain, [],
    "an ALLOW policy requires a token in one rule, and allows paths without a token in another",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for policy in context.world.policies.authorization_policies() {
        if let Some((sources, operations)) = parts(policy)
            && !is_commented(&context.world.snapshot.sources, sources.span, operations.span)
            && !is_exception(operations)
        {
            report(policy, sources, operations, diagnostics);
        }
    }
}

/// The two rules of a policy that look like one: the first has only `from`, the second only `to`. A third may have only
/// `when`.
fn parts<'p>(policy: &'p AuthorizationPolicy<'_>) -> Option<(&'p AuthorizationRule, &'p AuthorizationRule)> {
    let has = |rule: &AuthorizationRule| (!rule.from.is_empty(), !rule.to.is_empty(), !rule.when.is_empty());
    let [sources, operations, rest @ ..] = &policy.spec.rules[..] else { return None };
    let is_rest_one_part = match rest {
        [] => true,
        [conditions] => has(conditions) == (false, false, true),
        _ => false,
    };
    let are_parts = has(sources) == (true, false, false) && has(operations) == (false, true, false);
    (are_parts && is_rest_one_part).then_some((sources, operations))
}

/// Whether the author separates the rules by a comment, which shows that they are two.
fn is_commented(sources: &Sources, first: Span, second: Span) -> bool {
    let text = sources.file(first.file).text();
    let between = text.get(first.range().end..second.range().start).filter(|_| first.file == second.file);
    between.is_none_or(|between| between.contains('#'))
}

/// Words of paths that are usually for all clients: probes, metrics, logins and static files.
const PUBLIC_WORDS: [&str; 28] = [
    "health",
    "ready",
    "readiness",
    "live",
    "alive",
    "ping",
    "probe",
    "status",
    "metrics",
    "stats",
    "prometheus",
    "version",
    "well-known",
    "login",
    "logout",
    "auth",
    "oauth",
    "callback",
    "register",
    "jwks",
    "public",
    "static",
    "assets",
    "favicon",
    "docs",
    "swagger",
    "openapi",
    "drain",
];

/// Whether a rule looks like an exception for all clients: for public paths, or for preflight requests.
fn is_exception(operations: &AuthorizationRule) -> bool {
    let is_public = |path: &str| {
        let path = path.to_ascii_lowercase();
        path == "/" || PUBLIC_WORDS.iter().any(|word| path.contains(word))
    };
    let is_exception = |requirement: &Requirement<'_>| match requirement.attribute {
        Attribute::Path => !requirement.negated && requirement.values.iter().all(|path| is_public(path)),
        Attribute::Method => {
            !requirement.negated && requirement.values.iter().all(|method| method.as_str() == "OPTIONS")
        }
        _ => false,
    };
    requirements(operations).iter().any(is_exception)
}

fn report(
    policy: &AuthorizationPolicy<'_>,
    sources: &AuthorizationRule,
    operations: &AuthorizationRule,
    diagnostics: &mut Diagnostics,
) {
    let needs_token = requirements(sources).iter().any(|requirement| requirement.attribute.is_of_token());
    let has_paths = requirements(operations).iter().any(|requirement| requirement.attribute == Attribute::Path);
    let (finding, message) = match policy.action() {
        PolicyAction::Allow if needs_token && has_paths => (
            &PUBLIC_PATHS,
            "this rule allows its paths to all clients, even without the token that the rule before requires",
        ),
        PolicyAction::Allow => {
            (&ALLOW, "this rule allows its operations to all clients, not only to those of the rule before")
        }
        PolicyAction::Deny => {
            (&DENY, "this rule denies its operations to all clients, not only to those of the rule before")
        }
        _ => return,
    };
    let related = match policy.action() {
        PolicyAction::Deny => "this rule denies everything to its clients",
        _ => "this rule allows everything to its clients",
    };
    diagnostics.report(finding, operations.span, message).related(sources.span, related).help(
        "remove the dash before `to` to make both one rule, or write a comment between the rules if this is intended",
    );
}
