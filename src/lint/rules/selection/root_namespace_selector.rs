//! `root-namespace-selector`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;

pub static RULE: Rule = rule! {
    name: "root-namespace-selector",
    summary: "a Sidecar, Telemetry or ProxyConfig of the root namespace has a selector, so it is not the default of the mesh",
    findings: [&SIDECAR, &OTHER_KIND],
    check: check,
};

static SIDECAR: Finding = finding! {
    "sidecar", Surprising, Certain, ["KIA1006"],
    "a Sidecar of the root namespace selects workloads, none of which is there",
};
static OTHER_KIND: Finding = finding! {
    "other-kind", Surprising, Certain, [],
    "a Telemetry or ProxyConfig of the root namespace selects workloads, none of which is there",
};

/// The kinds whose selectors never match workloads of other namespaces. Another rule checks PeerAuthentications.
const KINDS: [Kind; 3] = [Kind::Sidecar, Kind::Telemetry, Kind::ProxyConfig];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let root = world.settings.root_namespace.as_str();
    for attachment in world.attachments.iter().filter(|it| it.name.namespace == root) {
        let kind = attachment.resource.kind;
        let Some(selector) = attachment.selector.filter(|_| KINDS.contains(&kind)) else { continue };
        // It may be for something that runs there, such as Istio's own addons.
        if world.selected_in(root, Some(selector)).next().is_some() {
            continue;
        }
        let finding = if kind == Kind::Sidecar { &SIDECAR } else { &OTHER_KIND };
        let span = selector.span.unwrap_or(attachment.resource.span);
        let message = format!("the selector limits this {} to workloads of the root namespace `{root}`", kind.name());
        let diagnostic = diagnostics.report(finding, span, message);
        let elsewhere = world.workloads.iter().find(|workload| workload.is_selected_by(selector));
        let namespace = match elsewhere {
            Some(workload) => {
                let message = format!("workload `{}` has these labels", workload.name);
                diagnostic.related(workload.resource.name_span(), message);
                format!("namespace `{}`", workload.name.namespace)
            }
            None => "the namespace of the workload".to_owned(),
        };
        diagnostic.help(format!("move it to {namespace}, or remove the selector to make it the default of the mesh"));
    }
}
