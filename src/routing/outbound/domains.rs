//! The domains under which a client reaches a service (istiod: `generateVirtualHostDomains`).

use super::super::proxy::Proxy;
use crate::world::{Discovery, Service, host};

/// The domains of a host name. A short form that `is_service` knows as the full name of another service belongs to
/// that one.
pub(super) fn domains(
    proxy: &Proxy<'_>,
    hostname: &str,
    service: Option<&Service<'_>>,
    is_service: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut domains = vec![hostname.to_owned()];
    if host::wildcard_suffix(hostname).is_none() {
        domains.push(format!("{hostname}."));
    }
    if let Some((name, namespace)) = host::kubernetes_service(hostname, &proxy.world.settings.domain) {
        let short = (namespace == proxy.namespace).then(|| name.to_owned());
        let shorter = [format!("{name}.{namespace}"), format!("{name}.{namespace}.svc")];
        domains.extend(short.into_iter().chain(shorter).filter(|form| !is_service(form)));
    }
    let Some(service) = service else { return domains };
    if service.discovery == Discovery::Headless {
        let of_pods: Vec<String> = domains.iter().map(|domain| format!("*.{domain}")).collect();
        domains.extend(of_pods);
    }
    if service.is_kubernetes() {
        domains.extend(service.addresses.iter().filter(|address| **address != "0.0.0.0").map(|it| (*it).to_owned()));
    } else if let Some(last) = service.addresses.last() {
        // A ServiceEntry is one service for each of its addresses; the last one stands for the host.
        domains.push((*last).to_owned());
    }
    domains
}
