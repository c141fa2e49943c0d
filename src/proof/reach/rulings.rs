//! The rules of policies that deny or allow requests at a workload.

use std::collections::BTreeSet;

use super::{Reach, Sought, Way};
use crate::model::spelling::nearest;
use crate::policy::{ClauseEffect, CompiledPolicies, Ruling, WorkloadPolicies};
use crate::proof::conditions::words_unless;
use crate::proof::policy_request;
use crate::proof::ports;
use crate::simulate::{Answer, Outcome, Request, Simulator, TokenState, WorkloadRef};
use crate::symbolic::{Decision, PolicyReach, PolicyTable, PolicyVerdict, PolicyWitness};
use crate::world::{DataPlane, Workload, World};

/// The workload with a name, as `namespace/name` or only its name, of some meshes. The error names the nearest one.
///
/// # Errors
///
/// If none of the meshes has it, or workloads of several namespaces have the name.
pub fn workload_named(written: &str, worlds: &[&World<'_>]) -> Result<String, String> {
    let all: BTreeSet<String> =
        worlds.iter().flat_map(|world| world.workloads.iter().map(|it| it.name.to_string())).collect();
    if all.contains(written) {
        return Ok(written.to_owned());
    }
    let has_name = |full: &&String| full.rsplit_once('/').is_some_and(|(_, name)| name == written);
    match all.iter().filter(has_name).collect::<Vec<_>>().as_slice() {
        [one] => Ok((*one).clone()),
        [] => {
            let names = all.iter().flat_map(|full| [Some(full.as_str()), full.rsplit_once('/').map(|(_, name)| name)]);
            let close = nearest(written, names.flatten());
            let close = close.map(|close| format!("; did you mean `{close}`?")).unwrap_or_default();
            Err(format!("workload `{written}` does not exist{close}"))
        }
        [first, ..] => Err(format!("several namespaces have a workload `{written}`: write `{first}`, for example")),
    }
}

impl Reach {
    /// Searches the rules of policies by which a workload of a mesh denies or allows requests. `None` if the mesh does not
    /// have the workload.
    pub fn of_rulings<'a>(simulator: &Simulator<'a>, name: &str, ruling: Ruling) -> Option<Self> {
        let world = simulator.world();
        let workload = world.workloads.iter().find(|it| it.name.to_string() == name)?;
        let policies = CompiledPolicies::new(world).of_workload(&workload.name.namespace, &workload.labels);
        let to = WorkloadRef { name: Some(name.to_owned()), ..WorkloadRef::default() };
        let to = Request { to: Some(to), ..Request::default() };
        let mut search = Search { simulator, workload, to, ruling, found: Self::default() };
        search.found.sought = Sought::Ruling(ruling);
        search.found.destination = name.to_owned();
        search.found.vantages = 1;
        match world.presumed_data_plane(workload) {
            DataPlane::Sidecar => {
                search.add_tokens(&policies);
                search.add_rules(&policies, false);
                search.add_rules(&policies, true);
            }
            // ztunnel knows connections only.
            DataPlane::Ambient => {
                search.add_rules(&policies, true);
                search.found.incomplete.insert(format!("the policies of a waypoint before {name} are not considered"));
            }
            DataPlane::None => search.add_default(),
        }
        Some(search.found)
    }
}

/// The requests of a workload without policies, in words.
const EVERYTHING: &str = "every request and connection";

struct Search<'s, 'a> {
    simulator: &'s Simulator<'a>,
    workload: &'s Workload<'a>,
    /// A request to the workload.
    to: Request,
    ruling: Ruling,
    found: Reach,
}

impl Search<'_, '_> {
    /// Adds the RequestAuthentication that denies tokens.
    fn add_tokens(&mut self, policies: &WorkloadPolicies<'_>) {
        let Some(issuer) = policies.issuers().into_iter().next().filter(|_| self.ruling == Ruling::Denied) else {
            return;
        };
        let token = |port: &u32| Request {
            port: Some(*port),
            issuer: Some(issuer.clone()),
            token: Some(TokenState::Invalid),
            ..self.to.clone()
        };
        let shown = self.ports(false).iter().map(token).find_map(|request| {
            let answer = self.simulator.simulate(&request).ok()?;
            (answer.outcome == Outcome::Denied && answer.status == Some(401)).then_some((request, answer))
        });
        if let Some(shown) = shown {
            self.add("the token is invalid or expired".to_owned(), shown);
        }
    }

    /// Adds the rules of AuthorizationPolicies, for HTTP requests or for other connections.
    fn add_rules(&mut self, policies: &WorkloadPolicies<'_>, is_tcp: bool) {
        let table = PolicyTable::new(policies, is_tcp);
        self.found.tables += 1;
        if table.is_incomplete {
            let reason = format!("the manifests leave open which AuthorizationPolicies {} has", self.found.destination);
            self.found.incomplete.insert(reason);
        }
        let asks = table.with(|effect| matches!(effect, ClauseEffect::Asks(_)));
        if self.ruling == Ruling::Allowed {
            for number in &asks {
                if let ClauseEffect::Asks(provider) = &table.clauses[*number].effect {
                    let verdict = PolicyVerdict::External(provider.clone());
                    self.add_decision(&table, Decision::Clause(*number), &[], &verdict, is_tcp);
                }
            }
        }
        let wanted = match self.ruling {
            Ruling::Denied => PolicyVerdict::Denied,
            _ => PolicyVerdict::Allowed,
        };
        for decision in table.decisions().into_iter().filter(|it| table.verdict(*it) == wanted) {
            // A request about which an authorizer is asked is not simply allowed.
            let asked = if wanted == PolicyVerdict::Allowed { asks.as_slice() } else { &[] };
            self.add_decision(&table, decision, asked, &wanted, is_tcp);
        }
    }

