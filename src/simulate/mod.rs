//! One request through what a proxy listens on: what happens, and why.

mod answer;
mod apply;
mod compiled;
mod decide;
mod dial;
mod inbound;
mod questions;
mod request;
mod result;
mod second_leg;
mod trace;

pub use inbound::{Incoming, Leg, arrive};
pub use request::{Direction, GatewayRef, HeaderValue, Protocol, Request, Tls, Workload};
pub use result::{
    Abort, Answer, Arrived, Decision, Delay, Destination, Fault, Mirror, Outcome, PolicyVerdict, Retries, Rewritten,
    Route, Step, Unanswered, Verdict,
};

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use self::compiled::Compiled;
use self::dial::{Dialled, Place, ProxyKey};
use crate::routing::{self, Connection, Payload, Proxy};
use crate::uri::split_port;
use crate::world::{PathNormalization, World};

/// Answers questions about requests. What proxies listen on is compiled when it is first needed, and kept.
#[derive(Debug)]
pub struct Simulator<'a> {
    world: &'a World<'a>,
    dialled: RwLock<HashMap<String, Arc<Dialled>>>,
    dialled_from: RwLock<HashMap<String, HashMap<String, Arc<Dialled>>>>,
    proxies: RwLock<HashMap<u64, Vec<Arc<Known<'a>>>>>,
    hasher: RandomState,
}

/// A proxy that has been asked before.
#[derive(Debug)]
struct Known<'a> {
    key: ProxyKey,
    proxy: Arc<Proxy<'a>>,
    ports: RwLock<HashMap<u32, Arc<Compiled<'a>>>>,
}

/// Proxies and hosts that are kept at a time, so that questions of ever new ones do not fill the memory.
const MOST_PROXIES: usize = 256;
const MOST_HOSTS: usize = 65_536;

/// Those of a client of whom nothing is known.
static NO_LABELS: BTreeMap<String, String> = BTreeMap::new();

impl<'a> Simulator<'a> {
    /// A simulator for a mesh.
    pub fn new(world: &'a World<'a>) -> Self {
        Self {
            world,
            dialled: RwLock::default(),
            dialled_from: RwLock::default(),
            proxies: RwLock::default(),
            hasher: RandomState::new(),
        }
    }

    /// Says what happens to a request, or why that cannot be said.
    pub fn simulate(&self, question: &Request) -> Result<Answer, Unanswered> {
        self.answer(question).map_err(|error| Unanswered {
            id: question.id.clone(),
            host: question.host.clone().unwrap_or_default(),
            error,
        })
    }

    fn answer(&self, question: &Request) -> Result<Answer, String> {
        if inbound::is_asked(question) {
            return inbound::answer(self.world, question);
        }
        if question.direction == Some(Direction::Gateway) && question.gateway.is_none() {
            return Err("direction gateway needs the field gateway".to_owned());
        }
        let host = asked_host(question)?;
        let (name, written_port) = split_port(host);
        let lower = lower_case(name);
        let from = question.from.as_ref();
        let dialled = self.dialled(&lower, from.and_then(|from| from.namespace.as_deref()));
        let port = dial::named_port(question, written_port)?;
        let known = match &question.gateway {
            Some(gateway) => {
                let key = dial::gateway_workload(self.world, gateway)?;
                self.proxy(&key.place, &key.namespace, &key.labels, key.address)
            }
            None => {
                let namespace = from.and_then(|from| from.namespace.as_deref()).unwrap_or(&dialled.namespace);
                let labels = from.map_or(&NO_LABELS, |from| &from.labels);
                self.proxy(&Place::Sidecar, namespace, labels, from.and_then(|from| from.address))
            }
        };
        let default_port = || match question.gateway {
            Some(_) => {
                if dial::has_tls(question) {
                    443
                } else {
                    80
                }
            }
            None => dialled.ports.default_for(question),
        };
        let compiled = known.at(port.unwrap_or_else(default_port));
        let address = match dial::named_address(question.address.as_deref(), "address")? {
            Some(address) => address,
            // Where the host is said to be is not where the gateway is.
            None if question.gateway.is_some() => known.key.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            None => compiled.http_proxy().unwrap_or(dialled.address),
        };
        let asked = answer::Asked {
            question,
            compiled: &compiled,
            connection: Connection { address, payload: payload(question, &lower) },
            request: routing_request(question, host, self.world.settings.path_normalization),
            source_ip: dial::named_address(question.source_ip.as_deref(), "sourceIp")?,
        };
        asked.answer()
    }

