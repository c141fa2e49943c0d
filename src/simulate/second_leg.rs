//! The second leg of a forwarded request: from the proxy that routes it to the sidecars of the servers, or to another
//! gateway.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::answer::{Answer, Arrived, Outcome, Rewritten};
use super::gateway_workload::GatewayWorkload;
use super::inbound::{Incoming, Leg, arrive};
use super::outbound::Outbound;
use super::question::{Client, Question, ReceivingProxy};
use super::request::{RequestProtocol, Tls};
use crate::model::LabelSet;
use crate::model::networking::ClientTlsMode;
use crate::policy::Identity;
use crate::routing::inbound::{PortOrigin, Receiver, ports};
use crate::routing::{Cluster, HttpRequest, Proxy, Reception, Upstream, Weighted};
use crate::world::{MtlsMode, Service, Workload};

/// The address of a gateway whose address is not known.
const ANY_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// A request on its way to the servers.
pub(super) struct Sent<'q, 'a> {
    pub question: &'q Question<'q, 'a>,
    /// The request as the proxy routes it.
    pub request: &'q HttpRequest<'q>,
    /// The proxy that sends the request on.
    pub proxy: &'q Proxy<'a>,
    /// The request after rewriting; `None` for bytes that are not HTTP.
    pub rewritten: Option<&'q Rewritten>,
    /// The server name of a TLS connection that the proxy does not terminate.
    pub passed_tls: Option<&'q str>,
}

impl<'a> Sent<'_, 'a> {
    /// Says what happens to the request at each workload of the clusters. Workloads without a sidecar are left out. A
    /// gateway routes the request once more; its own second leg is not followed.
    pub fn arrivals(&self, clusters: &[Weighted<'a>]) -> Vec<Arrived> {
        let reachable = clusters.iter().map(|it| &it.cluster).filter(|cluster| cluster.problem.is_none());
        reachable
            .filter_map(|cluster| Some((cluster, cluster.service?)))
            .flat_map(|(cluster, service)| {
                let meshed = cluster.workloads.iter().copied().filter(|workload| workload.has_sidecar);
                meshed.filter_map(move |workload| self.arrival(cluster, service, workload))
            })
            .collect()
    }

    fn arrival(&self, cluster: &Cluster<'a>, service: &'a Service<'a>, workload: &'a Workload<'a>) -> Option<Arrived> {
        let world = self.proxy.world;
        if world.is_gateway_workload(workload) {
            return self.at_gateway(cluster, service, workload);
        }
        let receiver = Receiver::of(workload);
        let leads_here = |origin: PortOrigin<'_, '_>| match origin {
            PortOrigin::Service(origin) => origin.hostname == service.hostname,
            // An ingress port has the number of the workload's port: `target` finds it.
            PortOrigin::Ingress(_) => false,
        };
        let known = ports(world, &receiver);
        let exact = known.values().find(|port| port.service_port == cluster.port && leads_here(port.origin));
        // `ports` attributes a port of several services to the oldest one, so compare the target.
        let target = || service.port(cluster.port).and_then(|port| receiver.target(port));
        // Nothing translates the port of an address that the client dialled.
        let dialled = Some(self.question.port).filter(|_| cluster.is_dialled);
        let port = dialled.or(exact.map(|port| port.number)).or_else(target)?;
        let tls = self.tls(cluster, service, workload, port);
        let identity = (tls == Tls::Mtls).then(|| self.identity());
        let rewritten = self.rewritten_request().as_received(Reception::Sidecar, self.source_ip());
        let has_bytes = self.rewritten.is_none();
        let seen = if self.passed_tls.is_some() && tls == Tls::Plaintext { Tls::Tls } else { tls };
        let is_wrapped = self.passed_tls.is_some() && tls != Tls::Plaintext;
        let leg = arrive(
            world,
            &receiver,
            &Incoming {
                port,
                tls: seen,
                protocol: if is_wrapped { RequestProtocol::Tcp } else { self.question.protocol },
                // Proxies offer `istio` for all bytes that are not HTTP.
                alpn: (has_bytes && tls == Tls::Mtls).then_some("istio"),
                sni: &self.server_name(cluster, tls, &rewritten),
                peer: identity.as_ref(),
                source_ip: self.source_ip(),
                request: &rewritten,
                trace: self.question.trace,
            },
        );
        Some(arrived(workload, cluster, tls, leg))
    }

    /// The fate of the request at another gateway. `None` if it is not known.
    fn at_gateway(
        &self,
        cluster: &Cluster<'a>,
        service: &'a Service<'a>,
        gateway: &'a Workload<'a>,
    ) -> Option<Arrived> {
        let port = gateway.port_behind(service.port(cluster.port)?)?;
        let labels = gateway.labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let namespace = gateway.name.namespace.to_string();
        let listeners = self.question.next?.gateway(GatewayWorkload { namespace, labels, address: None }).at(port);
        let tls = self.tls(cluster, service, gateway, port);
        let request = self.rewritten_request();
        let has_bytes = self.rewritten.is_none();
        let is_passed = self.passed_tls.is_some() && tls == Tls::Plaintext;
        let question = Question {
            id: &serde_json::Value::Null,
            gateway: None,
            proxy: ReceivingProxy::Client { listeners: Arc::clone(&listeners), address: ANY_ADDRESS },
            client: Client { namespace: None, service_account: None, address: self.source_ip() },
            port,
            // TLS that is wrapped in other TLS is not HTTP to the gateway.
            protocol: if has_bytes && !is_passed { RequestProtocol::Tcp } else { self.question.protocol },
            tls: if is_passed { Tls::Tls } else { tls },
            alpn: None,
            server_name: self.server_name(cluster, tls, &request),
            http: HttpRequest {
                scheme: if tls == Tls::Plaintext { "http" } else { "https" }.into(),
                ..request.clone()
            }
            .as_received(listeners.reception(tls), self.source_ip()),
            trace: self.question.trace,
            next: None,
        };
        let answer = Outbound::new(&question, &listeners, ANY_ADDRESS).answer().ok()?;
        Some(routed(gateway, cluster, tls, question.server_name.into_owned(), answer))
    }

    /// The TLS that the client's proxy originates: the mode of the DestinationRule, else mutual TLS to workloads whose
    /// sidecar accepts it (auto mTLS; istiod: `mtls_checker`).
    fn tls(&self, cluster: &Cluster<'_>, service: &Service<'_>, workload: &Workload<'_>, port: u32) -> Tls {
        match cluster.upstream.tls_mode() {
            Some(ClientTlsMode::IstioMutual) => Tls::Mtls,
            Some(ClientTlsMode::Simple | ClientTlsMode::Mutual) => Tls::Tls,
            Some(_) => Tls::Plaintext,
            None if !self.proxy.world.settings.auto_mtls => Tls::Plaintext,
            None if service.is_mesh_external() || !self.proxy.world.takes_mesh_tls(workload) => Tls::Plaintext,
            None if cluster.is_dialled || cluster.upstream.is_passthrough() => {
                match Upstream::has_mesh_tls_to_dialled(self.proxy.world, service, &cluster.workloads) {
                    true => Tls::Mtls,
                    false => Tls::Plaintext,
                }
            }
            None => {
                let policies = &self.proxy.world.policies;
                let of_workload = policies.mtls(&workload.name.namespace, &workload.labels, port).mode;
                // istiod decides for a whole cluster by the policies of the service's namespace.
                let of_namespace = policies.mtls(&service.namespace, &LabelSet::new(), port).mode;
                let is_off = of_workload == MtlsMode::Disable || of_namespace == MtlsMode::Disable;
                if is_off { Tls::Plaintext } else { Tls::Mtls }
            }
        }
    }

    /// The server name that the client's proxy sends: `sni` of the DestinationRule, else the cluster in mesh TLS, else
    /// the host of the request (istiod: `buildUpstreamTLSSettings`, Envoy: `auto_sni`).
    fn server_name<'s>(&'s self, cluster: &Cluster<'_>, tls: Tls, request: &'s HttpRequest<'_>) -> Cow<'s, str> {
        let written = || cluster.upstream.tls.and_then(|tls| tls.sni.as_ref()).filter(|sni| !sni.is_empty());
        match (tls, written()) {
            (Tls::Plaintext, _) => self.passed_tls.unwrap_or_default().into(),
            (_, Some(written)) => written.value.clone().into(),
            (Tls::Mtls, None) => cluster.server_name().into(),
            (Tls::Tls, None) if self.rewritten.is_some() => request.host().into_owned().into(),
            (Tls::Tls, None) => "".into(),
        }
    }

    /// The identity of the client: the service account that the request names, else that of the workload with its
    /// labels.
    fn identity(&self) -> Identity {
        let world = self.proxy.world;
        let named = self.question.client.service_account.map(str::to_owned);
        let labels: LabelSet<'_> = self.proxy.label_set();
        let is_client = |workload: &&Workload<'_>| {
            workload.name.namespace == self.proxy.namespace && !labels.is_empty() && workload.labels == labels
        };
        let of_workload = || world.workloads.iter().find(is_client)?.service_account.map(str::to_owned);
        Identity {
            trust_domain: world.settings.trust_domain.clone(),
            namespace: self.proxy.namespace.clone(),
            service_account: named.or_else(of_workload).unwrap_or_else(|| "default".to_owned()),
        }
    }

    /// The source address that the server's proxy sees: that of the client, or of the gateway.
    fn source_ip(&self) -> Option<IpAddr> {
        let of_client = self.question.client.address.filter(|_| !self.proxy.is_gateway());
        of_client.or(self.proxy.address)
    }

    /// The request with the changes that the route makes.
    fn rewritten_request(&self) -> HttpRequest<'_> {
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
            ..request.clone()
        }
    }
}

