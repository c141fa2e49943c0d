//! The requests that two meshes treat differently.
//!
//! For each vantage and connection, [`tables`] compares the rules of both route tables for each host; [`rules`] pairs the
//! rules that do different things and searches for a request that both take. [`change`] is what is found. What could not be
//! decided is listed, so a difference that is empty and complete is a proof.

mod change;
mod connections;
mod meshes;
mod policies;
mod resources;
mod rules;
mod selections;
mod servers;
mod tables;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::change::Found;
pub use self::change::{Change, ChangeKind};
pub use self::resources::Appearance;
use super::connections::connections;
use super::vantage::Vantages;
use crate::simulate::Simulator;
use crate::world::World;

/// The difference of two meshes.
#[derive(Debug, Default)]
pub struct Diff {
    /// The classes of requests that the meshes treat differently, the most important first.
    pub changes: Vec<Change>,
    /// The clusters whose settings change in what no answer shows, such as the connection pool, with the fields.
    pub settings: BTreeMap<String, BTreeSet<&'static str>>,
    /// The services, subsets and policies that only one of the meshes has.
    pub appearances: Vec<Appearance>,
    /// The reasons why there may be more changes. Without any, all requests were compared.
    pub incomplete: BTreeSet<String>,
    /// The extent of the comparison.
    pub compared: Compared,
    /// The meshes that were compared.
    pub meshes: Meshes,
    /// The prefixes of paths in output, for the old and the new side: `main:` for those of a revision.
    pub prefixes: [String; 2],
}

/// The meshes of both sides, by their names relative to the arguments of the command.
#[derive(Debug, Default, Clone)]
pub struct Meshes {
    /// The number of meshes that both sides have.
    pub both: usize,
    /// Those of them whose resources are not the same on both sides.
    pub touched: Vec<String>,
    /// The meshes that only the new side has.
    pub appeared: Vec<String>,
    /// The meshes that only the old side has.
    pub vanished: Vec<String>,
}

impl Meshes {
    /// Whether both sides have the same meshes with the same resources.
    pub fn is_identical(&self) -> bool {
        self.touched.is_empty() && self.appeared.is_empty() && self.vanished.is_empty()
    }
}

/// The numbers of what was compared.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// The proxies and clients from which requests start.
    pub vantages: usize,
    /// The pairs of route tables.
    pub tables: usize,
    /// The rules of these tables, of both meshes together.
    pub rules: usize,
}

impl Diff {
    /// Whether the comparison is a proof that the meshes route all requests alike. A mesh that only one version has is a
    /// difference.
    pub fn is_proof_of_equivalence(&self) -> bool {
        let has_same_meshes = self.meshes.appeared.is_empty() && self.meshes.vanished.is_empty();
        self.changes.is_empty() && self.settings.is_empty() && self.incomplete.is_empty() && has_same_meshes
    }

    /// Compares two meshes.
    pub fn of<'a>(old: &Simulator<'a>, new: &Simulator<'a>) -> Self {
        match resources::are_identical(old.world(), new.world()) {
            true => Self::default(),
            false => Self::by_rules(old, new),
        }
    }

    /// Compares two meshes rule by rule.
    fn by_rules<'a>(old: &Simulator<'a>, new: &Simulator<'a>) -> Self {
        let both = [old, new];
        let worlds: Vec<&World<'a>> = both.iter().map(|it| it.world()).collect();
        let Vantages { all, incomplete } = Vantages::of(&both);
        let mut found = Found::new(old, new, &all);
        found.diff.incomplete = incomplete;
        found.diff.incomplete.extend(resources::not_simulated(worlds[0], worlds[1]));
        found.diff.incomplete.extend(resources::other_settings(worlds[0], worlds[1]));
        found.diff.incomplete.extend(resources::missing_gateways(worlds[0], worlds[1]));
        found.diff.incomplete.extend(selections::undecided(worlds[0], worlds[1]));
        found.diff.appearances = resources::appearances(worlds[0], worlds[1]);
        for (number, vantage) in all.iter().enumerate() {
            let mut tables = tables::Tables::new(&mut found, number);
            let ports = vantage.ports(&worlds);
            for number in ports.all() {
                for connection in connections(&both, vantage, number) {
                    tables.compare(&connection, ports.mentioned(number));
                }
            }
        }
        servers::compare(&mut found);
        policies::compare(&mut found);
        found.diff.compared.vantages = all.len();
        found.finish()
    }
}
