//! The simulators of several meshes.

use std::sync::Arc;

use super::{Answer, Direction, Request, Simulator, Unanswered, unknowns};
use crate::model::wording;
use crate::world::World;

/// The simulators of the meshes that a command reads, by their names.
#[derive(Debug)]
pub struct Simulators<'a> {
    all: Vec<(Arc<str>, Simulator<'a>)>,
}

impl<'a> Simulators<'a> {
    /// A simulator for each mesh.
    pub fn new<'n>(worlds: impl IntoIterator<Item = (&'n str, &'a World<'a>)>) -> Self {
        Self { all: worlds.into_iter().map(|(name, world)| (name.into(), Simulator::new(world))).collect() }
    }

    /// Says what happens to a request in the mesh that it names, else in each mesh that knows its host.
    pub fn simulate(&self, request: &Request) -> Vec<Result<Answer, Unanswered>> {
        match self.candidates(request).as_slice() {
            [] => vec![Err(Unanswered::to(request, self.nobody_knows(request)))],
            candidates => candidates.iter().map(|candidate| self.ask(candidate, request)).collect(),
        }
    }

    /// Says what happens to a request in the mesh that it names, else in the only mesh that knows its host.
    pub fn simulate_in_one(&self, request: &Request) -> Result<Answer, Unanswered> {
        match self.candidates(request).as_slice() {
            [only] => self.ask(only, request),
            [] => Err(Unanswered::to(request, self.nobody_knows(request))),
            several => {
                let names: Vec<&str> = several.iter().map(|(name, _)| &**name).collect();
                let names = wording::list(&names, "and");
                let error = format!("several meshes answer the request: {names}; name one with `mesh`");
                Err(Unanswered::to(request, error))
            }
        }
    }

    /// The answers to one request for each host that a VirtualService or another route of a mesh defines. If no mesh has the
    /// workloads and the gateway of the request, the errors say so.
    pub fn simulate_every_host(&self, template: &Request) -> Vec<Result<Answer, Unanswered>> {
        let mut answers = Vec::new();
        let mut errors = Vec::new();
        for candidate in &self.all {
            let (templates, notes) = match candidate.1.resolved(template) {
                Ok(resolved) => resolved,
                Err(unanswered) => {
                    errors.push(Err(self.in_mesh(&candidate.0, unanswered)));
                    continue;
                }
            };
            let requests = templates.iter().flat_map(|template| candidate.1.requests_to_every_host(template));
            // A gateway that is not named is one of those that serve the host.
            let is_asked =
                |request: &Request| template.direction != Some(Direction::Gateway) || request.gateway.is_some();
            let first = answers.len();
            answers.extend(requests.filter(is_asked).map(|request| self.ask(candidate, &request)));
            if let Some(Ok(answer)) = answers.get_mut(first) {
                unknowns::note(answer, notes);
            }
        }
        if answers.is_empty() { errors } else { answers }
    }

    fn candidates(&self, request: &Request) -> Vec<&(Arc<str>, Simulator<'a>)> {
        match (&request.mesh, self.all.as_slice()) {
            (Some(wanted), all) => all.iter().filter(|(name, _)| **name == **wanted).collect(),
            (None, [only]) => vec![only],
            (None, all) => all.iter().filter(|(_, simulator)| simulator.knows(request)).collect(),
        }
    }

    fn ask(&self, (name, simulator): &(Arc<str>, Simulator<'a>), request: &Request) -> Result<Answer, Unanswered> {
        match simulator.simulate(request) {
            Ok(answer) => Ok(Answer { mesh: self.shown(name), ..answer }),
            Err(unanswered) => Err(self.in_mesh(name, unanswered)),
        }
    }

    fn in_mesh(&self, name: &Arc<str>, unanswered: Unanswered) -> Unanswered {
        Unanswered { mesh: self.shown(name), ..unanswered }
    }

    /// The name of a mesh. A single mesh needs none.
    fn shown(&self, name: &Arc<str>) -> Option<Arc<str>> {
        (self.all.len() > 1).then(|| Arc::clone(name))
    }

    fn nobody_knows(&self, request: &Request) -> String {
        let names: Vec<&str> = self.all.iter().map(|(name, _)| &**name).collect();
        let names = wording::list(&names, "and");
        match (&request.mesh, names.as_str()) {
            (_, "") => "there is no mesh".to_owned(),
            (Some(wanted), names) => format!("mesh `{wanted}` does not exist; the manifests have {names}"),
            (None, names) => format!("none of the meshes {names} knows the request's host or workload; name a mesh"),
        }
    }
}
