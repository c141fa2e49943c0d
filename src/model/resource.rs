//! Decoding of the resources in a document.

use std::ops::Deref;
use std::sync::Arc;

use super::decode::{Decode, Decoder, Texts};
use super::foreign::ForeignResource;
use super::installation::{self, Installed};
use super::kinds::{self, Body, Kind, KindScope, Lookup, Spec};
use super::kubernetes::TemplateMetadata;
use super::map::Labels;
use super::mesh_config::MeshConfig;
use super::meta::Metadata;
use super::nearest;
use super::problem::{DecodeProblem, DecodeProblemKind, in_backticks};
use super::status::Status;
use crate::advice::{Advice, Edit};
use crate::source::{Sources, Span, Spanned};
use crate::yaml::{Node, Value};

/// A resource of a known kind.
///
/// It has the fields of its [`ResourceContents`]. Resources that many overlays render from one base share them.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Name, namespace, labels, annotations.
    pub metadata: Metadata,
    /// The tree of a resource that a tool has rendered, with values from several files. `None` if the resource is as its
    /// document says.
    pub rendered: Option<Arc<Node>>,
    /// All but the metadata.
    pub contents: Arc<ResourceContents>,
}

/// A resource without its metadata.
#[derive(Debug)]
pub struct ResourceContents {
    /// `apiVersion` as written: `networking.istio.io/v1`.
    pub api_version: String,
    /// The kind.
    pub kind: Kind,
    /// The decoded content.
    pub spec: Spec,
    /// The status, if the manifest comes from a cluster.
    pub status: Option<Status>,
    /// The place of the resource.
    pub span: Span,
    /// The place of the document that contains the resource.
    pub document: Span,
}

impl Deref for Resource {
    type Target = ResourceContents;

    fn deref(&self) -> &ResourceContents {
        &self.contents
    }
}

impl Resource {
    /// The name. Empty if the manifest does not have one.
    pub fn name(&self) -> &str {
        self.metadata.name.as_ref().map_or("", |name| name)
    }

    /// Whether it belongs to a namespace, but does not say to which.
    pub fn has_no_namespace(&self) -> bool {
        self.kind.scope() == KindScope::Namespaced
            && self.metadata.namespace.as_ref().is_none_or(|namespace| namespace.is_empty())
    }

    /// The place of the name, or of the resource if it has no name.
    pub fn name_span(&self) -> Span {
        self.metadata.name.as_ref().map_or(self.span, |name| name.span)
    }

    /// The labels and annotations of the resource itself.
    pub fn tags(&self) -> Tags<'_> {
        let Metadata { labels, annotations, .. } = &self.metadata;
        Tags { kind: self.kind, of_template: false, labels, annotations }
    }

    /// The labels and annotations of the resource, and of the pods that it creates.
    pub fn all_tags(&self) -> impl Iterator<Item = Tags<'_>> {
        std::iter::once(self.tags()).chain(self.pod_tags())
    }

    /// The labels and annotations of the pods that the resource creates, if it has a template.
    pub fn pod_tags(&self) -> Option<Tags<'_>> {
        let TemplateMetadata { labels, annotations, .. } = self.spec.pod_template()?.metadata.as_ref()?;
        Some(Tags { kind: Kind::Pod, of_template: true, labels, annotations })
    }
}

/// Labels and annotations, with the kind of object that has them.
#[derive(Debug, Clone, Copy)]
pub struct Tags<'a> {
    /// The kind of the object. [`Kind::Pod`] for the pods of a template.
    pub kind: Kind,
    /// Whether they are in a template of pods.
    pub of_template: bool,
    /// The labels.
    pub labels: &'a Labels,
    /// The annotations.
    pub annotations: &'a Labels,
}

/// The contents of a document.
#[derive(Debug, Default)]
pub struct DocumentContents {
    /// The resources of known kinds, in the order of the file.
    pub resources: Vec<Resource>,
    /// Mesh-wide settings: a plain MeshConfig, or one inside a ConfigMap or an IstioOperator.
    pub mesh_configs: Vec<MeshConfig>,
    /// Mesh-wide settings in the values of Helm charts, which other values can override.
    pub mesh_config_layers: Vec<MeshConfig>,
    /// Resources of other kinds, IstioOperators and Rollouts, whose controllers may make resources.
    pub foreign: Vec<ForeignResource>,
    /// The places of resources of other kinds, and of a document that is not a resource.
    pub skipped: Vec<Span>,
    /// The number of documents among them that are not resources.
    pub untyped: usize,
    /// The problems of the resources.
    pub problems: Vec<DecodeProblem>,
}

