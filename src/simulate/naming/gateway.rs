//! The gateway that a request names, or means.

use std::collections::BTreeSet;

use super::serving::{Wanted, by_workload};
use super::workloads::{labelled, named, services, several};
use super::written::WrittenName;
use super::{GatewayWorkload, described, dialled, listing};
use crate::model::{LabelSet, describe_labels, label_set};
use crate::simulate::dial::default_port;
use crate::simulate::request::{Direction, GatewayRef, Request, Tls, WorkloadRef};
use crate::world::{Gateway, NamespacedName, Server, Service, Workload, World, host};

/// Describes the gateway, if the request names it by its workload or Service, or not at all. Returns the name of the
/// workload.
pub(super) fn resolve(
    world: &World<'_>,
    request: &mut Request,
    notes: &mut Vec<String>,
) -> Result<Option<String>, String> {
    let preferred = request.from.as_ref().and_then(|from| from.namespace.clone());
    match &request.gateway {
        Some(GatewayRef::Name(written)) if written == "mesh" => {
            request.gateway = None;
            request.direction = Some(Direction::Outbound);
            Ok(None)
        }
        Some(GatewayRef::Name(written)) => {
            let (gateway, name) = by_name(world, written, preferred.as_deref(), notes)?;
            request.gateway = Some(gateway);
            Ok(name)
        }
        Some(GatewayRef::Workload(workload)) => match (&workload.name, request.is_informal) {
            (Some(written), _) => {
                let preferred = workload.namespace.as_deref().or(preferred.as_deref());
                let (gateway, name) = by_name(world, written, preferred, notes)?;
                request.gateway = Some(gateway);
                Ok(name)
            }
            (None, true) => {
                let (workload, name) = by_labels(world, workload, notes)?;
                request.gateway = Some(GatewayRef::Workload(workload));
                Ok(name)
            }
            (None, false) => Ok(None),
        },
        None if request.direction == Some(Direction::Gateway) => {
            request.gateway = Some(GatewayRef::Name(only(world, request)?));
            Ok(None)
        }
        None => {
            if let Some(name) = serving_alone(world, request, notes) {
                request.gateway = Some(GatewayRef::Name(name));
            }
            Ok(None)
        }
    }
}

/// Whether a mesh has the gateway that a text names.
pub(in crate::simulate) fn finds(world: &World<'_>, written: &str) -> bool {
    written == "mesh" || by_name(world, written, None, &mut Vec::new()).is_ok()
}

/// The requests for each Gateway of the workload that a request names, for the hosts that they serve.
pub(in crate::simulate) fn each(world: &World<'_>, request: Request) -> Vec<Request> {
    let through = |gateway: &Gateway<'_>| Request {
        gateway: Some(GatewayRef::Name(gateway.name.to_string())),
        ..request.clone()
    };
    let wanted = match &request.gateway {
        Some(GatewayRef::Workload(wanted)) => wanted,
        // istiod derives a Gateway from each listener of a Gateway of the Gateway API.
        Some(GatewayRef::Name(name)) => {
            return world.gateways_named(&world.gateway_name(name)).into_iter().map(through).collect();
        }
        None => return vec![request],
    };
    let wanted_labels = label_set(&wanted.labels);
    let is_selected = |gateway: &&Gateway<'_>| {
        let workload = GatewayWorkload::named(world, &gateway.name.to_string());
        let is_same = |workload: &GatewayWorkload| {
            wanted.namespace.as_ref() == Some(&workload.namespace) && wanted.labels == workload.labels
        };
        workload.as_ref().is_ok_and(is_same)
            || (!gateway.spec.selector.is_empty() && gateway.spec.selector.selects(&wanted_labels))
    };
    let selected = world.all_gateways().into_iter().filter(is_selected);
    selected.map(through).collect()
}

type Found = (GatewayRef, Option<String>);

