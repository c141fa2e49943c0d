//! Policies that deny all requests of the clients of a gateway, or all that a gateway sends to a workload.

mod arrivals;

use std::collections::{BTreeMap, BTreeSet};

use super::denied_workload::{GATEWAY_DENIED, GATEWAY_NOT_ALLOWED};
use crate::lint::{Diagnostics, Finding};
use crate::model::security::PolicyAction;
use crate::model::{Kind, LabelSet, Resource};
use crate::policy::{Denial, Identity, Requirement, denial, requirements};
use crate::source::Span;
use crate::world::{
    AuthorizationPolicy, GATEWAY_NAME_LABEL, Gap, Gateway, GatewayName, Targeted, VirtualService, World,
};

pub(super) fn check(world: &World<'_>, diagnostics: &mut Diagnostics) {
    let mut denials = BTreeMap::new();
    for gateway in proxies(world) {
        let is_bound = |it: &&VirtualService<'_>| it.bound_to.iter().any(|bound| gateway.has(bound.gateway.as_ref()));
        let routed: Vec<&VirtualService<'_>> = world.all_virtual_services().filter(is_bound).collect();
        if routed.is_empty() {
            continue;
        }
        if !gateway.gateways.iter().flat_map(|it| &it.servers).any(|server| server.identifies_clients()) {
            check_gateway(world, &gateway, &mut denials, diagnostics);
        }
        for virtual_service in routed {
            arrivals::check_routes(world, &gateway, virtual_service, &mut denials, diagnostics);
        }
    }
    for (span, denied) in denials {
        let diagnostic = diagnostics.report(denied.finding, span, denied.message).cause(identity_cause(span));
        for (place, what) in denied.related {
            diagnostic.related(place, what);
        }
        diagnostic.help(denied.help);
    }
}

/// The cause of all findings about a condition on the identity of clients.
pub(super) fn identity_cause(condition: Span) -> String {
    format!("identity at {condition:?}")
}

/// A finding about the first gateway that a policy concerns.
struct Denied {
    finding: &'static Finding,
    message: String,
    related: Vec<(Span, String)>,
    help: String,
}

/// The proxies that serve some Gateways.
struct Proxies<'w, 'a> {
    gateways: Vec<&'w Gateway<'a>>,
    namespace: &'w str,
    labels: LabelSet<'w>,
    /// The service account, if it is known.
    account: Option<String>,
    /// The workload or Gateway, for people.
    name: String,
    resource: &'w Resource,
}

impl Proxies<'_, '_> {
    fn has(&self, name: Option<&GatewayName<'_>>) -> bool {
        name.is_some_and(|name| self.gateways.iter().any(|gateway| gateway.name == *name))
    }

    /// The principal, if the service account is known.
    fn principal(&self, world: &World<'_>) -> Option<String> {
        let account = self.account.as_ref()?;
        Some(format!("{}/ns/{}/sa/{account}", world.settings.trust_domain, self.namespace))
    }

    /// The identities that the proxies can have. If the service account or the trust domain is unknown, it may be any of those
    /// that policies name.
    fn identities(&self, world: &World<'_>, policies: &[&AuthorizationPolicy<'_>]) -> Vec<Option<Identity>> {
        let rules = policies.iter().flat_map(|policy| &policy.spec.rules);
        let named = rules.flat_map(requirements).filter(|it| it.attribute.is_of_identity());
        let values: Vec<&str> = named.flat_map(|it| it.values).map(|value| value.as_str()).collect();
        let accounts: BTreeSet<&str> = match &self.account {
            Some(account) => BTreeSet::from([account.as_str()]),
            None => values.iter().filter_map(|value| value.rsplit('/').next()).chain(["unknown"]).collect(),
        };
        let mut domains = BTreeSet::from([world.settings.trust_domain.as_str()]);
        if world.snapshot.mesh_configs.is_empty() {
            domains.extend(values.iter().filter_map(|value| value.split('/').next()));
        }
        let identity = |(domain, account): (&str, &str)| {
            let (trust_domain, service_account) = (domain.to_owned(), account.to_owned());
            Some(Identity { trust_domain, namespace: self.namespace.to_owned(), service_account })
        };
        let pairs = domains.iter().flat_map(|domain| accounts.iter().map(move |account| (*domain, *account)));
        pairs.map(identity).collect()
    }
}

