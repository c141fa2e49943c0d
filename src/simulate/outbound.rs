//! The answer of a proxy that routes requests: the sidecar of a client, or a gateway.

use std::net::IpAddr;
use std::sync::Arc;

use super::admission::{OwnPolicies, Screened, Waypoint};
use super::answer::{Answer, Arrived, Decision, Outcome, Refusal, Step};
use super::cache::Cache;
use super::compiled::{Compiled, CompiledTable};
use super::decide::ClauseDecision;
use super::effects::Rewritten;
use super::question::Question;
use super::request::RequestProtocol;
use super::second_leg::{Onward, Sent};
use super::sender::Sender;
use super::{apply, codec, decide, trace, unknowns};
use crate::policy::{self, TokenEffect};
use crate::routing::{
    ChainAction, Clause, ClauseAction, Connection, DefaultChain, HttpRequest, Payload, RouteLookup, VirtualHost, rivals,
};

/// A question for a proxy that routes requests.
pub(super) struct Outbound<'q, 'a> {
    pub(super) question: &'q Question<'q, 'a>,
    pub(super) compiled: &'q Compiled<'a>,
    pub(super) connection: Connection<'q>,
    /// The request as it is routed.
    pub(super) request: &'q HttpRequest<'q>,
    /// The request as it is sent on, before the route changes it.
    sent: &'q HttpRequest<'q>,
    /// The policies that the proxy applies before it routes the request.
    pub(super) policies: OwnPolicies<'q, 'a>,
    /// The effect of the filter for tokens.
    token: Option<&'q TokenEffect>,
}

impl<'q, 'a> Outbound<'q, 'a> {
    /// A question for the listeners of a proxy; the client dials `address`.
    pub fn new(question: &'q Question<'q, 'a>, compiled: &'q Compiled<'a>, address: IpAddr) -> Self {
        let connection = Connection { address, payload: question.payload() };
        let policies = if compiled.proxy.is_gateway() { OwnPolicies::Gateway } else { OwnPolicies::None };
        Self { question, compiled, connection, request: &question.http, sent: &question.http, policies, token: None }
    }

    /// The same question for a waypoint, whose listeners are those of a sidecar.
    pub fn at_waypoint(self, waypoint: &'q Waypoint<'a>) -> Self {
        Self { policies: OwnPolicies::Waypoint(waypoint), ..self }
    }

    /// Says what happens to the request. The error is the reason why there is no answer.
    pub fn answer(&self) -> Result<Answer, String> {
        let mut answer = self.answer_of_known()?;
        if self.compiled.topology.expects_proxy_protocol {
            let note = "the gateway expects the PROXY protocol: the answer assumes that the client begins with it";
            answer.note([note]);
        }
        if answer.route.is_none() && answer.outcome != Outcome::Denied {
            answer.note(self.question.next.map(Cache::unknown_hosts).unwrap_or_default().iter().cloned());
        }
        if self.assumes_certificate() {
            let note = "the gateway requires a certificate of the mesh (`tls.mode: ISTIO_MUTUAL`): the answer assumes that the \
                        client shows one";
            answer.note([note]);
        }
        answer.note(self.compiled.notes.iter().cloned());
        Ok(answer)
    }

