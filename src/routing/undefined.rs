//! Destinations that the manifests do not define, but that may exist.

use super::proxy::Proxy;
use crate::world::{Gap, World, host};

/// The reason why the service of a host, which no manifest defines, may exist.
pub(super) fn service(world: &World<'_>, hostname: &str) -> Option<Gap> {
    // Clients do not see a service that is not exported to them.
    if world.services.named(hostname).next().is_some() {
        return None;
    }
    match host::kubernetes_service(hostname, &world.settings.domain) {
        Some((name, namespace)) => world.inventory.service(namespace, name).err(),
        None => world.inventory.may_have_host(hostname),
    }
}

/// The reason why a subset that the manifests do not define may exist: another DestinationRule of the host may. `namespace`
/// is that of the host.
pub(super) fn subset(proxy: &Proxy<'_>, namespace: &str, hostname: &str, has_rule: bool) -> Option<Gap> {
    let world = proxy.world;
    if let Err(gap) = world.inventory.destination_rules(hostname) {
        return Some(gap);
    }
    if has_rule {
        return None;
    }
    // A DestinationRule is kept with the service, or beside others that clients look at.
    let in_sight = [namespace, &proxy.namespace, &world.settings.root_namespace];
    let mut rules = world.destination_rules.iter();
    let any = world.services.named(hostname).next().is_some()
        || rules.any(|it| host::covered_by(hostname, &it.host) || in_sight.contains(&it.name.namespace.as_ref()));
    let expected = world.inventory.expect(any, Gap::NoRuleOrService(hostname.to_owned()));
    expected.err().or_else(|| world.inventory.may_have_destination_rule(namespace, hostname))
}
