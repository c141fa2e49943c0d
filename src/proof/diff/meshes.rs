//! The differences of several meshes, each class of requests once.

use std::collections::HashMap;

use super::{Change, Diff};
use crate::simulate::{Answer, Decision, RouteRef};
use crate::source::Span;

impl Diff {
    /// The differences of several meshes, by their names, as one. Overlays share files, so that a change of one of them is
    /// often the same in many meshes.
    pub fn of_meshes(parts: Vec<(String, Self)>) -> Self {
        let has_several = parts.len() > 1;
        let mut all = Self::default();
        all.meshes.both = parts.len();
        let mut known: HashMap<Outline, usize> = HashMap::new();
        for (mesh, diff) in parts {
            if diff.compared.vantages > 0 {
                all.meshes.touched.push(mesh.clone());
            }
            for change in diff.changes {
                let at = *known.entry(change.outline()).or_insert_with(|| {
                    all.changes.push(change);
                    all.changes.len() - 1
                });
                all.changes[at].meshes.extend(has_several.then(|| mesh.clone()));
            }
            for (cluster, fields) in diff.settings {
                all.settings.entry(cluster).or_default().extend(fields);
            }
            for appearance in diff.appearances {
                if !all.appearances.contains(&appearance) {
                    all.appearances.push(appearance);
                }
            }
            let named = |reason: String| if has_several { format!("mesh {mesh}: {reason}") } else { reason };
            all.incomplete.extend(diff.incomplete.into_iter().map(named));
            all.compared.vantages += diff.compared.vantages;
            all.compared.tables += diff.compared.tables;
            all.compared.rules += diff.compared.rules;
        }
        all.changes.sort_by_key(|it| (it.kind, it.is_rare()));
        all
    }
}

/// The identity of a change, which is the same in several meshes: the places of the routes, and the rest in words.
type Outline = ([Option<Span>; 2], String);

impl Change {
    /// The outline of the change. The namespace of the routes does not count: an overlay can set it.
    fn outline(&self) -> Outline {
        let routes = [&self.before, &self.after].map(|answer| answer.route.as_ref());
        let owner = |route: &RouteRef| route.virtual_service.clone().or_else(|| route.resource.clone());
        let namespace = routes.iter().flatten().find_map(|route| Some(owner(route)?.split_once('/')?.0.to_owned()));
        let Self { kind, hosts, context, condition, before, after, aspects, .. } = self;
        let words = format!("{kind:?} {hosts:?} {context} {condition} {aspects:?} {} {}", end(before), end(after));
        let words = match namespace {
            Some(namespace) => [".", " ", "/"]
                .iter()
                .fold(words, |words, mark| words.replace(&format!("{mark}{namespace}"), &format!("{mark}*"))),
            None => words,
        };
        (routes.map(|route| route.map(|route| route.span)), words)
    }
}

/// The end of an answer, without the places and names of routes.
fn end(answer: &Answer) -> String {
    let Decision { outcome, status, flag, destinations, mirrors, fault, timeout, retries, .. } = &*answer.decision;
    let destinations: Vec<_> = destinations.iter().map(|it| (&it.cluster, &it.weight, it.problem, it.tls)).collect();
    let Answer { request, location, .. } = answer;
    format!(
        "{outcome:?} {status:?} {flag:?} {destinations:?} {mirrors:?} {fault:?} {timeout:?} {retries:?} {request:?} {location:?}"
    )
}
