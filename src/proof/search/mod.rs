//! The search for requests of a mesh whose answers show something: that they reach a destination, or break an invariant.
//!
//! For each origin and connection, [`host`] looks at the rules of the route table for each host that may show it, and
//! searches for a request that such a rule takes. Each request is replayed. If the answer does not show it, and no policy
//! or gateway on the way tells the requests of the rule apart, none of them does.

mod admission;
mod aim;
mod destination;
mod filters;
mod host;
mod hosts;
mod origin;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use self::admission::{Passage, Wanted};
pub use self::aim::{Aim, Target};
use self::filters::Filters;
use self::host::HostSearch;
pub use self::hosts::Hosts;
pub use self::origin::{Origin, Origins};
use super::connections::connections;
use super::hosts::{HostGroup, OUTSIDE};
use super::rules::{HostRules, Rule, place};
use super::vantage::Vantages;
use crate::model::label_set;
use crate::routing::MatchCondition;
use crate::simulate::{Answer, Decision, Outcome, Request, RequestProtocol, RouteTable, Simulator, Tls, Treatment};
use crate::source::Span;
use crate::world::DataPlane;

/// Conditions that must all hold.
type Conditions = Vec<MatchCondition>;

/// A question about all requests of a mesh.
#[derive(Debug)]
pub struct Question<'q> {
    /// The answers that are sought.
    pub aim: Aim,
    /// The requests that are meant.
    pub conditions: &'q [MatchCondition],
    /// The hosts that are meant.
    pub hosts: Hosts,
    /// The port that clients dial, if only one is meant.
    pub port: Option<u32>,
    /// Whether one request is enough.
    pub wants_one: bool,
}

/// A request that shows the aim.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The number of its origin.
    pub origin: usize,
    /// The hosts that are treated alike, by their fullest name.
    pub host: String,
    /// The requests that the rule takes, in words.
    pub condition: String,
    /// The place of the route; `None` for defaults.
    pub place: Option<Span>,
    /// The request.
    pub request: Request,
    /// The answer to it.
    pub answer: Answer,
}

/// The result of a search.
#[derive(Debug, Default)]
pub struct Found {
    /// The requests, at most one for each rule of each host and origin.
    pub shown: Vec<Shown>,
    /// The reasons why there may be more.
    pub undecided: BTreeSet<String>,
    /// Whether some request is meant at all.
    pub is_meant: bool,
    /// The number of route tables.
    pub tables: usize,
}

/// The verdict on the requests of a rule, by one of them.
enum Judged {
    /// It shows the aim.
    Shown(Box<Shown>),
    /// None of them shows it.
    NotShown,
    /// Others may show it, perhaps some that meet one of some conditions.
    Open(Open),
}

/// Why it is not known whether some requests of a rule show the aim.
struct Open {
    reason: String,
    /// Conditions that requests may meet which show it.
    hints: Vec<Conditions>,
    /// Passages of which such requests take one. `None` if they are not known.
    passages: Option<Vec<Passage>>,
}

impl Judged {
    /// It is not known, and nothing helps to find out.
    fn unknown(reason: impl Into<String>) -> Self {
        Self::Open(Open { reason: reason.into(), hints: Vec::new(), passages: None })
    }
}

/// A search in one mesh.
pub struct Search<'s, 'a> {
    simulator: &'s Simulator<'a>,
    origins: &'s [Origin],
    question: &'s Question<'s>,
    /// The origin from which requests start now.
    origin: usize,
    found: Found,
    /// The gateway workloads, as `namespace/name`.
    gateways: BTreeSet<String>,
    /// The conditions of rules of gateways that may show the aim.
    of_gateways: OnceCell<Vec<Conditions>>,
}

/// Searches in a mesh.
pub fn search<'a>(simulator: &Simulator<'a>, origins: &[Origin], question: &Question<'_>) -> Found {
    let world = simulator.world();
    let gateways = world.workloads.iter().filter(|workload| world.is_gateway_workload(workload));
    let mut search = Search {
        simulator,
        origins,
        question,
        origin: 0,
        found: Found::default(),
        gateways: gateways.map(|workload| workload.name.to_string()).collect(),
        of_gateways: OnceCell::new(),
    };
    for origin in 0..origins.len() {
        search.origin = origin;
        search.visit_origin();
    }
    search.found
}

