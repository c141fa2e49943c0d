//! `mtls-conflict`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::ClientTlsMode;
use crate::model::{Kind, LabelSet, Labels, Spec};
use crate::routing::Upstream;
use crate::source::Span;
use crate::world::{
    DataPlane, ExportTo, Gap, MergedRule, MtlsMode, ProtocolClass, Service, ServicePort, Workload, World, host,
};

pub static RULE: Rule = rule! {
    name: "mtls-conflict",
    summary: "a DestinationRule makes clients send TLS or plaintext that the workloads do not accept",
    findings: [
        &STRICT,
        &DISABLE,
        &OTHER_TLS,
        &NO_SIDECAR,
        &NO_SIDECAR_BEHIND_WILDCARD,
        &NAMESPACE_WITHOUT_LABEL,
        &STRICT_BEHIND_WILDCARD,
        &PRESUMED_STRICT,
    ],
    check: check,
};

static STRICT: Finding = finding! {
    "strict", Lost, Certain, ["KIA0207", "KIA0208"],
    "the workloads accept only mutual TLS",
};
static DISABLE: Finding = finding! {
    "disable", Lost, Certain, ["KIA0505", "KIA0506"],
    "the workloads accept only plaintext",
};
static OTHER_TLS: Finding = finding! {
    "other-tls", Lost, Certain, [],
    "the sidecars accept no other TLS than that of the mesh",
};
static NO_SIDECAR: Finding = finding! {
    "no-sidecar", Lost, Certain, [],
    "the workload has no sidecar that accepts mutual TLS",
};
static NO_SIDECAR_BEHIND_WILDCARD: Finding = finding! {
    "no-sidecar-behind-wildcard", Lost, Likely, [],
    "a wildcard host covers a workload that has no sidecar",
};

static NAMESPACE_WITHOUT_LABEL: Finding = finding! {
    "namespace-without-label", Lost, Likely, [],
    "the Namespace of the workload has no label for injection, unless it gets one by other means",
};

static STRICT_BEHIND_WILDCARD: Finding = finding! {
    "strict-behind-wildcard", Lost, Likely, ["KIA0505", "KIA0506"],
    "a policy requires mutual TLS where a wildcard host turns it off, and the services are not among the manifests",
};

// The workloads often have no sidecar, and the DestinationRule is there for that reason.
static PRESUMED_STRICT: Finding = finding! {
    "presumed-strict", Surprising, Likely, ["KIA0505", "KIA0506"],
    "a policy requires mutual TLS in the namespace of the service, which is not among the manifests",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut conflicts: BTreeMap<Span, Vec<Conflict<'_, '_>>> = BTreeMap::new();
    for namespace in world.destination_rules.namespaces() {
        for (hostname, merged) in world.destination_rules.merged_in(namespace) {
            for merged in merged.iter().filter(|merged| sets_tls(world, merged)) {
                let services = services(world, hostname);
                if services.is_empty() {
                    check_unknown_hosts(world, hostname, merged, diagnostics);
                }
                for service in services {
                    if applies(world, namespace, merged, service) {
                        check_service(world, merged, service, &mut conflicts, diagnostics);
                    }
                }
            }
        }
    }
    for (span, mut conflicts) in conflicts {
        conflicts.sort_by_key(|conflict| conflict.accepted.is_none());
        report(world, span, &conflicts, diagnostics);
    }
}

/// How many related places of a kind a finding has at most.
const SHOWN: usize = 3;

/// A workload that does not accept what clients send.
struct Conflict<'w, 'a> {
    mode: ClientTlsMode,
    service: &'w Service<'a>,
    workload: &'w Workload<'a>,
    /// The mode of the workload; `None` if it has no sidecar.
    accepted: Option<MtlsMode>,
    set_at: Option<Span>,
    is_wildcard: bool,
}

fn sets_tls(world: &World<'_>, merged: &MergedRule) -> bool {
    world.destination_rules.parts(merged).any(|destination_rule| {
        let policies = destination_rule.spec.subsets.iter().filter_map(|subset| subset.traffic_policy.as_ref());
        destination_rule.spec.traffic_policy.iter().chain(policies).any(|policy| {
            policy.tls.is_some() || policy.port_level_settings.iter().any(|settings| settings.tls.is_some())
        })
    })
}

/// The services that a host of a DestinationRule covers.
fn services<'w, 'a>(world: &'w World<'a>, hostname: &str) -> Vec<&'w Service<'a>> {
    match host::wildcard_suffix(hostname) {
        None => world.services.named(hostname).collect(),
        Some(suffix) => world.services.iter().filter(|service| service.hostname.ends_with(suffix)).collect(),
    }
}

