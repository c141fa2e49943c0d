//! A request for every rule of every host: the requests of `mesh simulate` without a URL.
//!
//! [`contexts`] has the proxies and ports that route for the hosts of VirtualServices and other routes. [`rules`] finds
//! the rules that such a proxy has for a host, with a request for each.
//! [`clients`] are those that a rule is for, and [`denials`] finds requests that policies let reach a rule.

mod clients;
mod contexts;
mod denials;
mod rules;

use std::sync::Arc;

use super::{Answer, Decision, Outcome, Request, Simulator, Unanswered};
use crate::source::Span;

/// The condition of a rule that takes all requests that others leave.
const OTHERWISE: &str = "otherwise";

/// The answer for the requests that a rule takes.
#[derive(Debug, Clone)]
pub struct RuleAnswer {
    /// The host for which the rule is, which can be a wildcard; full for a Kubernetes Service.
    pub host: String,
    /// A request that the rule takes.
    pub asked: Request,
    /// The requests that it takes: `path is /productpage`.
    pub when: String,
    /// The answer to the request.
    pub result: Result<Answer, Unanswered>,
    /// The decision of a policy of the proxy that denies some requests, but not all, before they reach the rule.
    pub denial: Option<Arc<Decision>>,
}

/// The answers for every rule that a request like `template` can take: what the template leaves open can have any value.
pub(super) fn answers(simulator: &Simulator<'_>, template: &Request) -> Vec<RuleAnswer> {
    let mut groups: Vec<Vec<RuleAnswer>> = Vec::new();
    let mut answers: Vec<RuleAnswer> = Vec::new();
    let contexts = contexts::of(simulator.world, template);
    let found: Vec<Vec<RuleAnswer>> = contexts.iter().map(|it| rules::answers(simulator, template, it)).collect();
    let place = |context: &contexts::Context| (context.host.clone(), context.request.gateway.clone());
    let with_rules = contexts.iter().zip(&found).filter(|(_, found)| !found.is_empty());
    let with_rules: Vec<_> = with_rules.map(|(context, _)| place(context)).collect();
    for (context, mut found) in contexts.into_iter().zip(found) {
        // A host has a row even without rules, unless the options choose among the ports.
        if found.is_empty() && context.is_main && template.port.is_none() && !with_rules.contains(&place(&context)) {
            found.push(rules::without_rules(simulator, context));
        }
        // Several ports of a proxy often have the same rules.
        let is_known = groups.iter().any(|known| {
            known.len() == found.len() && known.iter().zip(&found).all(|(known, found)| known.does_the_same(found))
        });
        if !is_known {
            groups.push(found);
        }
    }
    groups.into_iter().for_each(|group| answers.extend(group));
    // The rules before one that takes all other requests can be for other clients.
    let place = |answer: &RuleAnswer| (answer.host.clone(), answer.asked.gateway.clone());
    let places: Vec<_> = answers.iter().map(place).collect();
    for answer in &mut answers {
        if answer.when == OTHERWISE && places.iter().filter(|it| **it == place(answer)).count() == 1 {
            answer.when = answer.all_requests().to_owned();
        }
    }
    answers
}

impl RuleAnswer {
    /// A request of which no mesh has the workloads and the gateway.
    pub(super) fn without_answer(request: &Request) -> Self {
        let result = Err(Unanswered::to(request, String::new()));
        Self { host: String::new(), asked: request.clone(), when: String::new(), result, denial: None }
    }

    /// Whether two rules of one proxy are the same, but for the port at which a request arrives.
    fn does_the_same(&self, other: &Self) -> bool {
        let is_alike = |(one, other): (&Answer, &Answer)| {
            let place = |answer: &Answer| answer.route.as_ref().map(|route| route.span);
            let targets = |answer: &Answer| -> Vec<_> {
                let targets = answer.destinations.iter();
                targets.map(|it| (it.host.clone(), it.subset.clone(), it.weight.clone(), it.problem)).collect()
            };
            (one.outcome, one.status, place(one), &one.policy)
                == (other.outcome, other.status, place(other), &other.policy)
                && targets(one) == targets(other)
        };
        self.host == other.host
            && self.when == other.when
            && self.asked.gateway == other.asked.gateway
            && match (&self.result, &other.result) {
                (Ok(one), Ok(other)) => is_alike((one, other)),
                (Err(one), Err(other)) => one.error == other.error,
                _ => false,
            }
    }
}

/// The rule that an answer must come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// The route, or one of its matches, at this place.
    Route(Span),
    /// The default route of a service.
    Default,
    /// No rule.
    Nothing,
}

impl RuleAnswer {
    /// The route that took the request.
    fn taken(&self) -> Option<Taken> {
        self.result.as_ref().ok()?.route.as_ref().map(|route| Taken::Route(route.span))
    }
}

impl Taken {
    /// Whether an answer comes from the rule.
    fn by(self, answer: &Answer) -> bool {
        let route = answer.route.as_ref().map(|route| route.span);
        match self {
            Self::Route(span) => route == Some(span),
            Self::Default => route.is_none() && answer.outcome == Outcome::Forward,
            Self::Nothing => answer.outcome == Outcome::NoRoute,
        }
    }
}
