//! `delegate-conflict`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::HttpRoute;
use crate::routing::{CompiledRoute, HttpMatch};
use crate::source::Span;
use crate::world::VirtualService;

pub static RULE: Rule = rule! {
    name: "delegate-conflict",
    summary: "the matches of a delegate's route exclude those of the route that delegates, so istiod drops the route",
    findings: [&NO_MATCH_FITS, &ONE_MATCH_CONFLICTS, &NOTHING_DELEGATED],
    check: check,
};

static NO_MATCH_FITS: Finding = finding! {
    "no-match-fits", Lost, Certain, [],
    "the matches of the delegate's route conflict with those of every route that delegates to it",
};
static ONE_MATCH_CONFLICTS: Finding = finding! {
    "one-match-conflicts", Lost, Certain, [],
    "one match of the delegate's route conflicts, so istiod drops its other matches as well",
};
static NOTHING_DELEGATED: Finding = finding! {
    "nothing-delegated", Lost, Certain, [],
    "no route of the delegate fits the route that delegates",
};

/// A route that delegates, with the routes of the delegate.
struct Delegation<'a> {
    root: CompiledRoute<'a>,
    span: Span,
    leaves: Vec<CompiledRoute<'a>>,
}

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let roots = context.world.virtual_services.iter().filter(|it| !it.is_delegate());
    let delegations: Vec<Delegation<'_>> = roots.flat_map(|root| delegations(context, root)).collect();
    let mut merged: BTreeSet<Span> = BTreeSet::new();
    for Delegation { root, leaves, .. } in &delegations {
        merged.extend(leaves.iter().filter(|leaf| merges(root, leaf)).map(|leaf| leaf.owner.span));
    }
    let mut unused: BTreeMap<Span, (&CompiledRoute<'_>, &CompiledRoute<'_>)> = BTreeMap::new();
    for delegation in &delegations {
        let root = &delegation.root;
        for leaf in delegation.leaves.iter().filter(|leaf| !merges(root, leaf)) {
            if leaf.matches.iter().any(|it| fits(root, it)) {
                report_one_match(root, leaf, diagnostics);
            } else if !merged.contains(&leaf.owner.span) {
                unused.entry(leaf.owner.span).or_insert((root, leaf));
            }
        }
        check_root(delegation, &merged, diagnostics);
    }
    for (root, leaf) in unused.into_values() {
        report_unused(root, leaf, diagnostics);
    }
}

fn delegations<'a>(context: &Context<'a>, root: &'a VirtualService<'a>) -> Vec<Delegation<'a>> {
    let delegation = |(index, route): (usize, &'a HttpRoute)| {
        let delegate = route.delegate.as_ref()?;
        let target = context.world.virtual_service(&root.delegate_name(delegate))?;
        let is_valid = root.may_use(target) && !context.world.is_ambiguous(target.resource);
        let leaves = target.spec.http.iter().enumerate().map(|(index, route)| CompiledRoute::new(target, index, route));
        is_valid.then(|| Delegation {
            root: CompiledRoute::new(root, index, route),
            span: delegate.span,
            leaves: leaves.collect(),
        })
    };
    root.spec.http.iter().enumerate().filter_map(delegation).collect()
}

/// Whether istiod can merge a match of a delegate with one of the route that delegates.
fn fits(root: &CompiledRoute<'_>, leaf_match: &HttpMatch<'_>) -> bool {
    root.matches.iter().any(|root_match| root_match.conflict_with(leaf_match).is_none())
}

/// Whether istiod merges a route of a delegate: each of its matches must fit (istiod: `MergeHTTPRoutes`).
fn merges(root: &CompiledRoute<'_>, leaf: &CompiledRoute<'_>) -> bool {
    root.matches.is_empty() || leaf.matches.iter().all(|it| fits(root, it))
}

/// Some matches fit and others do not. istiod drops those that fit as well.
fn report_one_match(root: &CompiledRoute<'_>, leaf: &CompiledRoute<'_>, diagnostics: &mut Diagnostics) {
    for Conflict { leaf_match, root_match, field } in conflicts(root, leaf) {
        let message = format!(
            "the condition on `{field}` conflicts with the route that delegates, so istiod drops the whole route"
        );
        diagnostics
            .report(&ONE_MATCH_CONFLICTS, leaf_match.span, message)
            .related(
                root_match.span,
                format!("VirtualService `{}` delegates for this match", root.owner.virtual_service.name),
            )
            .help(format!(
                "move this match to a separate route, or widen the match in VirtualService `{}`",
                root.owner.virtual_service.name
            ));
    }
}

/// No route that delegates can be merged with the route.
fn report_unused(root: &CompiledRoute<'_>, leaf: &CompiledRoute<'_>, diagnostics: &mut Diagnostics) {
    for Conflict { leaf_match, root_match, field } in conflicts(root, leaf) {
        let has_regex = leaf_match.uri.is_some_and(|uri| uri.regex.is_some());
        let help = match field {
            "uri" if has_regex => "match by prefix or exact text: istiod does not merge regular expressions",
            "sourceNamespace" => "repeat the `sourceNamespace` of the match that delegates",
            "ignoreUriCase" => "set `ignoreUriCase` to the same value in both matches",
            _ => "match only requests that the route that delegates matches",
        };
        let message = format!(
            "istiod drops this route: its condition on `{field}` conflicts with every route that delegates to it"
        );
        diagnostics
            .report(&NO_MATCH_FITS, leaf_match.span, message)
            .related(
                root_match.span,
                format!("VirtualService `{}` delegates for this match", root.owner.virtual_service.name),
            )
            .help(help);
    }
}

/// Reports a route that delegates but gets no route, although other routes that delegate get those of the delegate.
fn check_root(delegation: &Delegation<'_>, merged: &BTreeSet<Span>, diagnostics: &mut Diagnostics) {
    let Delegation { root, leaves, span } = delegation;
    let is_for_others = |leaf: &CompiledRoute<'_>| {
        let has_fitting_match = leaf.matches.iter().any(|it| fits(root, it));
        !merges(root, leaf) && !has_fitting_match && merged.contains(&leaf.owner.span)
    };
    if !leaves.is_empty() && leaves.iter().all(is_for_others) {
        diagnostics
            .report(
                &NOTHING_DELEGATED,
                *span,
                "no route of the delegate fits the matches of this route, so istiod drops it",
            )
            .help("match what a route of the delegate matches, or remove this route");
    }
}

/// Two matches that istiod cannot merge.
struct Conflict<'r, 'a> {
    leaf_match: &'r HttpMatch<'a>,
    root_match: &'r HttpMatch<'a>,
    /// The field in which they exclude each other.
    field: &'static str,
}

/// The matches of a delegate's route that fit no match of the route that delegates.
fn conflicts<'r, 'a>(root: &'r CompiledRoute<'a>, leaf: &'r CompiledRoute<'a>) -> Vec<Conflict<'r, 'a>> {
    let conflict = |leaf_match: &'r HttpMatch<'a>| {
        let mut root_matches = root.matches.iter();
        root_matches.find_map(|root_match| {
            Some(Conflict { leaf_match, root_match, field: root_match.conflict_with(leaf_match)? })
        })
    };
    leaf.matches.iter().filter(|it| !fits(root, it)).filter_map(conflict).collect()
}
