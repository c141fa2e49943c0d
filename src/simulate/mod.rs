//! Simulation of one request: what happens to it at a proxy, and why.
//!
//! A [`Request`] is resolved into a `Question` once. [`outbound`] answers for the sidecar of a client and for gateways,
//! [`direct`] for clients without such a proxy, [`waypoint`] for waypoints, [`inbound`] for the sidecar of a server, and
//! [`ztunnel`] for a server in the ambient mesh.

mod admission;
mod answer;
mod apply;
mod cache;
mod codec;
mod compiled;
mod decide;
mod dial;
mod direct;
mod effects;
mod endpoints;
mod every_host;
mod expectation;
mod explain;
mod gateway_workload;
mod header_format;
mod header_operations;
mod inbound;
mod journey;
mod known;
mod naming;
mod next_gateway;
mod outbound;
mod patched;
mod question;
mod request;
mod route_table;
mod second_leg;
mod sender;
mod server;
mod simulators;
mod trace;
mod treatment;
mod unknown_host;
mod unknowns;
mod unplaced;
mod verdict;
mod waypoint;
mod ztunnel;

pub use answer::{Answer, Arrived, Decision, Outcome, PolicyVerdict, Refusal, RouteRef, Step, Unanswered, Verdict};
pub use effects::{InjectedAbort, InjectedDelay, InjectedFault, Mirror, ReachedCluster, Retries, Rewritten};
pub use every_host::RuleAnswer;
pub use expectation::{
    Difference, Expectation, ExpectedDestination, arrives_elsewhere, difference, ends_elsewhere, is_denied,
};
pub use explain::Explained;
pub use inbound::{Incoming, Leg, arrive};
pub use request::{Direction, GatewayRef, HeaderValue, ProxyKind, Request, RequestProtocol, Tls, WorkloadRef};
pub use route_table::RouteTable;
pub use simulators::Simulators;
pub use treatment::{Aspect, Treatment, answer_differences, is_shown};

pub use crate::routing::TokenState;

use self::cache::Cache;
use self::gateway_workload::GatewayWorkload;
use self::outbound::Outbound;
use self::question::{Question, ReceivingProxy};
use crate::policy::Identity;
use crate::world::World;

/// Answers questions about the requests of one mesh. It compiles the listeners of a proxy when a request first needs
/// them, and keeps them.
#[derive(Debug)]
pub struct Simulator<'a> {
    world: &'a World<'a>,
    cache: Cache<'a>,
    /// The time of the requests, in seconds since 1970, if it is known.
    time: Option<u64>,
}

impl<'a> Simulator<'a> {
    /// A simulator for a mesh. All tokens are within their time.
    pub fn new(world: &'a World<'a>) -> Self {
        Self { world, cache: Cache::new(world), time: None }
    }

    /// The simulator for requests at a time, in seconds since 1970.
    pub fn at(self, time: u64) -> Self {
        Self { time: Some(time), ..self }
    }

    /// The mesh.
    pub fn world(&self) -> &'a World<'a> {
        self.world
    }

    /// The workload of the Gateway that a text names.
    pub fn gateway_workload(&self, written: &str) -> Option<WorkloadRef> {
        let GatewayWorkload { namespace, labels, address, .. } = &*self.cache.named_gateway(written).ok()?;
        let (namespace, labels, address) = (Some(namespace.clone()), labels.clone(), *address);
        Some(WorkloadRef { namespace, labels, address, ..WorkloadRef::default() })
    }

    /// Says what happens to a request. The error is the reason why there is no answer.
    pub fn simulate(&self, request: &Request) -> Result<Answer, Unanswered> {
        self.answer(request).map_err(|error| Unanswered::to(request, error))
    }

    fn answer(&self, request: &Request) -> Result<Answer, String> {
        let is_gateway = |written: &str| self.cache.named_gateway(written).is_ok();
        let named = naming::resolve_with(self.world, request, is_gateway)?;
        let question = Question::new(&named.request, self)
            .map_err(|error| naming::unknown_server(self.world, &named.request).err().unwrap_or(error))?;
        let mut answer = match &question.proxy {
            ReceivingProxy::Client { listeners, address } => Outbound::new(&question, listeners, *address).answer()?,
            ReceivingProxy::Direct(client) => direct::answer(self.world, &question, client)?,
            ReceivingProxy::Server(server, data_plane) => {
                let mut answer = inbound::answer(self.world, &question, server, *data_plane);
                if server.workload.is_none() {
                    answer.note(naming::unknown_server(self.world, &named.request)?);
                }
                answer
            }
        };
        if let Some(gateway) = named.gateway {
            answer.gateway.get_or_insert(gateway);
        }
        answer.note(named.notes);
        answer.note(self.world.settings.notes.iter().copied());
        answer.note(self.note_on_proxy_port(question.port));
        Ok(answer)
    }

    /// The note on the port of HTTP proxies, which is not simulated.
    fn note_on_proxy_port(&self, port: u32) -> Option<String> {
        let is_proxy = self.world.settings.http_proxy_port == Some(port);
        is_proxy.then(|| format!("at port {port} sidecars are HTTP proxies (`proxyHttpPort`), which is not simulated"))
    }

    /// The identity of a client with a sidecar.
    pub fn identity_of(&self, client: &WorkloadRef) -> Identity {
        let WorkloadRef { namespace, labels, service_account, .. } = client;
        sender::client_identity(
            self.world,
            namespace.as_deref().unwrap_or_default(),
            labels,
            service_account.as_deref(),
        )
    }

    /// A request with its workloads and gateway described by labels. The error says what the mesh does not have.
    pub fn described(&self, request: &Request) -> Result<Request, String> {
        naming::resolve(self.world, request).map(|named| Request::clone(&named.request))
    }

    /// A request with its workloads and gateway described by labels, and remarks about what their names mean.
    fn resolved(&self, request: &Request) -> Result<(Vec<Request>, Vec<String>), Unanswered> {
        let named = naming::resolve(self.world, request).map_err(|error| Unanswered::to(request, error))?;
        Ok((naming::gateways_of(self.world, named.request.clone()), named.notes))
    }

    /// Whether the mesh has what a request names: the server, the Gateway or the host.
    fn knows(&self, request: &Request) -> bool {
        known::knows(self.world, request)
    }

    /// Says what happens to a request, and why.
    pub fn explain(&self, request: &Request) -> Explained {
        Explained::new(self, request)
    }

    /// The answers for every rule of every host that a request like `template` can take.
    pub fn answer_every_rule(&self, template: &Request) -> Vec<RuleAnswer> {
        every_host::answers(self, template)
    }
}
