//! `mtls-conflict`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::networking::ClientTlsMode;
use crate::model::{Kind, LabelSet, Labels, Spec};
use crate::routing::Upstream;
use crate::source::Span;
use crate::world::{
    DataPlane, ExportTo, Gap, MergedRule, MtlsMode, ProtocolClass, Service, ServicePort, Workload, World, host,
};

pub static RULE: Rule = rule! {
    name: "mtls-conflict",
    aliases: ["KIA0205", "KIA0206", "KIA0207", "KIA0208", "KIA0505", "KIA0506"],
    severity: Error,
    summary: "a DestinationRule whose TLS the workloads do not take: their connections are reset",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut conflicts: BTreeMap<Span, Vec<Conflict<'_, '_>>> = BTreeMap::new();
    for namespace in world.destination_rules.namespaces() {
        for (hostname, merged) in world.destination_rules.merged_in(namespace) {
            for merged in merged.iter().filter(|merged| sets_tls(world, merged)) {
                for service in services(world, hostname) {
                    if applies(world, namespace, merged, service) {
                        check_service(world, merged, service, &mut conflicts, diagnostics);
                    }
                }
            }
        }
    }
    for (span, mut conflicts) in conflicts {
        conflicts.sort_by_key(|conflict| conflict.takes.is_none());
        report(span, &conflicts, diagnostics);
    }
}

/// How many places of a kind a finding points to.
const SHOWN: usize = 3;

/// A workload that does not take what clients send.
struct Conflict<'w, 'a> {
    mode: ClientTlsMode,
    service: &'w Service<'a>,
    workload: &'w Workload<'a>,
    /// What it takes; `None` if it has no sidecar.
    takes: Option<MtlsMode>,
    set_at: Option<Span>,
    is_wildcard: bool,
}

fn sets_tls(world: &World<'_>, merged: &MergedRule) -> bool {
    world.destination_rules.parts(merged).any(|rule| {
        let policies = rule.spec.subsets.iter().filter_map(|subset| subset.traffic_policy.as_ref());
        rule.spec.traffic_policy.iter().chain(policies).any(|policy| {
            policy.tls.is_some() || policy.port_level_settings.iter().any(|settings| settings.tls.is_some())
        })
    })
}

/// The services that a host of a DestinationRule means.
fn services<'w, 'a>(world: &'w World<'a>, hostname: &str) -> Vec<&'w Service<'a>> {
    match host::wildcard_suffix(hostname) {
        None => world.services.named(hostname).collect(),
        Some(suffix) => world.services.iter().filter(|service| service.hostname.ends_with(suffix)).collect(),
    }
}

/// Whether some client gets the rule for a service, rather than a more specific or a nearer one.
fn applies(world: &World<'_>, namespace: &str, merged: &MergedRule, service: &Service<'_>) -> bool {
    let rules = &world.destination_rules;
    let mut clients = BTreeSet::from([namespace, service.namespace.as_str()]);
    let exported = rules.parts(merged).next().map(|rule| &rule.export_to);
    if let Some(ExportTo::Namespaces(listed)) = exported {
        clients.extend(listed.iter().map(String::as_str));
    }
    let labels: Option<LabelSet<'_>> = rules.parts(merged).next().and_then(|rule| Some(rule.selector()?.to_set()));
    clients.into_iter().any(|client| {
        rules
            .applying(client, &service.namespace, &service.hostname, labels.as_ref())
            .is_some_and(|applying| std::ptr::eq(applying, merged))
    })
}

fn check_service<'w, 'a>(
    world: &'w World<'a>,
    merged: &MergedRule,
    service: &'w Service<'a>,
    conflicts: &mut BTreeMap<Span, Vec<Conflict<'w, 'a>>>,
    diagnostics: &mut Diagnostics,
) {
    let rules = &world.destination_rules;
    let is_wildcard = rules.parts(merged).any(|rule| host::wildcard_suffix(&rule.host).is_some());
    let workloads = world.workloads_of_service(service).unwrap_or_default();
    let of_rule = rules.traffic_policy(merged);
    let no_labels = Labels::default();
    let subsets = rules.subsets(merged);
    let of_subsets = subsets.iter().map(|it| (it.subset.traffic_policy.as_ref(), &it.subset.labels));
    for (of_subset, labels) in std::iter::once((None, &no_labels)).chain(of_subsets) {
        for port in &service.ports {
            let Some(tls) = Upstream::new(of_rule, of_subset, port.number).tls else { continue };
            let mode = tls.effective_mode();
            if workloads.is_empty() {
                note_unknown(world, service, port, mode, diagnostics);
            }
            for &workload in workloads.iter().filter(|workload| workload.is_selected_by(labels)) {
                let Some((takes, set_at)) = refusal(world, workload, port, mode) else { continue };
                let of_tls = conflicts.entry(tls.mode.map_or(tls.span, |mode| mode.span)).or_default();
                if !of_tls.iter().any(|it| std::ptr::eq(it.workload, workload) && std::ptr::eq(it.service, service)) {
                    of_tls.push(Conflict { mode, service, workload, takes, set_at, is_wildcard });
                }
            }
        }
    }
}

