//! The rules that a proxy has for a host, with a request for each.

use super::clients::Clients;
use super::contexts::Context;
use super::denials::{self, Denials, Wish};
use super::{OTHERWISE, RuleAnswer, Taken};
use crate::routing::{
    Automata, ChainAction, Clause, ClauseAction, MatchCondition, MatchSubject, RouteLookup, Sample, VirtualHost, when,
};
use crate::simulate::question::Question;
use crate::simulate::request::{HeaderValue, Request};
use crate::simulate::{Answer, Simulator};

/// The answers for the rules of a host that a request like that of the context can take. Each is the answer to a request
/// that the rule takes, or that a policy denies before.
pub(super) fn answers(simulator: &Simulator<'_>, template: &Request, context: &Context) -> Vec<RuleAnswer> {
    let mut found = match context.taken {
        Some(taken) => of_connection(simulator, template, &context.request, taken).into_iter().collect(),
        None => of_http(simulator, template, context),
    };
    // A server without routes is left out beside one that has some.
    let several = found.len() > 1;
    if !context.is_main && !several {
        found.retain(|it| !it.is_taken_by(Taken::Nothing));
    }
    for (index, answer) in found.iter_mut().enumerate() {
        answer.host.clone_from(&context.host);
        let words = [context.when.as_str(), answer.when.as_str()];
        let words: Vec<&str> = words.into_iter().filter(|words| !words.is_empty()).collect();
        answer.when = match words.as_slice() {
            [] if several && index > 0 => OTHERWISE.to_owned(),
            [] => answer.all_requests().to_owned(),
            words => words.join(" and "),
        };
    }
    found
}

/// The answer to the request of a context that no rule takes.
pub(super) fn without_rules(simulator: &Simulator<'_>, context: Context) -> RuleAnswer {
    let mut answer = ask(simulator, context.request, String::new());
    if let Err(unanswered) = &mut answer.result {
        unanswered.error.push_str(&format!(" ({})", context.owner));
    }
    RuleAnswer { host: context.host, when: answer.all_requests().to_owned(), ..answer }
}

fn ask(simulator: &Simulator<'_>, asked: Request, when: String) -> RuleAnswer {
    RuleAnswer {
        host: String::new(),
        result: simulator.simulate(&asked).map(Answer::for_incomplete_manifests),
        asked,
        when,
        denial: None,
    }
}

impl RuleAnswer {
    fn is_taken_by(&self, taken: Taken) -> bool {
        self.result.as_ref().is_ok_and(|answer| taken.by(answer))
    }

    /// The words for all requests of a rule without conditions.
    pub(super) fn all_requests(&self) -> &'static str {
        match (&self.denial, denials::is_denied(self)) {
            (None, _) => "every request",
            (Some(_), false) => "every allowed request",
            (Some(_), true) => "some requests",
        }
    }
}

/// The answer for a connection that a route takes.
fn of_connection(simulator: &Simulator<'_>, template: &Request, request: &Request, taken: Taken) -> Option<RuleAnswer> {
    let answer = ask(simulator, request.clone(), String::new());
    if answer.is_taken_by(taken) {
        return Some(answer);
    }
    let wished = |wish: &Wish| {
        let source_ip = wish.source_ip.clone().or_else(|| request.source_ip.clone());
        Some(ask(simulator, Request { source_ip, ..request.clone() }, String::new()))
    };
    let let_past = |denied| Denials { simulator, template }.let_past(denied, &wished, &|it| it.is_taken_by(taken));
    Some(answer).filter(denials::is_denied).map(let_past)
}

