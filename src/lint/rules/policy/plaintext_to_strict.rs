//! `plaintext-to-strict`

use std::collections::BTreeMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::LabelSet;
use crate::model::networking::ClientTlsMode;
use crate::routing::Upstream;
use crate::source::Span;
use crate::world::{DataPlane, DestinationRule, MergedRule, MtlsMode, Service, World, host};

pub static RULE: Rule = rule! {
    name: "plaintext-to-strict",
    aliases: ["KIA0204", "KIA0401", "KIA0501"],
    severity: Error,
    summary: "auto mTLS is off and no DestinationRule asks for mutual TLS, which the workloads demand",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    if world.settings.auto_mtls {
        return;
    }
    let wide = wide_rules(world);
    let mut demanding: BTreeMap<Span, Demand<'_, '_>> = BTreeMap::new();
    let mut replacing: BTreeMap<Span, Replacement<'_, '_>> = BTreeMap::new();
    for service in world.services.iter().filter(|service| service.is_kubernetes()) {
        let rules = &world.destination_rules;
        let merged = rules.applying(&service.namespace, &service.namespace, &service.hostname, None);
        let Some(demand) = demand(world, service, merged) else { continue };
        let replaced = wide.iter().find(|rule| host::covered_by(&service.hostname, &rule.host)).copied();
        match (merged.and_then(|merged| rules.parts(merged).next()), replaced) {
            (Some(rule), Some(wide)) => {
                let is_strict = demand.is_some();
                let entry = replacing.entry(rule.host.span).or_insert(Replacement { service, wide, is_strict });
                entry.is_strict |= is_strict;
            }
            _ => {
                if let Some((span, is_of_mesh)) = demand {
                    demanding.entry(span).or_insert(Demand { service, is_of_mesh });
                }
            }
        }
    }
    replacing.into_iter().for_each(|(span, it)| report_replacement(span, &it, diagnostics));
    demanding.into_iter().for_each(|(span, it)| report_demand(span, &it, diagnostics));
}

/// A service whose workloads take only mutual TLS, as a PeerAuthentication says.
struct Demand<'w, 'a> {
    service: &'w Service<'a>,
    /// Whether the policy is for the whole mesh.
    is_of_mesh: bool,
}

/// A DestinationRule without TLS that stands before one with mutual TLS.
struct Replacement<'w, 'a> {
    service: &'w Service<'a>,
    wide: &'w DestinationRule<'a>,
    /// Whether some workload takes nothing but mutual TLS.
    is_strict: bool,
}

/// The DestinationRules for a domain that have all clients send mutual TLS.
fn wide_rules<'w, 'a>(world: &'w World<'a>) -> Vec<&'w DestinationRule<'a>> {
    let is_wide = |rule: &&DestinationRule<'_>| {
        let tls = Upstream::new(rule.spec.traffic_policy.as_ref(), None, 0).tls_mode();
        host::wildcard_suffix(&rule.host).is_some() && tls == Some(ClientTlsMode::IstioMutual)
    };
    world.destination_rules.iter().filter(is_wide).collect()
}

/// Of a service that clients send plaintext on some port: where its workloads are told to take mutual TLS only, and
/// whether by the policy of the mesh. The inner `None`: they take plaintext as well.
fn demand(world: &World<'_>, service: &Service<'_>, merged: Option<&MergedRule>) -> Option<Option<(Span, bool)>> {
    let policy = merged.and_then(|merged| world.destination_rules.traffic_policy(merged));
    let mut plain =
        service.ports.iter().filter(|port| Upstream::new(policy, None, port.number).tls.is_none()).peekable();
    plain.peek()?;
    let workloads = world.workloads_of_service(service).unwrap_or_default();
    // Those that are not among the manifests are taken for sidecars without policies of their own.
    let unknown = (workloads.is_empty() && world.inventory.workloads(&service.namespace).is_err()).then(LabelSet::new);
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
    let message =
        format!("clients of {} send plaintext: this takes the place of a rule with mutual TLS", service.hostname);
    let diagnostic = diagnostics.report_default(span, message);
    diagnostic.aliases = &["KIA0204"];
    if !is_strict {
        diagnostic.severity(Severity::Warning);
    }
    diagnostic.related(wide.host.span, "the rule for the whole domain").help(HELP);
}

const HELP: &str = "set trafficPolicy.tls.mode: ISTIO_MUTUAL, or leave it to the proxies by enableAutoMtls";

fn report_demand(span: Span, demand: &Demand<'_, '_>, diagnostics: &mut Diagnostics) {
    let Demand { service, is_of_mesh } = demand;
    let message = format!(
        "clients of {} send plaintext: auto mTLS is off, and no DestinationRule says otherwise",
        service.hostname
    );
    let diagnostic = diagnostics.report_default(span, message);
    diagnostic.aliases = if *is_of_mesh { &["KIA0401"] } else { &["KIA0501"] };
    diagnostic.related(service.span, "the service").help(HELP);
}
