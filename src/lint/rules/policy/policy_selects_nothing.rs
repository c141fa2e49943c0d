//! `policy-selects-nothing`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::TextField;
use crate::model::networking::MatchLabelsSelector;
use crate::model::security::PolicyTargetReference;
use crate::model::spelling::did_you_mean;
use crate::model::{Kind, Labels, Resource, nearest};
use crate::source::Span;
use crate::world::{DataPlane, Gap, Policy, Targeted, Workload, World};

pub static RULE: Rule = rule! {
    name: "policy-selects-nothing",
    summary: "a policy applies to no workload of the mesh, because its selector or target is wrong",
    findings: [&TARGET, &LABEL, &LABELS, &NO_WORKLOADS, &OUTSIDE_MESH, &NAMESPACE_OUTSIDE_MESH],
    check: check,
};

static TARGET: Finding = finding! {
    "target", Exposed, Certain, [],
    "the resource that a target reference names does not exist",
};
static LABEL: Finding = finding! {
    "label", Exposed, Likely, ["IST0127", "KIA0004"],
    "no workload has a label of the selector",
};
static LABELS: Finding = finding! {
    "labels", Exposed, Likely, ["IST0127", "KIA0004"],
    "no workload has all labels of the selector",
};
static NO_WORKLOADS: Finding = finding! {
    "no-workloads", Exposed, Likely, ["IST0127"],
    "the namespace of a policy without a selector has no workloads",
};
static OUTSIDE_MESH: Finding = finding! {
    "outside-mesh", Exposed, Likely, ["IST0127"],
    "the workloads of the policy opt out of the mesh",
};
static NAMESPACE_OUTSIDE_MESH: Finding = finding! {
    "namespace-outside-mesh", Surprising, Likely, ["IST0127"],
    "the Namespace of the workloads has no label that adds it to the mesh",
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
        targets.check(world, policy.resource, reference, diagnostics);
    }
    let Some(workloads) = world.workloads_of_policy(policy) else { return };
    let selector = policy.spec.selector().filter(|selector| !selector.match_labels.is_empty());
    let is_root = policy.name.namespace == world.settings.root_namespace;
    match selector {
        // The workloads of a policy without a selector may be added later.
        None if is_root || (workloads.is_empty() && !world.inventory.is_complete_in(&policy.name.namespace)) => {}
        None if workloads.is_empty() => {
            let namespace = &policy.name.namespace;
            diagnostics
                .report(
                    &NO_WORKLOADS,
                    policy.resource.name_span(),
                    format!("this policy applies to nothing: namespace `{namespace}` has no workloads"),
                )
                .help("move the policy to the namespace of its workloads, or remove it");
        }
        // `ignored-peer-authentication` reports a selector of a PeerAuthentication in the root namespace.
        Some(_) if is_root && policy.resource.kind == Kind::PeerAuthentication => {}
        Some(selector) if workloads.is_empty() => {
            check_selector(world, policy.resource, selector, targets, diagnostics);
        }
        _ => check_membership(world, policy, &workloads, diagnostics),
    }
}

/// Whether labels look like those of gateways, which are usually installed from other manifests.
fn is_for_gateways(labels: &Labels) -> bool {
    labels.iter().any(|(key, value)| value.contains("gateway") || key.ends_with("/gateway-name"))
}