/// The gateway of a name: a Gateway, else a gateway workload, else its Service. Without a namespace it is looked for in the
/// preferred namespace, then in the default one, then everywhere.
fn by_name(world: &World<'_>, text: &str, preferred: Option<&str>, notes: &mut Vec<String>) -> Result<Found, String> {
    let in_preferred = preferred.map(|namespace| NamespacedName::new(namespace, text));
    let in_default = world.gateway_name(text);
    let direct = in_preferred.filter(|_| !text.contains('/')).into_iter().chain([in_default]);
    if let Some(name) = direct.into_iter().find(|name| world.gateway_named(name).is_some()) {
        return Ok((GatewayRef::Name(name.to_string()), None));
    }
    let written = WrittenName::parse(text)?;
    if let Some(found) = of_name(world, &written, preferred, notes)? {
        return Ok(found);
    }
    // The older form, and the host of a Service: `name.namespace` and `name.namespace.svc.…`.
    if let (None, Some((name, rest))) = (written.namespace, written.name.split_once('.')) {
        let namespace = rest.split('.').next().filter(|namespace| !namespace.is_empty());
        let dotted = WrittenName { namespace, name, ..written };
        if let Some(found) = of_name(world, &dotted, None, notes)? {
            return Ok(found);
        }
    }
    let wanted = match (written.namespace, preferred) {
        (Some(namespace), _) | (None, Some(namespace)) => format!("{namespace}/{}", written.name),
        (None, None) => written.name.to_owned(),
    };
    let known = all_names(world);
    Err(match known.is_empty() {
        true => format!("Gateway `{wanted}` does not exist, and the manifests have no other gateway"),
        false => listing::missing(&format!("Gateway `{wanted}`"), &wanted, &known),
    })
}

