//! The proxies from which requests start.

use std::collections::{BTreeMap, BTreeSet};

use super::context;
use super::ports::Ports;
use crate::model::{LabelSet, Labels, label_set};
use crate::simulate::{GatewayRef, Request, Simulator, WorkloadRef};
use crate::world::{DataPlane, ExportTo, World};

/// A proxy that routes requests: the sidecar of a client, or a gateway.
#[derive(Debug, Clone, PartialEq)]
pub enum Vantage {
    /// The sidecar of a client with some labels.
    Sidecar {
        /// The namespace of the client.
        namespace: String,
        /// Its labels, as far as they matter.
        labels: BTreeMap<String, String>,
    },
    /// A gateway workload.
    Gateway {
        /// The Gateways that it serves, as `namespace/name`; the first stands for the workload.
        names: BTreeSet<String>,
        /// The workload, if no Gateway stands for it in all meshes.
        workload: Option<WorkloadRef>,
    },
}

/// A namespace that stands for all that the meshes do not mention.
pub const ELSEWHERE: &str = "elsewhere";

/// Selectors of clients of which all combinations are considered. Of more of them, clients with the labels of one or two.
const MOST_COMBINED: usize = 4;

/// The vantages of some meshes.
#[derive(Debug, Default)]
pub struct Vantages {
    /// The vantages.
    pub all: Vec<Vantage>,
    /// The reasons why there may be others.
    pub incomplete: BTreeSet<String>,
}