fn check_selector(
    world: &World<'_>,
    policy: &Resource,
    selector: &MatchLabelsSelector,
    targets: &Targets<'_>,
    diagnostics: &mut Diagnostics,
) {
    let namespace = world.settings.namespace_of(policy);
    let labels = &selector.match_labels;
    // Another rule reports values that no label can have.
    if labels.iter().any(|(_, value)| value.contains('*')) {
        return;
    }
    let is_root = namespace == world.settings.root_namespace;
    let known = match is_root {
        true => world.inventory.expect(false, Gap::NotAllWorkloadsOfMesh),
        false => world.expects_workload(policy, labels, namespace),
    };
    if let Err(gap) = known.and(world.inventory.expect(!is_for_gateways(labels), Gap::GatewaysInstalledElsewhere)) {
        return diagnostics.unchecked(gap);
    }
    let workloads: Vec<_> = match is_root {
        true => world.workloads.iter().collect(),
        false => world.workloads_in(namespace).collect(),
    };
    let place = if is_root { "the mesh".to_owned() } else { format!("namespace `{namespace}`") };
    let unknown = labels.iter().find(|(key, value)| {
        !workloads.iter().any(|workload| workload.labels.get(key.as_str()) == Some(&value.as_str()))
    });
    let Some((key, value)) = unknown else {
        let span = labels.span.unwrap_or(selector.span);
        diagnostics.report(&LABELS, span, format!("no workload of {place} has all of these labels"));
        return;
    };
    if targets.of_services.contains(&(namespace, key.as_str(), value.as_str()))
        && !world.inventory.is_complete_in(namespace)
    {
        return diagnostics.unchecked(Gap::NotAllWorkloads(namespace.to_owned()));
    }
    let diagnostic = diagnostics.report(
        &LABEL,
        value.span,
        format!("no workload of {place} has the label `{}={}`", key.as_str(), value.as_str()),
    );
    let values = || workloads.iter().filter_map(|workload| workload.labels.get(key.as_str()).copied());
    let keys = || workloads.iter().flat_map(|workload| workload.labels.keys().copied());
    let similar = nearest(value, values()).map(|similar| format!("{}={similar}", key.as_str()));
    let similar = similar.or_else(|| {
        let key = nearest(key, keys().filter(|other| *other != key.as_str()))?;
        Some(format!("{key}={}", value.as_str()))
    });
    if let Some(similar) = similar {
        diagnostic.help(format!("did you mean `{similar}`?"));
    } else if let Some(other) = values().next() {
        diagnostic.help(format!("use a value that exists, such as `{}={other}`", key.as_str()));
    }
}

/// Only the proxies of the mesh enforce a policy.
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
        Some(_) => "no proxy enforces this policy: no workload with these labels is in the mesh".to_owned(),
        None => format!("no proxy enforces this policy: no workload of namespace `{namespace}` is in the mesh"),
    };
    // Namespaces are labelled by hand as well as by manifests.
    let (finding, help) = match first.has_sidecar {
        true => (&NAMESPACE_OUTSIDE_MESH, "label the Namespace with `istio-injection: enabled`"),
        false => (&OUTSIDE_MESH, "enable sidecar injection for the pods, or remove the policy"),
    };
    diagnostics
        .report(finding, span, message)
        .related(first.resource.name_span(), format!("workload `{}` has no sidecar", first.name))
        .help(help);
}

/// The resources and labels that policies can name.
struct Targets<'w> {
    /// The names of resources that target references can have, by kind and namespace.
    names: BTreeMap<(Kind, &'w str), Vec<&'w str>>,
    /// The labels that Services select: namespace, key and value.
    of_services: BTreeSet<(&'w str, &'w str, &'w str)>,
}

impl<'w> Targets<'w> {
    fn new(world: &'w World<'_>) -> Self {
        let mut names: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for resource in world.snapshot.resources() {
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
        policy: &Resource,
        reference: &PolicyTargetReference,
        diagnostics: &mut Diagnostics,
    ) {
        let kind = match (reference.group.text(), reference.kind.text()) {
            ("gateway.networking.k8s.io", "Gateway") => Kind::KubernetesGateway,
            ("" | "core", "Service") => Kind::Service,
            ("networking.istio.io", "ServiceEntry") => Kind::ServiceEntry,
            _ => return,
        };
        let Some(name) = reference.name.filled() else { return };
        let namespace = world.settings.namespace_of(policy);
        let names = self.names.get(&(kind, namespace)).map_or(&[][..], Vec::as_slice);
        if names.contains(&name.as_str()) {
            return;
        }
        let known = match kind {
            _ if world.inventory.makes(kind, namespace, name) => return,
            Kind::Service => world.inventory.service(namespace, name),
            _ => {
                let gap = Gap::NoResources(kind, namespace.to_owned());
                let any = match kind {
                    Kind::ServiceEntry => world.inventory.service_entries(namespace).is_ok(),
                    _ => !names.is_empty(),
                };
                world.inventory.expect_named(kind, namespace, name, any, gap)
            }
        };
        if let Err(gap) = known.and_then(|()| world.would_have(kind, policy, name, namespace)) {
            return diagnostics.unchecked(gap);
        }
        report_target(name.span, kind, namespace, name, names, diagnostics);
    }
}

fn report_target(span: Span, kind: Kind, namespace: &str, name: &str, names: &[&str], diagnostics: &mut Diagnostics) {
    let api = if kind == Kind::KubernetesGateway { " of the Gateway API" } else { "" };
    let message = format!("{} `{namespace}/{name}`{api} does not exist", kind.name());
    let diagnostic = diagnostics.report(&TARGET, span, message);
    if let Some(help) = did_you_mean(span, name, names.iter().copied()) {
        diagnostic.help(help);
    }
}
