//! From the root of a document to the resources in it.

use super::decode::{Decode, Decoder};
use super::kinds::{self, Body, Kind, Lookup, Spec};
use super::kubernetes::TemplateMetadata;
use super::map::Labels;
use super::mesh_config::MeshConfig;
use super::meta::Metadata;
use super::nearest;
use super::problem::{Problem, ProblemKind};
use super::status::Status;
use crate::source::{Span, Spanned};
use crate::yaml::{Node, Value};

/// A resource of a kind that is read.
#[derive(Debug, Clone)]
pub struct Resource {
    /// As written: `networking.istio.io/v1`.
    pub api_version: String,
    /// The kind.
    pub kind: Kind,
    /// Name, namespace, labels, annotations.
    pub metadata: Metadata,
    /// What it says.
    pub spec: Spec,
    /// What a controller said of it, if the manifest was taken from a cluster.
    pub status: Option<Status>,
    /// The resource's mapping.
    pub span: Span,
    /// The document that it stands in.
    pub document: Span,
}

impl Resource {
    /// The name; empty if the manifest gives none.
    pub fn name(&self) -> &str {
        self.metadata.name.as_ref().map_or("", |name| name)
    }

    /// Where the name stands, else where the resource stands.
    pub fn name_span(&self) -> Span {
        self.metadata.name.as_ref().map_or(self.span, |name| name.span)
    }

    /// The labels and annotations of the resource itself.
    pub fn tags(&self) -> Tags<'_> {
        let Metadata { labels, annotations, .. } = &self.metadata;
        Tags { kind: self.kind, of_template: false, labels, annotations }
    }

    /// All labels and annotations that it holds: its own, and those of the pods that are made from it.
    pub fn all_tags(&self) -> impl Iterator<Item = Tags<'_>> {
        std::iter::once(self.tags()).chain(self.pod_tags())
    }

    /// The labels and annotations of the pods that are made from it, if it has a template.
    pub fn pod_tags(&self) -> Option<Tags<'_>> {
        let TemplateMetadata { labels, annotations, .. } = self.spec.pod_template()?.metadata.as_ref()?;
        Some(Tags { kind: Kind::Pod, of_template: true, labels, annotations })
    }
}

/// Labels and annotations, and whose they are.
#[derive(Debug, Clone, Copy)]
pub struct Tags<'a> {
    /// The kind of what carries them: [`Kind::Pod`] of the pods that a template describes.
    pub kind: Kind,
    /// Whether they stand in a template.
    pub of_template: bool,
    /// The labels.
    pub labels: &'a Labels,
    /// The annotations.
    pub annotations: &'a Labels,
}

/// What a document holds.
#[derive(Debug, Default)]
pub struct Contents {
    /// The resources of kinds that are read, in the order of the text.
    pub resources: Vec<Resource>,
    /// Mesh-wide settings, be it a bare MeshConfig or one inside a ConfigMap or IstioOperator.
    pub mesh_configs: Vec<MeshConfig>,
    /// The number of resources of other kinds, and of documents that are no resource at all.
    pub skipped: usize,
    /// What is wrong with the resources.
    pub problems: Vec<Problem>,
}

/// Reads the resources of a document, those in lists included. `text` is that of the whole file.
pub fn read(root: &Node, document: Span, text: &str) -> Contents {
    let mut reader = Reader { document, decoder: Decoder::new(text), contents: Contents::default() };
    reader.read(root, None);
    reader.contents.problems = reader.decoder.into_problems();
    reader.contents
}

struct Reader<'a> {
    document: Span,
    decoder: Decoder<'a>,
    contents: Contents,
}

/// The type that a list gives to items which do not name their own.
#[derive(Clone, Copy)]
struct ItemType<'n> {
    api_version: &'n str,
    kind: &'n str,
}

/// The keys that every resource of Istio's may have.
const RESOURCE_KEYS: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];

