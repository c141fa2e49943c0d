//! `uncovered-workload`

use std::collections::BTreeSet;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::world::{DataPlane, Gap, Workload};

pub static RULE: Rule = rule! {
    name: "uncovered-workload",
    summary: "no AuthorizationPolicy selects a workload, although others of its namespace have one",
    findings: [&UNCOVERED],
    check: check,
};

static UNCOVERED: Finding = finding! {
    "uncovered", Notable, Certain, ["KIA1301"],
    "the workload allows all requests",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let is_covered = |workload: &Workload<'_>| {
        !world.policies.authorization_policies_of(&workload.name.namespace, &workload.labels).is_empty()
    };
    let (covered, uncovered): (Vec<_>, Vec<_>) = world.workloads.iter().partition(|workload| is_covered(workload));
    // A namespace without any policy has none on purpose.
    let guarded: BTreeSet<&str> = covered.iter().map(|workload| workload.name.namespace.as_ref()).collect();
    for workload in uncovered.into_iter().filter(|it| guarded.contains(it.name.namespace.as_ref())) {
        if world.namespaces.data_plane(workload) == Some(DataPlane::None) || !workload.has_sidecar {
            continue;
        }
        let namespace = workload.name.namespace.to_string();
        if let Some(gap) = world.inventory.may_lack(Gap::NotAllResources(Kind::AuthorizationPolicy, namespace)) {
            diagnostics.unchecked(gap);
            continue;
        }
        let namespaces = [workload.name.namespace.as_ref(), &world.settings.root_namespace];
        let more = |namespace| world.inventory.may_have_more(Kind::AuthorizationPolicy, namespace);
        if let Some(gap) = namespaces.into_iter().find_map(more) {
            diagnostics.unchecked(gap);
            continue;
        }
        diagnostics
            .report(
                &UNCOVERED,
                workload.resource.name_span(),
                format!("no AuthorizationPolicy selects workload `{}`, so it allows all requests", workload.name),
            )
            .help("add a policy that selects it, or one with `spec: {}` to deny what no ALLOW policy allows");
    }
}