impl<'s, 'a> Search<'s, 'a> {
    fn visit_origin(&mut self) {
        let origin = &self.origins[self.origin];
        let ports: Vec<u32> = match self.question.port {
            Some(port) => vec![port],
            None => origin.vantage.ports(&[self.simulator.world()]).all().collect(),
        };
        let mut known: Vec<(RouteTable<'a>, Tls)> = Vec::new();
        for port in ports {
            for connection in connections(&[self.simulator], &origin.vantage, port) {
                if self.is_done() {
                    return;
                }
                // Only HTTP has the parts that conditions are about.
                if connection.protocol() == RequestProtocol::Tcp && !self.question.conditions.is_empty() {
                    continue;
                }
                let connection = origin.requests(&connection).swap_remove(0);
                let Some(table) = self.simulator.route_table(&connection) else {
                    self.on_connection(&connection);
                    continue;
                };
                if known.iter().any(|(other, tls)| other.is(&table) && *tls == connection.tls()) {
                    continue;
                }
                self.in_table(&connection, &table);
                known.push((table, connection.tls()));
            }
        }
    }

    /// Whether nothing more needs to be found.
    fn is_done(&self) -> bool {
        self.question.wants_one && !self.found.shown.is_empty()
    }

    /// Whether one request of a route is enough, and is found.
    fn is_known(&self, rule: &Rule<'_, '_>) -> bool {
        self.question.aim == Aim::Routed
            && rule.place.is_some()
            && self.found.shown.iter().any(|it| it.place == rule.place)
    }

    /// The requests on a connection that are all treated alike.
    fn on_connection(&mut self, connection: &Request) {
        if !self.question.hosts.take(self.simulator.world(), connection) {
            return;
        }
        let answer = match self.simulator.simulate(connection) {
            Ok(answer) => answer,
            Err(unanswered) => return self.give_up(unanswered.error),
        };
        let mut rules = HostRules::of_answer(Treatment::of_answer(&answer));
        rules.rules[0].place = answer.route.as_ref().map(|route| route.span);
        let name = hosts::of_connection(connection).unwrap_or(OUTSIDE).to_owned();
        let domains = if name == OUTSIDE { Vec::new() } else { vec![name.clone()] };
        let group = HostGroup { host: name, domains, virtual_hosts: Vec::new() };
        HostSearch { connection, group: &group, rules, is_whole: true }.run(self);
    }

    fn in_table(&mut self, connection: &Request, table: &RouteTable<'a>) {
        self.found.tables += 1;
        if let Some(rejection) = table.rejection() {
            return self.give_up(rejection.to_owned());
        }
        let (world, is_gateway) = (self.simulator.world(), self.origins[self.origin].vantage.is_gateway());
        for group in self.question.hosts.groups(world, table.table(), is_gateway) {
            if self.is_done() {
                return;
            }
            let request = Request { host: Some(group.host.clone()), ..connection.clone() };
            let routed = group.virtual_hosts.first().copied().flatten();
            let rules = match routed.filter(|host| !host.requires_tls || connection.tls() != Tls::Plaintext) {
                Some(host) => HostRules::of_host(table, host),
                None => match self.simulator.simulate(&request) {
                    Ok(answer) => HostRules::of_answer(Treatment::of_answer(&answer)),
                    Err(unanswered) => {
                        self.give_up(unanswered.error);
                        continue;
                    }
                },
            };
            HostSearch { connection, group: &group, rules, is_whole: false }.run(self);
        }
    }

    /// Whether requests with a decision may show the aim.
    fn may_be_shown_by(&self, decision: &Decision) -> bool {
        let aim = &self.question.aim;
        // Gateways are origins of their own.
        if *aim == Aim::Routed {
            return aim.may_be_shown_by(decision);
        }
        let goes_through = || self.goes_through_gateway(decision) && !self.hints_of_gateways().is_empty();
        aim.may_be_shown_by(decision) || aim.is_shown_by_denial() || goes_through()
    }

    fn goes_through_gateway(&self, decision: &Decision) -> bool {
        decision.destinations.iter().flat_map(|it| &it.workloads).any(|name| self.gateways.contains(name))
    }

    /// The conditions of the rules of gateways that may show the aim.
    fn hints_of_gateways(&self) -> &[Conditions] {
        self.of_gateways.get_or_init(|| {
            let mut hints: Vec<Conditions> = Vec::new();
            let vantages = Vantages::of(&[self.simulator]).all.into_iter().filter(|it| it.is_gateway());
            for vantage in vantages {
                for port in vantage.ports(&[self.simulator.world()]).all() {
                    for connection in connections(&[self.simulator], &vantage, port) {
                        match self.simulator.route_table(&connection) {
                            Some(table) => hints.extend(self.hints_of_table(&table)),
                            None => hints.extend(self.shows(&connection).then(Vec::new)),
                        }
                    }
                }
            }
            hints
        })
    }

    fn hints_of_table(&self, table: &RouteTable<'a>) -> Vec<Conditions> {
        let may_show = |rule: &Rule<'_, 'a>| match &rule.treatment {
            Some(Ok(treatment)) => self.question.aim.may_be_shown_by(treatment.decision()),
            _ => true,
        };
        let hosts = table.table().virtual_hosts();
        let rules = hosts.iter().flat_map(|host| HostRules::of_host(table, host).rules);
        rules.filter(may_show).map(|rule| rule.conditions.to_vec()).collect()
    }

    fn shows(&self, request: &Request) -> bool {
        self.simulator.simulate(request).is_ok_and(|answer| self.question.aim.may_be_shown_by(&answer.decision))
    }

    /// Replays a request of a rule from all clients of the origin.
    fn judge(&self, rule: Option<&Rule<'_, '_>>, request: &Request) -> Judged {
        let origin = &self.origins[self.origin];
        let aim = &self.question.aim;
        let mut answers = Vec::new();
        let requests = origin.requests(request);
        for request in &requests {
            let answer = match self.simulator.simulate(request) {
                Ok(answer) => answer,
                Err(unanswered) => return Judged::unknown(unanswered.error),
            };
            let is_stopped = matches!(answer.outcome, Outcome::Denied | Outcome::Refused);
            if rule.is_some_and(|rule| !rule.gave(&answer)) && !is_stopped {
                return Judged::unknown("no request could be found that the rule takes");
            }
            if aim.is_shown_by(&answer) {
                let (host, condition) = (String::new(), String::new());
                let request = self.without_port(request.clone(), &answer);
                return Judged::Shown(Box::new(Shown {
                    origin: self.origin,
                    host,
                    condition,
                    place: None,
                    request,
                    answer,
                }));
            }
            answers.push(answer);
        }
        let filters = Filters::on_way(self.simulator, &origin.vantage, &answers, self.is_of_bytes(request));
        let may_depend = answers.iter().any(|answer| aim.may_depend_on_policies(answer));
        if may_depend && let Some(reason) = filters.reason(aim.is_shown_by_denial()) {
            let wanted = if aim.is_shown_by_denial() { Wanted::Denied } else { Wanted::Passed };
            let of_client = |(answer, request): (&Answer, &Request)| {
                let client = (&origin.vantage, request.from.as_ref());
                admission::passages(self.simulator, client, (request, answer), wanted)
            };
            let all: Option<Vec<Vec<Passage>>> = match filters.is_open(wanted == Wanted::Denied) {
                true => None,
                false => answers.iter().zip(&requests).map(of_client).collect(),
            };
            let passages = all.map(|all| all.into_iter().flatten().collect());
            return Judged::Open(Open { reason, hints: filters.hints(), passages });
        }
        if answers.iter().any(|answer| !answer.legs.is_empty()) && !self.hints_of_gateways().is_empty() {
            let reason = "the requests go on through a gateway that tells them apart".to_owned();
            let hints = self.hints_of_gateways().to_vec();
            return Judged::Open(Open { reason, hints, passages: None });
        }
        Judged::NotShown
    }

    /// Whether the proxies of servers see a request as bytes: a proxy passes it on without reading it.
    fn is_of_bytes(&self, request: &Request) -> bool {
        let client = request.from.as_ref().filter(|_| request.gateway.is_none());
        let has_sidecar = client.is_none_or(|client| {
            let (namespace, labels) = (client.namespace.as_deref().unwrap_or_default(), label_set(&client.labels));
            self.simulator.world().data_plane_of_client(namespace, &labels).data_plane == DataPlane::Sidecar
        });
        request.protocol() == RequestProtocol::Tcp || has_sidecar && self.simulator.route_table(request).is_none()
    }

    /// The request without a port, if that means the same.
    fn without_port(&self, request: Request, answer: &Answer) -> Request {
        let shorter = Request { port: None, ..request.clone() };
        let is_same = self.simulator.simulate(&shorter).is_ok_and(|other| other == *answer);
        if is_same { shorter } else { request }
    }

    fn add(&mut self, shown: Shown) {
        self.found.shown.push(shown);
    }

    fn give_up(&mut self, reason: String) {
        self.found.undecided.insert(reason);
    }

    /// The file and line of a route.
    fn place(&self, span: Option<Span>) -> String {
        place(self.simulator, span)
    }
}
