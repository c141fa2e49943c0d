//! `delegate-conflict`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::routing::{CompiledRoute, HttpMatch};
use crate::source::Span;
use crate::world::VirtualService;

pub static RULE: Rule = rule! {
    name: "delegate-conflict",
    aliases: [],
    severity: Error,
    summary: "a rule of a delegate whose matches exclude those of the rule that delegates: istiod drops it",
    check: check,
};

/// A rule that delegates, with the rules that it could take over.
struct Delegation<'a> {
    root: CompiledRoute<'a>,
    span: Span,
    leaves: Vec<CompiledRoute<'a>>,
}

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let roots = context.world.virtual_services.iter().filter(|service| !service.is_delegate());
    let delegations: Vec<Delegation<'_>> = roots.flat_map(|service| delegations(context, service)).collect();
    let mut taken: BTreeSet<Span> = BTreeSet::new();
    for delegation in &delegations {
        taken.extend(
            delegation.leaves.iter().filter(|leaf| is_taken(&delegation.root, leaf)).map(|leaf| leaf.owner.span),
        );
    }
    let mut never: BTreeMap<Span, Vec<(&CompiledRoute<'_>, &CompiledRoute<'_>)>> = BTreeMap::new();
    for delegation in &delegations {
        let root = &delegation.root;
        for leaf in &delegation.leaves {
            if is_taken(root, leaf) {
                continue;
            }
            let fits = |entry: &&HttpMatch<'_>| root.matches.iter().any(|root| root.conflict_with(entry).is_none());
            if leaf.matches.iter().any(|entry| fits(&entry)) {
                report_halved(root, leaf, diagnostics);
            } else if !taken.contains(&leaf.owner.span) {
                never.entry(leaf.owner.span).or_default().push((root, leaf));
            }
        }
        report_fruitless(delegation, &taken, diagnostics);
    }
    for pairs in never.values() {
        report_never(pairs, diagnostics);
    }
}

fn delegations<'a>(context: &Context<'a>, service: &'a VirtualService<'a>) -> Vec<Delegation<'a>> {
    let lend = |(index, route): (usize, &'a crate::model::networking::HttpRoute)| {
        let delegate = route.delegate.as_ref()?;
        let lender = context.world.virtual_service(&service.delegate_name(delegate))?;
        let is_lent = service.may_use(lender) && !context.world.is_ambiguous(lender.resource);
        let leaves = lender.spec.http.iter().enumerate().map(|(index, route)| CompiledRoute::new(lender, index, route));
        is_lent.then(|| Delegation {
            root: CompiledRoute::new(service, index, route),
            span: delegate.span,
            leaves: leaves.collect(),
        })
    };
    service.spec.http.iter().enumerate().filter_map(lend).collect()
}

/// Whether istiod takes a rule over: each of its matches has one to be joined with (istiod: `MergeHTTPRoutes`).
fn is_taken(root: &CompiledRoute<'_>, leaf: &CompiledRoute<'_>) -> bool {
    let fits = |entry: &HttpMatch<'_>| root.matches.iter().any(|root| root.conflict_with(entry).is_none());
    root.matches.is_empty() || leaf.matches.iter().all(fits)
}

/// Some matches fit and others do not: those that fit are lost as well.
fn report_halved(root: &CompiledRoute<'_>, leaf: &CompiledRoute<'_>, diagnostics: &mut Diagnostics) {
    for (entry, field, at) in conflicts(root, leaf) {
        diagnostics
            .report_default(
                entry,
                format!(
                    "{field} is outside the match that delegates here, so istiod drops this rule with all its matches"
                ),
            )
            .related(at, format!("{} delegates for this match", root.owner.virtual_service.name))
            .help("put this match into a rule of its own, or widen the match that delegates");
    }
}

/// No rule that delegates takes it.
fn report_never(pairs: &[(&CompiledRoute<'_>, &CompiledRoute<'_>)], diagnostics: &mut Diagnostics) {
    let Some((root, leaf)) = pairs.first() else { return };
    for (entry, field, at) in conflicts(root, leaf) {
        let regex = leaf
            .matches
            .iter()
            .find(|it| it.span == entry)
            .is_some_and(|it| it.uri.is_some_and(|uri| uri.regex.is_some()));
        let help = match (field, regex) {
            ("uri", true) => "istiod joins no regular expression with another condition: match by prefix or exact text",
            ("sourceNamespace", _) => "repeat the sourceNamespace of the match that delegates",
            ("ignoreUriCase", _) => "write ignoreUriCase in both, or in none",
            _ => "match something within what the rule that delegates matches",
        };
        diagnostics
            .report_default(
                entry,
                format!("this rule never applies: its {field} excludes that of every match that delegates here"),
            )
            .related(at, format!("{} delegates for this match", root.owner.virtual_service.name))
            .help(help);
    }
}

/// Of all rules of the delegate none is taken, though other rules that delegate take them.
fn report_fruitless(delegation: &Delegation<'_>, taken: &BTreeSet<Span>, diagnostics: &mut Diagnostics) {
    let Delegation { root, leaves, .. } = delegation;
    let is_fruitless =
        !leaves.is_empty() && leaves.iter().all(|leaf| !is_taken(root, leaf) && taken.contains(&leaf.owner.span));
    let halved = |leaf: &CompiledRoute<'_>| {
        leaf.matches.iter().any(|entry| root.matches.iter().any(|root| root.conflict_with(entry).is_none()))
    };
    if is_fruitless && !leaves.iter().any(halved) {
        diagnostics
            .report_default(
                delegation.span,
                "no rule of the delegate fits what is matched here, so nothing comes of this",
            )
            .severity(Severity::Warning)
            .help("match what a rule of the delegate matches, or remove this rule");
    }
}

/// The matches of a rule that cannot be joined: where, which condition excludes, and that of the other rule.
fn conflicts(root: &CompiledRoute<'_>, leaf: &CompiledRoute<'_>) -> Vec<(Span, &'static str, Span)> {
    let conflict = |entry: &HttpMatch<'_>| {
        let mut with = root.matches.iter().map(|root| (root.span, root.conflict_with(entry)));
        if with.clone().any(|(_, conflict)| conflict.is_none()) {
            return None;
        }
        with.find_map(|(at, conflict)| Some((entry.span, conflict?, at)))
    };
    leaf.matches.iter().filter_map(conflict).collect()
}
