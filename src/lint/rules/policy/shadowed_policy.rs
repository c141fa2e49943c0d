//! `shadowed-policy`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::model::security::PolicyAction;
use crate::model::wording::list;
use crate::policy::{ClauseEffect, CompiledPolicies, PolicyClause};
use crate::source::Span;
use crate::symbolic::{Decision, PolicyReach, PolicyTable};
use crate::world::{AuthorizationPolicy, Gap, World};

pub static RULE: Rule = rule! {
    name: "shadowed-policy",
    summary: "a rule of an AuthorizationPolicy that never decides, because other rules take all of its requests",
    findings: [&DENIED, &ALLOWED_BY_OTHERS, &DENIED_BY_OTHERS],
    check: check,
};

static DENIED: Finding = finding! {
    "denied", Lost, Certain, [],
    "DENY rules deny all requests that an ALLOW rule matches",
};
static ALLOWED_BY_OTHERS: Finding = finding! {
    "allowed-by-others", Notable, Certain, [],
    "other ALLOW rules match all requests that an ALLOW rule matches",
};
static DENIED_BY_OTHERS: Finding = finding! {
    "denied-by-others", Notable, Certain, [],
    "other DENY rules match all requests that a DENY rule matches",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let compiled = CompiledPolicies::new(world);
    let mut search = Search { world, compiled: &compiled, tables: BTreeMap::new(), shadowed: BTreeSet::new() };
    // Of equal rules, the first one stays.
    for policy in world.policies.authorization_policies().iter().rev() {
        if !policy.is_dry_run() && matches!(policy.action(), PolicyAction::Allow | PolicyAction::Deny) {
            search.check(policy, diagnostics);
        }
    }
}

/// The tables of the policies that apply wherever another one does, by the places of these policies.
type Tables<'p, 'a> = BTreeMap<Vec<Span>, [PolicyTable<'p, 'a>; 2]>;

struct Search<'p, 'a> {
    world: &'a World<'a>,
    compiled: &'p CompiledPolicies<'a>,
    tables: Tables<'p, 'a>,
    /// The rules that others shadow. They shadow nothing themselves.
    shadowed: BTreeSet<Span>,
}

/// The proof that a rule never decides.
struct Proof {
    /// The other rules, by their places, and the policies that have them.
    rules: Vec<(Span, String)>,
    /// Whether DENY rules alone take all requests.
    is_denied: bool,
    /// Whether one of the rules has no conditions.
    is_total: bool,
    /// A request that the rule matches.
    example: Option<String>,
}

impl<'a> Search<'_, 'a> {
    fn check(&mut self, policy: &'a AuthorizationPolicy<'a>, diagnostics: &mut Diagnostics) {
        let near: Vec<&AuthorizationPolicy<'a>> = self
            .world
            .policies
            .authorization_policies()
            .iter()
            .filter(|other| applies_with(self.world, other, policy))
            .collect();
        let key: Vec<Span> = near.iter().map(|policy| policy.resource.span).collect();
        let trust_domain = &self.world.settings.trust_domain;
        let compiled = self.compiled;
        let tables = self.tables.entry(key).or_insert_with(|| {
            [false, true].map(|is_tcp| PolicyTable::of_rules(compiled.clauses_of(&near, is_tcp), trust_domain))
        });
        for index in (0..policy.spec.rules.len()).rev() {
            let proofs = tables.iter().filter_map(|table| {
                let is_own =
                    |it: &PolicyClause<'_, '_>| it.rule == index && std::ptr::eq(it.policy.resource, policy.resource);
                let number = table.clauses.iter().position(is_own)?;
                Some(prove(table, number, &self.shadowed))
            });
            let proofs: Result<Vec<Option<Proof>>, Undecided> = proofs.collect();
            match proofs {
                Ok(proofs) => {
                    let Some(proofs) = proofs.into_iter().collect::<Option<Vec<Proof>>>() else { continue };
                    // Requests are the usual case, and connections need the same rules, or fewer.
                    let Some(proof) = proofs.into_iter().next() else { continue };
                    let span = policy.spec.rules[index].span;
                    self.shadowed.insert(span);
                    report(policy, span, &proof, diagnostics);
                }
                Err(Undecided) => {
                    diagnostics.unchecked(Gap::TooManyMatches(Kind::AuthorizationPolicy, policy.name.to_string()));
                }
            }
        }
    }
}