fn arrived(workload: &Workload<'_>, cluster: &Cluster<'_>, tls: Tls, leg: Leg) -> Arrived {
    Arrived {
        outcome: leg.outcome,
        status: leg.status,
        flag: leg.flag,
        cluster: leg.cluster,
        policy: leg.policy,
        trace: leg.trace,
        notes: leg.notes,
        ..unanswered(workload, cluster, tls)
    }
}

/// An arrival at a gateway, which routes the request once more.
fn routed(workload: &Workload<'_>, cluster: &Cluster<'_>, tls: Tls, server_name: String, answer: Answer) -> Arrived {
    let decision = Arc::unwrap_or_clone(answer.decision);
    Arrived {
        server_name,
        outcome: decision.outcome,
        status: decision.status,
        flag: decision.flag,
        cluster: decision.destinations.into_iter().next().map(|destination| destination.cluster),
        policy: decision.policy,
        trace: answer.trace,
        notes: decision.notes,
        ..unanswered(workload, cluster, tls)
    }
}

/// An arrival at a workload, before it is known what happens there.
fn unanswered(workload: &Workload<'_>, cluster: &Cluster<'_>, tls: Tls) -> Arrived {
    Arrived {
        workload: workload.name.to_string(),
        via: cluster.name(),
        outcome: Outcome::Refused,
        status: None,
        flag: None,
        cluster: None,
        tls: match tls {
            Tls::Plaintext => "plaintext",
            Tls::Tls => "tls",
            Tls::Mtls => "mtls",
        },
        server_name: String::new(),
        policy: None,
        trace: Vec::new(),
        notes: Vec::new(),
    }
}
