//! Resources of both meshes: those that appear or vanish, and those whose effect is not simulated.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Kind, Resource, Spec};
use crate::source::Span;
use crate::world::World;
use crate::yaml::{Entry, Node, Value};

/// Something that a route can lead to, or a policy, that only one of the meshes has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appearance {
    /// `service`, `subset`, or the kind of a policy.
    pub kind: &'static str,
    /// The host of a service, `host/subset`, or `namespace/name`.
    pub name: String,
    /// Whether the new mesh has it.
    pub appears: bool,
    /// The file and line where the mesh that has it defines it.
    pub place: (String, usize),
}

/// The kinds whose effect on requests is not simulated.
const NOT_SIMULATED: [Kind; 5] =
    [Kind::EnvoyFilter, Kind::WasmPlugin, Kind::TrafficExtension, Kind::ProxyConfig, Kind::RequestAuthentication];

/// The kinds of policies.
const POLICIES: [Kind; 3] = [Kind::AuthorizationPolicy, Kind::RequestAuthentication, Kind::PeerAuthentication];

/// The name of a resource, and what identifies it.
type Key = (&'static str, String);

/// The services, subsets and policies that appear or vanish.
pub fn appearances(old: &World<'_>, new: &World<'_>) -> Vec<Appearance> {
    let (before, after) = (places(old), places(new));
    let only = |here: &BTreeMap<Key, Span>, there: &BTreeMap<Key, Span>, world: &World<'_>, appears: bool| {
        let own = here.iter().filter(|(key, _)| !there.contains_key(key));
        let sources = &world.snapshot.sources;
        own.map(|((kind, name), span)| Appearance {
            kind,
            name: name.clone(),
            appears,
            place: (sources.file(span.file).path().to_owned(), sources.start(*span).line),
        })
        .collect::<Vec<_>>()
    };
    [only(&before, &after, old, false), only(&after, &before, new, true)].concat()
}

fn places(world: &World<'_>) -> BTreeMap<Key, Span> {
    let mut found: BTreeMap<Key, Span> = BTreeMap::new();
    for service in world.services.iter() {
        found.entry(("service", service.hostname.clone())).or_insert(service.span);
    }
    for rule in world.destination_rules.iter() {
        for subset in &rule.spec.subsets {
            let name = subset.name.as_ref().map_or("", |name| name);
            found.entry(("subset", format!("{}/{name}", rule.host.value))).or_insert(subset.span);
        }
    }
    for resource in world.snapshot.resources.iter().filter(|it| POLICIES.contains(&it.kind)) {
        let name = format!("{}/{}", world.settings.namespace_of(resource), resource.name());
        found.entry((resource.kind.name(), name)).or_insert(resource.span);
    }
    found
}

/// Whether both meshes are made of equal resources in the same order, so that nothing can differ.
pub fn are_identical(old: &World<'_>, new: &World<'_>) -> bool {
    let (one, other) = (old.snapshot, new.snapshot);
    let is_whole = |world: &World<'_>| world.snapshot.templates.is_empty() && world.snapshot.problems.is_empty();
    is_whole(old)
        && is_whole(new)
        && format!("{:?}", old.settings) == format!("{:?}", new.settings)
        && one.resources.len() == other.resources.len()
        && one.resources.iter().zip(&other.resources).all(|(a, b)| {
            a.kind == b.kind
                && a.name() == b.name()
                && old.settings.namespace_of(a) == new.settings.namespace_of(b)
                && is_same(old, a, new, b)
        })
}

/// The differences whose effect is not simulated.
pub fn not_simulated(old: &World<'_>, new: &World<'_>) -> BTreeSet<String> {
    let named = |world: &World<'_>| -> BTreeMap<(Kind, String), Vec<std::sync::Arc<Resource>>> {
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for resource in
            world.snapshot.resources.iter().filter(|it| NOT_SIMULATED.contains(&it.kind) || is_of_waypoint(it))
        {
            let name = format!("{}/{}", world.settings.namespace_of(resource), resource.name());
            found.entry((resource.kind, name)).or_default().push(std::sync::Arc::clone(resource));
        }
        found
    };
    let (before, after) = (named(old), named(new));
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).cloned().collect();
    let is_same_in_both = |key: &(Kind, String)| match (before.get(key), after.get(key)) {
        (Some(one), Some(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| is_same(old, a, new, b))
        }
        _ => false,
    };
    let mut found: BTreeSet<String> = keys
        .into_iter()
        .filter(|key| !is_same_in_both(key))
        .map(|(kind, name)| format!("{} `{name}` differs, and its effect is not simulated", kind.name()))
        .collect();
    if old.settings.path_normalization != new.settings.path_normalization {
        found.insert("the normalization of paths differs (`pathNormalization` of the MeshConfig)".to_owned());
    }
    found
}

/// The names of what both meshes have and set up differently, in ways that are not simulated: certificates and versions of TLS
/// of Gateways, and annotations of workloads for Istio.
pub fn other_settings(old: &World<'_>, new: &World<'_>) -> BTreeSet<String> {
    let (before, after) = (settings(old), settings(new));
    let differs = |(what, _): &(&String, &Vec<String>)| after.get(*what).is_some_and(|other| before[*what] != *other);
    let reason = |(what, _): (&String, &Vec<String>)| format!("{what} differ, and their effect is not simulated");
    before.iter().filter(differs).map(reason).collect()
}

