//! The rest of the way of a forwarded request: from the proxy that routes it to the proxies of the servers, or through
//! more gateways.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::net::IpAddr;

use super::answer::{Answer, Arrived, Outcome};
use super::effects::Rewritten;
use super::inbound::{Incoming, Leg, at_sidecar};
use super::question::Question;
use super::request::{RequestProtocol, Tls};
use super::sender::{Identities, Sender, SenderKind};
use super::server::Server;
use super::{codec, ztunnel};
use crate::policy::Identity;
use crate::routing::inbound::PortOrigin;
use crate::routing::{Cluster, HttpRequest, Naming, Reception, Transport, Weighted};
use crate::world::{DataPlane, Discovery, Service, Workload, World};

/// A request on its way to the servers.
pub(super) struct Sent<'q, 'a> {
    pub question: &'q Question<'q, 'a>,
    /// The request as the sender routes it.
    pub request: &'q HttpRequest<'q>,
    pub world: &'a World<'a>,
    /// The sender of this leg.
    pub sender: Sender<'q>,
    /// The request after rewriting; `None` for bytes that are not HTTP.
    pub rewritten: Option<&'q Rewritten>,
    /// The server name of a TLS connection that the sender does not terminate.
    pub passed_tls: Option<&'q str>,
}

/// The request as the sidecars of servers see it, which is made when a workload first gets it.
type Received<'r> = OnceCell<HttpRequest<'r>>;

/// The rest of the way of a request.
#[derive(Default)]
pub(super) struct Onward {
    /// The answers of the gateways on the way, in order.
    pub legs: Vec<Answer>,
    /// The end of the way.
    pub arrivals: Vec<Arrived>,
}

impl Onward {
    /// Adds an end of the way, once: several gateways may lead there.
    pub fn add(&mut self, arrived: Arrived) {
        if !self.arrivals.contains(&arrived) {
            self.arrivals.push(arrived);
        }
    }
}

