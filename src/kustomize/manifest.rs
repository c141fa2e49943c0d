//! An object while it is rendered: its tree, its identity, and the identities that it had.

use std::sync::Arc;

use super::Rendered;
use super::resources::Written;
use crate::source::Span;
use crate::yaml::{Entry, Node, SharedList, Value};

/// The namespace of a cluster-scoped object in comparisons.
pub(super) const CLUSTER: &str = "_non_namespaceable_";

/// An object while it is rendered. A clone shares the tree until one of both changes.
#[derive(Debug, Clone)]
pub(super) struct Manifest {
    tree: Arc<Node>,
    /// The tree before its name and namespace changed, if nothing else has changed since.
    body: Option<Arc<Node>>,
    is_changed: bool,
    /// Where the object was written.
    pub written_in: Span,
    /// Further places, with labels: what renamed or moved it.
    pub causes: Vec<(Span, String)>,
    /// The identities that it had, the oldest first.
    pub former: Vec<FormerId>,
    /// The prefixes and suffixes that it got, the oldest first. Their ends decide between several candidates of a
    /// name reference.
    pub prefixes: Vec<Arc<str>>,
    /// See `prefixes`.
    pub suffixes: Vec<Arc<str>>,
    /// Whether its name gets the hash of its contents.
    pub needs_hash: bool,
    /// The names of the vars that take their values from the object.
    pub vars: Vec<Arc<str>>,
}

/// An identity that an object had. kustomize does not remember group and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FormerId {
    /// The effective namespace: `default` for none, [`CLUSTER`] for a cluster-scoped object.
    pub namespace: Arc<str>,
    /// The name.
    pub name: Arc<str>,
    /// The kind.
    pub kind: Arc<str>,
}

/// The identity of an object. Texts are empty for absent parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ManifestId<'m> {
    /// The group of its `apiVersion`.
    pub group: &'m str,
    /// The version of its `apiVersion`.
    pub version: &'m str,
    /// The kind.
    pub kind: &'m str,
    /// The name.
    pub name: &'m str,
    /// The effective namespace: `default` for none, [`CLUSTER`] for a cluster-scoped object.
    pub namespace: &'m str,
}

impl Manifest {
    /// An object as it is written.
    pub fn new(written: Written) -> Self {
        Self {
            tree: written.node,
            body: None,
            is_changed: written.is_converted,
            written_in: written.span,
            causes: Vec::new(),
            former: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            needs_hash: false,
            vars: Vec::new(),
        }
    }

    /// The tree.
    pub fn node(&self) -> &Node {
        &self.tree
    }

    /// The tree, to change it. This copies a tree that is shared.
    pub fn node_mut(&mut self) -> &mut Node {
        self.is_changed = true;
        self.body = None;
        Arc::make_mut(&mut self.tree)
    }

    /// The tree, to change only the name or the namespace.
    pub fn identity_mut(&mut self) -> &mut Node {
        self.is_changed = true;
        self.body.get_or_insert_with(|| Arc::clone(&self.tree));
        Arc::make_mut(&mut self.tree)
    }

    /// Whether a patch deleted the object: nothing is left of it.
    pub fn is_deleted(&self) -> bool {
        self.tree.entries().is_empty()
    }

    /// Deletes the object. It leaves the set after the current transformer.
    pub fn delete(&mut self) {
        self.is_changed = true;
        self.tree = Arc::new(Node { span: self.tree.span, value: Value::Null });
    }

    /// The current identity.
    pub fn id(&self) -> ManifestId<'_> {
        let (group, version) = self.group_version();
        let (kind, name) = (self.kind(), self.name());
        ManifestId { group, version, kind, name, namespace: self.effective_namespace() }
    }

    /// Group and version.
    pub fn group_version(&self) -> (&str, &str) {
        split_api_version(self.text("apiVersion"))
    }

    /// The kind.
    pub fn kind(&self) -> &str {
        self.text("kind")
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        self.metadata("name").and_then(Node::as_str).unwrap_or_default()
    }

    /// `metadata.namespace`; empty if there is none.
    pub fn namespace(&self) -> &str {
        self.metadata("namespace").and_then(Node::as_str).unwrap_or_default()
    }

    /// A field of `metadata`.
    pub fn metadata(&self, field: &str) -> Option<&Node> {
        self.tree.get("metadata")?.get(field)
    }

    /// The place of the name, or of the whole object.
    pub fn name_span(&self) -> Span {
        self.metadata("name").map_or(self.written_in, |name| name.span)
    }

    /// The value of an annotation.
    pub fn annotation(&self, name: &str) -> Option<&str> {
        self.metadata("annotations")?.get(name)?.as_str()
    }

    /// The namespace in comparisons.
    pub fn effective_namespace(&self) -> &str {
        if self.is_cluster_scoped() {
            return CLUSTER;
        }
        effective(self.namespace())
    }

    /// Whether kustomize knows the kind as cluster-scoped.
    pub fn is_cluster_scoped(&self) -> bool {
        let (group, version) = self.group_version();
        is_cluster_scoped(group, version, self.kind())
    }

    /// The first identity: the one that is written in the file.
    pub fn original_id(&self) -> ManifestId<'_> {
        self.former.first().map_or_else(|| self.id(), |former| self.with_former(former))
    }

    /// All identities that the object had and has, the oldest first. Former ones have the group and version of today.
    pub fn ids(&self) -> impl Iterator<Item = ManifestId<'_>> {
        self.former_ids().chain([self.id()])
    }

    /// The identities that the object had.
    pub fn former_ids(&self) -> impl Iterator<Item = ManifestId<'_>> {
        self.former.iter().map(|former| self.with_former(former))
    }

    fn with_former<'m>(&'m self, former: &'m FormerId) -> ManifestId<'m> {
        let (group, version) = self.group_version();
        ManifestId { group, version, kind: &former.kind, name: &former.name, namespace: &former.namespace }
    }

    /// Adds the current identity to the former ones. Each transformer that may change it does so first.
    pub fn remember(&mut self) {
        let former = FormerId {
            namespace: self.effective_namespace().into(),
            name: self.name().into(),
            kind: self.kind().into(),
        };
        self.former.push(former);
    }

    /// Sets `metadata.name`. The place of the new name is `span`, or that of the old name.
    pub fn set_name(&mut self, name: &str, span: Option<Span>) {
        let written_in = self.written_in;
        let metadata = metadata_mut(self.identity_mut(), written_in);
        set_text(metadata, "name", name, span);
    }

    /// Sets `metadata.namespace`, and creates it if necessary.
    pub fn set_namespace(&mut self, namespace: &str, span: Span) {
        let metadata = metadata_mut(self.identity_mut(), span);
        set_text(metadata, "namespace", namespace, Some(span));
    }

    /// Removes `metadata.annotations`.
    pub fn remove_annotations(&mut self) {
        let written_in = self.written_in;
        entries_mut(metadata_mut(self.node_mut(), written_in)).retain(|entry| &*entry.key.text != "annotations");
    }

    /// The finished object.
    pub fn into_rendered(self) -> Rendered {
        // A tree that a base yields is also in the base.
        let shared = || (Arc::strong_count(&self.tree) > 1).then(|| Arc::clone(&self.tree));
        Rendered {
            body: self.body.or_else(shared),
            node: self.tree,
            written_in: self.written_in,
            is_changed: self.is_changed,
            causes: self.causes,
        }
    }

    fn text(&self, field: &str) -> &str {
        self.tree.get(field).and_then(Node::as_str).unwrap_or_default()
    }
}