    /// The answer, if the hosts of all VirtualServices are known.
    fn answer_of_known(&self) -> Result<Answer, String> {
        let Some(listener) = self.compiled.listener(self.connection.address) else {
            let mut answer = self.without_chain(self.compiled.otherwise());
            answer.note(self.compiled.rejections().to_vec());
            return Ok(answer);
        };
        let chain = listener.chain(&self.connection);
        let steps = |taken| match self.question.trace {
            true => trace::connection(&self.compiled.proxy, listener, &self.connection, taken),
            false => Vec::new(),
        };
        match chain.map(|chain| (chain, &chain.action)) {
            None => {
                let mut answer = self.without_chain(Some(listener.default_chain));
                answer.note(unknowns::in_listener(self.compiled.proxy.world, listener, None));
                Ok(Answer { trace: steps(None), ..answer })
            }
            Some((chain, ChainAction::Tcp(route))) => {
                if let Some(refused) = self.refused_handshake(route.terminates) {
                    return Ok(refused);
                }
                let passage = match self.screened(listener.port, false, route.terminates) {
                    Screened::Denied(denied) => return Ok(*denied),
                    Screened::Passed(passage) => passage,
                };
                let decided = self.compiled.forwarded(listener, chain, route);
                let mut answer = self.forwarded(Arc::clone(&decided.decision));
                answer.note(unknowns::in_listener(self.compiled.proxy.world, listener, Some(route)));
                answer.note(decided.rivals.iter().cloned());
                if matches!(self.connection.payload, Payload::Tls(_)) {
                    answer.note(decided.tls_in_tls.iter().cloned());
                }
                let passed_tls = match self.connection.payload {
                    Payload::Tls(name) if route.terminates.is_none() => Some(name),
                    _ => None,
                };
                let sent = Sent { passed_tls, ..self.sent(None) };
                let onward = match answer.outcome {
                    Outcome::Forward => sent.onward(&route.destinations),
                    _ => Onward::default(),
                };
                let (legs, arrivals) = (onward.legs.into(), onward.arrivals.into());
                (answer.trace, answer.legs, answer.arrivals) = (steps(Some(route)), legs, arrivals);
                passage.join(&mut answer);
                Ok(answer)
            }
            Some((_, ChainAction::Http { terminates, .. })) if !self.speaks_http(terminates.is_some()) => {
                let reason = "the listener expects HTTP, over TLS if it terminates TLS";
                let decision = match self.connection.payload {
                    Payload::Http => {
                        let refusal = Some(Refusal::ExpectsTls);
                        Decision { refusal, notes: vec![reason.to_owned()], ..Decision::new(Outcome::Refused) }
                    }
                    // A client that begins TLS with a plaintext listener cannot read the response.
                    Payload::Tls(_) if terminates.is_none() => Decision { status: None, ..codec::unreadable(reason) },
                    Payload::Tls(_) | Payload::Bytes => codec::unreadable(reason),
                };
                Ok(self.decided(decision))
            }
            Some((_, ChainAction::Http { terminates, .. }))
                if let Some(refused) = self.refused_handshake(*terminates) =>
            {
                Ok(refused)
            }
            Some((_, ChainAction::Http { .. })) if let Some(rejected) = self.rejection() => Ok(self.decided(rejected)),
            Some((_, ChainAction::Http { table, terminates })) => match self.screened(listener.port, true, *terminates)
            {
                Screened::Denied(denied) => Ok(*denied),
                Screened::Passed(mut passage) => {
                    let routes = self.compiled.routes(table);
                    let mut answer = match passage.token.take().filter(|token| token.changes_request()) {
                        Some(token) => {
                            let sent = &token.apply(self.request);
                            // Without a token, Envoy keeps the route that it chose before the filter.
                            let request = if token.has_token() { sent } else { self.request };
                            Outbound { request, sent, token: Some(&*token), ..*self }.routed(routes)
                        }
                        None => self.routed(routes),
                    }?;
                    passage.join(&mut answer);
                    Ok(answer)
                }
            },
        }
    }

    /// The decision for a request that Envoy rejects before routing.
    fn rejection(&self) -> Option<Decision> {
        codec::rejection(self.request, self.question.protocol, self.compiled.proxy.world.settings.path_normalization)
    }

    fn speaks_http(&self, terminates_tls: bool) -> bool {
        match self.connection.payload {
            Payload::Http => !terminates_tls,
            Payload::Tls(_) => terminates_tls && self.question.protocol != RequestProtocol::Tcp,
            Payload::Bytes => false,
        }
    }

    /// The answer for a connection without a filter chain. Without a default chain either, nothing listens.
    fn without_chain(&self, default_chain: Option<DefaultChain>) -> Answer {
        let mut decision = match default_chain {
            Some(_) if let Some(decision) = self.to_made_service() => return self.forwarded(Arc::new(decision)),
            None => Decision::new(Outcome::Refused),
            Some(default_chain) => {
                decide::by_default_chain(&self.compiled.proxy, default_chain, self.connection.payload)
            }
        };
        self.name_dialled(&mut decision);
        self.note_possible_service(&mut decision);
        self.forwarded(Arc::new(decision))
    }

