//! `client-without-sidecar`

use std::collections::BTreeMap;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::source::{Span, Spanned};
use crate::world::{DataPlane, MtlsMode, NamespacedName, PeerAuthentication, Service, Workload, World};

pub static RULE: Rule = rule! {
    name: "client-without-sidecar",
    summary: "a workload outside the mesh sends plaintext to workloads that accept only mutual TLS",
    findings: [&NAMED_SERVICE, &OUTSIDE],
    check: check,
};

static NAMED_SERVICE: Finding = finding! {
    "named-service", Lost, Likely, [],
    "an environment variable of a workload without a sidecar names a service that requires mutual TLS",
};
static OUTSIDE: Finding = finding! {
    "outside", Notable, Certain, [],
    "a policy requires mutual TLS where workloads have no sidecar",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let outside: Vec<&Workload<'_>> = world.workloads.iter().filter(|workload| is_outside(world, workload)).collect();
    if outside.is_empty() {
        return;
    }
    let strict = StrictPorts::new(world);
    for workload in &outside {
        let variables = workload.containers().flat_map(|container| &container.env);
        let values = variables.filter_map(|variable| variable.value.as_ref());
        // One finding for each workload and service.
        let mut found: BTreeMap<&str, (&Spanned<String>, u32, Span)> = BTreeMap::new();
        for value in values {
            for (name, port) in addresses(value) {
                let full = resolved(&name, &workload.name.namespace, &world.settings.domain);
                if let Some((hostname, set_at)) = strict.of(&full, port) {
                    found.entry(hostname).or_insert((value, port, set_at));
                }
            }
        }
        for (hostname, (value, port, set_at)) in found {
            report_named(workload, hostname, value, port, set_at, diagnostics);
        }
    }
    strict.policies.iter().for_each(|(span, policy)| report_outside(world, *span, policy, &outside, diagnostics));
}

/// Whether the pods of a workload are outside the mesh.
fn is_outside(world: &World<'_>, workload: &Workload<'_>) -> bool {
    workload.pod.is_some()
        && world.namespaces.data_plane(workload) == Some(DataPlane::None)
        && !world.is_gateway_workload(workload)
}

/// The full host name that the DNS of a pod finds for a name (Kubernetes: the search domains of a pod).
fn resolved(name: &str, namespace: &str, domain: &str) -> String {
    match name.split('.').count() {
        1 => format!("{name}.{namespace}.svc.{domain}"),
        2 => format!("{name}.svc.{domain}"),
        _ if name.ends_with(".svc") => format!("{name}.{domain}"),
        _ => name.to_owned(),
    }
}

/// The ports of Kubernetes Services whose workloads accept only mutual TLS, and the place that sets it.
struct StrictPorts<'w, 'a> {
    by_host: BTreeMap<(&'w str, u32), Span>,
    policies: BTreeMap<Span, &'w PeerAuthentication<'a>>,
}

impl<'w, 'a> StrictPorts<'w, 'a> {
    fn new(world: &'w World<'a>) -> Self {
        let mut strict = Self { by_host: BTreeMap::new(), policies: BTreeMap::new() };
        for service in world.services.iter().filter(|service| service.is_kubernetes()) {
            let workloads = world.workloads_of_service(service).unwrap_or_default();
            for port in &service.ports {
                if let Some((policy, span)) = strict_at(world, &workloads, service, port.number) {
                    strict.by_host.insert((service.hostname.as_str(), port.number), span);
                    strict.policies.insert(span, policy);
                }
            }
        }
        strict
    }

