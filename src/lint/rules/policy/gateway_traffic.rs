//! Policies that deny all requests of the clients of a gateway, or all that a gateway sends to a workload.

use std::collections::{BTreeMap, BTreeSet};

use super::denied_workload::{
    GATEWAY_DENIED, GATEWAY_NOT_ALLOWED, PRESUMED_ROUTE_NOT_ALLOWED, ROUTE_DENIED, ROUTE_NOT_ALLOWED,
};
use crate::lint::{Diagnostics, Finding};
use crate::model::networking::ClientTlsMode;
use crate::model::security::{AuthorizationRule, PolicyAction};
use crate::model::{Kind, LabelSet, Resource};
use crate::policy::{Attribute, Denial, Identity, Requirement, denial, requirements};
use crate::routing::{Cluster, Proxy, of_gateway_route};
use crate::source::Span;
use crate::world::{
    AuthorizationPolicy, DataPlane, GATEWAY_NAME_LABEL, Gap, Gateway, GatewayName, MtlsMode, Route, Targeted,
    VirtualService, Workload, World,
};

pub(super) fn check(world: &World<'_>, diagnostics: &mut Diagnostics) {
    let mut denials = BTreeMap::new();
    for gateway in proxies(world) {
        let is_bound = |it: &&VirtualService<'_>| it.bound_to.iter().any(|bound| gateway.has(bound.gateway.as_ref()));
        let routed: Vec<&VirtualService<'_>> =
            world.virtual_services.iter().chain(&world.derived.virtual_services).filter(is_bound).collect();
        if routed.is_empty() {
            continue;
        }
        if !gateway.gateways.iter().flat_map(|it| &it.servers).any(|server| server.identifies_clients()) {
            check_gateway(world, &gateway, &mut denials, diagnostics);
        }
        for virtual_service in routed {
            check_routes(world, &gateway, virtual_service, &mut denials, diagnostics);
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

/// What shows why a policy denies requests: a condition on the identity, or the name of the policy.
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

/// The workloads behind a gateway see the identity of the gateway.
fn check_routes<'a>(
    world: &World<'a>,
    gateway: &Proxies<'_, 'a>,
    virtual_service: &VirtualService<'a>,
    denials: &mut BTreeMap<Span, Denied>,
    diagnostics: &mut Diagnostics,
) {
    if !virtual_service.export_to.includes(gateway.namespace) {
        return;
    }
    let labels = gateway.labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let proxy = Proxy::gateway(world, gateway.namespace, &labels);
    let bound = || virtual_service.bound_to.iter().filter_map(|it| it.gateway.as_ref());
    let is_used =
        |route: &Route<'_>| bound().any(|name| gateway.has(Some(name)) && route.ports_at(Some(name)).has_any());
    for route in virtual_service.routes().filter(is_used) {
        for (destination, cluster) in of_gateway_route(&proxy, virtual_service, &route) {
            for &workload in &cluster.workloads {
                if !world.may_be_elsewhere(virtual_service.resource, workload.resource) {
                    let to = Arrival { gateway, workload, cluster: &cluster, destination };
                    check_arrival(world, &to, denials, diagnostics);
                }
            }
        }
    }
}

/// Requests of a gateway that arrive at a workload.
struct Arrival<'c, 'w, 'a> {
    gateway: &'c Proxies<'w, 'a>,
    workload: &'c Workload<'c>,
    cluster: &'c Cluster<'c>,
    destination: Span,
}

impl Arrival<'_, '_, '_> {
    /// Whether the gateway uses mutual TLS: as a DestinationRule says, else if the workload accepts it (auto mTLS).
    fn is_mutual(&self, world: &World<'_>) -> bool {
        let Self { workload, cluster, .. } = self;
        let port = cluster.service.and_then(|service| workload.port_behind(service.port(cluster.port)?)).unwrap_or(0);
        let accepted = || world.policies.mtls(&workload.name.namespace, &workload.labels, port).mode;
        match cluster.upstream.tls_mode() {
            Some(mode) => mode == ClientTlsMode::IstioMutual,
            None => world.settings.auto_mtls && accepted() != MtlsMode::Disable,
        }
    }
}

