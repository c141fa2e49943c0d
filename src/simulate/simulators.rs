//! The simulators of several meshes.

use std::sync::Arc;

use super::{Answer, Direction, Explained, GatewayRef, Request, RuleAnswer, Simulator, Unanswered};
use crate::model::wording;
use crate::world::World;

/// The simulators of the meshes that a command reads, by their names.
#[derive(Debug)]
pub struct Simulators<'a> {
    all: Vec<(Arc<str>, Simulator<'a>)>,
}

impl<'a> Simulators<'a> {
    /// A simulator for each mesh, for requests at a time in seconds since 1970.
    pub fn new<'n>(worlds: impl IntoIterator<Item = (&'n str, &'a World<'a>)>, time: u64) -> Self {
        let simulator = |(name, world): (&str, _)| (name.into(), Simulator::new(world).at(time));
        Self { all: worlds.into_iter().map(simulator).collect() }
    }

    /// The simulators, with the names of their meshes.
    pub fn by_mesh(&self) -> impl Iterator<Item = (&str, &Simulator<'a>)> {
        self.all.iter().map(|(name, simulator)| (&**name, simulator))
    }

    /// Says what happens to a request in the mesh that it names, else in each mesh that knows its host, and why.
    pub fn explain(&self, request: &Request) -> Vec<Explained> {
        let mut candidates = self.candidates(request);
        if candidates.is_empty() && self.may_name_all(request) {
            candidates = self.all.iter().collect();
        }
        let explain = |candidate: &&(Arc<str>, Simulator<'a>)| {
            let explained = candidate.1.explain(request);
            Explained { result: self.named(candidate, explained.result), ..explained }
        };
        match candidates.as_slice() {
            [] => vec![Explained::bare(Err(Unanswered::to(request, self.unknown_everywhere(request))))],
            candidates => candidates.iter().map(explain).collect(),
        }
    }

    /// Says what happens to a request in the mesh that it names, else in the only mesh that knows its host.
    pub fn simulate_in_one(&self, request: &Request) -> Result<Answer, Unanswered> {
        match self.candidates(request).as_slice() {
            [only] => self.ask(only, request),
            [] => Err(Unanswered::to(request, self.unknown_everywhere(request))),
            several => {
                let names: Vec<&str> = several.iter().map(|(name, _)| &**name).collect();
                let names = wording::list(&names, "and");
                let error =
                    format!("several meshes answer the request: {names}; name one with {}", request.field("mesh"));
                Err(Unanswered::to(request, error))
            }
        }
    }

    /// The answers for every rule of every host that a request like `template` can take, in each mesh. If no mesh has the
    /// workloads and the gateway of the request, the errors say so.
    pub fn answer_every_rule(&self, template: &Request) -> Vec<RuleAnswer> {
        let mut answers: Vec<RuleAnswer> = Vec::new();
        let mut errors = Vec::new();
        let all = self.all.iter().filter(|(name, _)| template.mesh.as_ref().is_none_or(|wanted| **name == **wanted));
        for candidate in all {
            let (templates, notes) = match candidate.1.resolved(template) {
                Ok(resolved) => resolved,
                Err(unanswered) => {
                    let result = self.named(candidate, Err(unanswered));
                    errors.push(RuleAnswer { result, ..RuleAnswer::without_answer(template) });
                    continue;
                }
            };
            let found = templates.iter().flat_map(|template| candidate.1.answer_every_rule(template));
            // A gateway that is not named is one of those that serve the host.
            let is_asked =
                |it: &RuleAnswer| template.direction != Some(Direction::Gateway) || it.asked.gateway.is_some();
            let first = answers.len();
            let found = found.filter(is_asked).map(|it| RuleAnswer { result: self.named(candidate, it.result), ..it });
            answers.extend(found);
            if let Some(Ok(answer)) = answers.get_mut(first).map(|it| &mut it.result) {
                answer.note(notes);
            }
        }
        if answers.is_empty() { errors } else { answers }
    }

    /// Whether a text is an address that a client can dial: an IP address, or a host that one of the meshes knows.
    pub fn know_address(&self, written: &str) -> bool {
        let request = Request { host: Some(written.to_owned()), ..Request::default() };
        written.parse::<std::net::IpAddr>().is_ok() || self.all.iter().any(|(_, simulator)| simulator.knows(&request))
    }

    fn candidates(&self, request: &Request) -> Vec<&(Arc<str>, Simulator<'a>)> {
        match (&request.mesh, self.all.as_slice()) {
            (Some(wanted), all) => all.iter().filter(|(name, _)| **name == **wanted).collect(),
            (None, [only]) => vec![only],
            (None, all) => {
                let known: Vec<_> = all.iter().filter(|(_, simulator)| simulator.knows(request)).collect();
                let with_names: Vec<_> =
                    known.iter().copied().filter(|(_, simulator)| simulator.resolved(request).is_ok()).collect();
                if with_names.is_empty() { known } else { with_names }
            }
        }
    }

    /// Whether each of the meshes gets to say that it does not have the server or the gateway that a request names.
    fn may_name_all(&self, request: &Request) -> bool {
        const FEW: usize = 3;
        request.mesh.is_none() && self.all.len() <= FEW && (request.to.is_some() || request.gateway.is_some())
    }

    fn ask(&self, candidate: &(Arc<str>, Simulator<'a>), request: &Request) -> Result<Answer, Unanswered> {
        self.named(candidate, candidate.1.simulate(request))
    }

    /// A result that names the mesh, if there are several.
    fn named(
        &self,
        (name, _): &(Arc<str>, Simulator<'a>),
        mut result: Result<Answer, Unanswered>,
    ) -> Result<Answer, Unanswered> {
        let mesh = (self.all.len() > 1).then(|| Arc::clone(name));
        match &mut result {
            Ok(answer) => answer.mesh = mesh,
            Err(unanswered) => unanswered.mesh = mesh,
        }
        result
    }

    fn unknown_everywhere(&self, request: &Request) -> String {
        const MOST: usize = 8;
        let mut names: Vec<String> = self.all.iter().take(MOST).map(|(name, _)| format!("`{name}`")).collect();
        let names = match self.all.len().saturating_sub(MOST) {
            0 => wording::list(self.all.iter().map(|(name, _)| name), "and"),
            rest => {
                names.push(format!("{rest} more"));
                names.join(", ")
            }
        };
        match (&request.mesh, names.as_str()) {
            (_, "") => "there is no mesh".to_owned(),
            (Some(wanted), names) => format!("mesh `{wanted}` does not exist; the manifests have {names}"),
            (None, names) => {
                let field = request.field("mesh");
                format!("none of the meshes {names} knows {}; name one with {field}", asked_for(request))
            }
        }
    }
}

/// The part of a request that a mesh must know, as the request names it.
fn asked_for(request: &Request) -> String {
    let workload = request.to.as_ref().map(|to| to.name.clone());
    let host = [&request.host, &request.sni, &request.address].into_iter().flatten().next();
    match (workload, &request.gateway, host) {
        (Some(Some(name)), ..) => format!("workload `{name}`"),
        (None, Some(GatewayRef::Name(name)), _) => format!("gateway `{name}`"),
        (None, None, Some(host)) => format!("host `{host}`"),
        _ => "the workload of the request".to_owned(),
    }
}
