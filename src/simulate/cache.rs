//! Resolved hosts and compiled proxies, kept between requests.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::compiled::Compiled;
use super::dial::Dialled;
use super::gateway_workload::GatewayWorkload;
use super::request::WorkloadRef;
use super::server::Server;
use super::unknowns;
use crate::model::label_set;
use crate::policy::{CompiledPolicies, WorkloadPolicies};
use crate::routing::Proxy;
use crate::routing::inbound::Receiver;
use crate::world::{ClientDataPlane, DataPlane, Workload, World};

/// Hosts and proxies that earlier requests needed.
#[derive(Debug)]
pub(super) struct Cache<'a> {
    world: &'a World<'a>,
    /// Hosts as clients of unknown namespace dial them, by name.
    dialled: RwLock<HashMap<String, Arc<Dialled>>>,
    /// Hosts by the namespace of the client, then by name.
    dialled_from: RwLock<HashMap<String, HashMap<String, Arc<Dialled>>>>,
    /// Proxies by the hash of their key.
    proxies: RwLock<HashMap<u64, Vec<Arc<CachedProxy<'a>>>>>,
    hasher: RandomState,
    /// The workloads of Gateways, by the names that requests write.
    gateways: RwLock<HashMap<String, Arc<GatewayWorkload>>>,
    /// The policies of the mesh.
    pub policies: CompiledPolicies<'a>,
    /// The workloads of the mesh as servers, in its order.
    servers: Box<[OnceLock<Server<'a>>]>,
    /// Servers that requests describe, by the hash of their key.
    described: RwLock<HashMap<u64, Vec<Arc<DescribedServer<'a>>>>>,
    /// Remarks on the VirtualServices that may have routes for any host.
    unknown_hosts: OnceLock<Vec<String>>,
}

/// A server that requests describe.
#[derive(Debug)]
struct DescribedServer<'a> {
    labels: BTreeMap<String, String>,
    address: Option<IpAddr>,
    server: Arc<Server<'a>>,
}

/// A proxy with the ports that were compiled so far.
#[derive(Debug)]
pub(super) struct CachedProxy<'a> {
    key: ProxyKey,
    proxy: Arc<Proxy<'a>>,
    /// The data plane of a client; of a gateway, a sidecar.
    pub client: ClientDataPlane<'a, 'a>,
    /// The policies that a gateway applies before it routes requests. Sidecars of clients apply none.
    policies: Arc<WorkloadPolicies<'a>>,
    ports: RwLock<HashMap<u32, Arc<Compiled<'a>>>>,
}

/// The properties that tell two proxies apart.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ProxyKey {
    kind: ProxyKind,
    namespace: String,
    labels: BTreeMap<String, String>,
    address: Option<IpAddr>,
    is_placed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum ProxyKind {
    Sidecar,
    Gateway,
}

/// Most proxies, hosts, servers and Gateways that are kept at a time. They bound the memory that a stream of ever new requests takes.
const MOST_PROXIES: usize = 256;
const MOST_HOSTS: usize = 65_536;
const MOST_SERVERS: usize = 4096;

/// The labels of a client that the request does not describe.
pub(super) static NO_LABELS: BTreeMap<String, String> = BTreeMap::new();

impl<'a> Cache<'a> {
    pub fn new(world: &'a World<'a>) -> Self {
        Self {
            world,
            dialled: RwLock::default(),
            dialled_from: RwLock::default(),
            proxies: RwLock::default(),
            hasher: RandomState::new(),
            gateways: RwLock::default(),
            policies: CompiledPolicies::new(world),
            servers: std::iter::repeat_with(OnceLock::new).take(world.workloads.len()).collect(),
            described: RwLock::default(),
            unknown_hosts: OnceLock::new(),
        }
    }

    /// A host as a client in a namespace dials it. Without a namespace nothing is known about the client.
    pub fn dialled(&self, name: &str, from: Option<&str>) -> Arc<Dialled> {
        let known = match from {
            Some(namespace) => read(&self.dialled_from).get(namespace).and_then(|hosts| hosts.get(name)).cloned(),
            None => read(&self.dialled).get(name).cloned(),
        };
        if let Some(known) = known {
            return known;
        }
        let dialled = Arc::new(Dialled::new(self.world, name, from));
        let mut dialled_from = write(&self.dialled_from);
        let mut anonymous = write(&self.dialled);
        let hosts = match from {
            Some(namespace) => {
                if dialled_from.len() >= MOST_PROXIES {
                    dialled_from.clear();
                }
                dialled_from.entry(namespace.to_owned()).or_default()
            }
            None => &mut anonymous,
        };
        if hosts.len() >= MOST_HOSTS {
            hosts.clear();
        }
        hosts.insert(name.to_owned(), Arc::clone(&dialled));
        dialled
    }

    /// Remarks on the VirtualServices that may have routes for any host.
    pub fn unknown_hosts(&self) -> &[String] {
        self.unknown_hosts.get_or_init(|| unknowns::of_unknown_hosts(self.world))
    }

