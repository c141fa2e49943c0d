//! `unknown-namespace`

use std::collections::BTreeSet;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::model::spelling::did_you_mean;
use crate::policy::{Attribute, requirements};
use crate::source::Spanned;
use crate::world::{Gap, World};

pub static RULE: Rule = rule! {
    name: "unknown-namespace",
    summary: "an AuthorizationPolicy names a client namespace that does not exist, so no request matches it",
    findings: [&MISSING],
    check: check,
};

static MISSING: Finding = finding! {
    "missing", Lost, Likely, ["IST0101", "KIA0101"],
    "no namespace has this name, or matches this pattern",
};

/// Namespaces that exist in every cluster or mesh without a manifest.
const ALWAYS: [&str; 4] = ["default", "kube-system", "kube-public", "istio-system"];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut known: BTreeSet<&str> = world.namespaces.names().chain(ALWAYS).collect();
    known.insert(&world.settings.root_namespace);
    for policy in world.policies.authorization_policies() {
        let requirements = policy.spec.rules.iter().flat_map(requirements);
        let namespaces = requirements.filter(|it| it.attribute == Attribute::Namespace);
        for value in namespaces.flat_map(|it| it.values) {
            check_namespace(world, &known, value, diagnostics);
        }
    }
}

fn check_namespace(
    world: &World<'_>,
    known: &BTreeSet<&str>,
    written: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    let value = written.as_str();
    let exists = match (value.strip_suffix('*'), value.strip_prefix('*')) {
        (Some(prefix), _) => known.iter().any(|name| name.starts_with(prefix)),
        (_, Some(suffix)) => known.iter().any(|name| name.ends_with(suffix)),
        (None, None) => known.contains(value),
    };
    if exists || value.is_empty() {
        return;
    }
    if let Err(gap) = world.inventory.namespaces() {
        return diagnostics.unchecked(gap);
    }
    let help = did_you_mean(written.span, value, known.iter().copied());
    // A repository rarely has all namespaces of the cluster.
    if help.is_none() && !world.inventory.is_complete() {
        return diagnostics.unchecked(Gap::NotAllOfKind(Kind::Namespace));
    }
    let message = match value.contains('*') {
        true => format!("no namespace matches `{value}`"),
        false => format!("namespace `{value}` does not exist"),
    };
    let diagnostic = diagnostics.report(&MISSING, written.span, message).cause(format!("namespace {value}"));
    if let Some(help) = help {
        diagnostic.help(help);
    }
}
