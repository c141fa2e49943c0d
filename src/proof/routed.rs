//! Requests for each route of a mesh.

use std::collections::BTreeSet;

use super::search::{Aim, Found, Hosts, Origins, Question, Shown, search};
use crate::simulate::Simulator;

/// The routes of a mesh that take requests.
#[derive(Debug, Default)]
pub struct Routed {
    /// A request for each of them from each proxy, with its answer.
    pub shown: Vec<Shown>,
    /// The reasons why there may be more.
    pub undecided: BTreeSet<String>,
}

impl Routed {
    /// Searches a request for each route, from all proxies.
    pub fn of(simulator: &Simulator<'_>) -> Self {
        let Origins { all, incomplete } = Origins::of(simulator);
        let question = Question { aim: Aim::Routed, conditions: &[], hosts: Hosts::Any, port: None, wants_one: false };
        let Found { shown, undecided, .. } = search(simulator, &all, &question);
        Self { shown, undecided: &incomplete | &undecided }
    }
}