/// The rules of the virtual host of a request.
fn of_http(simulator: &Simulator<'_>, template: &Request, context: &Context) -> Vec<RuleAnswer> {
    let automata = Automata::default();
    let request = &context.request;
    let seen = SeenRules::of(simulator, request);
    let asking = Asking { simulator, template, automata: &automata };
    let of_clients = |clients: &Clients, is_wanted: &dyn Fn(Taken) -> bool| {
        let request = clients.send(request);
        let Some(others) = SeenRules::of(simulator, &request) else { return Vec::new() };
        let own = (0..others.keys.len()).filter(|index| others.is_live[*index] && is_wanted(others.keys[*index]));
        let found = own.filter_map(|index| others.answer(&asking, &request, index));
        let found = found.map(|answer| {
            let when = [clients.words(), answer.when.clone()].join(" and ");
            RuleAnswer { when: when.trim_end_matches(" and ").to_owned(), ..answer }
        });
        found.collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    // istiod gives a proxy nothing of a VirtualService whose rules are all for other clients.
    for clients in &context.clients {
        let is_known = |key: Taken| seen.as_ref().is_some_and(|seen| seen.keys.contains(&key));
        let known: Vec<Taken> = found.iter().filter_map(RuleAnswer::taken).collect();
        let is_wanted = |key: Taken| matches!(key, Taken::Route(_)) && !is_known(key) && !known.contains(&key);
        found.extend(of_clients(clients, &is_wanted));
    }
    let Some(seen) = seen else {
        if !found.is_empty() {
            found.push(ask(simulator, request.clone(), String::new()));
        }
        return found;
    };
    for (index, key) in seen.keys.iter().enumerate() {
        match &seen.clients[index] {
            None if seen.is_live[index] => found.extend(seen.answer(&asking, request, index)),
            // Other clients may take the rule.
            Some(clients) if template.from.is_none() && request.gateway.is_none() => {
                found.extend(of_clients(clients, &|other| other == *key));
            }
            _ => {}
        }
    }
    found.extend(seen.without_rule(&asking, request));
    // Policies can deny all requests before they reach a rule.
    if found.iter().all(|it| denials::is_denied(it) && it.denial.is_none()) {
        found.truncate(1);
        found.iter_mut().for_each(|it| it.when.clear());
    }
    found
}

/// The parts that all requests for the rules of a host share.
struct Asking<'s, 'a> {
    simulator: &'s Simulator<'a>,
    template: &'s Request,
    automata: &'s Automata,
}

/// The rules of a virtual host, as the proxy of a request has them.
struct SeenRules {
    /// The request as the proxy sees it.
    sample: Sample,
    keys: Vec<Taken>,
    conditions: Vec<Vec<MatchCondition>>,
    /// Whether the proxy has the rule.
    is_live: Vec<bool>,
    /// The clients that a rule is for, if this one is not among them.
    clients: Vec<Option<Clients>>,
}

impl SeenRules {
    fn of(simulator: &Simulator<'_>, request: &Request) -> Option<Self> {
        simulator.on_listener(request, |question, listeners, listener, connection| {
            let ChainAction::Http { table, .. } = &listener.chain(connection)?.action else { return None };
            match listeners.routes(table).table.find(&question.http) {
                RouteLookup::Clause(host, _) | RouteLookup::NoClause(host) => Some(Self::new(question, request, host)),
                RouteLookup::RequiresTls(_) | RouteLookup::NoVirtualHost | RouteLookup::NoPath => None,
            }
        })
    }

    fn new(question: &Question<'_, '_>, request: &Request, host: &VirtualHost<'_>) -> Self {
        let http = &question.http;
        let headers = http.headers.iter();
        let sample = Sample {
            authority: http.authority.to_string(),
            method: http.method.to_string(),
            scheme: http.scheme.to_string(),
            path: String::from_utf8_lossy(&http.path).into_owned(),
            query: Vec::new(),
            headers: headers
                .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value).into_owned()))
                .collect(),
            // A proxy has the claims only after it has checked the token.
            claims: request.claims.clone(),
            given: given(request),
        };
        Self {
            sample,
            keys: host.clauses.iter().map(key).collect(),
            conditions: host.clauses.iter().map(|clause| clause.conditions.clone()).collect(),
            is_live: host.clauses.iter().map(Clause::is_live).collect(),
            clients: host.clauses.iter().map(Clients::of_clause).collect(),
        }
    }

    /// The answer to a request that a rule takes, or that a policy denies before. `None` if none is found.
    fn answer(&self, asking: &Asking<'_, '_>, request: &Request, index: usize) -> Option<RuleAnswer> {
        let given = given(asking.template);
        let when = when::conditions(&self.conditions[index], |subject| is_given(&given, subject)).join(" and ");
        let own: Vec<&MatchCondition> = self.conditions[index].iter().collect();
        self.let_past(asking, request, &own, &self.before(index), self.keys[index]).map(|it| RuleAnswer { when, ..it })
    }

    /// The answer to a request that no rule takes, or that a policy denies before.
    fn without_rule(&self, asking: &Asking<'_, '_>, request: &Request) -> Option<RuleAnswer> {
        // A given path gets an answer from the rules.
        if asking.template.path.is_some() {
            return None;
        }
        let answer = self.let_past(asking, request, &[], &self.before(self.keys.len()), Taken::Nothing)?;
        (answer.is_taken_by(Taken::Nothing) || denials::is_denied(&answer)).then_some(answer)
    }

    /// The answer to a request that meets conditions, and none of those before. If policies deny it, to one that they
    /// let pass.
    fn let_past(
        &self,
        asking: &Asking<'_, '_>,
        request: &Request,
        own: &[&MatchCondition],
        before: &[&[MatchCondition]],
        taken: Taken,
    ) -> Option<RuleAnswer> {
        let Asking { simulator, template, automata } = *asking;
        let answer = |wish: &Wish| {
            let own: Vec<&MatchCondition> = own.iter().copied().chain(&wish.wanted).collect();
            let avoided = wish.avoided.iter().map(std::slice::from_ref);
            let before: Vec<&[MatchCondition]> = before.iter().copied().chain(avoided).collect();
            let sample = self.sample.past(&own, &before, automata)?;
            let asked = self.request_like(&sample, request);
            let issuer = wish.issuer.clone().or_else(|| request.issuer.clone());
            let source_ip = wish.source_ip.clone().or_else(|| request.source_ip.clone());
            Some(ask(simulator, Request { issuer, source_ip, ..asked }, String::new()))
        };
        let first = answer(&Wish::default())?;
        if denials::is_denied(&first) {
            return Some(Denials { simulator, template }.let_past(first, &answer, &|it| it.is_taken_by(taken)));
        }
        first.is_taken_by(taken).then_some(first)
    }

    /// The conditions of the rules before one.
    fn before(&self, index: usize) -> Vec<&[MatchCondition]> {
        let live = (0..index).filter(|earlier| self.is_live[*earlier]);
        live.map(|earlier| self.conditions[earlier].as_slice()).collect()
    }

    /// The request with the values of a sample that it does not have.
    fn request_like(&self, sample: &Sample, request: &Request) -> Request {
        let own = &self.sample;
        let changed = |new: &String, old: &String| Some(new.clone()).filter(|new| new != old);
        let added = sample.headers.iter().filter(|header| !own.headers.contains(header));
        let added = added.map(|(name, value)| (name.clone(), HeaderValue::One(value.clone())));
        let path = changed(&sample.path_and_query(), &own.path_and_query());
        Request {
            host: changed(&sample.authority, &own.authority).or_else(|| request.host.clone()),
            method: changed(&sample.method, &own.method).or_else(|| request.method.clone()),
            path: path.or_else(|| request.path.clone()),
            headers: request.headers.clone().into_iter().chain(added).collect(),
            claims: sample.claims.clone(),
            ..request.clone()
        }
    }
}

