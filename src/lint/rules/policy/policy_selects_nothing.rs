//! `policy-selects-nothing`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::field::TextField;
use crate::model::networking::MatchLabelsSelector;
use crate::model::security::PolicyTargetReference;
use crate::model::{Kind, Labels, nearest};
use crate::source::{Span, Spanned};
use crate::world::{DataPlane, Gap, Policy, Targeted, Workload, World};

pub static RULE: Rule = rule! {
    name: "policy-selects-nothing",
    aliases: ["IST0127", "KIA0004"],
    severity: Warning,
    summary: "a policy that no workload of the mesh gets: its selector or target is wrong",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let targets = Targets::new(world);
    let policies = &world.policies;
    policies.peer_authentications().iter().for_each(|policy| check_policy(world, policy, &targets, diagnostics));
    policies.request_authentications().iter().for_each(|policy| check_policy(world, policy, &targets, diagnostics));
    policies.authorization_policies().iter().for_each(|policy| check_policy(world, policy, &targets, diagnostics));
}

fn check_policy<'a, S: Targeted>(
    world: &World<'a>,
    policy: &Policy<'a, S>,
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) {
    for reference in policy.spec.target_refs() {
        targets.check(world, &policy.name.namespace, reference, diagnostics);
    }
    let Some(workloads) = world.workloads_of_policy(policy) else { return };
    let selector = policy.spec.selector().filter(|selector| !selector.match_labels.is_empty());
    let is_root = policy.name.namespace == world.settings.root_namespace;
    match selector {
        // Without a selector it may wait for workloads that are still to come.
        None if is_root || (workloads.is_empty() && !world.inventory.is_complete()) => {}
        None if workloads.is_empty() => {
            let namespace = &policy.name.namespace;
            diagnostics.report_default(
                policy.resource.name_span(),
                format!("namespace {namespace} has no workload for this policy"),
            );
        }
        // A PeerAuthentication of the root namespace takes no selector.
        Some(_) if is_root && policy.resource.kind == Kind::PeerAuthentication => {}
        Some(selector) if workloads.is_empty() => {
            check_selector(world, &policy.name.namespace, selector, targets, diagnostics);
        }
        _ => check_membership(world, policy, &workloads, diagnostics),
    }
}

/// Gateways are mostly installed apart from what they lead to.
fn is_for_gateways(labels: &Labels) -> bool {
    labels.iter().any(|(key, value)| value.contains("gateway") || key.ends_with("/gateway-name"))
}

fn check_selector(
    world: &World<'_>,
    namespace: &str,
    selector: &MatchLabelsSelector,
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) {
    let labels = &selector.match_labels;
    // That no label has such a value is said elsewhere.
    if labels.iter().any(|(_, value)| value.contains('*')) {
        return;
    }
    let is_root = namespace == world.settings.root_namespace;
    let known = match is_root {
        true => world.inventory.expect(false, Gap::NotAllWorkloadsOfMesh),
        false => world.inventory.workloads(namespace),
    };
    if let Err(gap) = known.and(world.inventory.expect(!is_for_gateways(labels), Gap::GatewaysInstalledElsewhere)) {
        return diagnostics.unchecked(gap);
    }
    let workloads: Vec<_> = match is_root {
        true => world.workloads.iter().collect(),
        false => world.workloads_in(namespace).collect(),
    };
    let place = if is_root { "the mesh".to_owned() } else { format!("namespace {namespace}") };
    let unknown = labels.iter().find(|(key, value)| {
        !workloads.iter().any(|workload| workload.labels.get(key.as_str()) == Some(&value.as_str()))
    });
    let Some((key, value)) = unknown else {
        let span = labels.span.unwrap_or(selector.span);
        diagnostics.report_default(span, format!("no workload in {place} has all of these labels"));
        return;
    };
    if targets.of_services.contains(&(namespace, key.as_str(), value.as_str())) && !world.inventory.is_complete() {
        return diagnostics.unchecked(Gap::NotAllWorkloads(namespace.to_owned()));
    }
    let diagnostic = diagnostics.report_default(
        value.span,
        format!("no workload in {place} has the label {}={}", key.as_str(), value.as_str()),
    );
    let values = || workloads.iter().filter_map(|workload| workload.labels.get(key.as_str()).copied());
    let keys = || workloads.iter().flat_map(|workload| workload.labels.keys().copied());
    let similar = nearest(value, values()).map(|similar| format!("{}={similar}", key.as_str()));
    let similar = similar.or_else(|| {
        let key = nearest(key, keys().filter(|other| *other != key.as_str()))?;
        Some(format!("{key}={}", value.as_str()))
    });
    if let Some(similar) = similar {
        diagnostic.help(format!("did you mean {similar}?"));
    } else if let Some(other) = values().next() {
        diagnostic.help(format!("there is {}={other}", key.as_str()));
    }
}

