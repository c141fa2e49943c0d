//! `sidecar-hides-service`

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{imports, place_of_hosts};
use crate::config::OutboundMode;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::security::PolicyAction;
use crate::source::Span;
use crate::uri::Url;
use crate::world::{DataPlane, EgressHosts, NamespacedName, Service, Sidecar, VirtualService, Workload, World};

pub static RULE: Rule = rule! {
    name: "sidecar-hides-service",
    summary: "a workload calls a service that its Sidecar does not import",
    findings: [&BLOCKED, &PASSED_THROUGH],
    check: check,
};

static BLOCKED: Finding = finding! {
    "blocked", Lost, Likely, [],
    "with `REGISTRY_ONLY` the sidecar blocks the calls",
};
static PASSED_THROUGH: Finding = finding! {
    "passed-through", Surprising, Likely, [],
    "with `ALLOW_ANY` the calls pass through without routes and mutual TLS",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    // Without a Sidecar everything that is visible is imported.
    if world.sidecars.is_empty() {
        return;
    }
    let importers = Importers::new(world);
    let mut clients: BTreeMap<NamespacedName<'_>, Vec<&Workload<'_>>> = BTreeMap::new();
    let mut reported: BTreeSet<(Span, &str)> = BTreeSet::new();
    for workload in &world.workloads {
        let account =
            NamespacedName::new(workload.name.namespace.clone(), workload.service_account.unwrap_or("default"));
        clients.entry(account).or_default().push(workload);
        for (service, place) in called_by_environment(world, workload) {
            let call = Call { workload, service, place, evidence: "the environment of the workload names the service" };
            check_call(world, &call, &importers, &mut reported, diagnostics);
        }
    }
    for (account, service, place) in called_by_policy(world) {
        for workload in clients.get(&account).into_iter().flatten() {
            let call =
                Call { workload, service, place, evidence: "this policy allows the workload to call the service" };
            check_call(world, &call, &importers, &mut reported, diagnostics);
        }
    }
}

/// A call of a service by a workload, as far as the manifests show it.
struct Call<'w, 'a> {
    workload: &'w Workload<'a>,
    service: &'w Service<'a>,
    place: Span,
    evidence: &'static str,
}

/// The services that the environment of a workload names: `http://ratings.bookinfo:9080/v1`, `ratings:9080`.
fn called_by_environment<'w, 'a>(world: &'w World<'a>, workload: &'w Workload<'a>) -> Vec<(&'w Service<'a>, Span)> {
    let containers = workload.pod.into_iter().flat_map(|pod| &pod.containers);
    let values = containers.flat_map(|container| &container.env).filter_map(|variable| variable.value.as_ref());
    let service = |written: &str| {
        let name = named_host(written)?;
        let name = name.as_str();
        let namespace = &workload.name.namespace;
        let domain = &world.settings.domain;
        let full = match name.split('.').collect::<Vec<_>>().as_slice() {
            [name] => format!("{name}.{namespace}.svc.{domain}"),
            [name, namespace] | [name, namespace, "svc"] => format!("{name}.{namespace}.svc.{domain}"),
            _ => name.to_owned(),
        };
        world.services.seen_from(namespace, &full)
    };
    values.filter_map(|value| Some((service(value)?, value.span))).collect()
}

/// The host of a URL, or of an address with a port. Other texts do not name a service.
fn named_host(written: &str) -> Option<String> {
    let url = Url::parse(written.strip_prefix("jdbc:").unwrap_or(written))?;
    let is_name = url.host().bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-' || it == b'.');
    (is_name && (url.port().is_some() || url.scheme().is_some())).then(|| url.host().to_owned())
}

/// The services that ALLOW policies open to a service account. A policy is sure to be for a service if its selector is
/// part of the selector of the service.
fn called_by_policy<'w, 'a>(world: &'w World<'a>) -> Vec<(NamespacedName<'w>, &'w Service<'a>, Span)> {
    let mut calls = Vec::new();
    for policy in world.policies.authorization_policies().iter().filter(|it| it.action() == PolicyAction::Allow) {
        let Some(selector) = policy.spec.selector.as_ref().filter(|it| !it.match_labels.is_empty()) else { continue };
        let is_for = |service: &&Service<'_>| {
            service.selector.is_some_and(|labels| selector.match_labels.selects(&labels.to_set()))
        };
        let services: Vec<&Service<'_>> = world.services.in_namespace(&policy.name.namespace).filter(is_for).collect();
        let sources = policy.spec.rules.iter().flat_map(|rule| &rule.from).filter_map(|from| from.source.as_ref());
        for principal in sources.flat_map(|source| &source.principals) {
            // <trust domain>/ns/<namespace>/sa/<service account>
            let [_, "ns", namespace, "sa", account] = principal.split('/').collect::<Vec<_>>()[..] else { continue };
            let account = NamespacedName::new(namespace, account);
            calls.extend(services.iter().map(|service| (account.clone(), *service, principal.span)));
        }
    }
    calls
}

