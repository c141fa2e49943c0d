//! Istio's sample application, and the example that the project started from.

use std::path::Path;

use super::mesh::mesh_in;
use super::shared;

const SAMPLES: &str = "corpus/istio__istio/samples/bookinfo";

fn errors(directory: &Path, paths: &[&str]) -> Vec<String> {
    let arguments: Vec<&str> = ["lint", "--format", "json"].iter().chain(paths).copied().collect();
    let run = mesh_in(directory, &arguments, "", &[]);
    run.findings().into_iter().filter(|finding| finding.starts_with("error")).collect()
}

/// Each alternative is correct if it is applied together with the resources that it refers to.
#[test]
fn every_virtual_service_of_bookinfo_is_correct_with_its_companions() {
    let Some(samples) = shared::data(SAMPLES) else { return };
    let mut alternatives: Vec<String> = std::fs::read_dir(samples.join("networking"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("virtual-service-"))
        .collect();
    alternatives.sort();
    assert!(alternatives.len() >= 10, "{alternatives:?}");
    for alternative in alternatives {
        let file = format!("networking/{alternative}");
        let mut paths = vec![
            "platform/kube/bookinfo.yaml",
            "networking/bookinfo-gateway.yaml",
            "networking/destination-rule-all.yaml",
            &file,
        ];
        if alternative.contains("ratings-mysql-vm") {
            paths.push("platform/kube/bookinfo-ratings-v2-mysql-vm.yaml");
        } else if alternative.contains("ratings-mysql") {
            paths.extend(["platform/kube/bookinfo-mysql.yaml", "platform/kube/bookinfo-ratings-v2-mysql.yaml"]);
        } else if alternative.contains("ratings-db") {
            paths.extend(["platform/kube/bookinfo-db.yaml", "platform/kube/bookinfo-ratings-v2.yaml"]);
        }
        assert_eq!(errors(&samples, &paths), Vec::<String>::new(), "{alternative}");
    }
}

/// The directory has alternatives of the same resources. They are meshes of their own, so they do not conflict.
#[test]
fn alternatives_in_one_directory_do_not_conflict() {
    let Some(samples) = shared::data(SAMPLES) else { return };
    let run = mesh_in(&samples, &["lint", "--format", "json", "networking", "platform/kube/bookinfo.yaml"], "", &[]);
    let meshes = run.json()["meshes"].as_array().map_or(0, Vec::len);
    assert!(meshes >= 10, "{meshes} meshes");
    let conflicts = |it: &String| it.contains("duplicate-resource") || it.contains("duplicate-host");
    assert_eq!(run.findings().into_iter().filter(conflicts).collect::<Vec<_>>(), Vec::<String>::new());
}

/// The YAML blocks of the notes: a VirtualService, a DestinationRule, a Gateway.
fn seed_examples() -> Option<Vec<String>> {
    let notes = std::fs::read_to_string(shared::data("seed/traffic-management.md")?).unwrap();
    let blocks = notes.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    Some(blocks.map(str::to_owned).collect())
}

#[test]
fn the_first_example_lacks_its_subsets() {
    let Some(blocks) = seed_examples() else { return };
    let [virtual_service, destination_rule, gateway] = blocks.as_slice() else { panic!("{blocks:?}") };
    let lint =
        |text: &str| mesh_in(&std::env::temp_dir(), &["lint", "-", "--format", "json", "--no-config"], text, &[]);
    let found = lint(virtual_service).findings();
    let missing = |rule: usize| {
        format!("error missing-subset VirtualService default/reviews spec.http[{rule}].route[0].destination.subset")
    };
    assert_eq!(found, [missing(0), missing(1)]);
    assert_eq!(lint(destination_rule).findings(), Vec::<String>::new());
    assert_eq!(lint(gateway).findings(), Vec::<String>::new());
}
