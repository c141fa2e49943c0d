//! `uncovered-workload`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::world::{DataPlane, Workload};

pub static RULE: Rule = rule! {
    name: "uncovered-workload",
    aliases: ["KIA1301"],
    severity: Info,
    summary: "a workload that no AuthorizationPolicy is for, beside others that have one: it lets everybody in",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let is_covered = |workload: &Workload<'_>| {
        !world.policies.authorization_policies_of(&workload.name.namespace, &workload.labels).is_empty()
    };
    let (covered, uncovered): (Vec<_>, Vec<_>) = world.workloads.iter().partition(|workload| is_covered(workload));
    // Who has no policies at all has not forgotten one.
    let guarded: BTreeSet<&str> = covered.iter().map(|workload| workload.name.namespace.as_ref()).collect();
    for workload in uncovered.into_iter().filter(|it| guarded.contains(it.name.namespace.as_ref())) {
        if world.namespaces.data_plane(workload) == Some(DataPlane::None) || !workload.has_sidecar {
            continue;
        }
        diagnostics
            .report_default(
                workload.resource.name_span(),
                format!("no AuthorizationPolicy is for {}, so it lets everybody in", workload.name),
            )
            .help("let a policy select it, or deny what no policy allows: an AuthorizationPolicy with spec: {}");
    }
}
