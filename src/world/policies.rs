//! Policies: those that apply to a workload, and the mutual TLS that they require.

use std::collections::HashMap;

use super::Settings;
use super::gateway::GATEWAY_NAME_LABEL;
use super::names::NamespacedName;
use crate::model::field::TextField;
use crate::model::networking::MatchLabelsSelector;
use crate::model::security::{self, MutualTls, MutualTlsMode, PolicyTargetReference};
use crate::model::{LabelSet, Resource, Spec};
use crate::source::Span;

/// A policy.
#[derive(Debug)]
pub struct Policy<'a, S> {
    /// Its name.
    pub name: NamespacedName<'a>,
    /// The resource.
    pub resource: &'a Resource,
    /// The spec.
    pub spec: &'a S,
}

/// A PeerAuthentication.
pub type PeerAuthentication<'a> = Policy<'a, security::PeerAuthentication>;
/// A RequestAuthentication.
pub type RequestAuthentication<'a> = Policy<'a, security::RequestAuthentication>;
/// An AuthorizationPolicy.
pub type AuthorizationPolicy<'a> = Policy<'a, security::AuthorizationPolicy>;

impl AuthorizationPolicy<'_> {
    /// The action for requests that a rule of the policy matches. `ALLOW` by default.
    pub fn action(&self) -> security::PolicyAction {
        self.spec.action.map_or(security::PolicyAction::Allow, |action| action.value)
    }

    /// Whether it is a dry run: violations are reported, not enforced, and it does not count as an ALLOW policy
    /// (istiod: `isDryRun`).
    pub fn is_dry_run(&self) -> bool {
        const TRUE: [&str; 6] = ["1", "t", "T", "TRUE", "true", "True"];
        self.resource.metadata.annotations.get("istio.io/dry-run").is_some_and(|value| TRUE.contains(&value.as_str()))
    }

    /// The name of its external authorizer; empty without one.
    pub fn provider(&self) -> &str {
        self.spec.provider.as_ref().and_then(|provider| provider.name.as_ref()).map_or("", |name| name.as_str())
    }
}

/// The selector and targets of a policy.
pub trait Targeted {
    /// The selector.
    fn selector(&self) -> Option<&MatchLabelsSelector>;

    /// The targets, which replace the selector. `targetRef` counts only if `targetRefs` is empty.
    fn target_refs(&self) -> Vec<&PolicyTargetReference>;
}

impl Targeted for security::PeerAuthentication {
    fn selector(&self) -> Option<&MatchLabelsSelector> {
        self.selector.as_ref()
    }

    fn target_refs(&self) -> Vec<&PolicyTargetReference> {
        Vec::new()
    }
}

macro_rules! targeted {
    ($($policy:ty),*) => {$(
        impl Targeted for $policy {
            fn selector(&self) -> Option<&MatchLabelsSelector> {
                self.selector.as_ref()
            }

            fn target_refs(&self) -> Vec<&PolicyTargetReference> {
                let one = self.target_ref.iter().filter(|_| self.target_refs.is_empty());
                self.target_refs.iter().chain(one).collect()
            }
        }
    )*};
}

targeted!(security::RequestAuthentication, security::AuthorizationPolicy);

/// The policies of a kind, in creation order and by namespace.
#[derive(Debug)]
struct Listed<'a, S> {
    all: Vec<Policy<'a, S>>,
    by_namespace: HashMap<String, Vec<usize>>,
}

impl<S> Default for Listed<'_, S> {
    fn default() -> Self {
        Self { all: Vec::new(), by_namespace: HashMap::new() }
    }
}

impl<'a, S> Listed<'a, S> {
    fn push(&mut self, namespace: &str, resource: &'a Resource, spec: &'a S) {
        self.by_namespace.entry(namespace.to_owned()).or_default().push(self.all.len());
        self.all.push(Policy { name: NamespacedName::new(namespace.to_owned(), resource.name()), resource, spec });
    }

