//! Many cases in one Envoy: what the library says of their requests, and what Envoy does with them.

use std::collections::BTreeMap;
use std::path::Path;

use mesh::config::Config;
use mesh::load::Snapshot;
use mesh::routing::{self, ChainAction, Role, RouteLookup, Table, gateway, normalize_path, outbound};
use mesh::simulate::{self, Answer, GatewayRef, HeaderValue, Simulator, WorkloadRef};
use mesh::world::{PathNormalization, Settings, World};

use crate::case::{Ask, Case, Proxy};
use crate::client::Client;
use crate::compare::{self, Seen};
use crate::config::{self, Part};
use crate::proxy::Envoy;
use crate::upstream;

/// Where the client, or the gateway, is.
const NAMESPACE: &str = "default";

/// The port that is dialled.
const PORT: u32 = 80;

/// What the library says of a request.
#[derive(Debug)]
pub struct Said {
    /// The route that takes it, by the name that Envoy's has; empty without one.
    pub route: String,
    /// The whole answer; `None` for a request that is no UTF-8, which the interface cannot express.
    pub answer: Option<Answer>,
}

/// A disagreement.
#[derive(Debug)]
pub struct Difference {
    /// The index of the case.
    pub case: usize,
    /// The index of its request.
    pub request: usize,
    /// What is different.
    pub what: String,
}

/// Asks one Envoy all requests of some cases, and compares. An error is a configuration that Envoy refuses.
pub fn differences(program: &Path, cases: &[Case]) -> Result<Vec<Difference>, String> {
    counted(program, cases, &mut BTreeMap::new())
}

/// The same; the statuses of Envoy's answers are counted.
pub fn counted(program: &Path, cases: &[Case], statuses: &mut BTreeMap<u32, usize>) -> Result<Vec<Difference>, String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let upstream = directory.path().join("upstream");
    upstream::start(&upstream);
    let socket = |index: usize| directory.path().join(format!("{index}"));
    let mut parts = Vec::new();
    let mut said = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let (part, answers) = compile(&index.to_string(), case, &socket(index), &upstream)?;
        parts.push(part);
        said.push(answers);
    }
    let config = config::bootstrap(parts);
    let _envoy = Envoy::start(program, directory.path(), &config, &socket(cases.len() - 1))?;
    let mut differences = Vec::new();
    for (index, (case, said)) in cases.iter().zip(said).enumerate() {
        let mut client = Client::new(&socket(index));
        for (request, (ask, said)) in case.requests.iter().zip(said).enumerate() {
            let answered = client.ask(ask).map_err(|error| format!("{error}: {ask:?}"))?;
            let seen = Seen::new(&answered, &index.to_string());
            *statuses.entry(seen.status).or_default() += 1;
            if let Err(what) = compare::compare(ask, &said, &seen) {
                differences.push(Difference { case: index, request, what });
            }
        }
    }
    Ok(differences)
}

fn compile(name: &str, case: &Case, socket: &Path, upstream: &Path) -> Result<(Part, Vec<Said>), String> {
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
    let table = tables.into_iter().next().ok_or("no table")?;
    let part = config::part(name, case.proxy, &proxy, table, (socket, upstream));
    let simulator = Simulator::new(&world);
    let said = case.requests.iter().map(|ask| {
        let answer = match question(ask, &proxy) {
            Some(question) => Some(simulator.simulate(&question).map_err(|unanswered| unanswered.error)?),
            None => None,
        };
        Ok(Said { route: taken(table, ask, case.proxy == Proxy::Sidecar), answer })
    });
    let said: Result<Vec<Said>, String> = said.collect();
    Ok((part, said?))
}

/// The name of the route that takes a request.
fn taken(table: &Table<'_>, ask: &Ask, is_sidecar: bool) -> String {
    let target = ask.target.as_slice();
    let mark = target.iter().position(|byte| *byte == b'?');
    let (path, query) = mark.map_or((target, None), |mark| (&target[..mark], Some(&target[mark + 1..])));
    let header = |header: &'_ crate::case::Header| {
        (header.name.to_ascii_lowercase().into(), header.value.trim_ascii().to_vec().into())
    };
    let request = routing::HttpRequest {
        authority: ask.host.as_str().into(),
        method: ask.method.as_str().into(),
        path: normalize_path(path, PathNormalization::Base),
        query: query.map(Into::into),
        headers: ask.headers.iter().map(header).collect(),
        ..routing::HttpRequest::default()
    }
    .as_received(is_sidecar);
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

/// The request as the interface has it; `None` if it is no UTF-8.
fn question(ask: &Ask, proxy: &routing::Proxy<'_>) -> Option<simulate::Request> {
    let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for header in &ask.headers {
        let value = String::from_utf8(header.value.clone()).ok()?;
        // The first spelling of a name stands for all, so that their order is kept.
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
        host: Some(ask.host.clone()),
        port: Some(PORT),
        method: Some(ask.method.clone()),
        path: Some(String::from_utf8(ask.target.clone()).ok()?),
        headers: headers.into_iter().map(|(name, values)| (name, HeaderValue::Many(values))).collect(),
        ..simulate::Request::default()
    })
}
