//! Answers of `mesh simulate`. Each test covers a decision of istiod or Envoy that was once wrong.

mod cached;
mod every_rule;
mod explain;
mod gateways;
mod headless;
mod hints;
mod identities;
mod legs;
mod names;
mod proxies;
mod questions;
mod registry;
mod registry_sidecars;
mod remarks;
mod requests;
mod scopes;
mod services;
mod settings;
mod tokens;
mod waypoints;
mod ways;

use mesh::config::Config;
use mesh::load::Snapshot;
use mesh::simulate::{Answer, Explained, Request, Simulator};
use mesh::world::{Settings, World};
use serde_json::Value;

/// The answer to a request.
fn ask(manifests: &str, question: &Value) -> Result<Answer, String> {
    let snapshot = Snapshot::of_texts([("all.yaml", manifests)]);
    assert!(snapshot.problems.is_empty(), "{:?}", snapshot.problems);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let question: Request = serde_json::from_value(question.clone()).unwrap();
    Simulator::new(&world).simulate(&question).map_err(|unanswered| unanswered.error)
}

/// The answer to a request, with its explanation.
fn explain(manifests: &str, question: &Value) -> Explained {
    let snapshot = Snapshot::of_texts([("all.yaml", manifests)]);
    assert!(snapshot.problems.is_empty(), "{:?}", snapshot.problems);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let question: Request = serde_json::from_value(question.clone()).unwrap();
    Simulator::new(&world).explain(&question)
}

/// The clusters of a request; without clusters, the outcome and the status.
fn goes_to(manifests: &str, question: &Value) -> String {
    let answer = ask(manifests, question).unwrap();
    if answer.destinations.is_empty() {
        let status = answer.status.map(|status| format!(" {status}")).unwrap_or_default();
        return format!("{}{status}", answer.outcome.as_str());
    }
    let cluster = |it: &mesh::simulate::ReachedCluster| match it.problem {
        Some(problem) => format!("{} ({problem})", it.cluster),
        None => it.cluster.clone(),
    };
    answer.destinations.iter().map(cluster).collect::<Vec<_>>().join(", ")
}

/// A resource of Istio's networking API.
fn istio(kind: &str, name: &str, spec: &str) -> String {
    istio_in("shop", kind, name, spec)
}

fn istio_in(namespace: &str, kind: &str, name: &str, spec: &str) -> String {
    format!(
        "apiVersion: networking.istio.io/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n---\n"
    )
}

/// A Kubernetes Service.
fn service(namespace: &str, name: &str, spec: &str) -> String {
    format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {spec}\n---\n")
}

/// A Deployment whose pods have one container.
fn deployment(namespace: &str, name: &str, labels: &str, ports: &str) -> String {
    let template = format!(
        "{{metadata: {{labels: {labels}}}, spec: {{containers: [{{name: main, image: main, ports: {ports}}}]}}}}"
    );
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{selector: {{matchLabels: {labels}}}, template: {template}}}\n---\n"
    )
}