    fn of<'w>(&'w self, namespace: &str) -> impl Iterator<Item = &'w Policy<'a, S>> + use<'w, 'a, S> {
        self.by_namespace.get(namespace).into_iter().flatten().map(|&index| &self.all[index])
    }
}

/// A name in the labels of a waypoint, which no label can have: its value is the service that a request to the waypoint is
/// for, as `kind/namespace/name`. The policies of a waypoint depend on the service.
pub const WAYPOINT_FOR_SERVICE: &str = "~service";

/// A service that policies of a waypoint can target.
#[derive(Debug, Clone, Copy)]
struct ServiceTarget<'t> {
    kind: &'t str,
    namespace: &'t str,
    name: &'t str,
}

impl<'t> ServiceTarget<'t> {
    fn parse(text: &'t str) -> Option<Self> {
        let mut parts = text.splitn(3, '/');
        Some(Self { kind: parts.next()?, namespace: parts.next()?, name: parts.next()? })
    }

    fn is_meant_by(self, reference: &PolicyTargetReference, namespace: &str) -> bool {
        self.namespace == namespace && reference.kind.text() == self.kind && reference.name.text() == self.name
    }
}

/// All policies, by kind and in creation order.
#[derive(Debug, Default)]
pub struct Policies<'a> {
    peer: Listed<'a, security::PeerAuthentication>,
    request: Listed<'a, security::RequestAuthentication>,
    authorization: Listed<'a, security::AuthorizationPolicy>,
    root_namespace: String,
}

/// The traffic that a port of a workload accepts, in order of strictness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MtlsMode {
    /// Plaintext only.
    Disable,
    /// Plaintext and mutual TLS.
    Permissive,
    /// Mutual TLS only.
    Strict,
}

impl MtlsMode {
    /// The mode that a policy sets. `None` if the policy inherits it.
    pub fn of(mtls: &MutualTls) -> Option<Self> {
        match mtls.mode?.value {
            MutualTlsMode::Disable => Some(Self::Disable),
            MutualTlsMode::Permissive => Some(Self::Permissive),
            MutualTlsMode::Strict => Some(Self::Strict),
            MutualTlsMode::Unset | MutualTlsMode::Undefined(_) => None,
        }
    }

    /// The value in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "DISABLE",
            Self::Permissive => "PERMISSIVE",
            Self::Strict => "STRICT",
        }
    }
}

/// The mode of a port, and its origin.
#[derive(Debug, Clone, Copy)]
pub struct Mtls<'w, 'a> {
    /// The mode.
    pub mode: MtlsMode,
    /// The policy that sets it, and the place; `None` for the default, `PERMISSIVE`.
    pub set_by: Option<(&'w PeerAuthentication<'a>, Span)>,
}

/// The policies that set the modes of a workload's ports.
#[derive(Debug, Clone, Copy)]
pub struct WorkloadMtls<'w, 'a> {
    of_workload: Option<&'w PeerAuthentication<'a>>,
    of_namespace: Option<&'w PeerAuthentication<'a>>,
    of_mesh: Option<&'w PeerAuthentication<'a>>,
}

impl<'w, 'a> WorkloadMtls<'w, 'a> {
    /// The mode of a port.
    pub fn at(&self, port: u32) -> Mtls<'w, 'a> {
        let of_port = self.of_workload.and_then(|policy| {
            let of_port = policy.spec.port_level_mtls.iter().find(|(key, _)| key.parse() == Ok(port));
            Some((policy, of_port?.1))
        });
        let of_policy = |policy: &'w PeerAuthentication<'a>| Some((policy, policy.spec.mtls.as_ref()?));
        let [of_workload, of_namespace, of_mesh] =
            [self.of_workload, self.of_namespace, self.of_mesh].map(|policy| policy.and_then(of_policy));
        let levels = [of_port, of_workload, of_namespace, of_mesh];
        let set = levels.into_iter().flatten().find_map(|(policy, mtls)| Some((policy, set_mode(mtls)?)));
        match set {
            Some((policy, (mode, span))) => Mtls { mode, set_by: Some((policy, span)) },
            None => Mtls { mode: MtlsMode::Permissive, set_by: None },
        }
    }
}