impl ManifestId<'_> {
    /// The object in messages: its kind and, in backticks, its namespace and name.
    pub fn describe(&self) -> String {
        let kind = if self.kind.is_empty() { "object" } else { self.kind };
        match self.namespace {
            CLUSTER => format!("{kind} `{}`", self.name),
            namespace => format!("{kind} `{namespace}/{}`", self.name),
        }
    }
}

/// The namespace in comparisons: none is `default`.
pub(super) fn effective(namespace: &str) -> &str {
    if namespace.is_empty() { "default" } else { namespace }
}

/// Group and version of an `apiVersion`.
pub(super) fn split_api_version(api_version: &str) -> (&str, &str) {
    api_version.split_once('/').unwrap_or(("", api_version))
}

/// Whether kustomize knows a kind as cluster-scoped. Its table is that of Kubernetes 1.21; all others are namespaced.
pub(super) fn is_cluster_scoped(group: &str, version: &str, kind: &str) -> bool {
    let stable = version == "v1";
    let known = stable || version == "v1beta1";
    match group {
        "" => stable && matches!(kind, "Namespace" | "Node" | "PersistentVolume" | "ComponentStatus"),
        "rbac.authorization.k8s.io" => known && matches!(kind, "ClusterRole" | "ClusterRoleBinding"),
        "apiextensions.k8s.io" => known && kind == "CustomResourceDefinition",
        "apiregistration.k8s.io" => known && kind == "APIService",
        "admissionregistration.k8s.io" => {
            known && matches!(kind, "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration")
        }
        "networking.k8s.io" => known && kind == "IngressClass",
        "storage.k8s.io" => known && matches!(kind, "StorageClass" | "CSIDriver" | "CSINode" | "VolumeAttachment"),
        "scheduling.k8s.io" => known && kind == "PriorityClass",
        "node.k8s.io" => known && kind == "RuntimeClass",
        "certificates.k8s.io" => known && kind == "CertificateSigningRequest",
        "policy" => version == "v1beta1" && kind == "PodSecurityPolicy",
        "flowcontrol.apiserver.k8s.io" => {
            version == "v1beta1" && matches!(kind, "FlowSchema" | "PriorityLevelConfiguration")
        }
        _ => false,
    }
}

/// The value of `metadata`, which is created if necessary.
fn metadata_mut(root: &mut Node, span: Span) -> &mut Node {
    let entries = entries_mut(root);
    let at = entries.iter().position(|entry| &*entry.key.text == "metadata").unwrap_or_else(|| {
        entries.push(Entry::new("metadata", span, Node { span, value: Value::Mapping(SharedList::default()) }));
        entries.len() - 1
    });
    &mut entries[at].value
}

/// Sets a field to a text. A new value has the place of the old one unless `span` says otherwise.
pub(super) fn set_text(mapping: &mut Node, field: &str, text: &str, span: Option<Span>) {
    let parent = mapping.span;
    let entries = entries_mut(mapping);
    match entries.iter_mut().find(|entry| &*entry.key.text == field) {
        Some(entry) => {
            let span = span.unwrap_or(entry.value.span);
            entry.value = Node { span, value: Value::String(text.into()) };
        }
        None => {
            let span = span.unwrap_or(parent);
            entries.push(Entry::new(field, span, Node { span, value: Value::String(text.into()) }));
        }
    }
}

/// The entries of a mapping, to change them. Another value becomes an empty mapping.
pub(super) fn entries_mut(node: &mut Node) -> &mut Vec<Entry> {
    if !matches!(node.value, Value::Mapping(_)) {
        node.value = Value::Mapping(SharedList::default());
    }
    match &mut node.value {
        Value::Mapping(entries) => entries,
        _ => unreachable!("it is a mapping now"),
    }
}

impl Entry {
    /// An entry whose key was not written as such.
    pub(super) fn new(key: &str, span: Span, value: Node) -> Self {
        Self { key: crate::yaml::Key { span, text: key.into() }, value }
    }
}
