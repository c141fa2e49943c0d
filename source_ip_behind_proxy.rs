//! `source-ip-behind-proxy`

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::policy::{Attribute, WrittenRule};
use crate::source::Spanned;
use crate::world::{Service, VirtualService, Workload, World};

pub static RULE: Rule = rule! {
    name: "source-ip-behind-proxy",
    aliases: [],
    severity: Warning,
    summary: "addresses of clients where only the address of the gateway is seen",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    let world = context.world;
    let mut exposed: Option<BTreeSet<String>> = None;
    for policy in world.policies.authorization_policies().iter().filter(|policy| policy.target_refs().is_empty()) {
        let rules: Vec<WrittenRule<'_>> = policy.spec.rules.iter().map(WrittenRule::new).collect();
        let conditions = rules.iter().flat_map(WrittenRule::conditions);
        let asked: Vec<_> = conditions
            .filter(|it| it.attribute == Attribute::SourceIp && it.values.iter().any(is_outside))
            .collect();
        if asked.is_empty() {
            continue;
        }
        let workloads = match world.workloads_of_policy(policy) {
            Ok(workloads) => workloads,
            Err(reason) => {
                findings.unchecked(reason);
                continue;
            }
        };
        let exposed = exposed.get_or_insert_with(|| exposed_hosts(world));
        let behind = workloads.iter().filter(|it| !it.is_gateway()).find_map(|it| Some((it, service(world, it, exposed)?)));
        let Some((workload, service)) = behind else { continue };
        for condition in asked {
            let what = if condition.is_negated { "is every request that comes" } else { "is no request that comes" };
            let kind = workload.resource.kind.name();
            let message = format!("{what} through a gateway: {kind} {} sees the address of the gateway", workload.name);
            findings
                .report(condition.span(), message)
                .related(service.span, "a gateway routes to this service")
                .help("use remoteIpBlocks, or put the policy on the gateway");
        }
    }
}

/// Whether a block has addresses that no pod has.
fn is_outside(block: &Spanned<String>) -> bool {
    let network = block.parse::<IpNet>().or_else(|_| block.parse::<IpAddr>().map(IpNet::from));
    network.is_ok_and(|network| {
        let is_private = match network.addr() {
            IpAddr::V4(address) => {
                let [first, second, ..] = address.octets();
                // The last one is carriers' (RFC 6598), which clusters use as well.
                address.is_private() || address.is_loopback() || address.is_link_local() || (first == 100 && second & 0xc0 == 64)
            }
            IpAddr::V6(address) => address.is_unique_local() || address.is_loopback() || address.is_unicast_link_local(),
        };
        !is_private && network.prefix_len() > 0
    })
}

/// The full host names that gateways route to.
fn exposed_hosts(world: &World<'_>) -> BTreeSet<String> {
    let all = || world.virtual_services.iter().chain(&world.derived.virtual_services);
    let delegates: HashMap<(&str, &str), &VirtualService<'_>> = world
        .virtual_services
        .iter()
        .filter(|service| service.is_delegate())
        .map(|service| ((service.name.namespace.as_ref(), service.name.name.as_ref()), service))
        .collect();
    let mut hosts = BTreeSet::new();
    for service in all().filter(|service| service.bound_to.iter().any(|bound| bound.gateway.is_some())) {
        let named = service.spec.http.iter().filter_map(|rule| rule.delegate.as_ref()).filter_map(|delegate| {
            let own = service.name.namespace.as_ref();
            let namespace = delegate.namespace.as_ref().map(|it| it.as_str()).filter(|it| !it.is_empty());
            delegates.get(&(namespace.unwrap_or(own), delegate.name.as_ref()?.as_str())).copied()
        });
        for service in named.chain([service]) {
            let destinations = service.destinations();
            hosts.extend(destinations.iter().map(|it| service.full_host(it.host, &world.settings).into_owned()));
        }
    }
    hosts
}

/// The service in front of a workload that a gateway routes to.
fn service<'w, 'a>(world: &'w World<'a>, workload: &Workload<'_>, exposed: &BTreeSet<String>) -> Option<&'w Service<'a>> {
    let mut services = world.services.in_namespace(&workload.name.namespace);
    services.find(|service| exposed.contains(&service.hostname) && service.is_before(&workload.labels, None))
}