impl Vantages {
    /// The vantages from which requests can start in one of several meshes: the gateways, and in each namespace clients
    /// with all combinations of labels that configuration asks for.
    pub fn of(simulators: &[&Simulator<'_>]) -> Self {
        let mut found = Self::default();
        found.add_gateways(simulators);
        let worlds: Vec<&World<'_>> = simulators.iter().map(|it| it.world()).collect();
        for namespace in namespaces(&worlds) {
            found.add_clients(&worlds, &namespace);
        }
        found
    }

    fn add_gateways(&mut self, simulators: &[&Simulator<'_>]) {
        let names: BTreeSet<String> = simulators
            .iter()
            .flat_map(|it| it.world().all_gateways())
            .map(|gateway| gateway.written_name().to_string())
            .collect();
        // A workload with the Gateways that stand for it in all meshes, and those that do in some.
        let mut workloads: Vec<(WorkloadRef, BTreeSet<String>, BTreeSet<String>)> = Vec::new();
        for name in &names {
            let named: Vec<Option<WorkloadRef>> = simulators.iter().map(|it| it.gateway_workload(name)).collect();
            let is_everywhere = named.windows(2).all(|pair| pair[0] == pair[1]);
            for workload in named.into_iter().flatten() {
                let at = workloads.iter().position(|(known, ..)| *known == workload).unwrap_or_else(|| {
                    workloads.push((workload, BTreeSet::new(), BTreeSet::new()));
                    workloads.len() - 1
                });
                let (_, everywhere, somewhere) = &mut workloads[at];
                if is_everywhere { everywhere } else { somewhere }.insert(name.clone());
            }
        }
        self.all.extend(workloads.into_iter().map(|(workload, everywhere, somewhere)| match everywhere.is_empty() {
            true => Vantage::Gateway { names: somewhere, workload: Some(workload) },
            false => Vantage::Gateway { names: everywhere, workload: None },
        }));
    }

    fn add_clients(&mut self, worlds: &[&World<'_>], namespace: &str) {
        let mut clients: Vec<BTreeMap<String, String>> = vec![BTreeMap::new()];
        let selectors = selectors(worlds, namespace);
        if selectors.len() > MOST_COMBINED {
            self.incomplete.insert(format!(
                "{} selectors of client labels apply in namespace `{namespace}`: of the clients that meet several of them, \
                 only those that meet two are compared",
                selectors.len()
            ));
        }
        for selector in &selectors {
            let most = if selectors.len() > MOST_COMBINED { selectors.len() + 1 } else { usize::MAX };
            let joined: Vec<_> = clients.iter().take(most).filter_map(|client| joined(client, selector)).collect();
            joined.into_iter().for_each(|client| push_new(&mut clients, client));
        }
        // Workloads with a data plane of their own.
        for world in worlds {
            for workload in world.workloads.iter().filter(|it| it.name.namespace == namespace) {
                let labels: BTreeMap<String, String> =
                    workload.labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
                let plane = |labels: &LabelSet<'_>| world.data_plane_of_client(namespace, labels).data_plane;
                let has_own = plane(&workload.labels) != plane(&LabelSet::new());
                if has_own && !world.is_gateway_workload(workload) {
                    push_new(&mut clients, labels);
                }
            }
        }
        let sidecar = |labels| Vantage::Sidecar { namespace: namespace.to_owned(), labels };
        self.all.extend(clients.into_iter().map(sidecar));
    }
}

fn push_new(clients: &mut Vec<BTreeMap<String, String>>, client: BTreeMap<String, String>) {
    if !clients.contains(&client) {
        clients.push(client);
    }
}

/// The labels of a workload that has some labels, and those that a selector wants. `None` if they disagree.
pub fn joined(
    client: &BTreeMap<String, String>,
    selector: &BTreeMap<String, String>,
) -> Option<BTreeMap<String, String>> {
    let agrees = |(key, value): (&String, &String)| client.get(key).is_none_or(|own| own == value);
    selector.iter().all(agrees).then(|| client.clone().into_iter().chain(selector.clone()).collect())
}

/// The labels by which configuration chooses clients of a namespace.
fn selectors(worlds: &[&World<'_>], namespace: &str) -> Vec<BTreeMap<String, String>> {
    let mut found: Vec<BTreeMap<String, String>> = Vec::new();
    let mut add = |labels: Option<&Labels>| {
        let labels = labels.map(Labels::to_map).unwrap_or_default();
        if !labels.is_empty() && !found.contains(&labels) {
            found.push(labels);
        }
    };
    for world in worlds {
        world.sidecars_in(namespace).for_each(|sidecar| add(sidecar.selector()));
        let of_namespace = world.destination_rules.iter().filter(|rule| rule.name.namespace == namespace);
        of_namespace.for_each(|rule| add(rule.selector()));
        for virtual_service in world.all_virtual_services().filter(|it| it.export_to.includes(namespace)) {
            virtual_service.matches().for_each(|it| add(Some(it.source_labels)));
        }
    }
    found
}

/// The namespaces that the meshes mention, and one that they do not.
fn namespaces(worlds: &[&World<'_>]) -> BTreeSet<String> {
    let mut found: BTreeSet<String> = BTreeSet::new();
    for world in worlds {
        found.extend(world.namespaces.names().map(str::to_owned));
        found.extend(world.workloads.iter().map(|it| it.name.namespace.to_string()));
        found.extend(world.services.iter().map(|it| it.namespace.clone()));
        found.extend(world.sidecars.iter().map(|it| it.name.namespace.to_string()));
        found.extend(world.destination_rules.iter().map(|it| it.name.namespace.to_string()));
        let mut export = |export_to: &ExportTo| {
            if let ExportTo::Namespaces(listed) = export_to {
                found.extend(listed.iter().cloned());
            }
        };
        world.services.iter().for_each(|it| export(&it.export_to));
        world.destination_rules.iter().for_each(|it| export(&it.export_to));
        for virtual_service in world.all_virtual_services() {
            export(&virtual_service.export_to);
        }
        for virtual_service in world.all_virtual_services() {
            found.insert(virtual_service.name.namespace.to_string());
            found.extend(virtual_service.matches().filter_map(|it| it.source_namespace).map(|it| it.value.clone()));
        }
    }
    found.insert(ELSEWHERE.to_owned());
    found
}

/// A namespace, or the words for the one that stands for others.
pub fn namespace_words(namespace: &str) -> &str {
    if namespace == ELSEWHERE { "other namespaces" } else { namespace }
}

impl Vantage {
    /// A request from here, without a host.
    pub fn request(&self) -> Request {
        match self {
            Self::Sidecar { namespace, labels } => {
                let client = WorkloadRef {
                    namespace: Some(namespace.clone()),
                    labels: labels.clone(),
                    ..WorkloadRef::default()
                };
                Request { from: Some(client), ..Request::default() }
            }
            Self::Gateway { workload: Some(workload), .. } => {
                Request { gateway: Some(GatewayRef::Workload(workload.clone())), ..Request::default() }
            }
            Self::Gateway { names, workload: None } => {
                Request { gateway: names.first().cloned().map(GatewayRef::Name), ..Request::default() }
            }
        }
    }

    /// Whether it is a client without a sidecar in a mesh.
    pub fn has_no_sidecar(&self, world: &World<'_>) -> bool {
        match self {
            Self::Sidecar { namespace, labels } => {
                world.data_plane_of_client(namespace, &label_set(labels)).data_plane != DataPlane::Sidecar
            }
            Self::Gateway { .. } => false,
        }
    }

    /// Whether it is a gateway.
    pub fn is_gateway(&self) -> bool {
        matches!(self, Self::Gateway { .. })
    }

    /// The vantage in words: `gateway istio-system/public`, or `mesh, clients in shop with app=web`.
    pub fn words(&self) -> String {
        match self {
            Self::Sidecar { namespace, labels } => {
                format!("mesh, clients in {}", context::workloads(namespace, labels))
            }
            Self::Gateway { names, .. } => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                format!("gateway {}", names.join(", "))
            }
        }
    }

    /// The ports at which the meshes distinguish connections, and one at which they do not.
    pub fn ports(&self, worlds: &[&World<'_>]) -> Ports {
        let mut ports = BTreeSet::new();
        for world in worlds {
            match self {
                Self::Sidecar { .. } => {
                    ports.extend([80, 443]);
                    ports.extend(world.services.iter().flat_map(|service| &service.ports).map(|port| port.number));
                    let egress = world.sidecars.iter().flat_map(|sidecar| &sidecar.spec.egress);
                    ports.extend(egress.filter_map(|it| it.port.as_ref()?.number).map(|number| number.value));
                    let matches = world.all_virtual_services().flat_map(|it| it.matches().collect::<Vec<_>>());
                    ports.extend(matches.filter_map(|it| it.port).map(|port| port.value));
                }
                Self::Gateway { .. } => {
                    let gateways = world.all_gateways();
                    ports.extend(gateways.iter().flat_map(|it| &it.servers).filter_map(|it| it.port_number()));
                    ports.extend(self.ports_of_services(world));
                }
            }
        }
        Ports::new(ports)
    }

    /// The ports of the Services in front of the gateway, from which clients come to other ports.
    fn ports_of_services(&self, world: &World<'_>) -> BTreeSet<u32> {
        let Self::Gateway { names, workload } = self else { return BTreeSet::new() };
        let described = workload.as_ref().map(|it| label_set(&it.labels));
        let gateways = world.all_gateways();
        let named = gateways.iter().filter(|it| names.contains(&it.written_name().to_string()));
        let behind = named.flat_map(|it| world.workloads_of_gateway(it)).map(|workload| &workload.labels);
        let labels: Vec<&LabelSet<'_>> = behind.chain(&described).collect();
        let is_before = |selector: &Labels| labels.iter().any(|labels| selector.selects(labels));
        let services = world.services.iter().filter(|service| service.selector.is_some_and(is_before));
        services.flat_map(|service| &service.ports).map(|port| port.number).collect()
    }
}
