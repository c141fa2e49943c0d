//! `shadowed-policy`

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::overriding_policy::is_unconditional;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::model::security::PolicyAction;
use crate::policy::{ClauseEffect, CompiledPolicies, PolicyClause};
use crate::symbolic::{Decision, PolicyReach, PolicyTable, PolicyWitness};
use crate::world::{AuthorizationPolicy, Gap, World};

pub static RULE: Rule = rule! {
    name: "shadowed-policy",
    summary: "a rule of an AuthorizationPolicy decides nothing, because other rules take all of its requests",
    findings: [&DENIED, &REDUNDANT],
    check: check,
};

static DENIED: Finding = finding! {
    "denied", Lost, Certain, [],
    "DENY rules deny all requests that an ALLOW rule allows",
};
static REDUNDANT: Finding = finding! {
    "redundant", Notable, Certain, [],
    "other rules with the same action take all requests of a rule",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut namespaces: BTreeMap<&str, Vec<&AuthorizationPolicy<'_>>> = BTreeMap::new();
    let is_enforced = |policy: &&AuthorizationPolicy<'_>| {
        matches!(policy.action(), PolicyAction::Allow | PolicyAction::Deny) && !policy.is_dry_run()
    };
    for policy in world.policies.authorization_policies().iter().filter(is_enforced) {
        namespaces.entry(policy.name.namespace.as_ref()).or_default().push(policy);
    }
    let compiled = CompiledPolicies::new(world);
    let root = world.settings.root_namespace.as_str();
    for (namespace, own) in &namespaces {
        let of_root = namespaces.get(root).filter(|_| *namespace != root).into_iter().flatten();
        let all: Vec<&AuthorizationPolicy<'_>> = of_root.chain(own).copied().collect();
        check_namespace(world, &compiled, namespace, &all, diagnostics);
    }
}

/// Checks the rules of a namespace against each other and those of the root namespace. The last ones come first, and what
/// is reported takes nothing from others. So all reported rules together can be removed.
fn check_namespace<'a>(
    world: &World<'a>,
    compiled: &CompiledPolicies<'a>,
    namespace: &str,
    policies: &[&AuthorizationPolicy<'a>],
    diagnostics: &mut Diagnostics,
) {
    let table = |is_tcp: bool| {
        let clauses = policies.iter().flat_map(|policy| compiled.clauses(policy, is_tcp));
        PolicyTable::of_rules(clauses.collect(), &world.settings.trust_domain)
    };
    let http = table(false);
    let rules = &http.clauses;
    if rules.len() < 2 {
        return;
    }
    let tcp = OnceCell::new();
    let mut is_left = vec![true; rules.len()];
    for number in (0..rules.len()).rev() {
        let rule = &rules[number];
        if rule.policy.name.namespace != namespace || rule.is_unknown() {
            continue;
        }
        let others = |effect: ClauseEffect| -> Vec<usize> {
            let others = (0..rules.len()).filter(|other| *other != number && is_left[*other]);
            let takes_over = |other: &PolicyClause<'_, '_>| other.effect == effect && takes_over(world, other, rule);
            others.filter(|it| !rules[*it].is_unknown() && takes_over(&rules[*it])).collect()
        };
        let denying = others(ClauseEffect::Denies);
        let searches = match rule.effect {
            ClauseEffect::Denies => vec![(&REDUNDANT, denying)],
            _ => {
                let all = others(ClauseEffect::Allows).into_iter().chain(denying.iter().copied()).collect();
                vec![(&DENIED, denying), (&REDUNDANT, all)]
            }
        };
        for (finding, others) in searches.into_iter().filter(|(_, others)| !others.is_empty()) {
            let covers = match http.reach_past(Decision::Clause(number), &others) {
                PolicyReach::TakenBy(covers) => covers,
                PolicyReach::Impossible => break,
                PolicyReach::Reached(_) => continue,
                PolicyReach::Undecided => {
                    let name = rule.policy.name.to_string();
                    diagnostics.unchecked(Gap::TooManyMatches(Kind::AuthorizationPolicy, name));
                    break;
                }
            };
            if is_taken(tcp.get_or_init(|| table(true)), rule, others.iter().map(|other| &rules[*other])) {
                is_left[number] = false;
                let example = match http.reach_past(Decision::Clause(number), &[]) {
                    PolicyReach::Reached(witness) => witness.filter(|it| !it.is_open),
                    _ => None,
                };
                let covers: Vec<&PolicyClause<'_, '_>> = covers.into_iter().map(|it| &rules[it]).collect();
                report(finding, rule, &covers, example.as_deref(), diagnostics);
                break;
            }
        }
    }
}

/// Whether others take all connections that are not HTTP of a rule. For these, istiod drops conditions, or whole rules.
fn is_taken<'c, 'p: 'c, 'a: 'p>(
    tcp: &PolicyTable<'_, '_>,
    rule: &PolicyClause<'_, '_>,
    others: impl Iterator<Item = &'c PolicyClause<'p, 'a>>,
) -> bool {
    let number = |rule: &PolicyClause<'_, '_>| tcp.clauses.iter().position(|it| it.span == rule.span);
    let Some(own) = number(rule) else { return true };
    let others: Vec<usize> = others.filter_map(number).collect();
    matches!(tcp.reach_past(Decision::Clause(own), &others), PolicyReach::TakenBy(_) | PolicyReach::Impossible)
}

/// Whether a rule applies to all workloads of another one. A rule without conditions in another policy is the subject of
/// `overriding-policy`.
fn takes_over(world: &World<'_>, wide: &PolicyClause<'_, '_>, narrow: &PolicyClause<'_, '_>) -> bool {
    if std::ptr::eq(wide.policy, narrow.policy) {
        return true;
    }
    let is_unconditional = wide.policy.spec.rules.get(wide.rule).is_some_and(is_unconditional);
    !is_unconditional
        && !world.may_be_elsewhere(wide.policy.resource, narrow.policy.resource)
        && world.policies.covers(wide.policy, narrow.policy)
}

fn report(
    finding: &'static Finding,
    rule: &PolicyClause<'_, '_>,
    covers: &[&PolicyClause<'_, '_>],
    example: Option<&PolicyWitness>,
    diagnostics: &mut Diagnostics,
) {
    let these = if covers.len() == 1 { "another rule takes" } else { "other rules take" };
    let is_denied = std::ptr::eq(finding, &DENIED);
    let example = example.map(|request| format!(", such as {request}")).unwrap_or_default();
    let message = match is_denied {
        true => format!("this rule allows nothing: DENY rules deny all of its requests{example}"),
        false => format!("this rule has no effect: {these} all of its requests{example}"),
    };
    let diagnostic = diagnostics.report(finding, rule.span, message);
    for cover in covers {
        let taken = if cover.effect == ClauseEffect::Denies { "denied" } else { "allowed" };
        let label = match std::ptr::eq(cover.policy, rule.policy) {
            true => format!("{taken} by `rules[{}]`", cover.rule),
            false => format!("{taken} by `rules[{}]` of AuthorizationPolicy `{}`", cover.rule, cover.policy.name),
        };
        diagnostic.related(cover.span, label);
    }
    diagnostic.help(match is_denied {
        true => "remove this rule, or exclude its requests from the DENY rules",
        false => "remove this rule, or narrow the others if they take more than they should",
    });
}
