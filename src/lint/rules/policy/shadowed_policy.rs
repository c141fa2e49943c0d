//! `shadowed-policy`

use std::collections::BTreeMap;

use super::overriding_policy::is_unconditional;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::model::security::PolicyAction;
use crate::policy::{CompiledPolicies, RuleTests, TestForm};
use crate::source::Span;
use crate::symbolic::{PolicyRules, Reachability};
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

/// A rule that proxies enforce.
struct Enforced<'w, 'a> {
    policy: &'w AuthorizationPolicy<'a>,
    action: PolicyAction,
    /// Its number among all rules of its policy.
    index: usize,
    span: Span,
}

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
fn check_namespace<'w, 'a>(
    world: &'w World<'a>,
    compiled: &CompiledPolicies<'a>,
    namespace: &str,
    policies: &[&'w AuthorizationPolicy<'a>],
    diagnostics: &mut Diagnostics,
) {
    let tests = |is_tcp: bool| -> Vec<RuleTests<'_>> {
        policies.iter().flat_map(|policy| compiled.tests(policy, is_tcp)).collect()
    };
    let of_http = tests(false);
    let of_policy =
        policies.iter().flat_map(|policy| policy.spec.rules.iter().enumerate().map(move |it| (*policy, it.0)));
    let rules: Vec<Enforced<'w, 'a>> = of_policy
        .zip(&of_http)
        .map(|((policy, index), tests)| Enforced { policy, action: policy.action(), index, span: tests.span })
        .collect();
    if rules.len() < 2 {
        return;
    }
    let http = proofs(&of_http);
    let of_tcp = tests(true);
    let mut tcp: Option<PolicyRules> = None;
    let mut is_left = vec![true; rules.len()];
    for number in (0..rules.len()).rev().filter(|number| rules[*number].policy.name.namespace == namespace) {
        if !matches!(of_http[number].form, TestForm::Alternatives(_)) {
            continue;
        }
        let others = |action: PolicyAction| -> Vec<usize> {
            let others = (0..rules.len()).filter(|other| *other != number && is_left[*other]);
            others.filter(|it| rules[*it].action == action && takes_over(world, &rules[*it], &rules[number])).collect()
        };
        let denying = others(PolicyAction::Deny);
        let mut searches = vec![(&DENIED, denying.clone())];
        match rules[number].action {
            PolicyAction::Deny => searches[0].0 = &REDUNDANT,
            _ => searches.push((&REDUNDANT, others(PolicyAction::Allow).into_iter().chain(denying).collect())),
        }
        for (finding, others) in searches {
            let covers = match http.reach(number, &others) {
                Reachability::TakenBy(covers) => covers,
                Reachability::Impossible => break,
                Reachability::Reached => continue,
                Reachability::Undecided => {
                    let name = rules[number].policy.name.to_string();
                    diagnostics.unchecked(Gap::TooManyMatches(Kind::AuthorizationPolicy, name));
                    break;
                }
            };
            // On other ports, istiod drops conditions, or whole rules.
            let tcp = tcp.get_or_insert_with(|| proofs(&of_tcp));
            let is_taken = match of_tcp[number].form {
                TestForm::Void => true,
                _ => !matches!(tcp.reach(number, &others), Reachability::Reached | Reachability::Undecided),
            };
            if is_taken {
                is_left[number] = false;
                let covers: Vec<&Enforced<'_, '_>> = covers.into_iter().map(|it| &rules[it]).collect();
                report(finding, &rules[number], &covers, diagnostics);
                break;
            }
        }
    }
}

fn proofs(tests: &[RuleTests<'_>]) -> PolicyRules {
    PolicyRules::new(&tests.iter().map(|rule| &rule.form).collect::<Vec<_>>())
}

/// Whether a rule applies to all workloads of another one. A rule without conditions in another policy is the subject of
/// `overriding-policy`.
fn takes_over<'a>(world: &World<'a>, wide: &Enforced<'_, 'a>, narrow: &Enforced<'_, 'a>) -> bool {
    if std::ptr::eq(wide.policy, narrow.policy) {
        return true;
    }
    let is_unconditional = wide.policy.spec.rules.get(wide.index).is_some_and(is_unconditional);
    !is_unconditional
        && !world.may_be_elsewhere(wide.policy.resource, narrow.policy.resource)
        && world.policies.covers(wide.policy, narrow.policy)
}

fn report(
    finding: &'static Finding,
    rule: &Enforced<'_, '_>,
    covers: &[&Enforced<'_, '_>],
    diagnostics: &mut Diagnostics,
) {
    let these = if covers.len() == 1 { "another rule takes" } else { "other rules take" };
    let is_denied = std::ptr::eq(finding, &DENIED);
    let message = match is_denied {
        true => "this rule allows nothing: DENY rules deny all of its requests".to_owned(),
        false => format!("this rule has no effect: {these} all of its requests"),
    };
    let diagnostic = diagnostics.report(finding, rule.span, message);
    for cover in covers {
        let taken = if cover.action == PolicyAction::Deny { "denied" } else { "allowed" };
        let label = match std::ptr::eq(cover.policy, rule.policy) {
            true => format!("{taken} by `rules[{}]`", cover.index),
            false => format!("{taken} by `rules[{}]` of AuthorizationPolicy `{}`", cover.index, cover.policy.name),
        };
        diagnostic.related(cover.span, label);
    }
    diagnostic.help(match is_denied {
        true => "remove this rule, or exclude its requests from the DENY rules",
        false => "remove this rule, or narrow the others if they take more than they should",
    });
}
