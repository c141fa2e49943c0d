//! Notes about resources that change a proxy in ways that are not simulated.

use crate::model::field::TextField;
use crate::model::networking::PatchContext;
use crate::model::wording::first;
use crate::model::{LabelSet, Spec};
use crate::world::{Attachment, GATEWAY_NAME_LABEL, World};

/// Most resources that a note names.
const MOST: usize = 3;

/// The note on the EnvoyFilters and extensions that apply to a workload (istiod: `getMatchedEnvoyFilters`,
/// `WasmPluginsByListenerInfo`). Patches of EnvoyFilters count if they are for `context`.
pub(super) fn note(world: &World<'_>, namespace: &str, labels: &LabelSet<'_>, context: PatchContext) -> Option<String> {
    let applying = world.attachments.iter().filter(|it| changes(it, context) && applies(world, it, namespace, labels));
    let names: Vec<String> = applying.map(|it| format!("{} {}", it.resource.kind.name(), it.name)).collect();
    let verb = if names.len() == 1 { "changes" } else { "change" };
    let shown = first(&names, MOST);
    (!names.is_empty()).then(|| format!("{shown} {verb} the configuration of the proxy, which is not simulated"))
}

/// Whether a resource changes proxies in ways that are not simulated.
fn changes(attachment: &Attachment<'_>, context: PatchContext) -> bool {
    match &attachment.resource.spec {
        Spec::EnvoyFilter(spec) => spec.config_patches.iter().any(|patch| {
            let of_patch =
                patch.r#match.as_ref().and_then(|it| it.context.as_ref()).map_or(PatchContext::Any, |it| it.value);
            of_patch == PatchContext::Any || of_patch == context
        }),
        Spec::WasmPlugin(_) | Spec::TrafficExtension(_) => true,
        _ => false,
    }
}

fn applies(world: &World<'_>, attachment: &Attachment<'_>, namespace: &str, labels: &LabelSet<'_>) -> bool {
    let own = &attachment.name.namespace;
    if attachment.targets.is_empty() {
        let is_near = own.as_ref() == namespace || *own == world.settings.root_namespace;
        return is_near && attachment.selector.is_none_or(|selector| selector.selects(labels));
    }
    // Gateways of the Gateway API have their name in a label.
    let gateway = labels.get(GATEWAY_NAME_LABEL).filter(|_| own.as_ref() == namespace);
    gateway.is_some_and(|gateway| attachment.targets.iter().any(|it| it.name.text() == *gateway))
}