impl<'a> Policies<'a> {
    pub(super) fn new(resources: &[&'a Resource], settings: &Settings) -> Self {
        let mut policies = Self { root_namespace: settings.root_namespace.clone(), ..Self::default() };
        for &resource in resources {
            let namespace = settings.namespace_of(resource);
            match &resource.spec {
                Spec::PeerAuthentication(spec) => policies.peer.push(namespace, resource, spec),
                Spec::RequestAuthentication(spec) => policies.request.push(namespace, resource, spec),
                Spec::AuthorizationPolicy(spec) => policies.authorization.push(namespace, resource, spec),
                _ => {}
            }
        }
        policies
    }

    /// The PeerAuthentications, in creation order.
    pub fn peer_authentications(&self) -> &[PeerAuthentication<'a>] {
        &self.peer.all
    }

    /// The PeerAuthentications of a namespace, in creation order.
    pub fn peer_authentications_in(&self, namespace: &str) -> impl Iterator<Item = &PeerAuthentication<'a>> {
        self.peer.of(namespace)
    }

    /// The RequestAuthentications, in creation order.
    pub fn request_authentications(&self) -> &[RequestAuthentication<'a>] {
        &self.request.all
    }

    /// The RequestAuthentications of a namespace, in creation order.
    pub fn request_authentications_in(&self, namespace: &str) -> impl Iterator<Item = &RequestAuthentication<'a>> {
        self.request.of(namespace)
    }

    /// The AuthorizationPolicies, in creation order.
    pub fn authorization_policies(&self) -> &[AuthorizationPolicy<'a>] {
        &self.authorization.all
    }

    /// The AuthorizationPolicies of a namespace, in creation order.
    pub fn authorization_policies_in(&self, namespace: &str) -> impl Iterator<Item = &AuthorizationPolicy<'a>> {
        self.authorization.of(namespace)
    }

    /// The AuthorizationPolicies that apply to a workload: those of the root namespace, then those of its own
    /// namespace, each in creation order (istiod: `ListAuthorizationPolicies`).
    pub fn authorization_policies_of(&self, namespace: &str, labels: &LabelSet<'_>) -> Vec<&AuthorizationPolicy<'a>> {
        self.attached(&self.authorization, namespace, labels)
    }

    /// The RequestAuthentications that apply to a workload. istiod combines them.
    pub fn request_authentications_of(
        &self,
        namespace: &str,
        labels: &LabelSet<'_>,
    ) -> Vec<&RequestAuthentication<'a>> {
        self.attached(&self.request, namespace, labels)
    }

    /// Whether a policy is for all workloads, known or unknown, that another one is for.
    pub fn covers<S: Targeted>(&self, wide: &Policy<'_, S>, narrow: &Policy<'_, S>) -> bool {
        let (targets, others) = (wide.spec.target_refs(), narrow.spec.target_refs());
        let is_same_namespace = wide.name.namespace == narrow.name.namespace;
        if !targets.is_empty() || !others.is_empty() {
            let is_one = |other: &&PolicyTargetReference| targets.iter().any(|target| is_same_target(target, other));
            return is_same_namespace && !others.is_empty() && others.iter().all(is_one);
        }
        let labels = narrow.spec.selector().map(|selector| selector.match_labels.to_set()).unwrap_or_default();
        (is_same_namespace || wide.name.namespace == self.root_namespace) && selects(wide.spec.selector(), &labels)
    }

    /// Sidecars ignore policies with `targetRefs`. Gateways of the Gateway API apply those that name them (istiod:
    /// `PolicyMatcher.ShouldAttachPolicy`).
    fn attached<'w, S: Targeted>(
        &self,
        policies: &'w Listed<'a, S>,
        namespace: &str,
        labels: &LabelSet<'_>,
    ) -> Vec<&'w Policy<'a, S>> {
        let gateway = labels.get(GATEWAY_NAME_LABEL).copied();
        let service = labels.get(WAYPOINT_FOR_SERVICE).and_then(|target| ServiceTarget::parse(target));
        let of_root = policies.of(&self.root_namespace);
        let of_own = (namespace != self.root_namespace).then(|| policies.of(namespace));
        let is_other = |other: &str| other != namespace && other != self.root_namespace;
        let of_service = service.map(|service| service.namespace).filter(|other| is_other(other));
        of_root
            .chain(of_own.into_iter().flatten())
            .chain(of_service.map(|namespace| policies.of(namespace)).into_iter().flatten())
            .filter(|policy| {
                let references = policy.spec.target_refs();
                if references.is_empty() {
                    // Waypoints use no selectors.
                    return service.is_none() && selects(policy.spec.selector(), labels);
                }
                let is_of_class = |reference: &PolicyTargetReference| {
                    policy.name.namespace == self.root_namespace
                        && reference.kind.text() == "GatewayClass"
                        && reference.name.text() == "istio-waypoint"
                };
                if let Some(service) = service
                    && references.iter().any(|it| service.is_meant_by(it, &policy.name.namespace) || is_of_class(it))
                {
                    return true;
                }
                let is_gateway = |reference| is_gateway_named(reference, gateway);
                policy.name.namespace == namespace && references.into_iter().any(is_gateway)
            })
            .collect()
    }

    /// The mode of a workload's port: that of the port in the policy that selects the workload, else that of this
    /// policy, else that of the namespace's policy, else that of the mesh. `UNSET` inherits. Of several policies on one
    /// level, the oldest counts (istiod: `ComposePeerAuthentication`).
    pub fn mtls<'w>(&'w self, namespace: &str, labels: &LabelSet<'_>, port: u32) -> Mtls<'w, 'a> {
        self.mtls_of(namespace, labels).at(port)
    }

    /// The policies that set the modes of a workload's ports.
    pub fn mtls_of<'w>(&'w self, namespace: &str, labels: &LabelSet<'_>) -> WorkloadMtls<'w, 'a> {
        let is_wide = |policy: &&PeerAuthentication<'_>| is_empty(policy.spec.selector.as_ref());
        let wide = |namespace: &str| self.peer_authentications_in(namespace).find(is_wide);
        let of_workload = self.of_workload(namespace, labels);
        WorkloadMtls { of_workload, of_namespace: wide(namespace), of_mesh: wide(&self.root_namespace) }
    }

    /// The oldest policy whose selector matches a workload.
    fn of_workload(&self, namespace: &str, labels: &LabelSet<'_>) -> Option<&PeerAuthentication<'a>> {
        // istiod ignores policies of the root namespace that have a selector.
        if namespace == self.root_namespace {
            return None;
        }
        let mut candidates = self.peer_authentications_in(namespace);
        candidates.find(|policy| {
            let selector = policy.spec.selector.as_ref();
            !is_empty(selector) && selects(selector, labels)
        })
    }
}

