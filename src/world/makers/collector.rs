//! The collection of what the controllers of a snapshot make.

use std::collections::BTreeMap;

use super::table::{Extent, MakerKind, Product};
use super::template::{Found, expand, nodes};
use super::{Made, MadePods, Maker, Makers};
use crate::load::Snapshot;
use crate::model::{ForeignResource, Kind, Labels};
use crate::world::Settings;
use crate::yaml::Node;

/// Stands for the namespace of the resource.
const OWN: &str = "@";

/// Notes what controllers make, for one resource after the other.
pub(super) struct Collector<'s> {
    pub makers: Makers,
    snapshot: &'s Snapshot,
    settings: &'s Settings,
    /// The namespace of the current resource.
    namespace: String,
}

impl<'s> Collector<'s> {
    pub fn new(snapshot: &'s Snapshot, settings: &'s Settings) -> Self {
        Self { makers: Makers::default(), snapshot, settings, namespace: String::new() }
    }

    /// Starts with a resource. Later products are those of its controller.
    pub fn start(&mut self, kind: &str, name: &str, namespace: Option<&str>) {
        let namespace = namespace.filter(|namespace| !namespace.is_empty());
        let described = match (name, namespace) {
            ("", _) => kind.to_owned(),
            (name, None) => format!("{kind} `{name}`"),
            (name, Some(namespace)) => format!("{kind} `{namespace}/{name}`"),
        };
        self.makers.makers.push(Maker { described });
        self.namespace = namespace.unwrap_or(&self.settings.default_namespace).to_owned();
    }

    /// Notes the products of a custom resource.
    pub fn add_foreign(&mut self, resource: &ForeignResource, kind: Option<&'static MakerKind>) {
        let written = resource.metadata.namespace.as_ref().map(|namespace| namespace.as_str());
        if kind.is_some_and(|kind| kind.products.is_empty() && kind.extent == Extent::Exact) {
            return;
        }
        self.start(&resource.kind, resource.name(), written);
        let own = self.namespace.clone();
        match kind {
            Some(kind) => {
                kind.products.iter().for_each(|product| self.add(product, resource, &own));
                if kind.extent == Extent::ByName {
                    self.stem(&own, resource.name());
                }
            }
            // Nobody knows the kind. Without a namespace, it may be cluster-wide.
            None if written.is_some() => self.anything(&own),
            None => self.stem(&own, resource.name()),
        }
    }

    fn add(&mut self, product: &Product, resource: &ForeignResource, namespace: &str) {
        let each = |template: &str| expand(template, resource);
        match product {
            Product::Service(name, ports) => {
                let ports = ports.split(' ').flat_map(each).filter_map(|port| port.parse().ok()).collect::<Vec<u32>>();
                each(name).iter().for_each(|name| self.service(namespace, name, &ports));
            }
            Product::Secret(name) => each(name).iter().for_each(|name| self.make(Kind::Secret, namespace, name)),
            Product::SecretAnywhere(name) => each(name).iter().for_each(|name| self.secret_anywhere(name)),
            Product::Account(name) => each(name).iter().for_each(|name| self.account(namespace, name)),
            Product::Gateway(name) => each(name).iter().for_each(|name| self.make(Kind::Gateway, namespace, name)),
            Product::Namespace(name) => self.makers.namespaces.extend(each(name)),
            Product::Pods(labels) => {
                let pair = |label: &str| {
                    let (key, value) = label.split_once('=')?;
                    Some((key.to_owned(), each(value).pop()?))
                };
                let labels = labels.split(' ').filter_map(pair).collect();
                self.add_pods(namespace, Some(labels));
            }
            Product::AnyPods => self.add_pods(namespace, None),
            Product::PodsWithLabelsAt(path) => match nodes(&resource.spec, path).as_slice() {
                [Found::Node(labels)] => self.add_pods(namespace, Some(texts(labels))),
                _ => self.add_pods(namespace, None),
            },
            Product::Anything(namespace) => each(namespace).iter().for_each(|namespace| self.anything(namespace)),
            Product::In(template, products) => {
                for namespace in each(template) {
                    let namespace = self.resolve(&namespace);
                    products.iter().for_each(|product| self.add(product, resource, &namespace));
                }
            }
            Product::Computed(products) => products(resource, self),
        }
    }

    fn resolve(&self, namespace: &str) -> String {
        if namespace == OWN { self.namespace.clone() } else { namespace.to_owned() }
    }

    /// The namespace of the current resource.
    pub fn own_namespace(&self) -> &str {
        &self.namespace
    }

