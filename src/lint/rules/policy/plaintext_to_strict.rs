//! `plaintext-to-strict`

use std::collections::BTreeMap;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::LabelSet;
use crate::model::networking::ClientTlsMode;
use crate::routing::Upstream;
use crate::source::Span;
use crate::world::{DataPlane, DestinationRule, MergedRule, MtlsMode, Service, World, host};

pub static RULE: Rule = rule! {
    name: "plaintext-to-strict",
    summary: "auto mTLS is off, and clients send plaintext to workloads that require mutual TLS",
    findings: [&REPLACED, &REQUIRED_BY_NAMESPACE, &REQUIRED_BY_MESH, &REPLACED_BUT_ACCEPTED],
    check: check,
};

static REPLACED: Finding = finding! {
    "replaced", Lost, Certain, ["KIA0204"],
    "a DestinationRule without TLS replaces one with mutual TLS, which the workloads require",
};
static REQUIRED_BY_NAMESPACE: Finding = finding! {
    "required-by-namespace", Lost, Certain, ["KIA0501"],
    "a policy of the namespace requires mutual TLS, which no DestinationRule sets",
};
static REQUIRED_BY_MESH: Finding = finding! {
    "required-by-mesh", Lost, Certain, ["KIA0401"],
    "the policy of the mesh requires mutual TLS, which no DestinationRule sets",
};
static REPLACED_BUT_ACCEPTED: Finding = finding! {
    "replaced-but-accepted", Exposed, Likely, ["KIA0204"],
    "a DestinationRule without TLS replaces one with mutual TLS, and the workloads accept plaintext",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    if world.settings.auto_mtls {
        return;
    }
    let wide = wide_destination_rules(world);
    let mut strict_services: BTreeMap<Span, StrictService<'_, '_>> = BTreeMap::new();
    let mut replacing: BTreeMap<Span, Replacement<'_, '_>> = BTreeMap::new();
    for service in world.services.iter().filter(|service| service.is_kubernetes()) {
        let destination_rules = &world.destination_rules;
        let merged = destination_rules.applying(&service.namespace, &service.namespace, &service.hostname, None);
        let Some(strict) = strict_mode(world, service, merged) else { continue };
        let replaced = wide.iter().find(|it| host::covered_by(&service.hostname, &it.host)).copied();
        match (merged.and_then(|merged| destination_rules.parts(merged).next()), replaced) {
            (Some(destination_rule), Some(wide)) => {
                let is_strict = strict.is_some();
                let new = Replacement { service, wide, is_strict };
                replacing.entry(destination_rule.host.span).or_insert(new).is_strict |= is_strict;
            }
            _ => {
                if let Some((span, is_of_mesh)) = strict {
                    strict_services.entry(span).or_insert(StrictService { service, is_of_mesh });
                }
            }
        }
    }
    replacing.into_iter().for_each(|(span, it)| report_replacement(span, &it, diagnostics));
    strict_services.into_iter().for_each(|(span, it)| report_strict(span, &it, diagnostics));
}

/// A service whose workloads accept only mutual TLS, as a PeerAuthentication requires.
struct StrictService<'w, 'a> {
    service: &'w Service<'a>,
    /// Whether the policy is for the whole mesh.
    is_of_mesh: bool,
}

/// A DestinationRule without TLS that takes precedence over one with mutual TLS.
struct Replacement<'w, 'a> {
    service: &'w Service<'a>,
    wide: &'w DestinationRule<'a>,
    /// Whether some workload accepts only mutual TLS.
    is_strict: bool,
}

/// The DestinationRules for a whole domain that make clients send mutual TLS.
fn wide_destination_rules<'w, 'a>(world: &'w World<'a>) -> Vec<&'w DestinationRule<'a>> {
    let is_wide = |destination_rule: &&DestinationRule<'_>| {
        let tls = Upstream::new(destination_rule.spec.traffic_policy.as_ref(), None, 0).tls_mode();
        host::wildcard_suffix(&destination_rule.host).is_some() && tls == Some(ClientTlsMode::IstioMutual)
    };
    world.destination_rules.iter().filter(is_wide).collect()
}

/// Where a policy sets STRICT for the workloads of a service, and whether it is the policy of the mesh. The inner `None`
/// means that the workloads accept plaintext, the outer one that clients send plaintext to no port of the service.
fn strict_mode(world: &World<'_>, service: &Service<'_>, merged: Option<&MergedRule>) -> Option<Option<(Span, bool)>> {
    let policy = merged.and_then(|merged| world.destination_rules.traffic_policy(merged));
    let mut plain =
        service.ports.iter().filter(|port| Upstream::new(policy, None, port.number).tls.is_none()).peekable();
    plain.peek()?;
    let workloads = world.workloads_of_service(service).unwrap_or_default();
    // Unknown workloads are assumed to have sidecars, and no policies that select them.
    let unknown =
        (workloads.is_empty() && world.inventory.lists_workloads(&service.namespace).is_err()).then(LabelSet::new);
    let in_mesh = workloads.iter().filter(|it| {
        !matches!(world.namespaces.data_plane(it), Some(DataPlane::None | DataPlane::Ambient))
            && !world.is_gateway_workload(it)
    });
    let numbered = |port| in_mesh.clone().filter_map(move |it| Some((&it.labels, it.port_behind(port)?)));
    let strict = plain
        .flat_map(|port| numbered(port).chain(unknown.iter().map(|labels| (labels, port.number))))
        .find_map(|(labels, number)| {
            let mtls = world.policies.mtls(&service.namespace, labels, number);
            mtls.set_by.filter(|_| mtls.mode == MtlsMode::Strict)
        });
    Some(strict.map(|(policy, span)| (span, policy.name.namespace == world.settings.root_namespace)))
}

fn report_replacement(span: Span, replacement: &Replacement<'_, '_>, diagnostics: &mut Diagnostics) {
    let Replacement { service, wide, is_strict } = replacement;
    let finding = if *is_strict { &REPLACED } else { &REPLACED_BUT_ACCEPTED };
    diagnostics
        .report(
            finding,
            span,
            format!(
                "clients of `{}` send plaintext: this DestinationRule replaces one with mutual TLS",
                service.hostname
            ),
        )
        .related(wide.host.span, "the DestinationRule for the whole domain")
        .help("set `trafficPolicy.tls.mode: ISTIO_MUTUAL`, or `enableAutoMtls: true` in the MeshConfig");
}

fn report_strict(span: Span, strict: &StrictService<'_, '_>, diagnostics: &mut Diagnostics) {
    let StrictService { service, is_of_mesh } = strict;
    let finding = if *is_of_mesh { &REQUIRED_BY_MESH } else { &REQUIRED_BY_NAMESPACE };
    diagnostics
        .report(
            finding,
            span,
            format!(
                "clients of `{}` send plaintext: auto mTLS is off, and no DestinationRule sets mutual TLS",
                service.hostname
            ),
        )
        .related(service.span, "the service")
        .help("set `trafficPolicy.tls.mode: ISTIO_MUTUAL` in a DestinationRule, or `enableAutoMtls: true` in the MeshConfig");
}