/// Whether the DestinationRule applies to some client of a service, rather than a more specific or closer one.
fn applies(world: &World<'_>, namespace: &str, merged: &MergedRule, service: &Service<'_>) -> bool {
    let destination_rules = &world.destination_rules;
    let mut clients = BTreeSet::from([namespace, service.namespace.as_str()]);
    let exported = destination_rules.parts(merged).next().map(|it| &it.export_to);
    if let Some(ExportTo::Namespaces(listed)) = exported {
        clients.extend(listed.iter().map(String::as_str));
    }
    let labels: Option<LabelSet<'_>> =
        destination_rules.parts(merged).next().and_then(|it| Some(it.selector()?.to_set()));
    clients.into_iter().any(|client| {
        destination_rules
            .applying(client, &service.namespace, &service.hostname, labels.as_ref())
            .is_some_and(|applying| applying.has_same_first(merged))
    })
}

/// Compares a DestinationRule for hosts that were not given with the policy of their namespace, or of the mesh.
fn check_unknown_hosts(world: &World<'_>, hostname: &str, merged: &MergedRule, diagnostics: &mut Diagnostics) {
    let policy = world.destination_rules.traffic_policy(merged);
    let Some(tls) = policy.and_then(|policy| policy.tls.as_ref()) else { return };
    if !matches!(tls.effective_mode(), ClientTlsMode::Disable | ClientTlsMode::Simple) {
        return;
    }
    let domain = format!(".svc.{}", world.settings.domain);
    let inside = hostname.trim_start_matches('*').strip_suffix(domain.as_str()).map(|it| it.trim_start_matches('.'));
    let namespace = match inside.filter(|inside| !inside.is_empty()) {
        Some(inside) => inside.rsplit('.').next().unwrap_or_default(),
        // A wildcard for all services of the cluster.
        None if hostname.starts_with('*') && domain.ends_with(hostname.trim_start_matches('*')) => {
            world.settings.root_namespace.as_str()
        }
        None => return,
    };
    let mtls = world.policies.mtls(namespace, &LabelSet::new(), 0);
    let Some((_, set_at)) = mtls.set_by.filter(|_| mtls.mode == MtlsMode::Strict) else { return };
    // A policy may make an exception for the workloads.
    if world.policies.peer_authentications_in(namespace).any(|policy| policy.spec.selector.is_some()) {
        return;
    }
    let sent = if tls.effective_mode() == ClientTlsMode::Disable { "plaintext" } else { "TLS of their own" };
    let message = format!("clients of `{hostname}` send {sent}, but a policy requires mutual TLS of the mesh");
    let finding = if hostname.starts_with('*') { &STRICT_BEHIND_WILDCARD } else { &PRESUMED_STRICT };
    diagnostics
        .report(finding, tls.mode.map_or(tls.span, |mode| mode.span), message)
        .related(set_at, "the mode of the workloads is set here")
        .help("set `mode: ISTIO_MUTUAL`, or remove `tls` so that proxies detect which workloads accept mutual TLS");
}

fn check_service<'w, 'a>(
    world: &'w World<'a>,
    merged: &MergedRule,
    service: &'w Service<'a>,
    conflicts: &mut BTreeMap<Span, Vec<Conflict<'w, 'a>>>,
    diagnostics: &mut Diagnostics,
) {
    let destination_rules = &world.destination_rules;
    let is_wildcard = destination_rules.parts(merged).any(|it| host::wildcard_suffix(&it.host).is_some());
    let workloads = world.workloads_of_service(service).unwrap_or_default();
    let of_host = destination_rules.traffic_policy(merged);
    let no_labels = Labels::default();
    let subsets = destination_rules.subsets(merged);
    let of_subsets = subsets.iter().map(|it| (it.subset.traffic_policy.as_ref(), &it.subset.labels));
    for (of_subset, labels) in std::iter::once((None, &no_labels)).chain(of_subsets) {
        for port in &service.ports {
            let Some(tls) = Upstream::new(of_host, of_subset, port.number).tls else { continue };
            let mode = tls.effective_mode();
            if workloads.is_empty() {
                note_unknown(world, service, port, mode, diagnostics);
            }
            for &workload in workloads.iter().filter(|workload| workload.is_selected_by(labels)) {
                let Some((accepted, set_at)) = refusal(world, workload, port, mode) else { continue };
                if let Some(gap) = may_have_sidecar(world, workload).filter(|_| accepted.is_none()) {
                    diagnostics.unchecked(gap);
                    continue;
                }
                let of_tls = conflicts.entry(tls.mode.map_or(tls.span, |mode| mode.span)).or_default();
                if !of_tls.iter().any(|it| std::ptr::eq(it.workload, workload) && std::ptr::eq(it.service, service)) {
                    of_tls.push(Conflict { mode, service, workload, accepted, set_at, is_wildcard });
                }
            }
        }
    }
}

