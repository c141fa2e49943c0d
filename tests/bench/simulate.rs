//! The number of requests that one core simulates, in a mesh of 1,000 services: `cargo bench --bench simulate`.

use divan::Bencher;
use divan::counter::ItemsCount;
use mesh::config::Config;
use mesh::load::Snapshot;
use mesh::simulate::{HeaderValue, Request, Simulator, WorkloadRef};
use mesh::world::{Settings, World};

/// The number of services in the mesh.
const SERVICES: usize = 1000;

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
    let requests: Vec<Request> = (0..SERVICES).map(|number| request(number, from)).collect();
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
