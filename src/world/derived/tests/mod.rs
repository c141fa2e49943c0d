//! The derivation of VirtualServices and Gateways, one line for each result.

mod attachment;
mod filters;
mod ingress;
mod listeners;
mod rules;

use crate::load::{ManifestProblem, Snapshot};
use crate::model::DecodeProblemKind;
use crate::model::networking::{Destination, HttpMatchRequest, StringMatch};
use crate::world::{Settings, VirtualService, World};

/// A Gateway with one listener that allows all routes.
const GATEWAY: &str = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gw, namespace: edge}
spec:
  gatewayClassName: istio
  listeners:
    - {name: web, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}
---";

/// Runs a check on the world of some manifests.
fn with_world<T>(manifests: &str, check: impl FnOnce(&World<'_>) -> T) -> T {
    let snapshot = Snapshot::of_texts([("manifests.yaml", manifests)]);
    // Some of these manifests are invalid on purpose: a cluster may have resources that an older schema accepted.
    let is_of_schema = |problem: &ManifestProblem| matches!(problem, ManifestProblem::Model(it) if matches!(it.kind, DecodeProblemKind::SchemaViolation { .. }));
    assert!(snapshot.problems.iter().all(is_of_schema), "{:?}", snapshot.problems);
    check(&World::new(&snapshot, Settings::new(&crate::config::Config::default(), &snapshot)))
}

/// The derived VirtualServices: a line for each, and one for each rule.
fn derived(manifests: &str) -> Vec<String> {
    with_world(manifests, |world| world.derived.virtual_services.iter().flat_map(lines).collect())
}

/// The ignored parts, with their reasons.
fn ignored(manifests: &str) -> Vec<String> {
    with_world(manifests, |world| {
        let line =
            |it: &super::Ignored<'_>| format!("{} {}: {}", it.resource.kind.name(), it.resource.name(), it.reason);
        world.derived.ignored.iter().map(line).collect()
    })
}

fn lines(service: &VirtualService<'_>) -> Vec<String> {
    let hosts: Vec<&str> = service.hosts.iter().map(|host| host.as_str()).collect();
    let bound = service.bound_to.iter().map(|it| it.gateway.as_ref().map_or("mesh".to_owned(), ToString::to_string));
    let mut lines = vec![format!("{} on {}", hosts.join(" "), bound.collect::<Vec<_>>().join(" "))];
    let spec = &service.spec;
    let mut sources = service.sources.iter();
    let mut source = || {
        let source = sources.next().expect("a source for each rule");
        let entry = source.entry.map_or("-".to_owned(), |entry| entry.to_string());
        format!("{}#{}.{entry}", source.resource.name(), source.rule)
    };
    for rule in &spec.http {
        let conditions: Vec<String> = rule.r#match.iter().map(conditions).collect();
        let to = rule.route.iter().map(|it| (it.destination.as_ref(), it.weight.map(|weight| weight.value)));
        let mut actions: Vec<String> = to.map(|(to, weight)| target(to, weight)).collect();
        actions.extend(rule.redirect.as_ref().map(|_| "redirect".to_owned()));
        actions.extend(rule.direct_response.as_ref().map(|it| format!("status {}", it.status.unwrap().value)));
        lines.push(format!("  {} [{}] -> {}", source(), conditions.join(" or "), actions.join(", ")));
    }
    for rule in &spec.tls {
        let names = rule.r#match.iter().flat_map(|entry| &entry.sni_hosts).map(|name| name.as_str());
        let to = rule.route.iter().map(|it| target(it.destination.as_ref(), it.weight.map(|weight| weight.value)));
        let names = names.collect::<Vec<_>>().join(" ");
        lines.push(format!("  {} [sni {names}] -> {}", source(), to.collect::<Vec<_>>().join(", ")));
    }
    for rule in &spec.tcp {
        let ports = rule.r#match.iter().filter_map(|entry| entry.port).map(|port| port.value.to_string());
        let to = rule.route.iter().map(|it| target(it.destination.as_ref(), it.weight.map(|weight| weight.value)));
        let ports = ports.collect::<Vec<_>>().join(" ");
        lines.push(format!("  {} [port {ports}] -> {}", source(), to.collect::<Vec<_>>().join(", ")));
    }
    lines
}

fn target(destination: Option<&Destination>, weight: Option<i32>) -> String {
    let host = destination.and_then(|it| it.host.as_ref()).map_or("nowhere", |host| host.as_str());
    let short = host.strip_suffix(".svc.cluster.local").unwrap_or(host);
    let port = destination.and_then(|it| it.port.as_ref()).and_then(|port| port.number);
    let port = port.map(|port| format!(":{}", port.value)).unwrap_or_default();
    let weight = weight.map(|weight| format!(" x{weight}")).unwrap_or_default();
    format!("{short}{port}{weight}")
}

fn conditions(entry: &HttpMatchRequest) -> String {
    let mut all = Vec::new();
    all.extend(entry.uri.as_ref().map(text));
    all.extend(entry.method.as_ref().map(|method| format!("method {}", text(method))));
    all.extend(entry.headers.iter().map(|(name, value)| format!("{}: {}", name.value, text(value))));
    all.extend(entry.query_params.iter().map(|(name, value)| format!("?{}={}", name.value, text(value))));
    all.extend(entry.port.map(|port| format!("port {}", port.value)));
    all.join(" ")
}

fn text(condition: &StringMatch) -> String {
    let member = |prefix: &str, it: &Option<crate::source::Spanned<String>>| {
        it.as_ref().map(|it| format!("{prefix}{}", it.value))
    };
    let found = member("=", &condition.exact).or(member("^", &condition.prefix)).or(member("~", &condition.regex));
    found.unwrap_or_default()
}
