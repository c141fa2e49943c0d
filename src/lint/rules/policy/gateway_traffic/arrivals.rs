//! Policies of workloads that deny all requests of a gateway that routes to them.

use std::collections::BTreeMap;

use super::super::denied_workload::{PRESUMED_ROUTE_NOT_ALLOWED, ROUTE_DENIED, ROUTE_NOT_ALLOWED};
use super::{Denied, Place, Proxies, add, are_for, gap, place};
use crate::lint::Diagnostics;
use crate::model::networking::ClientTlsMode;
use crate::model::security::AuthorizationRule;
use crate::policy::{Attribute, Denial, Requirement, denial};
use crate::routing::{Cluster, Proxy, of_gateway_route};
use crate::source::Span;
use crate::world::{DataPlane, MtlsMode, Route, Targeted, VirtualService, Workload, World};

/// The workloads behind a gateway see the identity of the gateway.
pub(super) fn check_routes<'a>(
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
    // Without mutual TLS the gateway has no identity, and a change of the policy cannot let it in.
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
