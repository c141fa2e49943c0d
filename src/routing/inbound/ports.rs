//! The ports of a workload that its sidecar knows (istiod: `buildInboundChainConfigs`).

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::model::LabelSet;
use crate::model::field::TextField;
use crate::model::networking::{IstioIngressListener, ServerTlsSettings, WorkloadEntry};
use crate::source::Spanned;
use crate::uri::in_brackets;
use crate::world::{Discovery, Protocol, Service, ServicePort, Sidecar, Workload, World};

/// A workload whose sidecar receives connections.
#[derive(Debug, Clone)]
pub struct Receiver<'w, 'a> {
    /// The namespace.
    pub namespace: &'w str,
    /// The labels.
    pub labels: LabelSet<'w>,
    /// The address, if it is known.
    pub address: Option<IpAddr>,
    /// The workload among the manifests, if there is one.
    pub workload: Option<&'w Workload<'a>>,
}

impl<'w, 'a> Receiver<'w, 'a> {
    /// A workload of the manifests.
    pub fn of(workload: &'w Workload<'a>) -> Self {
        Self {
            namespace: &workload.name.namespace,
            labels: workload.labels.clone(),
            address: workload.address(),
            workload: Some(workload),
        }
    }

    /// A workload by description. The first workload of the manifests with these labels provides its ports.
    pub fn described(world: &'w World<'a>, namespace: &'w str, labels: LabelSet<'w>, address: Option<IpAddr>) -> Self {
        let workload = world.workload_with(namespace, &labels);
        Self { namespace, labels, address: address.or_else(|| workload?.address()), workload }
    }

    /// The port of the workload to which a port of a service leads.
    pub fn target(&self, port: &ServicePort) -> Option<u32> {
        port.target_at(self.entry(), self.workload)
    }

    fn entry(&self) -> Option<&'w WorkloadEntry> {
        self.workload?.entry()
    }
}

/// A port with filter chains.
#[derive(Debug, Clone)]
pub struct InboundPort<'w, 'a> {
    /// The port of the workload, to which clients connect.
    pub number: u32,
    /// The port of the service, which names the route table.
    pub service_port: u32,
    /// The protocol.
    pub protocol: Protocol,
    /// The address in the name of the filter chain.
    pub bind: String,
    /// The address that the sidecar forwards to; `None` for the dialled address.
    pub endpoint: Option<String>,
    /// The TLS settings of the Sidecar resource.
    pub tls: Option<&'w ServerTlsSettings>,
    /// The resource that declares the port.
    pub origin: PortOrigin<'w, 'a>,
}

/// The resource that declares a port.
#[derive(Debug, Clone, Copy)]
pub enum PortOrigin<'w, 'a> {
    /// A service that selects the workload.
    Service(&'w Service<'a>),
    /// `ingress` of a Sidecar resource.
    Ingress(&'w Sidecar<'a>),
}

impl InboundPort<'_, '_> {
    /// The name of the cluster.
    pub fn cluster(&self) -> String {
        format!("inbound|{}||", self.number)
    }
}

/// The ports of a workload, by number: those of the Sidecar resource's `ingress` if there are any, else those to which
/// the services of the workload lead. If several services share a port, the protocol of the oldest counts.
pub fn ports<'w, 'a>(world: &'w World<'a>, receiver: &Receiver<'_, 'a>) -> BTreeMap<u32, InboundPort<'w, 'a>> {
    let mut ports = BTreeMap::new();
    let sidecar = world.sidecar_of(receiver.namespace, &receiver.labels);
    if let Some(sidecar) = sidecar.filter(|sidecar| !sidecar.spec.ingress.is_empty()) {
        for listener in &sidecar.spec.ingress {
            if let Some(port) = of_ingress(sidecar, listener, receiver) {
                ports.entry(port.number).or_insert(port);
            }
        }
        return ports;
    }
    let services = world.services.iter().filter(|service| service.discovery != Discovery::Alias);
    let mut selecting: Vec<_> =
        services.filter_map(|service| Some((service, endpoint_of(service, receiver)?))).collect();
    // Of equal age, the host decides here, not the name as among all services (istiod: `ServiceTargets`).
    selecting.sort_by(|(a, _), (b, _)| (a.age(), &a.hostname).cmp(&(b.age(), &b.hostname)));
    for (service, entry) in selecting {
        for port in service.ports.iter().filter(|port| port.protocol != Protocol::Udp) {
            let Some(number) = port.target_at(entry, receiver.workload) else { continue };
            ports.entry(number).or_insert_with(|| InboundPort {
                number,
                service_port: port.number,
                protocol: port.protocol,
                bind: "0.0.0.0".to_owned(),
                endpoint: world.settings.inbound_to_localhost.then(|| format!("127.0.0.1:{number}")),
                tls: None,
                origin: PortOrigin::Service(service),
            });
        }
    }
    ports
}

