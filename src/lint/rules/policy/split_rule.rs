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
        if let Some(split) = Split::of(policy)
            && !is_commented(&context.world.snapshot.sources, split.first().span, split.second().span)
            && !is_exception(split.operations)
        {
            report(policy, &split, diagnostics);
        }
    }
}

/// Two rules that look like one: one of them has only `from` or `when`, the other only `to`.
struct Split<'p> {
    sources: &'p AuthorizationRule,
    operations: &'p AuthorizationRule,
    are_sources_first: bool,
}

impl<'p> Split<'p> {
    /// The rules of a policy, if there are only these two, perhaps with a third that has only `when`.
    fn of(policy: &'p AuthorizationPolicy<'_>) -> Option<Self> {
        let has = |rule: &AuthorizationRule| (!rule.from.is_empty(), !rule.to.is_empty(), !rule.when.is_empty());
        let [first, second, rest @ ..] = &policy.spec.rules[..] else { return None };
        let is_rest_one_part = match rest {
            [] => true,
            [conditions] => has(conditions) == (false, false, true),
            _ => false,
        };
        match (has(first), has(second)) {
            _ if !is_rest_one_part => None,
            ((true, false, false) | (_, false, true), (false, true, false)) => {
                Some(Self { sources: first, operations: second, are_sources_first: true })
            }
            ((false, true, false), (true, false, false) | (_, false, true)) => {
                Some(Self { sources: second, operations: first, are_sources_first: false })
            }
            _ => None,
        }
    }

    fn first(&self) -> &'p AuthorizationRule {
        if self.are_sources_first { self.sources } else { self.operations }
    }

    fn second(&self) -> &'p AuthorizationRule {
        if self.are_sources_first { self.operations } else { self.sources }
    }
}

/// Whether the author separates the rules by a line with a comment, which shows that they are two.
fn is_commented(sources: &Sources, first: Span, second: Span) -> bool {
    let text = sources.file(first.file).text();
    let between = text.get(first.range().end..second.range().start).filter(|_| first.file == second.file);
    between.is_none_or(|between| between.lines().skip(1).any(|line| line.trim_start().starts_with('#')))
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

fn report(policy: &AuthorizationPolicy<'_>, split: &Split<'_>, diagnostics: &mut Diagnostics) {
    let Split { sources, operations, .. } = *split;
    let needs_token = requirements(sources).iter().any(|requirement| requirement.attribute.is_of_token());
    let has_paths = requirements(operations).iter().any(|requirement| requirement.attribute == Attribute::Path);
    let (finding, message, related) = match policy.action() {
        PolicyAction::Allow if needs_token && has_paths => (
            &PUBLIC_PATHS,
            "this rule allows its paths to all clients, even without the token that the other rule requires",
            "this rule allows everything to its clients",
        ),
        PolicyAction::Allow => (
            &ALLOW,
            "this rule allows its operations to all clients, not only to those of the other rule",
            "this rule allows everything to its clients",
        ),
        PolicyAction::Deny => (
            &DENY,
            "this rule denies its operations to all clients, not only to those of the other rule",
            "this rule denies everything to its clients",
        ),
        _ => return,
    };
    let field = match split.are_sources_first {
        true => "to",
        false if sources.from.is_empty() => "when",
        false => "from",
    };
    diagnostics.report(finding, operations.span, message).related(sources.span, related).help(format!(
        "remove the dash before `{field}` to make both one rule, or write a comment between the rules if they are two on purpose"
    ));
}