    /// A workload of the mesh as a server.
    pub fn server(&self, workload: &'a Workload<'a>) -> &Server<'a> {
        let number = self.world.workloads.element_offset(workload).expect("clusters have workloads of the mesh");
        self.servers[number].get_or_init(|| Server::of(self.world, &self.policies, workload))
    }

    /// A server that a request describes.
    pub fn described_server(&self, wanted: &WorkloadRef, address: Option<IpAddr>) -> Arc<Server<'a>> {
        let namespace = wanted.namespace.as_deref().unwrap_or(&self.world.settings.default_namespace);
        let hash = self.hasher.hash_one((namespace, &wanted.labels, address));
        let is_wanted = |known: &&Arc<DescribedServer<'a>>| {
            known.server.namespace == namespace && known.labels == wanted.labels && known.address == address
        };
        let known = read(&self.described).get(&hash).and_then(|known| known.iter().find(is_wanted).cloned());
        if let Some(known) = known {
            return Arc::clone(&known.server);
        }
        let labels = label_set(&wanted.labels);
        let workload = self.world.workload_with(namespace, &labels);
        let of_workload = address.or_else(|| workload?.address());
        let receiver = Receiver { namespace, labels, address: of_workload, workload };
        let server = Arc::new(Server::described(self.world, &self.policies, &receiver, workload));
        let known = DescribedServer { labels: wanted.labels.clone(), address, server: Arc::clone(&server) };
        let mut described = write(&self.described);
        if described.len() >= MOST_SERVERS {
            described.clear();
        }
        described.entry(hash).or_default().push(Arc::new(known));
        server
    }

    /// The sidecar of a client. A client without a namespace is in the default one.
    pub fn sidecar(&self, client: Option<&WorkloadRef>, default_namespace: &str) -> Arc<CachedProxy<'a>> {
        let namespace = client.and_then(|client| client.namespace.as_deref()).unwrap_or(default_namespace);
        let labels = client.map_or(&NO_LABELS, |client| &client.labels);
        self.proxy(ProxyKind::Sidecar, namespace, labels, client.and_then(|client| client.address), true)
    }

    /// The workload of the Gateway that a text names. The error says that the Gateway does not exist.
    pub fn named_gateway(&self, written: &str) -> Result<Arc<GatewayWorkload>, String> {
        if let Some(known) = read(&self.gateways).get(written) {
            return Ok(Arc::clone(known));
        }
        let found = Arc::new(GatewayWorkload::named(self.world, written)?);
        let mut gateways = write(&self.gateways);
        if gateways.len() >= MOST_SERVERS {
            gateways.clear();
        }
        gateways.insert(written.to_owned(), Arc::clone(&found));
        Ok(found)
    }

    /// The proxy of a gateway that a request describes as a workload.
    pub fn described_gateway(&self, workload: &WorkloadRef) -> Arc<CachedProxy<'a>> {
        let namespace = workload.namespace.as_deref().unwrap_or(&self.world.settings.default_namespace);
        self.proxy(ProxyKind::Gateway, namespace, &workload.labels, workload.address, true)
    }

    /// The proxy of a gateway.
    pub fn gateway(&self, workload: &GatewayWorkload) -> Arc<CachedProxy<'a>> {
        self.proxy(ProxyKind::Gateway, &workload.namespace, &workload.labels, workload.address, workload.is_placed)
    }

    fn proxy(
        &self,
        kind: ProxyKind,
        namespace: &str,
        labels: &BTreeMap<String, String>,
        address: Option<IpAddr>,
        is_placed: bool,
    ) -> Arc<CachedProxy<'a>> {
        let hash = self.hasher.hash_one((kind, namespace, labels, address, is_placed));
        let is_wanted = |known: &&Arc<CachedProxy<'a>>| {
            known.key.kind == kind
                && known.key.namespace == namespace
                && known.key.labels == *labels
                && known.key.address == address
                && known.key.is_placed == is_placed
        };
        let known = read(&self.proxies).get(&hash).and_then(|known| known.iter().find(is_wanted).cloned());
        if let Some(known) = known {
            return known;
        }
        let proxy = match kind {
            ProxyKind::Sidecar => Proxy::sidecar(self.world, namespace, labels),
            ProxyKind::Gateway => Proxy::gateway(self.world, namespace, labels),
        };
        let of_workload = || self.world.workload_with(namespace, &proxy.label_set())?.address();
        let of_workload = address.or_else(of_workload);
        let proxy = Arc::new(proxy.at(of_workload).placed(is_placed));
        let client = match kind {
            ProxyKind::Sidecar => self.world.data_plane_of_client(namespace, &proxy.label_set()),
            ProxyKind::Gateway => ClientDataPlane { data_plane: DataPlane::Sidecar, workload: None },
        };
        let policies = Arc::new(match kind {
            ProxyKind::Sidecar => WorkloadPolicies::none(self.world),
            // Only policies of the root namespace certainly apply to a gateway of unknown namespace.
            ProxyKind::Gateway if !is_placed => self.policies.of_workload("", &proxy.label_set()),
            ProxyKind::Gateway => self.policies.of_workload(namespace, &proxy.label_set()),
        });
        let key = ProxyKey { kind, namespace: namespace.to_owned(), labels: labels.clone(), address, is_placed };
        let known = Arc::new(CachedProxy { key, proxy, client, policies, ports: RwLock::default() });
        let mut proxies = write(&self.proxies);
        if proxies.len() >= MOST_PROXIES {
            proxies.clear();
        }
        proxies.entry(hash).or_default().push(Arc::clone(&known));
        known
    }
}

impl<'a> CachedProxy<'a> {
    /// The namespace of the workload.
    pub fn namespace(&self) -> &str {
        &self.key.namespace
    }

    /// The address of the workload: that of the request, else that of the manifests.
    pub fn address(&self) -> Option<IpAddr> {
        self.proxy.address
    }

    /// The listeners of the proxy at a port.
    pub fn at(&self, port: u32) -> Arc<Compiled<'a>> {
        if let Some(compiled) = read(&self.ports).get(&port) {
            return Arc::clone(compiled);
        }
        let mut ports = write(&self.ports);
        if ports.len() >= MOST_PROXIES {
            ports.clear();
        }
        let compile = || Arc::new(Compiled::new(Arc::clone(&self.proxy), Arc::clone(&self.policies), port));
        Arc::clone(ports.entry(port).or_insert_with(compile))
    }
}

/// Reads through poison: a panicking holder leaves the map whole, since each change is a single insertion.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