fn key(clause: &Clause<'_>) -> Taken {
    match &clause.action {
        ClauseAction::Route(route) => Taken::Route(clause.route_match.map_or(route.owner.span, |(_, span)| span)),
        ClauseAction::Service(_) => Taken::Default,
    }
}

/// The parts of a request that it names.
fn given(request: &Request) -> Vec<MatchSubject> {
    let mut given = vec![MatchSubject::Scheme];
    given.extend(request.method.is_some().then_some(MatchSubject::Method));
    given.extend(request.path.is_some().then_some(MatchSubject::Path { ignore_case: false }));
    given.extend(request.headers.keys().map(|name| MatchSubject::Header(name.to_ascii_lowercase())));
    given.extend((!request.claims.is_null()).then_some(MatchSubject::Claim(Vec::new())));
    given
}

fn is_given(given: &[MatchSubject], subject: &MatchSubject) -> bool {
    given.iter().any(|it| match (it, subject) {
        (MatchSubject::Header(name), MatchSubject::Header(other) | MatchSubject::WithoutHeader(other)) => name == other,
        (MatchSubject::Path { .. }, MatchSubject::Path { .. })
        | (MatchSubject::Claim(_), MatchSubject::Claim(_) | MatchSubject::WithoutClaim(_)) => true,
        (it, subject) => it == subject,
    })
}