/// Whether a workload is an endpoint of a service, by its labels, by an EndpointSlice or by its address. `Some` holds
/// the WorkloadEntry of the workload, if it has one.
fn endpoint_of<'r>(service: &'r Service<'_>, receiver: &Receiver<'r, '_>) -> Option<Option<&'r WorkloadEntry>> {
    let selector = service.selector.filter(|selector| !selector.is_empty());
    let is_selected = selector.is_some_and(|selector| selector.selects(&receiver.labels));
    let is_listed = receiver.address.is_some_and(|address| service.pod_addresses.contains(&address));
    if service.namespace == receiver.namespace && (is_selected || is_listed) {
        return Some(receiver.entry());
    }
    // A service with a selector ignores its inline endpoints.
    let address = receiver.address.filter(|_| selector.is_none())?;
    let has_address = |entry: &&WorkloadEntry| entry.address.as_ref().is_some_and(|it| it.parse() == Ok(address));
    service.endpoints.iter().find(has_address).map(Some)
}

fn of_ingress<'w, 'a>(
    sidecar: &'w Sidecar<'a>,
    listener: &'a IstioIngressListener,
    receiver: &Receiver<'_, '_>,
) -> Option<InboundPort<'w, 'a>> {
    let port = listener.port.as_ref()?;
    let number = port.number.as_ref()?.value;
    let protocol = Protocol::parse(port.protocol.text());
    let own = receiver.address.map(|address| address.to_string());
    let bind = listener.bind.as_ref().and_then(Spanned::filled);
    Some(InboundPort {
        number,
        service_port: number,
        protocol,
        bind: bind.map(str::to_owned).or(own).unwrap_or_else(|| "0.0.0.0".to_owned()),
        endpoint: listener.default_endpoint.as_ref().and_then(|endpoint| local_endpoint(endpoint, receiver)),
        tls: listener.tls.as_ref(),
        origin: PortOrigin::Ingress(sidecar),
    })
    .filter(|port| port.protocol != Protocol::Udp)
}

/// The address of a `defaultEndpoint`: `0.0.0.0` is the address of the workload, `unix://` a socket.
fn local_endpoint(written: &str, receiver: &Receiver<'_, '_>) -> Option<String> {
    if let Some(path) = written.strip_prefix("unix://") {
        return Some(path.to_owned());
    }
    let (address, port) = written.rsplit_once(':')?;
    match (address, receiver.address) {
        ("", _) => None,
        ("0.0.0.0" | "[::]", Some(own)) => Some(format!("{}:{port}", in_brackets(&own.to_string()))),
        _ => Some(written.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::load::Snapshot;
    use crate::world::Settings;

    const SHOP: &str = "
apiVersion: v1
kind: Pod
metadata: {name: shop-1, namespace: shop, labels: {app: shop, version: v1}}
spec: {containers: [{name: a, ports: [{name: web, containerPort: 8080}]}, {name: b, ports: [{name: db, containerPort: 5432}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: b-later, namespace: shop}
spec: {selector: {app: shop}, ports: [{name: tcp-web, port: 90, targetPort: web}, {name: grpc-x, port: 91}]}
---
apiVersion: v1
kind: Service
metadata: {name: a-first, namespace: shop}
spec: {selector: {app: shop}, ports: [{name: http, port: 80, targetPort: web}, {name: db, port: 81, targetPort: db}, {name: none, port: 82, targetPort: nowhere}, {name: udp, port: 83, protocol: UDP}]}
---
apiVersion: v1
kind: Service
metadata: {name: elsewhere, namespace: other}
spec: {selector: {app: shop}, ports: [{name: http, port: 84}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: vm, namespace: other}
spec:
  hosts: [vm.example]
  resolution: STATIC
  endpoints: [{address: 10.0.0.7, ports: {http: 8081}}]
  ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: tls, protocol: TLS, targetPort: 8443}]
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: machine, namespace: shop}
spec: {address: 10.0.0.8, labels: {app: machine}, ports: {http: 7070}}
---
apiVersion: v1
kind: Service
metadata: {name: machine, namespace: shop}
spec: {selector: {app: machine}, ports: [{name: http, port: 80}, {name: tcp, port: 81, targetPort: 7071}]}
";

    fn of(labels: &[(&'static str, &'static str)], address: Option<&str>) -> Vec<String> {
        let snapshot = Snapshot::of_texts([("shop.yaml", SHOP)]);
        let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
        let receiver = Receiver::described(
            &world,
            "shop",
            labels.iter().copied().collect(),
            address.map(|it| it.parse().unwrap()),
        );
        ports(&world, &receiver)
            .values()
            .map(|it| format!("{} {} {}", it.number, it.service_port, it.protocol))
            .collect()
    }

    #[test]
    fn ports_are_those_that_services_lead_to() {
        assert_eq!(of(&[("app", "shop")], None), ["91 91 GRPC", "5432 81 auto-detected", "8080 80 HTTP"]);
        assert_eq!(of(&[("app", "shop"), ("version", "v2")], None), ["91 91 GRPC"], "no pod names the ports");
        assert_eq!(of(&[("app", "other")], None), Vec::<String>::new());
        assert_eq!(of(&[("app", "machine")], None), ["7070 80 HTTP", "7071 81 TCP"]);
    }

    #[test]
    fn an_address_makes_an_endpoint_of_a_service_entry() {
        assert_eq!(of(&[], Some("10.0.0.7")), ["8081 80 HTTP", "8443 443 TLS"]);
        assert_eq!(of(&[], Some("10.0.0.9")), Vec::<String>::new());
    }
}