    /// A question for each host that a VirtualService defines, made of what `template` asks.
    pub fn questions(&self, template: &Request) -> Vec<Request> {
        questions::questions(self.world, template)
    }

    /// What a host means to a client in a namespace, or to one of whom nothing is known.
    fn dialled(&self, name: &str, from: Option<&str>) -> Arc<Dialled> {
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

    fn proxy(
        &self,
        place: &Place,
        namespace: &str,
        labels: &BTreeMap<String, String>,
        address: Option<IpAddr>,
    ) -> Arc<Known<'a>> {
        let hash = self.hasher.hash_one((place, namespace, labels, address));
        let is_asked = |known: &&Arc<Known<'a>>| {
            known.key.place == *place
                && known.key.namespace == namespace
                && known.key.labels == *labels
                && known.key.address == address
        };
        let known = read(&self.proxies).get(&hash).and_then(|known| known.iter().find(is_asked).cloned());
        if let Some(known) = known {
            return known;
        }
        let proxy = match place {
            Place::Sidecar => Proxy::sidecar(self.world, namespace, labels),
            Place::Gateway => Proxy::gateway(self.world, namespace, labels),
        };
        let proxy = Arc::new(proxy.at(address));
        let key = ProxyKey { place: place.clone(), namespace: namespace.to_owned(), labels: labels.clone(), address };
        let known = Arc::new(Known { key, proxy, ports: RwLock::default() });
        let mut proxies = write(&self.proxies);
        if proxies.len() >= MOST_PROXIES {
            proxies.clear();
        }
        proxies.entry(hash).or_default().push(Arc::clone(&known));
        known
    }
}

impl<'a> Known<'a> {
    /// What the proxy listens on at a port.
    fn at(&self, port: u32) -> Arc<Compiled<'a>> {
        if let Some(compiled) = read(&self.ports).get(&port) {
            return Arc::clone(compiled);
        }
        let mut ports = write(&self.ports);
        if ports.len() >= MOST_PROXIES {
            ports.clear();
        }
        let compile = || Arc::new(Compiled::new(Arc::clone(&self.proxy), port));
        Arc::clone(ports.entry(port).or_insert_with(compile))
    }
}

/// A lock is poisoned if its holder panicked; what it guards is whole all the same.
fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

/// What the client asks for: a host, else the server name of TLS, else an address.
fn asked_host(question: &Request) -> Result<&str, String> {
    let fields = [&question.host, &question.sni, &question.address];
    let mut filled = fields.into_iter().filter_map(|field| field.as_deref()).filter(|text| !text.is_empty());
    filled.next().ok_or_else(|| "the request has no host".to_owned())
}

/// What the client speaks first.
fn payload<'q>(question: &'q Request, host: &'q str) -> Payload<'q> {
    if dial::has_tls(question) {
        return Payload::Tls(question.sni.as_deref().filter(|sni| !sni.is_empty()).unwrap_or(host));
    }
    match question.protocol {
        Some(Protocol::Tcp) => Payload::Bytes,
        None | Some(Protocol::Http | Protocol::Http2 | Protocol::Grpc) => Payload::Http,
    }
}

/// The request as Envoy's router sees it.
fn routing_request<'q>(question: &'q Request, host: &'q str, normalization: PathNormalization) -> routing::Request<'q> {
    let target = question.path.as_deref().filter(|path| !path.is_empty()).unwrap_or("/");
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let headers = question.headers.iter().flat_map(|(name, value)| {
        value.values().iter().map(move |value| (lower_case(name), value.trim().as_bytes().into()))
    });
    let of_connection = if dial::has_tls(question) { "https" } else { "http" };
    routing::Request {
        authority: host.into(),
        method: question.method.as_deref().unwrap_or("GET").into(),
        scheme: question.scheme.as_deref().unwrap_or(of_connection).into(),
        path: routing::normalize_path(path.as_bytes(), normalization),
        query: query.map(|query| query.as_bytes().into()),
        headers: headers.collect(),
        claims: &question.claims,
    }
    // A gateway talks to clients of all sorts, and does not believe them.
    .as_received(question.gateway.is_none())
}

fn lower_case(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}