impl Reader<'_> {
    fn read(&mut self, node: &Node, of_list: Option<ItemType<'_>>) {
        let text = |key| node.get(key).and_then(Node::as_str);
        let api_version = text("apiVersion").or(of_list.map(|list| list.api_version));
        let kind = text("kind").or(of_list.map(|list| list.kind));
        let (Some(api_version), Some(kind)) = (api_version, kind) else {
            return self.read_untyped(node, kind);
        };
        if let Some(item_kind) = kind.strip_suffix("List")
            && let Some(items) = node.get("items")
        {
            let typed = (!item_kind.is_empty()).then_some(ItemType { api_version, kind: item_kind });
            for item in items.items() {
                match item.value {
                    Value::Mapping(_) => self.read(item, typed),
                    _ => self.decoder.wrong_type(item, "a resource"),
                }
            }
            return;
        }
        match kinds::lookup(api_version, kind) {
            Lookup::Known(known) => self.read_known(node, known, api_version),
            Lookup::Foreign => self.contents.skipped += 1,
            Lookup::UnservedVersion(known) => {
                let message = format!("{} is not served in version {api_version}", known.name());
                let help = format!("use apiVersion: {}/{}", known.group(), known.versions()[0]);
                self.report_type(node, "apiVersion", message, help);
                self.read_known(node, known, api_version);
            }
            Lookup::UnknownKind { suggestion } => {
                let message = format!("{api_version} has no kind {kind}");
                let help = match suggestion {
                    Some(suggestion) => format!("did you mean {suggestion}?"),
                    None => "check the spelling of kind and apiVersion; the resource is not checked".to_owned(),
                };
                self.report_type(node, "kind", message, help);
                self.contents.skipped += 1;
            }
        }
    }

    /// A document that does not say what it is: a MeshConfig, a forgotten `apiVersion`, or something else altogether.
    fn read_untyped(&mut self, node: &Node, kind: Option<&str>) {
        let is_mesh_config = kind.is_none()
            && node.get("apiVersion").is_none()
            && MeshConfig::FIELDS.iter().any(|field| node.get(&super::decode::camel_case(field)).is_some());
        if is_mesh_config {
            self.contents.mesh_configs.extend(MeshConfig::decode(node, &mut self.decoder));
            return;
        }
        self.contents.skipped += 1;
        let forgotten = kind
            .and_then(|kind| Kind::ALL.iter().find(|known| known.name() == kind))
            .filter(|known| kinds::is_istio(known.group()) && node.get("spec").is_some());
        if let Some(known) = forgotten {
            let message = format!("a {} without apiVersion", known.name());
            let help = format!("add apiVersion: {}/{}", known.group(), known.versions()[0]);
            self.report_type(node, "kind", message, help);
        }
    }

    fn report_type(&mut self, node: &Node, key: &str, message: String, help: String) {
        let span = node.get(key).map_or(node.span, |value| value.span);
        self.decoder.report(span, ProblemKind::UnknownKind { message, help });
    }

    fn read_known(&mut self, node: &Node, kind: Kind, api_version: &str) {
        if kinds::is_istio(kind.group()) {
            self.check_resource_keys(node);
        }
        let missing = Node { span: node.span, value: Value::Null };
        let metadata = Metadata::decode(node.get("metadata").unwrap_or(&missing), &mut self.decoder);
        let body = match kind.body() {
            Body::Root => node,
            Body::Spec => node.get("spec").unwrap_or(&missing),
        };
        let is_istio = kinds::is_istio(kind.group());
        self.decoder.has_schema = is_istio;
        let spec = kind.decode(body, &mut self.decoder);
        self.decoder.has_schema = false;
        if is_istio {
            super::crd::check(kind, node, &mut self.decoder);
        }
        let (Some(metadata), Some(spec)) = (metadata, spec) else { return };
        if metadata.name.as_ref().is_none_or(|name| name.is_empty()) && metadata.generate_name.is_none() {
            let span = node.entry("metadata").or(node.entry("kind")).map_or(node.span, |entry| entry.key.span);
            self.decoder.report(span, ProblemKind::MissingName);
        }
        // What is wrong with a status is no mistake of the manifest's.
        let status = node.get("status").and_then(|status| Status::decode(status, &mut Decoder::new("")));
        self.note_mesh_config(&metadata, &spec);
        self.contents.resources.push(Resource {
            api_version: api_version.to_owned(),
            kind,
            metadata,
            spec,
            status,
            span: node.span,
            document: self.document,
        });
    }

    fn check_resource_keys(&mut self, node: &Node) {
        for entry in node.entries().iter().filter(|entry| !RESOURCE_KEYS.contains(&&*entry.key.text)) {
            let key = entry.key.text.to_string();
            let suggestion = nearest(&key, RESOURCE_KEYS).map(str::to_owned);
            let known = RESOURCE_KEYS.map(str::to_owned).to_vec();
            self.decoder.report(entry.key.span, ProblemKind::UnknownField { key, suggestion, known });
        }
    }

    fn note_mesh_config(&mut self, metadata: &Metadata, spec: &Spec) {
        match spec {
            Spec::IstioOperator(operator) => self.contents.mesh_configs.extend(operator.mesh_config.clone()),
            Spec::ConfigMap(map) if metadata.name.as_ref().is_some_and(|name| is_istio_config_map(name)) => {
                let embedded = map.data.get("mesh").and_then(|raw| Some(Spanned::new(raw.text.as_deref()?, raw.span)));
                self.contents.mesh_configs.extend(embedded.and_then(read_embedded));
            }
            _ => {}
        }
    }
}

/// The ConfigMap of the default revision is `istio`, that of others `istio-<revision>`. Only the former is the
/// mesh's own.
fn is_istio_config_map(name: &str) -> bool {
    name == "istio"
}

/// Reads a MeshConfig that stands as text inside another document. The places inside it are lost.
fn read_embedded(text: Spanned<&str>) -> Option<MeshConfig> {
    let chunk = crate::yaml::split(text.span.file, text.value).into_iter().next()?;
    let root = crate::yaml::parse(&chunk, text.value).root?;
    MeshConfig::decode(&root, &mut Decoder::new(text.value))
}
