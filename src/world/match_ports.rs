//! The ports on which the routes of a VirtualService apply.

use std::collections::BTreeSet;

use super::{NamespacedName, Route, Section, VirtualService};

/// The ports on which routes apply at one Gateway, or in the mesh, as far as their matches say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatchPorts {
    /// All ports.
    Any,
    /// These ports.
    Only(BTreeSet<u32>),
}

impl VirtualService<'_> {
    /// The ports on which the routes of a section apply at a Gateway, or in the mesh.
    pub fn ports_of(&self, section: Section, gateway: Option<&NamespacedName<'_>>) -> MatchPorts {
        let none = MatchPorts::Only(BTreeSet::new());
        self.routes_of(section).iter().map(|route| route.ports_at(gateway)).fold(none, MatchPorts::or)
    }
}

impl Route<'_> {
    /// The ports on which the route applies at a Gateway, or in the mesh. Matches for other Gateways do not count.
    pub fn ports_at(&self, gateway: Option<&NamespacedName<'_>>) -> MatchPorts {
        let matches = self.matches();
        if matches.is_empty() {
            return MatchPorts::Any;
        }
        let here = matches.iter().filter(|it| it.applies_at(gateway)).map(|it| it.port.map(|port| port.value));
        here.collect::<Option<BTreeSet<u32>>>().map_or(MatchPorts::Any, MatchPorts::Only)
    }
}

impl MatchPorts {
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Only(a), Self::Only(b)) => Self::Only(a.union(&b).copied().collect()),
            _ => Self::Any,
        }
    }

    /// Whether there is a port that both have.
    pub fn meet(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, Self::Any) => true,
            (Self::Any, Self::Only(ports)) | (Self::Only(ports), Self::Any) => !ports.is_empty(),
            (Self::Only(a), Self::Only(b)) => !a.is_disjoint(b),
        }
    }

    /// Whether there are any.
    pub fn has_any(&self) -> bool {
        match self {
            Self::Any => true,
            Self::Only(ports) => !ports.is_empty(),
        }
    }

    /// Whether a port is among them.
    pub fn has(&self, port: u32) -> bool {
        match self {
            Self::Any => true,
            Self::Only(ports) => ports.contains(&port),
        }
    }
}
