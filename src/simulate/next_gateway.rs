//! A gateway on the way of a request, which routes it once more.

use std::cell::OnceCell;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;
use std::sync::Arc;

use super::answer::{Answer, Arrived};
use super::gateway_workload::GatewayWorkload;
use super::journey::{Journey, Step};
use super::outbound::Outbound;
use super::question::{Certificate, Client, Question, ReceivingProxy};
use super::request::{RequestProtocol, Tls};
use super::second_leg::{Onward, Sent, unanswered};
use super::sender::Identities;
use crate::routing::{Cluster, HttpRequest, Transport};
use crate::world::{Service, Workload};

/// The address of a gateway whose address is not known.
const ANY_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// Most gateways that a request is followed through, one after the other.
const MOST_GATEWAYS: usize = 8;

impl<'a> Sent<'_, 'a> {
    /// Follows the request through a gateway.
    pub(super) fn enter_gateway(
        &self,
        cluster: &Cluster<'a>,
        service: &'a Service<'a>,
        gateway: &'a Workload<'a>,
        onward: &mut Onward,
    ) {
        let Some(cache) = self.question.next else { return };
        let Some(port) = service.port(cluster.port).and_then(|port| gateway.port_behind(port)) else {
            let note = format!(
                "the manifests do not show the port of gateway `{}` behind port {} of `{}`: the answer assumes that there is \
                 none",
                gateway.name, cluster.port, service.hostname
            );
            onward.add(Arrived { notes: vec![note], ..unanswered(gateway, cluster, Transport::Plaintext) });
            return;
        };
        let transport = self.transport(cluster, service, gateway, port);
        let request = self.rewritten_request();
        let server_name = self.server_name(cluster, transport, &request);
        let stop = |note: String| Arrived { notes: vec![note], ..unanswered(gateway, cluster, transport) };
        let visit = format!(
            "{} {:?} {port} {server_name} {} {}",
            gateway.name.namespace,
            gateway.labels,
            request.authority,
            String::from_utf8_lossy(&request.path)
        );
        if self.question.visited.contains(&visit) {
            let note = format!("the request loops: it returns to gateway `{}` unchanged", gateway.name);
            onward.add(stop(note));
            return;
        }
        if self.question.visited.len() >= MOST_GATEWAYS {
            onward.add(stop(format!("the request is not followed through more than {MOST_GATEWAYS} gateways")));
            return;
        }
        let labels = gateway.labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let journey = self.question.journey.get_or_init(Rc::default);
        let namespace = gateway.name.namespace.to_string();
        let workload = GatewayWorkload { namespace, labels, address: None, is_placed: true };
        let listeners = cache.gateway(&workload).at(port);
        let name = gateway.name.to_string();
        let has_bytes = self.rewritten.is_none();
        let is_passed = self.passed_tls.is_some() && transport == Transport::Plaintext;
        let question = Question {
            id: &serde_json::Value::Null,
            gateway: Some(&name),
            proxy: ReceivingProxy::Client { listeners: Arc::clone(&listeners), address: ANY_ADDRESS },
            client: Client { service_account: None, address: self.source_ip() },
            port,
            // TLS that is wrapped in other TLS is not HTTP to the gateway.
            protocol: if has_bytes && self.passed_tls.is_some() && !is_passed {
                RequestProtocol::Tcp
            } else {
                self.question.protocol
            },
            tls: self.seen_tls(transport),
            certificate: self.certificate(transport),
            alpn: self.question.alpn.filter(|_| is_passed),
            server_name: server_name.clone(),
            http: HttpRequest {
                scheme: if self.seen_tls(transport) == Tls::Plaintext { "http" } else { "https" }.into(),
                ..request.clone()
            }
            .as_received(listeners.reception(self.seen_tls(transport)), self.source_ip()),
            trace: self.question.trace,
            next: Some(cache),
            visited: self.question.visited.iter().cloned().chain([visit]).collect(),
            journey: OnceCell::from(Rc::clone(journey)),
        };
        let visit = match journey.depart(question.asked()) {
            Step::Known(visit) => visit,
            Step::New(number, before) => {
                journey.arrive(number, before, Outbound::new(&question, &listeners, ANY_ADDRESS).answer())
            }
            Step::TooMany => {
                onward.add(stop(format!("the request is not followed to more than {} gateways", Journey::MOST)));
                return;
            }
        };
        match &visit.answer {
            Ok(answer) => {
                ends(gateway, cluster, transport, &server_name, answer).into_iter().for_each(|end| onward.add(end))
            }
            Err(error) => onward.add(stop(error.clone())),
        }
        // The first proxy has the legs of all ways.
        if self.question.visited.is_empty() {
            onward.legs.extend(journey.legs(&cluster.name(), &visit));
        }
    }

    /// The certificate that the gateway sees.
    fn certificate(&self, transport: Transport) -> Certificate {
        match transport {
            Transport::Plaintext if self.passed_tls.is_some() => self.question.certificate.clone(),
            Transport::Plaintext | Transport::Tls => Certificate::None,
            Transport::OwnCertificate => Certificate::Own,
            Transport::MeshTls => match self.sender.identities(self.world, self.question.client.service_account) {
                Identities::Known(identity) | Identities::Unknown { unnamed: identity, .. } => {
                    Certificate::Mesh(identity)
                }
            },
        }
    }
}

/// The end of the way through a gateway: the arrivals at the servers, and the gateway itself where it does not forward the
/// request to a workload with a proxy.
fn ends(
    gateway: &Workload<'_>,
    cluster: &Cluster<'_>,
    transport: Transport,
    server_name: &str,
    answer: &Answer,
) -> Vec<Arrived> {
    let via = cluster.name();
    let mut ends: Vec<Arrived> =
        answer.arrivals.iter().map(|end| Arrived { via: via.clone(), ..end.clone() }).collect();
    let here = |goes_to: Option<String>, problem: Option<&'static str>| {
        let status = problem.filter(|_| answer.request.is_some()).map(|_| 503);
        Arrived {
            server_name: server_name.to_owned(),
            outcome: answer.outcome,
            status: answer.status.or(status),
            flag: answer.flag,
            cluster: goes_to,
            policy: answer.policy.clone(),
            trace: answer.trace.clone(),
            notes: answer.notes().into_iter().map(str::to_owned).collect(),
            ..unanswered(gateway, cluster, transport)
        }
    };
    let destinations = &answer.destinations;
    if destinations.is_empty() || !answer.outcome.goes_on() {
        ends.push(here(destinations.first().map(|it| it.cluster.clone()), None));
        return ends;
    }
    for destination in destinations {
        if !answer.arrivals.iter().any(|end| end.via == destination.cluster) {
            ends.push(here(Some(destination.cluster.clone()), destination.problem));
        }
    }
    ends
}
