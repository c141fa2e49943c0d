//! Notes about the policies of a gateway whose workload is not among the manifests.

use crate::model::LabelSet;
use crate::model::wording::list;
use crate::routing::Proxy;
use crate::world::{Policy, Targeted, World};

/// Most policies that a note names.
const MOST: usize = 3;

/// Notes the policies that may apply to a gateway. The manifests show only the labels that its Gateway selects, and not the
/// namespace of the workload.
pub(super) fn notes(proxy: &Proxy<'_>) -> Vec<String> {
    let world = proxy.world;
    if world.policies.authorization_policies().is_empty() && world.policies.request_authentications().is_empty() {
        return Vec::new();
    }
    let labels = proxy.label_set();
    let authorization = world.policies.authorization_policies().iter();
    let authorization = authorization.filter(|policy| may_apply(world, policy, &labels, &proxy.namespace));
    let authorization = authorization.map(|policy| format!("AuthorizationPolicy {}", policy.name));
    let request = world.policies.request_authentications().iter();
    let request = request.filter(|policy| may_apply(world, policy, &labels, &proxy.namespace));
    let request = request.map(|policy| format!("RequestAuthentication {}", policy.name));
    let mut names: Vec<String> = authorization.chain(request).collect();
    if names.is_empty() {
        return Vec::new();
    }
    names.truncate(MOST);
    let (shown, verb) = (list(&names, "and"), if names.len() == 1 { "applies" } else { "apply" });
    vec![format!(
        "the workload of the gateway is not among the manifests, so it is not known whether {shown} {verb} to it"
    )]
}

/// Whether a policy may apply to the gateway, although it does not certainly apply: its selector names the gateway and
/// perhaps more, or it is for all workloads of the Gateway's namespace.
fn may_apply<S: Targeted>(
    world: &World<'_>,
    policy: &Policy<'_, S>,
    labels: &LabelSet<'_>,
    namespace_of_gateway: &str,
) -> bool {
    if !policy.spec.target_refs().is_empty() {
        return false;
    }
    let is_root = policy.name.namespace == world.settings.root_namespace;
    let selector = policy.spec.selector().map(|selector| &selector.match_labels).filter(|it| !it.is_empty());
    let Some(selector) = selector else { return !is_root && policy.name.namespace == namespace_of_gateway };
    let own = || selector.iter().map(|(key, value)| (labels.get(key.as_str()), value.as_str()));
    let contradicts = own().any(|(own, value)| own.is_some_and(|own| *own != value));
    let has_common = own().any(|(own, _)| own.is_some());
    let is_whole = own().all(|(own, _)| own.is_some());
    let is_close = has_common || selector.iter().any(|(_, value)| labels.values().any(|own| is_like(own, value)));
    !contradicts && is_close && !(is_root && is_whole)
}

/// Whether one label value is a part of another: `ingressgateway` and `istio-ingressgateway`.
fn is_like(one: &str, other: &str) -> bool {
    one.contains(other) || other.contains(one)
}