fn of_name(
    world: &World<'_>,
    written: &WrittenName<'_>,
    preferred: Option<&str>,
    notes: &mut Vec<String>,
) -> Result<Option<Found>, String> {
    let namespaces = match written.namespace {
        Some(namespace) => vec![Some(namespace)],
        None => preferred.into_iter().map(Some).chain([None]).collect(),
    };
    for namespace in namespaces {
        let found = in_namespace(world, written, namespace, notes)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The gateway of a name in a namespace, or in all.
fn in_namespace(
    world: &World<'_>,
    written: &WrittenName<'_>,
    namespace: Option<&str>,
    notes: &mut Vec<String>,
) -> Result<Option<Found>, String> {
    if matches!(written.kind, None | Some("gateway")) {
        let is_meant = |name: &str| {
            let own = name.split_once('/').unwrap_or_default();
            own.1 == written.name && namespace.is_none_or(|namespace| own.0 == namespace)
        };
        let gateways: BTreeSet<String> = written_names(world).into_iter().filter(|name| is_meant(name)).collect();
        let unserved = world.kubernetes_gateways.keys().find(|name| is_meant(&name.to_string()));
        match (gateways.len(), unserved) {
            (0, Some(name)) if world.is_waypoint(name) => {
                return Err(format!(
                    "Gateway `{name}` is a waypoint: requests of ambient clients go through it, so name such a client"
                ));
            }
            (0, Some(name)) => return Err(format!("istiod serves no listener of Gateway `{name}`")),
            (0, None) => {}
            (1, _) => return Ok(gateways.into_iter().next().map(|name| (GatewayRef::Name(name), None))),
            (_, _) => {
                let all = listing::shown(&gateways);
                return Err(format!("several Gateways have the name `{}`: {all}; name one of them", written.name));
            }
        }
    }
    if written.kind == Some("gateway") {
        return Ok(None);
    }
    let workloads = named(world, written, namespace);
    let gateways: Vec<&Workload<'_>> = workloads.iter().copied().filter(|it| world.is_gateway_workload(it)).collect();
    match (gateways.as_slice(), workloads.first()) {
        ([], Some(first)) => {
            return Err(format!("workload `{}` is not a gateway: no Gateway selects it", first.name));
        }
        ([], None) => {}
        ([first, rest @ ..], _)
            if rest.iter().all(|it| it.name.namespace == first.name.namespace && it.labels == first.labels) =>
        {
            return Ok(Some(of_workload(described(first, &WorkloadRef::default()), first.name.to_string())));
        }
        (found, _) => return Err(several(&format!("`{}` can be several gateways", written.name), found)),
    }
    if written.kind.is_some_and(|kind| kind != "service") {
        return Ok(None);
    }
    if let Some(service) = services(world, written.name, namespace).first() {
        return of_service(world, service).map(Some);
    }
    Ok(of_installation(world, written, namespace, notes))
}

fn of_workload(workload: WorkloadRef, name: String) -> Found {
    (GatewayRef::Workload(workload), Some(name))
}

/// The gateway behind a Service whose workloads are not among the manifests. It has the labels that the Service selects,
/// and those that the Gateways for it select.
fn of_service(world: &World<'_>, service: &Service<'_>) -> Result<Found, String> {
    let name = format!("{}/{}", service.namespace, service.resource.name());
    let own: LabelSet<'_> = service.selector.map(|selector| selector.to_set()).unwrap_or_default();
    let of_gateways = world.all_gateways();
    let behind = of_gateways.iter().filter_map(|gateway| {
        GatewayWorkload::named(world, &gateway.name.to_string()).ok().filter(|workload| {
            workload.namespace == service.namespace
                && own.iter().all(|(key, value)| workload.labels.get(*key).is_some_and(|it| it == value))
        })
    });
    match behind.filter(|_| !own.is_empty()).min_by_key(|workload| workload.labels.len()) {
        Some(GatewayWorkload { namespace, labels, address, .. }) => {
            let workload = WorkloadRef { namespace: Some(namespace), labels, address, ..WorkloadRef::default() };
            Ok(of_workload(workload, name))
        }
        None => Err(format!("Service `{name}` does not lead to a gateway: no Gateway selects what it selects")),
    }
}

/// The gateways of Istio's own installation, by the names of their Deployments and Services.
const INSTALLED: [(&str, &str); 2] =
    [("istio-ingressgateway", "ingressgateway"), ("istio-egressgateway", "egressgateway")];

/// A gateway of Istio's own installation, if a Gateway selects it and the manifests do not have it.
fn of_installation(
    world: &World<'_>,
    written: &WrittenName<'_>,
    namespace: Option<&str>,
    notes: &mut Vec<String>,
) -> Option<Found> {
    let root = &world.settings.root_namespace;
    let (name, value) = INSTALLED.into_iter().find(|(name, _)| *name == written.name)?;
    namespace.is_none_or(|namespace| namespace == root).then_some(())?;
    let labels: LabelSet<'_> = [("app", name), ("istio", value)].into();
    let selects = |gateway: &&Gateway<'_>| !gateway.spec.selector.is_empty() && gateway.spec.selector.selects(&labels);
    world.gateways.iter().find(selects)?;
    notes.push(format!(
        "`{root}/{name}` is not among the manifests; it is assumed to have the labels of Istio's installation, `app={name},istio={value}`"
    ));
    let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let workload = WorkloadRef { namespace: Some(root.clone()), labels, ..WorkloadRef::default() };
    Some(of_workload(workload, format!("{root}/{name}")))
}

/// The gateway workload that has the labels, else an unknown one.
fn by_labels(
    world: &World<'_>,
    wanted: &WorkloadRef,
    notes: &mut Vec<String>,
) -> Result<(WorkloadRef, Option<String>), String> {
    let labels = describe_labels(&wanted.labels);
    let found = labelled(world, &wanted.labels, wanted.namespace.as_deref());
    match found.as_slice() {
        [] => {
            notes.push(format!("no workload has `{labels}`, so only these labels of the gateway are known"));
            Ok((wanted.clone(), None))
        }
        [first, rest @ ..] if rest.iter().all(|it| it.name.namespace == first.name.namespace) => {
            Ok((described(first, wanted), Some(first.name.to_string())))
        }
        found => Err(several(&format!("several workloads have `{labels}`"), found)),
    }
}

/// The names of the Gateways, as they are written.
fn written_names(world: &World<'_>) -> BTreeSet<String> {
    world.all_gateways().into_iter().map(|gateway| gateway.written_name().to_string()).collect()
}

/// The names of all gateways: Gateways, gateway workloads and their Services.
fn all_names(world: &World<'_>) -> BTreeSet<String> {
    let workloads = world.workloads.iter().filter(|workload| world.is_gateway_workload(workload));
    let services = world.services.iter().filter(|service| service.is_kubernetes() && world.is_before_gateway(service));
    let mut names = written_names(world);
    names.extend(workloads.map(|workload| workload.name.to_string()));
    names.extend(services.map(|service| format!("{}/{}", service.namespace, service.resource.name())));
    names
}

/// The host of a request without its port, in lower case.
fn host_of(request: &Request) -> Option<String> {
    request.named_host().map(|(name, _)| name.to_ascii_lowercase())
}

/// The gateway of a request that names none: the only one, else the only one that serves the host.
fn only(world: &World<'_>, request: &Request) -> Result<String, String> {
    let all = world.all_gateways();
    if all.is_empty() {
        return Err("the manifests have no Gateway".to_owned());
    }
    let wanted = Wanted::of(request);
    let mut serving = by_workload(world, wanted.as_ref().map(|wanted| wanted.serving(world)).unwrap_or_default());
    if let (Some(wanted), [_, _, ..]) = (&wanted, serving.as_slice()) {
        // A gateway for all hosts does not compete with one that has a route.
        let routing = by_workload(world, wanted.routing(world));
        serving = if routing.is_empty() { serving } else { routing };
    }
    let host = wanted.map(|wanted| wanted.host);
    let workloads = by_workload(world, all);
    match (serving.as_slice(), workloads.as_slice()) {
        ([only], _) | ([], [only]) => Ok(only.clone()),
        _ => {
            let what = match (&host, serving.is_empty()) {
                (Some(host), true) => format!("no Gateway serves host `{host}`, and the manifests have several"),
                (Some(host), false) => format!("several Gateways serve host `{host}`"),
                (None, _) => "the manifests have several Gateways".to_owned(),
            };
            let names = if serving.is_empty() { written_names(world) } else { serving.into_iter().collect() };
            Err(format!("{what}: {}; name one of them", listing::shown(&names)))
        }
    }
}

/// Chooses the port of the server for a request that names no port, if the gateway does not open the usual one.
pub(super) fn choose_port(world: &World<'_>, request: &mut Request, notes: &mut Vec<String>) {
    let Some(GatewayRef::Name(name)) = &request.gateway else { return };
    let names_port = request.named_host().is_some_and(|(_, port)| port.is_some());
    let Some(gateway) = world.gateway_named(&world.gateway_name(name)).filter(|_| !names_port) else { return };
    let tls = request.tls();
    let usual = default_port(tls);
    let written = gateway.written_name();
    // A Gateway of the Gateway API has one for each of its listeners, and a Service may lead from the usual port to others.
    let of_one = world.gateways_beside(gateway);
    let servers = || of_one.iter().flat_map(|gateway| &gateway.servers);
    let has_service = || of_one.iter().any(|gateway| !gateway.services.is_empty());
    if request.port.is_some() || has_service() || servers().any(|server| server.port_number() == Some(usual)) {
        return;
    }
    let Some(host) = host_of(request) else { return };
    let serves = |server: &&Server<'_>| {
        server.is_tls() == (tls != Tls::Plaintext) && server.hosts.iter().any(|own| host::covered_by(&host, &own.host))
    };
    let ports: BTreeSet<u32> = servers().filter(serves).filter_map(Server::port_number).collect();
    if let Some(port) = ports.first().filter(|_| ports.len() == 1) {
        notes.push(format!("Gateway `{written}` does not open port {usual}, so the request goes to its port {port}"));
        request.port = Some(*port);
    }
}

/// The only Gateway that serves the host of a request, if the mesh itself does not know the host, and the request does not
/// say where it comes from.
fn serving_alone(world: &World<'_>, request: &Request, notes: &mut Vec<String>) -> Option<String> {
    let is_open = request.from.is_none() && request.to.is_none() && request.direction.is_none();
    let wanted = Wanted::of(request).filter(|_| is_open && request.is_informal)?;
    let host = &wanted.host;
    // Whoever dials an address or a name outside of the mesh may dial the gateway.
    let is_of_mesh = |written: &String| dialled(world, written, None).is_some_and(|(dialled, _)| !dialled.is_outside());
    if request.address.as_ref().is_some_and(is_of_mesh) {
        return None;
    }
    if world.knows_host(host, |it| it.binds_mesh()) {
        return None;
    }
    let serving = by_workload(world, wanted.routing(world));
    match serving.as_slice() {
        [] => None,
        [only] => {
            notes.push(format!(
                "only `{only}` serves host `{host}`, so the request enters there; `--gateway mesh` sends it from a sidecar"
            ));
            Some(only.clone())
        }
        several => {
            let names = listing::shown(&several.iter().cloned().collect());
            notes.push(format!("{names} serve host `{host}`; name one with `--gateway` to send the request there"));
            None
        }
    }
}