fn check_call<'w>(
    world: &'w World<'_>,
    call: &Call<'w, '_>,
    importers: &Importers<'_, '_>,
    reported: &mut BTreeSet<(Span, &'w str)>,
    diagnostics: &mut Diagnostics,
) {
    let namespace = call.workload.name.namespace.as_ref();
    let Some(sidecar) = world.sidecar_of(namespace, &call.workload.labels) else { return };
    let hostname = call.service.hostname.as_str();
    let has_sidecar = call.workload.has_sidecar
        && !matches!(world.namespaces.data_plane(call.workload), Some(DataPlane::Ambient | DataPlane::None));
    if !has_sidecar
        || !call.service.export_to.includes(namespace)
        || imports(sidecar, namespace, |hosts| hosts.import(call.service))
        || !reported.insert((sidecar.resource.span, hostname))
    {
        return;
    }
    if !importers.import(hostname, sidecar, namespace) {
        report(sidecar, call, sidecar.outbound().unwrap_or(world.settings.outbound), diagnostics);
    }
}

/// The VirtualServices that route to a host. Whoever imports one also imports its destinations.
struct Importers<'w, 'a>(HashMap<String, Vec<&'w VirtualService<'a>>>);

impl<'w, 'a> Importers<'w, 'a> {
    fn new(world: &'w World<'a>) -> Self {
        let mut by_host: HashMap<String, Vec<&VirtualService<'_>>> = HashMap::new();
        for virtual_service in world.all_virtual_services() {
            for destination in virtual_service.destinations() {
                let full = virtual_service.full_host(destination.host, &world.settings).into_owned();
                by_host.entry(full).or_default().push(virtual_service);
            }
        }
        Self(by_host)
    }

    /// Whether a VirtualService that a Sidecar imports routes to a host. Delegates are assumed to be imported.
    fn import(&self, hostname: &str, sidecar: &Sidecar<'_>, client_namespace: &str) -> bool {
        let listeners: Vec<EgressHosts<'_>> =
            sidecar.spec.egress.iter().map(|it| EgressHosts::new(&it.hosts, client_namespace)).collect();
        self.0.get(hostname).into_iter().flatten().any(|virtual_service| {
            let is_visible = virtual_service.binds_mesh() && virtual_service.export_to.includes(client_namespace);
            virtual_service.is_delegate()
                || (is_visible && listeners.iter().any(|hosts| hosts.import_routes(virtual_service)))
        })
    }
}

fn report(sidecar: &Sidecar<'_>, call: &Call<'_, '_>, outbound: OutboundMode, diagnostics: &mut Diagnostics) {
    let hostname = &call.service.hostname;
    let finding = if outbound == OutboundMode::RegistryOnly { &BLOCKED } else { &PASSED_THROUGH };
    let message = format!("this Sidecar does not import `{hostname}`, which workload `{}` calls", call.workload.name);
    diagnostics
        .report(finding, place_of_hosts(sidecar), message)
        .related(call.place, call.evidence)
        .help(format!("add `{}/{hostname}` to `hosts`", call.service.namespace));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_and_addresses_with_a_port_name_hosts() {
        for (written, expected) in [
            ("http://ratings.bookinfo:9080/v1", Some("ratings.bookinfo")),
            ("https://ratings", Some("ratings")),
            ("ratings:9080", Some("ratings")),
            ("ratings", None),
            ("a:b", None),
            ("jdbc:mysql://db:3306/books?x=y", Some("db")),
            ("mysql://root:secret@db/books", Some("db")),
            ("1,2:3", None),
        ] {
            assert_eq!(named_host(written).as_deref(), expected, "{written}");
        }
    }
}