/// Decodes the resources of a document, including those in lists.
pub fn read(root: &Node, document: Span, sources: &Sources) -> DocumentContents {
    Reader::new(document, None, sources).read_all(root)
}

/// Decodes a resource that a tool has rendered from a document and other files.
pub fn read_rendered(root: &Arc<Node>, document: Span, sources: &Sources) -> DocumentContents {
    Reader::new(document, Some(Arc::clone(root)), sources).read_all(root)
}

struct Reader<'a> {
    document: Span,
    rendered: Option<Arc<Node>>,
    decoder: Decoder<'a>,
    contents: DocumentContents,
}

/// The type of list items that do not name one, from the type of the list.
#[derive(Clone, Copy)]
struct ItemType<'n> {
    api_version: &'n str,
    kind: &'n str,
}

/// The top-level fields of every Istio resource.
const RESOURCE_KEYS: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];

impl<'a> Reader<'a> {
    fn new(document: Span, rendered: Option<Arc<Node>>, sources: &'a Sources) -> Self {
        let decoder = Decoder::new(Texts::Files(sources));
        Self { document, rendered, decoder, contents: DocumentContents::default() }
    }

    fn read_all(mut self, root: &Node) -> DocumentContents {
        self.read(root, None);
        self.contents.problems = self.decoder.into_problems();
        self.contents
    }

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
            Lookup::Foreign => {
                let installed = Installed::by(node, api_version, kind);
                self.contents.mesh_configs.extend(installed.mesh_configs);
                self.contents.mesh_config_layers.extend(installed.layers);
                self.contents.foreign.extend(ForeignResource::read(node, api_version, kind));
                self.contents.skipped.push(node.span);
            }
            Lookup::UnservedVersion(known) => {
                let owner = if kinds::is_istio(known.group()) { "Istio" } else { "the Gateway API" };
                let message = format!("{owner} does not serve {} in {}", known.name(), in_backticks(api_version));
                let place = node.get("apiVersion").map_or(node.span, |value| value.span);
                let edit = Edit::set(place, format!("{}/{}", known.group(), known.versions()[0])).of("apiVersion");
                let help = Advice::new(format!("use {edit}")).fix([edit]);
                self.report_type(node, "apiVersion", message, help);
                self.read_known(node, known, api_version);
            }
            Lookup::UnknownKind { suggestion } => {
                let message = format!("kind {} does not exist in {}", in_backticks(kind), in_backticks(api_version));
                let help = match suggestion {
                    Some(suggestion) => match node.get("kind") {
                        Some(value) => Advice::did_you_mean(Edit::set(value.span, suggestion)),
                        None => format!("did you mean `{suggestion}`?").into(),
                    },
                    None => "check the spelling of `kind` and `apiVersion`: the resource is not checked".into(),
                };
                self.report_type(node, "kind", message, help);
                self.contents.skipped.push(node.span);
            }
        }
    }

    /// Handles a document without a complete type: a MeshConfig, a resource without `apiVersion`, or another file.
    fn read_untyped(&mut self, node: &Node, kind: Option<&str>) {
        let is_mesh_config = kind.is_none()
            && node.get("apiVersion").is_none()
            && MeshConfig::FIELDS.iter().any(|field| node.get(&super::decode::camel_case(field)).is_some());
        if is_mesh_config {
            self.contents.mesh_configs.extend(MeshConfig::decode(node, &mut self.decoder));
            return;
        }
        if kind.is_none() {
            self.contents.mesh_config_layers.extend(installation::of_values(node));
        }
        self.contents.skipped.push(node.span);
        self.contents.untyped += 1;
        let forgotten = kind
            .and_then(|kind| Kind::ALL.iter().find(|known| known.name() == kind))
            .filter(|known| kinds::is_istio(known.group()) && node.get("spec").is_some());
        if let Some(known) = forgotten {
            let message = format!("`apiVersion` is missing, so the {} is not checked", known.name());
            let version = format!("{}/{}", known.group(), known.versions()[0]);
            let help = Advice::add(Edit::add(node.span, ["apiVersion"], version));
            self.report_type(node, "kind", message, help);
        }
    }

    fn report_type(&mut self, node: &Node, key: &str, message: String, help: Advice) {
        let span = node.get(key).map_or(node.span, |value| value.span);
        self.decoder.report(span, DecodeProblemKind::UnknownKind { message, help });
    }

    fn read_known(&mut self, node: &Node, kind: Kind, api_version: &str) {
        if kinds::is_istio(kind.group()) || kind.group() == super::gateway_api::GROUP {
            self.check_resource_keys(node);
        }
        let missing = Node { span: node.span, value: Value::Null };
        let metadata = Metadata::decode(node.get("metadata").unwrap_or(&missing), &mut self.decoder);
        let body = match kind.body() {
            Body::Root => node,
            Body::Spec => node.get("spec").unwrap_or(&missing),
        };
        let spec = if super::crd::check_structure(kind, api_version, node, &mut self.decoder) {
            kind.decode(body, &mut self.decoder.separate())
        } else {
            let is_istio = kinds::is_istio(kind.group());
            self.decoder.has_schema = is_istio;
            let spec = kind.decode(body, &mut self.decoder);
            self.decoder.has_schema = false;
            if is_istio {
                super::crd::check(kind, node, &mut self.decoder);
            }
            spec
        };
        let (Some(metadata), Some(spec)) = (metadata, spec) else { return };
        // `istioctl install -f` reads files that need no name.
        let needs_name = kind != Kind::IstioOperator && metadata.generate_name.is_none();
        if needs_name && metadata.name.as_ref().is_none_or(|name| name.is_empty()) {
            let span = node.entry("metadata").or(node.entry("kind")).map_or(node.span, |entry| entry.key.span);
            self.decoder.report(span, DecodeProblemKind::MissingName);
        }
        // The cluster writes the status, so its problems are not mistakes of the manifest.
        let status =
            node.get("status").and_then(|status| Status::decode(status, &mut Decoder::new(Texts::Embedded(""))));
        self.note_mesh_config(&metadata, &spec);
        if matches!(kind, Kind::IstioOperator | Kind::Rollout) {
            self.contents.foreign.extend(ForeignResource::read(node, api_version, kind.name()));
        }
        let contents = Arc::new(ResourceContents {
            api_version: api_version.to_owned(),
            kind,
            spec,
            status,
            span: node.span,
            document: self.document,
        });
        self.contents.resources.push(Resource { metadata, rendered: self.rendered.clone(), contents });
    }

    fn check_resource_keys(&mut self, node: &Node) {
        for entry in node.entries().iter().filter(|entry| !RESOURCE_KEYS.contains(&&*entry.key.text)) {
            let key = entry.key.text.to_string();
            let suggestion = nearest(&key, RESOURCE_KEYS).map(str::to_owned);
            let known = RESOURCE_KEYS.map(str::to_owned).to_vec();
            self.decoder.report(entry.key.span, DecodeProblemKind::UnknownField { key, suggestion, known });
        }
    }

    fn note_mesh_config(&mut self, metadata: &Metadata, spec: &Spec) {
        match spec {
            Spec::IstioOperator(istio_operator) => {
                let of_values = istio_operator.values.as_ref().and_then(|values| values.mesh_config.clone());
                self.contents.mesh_configs.extend(istio_operator.mesh_config.clone().into_iter().chain(of_values));
            }
            Spec::ConfigMap(config_map) if metadata.name.as_ref().is_some_and(|name| is_istio_config_map(name)) => {
                let embedded =
                    config_map.data.get("mesh").and_then(|raw| Some(Spanned::new(raw.text.as_deref()?, raw.span)));
                self.contents.mesh_configs.extend(embedded.and_then(read_embedded));
            }
            _ => {}
        }
    }
}

/// Whether a ConfigMap has the MeshConfig of the default revision. Those of other revisions are named
/// `istio-<revision>`, and are not used.
fn is_istio_config_map(name: &str) -> bool {
    name == "istio"
}

/// Decodes a MeshConfig that is a string in another document. Places inside of it are not kept.
fn read_embedded(text: Spanned<&str>) -> Option<MeshConfig> {
    let chunk = crate::yaml::split(text.span.file, text.value).into_iter().next()?;
    let root = crate::yaml::parse(&chunk, text.value).root?;
    MeshConfig::decode(&root, &mut Decoder::new(Texts::Embedded(text.value)))
}
