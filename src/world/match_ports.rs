//! The ports on which the routes of a VirtualService apply.

use std::collections::BTreeSet;

use super::{DestinationRef, NamespacedName, Section, VirtualService, resolve_gateway_name};
use crate::source::{Span, Spanned};

/// The ports on which routes apply in one place, as far as their matches say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatchPorts {
    /// Whatever the place listens on.
    Any,
    /// Some of these.
    Only(BTreeSet<u32>),
}

/// A match as far as ports go: its own, and the gateways that it is for.
type Entry<'s> = (Option<u32>, &'s [Spanned<String>]);

impl MatchPorts {
    /// Those of all routes of a section. `place` is a Gateway, or the mesh.
    pub fn of_section(service: &VirtualService<'_>, section: Section, place: Option<&NamespacedName<'_>>) -> Self {
        let of_rules = entries(service, section).into_iter().map(|(_, entries)| Self::of(entries, service, place));
        of_rules.fold(Self::Only(BTreeSet::new()), Self::or)
    }

    /// Those of the rule that a destination stands in.
    pub fn of_destination(
        destination: &DestinationRef<'_>,
        service: &VirtualService<'_>,
        place: Option<&NamespacedName<'_>>,
    ) -> Self {
        let mut rules = entries(service, destination.section).into_iter();
        let of_rule = rules.find(|(rule, _)| *rule == destination.rule);
        of_rule.map_or(Self::Any, |(_, entries)| Self::of(entries, service, place))
    }

    /// Matches for other places do not count.
    fn of(entries: Vec<Entry<'_>>, service: &VirtualService<'_>, place: Option<&NamespacedName<'_>>) -> Self {
        if entries.is_empty() {
            return Self::Any;
        }
        let is_here = |gateways: &[Spanned<String>]| {
            let mut named = gateways.iter().map(|written| resolve_gateway_name(written, &service.name.namespace));
            gateways.is_empty() || named.any(|gateway| gateway.as_ref() == place)
        };
        let here = entries.into_iter().filter(|(_, gateways)| is_here(gateways)).map(|(port, _)| port);
        here.collect::<Option<BTreeSet<u32>>>().map_or(Self::Any, Self::Only)
    }

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

    /// Whether a port is among them.
    pub fn has(&self, port: u32) -> bool {
        match self {
            Self::Any => true,
            Self::Only(ports) => ports.contains(&port),
        }
    }
}

/// The rules of a section with their matches.
fn entries<'s>(service: &'s VirtualService<'_>, section: Section) -> Vec<(Span, Vec<Entry<'s>>)> {
    let spec = &service.spec;
    let number = |port: Option<Spanned<u32>>| port.map(|port| port.value).filter(|port| *port != 0);
    macro_rules! rules {
        ($rules:expr) => {
            $rules
                .iter()
                .map(|rule| {
                    let entries = rule.r#match.iter().map(|it| (number(it.port), it.gateways.as_slice()));
                    (rule.span, entries.collect())
                })
                .collect()
        };
    }
    match section {
        Section::Http => rules!(spec.http),
        Section::Tls => rules!(spec.tls),
        Section::Tcp => rules!(spec.tcp),
    }
}