    /// Whether the manifests include a directory of the repository. The text may end in a parameter of a template.
    pub fn has_directory(&self, written: &str) -> bool {
        let path = written.trim_start_matches("./").trim_end_matches('/');
        let path = path.split("{{").next().unwrap_or_default();
        let part = if path.len() == written.len() { format!("/{path}/") } else { format!("/{path}") };
        let mut files = self.snapshot.sources.iter();
        path.is_empty() || path == "." || files.any(|(_, source)| format!("/{}", source.path()).contains(&part))
    }

    fn current(&self) -> usize {
        self.makers.makers.len() - 1
    }

    /// Notes a Service with its ports. Without ports, the ports are unknown.
    pub fn service(&mut self, namespace: &str, name: &str, ports: &[u32]) {
        self.make_with_ports(Kind::Service, namespace, name, ports);
    }

    /// Notes a ServiceAccount.
    pub fn account(&mut self, namespace: &str, name: &str) {
        self.make(Kind::ServiceAccount, namespace, name);
    }

    /// Notes a resource of a kind.
    pub fn make(&mut self, kind: Kind, namespace: &str, name: &str) {
        self.make_with_ports(kind, namespace, name, &[]);
    }

    fn make_with_ports(&mut self, kind: Kind, namespace: &str, name: &str, ports: &[u32]) {
        let namespace = self.resolve(namespace);
        if !is_name(&namespace) {
            return self.everywhere();
        }
        if !is_name(name) {
            return self.anything(&namespace);
        }
        let made = Made { maker: self.current(), ports: ports.to_vec() };
        let of_kind = self.makers.made.entry(kind).or_default();
        of_kind.entry(namespace).or_default().entry(name.to_owned()).or_insert(made);
    }

    /// Notes a Secret that may be in every namespace.
    pub fn secret_anywhere(&mut self, name: &str) {
        if !is_name(name) {
            return self.any_secret();
        }
        let maker = self.current();
        self.makers.secrets_anywhere.entry(name.to_owned()).or_insert(maker);
    }

    /// Notes Secrets of unknown names in unknown namespaces.
    pub fn any_secret(&mut self) {
        let maker = self.current();
        self.makers.any_secret.get_or_insert(maker);
    }

    /// Notes pods with some labels.
    pub fn pods(&mut self, namespace: &str, labels: &[(&str, &str)]) {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        self.add_pods(namespace, Some(labels));
    }

    /// Notes pods, each time with one label of this value.
    pub fn pods_named_after(&mut self, namespace: &str, name: &str, keys: &[&str]) {
        keys.iter().for_each(|key| self.pods(namespace, &[(key, name)]));
    }

    /// Notes the pods of a template. Without one, their labels are unknown.
    pub fn pods_with_labels(&mut self, namespace: &str, template: Option<&Node>) {
        let labels = template.and_then(|template| template.get("metadata")?.get("labels")).map(texts);
        self.add_pods(namespace, labels);
    }

    /// Notes pods with the labels of a known resource.
    pub fn pods_like(&mut self, namespace: &str, labels: &Labels) {
        let pairs = labels.iter().map(|(key, value)| (key.value.clone(), value.value.clone()));
        self.add_pods(namespace, Some(pairs.collect()));
    }

    fn add_pods(&mut self, namespace: &str, labels: Option<BTreeMap<String, String>>) {
        let namespace = self.resolve(namespace);
        if !is_name(&namespace) {
            return self.everywhere();
        }
        let labels = labels.filter(|labels| !labels.is_empty());
        let pods = MadePods { maker: self.current(), labels };
        self.makers.pods.entry(namespace).or_default().push(pods);
    }

    /// Notes that nobody knows what is made in a namespace.
    pub fn anything(&mut self, namespace: &str) {
        let namespace = self.resolve(namespace);
        if !is_name(&namespace) {
            return self.everywhere();
        }
        let maker = self.current();
        self.makers.partial.entry(namespace).or_insert(maker);
    }

    /// Notes that nobody knows what is made, and in which namespace.
    pub fn everywhere(&mut self) {
        let maker = self.current();
        self.makers.everywhere.get_or_insert(maker);
    }

    /// Notes that what is made has a name as a part of its own.
    fn stem(&mut self, namespace: &str, name: &str) {
        if !is_name(namespace) {
            return self.everywhere();
        }
        if !is_name(name) {
            return self.anything(namespace);
        }
        let maker = self.current();
        self.makers.stems.entry(namespace.to_owned()).or_default().push((name.to_owned(), maker));
    }
}

/// Whether a text can be the name of an object. A placeholder cannot.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.'))
        && text.len() <= 253
}

fn texts(labels: &Node) -> BTreeMap<String, String> {
    let pair = |entry: &crate::yaml::Entry| Some((entry.key.text.to_string(), entry.value.as_str()?.to_owned()));
    labels.entries().iter().filter_map(pair).collect()
}
