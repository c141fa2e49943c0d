//! Invariants of a mesh, verified for all requests.
//!
//! [`read`] reads them from a file. [`check`] searches for a request that breaks one.

mod invariant;
mod origins;
mod read;

use std::collections::BTreeSet;

pub use self::invariant::{Claim, Clients, Invariant, Verb};
pub use self::read::read;
use super::fields::{FileMistake, Reader};
use super::search::{Aim, Hosts, Origins, Question, Shown, Target, search};
use crate::model::spelling::nearest;
use crate::simulate::{Answer, Expectation, Request, Simulator};
use crate::source::{Sources, Span};
use crate::world::World;

/// An invariant whose names are known.
#[derive(Debug)]
pub struct Resolved<'i> {
    /// The invariant.
    pub invariant: &'i Invariant,
    aim: Aim,
}

/// The verdict on an invariant in a mesh.
#[derive(Debug)]
pub enum Verdict {
    /// It holds for all requests.
    Holds,
    /// A request breaks it.
    Violated(Box<Violation>),
    /// It is neither proven nor broken, for these reasons.
    Undecided(BTreeSet<String>),
}

/// A request that breaks an invariant.
#[derive(Debug)]
pub struct Violation {
    /// Where the requests start, in words.
    pub context: String,
    /// The hosts that are treated alike.
    pub host: String,
    /// The requests of the rule that breaks it, in words.
    pub condition: String,
    /// The request.
    pub witness: Request,
    /// The answer to it, with a trace.
    pub answer: Answer,
}

/// The verdict on an invariant in one of several meshes.
#[derive(Debug)]
pub struct Checked<'i> {
    /// The invariant.
    pub invariant: &'i Invariant,
    /// The mesh, if there are several.
    pub mesh: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
}

impl Verdict {
    /// The word of the interface.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Violated(_) => "violated",
            Self::Undecided(_) => "undecided",
        }
    }
}

impl<'i> Resolved<'i> {
    /// Looks up the destinations of an invariant.
    ///
    /// # Errors
    ///
    /// If none of the meshes has one of them.
    pub fn new(invariant: &'i Invariant, worlds: &[&World<'_>], sources: &Sources) -> Result<Self, Vec<FileMistake>> {
        let Claim { verb, ends } = &invariant.claim;
        let mut reader = Reader { sources, errors: Vec::new() };
        let mut targets: Vec<Target> = Vec::new();
        for (end, span) in ends {
            match Target::parse(end, worlds) {
                Ok(Target::Workload(name)) if *verb != Verb::Never => {
                    let message =
                        format!("`{name}` is a workload: write a service or a subset after `{}`", verb.as_str());
                    reader.fail(*span, message);
                }
                Ok(target) => targets.push(target),
                Err(error) => reader.fail(*span, error),
            }
        }
        let mut named = |all: &[(String, Span)], is_known: &dyn Fn(&World<'_>, &str) -> bool, what: &str| {
            for (name, span) in all {
                if !worlds.iter().any(|world| is_known(world, name)) {
                    let known: BTreeSet<String> = worlds.iter().flat_map(|world| origins::namespaces(world)).collect();
                    let close = nearest(name, known.iter().map(String::as_str)).filter(|_| what == "namespace");
                    let close = close.map(|close| format!("; did you mean `{close}`?")).unwrap_or_default();
                    reader.fail(*span, format!("{what} `{name}` does not exist{close}"));
                }
            }
        };
        let is_namespace = |world: &World<'_>, name: &str| origins::namespaces(world).contains(name);
        named(&invariant.from.namespaces, &is_namespace, "namespace");
        named(&invariant.from.outside, &is_namespace, "namespace");
        if !reader.errors.is_empty() {
            return Err(reader.errors);
        }
        let ends = || targets.iter().filter_map(Target::end).cloned().collect::<Vec<Expectation>>();
        let aim = match verb {
            Verb::Never => Aim::Ending(targets),
            Verb::Always => Aim::EndingElsewhere(ends()),
            Verb::Only => Aim::ArrivingElsewhere(ends()),
        };
        Ok(Self { invariant, aim })
    }

    /// Verifies the invariant in each mesh that has such requests. Without any, it is undecided: a mistake in a name must
    /// not look like a proof.
    pub fn check_all(&self, simulators: &[(String, Simulator<'_>)]) -> Vec<Checked<'i>> {
        let has_several = simulators.len() > 1;
        let checked = |mesh: Option<&String>, verdict: Verdict| Checked {
            invariant: self.invariant,
            mesh: mesh.filter(|_| has_several).cloned(),
            verdict,
        };
        let (mut found, mut reasons) = (Vec::new(), BTreeSet::new());
        for (mesh, simulator) in simulators {
            match self.check(simulator) {
                Ok(Verdict::Violated(mut violation)) => {
                    violation.witness.mesh = Some(mesh.clone()).filter(|_| has_several);
                    found.push(checked(Some(mesh), Verdict::Violated(violation)));
                }
                Ok(verdict) => found.push(checked(Some(mesh), verdict)),
                Err(reason) => drop(reasons.insert(format!("no request is meant: {reason}"))),
            }
        }
        if found.is_empty() {
            found.push(checked(None, Verdict::Undecided(reasons)));
        }
        found
    }

    /// Verifies the invariant in a mesh. The error says why the mesh has no such requests.
    fn check(&self, simulator: &Simulator<'_>) -> Result<Verdict, String> {
        let Invariant { from, hosts, port, conditions, .. } = self.invariant;
        let Origins { all: origins, incomplete } = origins::of(simulator, from)?;
        let question =
            Question { aim: self.aim.clone(), conditions, hosts: hosts.clone(), port: *port, wants_one: true };
        let mut found = search(simulator, &origins, &question);
        if let Some(shown) = found.shown.pop() {
            let context = origins[shown.origin].vantage.words();
            return Ok(Verdict::Violated(Box::new(violation(simulator, shown, context))));
        }
        if !found.is_meant {
            return Err(no_request(simulator.world(), hosts));
        }
        found.undecided.extend(incomplete);
        Ok(match found.undecided.is_empty() {
            true => Verdict::Holds,
            false => Verdict::Undecided(found.undecided),
        })
    }
}

/// The violation that a request shows.
fn violation(simulator: &Simulator<'_>, shown: Shown, context: String) -> Violation {
    let Shown { host, condition, request, answer, .. } = shown;
    let traced = simulator.simulate(&Request { trace: true, ..request.clone() });
    Violation { context, host, condition, witness: request, answer: traced.unwrap_or(answer) }
}

/// The reason why no request is meant.
fn no_request(world: &World<'_>, hosts: &Hosts) -> String {
    let Hosts::Named(host) = hosts else { return "no request meets the conditions".to_owned() };
    let services = world.services.iter().map(|service| service.hostname.as_str());
    let routed = world.all_virtual_services().flat_map(|it| &it.hosts).map(|host| host.value.as_str());
    let known: Vec<&str> = services.chain(routed).collect();
    let short = known.iter().flat_map(|host| [host.split('.').next().unwrap_or(host), host]);
    let close = nearest(host, short).map(|close| format!("; did you mean `{close}`?")).unwrap_or_default();
    match known.iter().any(|known| *known == host) {
        true => format!("none of these proxies gets such requests for host `{host}`"),
        false => format!("none of these proxies has routes for host `{host}`{close}"),
    }
}