fn is_empty(selector: Option<&MatchLabelsSelector>) -> bool {
    selector.is_none_or(|selector| selector.match_labels.is_empty())
}

fn selects(selector: Option<&MatchLabelsSelector>, labels: &LabelSet<'_>) -> bool {
    selector.is_none_or(|selector| selector.match_labels.selects(labels))
}

fn is_same_target(one: &PolicyTargetReference, other: &PolicyTargetReference) -> bool {
    let part = |text: &Option<crate::source::Spanned<String>>| text.as_ref().map(|it| it.value.clone());
    let parts = |it: &PolicyTargetReference| [part(&it.group), part(&it.kind), part(&it.name)];
    parts(one) == parts(other)
}

fn is_gateway_named(reference: &PolicyTargetReference, gateway: Option<&str>) -> bool {
    let text = |field: &Option<crate::source::Spanned<String>>| field.as_ref().map(|value| value.value.clone());
    text(&reference.group).is_some_and(|group| group == "gateway.networking.k8s.io")
        && text(&reference.kind).is_some_and(|kind| kind == "Gateway")
        && reference.name.as_ref().is_some_and(|name| Some(name.as_str()) == gateway)
}

/// The mode and its place, unless it is unset.
fn set_mode(mtls: &MutualTls) -> Option<(MtlsMode, Span)> {
    Some((MtlsMode::of(mtls)?, mtls.mode?.span))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::load::Snapshot;
    use crate::world::World;

    fn manifest(kind: &str, namespace: &str, name: &str, spec: &str) -> String {
        format!(
            "apiVersion: security.istio.io/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n---\n"
        )
    }

    fn with_world<T>(manifests: &[String], ask: impl FnOnce(&World<'_>) -> T) -> T {
        let snapshot = Snapshot::of_texts([("policies.yaml", manifests.concat().as_str())]);
        ask(&World::new(&snapshot, Settings::new(&Config::default(), &snapshot)))
    }

    fn mode(world: &World<'_>, namespace: &str, app: &str, port: u32) -> &'static str {
        world.policies.mtls(namespace, &LabelSet::from([("app", app)]), port).mode.as_str()
    }

    #[test]
    fn the_mode_of_a_port_is_that_of_the_narrowest_policy_that_sets_one() {
        let peer = |namespace: &str, name: &str, spec: &str| manifest("PeerAuthentication", namespace, name, spec);
        let manifests = [
            peer("istio-system", "mesh", "{mtls: {mode: STRICT}}"),
            // istiod ignores a selector in the root namespace.
            peer("istio-system", "a-selector", "{selector: {matchLabels: {app: b}}, mtls: {mode: DISABLE}}"),
            peer("one", "wide", "{mtls: {mode: DISABLE}, portLevelMtls: {80: {mode: STRICT}}}"),
            peer("one", "z-later", "{mtls: {mode: STRICT}}"),
            peer(
                "one",
                "workload",
                "{selector: {matchLabels: {app: a}}, mtls: {mode: UNSET}, portLevelMtls: {81: {mode: PERMISSIVE}, 82: {mode: UNSET}}}",
            ),
            peer("two", "unset", "{}"),
        ];
        with_world(&manifests, |world| {
            for (namespace, app, port, expected) in [
                ("one", "b", 80, "DISABLE"),
                ("one", "a", 81, "PERMISSIVE"),
                ("one", "a", 82, "DISABLE"),
                ("one", "a", 83, "DISABLE"),
                ("two", "b", 80, "STRICT"),
                ("three", "a", 81, "STRICT"),
                ("istio-system", "b", 80, "STRICT"),
            ] {
                assert_eq!(mode(world, namespace, app, port), expected, "{namespace} {app} {port}");
            }
        });
        with_world(&[], |world| assert_eq!(mode(world, "one", "a", 80), "PERMISSIVE"));
    }

    #[test]
    fn policies_select_workloads_of_their_namespace_or_of_all_from_the_root() {
        let policy = |namespace: &str, name: &str, spec: &str| manifest("AuthorizationPolicy", namespace, name, spec);
        let target = "targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}]";
        let manifests = [
            policy("one", "all", "{}"),
            policy("one", "of-a", "{selector: {matchLabels: {app: a}}}"),
            policy("two", "other", "{}"),
            policy("istio-system", "root", "{selector: {matchLabels: {app: a}}}"),
            policy("one", "edge", &format!("{{{target}}}")),
            policy("istio-system", "edge", &format!("{{{target}}}")),
        ];
        with_world(&manifests, |world| {
            let of = |labels: &[(&'static str, &'static str)]| {
                let labels: LabelSet<'_> = labels.iter().copied().collect();
                let found = world.policies.authorization_policies_of("one", &labels);
                found.iter().map(|policy| policy.name.to_string()).collect::<Vec<_>>().join(" ")
            };
            assert_eq!(of(&[("app", "a")]), "istio-system/root one/all one/of-a");
            assert_eq!(of(&[]), "one/all");
            assert_eq!(of(&[("gateway.networking.k8s.io/gateway-name", "edge")]), "one/all one/edge");
        });
    }
}