/// The workloads that Gateways select, and the proxies that istiod runs for those of the Gateway API.
fn proxies<'w, 'a>(world: &'w World<'a>) -> Vec<Proxies<'w, 'a>> {
    let mut found = Vec::new();
    for workload in &world.workloads {
        let gateways: Vec<_> = world.gateways_of_workload(workload).collect();
        if !gateways.is_empty() {
            found.push(Proxies {
                gateways,
                namespace: &workload.name.namespace,
                labels: workload.labels.clone(),
                account: workload.pod.map(|_| workload.service_account.unwrap_or("default").to_owned()),
                name: format!("gateway workload `{}`", workload.name),
                resource: workload.resource,
            });
        }
    }
    for (name, resource) in &world.kubernetes_gateways {
        let is_own = |it: &&Gateway<'_>| std::ptr::eq(it.resource, *resource);
        let gateways: Vec<_> = world.derived.gateways.iter().filter(is_own).collect();
        if !gateways.is_empty() {
            found.push(Proxies {
                gateways,
                namespace: world.settings.namespace_of(resource),
                labels: LabelSet::from([(GATEWAY_NAME_LABEL, resource.name())]),
                account: None,
                name: format!("Gateway `{name}`"),
                resource,
            });
        }
    }
    found
}

/// The clients of a gateway that asks them for no certificate have no identity.
fn check_gateway(
    world: &World<'_>,
    gateway: &Proxies<'_, '_>,
    denials: &mut BTreeMap<Span, Denied>,
    diagnostics: &mut Diagnostics,
) {
    let policies = world.policies.authorization_policies_of(gateway.namespace, &gateway.labels);
    let Some(denial) = denial(world, &policies, &[None]) else { return };
    // `overriding-policy` reports a rule that denies everything, and `identity-without-mtls` a policy for gateways.
    let (policy, place) = place(&denial);
    let Some(Place { span, requirement }) = place else { return };
    if is_for_gateways(world, policy) || !are_for(world, &policies, &denial, gateway.resource) {
        return;
    }
    if let Some(gap) = gap(world, gateway.namespace).filter(|_| matches!(denial, Denial::NotAllowed(_))) {
        return diagnostics.unchecked(gap);
    }
    let name = &gateway.name;
    let (finding, message, help) = match denial {
        Denial::ByRule(..) => (
            &GATEWAY_DENIED,
            format!(
                "{name} denies all requests: this rule denies clients without an identity, and no client of it has one"
            ),
            "add a `selector` that the gateway does not match, or move the policy to the namespaces of its workloads"
                .to_owned(),
        ),
        Denial::NotAllowed(_) if requirement.is_some() => (
            &GATEWAY_NOT_ALLOWED,
            format!("{name} denies all requests: its clients have no identity, as this policy requires"),
            allowing_policy(gateway),
        ),
        Denial::NotAllowed(_) => (
            &GATEWAY_NOT_ALLOWED,
            format!("{name} denies all requests: this policy is also for gateways, and no other policy allows any"),
            allowing_policy(gateway),
        ),
    };
    add(denials, span, finding, message, help, vec![(gateway.resource.name_span(), "the gateway".to_owned())]);
}

fn add(
    denials: &mut BTreeMap<Span, Denied>,
    span: Span,
    finding: &'static Finding,
    message: String,
    help: String,
    related: Vec<(Span, String)>,
) {
    const SHOWN: usize = 4;
    let denied = denials.entry(span).or_insert_with(|| Denied { finding, message, related: Vec::new(), help });
    for place in related {
        if denied.related.len() < SHOWN && !denied.related.iter().any(|(known, _)| *known == place.0) {
            denied.related.push(place);
        }
    }
}

