//! The domains by which clients reach a service (istiod: `generateVirtualHostDomains`).

use std::net::IpAddr;

use super::super::proxy::Proxy;
use crate::uri::in_brackets;
use crate::world::{Discovery, Service};

/// The domains of a host and of its aliases. A short form that is the full name of another service, by `is_service`,
/// belongs to that service.
pub(super) fn domains(
    proxy: &Proxy<'_>,
    hostname: &str,
    aliases: &[&str],
    service: Option<&Service<'_>>,
    is_service: impl Fn(&str) -> bool,
) -> Vec<String> {
    let names = [hostname].into_iter().chain(aliases.iter().copied());
    let mut domains: Vec<String> = names.flat_map(|name| of_name(proxy, name, &is_service)).collect();
    let Some(service) = service else { return domains };
    if service.discovery == Discovery::Headless {
        let of_pods: Vec<String> = domains.iter().map(|domain| format!("*.{domain}")).collect();
        domains.extend(of_pods);
    }
    for address in addresses(service, proxy.address).into_iter().filter(|address| *address != "0.0.0.0") {
        let domain = in_brackets(address).into_owned();
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    domains
}

/// A host, its absolute form with a final dot, and the short forms of hosts below `svc` and the domain of the cluster
/// (istiod: `GenerateAltVirtualHosts`).
pub(super) fn of_name(proxy: &Proxy<'_>, hostname: &str, is_service: impl Fn(&str) -> bool) -> Vec<String> {
    let mut domains = vec![in_brackets(hostname).into_owned()];
    if hostname.parse::<IpAddr>().is_err() {
        domains.push(format!("{hostname}."));
    }
    let rest = hostname.strip_suffix(proxy.world.settings.domain.as_str()).and_then(|rest| rest.strip_suffix(".svc."));
    if let Some((shorter, (name, namespace))) = rest.and_then(|rest| Some((rest, rest.split_once('.')?))) {
        // A wildcard has no short name: it would be that of all hosts.
        let short = (namespace == proxy.namespace && name != "*").then(|| name.to_owned());
        let shorter = [shorter.to_owned(), format!("{shorter}.svc")];
        domains.extend(short.into_iter().chain(shorter).filter(|form| !is_service(form)));
    }
    domains
}

/// The addresses of a service for a client at `own`: those of the client's family, else of the family of the first
/// address (istiod: `getAllAddressesForProxy`). istiod makes a service of each address of a ServiceEntry; the last one
/// counts for the host.
fn addresses<'s>(service: &'s Service<'_>, own: Option<IpAddr>) -> Vec<&'s str> {
    if !service.is_kubernetes() {
        return service.addresses.last().copied().into_iter().collect();
    }
    let is_v6 = |written: &str| written.contains(':');
    let first = service.addresses.first().is_some_and(|first| is_v6(first));
    let wanted = own.map_or(first, |own| own.is_ipv6());
    service.addresses.iter().copied().filter(|address| is_v6(address) == wanted).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::load::Snapshot;
    use crate::world::{Settings, World};

    /// The domains of the first service of the manifests, for a client in `shop`.
    fn domains_of(manifests: &str, aliases: &[&str], client: Option<&str>) -> String {
        let snapshot = Snapshot::of_texts([("services.yaml", manifests)]);
        let world = World::new(&snapshot, Settings::default());
        let client = client.map(|address| address.parse().unwrap());
        let proxy = Proxy::sidecar(&world, "shop", &BTreeMap::new()).at(client);
        let service = world.services.iter().next().unwrap();
        domains(&proxy, &service.hostname, aliases, Some(service), |_| false).join(" ")
    }

    #[test]
    fn clients_know_a_service_by_the_addresses_of_their_family() {
        let service = |ips: &str| {
            let metadata = "metadata: {name: web, namespace: infra}";
            format!("apiVersion: v1\nkind: Service\n{metadata}\nspec: {{clusterIP: {ips}}}\n")
        };
        let names = "web.infra.svc.cluster.local web.infra.svc.cluster.local. web.infra web.infra.svc";
        let both = service("10.0.0.1, clusterIPs: [10.0.0.1, 'fd00::1']");
        for (client, address) in [(None, "10.0.0.1"), (Some("10.1.0.1"), "10.0.0.1"), (Some("fd01::1"), "[fd00::1]")] {
            assert_eq!(domains_of(&both, &[], client), format!("{names} {address}"));
        }
        assert_eq!(domains_of(&service("'fd00::1'"), &[], None), format!("{names} [fd00::1]"));
        assert_eq!(domains_of(&service("10.0.0.1"), &[], Some("fd01::1")), names);
    }

    #[test]
    fn addresses_have_one_domain() {
        let entry = |host: &str| {
            let kind = "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: entry}";
            format!("{kind}\nspec: {{hosts: ['{host}'], addresses: ['fd00::2']}}\n")
        };
        assert_eq!(domains_of(&entry("10.0.0.1"), &[], None), "10.0.0.1 [fd00::2]");
        assert_eq!(domains_of(&entry("fd00::1"), &[], None), "[fd00::1] [fd00::2]");
    }

    #[test]
    fn pods_of_a_headless_service_are_known_under_its_other_names_as_well() {
        let headless = "apiVersion: v1\nkind: Service\nmetadata: {name: db, namespace: infra}\n\
                        spec: {clusterIP: None}\n";
        let found = domains_of(headless, &["store.shop.svc.cluster.local"], None);
        for domain in ["store", "*.db.infra", "*.store", "*.store.shop.svc.cluster.local."] {
            assert!(found.split(' ').any(|it| it == domain), "{domain}: {found}");
        }
    }
}
