//! One request through the route table of a proxy: what happens, and why.

mod answer;
mod apply;
mod questions;
mod request;
mod result;
mod vantage;

pub use request::{Direction, GatewayRef, HeaderValue, Protocol, Request, Tls, Workload};
pub use result::{
    Abort, Answer, Delay, Destination, Fault, Mirror, Outcome, Retries, Rewritten, Route, Step, Unanswered, Verdict,
};

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::routing::{self, Listener, Vantage, gateway, sidecar};
use crate::world::World;

/// Answers questions about requests. Route tables are compiled when they are first needed, and kept.
#[derive(Debug)]
pub struct Simulator<'a> {
    world: &'a World<'a>,
    listeners: Mutex<HashMap<Vantage, Arc<Listener<'a>>>>,
}

/// Tables that are kept at a time, so that questions of ever new clients do not fill the memory.
const MOST_TABLES: usize = 256;

impl<'a> Simulator<'a> {
    /// A simulator for a mesh.
    pub fn new(world: &'a World<'a>) -> Self {
        Self { world, listeners: Mutex::default() }
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
        refuse_what_is_not_simulated(question)?;
        let host = question.host.as_deref().filter(|host| !host.is_empty()).ok_or("the request has no host")?;
        let vantage = vantage::vantage(self.world, question, host)?;
        let listener = self.listener(&vantage);
        let request = routing_request(question, host, &vantage);
        answer::answer(self.world, question, &vantage, &listener, &request)
    }

    /// A question for each host that a VirtualService defines, made of what `template` asks.
    pub fn questions(&self, template: &Request) -> Vec<Request> {
        questions::questions(self.world, template)
    }

    fn listener(&self, vantage: &Vantage) -> Arc<Listener<'a>> {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(listener) = listeners.get(vantage) {
            return Arc::clone(listener);
        }
        if listeners.len() >= MOST_TABLES {
            listeners.clear();
        }
        let listener = Arc::new(match vantage {
            Vantage::Sidecar { .. } => sidecar::table(self.world, vantage).map_or(Listener::Closed, Listener::Http),
            Vantage::Gateway { .. } => gateway::listener(self.world, vantage),
        });
        listeners.insert(vantage.clone(), Arc::clone(&listener));
        listener
    }
}

/// What would have to be guessed is refused.
fn refuse_what_is_not_simulated(question: &Request) -> Result<(), String> {
    let is_gateway = question.gateway.is_some();
    let refused = if question.direction == Some(Direction::Inbound) || question.to.is_some() {
        "the inbound side of a workload"
    } else if question.protocol == Some(Protocol::Tcp) {
        "TCP"
    } else if !is_gateway && question.tls.is_some_and(|tls| tls != Tls::Plaintext) {
        "TLS from a sidecar"
    } else {
        return if question.direction == Some(Direction::Gateway) && !is_gateway {
            Err("direction gateway needs the field gateway".to_owned())
        } else {
            Ok(())
        };
    };
    Err(format!("not simulated yet: {refused}"))
}

/// The request as Envoy's router sees it.
fn routing_request<'q>(question: &'q Request, host: &'q str, vantage: &Vantage) -> routing::Request<'q> {
    let target = question.path.as_deref().unwrap_or("/");
    let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
    let has_tls = matches!(vantage, Vantage::Gateway { sni: Some(_), .. });
    let headers = question.headers.iter().flat_map(|(name, value)| {
        value.values().iter().map(move |value| (lower_case(name), value.trim().as_bytes().into()))
    });
    routing::Request {
        authority: host.into(),
        method: question.method.as_deref().unwrap_or("GET").into(),
        scheme: question.scheme.as_deref().unwrap_or(if has_tls { "https" } else { "http" }).into(),
        path: routing::normalize_path(path.as_bytes()),
        query: query.map(|query| query.as_bytes().into()),
        headers: headers.collect(),
        claims: &question.claims,
    }
    // A gateway talks to clients of all sorts.
    .as_received(matches!(vantage, Vantage::Sidecar { .. }))
}

fn lower_case(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name.into() }
}