impl<'a> Sent<'_, 'a> {
    /// Follows the request to each workload of the clusters. Workloads that take it without a proxy are left out.
    pub fn onward(&self, clusters: &[Weighted<'a>]) -> Onward {
        let mut onward = Onward::default();
        let Some(cache) = self.question.next else { return onward };
        let received = OnceCell::new();
        for cluster in clusters.iter().map(|it| &it.cluster).filter(|cluster| cluster.problem.is_none()) {
            let Some(service) = cluster.service else { continue };
            for workload in &cluster.workloads {
                self.reach(cluster, service, (workload, cache.server(workload)), &received, &mut onward);
            }
        }
        onward
    }

    fn reach<'s>(
        &'s self,
        cluster: &Cluster<'a>,
        service: &'a Service<'a>,
        (workload, server): (&'a Workload<'a>, &Server<'a>),
        received: &Received<'s>,
        onward: &mut Onward,
    ) {
        if server.is_gateway {
            self.enter_gateway(cluster, service, workload, onward);
            return;
        }
        let arrived = match server.data_plane {
            DataPlane::None => self.without_proxy(cluster, service, workload),
            _ => self.at_proxy(cluster, service, (workload, server), received.get_or_init(|| self.received())),
        };
        arrived.into_iter().for_each(|arrived| onward.add(arrived));
    }

    /// The request as the sidecars of servers see it.
    fn received(&self) -> HttpRequest<'_> {
        self.rewritten_request().as_received(Reception::Sidecar, self.source_ip())
    }

    /// Whether the proxies of servers reject the request before they look at policies.
    pub fn is_unreadable(&self) -> bool {
        let normalization = self.world.settings.path_normalization;
        codec::rejection(&self.received(), self.question.protocol, normalization).is_some()
    }

    /// The arrival at a workload that has no proxy, if the workload does not understand what it gets.
    fn without_proxy(
        &self,
        cluster: &Cluster<'a>,
        service: &'a Service<'a>,
        workload: &'a Workload<'a>,
    ) -> Option<Arrived> {
        // A machine may have certificates of the mesh without the label that says so.
        let port = service.port(cluster.port).filter(|_| workload.pod.is_some())?;
        let transport = self.transport(cluster, service, workload, workload.port_behind(port)?);
        (transport == Transport::MeshTls).then(|| Arrived {
            flag: Some("UF"),
            notes: vec![format!(
                "`{}` has no sidecar, so it does not understand the mutual TLS of the mesh: connections fail, and HTTP \
                 clients get 503",
                workload.name
            )],
            ..unanswered(workload, cluster, transport)
        })
    }

    /// The arrival at the sidecar or the ztunnel of a workload.
    fn at_proxy(
        &self,
        cluster: &Cluster<'a>,
        service: &'a Service<'a>,
        (workload, server): (&'a Workload<'a>, &Server<'a>),
        rewritten: &HttpRequest<'_>,
    ) -> Option<Arrived> {
        let world = self.world;
        let leads_here = |origin: PortOrigin<'_, '_>| match origin {
            PortOrigin::Service(origin) => origin.hostname == service.hostname,
            // An ingress port has the number of the workload's port: `target` finds it.
            PortOrigin::Ingress(_) => false,
        };
        let mut known = server.ports.values();
        let exact = known.find(|port| port.service_port == cluster.port && leads_here(port.origin));
        // `ports` attributes a port of several services to the oldest one, so compare the target.
        let target = || service.port(cluster.port).and_then(|port| server.target(port));
        // Nothing translates the port of an address that the client dialled.
        let is_dialled =
            cluster.is_dialled || (cluster.naming == Naming::Service && service.discovery == Discovery::Headless);
        let dialled = Some(self.question.port).filter(|_| is_dialled);
        let port = dialled.or(exact.map(|port| port.number)).or_else(target)?;
        let transport = self.transport(cluster, service, workload, port);
        let seen = self.seen_tls(transport);
        let is_wrapped = self.passed_tls.is_some() && transport != Transport::Plaintext;
        let alpn = match transport {
            // Proxies offer `istio` for all bytes that are not HTTP.
            Transport::MeshTls => self.rewritten.is_none().then_some("istio"),
            Transport::OwnCertificate => Some("http/1.1"),
            Transport::Plaintext if self.passed_tls.is_some() => self.question.alpn,
            Transport::Plaintext | Transport::Tls => None,
        };
        let incoming = Incoming {
            port,
            tls: seen,
            protocol: if is_wrapped { RequestProtocol::Tcp } else { self.question.protocol },
            alpn,
            sni: &self.server_name(cluster, transport, rewritten),
            peer: None,
            source_ip: self.source_ip(),
            is_from_gateway: self.sender.is_gateway(),
            request: rewritten,
            trace: self.question.trace,
        };
        let mut leg = self.with_identities(seen, transport, |peer| {
            let incoming = Incoming { peer, ..incoming.clone() };
            match server.data_plane {
                DataPlane::Ambient => ztunnel::arrive(world, server, &incoming),
                DataPlane::Sidecar | DataPlane::None => at_sidecar(world, server, &incoming),
            }
        });
        if cluster.naming == Naming::ServerName && seen == Tls::Tls && leg.outcome.goes_on() {
            leg.outcome = Outcome::Refused;
            leg.cluster = None;
            leg.notes.push(format!(
                "the workload shows its own certificate, which is not for the server name `{}`: the client ends the \
                 connection",
                self.passed_tls.unwrap_or_default()
            ));
        }
        Some(arrived(workload, cluster, transport, leg))
    }

    /// The leg for the identity of the sender. If the manifests do not show the identity and policies depend on it, a note
    /// says what the answer assumes.
    fn with_identities(&self, seen: Tls, transport: Transport, arrive: impl Fn(Option<&Identity>) -> Leg) -> Leg {
        let of_passed = || self.question.certificate.identity();
        match transport {
            Transport::MeshTls => {}
            Transport::Plaintext => return arrive(of_passed().filter(|_| seen == Tls::Mtls)),
            Transport::Tls => return arrive(None),
            Transport::OwnCertificate => {
                let mut leg = arrive(None);
                if leg.outcome.goes_on() {
                    let note = "whether the sidecar accepts the certificate that the DestinationRule names depends on who \
                                issued it";
                    leg.notes.push(note.to_owned());
                }
                return leg;
            }
        }
        match self.sender.identities(self.world, self.question.client.service_account) {
            Identities::Known(identity) => arrive(Some(&identity)),
            Identities::Unknown { unnamed, named } => {
                let first = arrive(Some(&unnamed));
                let others = named.iter().map(|identity| (identity, arrive(Some(identity))));
                match others.into_iter().find(|(_, leg)| leg.outcome != first.outcome) {
                    None => first,
                    Some((identity, other)) => assuming(first, other, identity),
                }
            }
        }
    }

    /// The TLS that the sender originates.
    pub(super) fn transport(
        &self,
        cluster: &Cluster<'a>,
        service: &'a Service<'a>,
        workload: &Workload<'a>,
        port: u32,
    ) -> Transport {
        let world = self.world;
        match self.sender.kind {
            SenderKind::Gateway => Transport::to(world, cluster, service, workload, port, true),
            SenderKind::Client(DataPlane::Sidecar) => Transport::to(world, cluster, service, workload, port, false),
            SenderKind::Client(DataPlane::None) => Transport::Plaintext,
            // ztunnels open tunnels to all workloads that accept them.
            SenderKind::Client(DataPlane::Ambient) => {
                let is_in_mesh = world.presumed_data_plane(workload) == DataPlane::Ambient
                    || (world.takes_mesh_tls(workload) && !world.is_gateway_workload(workload));
                if is_in_mesh { Transport::MeshTls } else { Transport::Plaintext }
            }
        }
    }

    /// The TLS of the connection as the server's proxy sees it.
    pub(super) fn seen_tls(&self, transport: Transport) -> Tls {
        match transport {
            Transport::Plaintext if self.passed_tls.is_none() => Tls::Plaintext,
            Transport::Plaintext if self.question.tls == Tls::Plaintext => Tls::Tls,
            Transport::Plaintext => self.question.tls,
            Transport::Tls => Tls::Tls,
            Transport::OwnCertificate | Transport::MeshTls => Tls::Mtls,
        }
    }

    /// The server name that the sender's proxy sends: `sni` of the DestinationRule, else the cluster in mesh TLS, else
    /// the host of the request (istiod: `buildUpstreamTLSSettings`, Envoy: `auto_sni`).
    pub(super) fn server_name<'s>(
        &'s self,
        cluster: &Cluster<'_>,
        transport: Transport,
        request: &'s HttpRequest<'_>,
    ) -> Cow<'s, str> {
        let written = || cluster.upstream.tls.and_then(|tls| tls.sni.as_ref()).filter(|sni| !sni.is_empty());
        match (transport, written()) {
            (Transport::Plaintext, _) => self.passed_tls.unwrap_or_default().into(),
            (_, Some(written)) => written.value.clone().into(),
            (Transport::MeshTls, None) => cluster.server_name().into(),
            (Transport::Tls | Transport::OwnCertificate, None) if self.rewritten.is_some() => {
                request.host().into_owned().into()
            }
            (Transport::Tls | Transport::OwnCertificate, None) => "".into(),
        }
    }

    /// The source address that the server's proxy sees: that of the client, or of the gateway.
    pub(super) fn source_ip(&self) -> Option<IpAddr> {
        let of_client = self.question.client.address.filter(|_| !self.sender.is_gateway());
        of_client.or(self.sender.address)
    }

    /// The request with the changes that the route makes.
    pub(super) fn rewritten_request(&self) -> HttpRequest<'_> {
        let request = self.request;
        let Some(rewritten) = self.rewritten else { return request.clone() };
        let (path, query) =
            rewritten.path.split_once('?').map_or((rewritten.path.as_str(), None), |(path, query)| (path, Some(query)));
        let stays = |name: &str| {
            !rewritten.headers.contains_key(name) && !rewritten.removed_headers.iter().any(|removed| removed == name)
        };
        let kept = request.headers.iter().filter(|(name, _)| stays(name)).cloned();
        let set = rewritten
            .headers
            .iter()
            .map(|(name, value)| (Cow::Borrowed(name.as_str()), Cow::Borrowed(value.as_bytes())));
        HttpRequest {
            authority: rewritten.authority.as_str().into(),
            path: path.as_bytes().into(),
            query: query.map(|query| query.as_bytes().into()),
            headers: kept.chain(set).collect(),
            ..request.without_headers()
        }
    }
}

