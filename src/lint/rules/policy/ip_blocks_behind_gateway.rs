//! `ip-blocks-behind-gateway`

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::policy::{Attribute, Requirement, requirements};
use crate::source::Span;
use crate::world::{AuthorizationPolicy, World};

pub static RULE: Rule = rule! {
    name: "ip-blocks-behind-gateway",
    summary: "a policy compares client addresses at a workload behind a gateway, where it sees the gateway's address",
    findings: [&GATEWAY_ADDRESS],
    check: check,
};

static GATEWAY_ADDRESS: Finding = finding! {
    "gateway-address", Lost, Likely, [],
    "requests have the address of the gateway, not of the client",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut exposed = None;
    for policy in world.policies.authorization_policies() {
        let of_clients =
            |requirement: &Requirement<'_>| requirement.attribute == Attribute::SourceIp && is_outside(requirement);
        let requirements: Vec<_> = policy.spec.rules.iter().flat_map(requirements).filter(of_clients).collect();
        if !requirements.is_empty() {
            check_policy(world, policy, &requirements, exposed.get_or_insert_with(|| Exposed::new(world)), diagnostics);
        }
    }
}

/// Whether some address belongs to clients outside of the cluster. Private ones may be the gateway's own.
fn is_outside(requirement: &Requirement<'_>) -> bool {
    let network = |written: &str| written.parse::<IpNet>().or_else(|_| written.parse::<IpAddr>().map(IpNet::from)).ok();
    let mut networks = requirement.values.iter().filter_map(|value| network(value));
    networks.any(|network| network.prefix_len() > 0 && !is_private(network.addr()))
}

fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            let is_shared = first == 100 && (64..128).contains(&second);
            address.is_private() || address.is_loopback() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

/// The hosts to which gateways send requests, and where a VirtualService names them.
struct Exposed {
    by_host: BTreeMap<String, Span>,
}

impl Exposed {
    fn new(world: &World<'_>) -> Self {
        let mut by_host = BTreeMap::new();
        for virtual_service in world.all_virtual_services() {
            if virtual_service.bound_to.iter().any(|bound| bound.gateway.is_some()) {
                for destination in virtual_service.destinations().iter().filter(|it| !it.is_mirror) {
                    let host = virtual_service.full_host(destination.host, &world.settings);
                    by_host.entry(host.into_owned()).or_insert(destination.host.span);
                }
            }
        }
        Self { by_host }
    }
}

fn check_policy<'a>(
    world: &World<'a>,
    policy: &AuthorizationPolicy<'a>,
    requirements: &[Requirement<'_>],
    exposed: &Exposed,
    diagnostics: &mut Diagnostics,
) {
    let workloads = world.workloads_of_policy(policy).unwrap_or_default();
    let behind = workloads.iter().filter(|workload| !world.is_gateway_workload(workload)).find_map(|workload| {
        let services = world.services.before(workload);
        services.into_iter().find_map(|service| Some((workload, exposed.by_host.get(&service.hostname)?)))
    });
    let Some((workload, destination)) = behind else { return };
    for requirement in requirements {
        diagnostics
            .report(
                &GATEWAY_ADDRESS,
                requirement.span,
                format!(
                    "`{}` is compared with the address of a gateway, through which requests reach workload `{}`",
                    requirement.field, workload.name
                ),
            )
            .related(*destination, "a gateway sends requests to the workload here")
            .help("use `remoteIpBlocks` in a policy for the gateway, and `externalTrafficPolicy: Local` or `numTrustedProxies` to keep client addresses");
    }
}
