//! Sends the requests of many cases to one Envoy and compares with the answers of the library.

use std::collections::BTreeMap;
use std::path::Path;

use mesh::config::Config;
use mesh::load::Snapshot;
use mesh::routing::{self, ChainAction, Reception, Role, RouteLookup, Table, gateway, normalize_path, outbound};
use mesh::simulate::{self, Answer, GatewayRef, HeaderValue, Simulator, WorkloadRef};
use mesh::world::{PathNormalization, Settings, World};

use crate::case::{Case, ClientRequest, Proxy};
use crate::client::Client;
use crate::compare::{self, Observed};
use crate::config::{self, Part};
use crate::proxy::Envoy;
use crate::upstream;

/// The namespace of the client or the gateway.
const NAMESPACE: &str = "default";

/// The port that the client dials.
const PORT: u32 = 80;

/// The answer of the library to a request.
#[derive(Debug)]
pub struct Simulated {
    /// The name of the matching route in the configuration of Envoy; empty if no route matches.
    pub route: String,
    /// The whole answer; `None` if the request is not UTF-8, which the interface cannot express.
    pub answer: Option<Answer>,
}

/// A disagreement.
#[derive(Debug)]
pub struct Difference {
    /// The index of the case.
    pub case: usize,
    /// The index of its request.
    pub request: usize,
    /// The description of the difference.
    pub description: String,
}

/// Sends all requests of the cases to one Envoy, and compares. Fails if Envoy rejects the configuration.
pub fn differences(program: &Path, cases: &[Case]) -> Result<Vec<Difference>, String> {
    counted(program, cases, &mut BTreeMap::new())
}

/// Like [`differences`], and counts the statuses of Envoy's responses.
pub fn counted(program: &Path, cases: &[Case], statuses: &mut BTreeMap<u32, usize>) -> Result<Vec<Difference>, String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let upstream = directory.path().join("upstream");
    upstream::start(&upstream);
    let socket = |index: usize| directory.path().join(format!("{index}"));
    let mut parts = Vec::new();
    let mut simulated = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let (part, answers) = compile(&index.to_string(), case, &socket(index), &upstream)?;
        parts.push(part);
        simulated.push(answers);
    }
    let config = config::bootstrap(parts);
    let _envoy = Envoy::start(program, directory.path(), &config, &socket(cases.len() - 1))?;
    let mut differences = Vec::new();
    for (index, (case, simulated)) in cases.iter().zip(simulated).enumerate() {
        let mut client = Client::new(&socket(index));
        for (request, (client_request, simulated)) in case.requests.iter().zip(simulated).enumerate() {
            let response = client.send(client_request).map_err(|error| format!("{error}: {client_request:?}"))?;
            let observed = Observed::new(&response, &index.to_string());
            *statuses.entry(observed.status).or_default() += 1;
            if let Err(description) = compare::compare(client_request, &simulated, &observed) {
                differences.push(Difference { case: index, request, description });
            }
        }
    }
    Ok(differences)
}