/// The place that shows why a policy denies requests: a condition on the identity, or the name of the policy.
struct Place<'w> {
    span: Span,
    requirement: Option<Requirement<'w>>,
}

/// The policy that denies requests, and the place that shows why. No place if a rule denies all requests of everyone.
fn place<'w, 'a>(denial: &Denial<'w, 'a>) -> (&'w AuthorizationPolicy<'a>, Option<Place<'a>>) {
    let of = |requirement: Requirement<'a>| Place { span: requirement.span, requirement: Some(requirement) };
    match denial {
        Denial::ByRule(policy, rule) => {
            let conditions = || requirements(rule).into_iter().filter(|it| it.attribute.is_of_identity());
            (policy, conditions().find(|it| it.negated).or_else(|| conditions().next()).map(of))
        }
        Denial::NotAllowed(policy) => {
            let mut conditions = policy.spec.rules.iter().flat_map(requirements);
            let condition = conditions.find(|it| it.attribute.is_of_identity() && !it.negated);
            let name = || Place { span: policy.resource.name_span(), requirement: None };
            (policy, Some(condition.map_or_else(name, of)))
        }
    }
}

/// Whether the policies of a denial are for the workloads of a resource for sure: none of them may be in another namespace.
fn are_for(
    world: &World<'_>,
    policies: &[&AuthorizationPolicy<'_>],
    denial: &Denial<'_, '_>,
    resource: &Resource,
) -> bool {
    let is_for = |policy: &AuthorizationPolicy<'_>| !world.may_be_elsewhere(policy.resource, resource);
    match denial {
        Denial::ByRule(policy, _) => is_for(policy),
        Denial::NotAllowed(_) => {
            policies.iter().filter(|policy| policy.action() == PolicyAction::Allow).all(|policy| is_for(policy))
        }
    }
}

/// Whether a policy is written for gateways only.
fn is_for_gateways<'a>(world: &World<'a>, policy: &AuthorizationPolicy<'a>) -> bool {
    let is_wide = policy.spec.selector().is_none_or(|selector| selector.match_labels.is_empty());
    let workloads = world.workloads_of_policy(policy);
    let are_gateways = |workloads: Vec<_>| workloads.into_iter().all(|workload| world.is_gateway_workload(workload));
    workloads.is_none_or(|workloads| !is_wide && are_gateways(workloads))
}

/// The reason why there may be a policy for the workloads of a namespace that the manifests lack.
fn gap(world: &World<'_>, namespace: &str) -> Option<Gap> {
    let inventory = &world.inventory;
    let namespaces = [namespace, &world.settings.root_namespace];
    let more = |namespace: &str| inventory.may_have_more(Kind::AuthorizationPolicy, namespace);
    let gap = namespaces.into_iter().find_map(more);
    let gap = gap.or_else(|| inventory.unknowns.expect_anywhere(Kind::AuthorizationPolicy).err());
    gap.or_else(|| inventory.may_lack(Gap::NotAllResources(Kind::AuthorizationPolicy, namespace.to_owned())))
}

/// The help for a gateway that needs a policy which allows its requests.
fn allowing_policy(gateway: &Proxies<'_, '_>) -> String {
    let namespace = gateway.namespace;
    if let Some(name) = gateway.labels.get(GATEWAY_NAME_LABEL) {
        let target = format!("{{group: gateway.networking.k8s.io, kind: Gateway, name: {name}}}");
        return format!(
            "add an AuthorizationPolicy to namespace `{namespace}` with `targetRefs: [{target}]` and `rules: [{{}}]`"
        );
    }
    let selector = gateway.gateways.first().map(|gateway| gateway.spec.selector.to_set()).unwrap_or_default();
    let labels: Vec<String> = selector.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    format!(
        "add an AuthorizationPolicy to namespace `{namespace}` with `selector: {{matchLabels: {{{}}}}}` and `rules: [{{}}]`",
        labels.join(", ")
    )
}
