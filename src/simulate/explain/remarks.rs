//! Remarks on requests that manifests allow, and that fail in a cluster or bypass something.

use crate::model::spelling::misspelt;
use crate::model::wording::ports;
use crate::model::{Spec, kubernetes::StatefulSet};
use crate::simulate::answer::Answer;
use crate::simulate::question::{Question, ReceivingProxy};
use crate::world::{Service, Workload, World};

/// The label that makes gateways send requests through the waypoint of a service.
const INGRESS_USE_WAYPOINT: &str = "istio.io/ingress-use-waypoint";

/// The remarks on a request, and on the way that its answer describes.
pub(super) fn of(world: &World<'_>, question: &Question<'_, '_>, answer: &Answer) -> Vec<String> {
    let mut remarks = Vec::new();
    remarks.extend(unknown_namespace(world, question));
    remarks.extend(port_of_no_service(world, question));
    remarks.extend(pod_beyond_replicas(world, question));
    remarks.extend(bypassed_waypoints(world, question, answer));
    remarks
}

/// The namespace of the client, if the manifests show that it does not exist.
fn unknown_namespace(world: &World<'_>, question: &Question<'_, '_>) -> Option<String> {
    let namespace = match &question.proxy {
        ReceivingProxy::Client { listeners, .. } if !listeners.proxy.is_gateway() => &listeners.proxy.namespace,
        ReceivingProxy::Direct(client) => &client.namespace,
        ReceivingProxy::Client { .. } | ReceivingProxy::Server(..) => return None,
    };
    if world.has_namespace(namespace) != Some(false) {
        return None;
    }
    let similar = misspelt(namespace, world.namespaces.names());
    let similar = similar.map(|similar| format!(": did you mean `{similar}`?")).unwrap_or_default();
    Some(format!("no resource is in namespace `{namespace}` of the client{similar}"))
}

/// The port at which a client dials a gateway, if none of the Services in front of the gateway has it.
fn port_of_no_service(world: &World<'_>, question: &Question<'_, '_>) -> Option<String> {
    let ReceivingProxy::Client { listeners, .. } = &question.proxy else { return None };
    let proxy = &listeners.proxy;
    let labels = proxy.label_set();
    let is_in_front = |service: &&Service<'_>| {
        service.is_kubernetes()
            && service.namespace == proxy.namespace
            && service.selector.is_some_and(|selector| !selector.is_empty() && selector.selects(&labels))
    };
    let services: Vec<&Service<'_>> = world.services.iter().filter(is_in_front).collect();
    let (first, port) = (services.first()?, question.port);
    let known: Vec<u32> = services.iter().flat_map(|it| &it.ports).map(|it| it.number).collect();
    (proxy.is_gateway() && proxy.is_placed && !known.contains(&port)).then(|| {
        format!(
            "Service `{}/{}` of the gateway has {}, not {port}: only clients that dial its pods get there",
            first.namespace,
            first.resource.name(),
            ports(known)
        )
    })
}

/// The pod of a StatefulSet that a client names, if the StatefulSet has fewer pods.
fn pod_beyond_replicas(world: &World<'_>, question: &Question<'_, '_>) -> Option<String> {
    let host = question.http.host();
    let mut parts = host.split('.');
    let (pod, service, namespace) = (parts.next()?, parts.next()?, parts.next());
    let (name, ordinal) = pod.rsplit_once('-')?;
    let ordinal: i32 = ordinal.parse().ok()?;
    let replicas = |workload: &Workload<'_>, set: &StatefulSet| {
        let is_meant = workload.name.name == name
            && namespace.is_none_or(|namespace| workload.name.namespace == namespace)
            && set.service_name.as_ref().is_some_and(|it| it.as_str() == service);
        is_meant.then(|| set.replicas.map_or(1, |it| it.value))
    };
    world.workloads.iter().find_map(|workload| {
        let Spec::StatefulSet(set) = &workload.resource.spec else { return None };
        let replicas = replicas(workload, set).filter(|replicas| ordinal >= *replicas)?;
        let pods = if replicas == 1 { "pod" } else { "pods" };
        Some(format!("StatefulSet `{}` has {replicas} {pods}, so DNS does not know `{pod}`", workload.name))
    })
}

/// The waypoints of services that a sidecar or a gateway calls: by default, only ztunnels send requests to waypoints. The
/// label `istio.io/ingress-use-waypoint` changes that for gateways.
fn bypassed_waypoints(world: &World<'_>, question: &Question<'_, '_>, answer: &Answer) -> Vec<String> {
    if !matches!(question.proxy, ReceivingProxy::Client { .. }) {
        return Vec::new();
    }
    let hosts = answer.destinations.iter().filter(|it| it.problem.is_none()).map(|it| it.host.as_str());
    let services = hosts.flat_map(|host| world.services.named(host));
    let mut remarks: Vec<String> = Vec::new();
    for service in services {
        let Some((waypoint, Some(_))) = world.waypoint_of_service(service) else { continue };
        let of_namespace = world.namespaces.labels(&service.namespace);
        if [Some(&service.resource.metadata.labels), of_namespace]
            .into_iter()
            .flatten()
            .any(|labels| labels.get(INGRESS_USE_WAYPOINT).is_some())
        {
            continue;
        }
        let remark = format!(
            "waypoint `{waypoint}` gets only requests of ambient clients: this one bypasses its routes and policies for `{}`",
            service.hostname
        );
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }
    remarks
}
