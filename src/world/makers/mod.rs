//! Resources that controllers make from those of the manifests.
//!
//! Most references to Services that no manifest defines are to Services of this kind. What a known controller makes
//! exists; what an unknown one makes is unknown. Nothing is derived from made resources but that a reference to them is
//! right: options of an installation may turn each of them off.

mod argo_cd;
mod argo_rollouts;
mod canary;
mod collector;
mod data;
mod delivery;
mod helm;
mod inert;
mod istio;
mod kyverno;
mod learning;
mod manifest;
mod observability;
mod secrets;
mod serverless;
mod table;
mod template;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use super::{Gap, Settings, World, host};
use crate::load::Snapshot;
use crate::model::{ForeignResource, Kind, LabelSet};
use collector::Collector;
use table::MakerKind;
pub(super) use template::fields;

/// The resources that controllers make from those of some manifests.
#[derive(Debug, Default)]
pub struct Makers {
    makers: Vec<Maker>,
    made: BTreeMap<Kind, BTreeMap<String, BTreeMap<String, Made>>>,
    pods: BTreeMap<String, Vec<MadePods>>,
    /// The namespaces in which something unknown is made.
    partial: BTreeMap<String, usize>,
    /// The maker of something unknown in unknown namespaces.
    everywhere: Option<usize>,
    secrets_anywhere: BTreeMap<String, usize>,
    any_secret: Option<usize>,
    /// By namespace: parts of the names of what is made.
    stems: BTreeMap<String, Vec<(String, usize)>>,
    namespaces: BTreeSet<String>,
}

/// A resource whose controller makes something.
#[derive(Debug)]
struct Maker {
    /// Its kind and name.
    described: String,
}

/// A made resource.
#[derive(Debug)]
struct Made {
    maker: usize,
    /// The ports of a Service; empty if they are unknown.
    ports: Vec<u32>,
}

/// Made pods.
#[derive(Debug)]
struct MadePods {
    maker: usize,
    /// Some of their labels; `None` if all are unknown.
    labels: Option<BTreeMap<String, String>>,
}

/// A Service that a controller makes.
#[derive(Debug, Clone, Copy)]
pub struct MadeService<'m> {
    /// The resource of the controller: "Canary `shop/cart`".
    pub maker: &'m str,
    /// Its ports; empty if they are unknown.
    pub ports: &'m [u32],
}

/// All tables. Of several entries for a kind, the first counts.
const TABLES: [&[MakerKind]; 8] = [
    secrets::MAKERS,
    istio::MAKERS,
    delivery::MAKERS,
    serverless::MAKERS,
    learning::MAKERS,
    data::MAKERS,
    observability::MAKERS,
    inert::MAKERS,
];

/// The entries of the tables by API group.
static BY_GROUP: LazyLock<HashMap<&'static str, Vec<&'static MakerKind>>> = LazyLock::new(|| {
    let mut by_group: HashMap<&str, Vec<&MakerKind>> = HashMap::new();
    for kind in TABLES.into_iter().flatten() {
        kind.groups.iter().for_each(|group| by_group.entry(group).or_default().push(kind));
    }
    by_group
});

/// The ends of the names of Services that only controllers give them: those of at least two words, such as `-es-http`.
static ENDINGS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let names = TABLES.into_iter().flatten().flat_map(|kind| kind.products).filter_map(|product| match product {
        table::Product::Service(name, _) => name.strip_prefix("{}"),
        _ => None,
    });
    names.filter(|ending| !ending.contains('{') && ending.matches('-').count() >= 2).collect()
});

/// The end of a name, if a known controller names Services so and others hardly do: its resource may be elsewhere.
pub(super) fn ending(name: &str) -> Option<&'static str> {
    ENDINGS.iter().copied().find(|ending| name.ends_with(ending) && name.len() > ending.len())
}

/// The entry for the kind of a resource. A group that starts with `*.` is that of many providers.
fn lookup(resource: &ForeignResource) -> Option<&'static MakerKind> {
    let group = resource.group.as_str();
    let provider = || group.match_indices('.').find_map(|(at, _)| BY_GROUP.get(format!("*{}", &group[at..]).as_str()));
    let kinds = BY_GROUP.get(group).or_else(provider)?;
    kinds.iter().copied().find(|kind| kind.kind == resource.kind || kind.kind == "*")
}

impl Makers {
    /// Finds out what the controllers of the manifests make.
    pub fn new(snapshot: &Snapshot, settings: &Settings) -> Self {
        let mut collector = Collector::new(snapshot, settings);
        for resource in &snapshot.foreign {
            collector.add_foreign(resource, lookup(resource));
        }
        manifest::collect(snapshot, &mut collector);
        collector.makers
    }

    /// Whether nothing is made.
    pub fn is_empty(&self) -> bool {
        self.makers.is_empty()
    }