/// The search took too long.
struct Undecided;

/// Whether a policy certainly applies to all workloads of another one.
fn applies_with(world: &World<'_>, wide: &AuthorizationPolicy<'_>, narrow: &AuthorizationPolicy<'_>) -> bool {
    std::ptr::eq(wide.resource, narrow.resource)
        || (world.policies.covers(wide, narrow) && !world.may_be_elsewhere(wide.resource, narrow.resource))
}

/// Proves that a rule never decides. Nothing is proven of a rule that no request matches: other rules are about those.
fn prove(table: &PolicyTable<'_, '_>, number: usize, shadowed: &BTreeSet<Span>) -> Result<Option<Proof>, Undecided> {
    let clause = &table.clauses[number];
    if clause.is_unknown() {
        return Ok(None);
    }
    let PolicyReach::Reached(example) = table.reach_past(Decision::Clause(number), &[]) else { return Ok(None) };
    let others = |effects: &[ClauseEffect]| -> Vec<usize> {
        let is_other = |other: &usize| {
            let it = &table.clauses[*other];
            *other != number && effects.contains(&it.effect) && !it.is_unknown() && !shadowed.contains(&it.span)
        };
        (0..table.clauses.len()).filter(is_other).collect()
    };
    let steps: &[&[ClauseEffect]] = match clause.effect {
        ClauseEffect::Allows => &[&[ClauseEffect::Denies], &[ClauseEffect::Allows, ClauseEffect::Denies]],
        _ => &[&[ClauseEffect::Denies]],
    };
    for effects in steps {
        match table.reach_past(Decision::Clause(number), &others(effects)) {
            PolicyReach::Undecided => return Err(Undecided),
            PolicyReach::Reached(_) | PolicyReach::Impossible => {}
            PolicyReach::TakenBy(taking) => {
                let rule = |other: &usize| {
                    let it = &table.clauses[*other];
                    (it.span, it.policy.name.to_string())
                };
                return Ok(Some(Proof {
                    rules: taking.iter().map(rule).collect(),
                    is_denied: effects.len() == 1,
                    is_total: taking.iter().any(|other| table.takes_everything(*other)),
                    example: example.filter(|it| !it.is_open).map(|it| it.to_string()),
                }));
            }
        }
    }
    Ok(None)
}

fn report(policy: &AuthorizationPolicy<'_>, span: Span, proof: &Proof, diagnostics: &mut Diagnostics) {
    // `overriding-policy` tells of rules without conditions.
    let own = policy.name.to_string();
    if proof.is_total && (proof.is_denied || proof.rules.iter().any(|(_, name)| *name != own)) {
        return;
    }
    let denies = policy.action() == PolicyAction::Deny;
    let names: BTreeSet<&String> = proof.rules.iter().map(|(_, name)| name).collect();
    let is_own = names.iter().all(|name| **name == own);
    let is_one = proof.rules.len() == 1;
    let of = match is_own {
        true => "of this policy".to_owned(),
        false => {
            let names: Vec<&&String> = names.iter().collect();
            let kind = if names.len() == 1 { "AuthorizationPolicy" } else { "AuthorizationPolicies" };
            format!("of {kind} {}", list(&names, "and"))
        }
    };
    let example = proof.example.as_ref().map(|it| format!(", for example {it}")).unwrap_or_default();
    let (finding, message, help) = match (denies, proof.is_denied) {
        (false, true) => (
            &DENIED,
            format!(
                "this rule allows nothing: {} {of} {} all requests that the rule matches{example}",
                if is_one { "a DENY rule" } else { "DENY rules" },
                if is_one { "denies" } else { "deny" },
            ),
            "narrow the DENY rules, or remove this rule",
        ),
        _ => (
            if denies { &DENIED_BY_OTHERS } else { &ALLOWED_BY_OTHERS },
            format!(
                "this rule has no effect: {} {of} {} all requests that the rule matches{example}",
                if is_one { "another rule" } else { "other rules" },
                if is_one { "takes" } else { "together take" },
            ),
            "remove the rule, or change its conditions",
        ),
    };
    let mut diagnostic = diagnostics.report(finding, span, message);
    for (span, _) in &proof.rules {
        diagnostic = diagnostic.related(*span, "takes requests of the rule");
    }
    diagnostic.help(help);
}
