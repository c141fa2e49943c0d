//! The number of requests that one core simulates, in a mesh of 1,000 services and in a larger one with policies and
//! gateways: `cargo bench --bench simulate`.

use divan::Bencher;
use divan::counter::ItemsCount;
use mesh::config::Config;
use mesh::load::Snapshot;
use mesh::simulate::{GatewayRef, HeaderValue, Request, Simulator, WorkloadRef};
use mesh::world::{Settings, World};

/// The number of services in the mesh.
const SERVICES: usize = 1000;

/// The number of services, workloads, policies and Gateways in the large mesh.
const MANY: usize = 3000;

fn main() {
    divan::main();
}

/// A service with two versions, and a VirtualService that sends testers to the second one.
fn manifests() -> String {
    (0..SERVICES)
        .map(|number| {
            format!(
                "apiVersion: v1
kind: Service
metadata: {{name: service-{number}, namespace: shop}}
spec: {{selector: {{app: service-{number}}}, ports: [{{name: http, port: 8080}}]}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: service-{number}, namespace: shop}}
spec:
  host: service-{number}
  subsets: [{{name: v1, labels: {{version: v1}}}}, {{name: v2, labels: {{version: v2}}}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: service-{number}, namespace: shop}}
spec:
  hosts: [service-{number}]
  http:
  - match: [{{uri: {{prefix: /api}}, headers: {{end-user: {{exact: jason}}}}}}]
    route: [{{destination: {{host: service-{number}, subset: v2}}}}]
  - route: [{{destination: {{host: service-{number}, subset: v1}}}}]
---
"
            )
        })
        .collect()
}

fn request(number: usize, from: Option<&str>) -> Request {
    let from = from.map(|namespace| WorkloadRef { namespace: Some(namespace.to_owned()), ..WorkloadRef::default() });
    Request {
        host: Some(format!("service-{}", number % SERVICES)),
        port: Some(8080),
        path: Some("/api/items?page=2".to_owned()),
        headers: [("end-user".to_owned(), HeaderValue::One("jason".to_owned()))].into(),
        from,
        ..Request::default()
    }
}

fn answer_all(bencher: Bencher<'_, '_>, from: Option<&str>) {
    let snapshot = Snapshot::of_texts([("mesh.yaml", manifests())]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let simulator = Simulator::new(&world);
    measure(bencher, &simulator, (0..SERVICES).map(|number| request(number, from)).collect());
}

fn measure(bencher: Bencher<'_, '_>, simulator: &Simulator<'_>, requests: Vec<Request>) {
    // Compile the routes before the measurement.
    assert!(requests.iter().all(|request| simulator.simulate(request).is_ok()));
    bencher.counter(ItemsCount::new(requests.len())).bench_local(|| {
        for request in &requests {
            divan::black_box(simulator.simulate(request)).ok();
        }
    });
}

#[divan::bench]
fn from_a_known_client(bencher: Bencher<'_, '_>) {
    answer_all(bencher, Some("shop"));
}

#[divan::bench]
fn from_an_unknown_client(bencher: Bencher<'_, '_>) {
    answer_all(bencher, None);
}

#[divan::bench(sample_count = 10)]
fn compile(bencher: Bencher<'_, '_>) {
    let snapshot = Snapshot::of_texts([("mesh.yaml", manifests())]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    bencher.bench_local(|| Simulator::new(&world).simulate(&request(0, Some("shop"))));
}

/// A mesh whose workloads have a policy each, and whose gateways are named by requests.
fn large_manifests() -> String {
    (0..MANY)
        .map(|number| {
            format!(
                "apiVersion: v1
kind: Service
metadata: {{name: service-{number}, namespace: shop}}
spec: {{selector: {{app: service-{number}}}, ports: [{{name: http, port: 8080}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: service-{number}, namespace: shop}}
spec: {{template: {{metadata: {{labels: {{app: service-{number}}}}}, spec: {{containers: [{{name: main}}]}}}}}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: service-{number}, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: service-{number}}}}}
  rules: [{{to: [{{operation: {{methods: [GET], paths: [/api/*]}}}}]}}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: gateway-{number}, namespace: shop}}
spec:
  selector: {{istio: ingress}}
  servers: [{{port: {{number: 8080, name: http, protocol: HTTP}}, hosts: [service-{number}.example]}}]
---
"
            )
        })
        .collect()
}

/// Answers a hundred requests of the large mesh. The costs of each must not grow with the mesh.
fn answer_in_large_mesh(bencher: Bencher<'_, '_>, request: impl Fn(usize) -> Request) {
    const ASKED: usize = 100;
    let snapshot = Snapshot::of_texts([("mesh.yaml", large_manifests())]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let simulator = Simulator::new(&world);
    measure(bencher, &simulator, (0..ASKED).map(|number| request(number * (MANY / ASKED))).collect());
}

#[divan::bench]
fn to_a_workload_with_a_policy(bencher: Bencher<'_, '_>) {
    let from = Some(WorkloadRef { namespace: Some("shop".to_owned()), ..WorkloadRef::default() });
    answer_in_large_mesh(bencher, |number| Request {
        host: Some(format!("service-{number}")),
        port: Some(8080),
        path: Some("/api/items".to_owned()),
        from: from.clone(),
        ..Request::default()
    });
}

#[divan::bench]
fn at_a_named_gateway(bencher: Bencher<'_, '_>) {
    answer_in_large_mesh(bencher, |number| Request {
        host: Some(format!("service-{number}.example")),
        port: Some(8080),
        gateway: Some(GatewayRef::Name(format!("shop/gateway-{number}"))),
        ..Request::default()
    });
}
