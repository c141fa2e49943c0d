//! A request for every rule of every host: the requests of `mesh simulate` without a URL.
//!
//! [`contexts`] has the proxies and ports that route for the hosts of VirtualServices and other routes. [`rules`] finds
//! the rules that such a proxy has for a host, with a request for each, and [`when`] says for which requests a rule is.

mod contexts;
mod other_client;
mod rules;
pub(super) mod when;

use super::{Answer, Outcome, Request, Simulator, Unanswered};
use crate::source::Span;

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
}

/// The answers for every rule that a request like `template` can take: what the template leaves open can have any value.
pub(super) fn answers(simulator: &Simulator<'_>, template: &Request) -> Vec<RuleAnswer> {
    let mut groups: Vec<Vec<RuleAnswer>> = Vec::new();
    for context in contexts::of(simulator.world, template) {
        let found = rules::answers(simulator, template, context);
        // Several ports of a proxy often have the same rules.
        let is_known = groups.iter().any(|known| {
            known.len() == found.len() && known.iter().zip(&found).all(|(known, found)| known.does_the_same(found))
        });
        if !is_known {
            groups.push(found);
        }
    }
    groups.into_iter().flatten().collect()
}

impl RuleAnswer {
    /// A request of which no mesh has the workloads and the gateway.
    pub(super) fn without_answer(request: &Request) -> Self {
        let result = Err(Unanswered::to(request, String::new()));
        Self { host: String::new(), asked: request.clone(), when: String::new(), result }
    }

    /// Whether two rules of one proxy are the same, but for the port at which a request arrives.
    fn does_the_same(&self, other: &Self) -> bool {
        let is_alike = |(one, other): (&Answer, &Answer)| {
            let place = |answer: &Answer| answer.route.as_ref().map(|route| route.span);
            let targets = |answer: &Answer| -> Vec<_> {
                let targets = answer.destinations.iter();
                targets.map(|it| (it.host.clone(), it.subset.clone(), it.weight.clone(), it.problem)).collect()
            };
            (one.outcome, one.status, place(one)) == (other.outcome, other.status, place(other))
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