fn compile(name: &str, case: &Case, socket: &Path, upstream: &Path) -> Result<(Part, Vec<Simulated>), String> {
    let mode = if case.registry_only { "outboundTrafficPolicy: {mode: REGISTRY_ONLY}\n" } else { "" };
    let snapshot = Snapshot::of_texts([("manifests.yaml", case.manifests.as_str()), ("mesh.yaml", mode)]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let proxy = match case.proxy {
        Proxy::Sidecar => routing::Proxy::sidecar(&world, NAMESPACE, &BTreeMap::new()),
        Proxy::Gateway => {
            let labels = BTreeMap::from([("app".to_owned(), "gateway".to_owned())]);
            routing::Proxy::gateway(&world, NAMESPACE, &labels)
        }
    };
    let (outbound, gateway) = match &proxy.role {
        Role::Sidecar(scope) => (Some(outbound::OutboundPort::new(&proxy, scope, PORT)), None),
        Role::Gateway => (None, Some(gateway::GatewayPort::new(&proxy, PORT))),
    };
    let of_sidecar = outbound.iter().flat_map(outbound::OutboundPort::listeners);
    let of_gateway = gateway.iter().flat_map(|port| &port.listeners);
    let shared = of_sidecar.chain(of_gateway).find(|listener| listener.bind.is_none());
    let tables = shared.into_iter().flat_map(|listener| &listener.chains).filter_map(|chain| match &chain.action {
        ChainAction::Http { table, .. } => Some(table.as_ref()),
        ChainAction::Tcp(_) => None,
    });
    let table = tables.into_iter().next().ok_or("the port has no route table")?;
    let part = config::part(name, case.proxy, &proxy, table, (socket, upstream));
    let simulator = Simulator::new(&world);
    let simulated = case.requests.iter().map(|client_request| {
        let answer = match question(client_request, &proxy) {
            Some(question) => Some(simulator.simulate(&question).map_err(|unanswered| unanswered.error)?),
            None => None,
        };
        Ok(Simulated { route: matching_route(table, client_request, case.proxy == Proxy::Sidecar), answer })
    });
    let simulated: Result<Vec<Simulated>, String> = simulated.collect();
    Ok((part, simulated?))
}

/// The name of the route that matches a request; empty if none does.
fn matching_route(table: &Table<'_>, client_request: &ClientRequest, is_sidecar: bool) -> String {
    let target = client_request.target.as_slice();
    let mark = target.iter().position(|byte| *byte == b'?');
    let (path, query) = mark.map_or((target, None), |mark| (&target[..mark], Some(&target[mark + 1..])));
    let header = |header: &'_ crate::case::Header| {
        (header.name.to_ascii_lowercase().into(), header.value.trim_ascii().to_vec().into())
    };
    let reception = match is_sidecar {
        true => Reception::Sidecar,
        false => Reception::Gateway { trusted_proxies: 0, keeps_certificate: false },
    };
    let request = routing::HttpRequest {
        authority: client_request.host.as_str().into(),
        method: client_request.method.as_str().into(),
        path: normalize_path(path, PathNormalization::Base),
        query: query.map(Into::into),
        headers: client_request.headers.iter().map(header).collect(),
        ..routing::HttpRequest::default()
    }
    .as_received(reception, None);
    let host_index = |host: &routing::VirtualHost<'_>| {
        table.virtual_hosts().iter().position(|other| std::ptr::eq(other, host)).unwrap_or_default()
    };
    match table.find(&request) {
        RouteLookup::Clause(host, clause) => {
            let at = host.clauses.iter().position(|other| std::ptr::eq(other, clause)).unwrap_or_default();
            format!("{}/{at}", host_index(host))
        }
        RouteLookup::NoVirtualHost if table.fallback != routing::Fallback::NotFound => "fallback".to_owned(),
        RouteLookup::NoVirtualHost | RouteLookup::NoPath | RouteLookup::NoClause(_) | RouteLookup::RequiresTls(_) => {
            String::new()
        }
    }
}

/// The request for `mesh simulate`; `None` if it is not UTF-8.
fn question(client_request: &ClientRequest, proxy: &routing::Proxy<'_>) -> Option<simulate::Request> {
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for header in &client_request.headers {
        let value = String::from_utf8(header.value.clone()).ok()?;
        // All lines of a header go under the first spelling of its name, to keep their order.
        let known = headers.keys().find(|name| name.eq_ignore_ascii_case(&header.name)).cloned();
        headers.entry(known.unwrap_or_else(|| header.name.clone())).or_default().push(value);
    }
    let workload = || WorkloadRef {
        namespace: Some(proxy.namespace.clone()),
        labels: proxy.labels.clone(),
        ..WorkloadRef::default()
    };
    let is_gateway = proxy.is_gateway();
    Some(simulate::Request {
        gateway: is_gateway.then(|| GatewayRef::Workload(workload())),
        from: (!is_gateway).then(workload),
        host: Some(client_request.host.clone()),
        port: Some(PORT),
        method: Some(client_request.method.clone()),
        path: Some(String::from_utf8(client_request.target.clone()).ok()?),
        headers: headers.into_iter().map(|(name, values)| (name, HeaderValue::Many(values))).collect(),
        ..simulate::Request::default()
    })
}