    /// Adds all requests of a workload that no proxy protects.
    fn add_default(&mut self) {
        let request = |port: &u32| Request { port: Some(*port), ..self.to.clone() };
        let shown = self.ports(false).iter().map(request).find_map(|request| {
            let answer = self.simulator.simulate(&request).ok().filter(|answer| answer.outcome.goes_on())?;
            Some((request, answer))
        });
        if let Some(shown) = shown.filter(|_| self.ruling == Ruling::Allowed) {
            self.add("every request, since no proxy of the mesh enforces policies".to_owned(), shown);
        }
    }

    fn add_decision(
        &mut self,
        table: &PolicyTable<'_, '_>,
        decision: Decision,
        asked: &[usize],
        verdict: &PolicyVerdict,
        is_tcp: bool,
    ) {
        let mut earlier = table.before(decision);
        earlier.extend(asked);
        let words = words(table, decision, &earlier, is_tcp);
        let witness = match table.reach_past(decision, &earlier) {
            PolicyReach::Reached(witness) => witness,
            PolicyReach::Impossible | PolicyReach::TakenBy(_) => return,
            PolicyReach::Undecided => None,
        };
        match witness.and_then(|witness| self.shown(&witness, verdict, is_tcp)) {
            Some(shown) => self.add(words, shown),
            None => {
                let rule = match decision {
                    Decision::Clause(number) => format!("AuthorizationPolicy {}", rule(table, number)),
                    Decision::Default => "the default of the AuthorizationPolicies".to_owned(),
                };
                let what = if is_tcp { "connections" } else { "requests" };
                self.found.incomplete.insert(format!("{rule} may decide about some {what}"));
            }
        }
    }

    /// The ports of the workload, first those at which it gets HTTP requests, or other connections.
    fn ports(&self, is_tcp: bool) -> Vec<u32> {
        let world = self.simulator.world();
        let mut ports: Vec<u32> = ports::of_workload(&[world], &self.found.destination).all().collect();
        let services = world.services.before(self.workload);
        let of_services: Vec<(u32, bool)> = services
            .iter()
            .flat_map(|service| &service.ports)
            .filter_map(|port| Some((self.workload.port_behind(port)?, port.protocol.may_be_http())))
            .collect();
        let is_wanted = |port: &u32| of_services.contains(&(*port, !is_tcp));
        ports.sort_by_key(|port| !is_wanted(port));
        ports
    }

    fn shown(&self, witness: &PolicyWitness, verdict: &PolicyVerdict, is_tcp: bool) -> Option<(Request, Answer)> {
        let trust_domain = &self.simulator.world().settings.trust_domain;
        let requests = policy_request::requests(&self.to, witness, &self.ports(is_tcp), is_tcp, trust_domain);
        policy_request::replayed(self.simulator, requests, verdict)
    }

    /// Adds a rule, unless it is known by the same words.
    fn add(&mut self, condition: String, (witness, answer): (Request, Answer)) {
        let place = answer.policy.as_ref().map(|policy| policy.span);
        let is_same = |way: &Way| way.condition == EVERYTHING || way.place == place && way.condition == condition;
        if self.found.ways.iter().any(is_same) {
            return;
        }
        self.found.ways.push(Way {
            meshes: Vec::new(),
            context: format!("workload {}", self.workload.name),
            hosts: Vec::new(),
            condition,
            witness,
            answer,
            place,
        });
    }
}

/// The name of a rule: `shop/deny-admin rules[0]`.
fn rule(table: &PolicyTable<'_, '_>, number: usize) -> String {
    let clause = &table.clauses[number];
    format!("{} rules[{}]", clause.policy.name, clause.rule)
}

/// The verdict of a rule that comes before others, in words.
fn by_rule(table: &PolicyTable<'_, '_>, number: usize) -> String {
    let verb = match &table.clauses[number].effect {
        ClauseEffect::Asks(provider) => return format!("{} asks {provider}", rule(table, number)),
        ClauseEffect::Refuses | ClauseEffect::Denies => "denies",
        ClauseEffect::Allows => "allows",
    };
    format!("{} {verb} it", rule(table, number))
}

/// The requests about which a decision is made, in words.
fn words(table: &PolicyTable<'_, '_>, decision: Decision, earlier: &[usize], is_tcp: bool) -> String {
    let all = if is_tcp { "every TCP connection" } else { "every request" };
    match decision {
        Decision::Clause(number) => {
            let own = table.clauses[number].words();
            let own = if own.is_empty() { all.to_owned() } else { own };
            let effect = &table.clauses[number].effect;
            let differs = |other: &&usize| table.clauses[**other].effect != *effect;
            let overlapping = earlier.iter().filter(differs).filter(|other| table.may_meet(number, **other));
            words_unless(own, overlapping.map(|other| by_rule(table, *other)).collect())
        }
        // Whatever has conditions on connections has conditions on requests.
        Decision::Default if table.clauses.is_empty() && !table.denies_by_default && !is_tcp => EVERYTHING.to_owned(),
        Decision::Default if earlier.is_empty() => all.to_owned(),
        Decision::Default if table.denies_by_default => format!("{all} that no ALLOW rule matches"),
        Decision::Default => format!("{all} that no rule matches"),
    }
}
