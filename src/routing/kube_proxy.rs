//! Services as clients without a proxy of the mesh see them: kube-proxy, or DNS for headless Services, chooses a pod.

use std::collections::BTreeMap;

use super::destination::{Assumption, Cluster, Naming};
use super::endpoints;
use super::proxy::Proxy;
use super::upstream::Upstream;
use crate::world::{Service, World};

/// A port of a Kubernetes Service with the pods behind it. Without a service, one that is assumed to exist.
pub fn behind_service<'a>(
    world: &'a World<'a>,
    service: Option<&'a Service<'a>>,
    host: String,
    port: u32,
    assumption: Option<Assumption>,
) -> Cluster<'a> {
    let mut cluster = Cluster {
        host,
        subset: String::new(),
        port,
        service,
        workloads: Vec::new(),
        problem: None,
        gap: None,
        naming: Naming::Service,
        assumption,
        is_dialled: false,
        upstream: Upstream::default(),
    };
    if let Some(service) = service {
        // Like a gateway, such a client does not dial addresses that it knows by other means.
        let any = Proxy::gateway(world, &service.namespace, &BTreeMap::new());
        endpoints::add(&any, service, None, &mut cluster);
    }
    cluster
}
