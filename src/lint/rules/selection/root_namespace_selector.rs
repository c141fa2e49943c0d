//! `root-namespace-selector`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::Kind;

pub static RULE: Rule = rule! {
    name: "root-namespace-selector",
    aliases: ["KIA1006"],
    severity: Warning,
    summary: "a Sidecar, Telemetry or ProxyConfig of the root namespace with a selector: it is no default of the mesh",
    check: check,
};

/// The kinds of which a selector never finds workloads of other namespaces; PeerAuthentications are another rule's.
const KINDS: [Kind; 3] = [Kind::Sidecar, Kind::Telemetry, Kind::ProxyConfig];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let root = world.settings.root_namespace.as_str();
    for attachment in world.attachments.iter().filter(|it| it.name.namespace == root) {
        let kind = attachment.resource.kind;
        let Some(selector) = attachment.selector.filter(|_| KINDS.contains(&kind)) else { continue };
        // It may be meant for something that runs there, such as Istio's own addons.
        if world.selected_in(root, Some(selector)).next().is_some() {
            continue;
        }
        let message = format!("with a selector this {} is only for workloads of namespace {root}", kind.name());
        let diagnostic = diagnostics.report_default(selector.span.unwrap_or(attachment.resource.span), message);
        diagnostic.help("remove the selector to make it the default of the mesh, or move it beside the workload");
        let elsewhere = world.workloads.iter().find(|workload| workload.is_selected_by(selector));
        if let Some(workload) = elsewhere {
            diagnostic.related(workload.resource.name_span(), format!("{} has these labels", workload.name));
        }
        diagnostic.aliases = if kind == Kind::Sidecar { &["KIA1006"] } else { &[] };
    }
}
