//! Real manifests: `mesh lint` does not crash, and has the same output each time.

use std::path::Path;

use super::mesh::mesh_in;
use super::shared;

fn directories(of: &Path) -> Vec<std::path::PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.is_dir());
    found.sort();
    found
}

fn assert_lints_reproducibly(directory: &Path) {
    let run = |environment: &[(&str, &str)]| mesh_in(directory, &["lint", ".", "--format", "json"], "", environment);
    let first = run(&[]);
    assert!((0..=2).contains(&first.status), "{}: {first:?}", directory.display());
    assert!(!first.stderr.contains("panicked"), "{}: {}", directory.display(), first.stderr);
    assert!(first == run(&[]), "{}: a second run says something else", directory.display());
    let alone = run(&[("RAYON_NUM_THREADS", "1")]);
    assert!(first == alone, "{}: one thread says something else", directory.display());
    let text = mesh_in(directory, &["lint", "."], "", &[]);
    assert_eq!(text.status, first.status, "{}", directory.display());
}

#[test]
fn real_manifests_are_linted_reproducibly() {
    let Some(corpus) = shared::data("corpus") else { return };
    directories(&corpus).iter().for_each(|directory| assert_lints_reproducibly(directory));
}

#[test]
fn reported_misconfigurations_are_linted_reproducibly() {
    let Some(bad) = shared::data("bad") else { return };
    directories(&bad).iter().for_each(|directory| assert_lints_reproducibly(directory));
}

/// Correct manifests have no errors.
#[test]
fn correct_manifests_have_no_errors() {
    let Some(bad) = shared::data("bad") else { return };
    let index = std::fs::read_to_string(bad.join("INDEX.json")).unwrap();
    let cases: Vec<serde_json::Value> = serde_json::from_str(&index).unwrap();
    let right = cases.iter().filter(|case| case["verdict"] == "ok");
    for case in right {
        let directory = bad.join(case["id"].as_str().unwrap());
        let run = mesh_in(&directory, &["lint", ".", "--format", "json"], "", &[]);
        assert_eq!(run.json()["summary"]["errors"], 0, "{}: {}", directory.display(), run.stdout);
    }
}
