//! Objects that many kustomizations render from one base: they are decoded once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::placeholder;
use crate::kustomize::Rendered;
use crate::model::{self, Kind, Resource};
use crate::source::{Sources, Span, Spanned};
use crate::yaml::Node;

/// The decoded objects of bases. Overlays that only rename or move an object share its contents. Threads can share it.
#[derive(Debug, Default)]
pub struct SharedBodies {
    /// By the address of the tree, which the value keeps alive, and whether the tree differs from its document.
    known: Mutex<BTreeMap<(usize, bool), Known>>,
}

#[derive(Debug, Clone)]
struct Known {
    _tree: Arc<Node>,
    /// `None` if each overlay must decode the object itself.
    contents: Option<SharedContents>,
}

/// The contents of an object without mistakes or unknown values.
#[derive(Debug, Clone)]
pub(super) enum SharedContents {
    /// A resource of a known kind.
    Resource(Arc<Resource>),
    /// An object of another kind, or, if `untyped` is 1, none.
    Skipped { span: Span, untyped: usize },
}

impl SharedBodies {
    /// The contents of a rendered object. `None` if they cannot be shared.
    pub(super) fn contents(&self, rendered: &Rendered, sources: &Sources) -> Option<SharedContents> {
        let body = rendered.body.as_ref()?;
        let is_whole = Arc::ptr_eq(body, &rendered.node);
        let is_changed = rendered.is_changed || !is_whole;
        let key = (Arc::as_ptr(body).addr(), is_changed);
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let contents = match known {
            Some(known) => known.contents,
            None => {
                let contents = decode(body, rendered.written_in, is_changed, sources);
                let known = Known { _tree: Arc::clone(body), contents: contents.clone() };
                self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key, known);
                contents
            }
        };
        match contents? {
            SharedContents::Resource(resource) if !is_whole => {
                Some(SharedContents::Resource(Arc::new(with_identity(&resource, &rendered.node))))
            }
            contents => Some(contents),
        }
    }
}

fn decode(body: &Arc<Node>, document: Span, is_changed: bool, sources: &Sources) -> Option<SharedContents> {
    let mut marked = Node::clone(body);
    if !placeholder::mark(&mut marked, sources).is_empty() || marked != **body {
        return None;
    }
    let mut decoded = match is_changed {
        true => model::read_rendered(body, document, sources),
        false => model::read(body, document, sources),
    };
    // Mistakes can be about the name, and a MeshConfig depends on it.
    let has_settings = !decoded.mesh_configs.is_empty() || !decoded.mesh_config_layers.is_empty();
    if !decoded.problems.is_empty() || has_settings || !decoded.foreign.is_empty() {
        return None;
    }
    match (decoded.resources.pop(), decoded.skipped.as_slice()) {
        (Some(resource), []) if decoded.resources.is_empty() && resource.kind != Kind::ConfigMap => {
            Some(SharedContents::Resource(Arc::new(resource)))
        }
        (None, [span]) => Some(SharedContents::Skipped { span: *span, untyped: decoded.untyped }),
        _ => None,
    }
}

/// A resource with the name and the namespace of another tree.
fn with_identity(resource: &Resource, tree: &Arc<Node>) -> Resource {
    let mut resource = resource.clone();
    let metadata = tree.get("metadata");
    let text = |field: &str| {
        let node = metadata?.get(field)?;
        Some(Spanned::new(node.as_str()?.to_owned(), node.span))
    };
    resource.metadata.name = text("name");
    resource.metadata.namespace = text("namespace");
    resource.rendered = Some(Arc::clone(tree));
    resource
}

#[cfg(test)]
mod tests {
    use super::super::{Manifests, Snapshot};
    use super::*;
    use crate::kustomize::Renderer;

    const BASE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n---\n\
        {apiVersion: v1, kind: Service, metadata: {name: b}, spec: {ports: [{port: '${PORT}'}]}}\n---\n\
        {apiVersion: example.com/v1, kind: Other, metadata: {name: c}}\n---\n\
        {apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: d}, spec: {selectors: {a: b}}}\n";

    fn snapshots(kustomizations: &[(&str, &str)]) -> Vec<Snapshot> {
        let base = [("base/kustomization.yaml", "resources: [a.yaml]"), ("base/a.yaml", BASE)];
        let manifests = Manifests::of_texts(base.iter().chain(kustomizations).copied());
        let (renderer, bodies) = (Renderer::new(&manifests), SharedBodies::default());
        let snapshot = |(path, _): &(&str, &str)| {
            let mut snapshot = Snapshot { sources: Arc::clone(&manifests.sources), ..Snapshot::default() };
            let build = renderer.build(path.trim_end_matches("/kustomization.yaml"));
            build.resources.iter().for_each(|rendered| snapshot.add_rendered(rendered, &bodies));
            snapshot
        };
        kustomizations.iter().map(snapshot).collect()
    }

    #[test]
    fn overlays_share_what_they_do_not_change() {
        let snapshots = snapshots(&[
            ("o/kustomization.yaml", "resources: [../base]"),
            ("p/kustomization.yaml", "resources: [../base]"),
            ("q/kustomization.yaml", "resources: [../base]\nnamespace: q\nnamePrefix: q-"),
            ("r/kustomization.yaml", "resources: [../base]\ncommonLabels: {x: r}"),
        ]);
        let names = |snapshot: &Snapshot| {
            let name =
                |it: &Resource| format!("{}/{}", it.metadata.namespace.as_ref().map_or("", |name| name), it.name());
            snapshot.resources().map(name).collect::<Vec<_>>()
        };
        assert!(Arc::ptr_eq(&snapshots[0].resources[0], &snapshots[1].resources[0]));
        assert!(snapshots[0].resources[0].rendered.is_none());
        assert_eq!(names(&snapshots[0]), ["/a", "/b", "/d"]);
        assert_eq!(names(&snapshots[2]), ["q/q-a", "q/q-b", "q/q-d"]);
        assert_eq!(names(&snapshots[3]), ["/a", "/b", "/d"]);
        let labels = |at: usize| snapshots[at].resources[0].metadata.labels.len();
        assert_eq!((labels(2), labels(3)), (0, 1));
        for snapshot in &snapshots {
            // Each has the mistake, the unknown value and the other kind.
            assert_eq!(
                (snapshot.problems.len(), snapshot.placeholders.iter().count(), snapshot.skipped.len()),
                (1, 1, 1)
            );
        }
        let moved = &snapshots[2].resources[0];
        let written = moved.rendered.as_ref().and_then(|root| root.get("metadata")?.get("namespace")?.as_str());
        assert_eq!(written, Some("q"));
    }
}
