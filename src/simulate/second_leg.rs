//! What becomes of a forwarded request at the sidecars of the workloads that it can get to.

use std::borrow::Cow;
use std::net::IpAddr;

use super::inbound::{Incoming, Leg, arrive};
use super::request::{Protocol, Request as Question, Tls};
use super::result::{Arrived, Rewritten};
use crate::model::LabelSet;
use crate::model::networking::ClientTlsMode;
use crate::policy::Identity;
use crate::routing::inbound::{PortOrigin, Receiver, ports};
use crate::routing::{Cluster, Proxy, Request, Weighted};
use crate::world::{MtlsMode, Service, Workload};

/// A request on its way to the servers.
pub(super) struct Sent<'q, 'p, 'a> {
    pub question: &'q Question,
    pub proxy: &'p Proxy<'a>,
    pub request: &'q Request<'q>,
    /// The client's address, if the question tells it.
    pub source_ip: Option<IpAddr>,
    /// The request as the rule leaves it; `None` for other bytes.
    pub rewritten: Option<&'q Rewritten>,
    /// The server name of TLS that the proxy passes on as it comes.
    pub passed_tls: Option<&'q str>,
}

impl<'a> Sent<'_, '_, 'a> {
    /// What becomes of the request at each workload of the clusters. Workloads without a sidecar are left out.
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
        let receiver = Receiver::of(workload);
        let leads_here = |origin: PortOrigin<'_, '_>| match origin {
            PortOrigin::Service(origin) => origin.hostname == service.hostname,
            // Its number is the workload's, which the service's port leads to.
            PortOrigin::Ingress(_) => false,
        };
        let known = ports(world, &receiver);
        let exact = known.values().find(|port| port.service_port == cluster.port && leads_here(port.origin));
        // A port of several services is noted as the oldest one's: what counts is the target.
        let target = || service.port(cluster.port).and_then(|port| receiver.target(port));
        let port = exact.map(|port| port.number).or_else(target)?;
        let tls = self.tls(cluster, service, workload, port);
        let identity = (tls == Tls::Mtls).then(|| self.identity());
        let rewritten = self.rewritten_request();
        let has_bytes = self.rewritten.is_none();
        let seen = if self.passed_tls.is_some() && tls == Tls::Plaintext { Tls::Tls } else { tls };
        let is_wrapped = self.passed_tls.is_some() && tls != Tls::Plaintext;
        let asked = self.question.protocol.unwrap_or(Protocol::Http);
        let leg = arrive(
            world,
            &receiver,
            &Incoming {
                port,
                tls: seen,
                protocol: if is_wrapped { Protocol::Tcp } else { asked },
                // What a proxy offers for bytes, whatever they are.
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

    /// What the client's proxy does about TLS: what its DestinationRule says; without one it speaks mutual TLS to
    /// workloads with a sidecar that take it (auto mTLS; istiod: `mtls_checker`).
    fn tls(&self, cluster: &Cluster<'_>, service: &Service<'_>, workload: &Workload<'_>, port: u32) -> Tls {
        match cluster.upstream.tls_mode() {
            Some(ClientTlsMode::IstioMutual) => Tls::Mtls,
            Some(ClientTlsMode::Simple | ClientTlsMode::Mutual) => Tls::Tls,
            Some(_) => Tls::Plaintext,
            None if service.is_mesh_external() || !workload.takes_mesh_tls => Tls::Plaintext,
            None => {
                let policies = &self.proxy.world.policies;
                let of_workload = policies.mtls(&workload.name.namespace, &workload.labels, port).mode;
                // What holds for all of the service's namespace decides for the cluster as a whole.
                let of_namespace = policies.mtls(&service.namespace, &LabelSet::new(), port).mode;
                let is_off = of_workload == MtlsMode::Disable || of_namespace == MtlsMode::Disable;
                if is_off { Tls::Plaintext } else { Tls::Mtls }
            }
        }
    }

    /// The server name that the server's proxy is asked for: what the DestinationRule says, else in the mesh's TLS the
    /// cluster, in other TLS the host of the request (istiod: `buildUpstreamTLSSettings`, Envoy: `auto_sni`).
    fn server_name<'s>(&'s self, cluster: &Cluster<'_>, tls: Tls, request: &'s Request<'_>) -> Cow<'s, str> {
        let written = || cluster.upstream.tls.and_then(|tls| tls.sni.as_ref()).filter(|sni| !sni.is_empty());
        match (tls, written()) {
            (Tls::Plaintext, _) => self.passed_tls.unwrap_or_default().into(),
            (_, Some(written)) => written.value.clone().into(),
            (Tls::Mtls, None) => cluster.server_name().into(),
            (Tls::Tls, None) if self.rewritten.is_some() => request.host().into_owned().into(),
            (Tls::Tls, None) => "".into(),
        }
    }

    /// Who the client is: what the question says, else the account of the workload with its labels.
    fn identity(&self) -> Identity {
        let world = self.proxy.world;
        let asked = self.question.from.as_ref().and_then(|from| from.service_account.clone());
        let labels: LabelSet<'_> = self.proxy.label_set();
        let is_client = |workload: &&Workload<'_>| {
            workload.name.namespace == self.proxy.namespace && !labels.is_empty() && workload.labels == labels
        };
        let of_workload = || world.workloads.iter().find(is_client)?.service_account.map(str::to_owned);
        Identity {
            trust_domain: world.settings.trust_domain.clone(),
            namespace: self.proxy.namespace.clone(),
            service_account: asked.or_else(of_workload).unwrap_or_else(|| "default".to_owned()),
        }
    }

    /// The address that the server's proxy sees: the client's own, or the gateway's.
    fn source_ip(&self) -> Option<IpAddr> {
        if self.proxy.is_gateway() { self.proxy.address } else { self.source_ip.or(self.proxy.address) }
    }

    /// The request with what the rule has changed.
    fn rewritten_request(&self) -> Request<'_> {
        let Some(rewritten) = self.rewritten else { return self.request.clone() };
        let (path, query) =
            rewritten.path.split_once('?').map_or((rewritten.path.as_str(), None), |(path, query)| (path, Some(query)));
        let stays = |name: &str| {
            !rewritten.headers.contains_key(name) && !rewritten.removed_headers.iter().any(|removed| removed == name)
        };
        let kept = self.request.headers.iter().filter(|(name, _)| stays(name)).cloned();
        let set = rewritten
            .headers
            .iter()
            .map(|(name, value)| (Cow::Borrowed(name.as_str()), Cow::Borrowed(value.as_bytes())));
        Request {
            authority: rewritten.authority.as_str().into(),
            path: path.as_bytes().into(),
            query: query.map(|query| query.as_bytes().into()),
            headers: kept.chain(set).collect(),
            ..self.request.clone()
        }
    }
}

fn arrived(workload: &Workload<'_>, cluster: &Cluster<'_>, tls: Tls, leg: Leg) -> Arrived {
    Arrived {
        workload: workload.name.to_string(),
        via: cluster.name(),
        outcome: leg.outcome,
        status: leg.status,
        flag: leg.flag,
        cluster: leg.cluster,
        tls: match tls {
            Tls::Plaintext => "plaintext",
            Tls::Tls => "tls",
            Tls::Mtls => "mtls",
        },
        policy: leg.policy,
        trace: leg.trace,
        notes: leg.notes,
    }
}
