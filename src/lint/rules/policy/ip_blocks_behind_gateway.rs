//! `ip-blocks-behind-gateway`

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::policy::{Attribute, Requirement, requirements};
use crate::source::Span;
use crate::world::{AuthorizationPolicy, World};

pub static RULE: Rule = rule! {
    name: "ip-blocks-behind-gateway",
    aliases: [],
    severity: Warning,
    summary: "addresses of clients at a workload that requests reach through a gateway: it sees the gateway's",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut exposed = None;
    for policy in world.policies.authorization_policies() {
        let of_clients = |asked: &Requirement<'_>| asked.attribute == Attribute::SourceIp && is_outside(asked);
        let asked: Vec<_> = policy.spec.rules.iter().flat_map(requirements).filter(of_clients).collect();
        if !asked.is_empty() {
            check_policy(world, policy, &asked, exposed.get_or_insert_with(|| Exposed::new(world)), diagnostics);
        }
    }
}

/// Whether some address is one that clients outside of the cluster have. Others may well be the gateway's own.
fn is_outside(asked: &Requirement<'_>) -> bool {
    let network = |written: &str| written.parse::<IpNet>().or_else(|_| written.parse::<IpAddr>().map(IpNet::from)).ok();
    let mut networks = asked.values.iter().filter_map(|value| network(value));
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

/// What gateways send requests to: the hosts of destinations, and where they are written.
struct Exposed {
    by_host: BTreeMap<String, Span>,
}

impl Exposed {
    fn new(world: &World<'_>) -> Self {
        let mut by_host = BTreeMap::new();
        for service in world.virtual_services.iter().chain(&world.derived.virtual_services) {
            if service.bound_to.iter().any(|bound| bound.gateway.is_some()) {
                for destination in service.destinations().iter().filter(|destination| !destination.is_mirror) {
                    let host = service.full_host(destination.host, &world.settings);
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
    asked: &[Requirement<'_>],
    exposed: &Exposed,
    diagnostics: &mut Diagnostics,
) {
    let workloads = world.workloads_of_policy(policy).unwrap_or_default();
    let behind = workloads.iter().filter(|workload| !world.is_gateway_workload(workload)).find_map(|workload| {
        let services = world.services.before(workload);
        services.into_iter().find_map(|service| Some((workload, exposed.by_host.get(&service.hostname)?)))
    });
    let Some((workload, destination)) = behind else { return };
    for asked in asked {
        diagnostics
            .report_default(
                asked.span,
                format!("requests reach {} through a gateway, whose address is what {} is held against", workload.name, asked.field),
            )
            .related(*destination, "the gateway sends requests to it here")
            .help("use remoteIpBlocks in a policy for the gateway, which sees the clients, with externalTrafficPolicy: Local or numTrustedProxies");
    }
}