    /// The made Service of that name.
    pub fn service(&self, namespace: &str, name: &str) -> Option<MadeService<'_>> {
        let made = self.get(Kind::Service, namespace, name)?;
        Some(MadeService { maker: &self.makers[made.maker].described, ports: &made.ports })
    }

    fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Made> {
        self.made.get(&kind)?.get(namespace)?.get(name)
    }

    /// Whether a resource of that name is made.
    pub fn makes(&self, kind: Kind, namespace: &str, name: &str) -> bool {
        self.get(kind, namespace, name).is_some()
            || (kind == Kind::Secret && self.secrets_anywhere.contains_key(name))
            || (kind == Kind::Namespace && self.namespaces.contains(name))
    }

    /// The names of the made resources of a kind and namespace.
    pub fn names(&self, kind: Kind, namespace: &str) -> impl Iterator<Item = &str> {
        let of_kind = self.made.get(&kind).and_then(|of_kind| of_kind.get(namespace));
        of_kind.into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// The reason why a resource of that name may be made.
    pub fn may_make(&self, kind: Kind, namespace: &str, name: &str) -> Option<Gap> {
        let gap = |maker: usize| self.gap(maker, kind, namespace);
        if let Some(made) = self.get(kind, namespace, name) {
            return Some(gap(made.maker));
        }
        if kind == Kind::Secret
            && let Some(maker) = self.secrets_anywhere.get(name).copied().or(self.any_secret)
        {
            return Some(gap(maker));
        }
        self.makes_unknown(kind, namespace).or_else(|| self.stem(namespace, name).map(gap))
    }

    /// The reason why resources of a kind whose names are unknown may be made in a namespace.
    pub fn makes_unknown(&self, kind: Kind, namespace: &str) -> Option<Gap> {
        let maker = self.partial.get(namespace).copied().or(self.everywhere)?;
        Some(self.gap(maker, kind, namespace))
    }

    /// The reason why any resource of a kind may be made in a namespace.
    pub fn makes_any(&self, kind: Kind, namespace: &str) -> Option<Gap> {
        let of_kind = self.made.get(&kind).and_then(|of_kind| of_kind.get(namespace));
        let made = of_kind.and_then(|names| names.values().next()).map(|made| made.maker);
        let stem = || self.stems.get(namespace).and_then(|stems| stems.first()).map(|(_, maker)| *maker);
        self.makes_unknown(kind, namespace).or_else(|| made.or_else(stem).map(|maker| self.gap(maker, kind, namespace)))
    }

    /// The reason why pods are made in a namespace whose known labels a selector matches.
    pub fn makes_known_pods(&self, namespace: &str, selector: &LabelSet<'_>) -> Option<Gap> {
        let mut known = self.pods.get(namespace).into_iter().flatten().filter(|pods| pods.labels.is_some());
        let fitting = known.find(|pods| pods.may_fit(selector))?;
        Some(self.pods_gap(fitting.maker, namespace))
    }

    /// The reason why pods that a selector matches may be made in a namespace, or in any.
    pub fn makes_pods(&self, namespace: Option<&str>, selector: &LabelSet<'_>) -> Option<Gap> {
        let unknown = match namespace {
            Some(namespace) => self.partial.get_key_value(namespace),
            None => self.partial.iter().next(),
        };
        if let Some((namespace, maker)) = unknown {
            return Some(self.pods_gap(*maker, namespace));
        }
        if let Some(maker) = self.everywhere {
            return Some(self.pods_gap(maker, namespace.unwrap_or_default()));
        }
        let of_namespace = |name: &str| namespace.is_none_or(|namespace| namespace == name);
        let mut all = self.pods.iter().filter(|(name, _)| of_namespace(name));
        all.find_map(|(name, pods)| {
            let fitting = pods.iter().find(|pods| pods.may_fit(selector))?;
            Some(self.pods_gap(fitting.maker, name))
        })
    }

    fn gap(&self, maker: usize, kind: Kind, namespace: &str) -> Gap {
        Gap::MayMake(self.makers[maker].described.clone(), kind, namespace.to_owned())
    }

    fn pods_gap(&self, maker: usize, namespace: &str) -> Gap {
        Gap::MayMakePods(self.makers[maker].described.clone(), namespace.to_owned())
    }

    /// The maker whose name is a part of a name, between dashes. A name that is one edit from a made one is a misspelling
    /// of that one.
    fn stem(&self, namespace: &str, name: &str) -> Option<usize> {
        let stems = self.stems.get(namespace)?;
        let (_, maker) = stems.iter().find(|(stem, _)| has_part(name, stem))?;
        let is_misspelt = |made: &str| strsim::damerau_levenshtein(made, name) == 1;
        (!self.names(Kind::Service, namespace).any(is_misspelt)).then_some(*maker)
    }
}

impl World<'_> {
    /// Whether a controller makes the Kubernetes Service with a full host name, or the user declares that the host exists.
    pub fn makes_service(&self, hostname: &str) -> bool {
        if self.inventory.knows_host(hostname) {
            return true;
        }
        let name = host::kubernetes_service(hostname, &self.settings.domain);
        name.is_some_and(|(name, namespace)| self.inventory.makes(Kind::Service, namespace, name))
    }
}

impl MadePods {
    /// Whether a selector may match the pods: they have a label of it, and none with another value.
    fn may_fit(&self, selector: &LabelSet<'_>) -> bool {
        let Some(labels) = &self.labels else { return true };
        let known = |(key, value): (&&str, &&str)| labels.get(*key).map(|own| own == value);
        selector.iter().filter_map(known).all(|fits| fits) && selector.iter().any(|label| known(label).is_some())
    }
}

/// Whether a name has a part at its start, its end or between dashes.
fn has_part(name: &str, part: &str) -> bool {
    name.match_indices(part).any(|(at, _)| {
        let (before, after) = (&name[..at], &name[at + part.len()..]);
        (before.is_empty() || before.ends_with('-')) && (after.is_empty() || after.starts_with('-'))
    })
}
