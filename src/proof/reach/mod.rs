//! The requests that arrive at a destination, and those that its policies deny or allow.

mod rulings;

use std::collections::BTreeSet;

use super::context;
use super::search::{Aim, Found, Hosts, Origin, Question, Shown, Target, search};
use super::vantage::Vantage;
use crate::policy::Ruling;
use crate::simulate::{Answer, Request, RouteRef, Simulator};
use crate::source::Span;

pub use rulings::workload_named;

/// The question about requests.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Sought {
    /// Whether they arrive at the destination.
    #[default]
    Arrival,
    /// How the policies of the destination, a workload, rule on them.
    Ruling(Ruling),
}

/// The requests that arrive at a destination, or on which its policies rule.
#[derive(Debug, Default)]
pub struct Reach {
    /// The destination, as it was asked for.
    pub destination: String,
    /// The question about requests to it.
    pub sought: Sought,
    /// The ways to it, or the rules of policies.
    pub ways: Vec<Way>,
    /// The reasons why there may be more. Without any, no other request arrives there.
    pub incomplete: BTreeSet<String>,
    /// The number of proxies from which requests start.
    pub vantages: usize,
    /// The number of route tables that were searched.
    pub tables: usize,
}

/// A rule that sends requests to the destination or rules on them, in the meshes and at the proxies that have it.
#[derive(Debug, Clone)]
pub struct Way {
    /// The meshes, if there are several.
    pub meshes: Vec<String>,
    /// Where the requests start: gateways, or the mesh with the namespaces of the clients. For rules of policies, the
    /// workload that has them.
    pub context: String,
    /// The hosts, in the form in which a virtual host has them. Empty for rules of policies.
    pub hosts: Vec<String>,
    /// The requests of the rule, in words.
    pub condition: String,
    /// One of them.
    pub witness: Request,
    /// The answer to it.
    pub answer: Answer,
    /// The place of the route or policy; `None` for defaults.
    place: Option<Span>,
}

impl Way {
    /// The route; `None` if no route decides.
    pub fn route(&self) -> Option<&RouteRef> {
        self.answer.route.as_ref()
    }

    /// Whether two ways are the same in different meshes.
    fn is_same(&self, other: &Self) -> bool {
        self.place == other.place
            && self.context == other.context
            && self.hosts == other.hosts
            && self.condition == other.condition
            && self.answer.decision == other.answer.decision
    }
}

impl Reach {
    /// Searches the requests that arrive at a destination of a mesh. `incomplete` has the reasons why there may be other
    /// origins.
    pub fn of<'a>(
        simulator: &Simulator<'a>,
        (origins, mut incomplete): (&[Origin], BTreeSet<String>),
        target: &Target,
    ) -> Self {
        let aim = Aim::Ending(vec![target.clone()]);
        let question = Question { aim, conditions: &[], hosts: Hosts::Any, port: None, wants_one: false };
        let Found { shown, undecided, tables, .. } = search(simulator, origins, &question);
        incomplete.extend(undecided);
        let vantages: Vec<Vantage> = origins.iter().map(|origin| origin.vantage.clone()).collect();
        let ways = joined(shown, &vantages);
        Self {
            destination: target.to_string(),
            sought: Sought::Arrival,
            ways,
            incomplete,
            vantages: origins.len(),
            tables,
        }
    }

    /// The requests that arrive at a destination of several meshes, by their names.
    pub fn of_meshes(parts: Vec<(String, Self)>) -> Self {
        let has_several = parts.len() > 1;
        let mut all = Self::default();
        for (mesh, part) in parts {
            for way in part.ways {
                let at = all.ways.iter().position(|known| known.is_same(&way)).unwrap_or_else(|| {
                    all.ways.push(way);
                    all.ways.len() - 1
                });
                all.ways[at].meshes.extend(has_several.then(|| mesh.clone()));
            }
            let named = |reason: String| if has_several { format!("mesh {mesh}: {reason}") } else { reason };
            all.incomplete.extend(part.incomplete.into_iter().map(named));
            all.destination = part.destination;
            all.sought = part.sought;
            all.vantages += part.vantages;
            all.tables += part.tables;
        }
        if has_several {
            for way in &mut all.ways {
                way.witness.mesh = way.meshes.first().cloned();
            }
        }
        all
    }
}

/// Joins what differs only in the proxies, and then what differs only in the hosts.
fn joined(shown: Vec<Shown>, vantages: &[Vantage]) -> Vec<Way> {
    let mut by_host: Vec<(Shown, BTreeSet<usize>)> = Vec::new();
    for it in shown {
        let known = by_host.iter_mut().find(|(other, _)| other.host == it.host && is_same_way(other, &it));
        match known {
            Some((_, origins)) => drop(origins.insert(it.origin)),
            None => {
                let origins = BTreeSet::from([it.origin]);
                by_host.push((it, origins));
            }
        }
    }
    let mut rows: Vec<(Shown, BTreeSet<usize>, Vec<String>)> = Vec::new();
    for (it, origins) in by_host {
        match rows.iter_mut().find(|(other, from, _)| *from == origins && is_same_way(other, &it)) {
            Some((_, _, hosts)) => hosts.push(it.host),
            None => {
                let hosts = vec![it.host.clone()];
                rows.push((it, origins, hosts));
            }
        }
    }
    let way = |(shown, origins, hosts): (Shown, BTreeSet<usize>, Vec<String>)| Way {
        meshes: Vec::new(),
        context: context::words(vantages, &origins),
        hosts,
        condition: shown.condition,
        witness: shown.request,
        answer: shown.answer,
        place: shown.place,
    };
    rows.into_iter().map(way).collect()
}

fn is_same_way(one: &Shown, other: &Shown) -> bool {
    one.place == other.place && one.condition == other.condition && one.answer.outcome == other.answer.outcome
}