    fn of(&self, hostname: &str, port: u32) -> Option<(&'w str, Span)> {
        // The keys live longer than the name that is looked up.
        let is_wanted = |(key, _): &(&(&str, u32), &Span)| **key == (hostname, port);
        self.by_host.iter().find(is_wanted).map(|(key, span)| (key.0, *span))
    }
}

/// The policy that makes all workloads of a port accept only mutual TLS.
fn strict_at<'w, 'a>(
    world: &'w World<'a>,
    workloads: &[&'w Workload<'a>],
    service: &Service<'a>,
    number: u32,
) -> Option<(&'w PeerAuthentication<'a>, Span)> {
    let port = service.port(number)?;
    let mut set_by = None;
    for workload in workloads {
        // The injector is known to add a sidecar, which applies the policy.
        if world.namespaces.data_plane(workload) != Some(DataPlane::Sidecar) || world.is_gateway_workload(workload) {
            return None;
        }
        let mtls = world.policies.mtls(&workload.name.namespace, &workload.labels, workload.port_behind(port)?);
        if mtls.mode != MtlsMode::Strict {
            return None;
        }
        set_by = set_by.or(mtls.set_by);
    }
    set_by
}

/// The hosts with their ports in a text such as `http://cart:8080/api` or `db.shop:5432,cache.shop:6379`. Without a scheme, a
/// host needs a port.
fn addresses(text: &str) -> Vec<(String, u32)> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || "-._:/".contains(letter);
    let mut found = Vec::new();
    for part in text.split(|letter| !is_part(letter)) {
        let (scheme, rest) = part.split_once("://").map_or((None, part), |(scheme, rest)| (Some(scheme), rest));
        let authority = rest.split('/').next().unwrap_or_default();
        let (name, port) = match authority.split_once(':') {
            Some((name, port)) => (name, port.parse().ok()),
            None => (authority, scheme.and_then(|scheme| if scheme == "http" { Some(80) } else { None })),
        };
        let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic());
        if let (true, Some(port)) = (is_name, port) {
            found.push((name.to_ascii_lowercase(), port));
        }
    }
    found
}

fn report_named(
    workload: &Workload<'_>,
    hostname: &str,
    value: &Spanned<String>,
    port: u32,
    set_at: Span,
    diagnostics: &mut Diagnostics,
) {
    let message = format!(
        "requests of workload `{}` to `{hostname}` fail: it has no sidecar, and port {port} accepts only mutual TLS",
        workload.name
    );
    diagnostics
        .report(&NAMED_SERVICE, value.span, message)
        .related(set_at, "the policy requires mutual TLS here")
        .help("enable sidecar injection for the workload, or set `mode: PERMISSIVE` for the workloads of the service");
}

fn report_outside(
    world: &World<'_>,
    span: Span,
    policy: &PeerAuthentication<'_>,
    outside: &[&Workload<'_>],
    diagnostics: &mut Diagnostics,
) {
    let NamespacedName { namespace, .. } = &policy.name;
    let is_mesh_wide = *namespace == world.settings.root_namespace;
    let mut near = outside.iter().filter(|workload| is_mesh_wide || workload.name.namespace == *namespace).peekable();
    let Some(first) = near.peek() else { return };
    let message = format!(
        "workload `{}` has no sidecar: it accepts plaintext, and sends plaintext, which the workloads of this policy reject",
        first.name
    );
    let diagnostic = diagnostics.report(&OUTSIDE, span, message);
    for workload in near.take(3) {
        diagnostic.related(workload.resource.name_span(), "this workload has no sidecar");
    }
    diagnostic
        .help("enable sidecar injection for the workload if it is a client or needs the protection of the policy");
}

#[cfg(test)]
mod tests {
    use super::addresses;

    #[test]
    fn addresses_need_a_scheme_or_a_port() {
        for (text, expected) in [
            ("http://cart/api", "cart 80"),
            ("http://cart.shop:8080", "cart.shop 8080"),
            ("db.shop:5432,cache.shop:6379", "db.shop 5432 cache.shop 6379"),
            ("redis://user:secret@cache:6379/0", "cache 6379"),
            ("https://cart", ""),
            ("cart", ""),
            ("10.0.0.1:80", ""),
        ] {
            let found: Vec<String> = addresses(text).into_iter().map(|(name, port)| format!("{name} {port}")).collect();
            assert_eq!(found.join(" "), expected, "{text}");
        }
    }
}