fn check_arrival(
    world: &World<'_>,
    arrival: &Arrival<'_, '_, '_>,
    denials: &mut BTreeMap<Span, Denied>,
    diagnostics: &mut Diagnostics,
) {
    let Arrival { gateway, workload, destination, .. } = arrival;
    let data_plane = world.namespaces.data_plane(workload);
    if matches!(data_plane, Some(DataPlane::None | DataPlane::Ambient)) || world.is_gateway_workload(workload) {
        return;
    }
    let namespace = workload.name.namespace.as_ref();
    let policies = world.policies.authorization_policies_of(namespace, &workload.labels);
    let identities = gateway.identities(world, &policies);
    let Some(denial) = denial(world, &policies, &identities) else { return };
    let (policy, place) = place(&denial);
    let Some(Place { span, requirement }) = place else { return };
    // `denied-workload` reports a policy without rules that selects the workload.
    if requirement.is_none() && policy.spec.selector().is_some() {
        return;
    }
    // Without mutual TLS the gateway has no identity, and to change the policy is no way out.
    if requirement.is_some() && !arrival.is_mutual(world) {
        return;
    }
    // The namespace of the gateway is a part of its identity.
    if !are_for(world, &policies, &denial, workload.resource)
        || world.may_be_elsewhere(policy.resource, gateway.resource)
    {
        return;
    }
    if let Some(gap) = gap(world, namespace).filter(|_| matches!(denial, Denial::NotAllowed(_))) {
        return diagnostics.unchecked(gap);
    }
    let finding = match (&denial, data_plane) {
        (_, None) => &PRESUMED_ROUTE_NOT_ALLOWED,
        (Denial::ByRule(..), Some(_)) => &ROUTE_DENIED,
        (Denial::NotAllowed(_), Some(_)) => &ROUTE_NOT_ALLOWED,
    };
    let why = match denial {
        Denial::ByRule(..) => "this rule matches the gateway",
        Denial::NotAllowed(_) if requirement.is_some() => "no ALLOW rule matches the gateway",
        Denial::NotAllowed(_) => "no ALLOW policy has a rule for the workload",
    };
    let message = format!("workload `{}` denies all requests of {}: {why}", workload.name, gateway.name);
    let help = match (denial, requirement) {
        (Denial::ByRule(_, rule), Some(requirement)) => excluding(world, gateway, rule, &requirement),
        _ => {
            let source = match gateway.principal(world) {
                Some(principal) => format!("principals: [{principal}]"),
                None => format!("namespaces: [{}]", gateway.namespace),
            };
            format!("allow `from: [{{source: {{{source}}}}}]` in an AuthorizationPolicy for the workload")
        }
    };
    let related = vec![
        (*destination, "the gateway sends requests to the workload here".to_owned()),
        (workload.resource.name_span(), "the workload".to_owned()),
    ];
    add(denials, span, finding, message, help, related);
}

/// The help for a DENY rule that matches a gateway because of a condition on its identity.
fn excluding(
    world: &World<'_>,
    gateway: &Proxies<'_, '_>,
    rule: &AuthorizationRule,
    requirement: &Requirement<'_>,
) -> String {
    let namespace = gateway.namespace;
    let excluded = match requirement.attribute {
        Attribute::Namespace => Some(namespace.to_owned()),
        Attribute::Principal => gateway.principal(world),
        _ => None,
    };
    let is_condition = requirement.field.contains('.');
    // Another source of the rule could match the gateway, too.
    match excluded.filter(|_| requirement.negated && (is_condition || rule.from.len() == 1)) {
        Some(value) if is_condition => format!("add `{value}` to `notValues`"),
        Some(value) => format!("add `{value}` to `{}`", requirement.field),
        None => format!("add `{{key: source.namespace, notValues: [{namespace}]}}` to `when` of the rule"),
    }
}
