//! The rules of a proxy for a host.

use crate::routing::{Clause, ClauseAction, MatchCondition, MatchSubject, VirtualHost};
use crate::simulate::{Answer, Outcome, RouteTable, Simulator, Treatment};
use crate::source::Span;

/// A rule: conditions, and what happens to requests that meet them and none before.
pub struct Rule<'t, 'a> {
    /// The conditions.
    pub conditions: &'t [MatchCondition],
    /// The treatment, or the reason why istiod gives the route no action.
    pub treatment: Option<Result<Treatment<'a>, String>>,
    /// The place of the route; `None` for default routes, and for requests that no route takes.
    pub place: Option<Span>,
}

/// The rules of a proxy for a host.
pub struct HostRules<'t, 'a> {
    /// The rules, in order. The last one takes what is left.
    pub rules: Vec<Rule<'t, 'a>>,
    /// Whether plaintext requests are redirected to HTTPS before any rule.
    pub requires_tls: bool,
}

impl<'t, 'a> HostRules<'t, 'a> {
    /// The rules of a virtual host. The last one takes what is left.
    pub fn of_host(table: &RouteTable<'a>, host: &'t VirtualHost<'a>) -> Self {
        let mut rules: Vec<Rule<'t, 'a>> = Vec::new();
        let wants_claim =
            |clause: &Clause<'_>| clause.conditions.iter().any(|it| matches!(it.subject, MatchSubject::Claim(_)));
        let is_live = |clause: &&Clause<'_>| clause.is_live() && (table.may_know_claims() || !wants_claim(clause));
        for clause in host.clauses.iter().filter(is_live) {
            let place = match &clause.action {
                ClauseAction::Route(route) => Some(clause.route_match.map_or(route.owner.span, |(_, span)| span)),
                ClauseAction::Service(_) => None,
            };
            rules.push(Rule { conditions: &clause.conditions, treatment: Some(table.treatment(host, clause)), place });
            if clause.conditions.is_empty() {
                return Self { rules, requires_tls: host.requires_tls };
            }
        }
        rules.push(Rule { conditions: &[], treatment: None, place: None });
        Self { rules, requires_tls: host.requires_tls }
    }

    /// All requests have the same fate.
    pub fn of_answer(treatment: Treatment<'a>) -> Self {
        Self { rules: vec![Rule { conditions: &[], treatment: Some(Ok(treatment)), place: None }], requires_tls: false }
    }
}

impl Rule<'_, '_> {
    /// Whether an answer comes from the rule.
    pub fn gave(&self, answer: &Answer) -> bool {
        let place = answer.route.as_ref().map(|route| route.span);
        place == self.place && (self.treatment.is_some() || answer.outcome == Outcome::NoRoute)
    }
}

/// The file and line of the route that a rule comes from.
pub fn place(simulator: &Simulator<'_>, route: Option<Span>) -> String {
    route.map_or_else(|| "the default".to_owned(), |span| simulator.world().snapshot.sources.place(span))
}