    fn routed(&self, routes: &CompiledTable<'a>) -> Result<Answer, String> {
        if let Some(rejected) = &routes.rejected {
            return Err(rejected.clone());
        }
        let table = &routes.table;
        let (host, mut answer) = match table.find(self.request) {
            RouteLookup::NoVirtualHost => {
                if let Some(decision) = self.to_made_service() {
                    return Ok(self.forwarded(Arc::new(decision)));
                }
                let mut decision = decide::by_fallback(&self.compiled.proxy, table.fallback);
                self.name_dialled(&mut decision);
                self.note_possible_service(&mut decision);
                return Ok(self.forwarded(Arc::new(decision)));
            }
            RouteLookup::NoPath => {
                return Ok(self.decided(Decision { flag: None, ..decide::not_found() }));
            }
            RouteLookup::NoClause(host) => (host, self.decided(decide::not_found())),
            RouteLookup::RequiresTls(host) => (host, self.to_https()),
            RouteLookup::Clause(host, clause) => {
                let decided = routes.decision(&self.compiled.proxy, host, clause)?;
                (host, self.taken(clause, decided)?)
            }
        };
        answer.note(unknowns::in_routes(self.compiled.proxy.world, host, self.request));
        if let Some(other) = table.contested(self.request) {
            let note = format!("virtual host `{other}` has the same host: istiod gives it to one of them at random");
            answer.note([note]);
        }
        self.note_ties(host, &mut answer);
        answer.trace = self.trace(host);
        Ok(answer)
    }

    /// The answer for a request that a clause takes.
    fn taken(&self, clause: &Clause<'_>, decided: &ClauseDecision<'a>) -> Result<Answer, String> {
        let decision = &decided.decision;
        if let ClauseAction::Route(route) = &clause.action
            && apply::is_answered_preflight(self.request, route)
        {
            return Ok(self.decided(Decision {
                status: Some(200),
                route: decision.route.clone(),
                fault: decision.fault.clone(),
                ..Decision::new(Outcome::DirectResponse)
            }));
        }
        let request = match decision.outcome {
            Outcome::Forward if decided.has_own_headers => return self.split(clause, decided),
            Outcome::Forward => {
                let of_destination = decided.clusters.first().and_then(|it| it.headers);
                Some(self.with_token(apply::rewritten(self.sent, clause, of_destination)?))
            }
            _ => None,
        };
        let location = apply::location(self.request, clause, &self.compiled.proxy);
        let (legs, arrivals) = match decision.outcome {
            Outcome::Forward => self.onward(decided, request.as_ref()),
            _ => Default::default(),
        };
        Ok(Answer { request, location, legs, arrivals, ..self.with(Arc::clone(decision)) })
    }

    /// The answer for a request that destinations with header operations of their own share.
    fn split(&self, clause: &Clause<'_>, decided: &ClauseDecision<'a>) -> Result<Answer, String> {
        let rewritten = |headers| Ok::<_, String>(self.with_token(apply::rewritten(self.sent, clause, headers)?));
        let each: Vec<Rewritten> =
            decided.clusters.iter().map(|it| rewritten(it.headers)).collect::<Result<_, String>>()?;
        let is_same = each.iter().all(|it| *it == each[0]);
        let common = if is_same { each[0].clone() } else { rewritten(None)? };
        let mut decision = Arc::clone(&decided.decision);
        if !is_same {
            let destinations = Arc::make_mut(&mut decision).destinations.iter_mut();
            destinations.zip(&each).for_each(|(it, request)| it.request = Some(Box::new(request.clone())));
        }
        let (mut legs, mut arrivals) = (Vec::new(), Vec::new());
        for (cluster, own) in decided.clusters.iter().zip(&each) {
            let onward = self.sent(Some(own)).onward(std::slice::from_ref(cluster));
            legs.extend(onward.legs);
            arrivals.extend(onward.arrivals);
        }
        let (legs, arrivals) = (legs.into(), arrivals.into());
        Ok(Answer { request: Some(common), legs, arrivals, ..self.with(decision) })
    }

