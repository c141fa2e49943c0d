//! `unknown-namespace`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::nearest;
use crate::policy::{Attribute, requirements};
use crate::source::Spanned;
use crate::world::World;

pub static RULE: Rule = rule! {
    name: "unknown-namespace",
    aliases: ["IST0101", "KIA0101"],
    severity: Warning,
    summary: "a namespace of clients that there is not: the rule never matches them",
    check: check,
};

/// Namespaces that every cluster, or every mesh, has without a manifest.
const ALWAYS: [&str; 4] = ["default", "kube-system", "kube-public", "istio-system"];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut known: BTreeSet<&str> = world.namespaces.names().chain(ALWAYS).collect();
    known.insert(&world.settings.root_namespace);
    for policy in world.policies.authorization_policies() {
        for asked in
            policy.spec.rules.iter().flat_map(requirements).filter(|asked| asked.attribute == Attribute::Namespace)
        {
            for value in asked.values {
                check_namespace(world, &known, value, diagnostics);
            }
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
    let message = match value.contains('*') {
        true => format!("there is no namespace like {value}"),
        false => format!("there is no namespace {value}"),
    };
    let diagnostic = diagnostics.report_default(written.span, message);
    if let Some(similar) = nearest(value, known.iter().copied()) {
        diagnostic.help(format!("did you mean {similar}?"));
    }
}
