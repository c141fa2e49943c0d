//! The routes that cases reach.

use std::collections::{BTreeMap, BTreeSet};

use crate::simulate::{Answer, RouteRef};
use crate::source::Span;
use crate::world::{Origin, VirtualService, World};

/// A route: its file and line, the resource, the section, and the index in it. Meshes can have different resources of one name.
pub(super) type Key = (String, usize, String, &'static str, usize);

/// The routes that cases reach, among all of them.
#[derive(Debug, Default)]
pub struct Coverage {
    routes: BTreeMap<Key, RoutePlace>,
    reached: BTreeSet<Key>,
}

/// A route, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoutePlace {
    /// `namespace/name` of the VirtualService, or of the Gateway API route.
    pub resource: String,
    /// The section.
    pub section: &'static str,
    /// The index in the section.
    pub index: usize,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

impl Coverage {
    /// The routes of some meshes, of which none is reached yet. A route that delegates leads to others, which count instead.
    pub fn new<'a>(worlds: impl IntoIterator<Item = &'a World<'a>>) -> Self {
        let mut coverage = Self::default();
        for world in worlds {
            for virtual_service in world.all_virtual_services() {
                coverage.add(world, virtual_service);
            }
        }
        coverage
    }

    fn add(&mut self, world: &World<'_>, virtual_service: &VirtualService<'_>) {
        let spec = &virtual_service.spec;
        let http = spec.http.iter().map(|route| (route.span, route.delegate.is_none()));
        let tls = spec.tls.iter().map(|route| (route.span, true));
        let tcp = spec.tcp.iter().map(|route| (route.span, true));
        let sections: [(&'static str, Vec<(Span, bool)>); 3] =
            [("http", http.collect()), ("tls", tls.collect()), ("tcp", tcp.collect())];
        for (section, routes) in sections {
            let counted = routes.into_iter().enumerate().filter(|(_, (_, counts))| *counts);
            for (index, (span, _)) in counted {
                let (resource, section, index) = match (virtual_service.origin, virtual_service.sources.get(index)) {
                    (Origin::VirtualService, _) | (_, None) => (virtual_service.name.to_string(), section, index),
                    (_, Some(source)) => {
                        let namespace = world.settings.namespace_of(source.resource);
                        (format!("{namespace}/{}", source.resource.name()), "rules", source.rule)
                    }
                };
                let (file, line) = place(world, span);
                let key = (file.clone(), line, resource.clone(), section, index);
                self.routes.entry(key).or_insert(RoutePlace { resource, section, index, file, line });
            }
        }
    }

    /// Notes the routes that an answer names.
    pub(super) fn note_answer(&mut self, answer: &Answer) {
        for leg in std::iter::once(answer).chain(answer.legs.iter()) {
            if let Some(route) = &leg.route {
                self.reached.insert(key(route));
            }
        }
    }

    /// Notes a route of a VirtualService.
    pub(super) fn note_rule(&mut self, world: &World<'_>, virtual_service: &VirtualService<'_>, index: usize) {
        if let Some(route) = virtual_service.spec.http.get(index) {
            let (file, line) = place(world, route.span);
            self.reached.insert((file, line, virtual_service.name.to_string(), "http", index));
        }
    }

    /// The number of routes.
    pub fn routes(&self) -> usize {
        self.routes.len()
    }

    /// The number of routes that cases reach.
    pub fn covered(&self) -> usize {
        self.routes.keys().filter(|key| self.reached.contains(*key)).count()
    }

    /// The routes that no case reaches, by their places.
    pub fn uncovered(&self) -> Vec<&RoutePlace> {
        let missed = self.routes.iter().filter(|(key, _)| !self.reached.contains(*key));
        let mut places: Vec<&RoutePlace> = missed.map(|(_, place)| place).collect();
        places.sort_by_key(|place| (&place.file, place.line));
        places
    }

    /// The covered part in percent; 100 without routes.
    pub fn percent(&self) -> f64 {
        match self.routes() {
            0 => 100.0,
            #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 routes")]
            all => self.covered() as f64 * 100.0 / all as f64,
        }
    }
}

/// The key of a route.
pub(super) fn key(route: &RouteRef) -> Key {
    let resource = route.virtual_service.as_ref().or(route.resource.as_ref());
    (route.file.clone(), route.line, resource.cloned().unwrap_or_default(), route.section, route.index)
}

/// The file and the line of a place.
fn place(world: &World<'_>, span: Span) -> (String, usize) {
    let sources = &world.snapshot.sources;
    (sources.file(span.file).path().to_owned(), sources.start(span).line)
}