    /// The request that the upstream gets, with the headers that the filter for tokens writes and removes.
    fn with_token(&self, mut rewritten: Rewritten) -> Rewritten {
        let Some(token) = self.token else { return rewritten };
        for (name, value) in &token.added_headers {
            rewritten.headers.entry(name.clone()).or_insert_with(|| value.clone());
        }
        let is_gone = |name: &&String| {
            let was_there = self.question.http.headers.iter().any(|(other, _)| other == name.as_str());
            was_there && !rewritten.headers.contains_key(*name) && !rewritten.removed_headers.contains(name)
        };
        let gone: Vec<String> = token.removed_headers.iter().filter(is_gone).cloned().collect();
        rewritten.removed_headers.extend(gone);
        rewritten
    }

    /// The rest of the way. Without policies that look at requests, or another gateway, it is the same for all requests of a
    /// clause that the servers can read.
    fn onward(&self, decided: &ClauseDecision<'a>, rewritten: Option<&Rewritten>) -> (Arc<[Answer]>, Arc<[Arrived]>) {
        let sent = self.sent(rewritten);
        let depends_on_request = decided.leads_to_gateway
            || self.question.protocol != RequestProtocol::Http
            || self.question.trace
            || policy::is_presented(self.sent)
            || decided.has_policies(self.question.next)
            || (decided.changes_requests && sent.is_unreadable());
        if depends_on_request {
            let Onward { legs, arrivals } = sent.onward(&decided.clusters);
            return (legs.into(), arrivals.into());
        }
        (Arc::default(), Arc::clone(decided.arrivals.get_or_init(|| sent.onward(&decided.clusters).arrivals.into())))
    }

    fn sent<'r>(&'r self, rewritten: Option<&'r Rewritten>) -> Sent<'r, 'a> {
        let Self { question, sent: request, .. } = *self;
        let proxy = &self.compiled.proxy;
        Sent { question, request, world: proxy.world, sender: Sender::of(proxy), rewritten, passed_tls: None }
    }

    fn trace(&self, host: &VirtualHost<'_>) -> Vec<Step> {
        if self.question.trace { trace::http(&self.compiled.proxy, host, self.request) } else { Vec::new() }
    }

    /// Adds a note if the order of two VirtualServices depends on their names alone. A gateway joins the routes of
    /// several VirtualServices.
    fn note_ties(&self, host: &VirtualHost<'_>, answer: &mut Answer) {
        if !self.compiled.proxy.is_gateway() {
            return;
        }
        let mut taking = host.clauses.iter().filter_map(|clause| Some((clause.ordered_by()?, clause)));
        let Some((owner, first)) = taking.find(|(_, clause)| clause.takes(self.request)) else { return };
        let rival = taking.find(|(other, clause)| {
            !std::ptr::eq(*other, owner)
                && clause.is_catch_all == first.is_catch_all
                && other.is_tied_with(owner)
                && clause.takes(self.request)
        });
        if let Some((rival, _)) = rival {
            let takes = format!("`{}` also matches the request", rival.name);
            answer.note([rivals::older_wins(&takes, "the first by name")]);
        }
    }

    /// The redirect of a server with `httpsRedirect`, which takes precedence over routes.
    fn to_https(&self) -> Answer {
        let location = format!("https://{}{}", self.request.authority, self.request.path_and_query());
        let decision = Decision { status: Some(301), ..Decision::new(Outcome::Redirect) };
        Answer { location: Some(location), ..self.decided(decision) }
    }

    pub(super) fn decided(&self, decision: Decision) -> Answer {
        self.with(Arc::new(decision))
    }

    /// An answer that forwards the request unchanged, if the request is forwarded at all.
    fn forwarded(&self, decision: Arc<Decision>) -> Answer {
        let goes_on = decision.outcome.goes_on() && self.connection.payload == Payload::Http;
        let request = goes_on.then(|| Rewritten::unchanged(self.request));
        Answer { request, ..self.with(decision) }
    }

    fn with(&self, decision: Arc<Decision>) -> Answer {
        let host = match self.request.authority.as_ref() {
            "" => self.dialled_host(),
            authority => authority.to_owned(),
        };
        Answer {
            gateway: self.question.gateway.map(str::to_owned),
            ..Answer::new(self.question.id.clone(), host, decision)
        }
    }
}