/// The leg for a sender of unknown identity, if policies let some identities through and not others.
fn assuming(unnamed: Leg, named: Leg, identity: &Identity) -> Leg {
    let is_let_in = named.outcome.goes_on();
    let word = if is_let_in { "assumes that it is" } else { "assumes that it is not" };
    let mut leg = if is_let_in { named } else { unnamed };
    let who = match identity.service_account.as_str() {
        "" => format!("in namespace `{}`", identity.namespace),
        _ => format!("`{identity}`"),
    };
    leg.notes.push(format!("the manifests do not show the identity of the gateway: the answer {word} {who}"));
    leg
}

pub(super) fn arrived(workload: &Workload<'_>, cluster: &Cluster<'_>, transport: Transport, leg: Leg) -> Arrived {
    Arrived {
        outcome: leg.outcome,
        status: leg.status,
        flag: leg.flag,
        cluster: leg.cluster,
        policy: leg.policy,
        trace: leg.trace,
        notes: leg.notes,
        ..unanswered(workload, cluster, transport)
    }
}

/// An arrival at a workload, before it is known what happens there.
pub(super) fn unanswered(workload: &Workload<'_>, cluster: &Cluster<'_>, transport: Transport) -> Arrived {
    Arrived {
        workload: workload.name.to_string(),
        via: cluster.name(),
        outcome: Outcome::Refused,
        status: None,
        flag: None,
        cluster: None,
        tls: match transport {
            Transport::Plaintext => "plaintext",
            Transport::Tls | Transport::OwnCertificate => "tls",
            Transport::MeshTls => "mtls",
        },
        server_name: String::new(),
        policy: None,
        trace: Vec::new(),
        notes: Vec::new(),
    }
}
