//! The rules that a proxy has for a host, with a request for each.

use super::contexts::Context;
use super::other_client::OtherClient;
use super::{RuleAnswer, Taken, when};
use crate::routing::{
    Automata, ChainAction, Clause, ClauseAction, Connection, MatchCondition, MatchSubject, RouteLookup, Sample,
    VirtualHost,
};
use crate::simulate::naming;
use crate::simulate::question::{Question, ReceivingProxy};
use crate::simulate::request::{HeaderValue, Request};
use crate::simulate::{Answer, Outcome, Simulator};

/// The answers for the rules of a host that a request like that of the context can take. Each is the answer to a request
/// that the rule takes. Without rules, it is the answer to the request of the context.
pub(super) fn answers(simulator: &Simulator<'_>, template: &Request, context: Context) -> Vec<RuleAnswer> {
    let found = match context.taken {
        Some(taken) => {
            let answer = ask(simulator, context.request.clone(), String::new());
            Vec::from_iter(Some(answer).filter(|it| it.is_taken_by(taken)))
        }
        None => of_http(simulator, template, &context),
    };
    let mut found =
        if found.is_empty() && context.is_main { vec![ask(simulator, context.request, String::new())] } else { found };
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
            [] if several && index > 0 => "otherwise".to_owned(),
            [] => "every request".to_owned(),
            words => words.join(" and "),
        };
    }
    found
}

fn ask(simulator: &Simulator<'_>, asked: Request, when: String) -> RuleAnswer {
    RuleAnswer {
        host: String::new(),
        result: simulator.simulate(&asked).map(Answer::for_incomplete_manifests),
        asked,
        when,
    }
}

impl RuleAnswer {
    fn is_taken_by(&self, taken: Taken) -> bool {
        self.result.as_ref().is_ok_and(|answer| taken.by(answer))
    }
}

/// The rules of the virtual host of a request, and those that only other clients have.
fn of_http(simulator: &Simulator<'_>, template: &Request, context: &Context) -> Vec<RuleAnswer> {
    let request = &context.request;
    let automata = Automata::default();
    let Some(seen) = SeenRules::of(simulator, request) else {
        return of_others(simulator, template, context, &[], &automata);
    };
    let mut found = of_others(simulator, template, context, &seen.keys, &automata);
    for (index, key) in seen.keys.iter().enumerate() {
        let answer = match &seen.clients[index] {
            None if seen.is_live[index] => seen.answer(simulator, template, request, index, &automata),
            // Other clients may take the rule.
            Some(client) if template.from.is_none() && request.gateway.is_none() => {
                let request = client.send(request);
                let others = SeenRules::of(simulator, &request);
                let own = others.as_ref().and_then(|others| others.keys.iter().position(|other| other == key));
                let answer = own.and_then(|own| others?.answer(simulator, template, &request, own, &automata));
                answer.map(|answer| client.named_in(answer))
            }
            _ => None,
        };
        found.extend(answer);
    }
    found.extend(seen.without_rule(simulator, template, request, &automata));
    // The policies of a gateway deny some requests before they reach a rule.
    let is_denied = |it: &RuleAnswer| it.result.as_ref().is_ok_and(|answer| answer.outcome == Outcome::Denied);
    if found.iter().all(is_denied) {
        found.truncate(1);
        found.iter_mut().for_each(|it| it.when.clear());
    }
    found
}

/// The rules for other clients of which a proxy has nothing, not even a virtual host: istiod leaves out a VirtualService
/// without rules for the client. `known` are the rules that the proxy of the usual client has.
fn of_others(
    simulator: &Simulator<'_>,
    template: &Request,
    context: &Context,
    known: &[Taken],
    automata: &Automata,
) -> Vec<RuleAnswer> {
    let mut known = known.to_vec();
    let mut found = Vec::new();
    for client in &context.other_clients {
        let request = client.send(&context.request);
        let Some(seen) = SeenRules::of(simulator, &request) else { continue };
        for (index, key) in seen.keys.iter().enumerate() {
            let is_new = matches!(key, Taken::Route(_)) && seen.is_live[index] && !known.contains(key);
            if let Some(answer) = is_new.then(|| seen.answer(simulator, template, &request, index, automata)).flatten()
            {
                known.push(*key);
                found.push(client.named_in(answer));
            }
        }
    }
    found
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
    clients: Vec<Option<OtherClient>>,
}

impl SeenRules {
    fn of(simulator: &Simulator<'_>, request: &Request) -> Option<Self> {
        let named = naming::resolve(simulator.world, request).ok()?;
        let question = Question::new(&named.request, simulator).ok()?;
        let ReceivingProxy::Client { listeners, address } = &question.proxy else { return None };
        let connection = Connection { address: *address, payload: question.payload() };
        let chain = listeners.listener(*address)?.chain(&connection)?;
        let ChainAction::Http { table, .. } = &chain.action else { return None };
        match listeners.routes(table).table.find(&question.http) {
            RouteLookup::Clause(host, _) | RouteLookup::NoClause(host) => Some(Self::new(&question, request, host)),
            RouteLookup::RequiresTls(_) | RouteLookup::NoVirtualHost | RouteLookup::NoPath => None,
        }
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
            clients: host.clauses.iter().map(OtherClient::of).collect(),
        }
    }

    /// The answer to a request that a rule takes. `None` if none is found.
    fn answer(
        &self,
        simulator: &Simulator<'_>,
        template: &Request,
        request: &Request,
        index: usize,
        automata: &Automata,
    ) -> Option<RuleAnswer> {
        let own: Vec<&MatchCondition> = self.conditions[index].iter().collect();
        let sample = self.sample.past(&own, &self.before(index), automata)?;
        let given = given(template);
        let when = when::conditions(&self.conditions[index], |subject| is_given(&given, subject));
        let answer = ask(simulator, self.request_like(&sample, request), when.join(" and "));
        let denied = answer.result.as_ref().is_ok_and(|it| it.outcome == Outcome::Denied && it.policy.is_some());
        (denied || answer.is_taken_by(self.keys[index])).then_some(answer)
    }

    /// The answer to a request that no rule takes.
    fn without_rule(
        &self,
        simulator: &Simulator<'_>,
        template: &Request,
        request: &Request,
        automata: &Automata,
    ) -> Option<RuleAnswer> {
        // A given path gets an answer from the rules.
        let sample = self.sample.past(&[], &self.before(self.keys.len()), automata)?;
        let answer = ask(simulator, self.request_like(&sample, request), String::new());
        (answer.is_taken_by(Taken::Nothing) && template.path.is_none()).then_some(answer)
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