fn settings(world: &World<'_>) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let gateways = [Kind::Gateway, Kind::KubernetesGateway];
    for resource in world.snapshot.resources.iter().filter(|it| gateways.contains(&it.kind)) {
        let Some(tree) = world.snapshot.tree_of(resource) else { continue };
        let Some(spec) = tree.get("spec") else { continue };
        let servers = ["servers", "listeners"].iter().filter_map(|name| spec.get(name)).flat_map(Node::items);
        let tls = servers.filter_map(|server| server.get("tls")).map(|tls| plain(tls, &["httpsRedirect", "mode"]));
        let name = format!("{}/{}", world.settings.namespace_of(resource), resource.name());
        found.entry(format!("TLS settings of Gateway `{name}`")).or_default().extend(tls);
    }
    for workload in &world.workloads {
        let own = workload.annotations.iter().filter(|(key, _)| key.contains("istio.io/"));
        let own = own.map(|(key, value)| format!("{key}: {value}"));
        found.entry(format!("annotations of workload `{}`", workload.name)).or_default().extend(own);
    }
    found
}

/// Whether an AuthorizationPolicy is for what it names, such as a waypoint. Those policies are not compared.
fn is_of_waypoint(resource: &Resource) -> bool {
    match &resource.spec {
        Spec::AuthorizationPolicy(policy) => policy.target_ref.is_some() || !policy.target_refs.is_empty(),
        _ => false,
    }
}

/// The Gateways that the manifests lack, and to which other routes are bound in each mesh.
pub fn missing_gateways(old: &World<'_>, new: &World<'_>) -> BTreeSet<String> {
    let (before, after) = (bound_to_missing(old), bound_to_missing(new));
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let none = Vec::new();
    let differs = |name: &&&String| {
        let (one, other) = (before.get(**name).unwrap_or(&none), after.get(**name).unwrap_or(&none));
        one.len() != other.len() || one.iter().zip(other).any(|(a, b)| !has_same_spec(old, a, new, b))
    };
    let reason = |name: &String| {
        format!(
            "Gateway `{name}` is not among the manifests, and the routes that are bound to it differ: what they do is not compared"
        )
    };
    names.iter().filter(differs).map(|name| reason(name)).collect()
}

/// The resources with routes for Gateways that a mesh lacks, by the names of the Gateways.
fn bound_to_missing<'w>(world: &'w World<'_>) -> BTreeMap<String, Vec<&'w Resource>> {
    let mut found: BTreeMap<String, Vec<&Resource>> = BTreeMap::new();
    for virtual_service in world.all_virtual_services() {
        let gateways = virtual_service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref());
        for name in gateways.filter(|name| world.gateways_named(name).is_empty()) {
            found.entry(name.to_string()).or_default().push(virtual_service.resource);
        }
    }
    found
}

/// Whether the specs of two resources are equal, but for the names of routes and for how their matches are grouped.
fn has_same_spec(old: &World<'_>, one: &Resource, new: &World<'_>, other: &Resource) -> bool {
    let fields =
        |world: &World<'_>, resource: &Resource| Some(spec_fields(world.snapshot.tree_of(resource)?.get("spec")?));
    fields(old, one).zip(fields(new, other)).is_some_and(|(a, b)| a == b)
}

/// The fields of a spec as texts. A list of routes has an entry for each match.
fn spec_fields(spec: &Node) -> BTreeMap<String, Vec<String>> {
    let routes = |list: &Node| -> Vec<String> {
        let of_route = |route: &Node| {
            let matches = ["match", "matches"].iter().find_map(|name| route.get(name)).map_or(&[][..], Node::items);
            let action = plain(route, &["match", "matches", "name"]);
            match matches {
                [] => vec![action],
                matches => matches.iter().map(|it| format!("{} {action}", plain(it, &["name"]))).collect(),
            }
        };
        list.items().iter().flat_map(of_route).collect()
    };
    let field = |entry: &Entry| {
        let name = entry.key.text.to_string();
        let texts = match name.as_str() {
            "http" | "tls" | "tcp" | "rules" => routes(&entry.value),
            _ => vec![plain(&entry.value, &[])],
        };
        (name, texts)
    };
    spec.entries().iter().map(field).collect()
}

/// A value as text, which does not depend on the order of keys, without some keys of its own.
fn plain(node: &Node, without: &[&str]) -> String {
    match &node.value {
        Value::Mapping(entries) => {
            let kept = entries.iter().filter(|entry| !without.contains(&&*entry.key.text));
            let fields: BTreeMap<&str, String> =
                kept.map(|entry| (&*entry.key.text, plain(&entry.value, &[]))).collect();
            format!("{fields:?}")
        }
        Value::Sequence(items) => format!("{:?}", items.iter().map(|item| plain(item, &[])).collect::<Vec<_>>()),
        scalar => format!("{scalar:?}"),
    }
}

/// Whether two resources say the same, wherever they are written.
fn is_same(old: &World<'_>, one: &Resource, new: &World<'_>, other: &Resource) -> bool {
    let text = |world: &World<'_>, it: &Resource| world.snapshot.sources.text(it.document).trim().to_owned();
    let are_written = one.rendered.is_none() && other.rendered.is_none();
    if are_written && text(old, one) == text(new, other) {
        return true;
    }
    old.snapshot.tree_of(one).zip(new.snapshot.tree_of(other)).is_some_and(|(a, b)| plain(&a, &[]) == plain(&b, &[]))
}
