//! The time to load and lint generated manifests: `cargo bench --bench lint`.

use divan::Bencher;
use divan::counter::ItemsCount;
use mesh::config::Config;
use mesh::lint;
use mesh::load::Snapshot;
use mesh::world::{Settings, World};

/// The numbers of resources to measure with.
const SIZES: [usize; 2] = [1_000, 10_000];

/// The number of resources of an [`application`].
const RESOURCES_EACH: usize = 5;

/// The number of applications in a namespace.
const APPLICATIONS_EACH_NAMESPACE: usize = 20;

fn main() {
    divan::main();
}

/// A Service, its Deployment, a DestinationRule with subsets, a VirtualService with two routes, and an
/// AuthorizationPolicy. The last route of every tenth application is unreachable, so that findings are measured too.
fn application(number: usize) -> String {
    let namespace = format!("team-{}", number / APPLICATIONS_EACH_NAMESPACE);
    let name = format!("app-{number}");
    let prefix = if number.is_multiple_of(10) { "/" } else { "/api" };
    format!(
        "apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{selector: {{app: {name}}}, ports: [{{name: http, port: 8080}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}, version: v1}}}}
    spec:
      containers: [{{name: server, image: server:1, ports: [{{containerPort: 8080}}]}}]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  host: {name}
  subsets: [{{name: v1, labels: {{version: v1}}}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  hosts: [{name}]
  http:
  - match: [{{uri: {{prefix: {prefix}}}}}]
    route: [{{destination: {{host: {name}, subset: v1}}}}]
  - route: [{{destination: {{host: {name}}}}}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  rules:
  - from: [{{source: {{namespaces: [{namespace}]}}}}]
    to: [{{operation: {{methods: [GET], paths: [/api/*]}}}}]
"
    )
}

/// One file for each application.
fn files(resources: usize) -> Vec<(String, String)> {
    (0..resources / RESOURCES_EACH).map(|number| (format!("app-{number}.yaml"), application(number))).collect()
}

/// Reads and decodes the manifests.
#[divan::bench(args = SIZES, sample_count = 10)]
fn load(bencher: Bencher<'_, '_>, resources: usize) {
    let files = files(resources);
    assert_eq!(Snapshot::of_texts(files.clone()).resources.len(), resources);
    bencher
        .counter(ItemsCount::new(resources))
        .with_inputs(|| files.clone())
        .bench_local_values(Snapshot::of_texts::<String, String>);
}

/// Resolves the manifests and runs all rules.
#[divan::bench(args = SIZES, sample_count = 10)]
fn check(bencher: Bencher<'_, '_>, resources: usize) {
    let snapshot = Snapshot::of_texts(files(resources));
    let check = || {
        let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
        lint::run(&world).diagnostics.len()
    };
    assert!(check() >= resources / RESOURCES_EACH / 10);
    bencher.counter(ItemsCount::new(resources)).bench_local(check);
}