/// A policy is put into force by the proxies of the mesh.
fn check_membership(
    world: &World<'_>,
    policy: &Policy<'_, impl Targeted>,
    workloads: &[&Workload<'_>],
    diagnostics: &mut Diagnostics,
) {
    let is_outside = |workload: &&Workload<'_>| {
        world.namespaces.data_plane(workload) == Some(DataPlane::None)
            && workload.pod.is_some()
            && !world.is_gateway_workload(workload)
    };
    let (Some(first), true) = (workloads.first(), workloads.iter().all(is_outside)) else { return };
    let selector = policy.spec.selector().map(|selector| &selector.match_labels).filter(|it| !it.is_empty());
    let span = selector.and_then(|labels| labels.span).unwrap_or_else(|| policy.resource.name_span());
    let namespace = &first.name.namespace;
    let message = match selector {
        Some(_) => "no workload with these labels is in the mesh".to_owned(),
        None => format!("no workload of namespace {namespace} is in the mesh"),
    };
    let diagnostic = diagnostics.report_default(span, message);
    diagnostic.aliases = &["IST0127"];
    // Namespaces are labelled by hand as well as by manifests.
    if first.has_sidecar {
        diagnostic.severity(Severity::Info);
    }
    diagnostic
        .related(first.resource.name_span(), format!("{} has no sidecar", first.name))
        .help("only proxies put policies into force; let one be injected");
}

/// What policies can be for.
struct Targets<'w> {
    /// The resources that they can name, by kind and namespace.
    names: BTreeMap<(Kind, &'w str), Vec<&'w str>>,
    /// The labels that Services ask for, by namespace.
    of_services: BTreeSet<(&'w str, &'w str, &'w str)>,
}

impl<'w> Targets<'w> {
    fn new(world: &'w World<'_>) -> Self {
        let mut names: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for resource in &world.snapshot.resources {
            if matches!(resource.kind, Kind::KubernetesGateway | Kind::Service | Kind::ServiceEntry) {
                let namespace = world.settings.namespace_of(resource);
                names.entry((resource.kind, namespace)).or_default().push(resource.name());
            }
        }
        let selectors =
            world.services.iter().filter_map(|service| Some((service.namespace.as_str(), service.selector?)));
        let labels = |(namespace, selector): (&'w str, &'w Labels)| {
            selector.iter().map(move |(key, value)| (namespace, key.as_str(), value.as_str()))
        };
        Self { names, of_services: selectors.flat_map(labels).collect() }
    }

    fn check(
        &self,
        world: &World<'_>,
        namespace: &str,
        reference: &PolicyTargetReference,
        diagnostics: &mut Diagnostics,
    ) {
        let text = |field: &Option<Spanned<String>>| field.text().to_owned();
        let kind = match (text(&reference.group).as_str(), text(&reference.kind).as_str()) {
            ("gateway.networking.k8s.io", "Gateway") => Kind::KubernetesGateway,
            ("" | "core", "Service") => Kind::Service,
            ("networking.istio.io", "ServiceEntry") => Kind::ServiceEntry,
            _ => return,
        };
        let Some(name) = reference.name.filled() else { return };
        let names = self.names.get(&(kind, namespace)).map_or(&[][..], Vec::as_slice);
        if names.contains(&name.as_str()) {
            return;
        }
        let known = match kind {
            Kind::Service => world.inventory.services(namespace),
            Kind::ServiceEntry => world.inventory.service_entries(namespace),
            _ => world.inventory.expect(!names.is_empty(), Gap::NoResources(kind, namespace.to_owned())),
        };
        if let Err(gap) = known {
            return diagnostics.unchecked(gap);
        }
        report_target(name.span, kind, namespace, name, names, diagnostics);
    }
}

fn report_target(span: Span, kind: Kind, namespace: &str, name: &str, names: &[&str], diagnostics: &mut Diagnostics) {
    let diagnostic =
        diagnostics.report_default(span, format!("there is no {} {name} in namespace {namespace}", kind.name()));
    diagnostic.aliases = &[];
    diagnostic.severity(Severity::Error);
    if let Some(similar) = nearest(name, names.iter().copied()) {
        diagnostic.help(format!("did you mean {similar}?"));
    }
}