/// What a workload takes at a port, if that is not what clients send, and where it is set.
fn refusal(
    world: &World<'_>,
    workload: &Workload<'_>,
    port: &ServicePort,
    sent: ClientTlsMode,
) -> Option<(Option<MtlsMode>, Option<Span>)> {
    // What a machine or a gateway takes is not up to PeerAuthentications alone.
    if matches!(workload.resource.spec, Spec::WorkloadEntry(_)) || world.is_gateway_workload(workload) {
        return None;
    }
    let sidecar = world.sidecar_of(&workload.name.namespace, &workload.labels);
    if sidecar.is_some_and(|sidecar| sidecar.spec.ingress.iter().any(|listener| listener.tls.is_some())) {
        return None;
    }
    match world.namespaces.data_plane(workload) {
        Some(DataPlane::None) => return (sent == ClientTlsMode::IstioMutual).then_some((None, None)),
        Some(DataPlane::Ambient) => return None,
        // That it is in the mesh is what the policies suppose.
        Some(DataPlane::Sidecar) | None => {}
    }
    let number = workload.port_behind(port)?;
    let mtls = world.policies.mtls(&workload.name.namespace, &workload.labels, number);
    let is_in_mesh = mtls.set_by.is_some() || world.namespaces.data_plane(workload).is_some();
    (is_in_mesh && is_refused(sent, mtls.mode, port)).then(|| (Some(mtls.mode), mtls.set_by.map(|(_, span)| span)))
}

/// Whether a sidecar cannot read what clients send. To a demand for mutual TLS a certificate of the client's own might be
/// the mesh's, and behind a port that is not HTTP the workload itself may speak TLS. A port of HTTP that takes both
/// knows the mesh's TLS by its ALPN, and has no filter chain for any other.
fn is_refused(sent: ClientTlsMode, taken: MtlsMode, port: &ServicePort) -> bool {
    let speaks_http = port.protocol.class() == ProtocolClass::Http;
    match (sent, taken) {
        (ClientTlsMode::Disable | ClientTlsMode::Simple, MtlsMode::Strict)
        | (ClientTlsMode::IstioMutual, MtlsMode::Disable) => true,
        (ClientTlsMode::Simple | ClientTlsMode::Mutual, MtlsMode::Disable | MtlsMode::Permissive) => speaks_http,
        _ => false,
    }
}

/// Whether there is a conflict depends on workloads that are not among the manifests.
fn note_unknown(
    world: &World<'_>,
    service: &Service<'_>,
    port: &ServicePort,
    sent: ClientTlsMode,
    diagnostics: &mut Diagnostics,
) {
    let namespace = service.namespace.as_str();
    let usual =
        world.policies.mtls(namespace, &LabelSet::new(), port.target_at(None, None).unwrap_or(port.number)).mode;
    let may_differ = || {
        let mut policies = world.policies.peer_authentications_in(namespace);
        policies.any(|policy| policy.spec.selector.is_some())
    };
    if service.is_kubernetes() && (is_refused(sent, usual, port) || may_differ()) {
        diagnostics.unchecked(Gap::NoWorkloadsOf(Kind::Service, service.hostname.clone()));
    }
}

fn report(span: Span, conflicts: &[Conflict<'_, '_>], diagnostics: &mut Diagnostics) {
    let Some(first) = conflicts.first() else { return };
    let sent = match first.mode {
        ClientTlsMode::Disable => "plaintext",
        ClientTlsMode::Simple => "TLS without a certificate of their own",
        ClientTlsMode::Mutual => "TLS of their own",
        _ => "mutual TLS",
    };
    let taken = match first.takes {
        Some(MtlsMode::Strict) => "its workloads take only mutual TLS".to_owned(),
        Some(MtlsMode::Permissive) => "the sidecars of its workloads know only the TLS of the mesh".to_owned(),
        Some(_) => "its workloads take only plaintext".to_owned(),
        None => format!("its workload {} has no sidecar", first.workload.name),
    };
    let diagnostic =
        diagnostics.report_default(span, format!("clients of {} send {sent}, but {taken}", first.service.hostname));
    diagnostic.aliases = match first.takes {
        Some(MtlsMode::Strict) => &["KIA0207", "KIA0208"],
        Some(MtlsMode::Permissive) => &[],
        Some(MtlsMode::Disable) => &["KIA0505", "KIA0506"],
        None => &["KIA0205", "KIA0206"],
    };
    // Nobody need ever send a request to what a wildcard happens to cover.
    if first.is_wildcard && first.takes.is_none() {
        diagnostic.severity(Severity::Warning);
    }
    if first.takes.is_none() {
        diagnostic.related(first.workload.resource.name_span(), "the workload");
    }
    let policies: BTreeSet<Span> = conflicts.iter().filter_map(|conflict| conflict.set_at).collect();
    for span in policies.into_iter().take(SHOWN) {
        diagnostic.related(span, "what the workloads take");
    }
    let others: BTreeSet<Span> = conflicts.iter().map(|conflict| conflict.service.span).collect();
    for span in others.into_iter().filter(|span| *span != first.service.span).take(SHOWN) {
        diagnostic.related(span, "the same holds for clients of this service");
    }
    diagnostic.help(match (first.takes, first.mode) {
        (Some(MtlsMode::Strict | MtlsMode::Permissive), _) => {
            "without a mode proxies send mutual TLS wherever workloads take it"
        }
        (None, _) | (_, ClientTlsMode::IstioMutual) => {
            "without a mode proxies send mutual TLS only where workloads take it; or set DISABLE for this host"
        }
        (Some(_), _) => "set DISABLE, or let the sidecar of the workload take TLS",
    });
}