/// The mode of a workload at a port, and where it is set, if the workload does not accept what clients send.
fn refusal(
    world: &World<'_>,
    workload: &Workload<'_>,
    port: &ServicePort,
    sent: ClientTlsMode,
) -> Option<(Option<MtlsMode>, Option<Span>)> {
    // PeerAuthentications alone do not decide for machines and gateways.
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
        // A policy is written for workloads in the mesh.
        Some(DataPlane::Sidecar) | None => {}
    }
    let number = workload.port_behind(port)?;
    let mtls = world.policies.mtls(&workload.name.namespace, &workload.labels, number);
    let is_in_mesh = mtls.set_by.is_some() || world.namespaces.data_plane(workload).is_some();
    (is_in_mesh && is_refused(sent, mtls.mode, port)).then(|| (Some(mtls.mode), mtls.set_by.map(|(_, span)| span)))
}

/// The reason why a workload may have a sidecar although its manifests do not ask for one.
fn may_have_sidecar(world: &World<'_>, workload: &Workload<'_>) -> Option<Gap> {
    let (namespace, resource) = (workload.name.namespace.as_ref(), workload.resource);
    let own = world.inventory.may_inject(resource.kind, namespace, resource.name());
    own.or_else(|| world.inventory.may_inject(Kind::Namespace, "", namespace))
}

/// Whether a sidecar rejects what clients send. With `MUTUAL`, clients may present a certificate of the mesh to a STRICT
/// port, and behind a port that is not HTTP the workload itself may terminate TLS. A PERMISSIVE HTTP port recognises the
/// mesh's TLS by its ALPN, and has no filter chain for any other.
fn is_refused(sent: ClientTlsMode, accepted: MtlsMode, port: &ServicePort) -> bool {
    let speaks_http = port.protocol.class() == ProtocolClass::Http;
    match (sent, accepted) {
        (ClientTlsMode::Disable | ClientTlsMode::Simple, MtlsMode::Strict)
        | (ClientTlsMode::IstioMutual, MtlsMode::Disable) => true,
        (ClientTlsMode::Simple | ClientTlsMode::Mutual, MtlsMode::Disable | MtlsMode::Permissive) => speaks_http,
        _ => false,
    }
}

/// Notes a conflict that depends on workloads which are not among the manifests.
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
        diagnostics.unchecked(service.gap_of_workloads());
    }
}

fn report(world: &World<'_>, span: Span, conflicts: &[Conflict<'_, '_>], diagnostics: &mut Diagnostics) {
    let Some(first) = conflicts.first() else { return };
    let sent = match first.mode {
        ClientTlsMode::Disable => "plaintext",
        ClientTlsMode::Simple => "TLS without a client certificate",
        ClientTlsMode::Mutual => "TLS with their own certificates",
        _ => "mutual TLS",
    };
    let (finding, refusal) = match first.accepted {
        Some(MtlsMode::Strict) => (&STRICT, "its workloads accept only mutual TLS".to_owned()),
        Some(MtlsMode::Permissive) => (&OTHER_TLS, "its sidecars accept no other TLS than that of the mesh".to_owned()),
        Some(MtlsMode::Disable) => (&DISABLE, "its workloads accept only plaintext".to_owned()),
        None => {
            let finding = match world.namespaces.opts_out(first.workload) {
                // Perhaps no client sends requests to everything that a wildcard covers.
                _ if first.is_wildcard => &NO_SIDECAR_BEHIND_WILDCARD,
                true => &NO_SIDECAR,
                // Namespaces are labelled by hand as well as by manifests.
                false => &NAMESPACE_WITHOUT_LABEL,
            };
            (finding, format!("workload `{}` has no sidecar", first.workload.name))
        }
    };
    let message = format!("clients of `{}` send {sent}, but {refusal}", first.service.hostname);
    let diagnostic = diagnostics.report(finding, span, message);
    if first.accepted.is_none() {
        diagnostic.related(first.workload.resource.name_span(), "the workload");
    }
    let policies: BTreeSet<Span> = conflicts.iter().filter_map(|conflict| conflict.set_at).collect();
    for span in policies.into_iter().take(SHOWN) {
        diagnostic.related(span, "the mode of the workloads is set here");
    }
    let others: BTreeSet<Span> = conflicts.iter().map(|conflict| conflict.service.span).collect();
    for span in others.into_iter().filter(|span| *span != first.service.span).take(SHOWN) {
        diagnostic.related(span, "requests to this service fail too");
    }
    diagnostic.help(match (first.accepted, first.mode) {
        (Some(MtlsMode::Strict | MtlsMode::Permissive), _) => {
            "set `mode: ISTIO_MUTUAL`, or remove `tls` so that proxies detect which workloads accept mutual TLS"
        }
        (None, _) if finding == &NAMESPACE_WITHOUT_LABEL => {
            "label the Namespace with `istio-injection: enabled`, or remove `tls` so that proxies detect which workloads accept mutual TLS"
        }
        (None, _) | (_, ClientTlsMode::IstioMutual) => {
            "set `mode: DISABLE` for this host, or remove `tls` so that proxies detect which workloads accept mutual TLS"
        }
        (Some(_), _) => "set `mode: DISABLE`, or declare the port as HTTPS if the workload itself terminates TLS",
    });
}
