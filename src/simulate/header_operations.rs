//! Header operations of routes and destinations (istiod: `TranslateHeadersOperations`, Envoy: `HeaderParser`).

use std::collections::BTreeMap;

use super::effects::Rewritten;
use super::header_format::formatted;
use crate::model::networking::{HeaderOperations, Headers};
use crate::routing::{CompiledRoute, HttpRequest};

/// The operations on a request, in the order in which Envoy carries them out: those of a list together.
pub(super) struct OperationOrder<'a> {
    stages: Vec<Vec<&'a HeaderOperations>>,
    authority: Option<&'a str>,
}

impl<'a> OperationOrder<'a> {
    /// The operations of a route for one of its destinations. Those of a single destination follow those of the route;
    /// those of a weighted destination come before them, so that the route takes precedence.
    pub fn new(route: &CompiledRoute<'a>, of_destination: Option<&'a Headers>) -> Self {
        let of_route = route.headers.and_then(|headers| headers.request.as_ref());
        let of_destination = of_destination.and_then(|headers| headers.request.as_ref());
        let authority = of_route.and_then(authority).or_else(|| of_destination.and_then(authority));
        let stages = match route.route.len() {
            0 | 1 => vec![of_route.into_iter().chain(of_destination).collect()],
            _ => vec![of_destination.into_iter().collect(), of_route.into_iter().collect()],
        };
        Self { stages, authority }
    }

    /// The authority that the operations set. That of the route takes precedence.
    pub fn authority(&self) -> Option<&'a str> {
        self.authority
    }

    /// Carries out the operations on a request. Pseudo headers stay, and empty values are not written.
    pub fn apply(&self, request: &HttpRequest<'_>, result: &mut Rewritten) {
        let mut edited = EditedHeaders { request, values: BTreeMap::new() };
        self.stages.iter().for_each(|stage| edited.apply(stage));
        for (name, values) in edited.values {
            match values.is_empty() {
                true => result.removed_headers.push(name),
                false => _ = result.headers.insert(name, values.join(",")),
            }
        }
    }
}

/// The headers that operations changed so far, by name.
struct EditedHeaders<'e, 'r> {
    request: &'e HttpRequest<'r>,
    values: BTreeMap<String, Vec<String>>,
}

impl EditedHeaders<'_, '_> {
    /// Removes headers, then overwrites some, then adds others.
    fn apply(&mut self, stage: &[&HeaderOperations]) {
        let removed = stage.iter().flat_map(|operations| &operations.remove);
        for name in removed.filter(|name| is_ordinary(name)) {
            self.values.insert(name.to_ascii_lowercase(), Vec::new());
        }
        let written = |pairs: Vec<(&str, &str)>| -> Vec<(String, String)> {
            let ordinary = pairs.into_iter().filter(|(name, _)| is_ordinary(name));
            let values = ordinary.map(|(name, value)| {
                (name.to_ascii_lowercase(), formatted(value, self.request, |header| self.current(header)))
            });
            values.filter(|(_, value)| !value.is_empty()).collect()
        };
        let set = stage.iter().flat_map(|it| it.set.iter()).map(|(name, value)| (name.as_str(), value.as_str()));
        let added = stage.iter().flat_map(|it| it.add.iter()).map(|(name, value)| (name.as_str(), value.as_str()));
        let (set, added) = (written(set.collect()), written(added.collect()));
        for (name, value) in set {
            self.values.insert(name, vec![value]);
        }
        for (name, value) in added {
            let mut values = self.current(&name);
            values.push(value);
            self.values.insert(name, values);
        }
    }

    /// The values that a header has by now.
    fn current(&self, name: &str) -> Vec<String> {
        let of_request = || {
            let values = self.request.header_values(name);
            values.map(|value| String::from_utf8_lossy(value).into_owned()).collect()
        };
        self.values.get(name).cloned().unwrap_or_else(of_request)
    }
}

/// Whether operations can change a header (istiod: `isInternalHeader`).
fn is_ordinary(name: &str) -> bool {
    !name.starts_with(':') && !name.eq_ignore_ascii_case("host")
}

fn is_authority(name: &str) -> bool {
    name.eq_ignore_ascii_case("host") || name.eq_ignore_ascii_case(":authority")
}

/// The authority that operations set on `host` or `:authority`. `set` takes precedence over `add`.
fn authority(operations: &HeaderOperations) -> Option<&str> {
    let written = operations.set.iter().chain(operations.add.iter());
    let mut authorities = written.filter(|(name, _)| is_authority(name)).map(|(_, value)| value.as_str());
    authorities.find(|value| !value.is_empty())
}
