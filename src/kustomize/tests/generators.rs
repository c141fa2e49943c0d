//! `configMapGenerator` and `secretGenerator`.

use serde_json::json;

use super::Tree;

#[test]
fn data_comes_from_env_files_literals_and_files() {
    let tree = Tree::new(
        "-- kustomization.yaml --
generatorOptions: {labels: {l: all, m: all}, disableNameSuffixHash: true}
configMapGenerator:
- name: a
  envs: [e.env]
  literals: [a=b, 'c=\"d\"', e=f=g]
  files: [d/f.txt, key=f.txt]
  options: {labels: {l: own}}
-- e.env --
# comment
  x=1
y
-- d/f.txt --
inner
-- f.txt --
outer
",
    );
    let found = tree.resource("", "a");
    let wanted = json!({"x": "1", "y": "", "a": "b", "c": "d", "e": "f=g", "f.txt": "inner\n", "key": "outer\n"});
    assert_eq!(found["data"], wanted);
    assert_eq!(found["metadata"]["labels"], json!({"l": "own", "m": "all"}));
}

#[test]
fn names_get_the_hash_of_the_contents() {
    // Names that `kubectl kustomize` prints.
    let tree = Tree::new(
        "-- kustomization.yaml --
configMapGenerator:
- {name: a, literals: [a=1]}
- {name: empty}
- {name: escaped, literals: ['c=<&>']}
secretGenerator:
- {name: s, type: kubernetes.io/tls, literals: [a=b]}
- {name: wrapped, literals: [a=LONG]}
"
        .replace("LONG", &"0123456789".repeat(10))
        .as_str(),
    );
    let wanted = [
        "ConfigMap /a-h29d89cmmt",
        "ConfigMap /empty-6ct58987ht",
        "ConfigMap /escaped-2kdkmcc4ck",
        "Secret /s-92982c4m8f",
        "Secret /wrapped-9gkk8hc9c2",
    ];
    assert_eq!(tree.names(""), wanted);
}

const MERGE: &str = "-- over/kustomization.yaml --
resources: [../base]
configMapGenerator:
- {name: g, behavior: merge, literals: [b=2, a=9], options: {labels: {o: o}}}
- {name: h, behavior: replace, literals: [z=1]}
- {name: plain, behavior: merge, literals: [z=1]}
-- base/kustomization.yaml --
namespace: ns
resources: [a.yaml]
configMapGenerator:
- {name: g, literals: [a=1, c=3], options: {labels: {b: b}}}
- {name: h, literals: [a=1]}
-- base/a.yaml --
{apiVersion: v1, kind: ConfigMap, metadata: {name: plain}, data: {a: '1'}}
";

#[test]
fn generators_merge_and_replace() {
    let tree = Tree::new(MERGE);
    let data = |name: &str| {
        let mut found = tree.resources("over").into_iter();
        found.find(|found| found["metadata"]["name"].as_str().unwrap().starts_with(name)).unwrap()
    };
    assert_eq!(data("g-")["data"], json!({"a": "9", "b": "2", "c": "3"}));
    assert_eq!(data("g-")["metadata"]["labels"], json!({"b": "b", "o": "o"}));
    assert_eq!(data("g-")["metadata"]["namespace"], "ns");
    assert_eq!(data("h-")["data"], json!({"z": "1"}));
    assert_eq!(data("plain")["data"], json!({"a": "1", "z": "1"}));
    assert_eq!(data("plain")["metadata"]["name"], "plain", "without a hash");
}

#[test]
fn behavior_must_fit() {
    let table = [
        (
            "configMapGenerator: [{name: x, behavior: merge}]",
            "NoMatch kustomization.yaml:1 ConfigMap `x` does not exist, so this generator cannot merge or replace it",
        ),
        (
            "resources: [a.yaml]\nconfigMapGenerator: [{name: a}]",
            "DuplicateResource kustomization.yaml:2 ConfigMap `a` already exists, so this generator must merge or \
             replace it; a.yaml:1 first defined here",
        ),
    ];
    for (text, message) in table {
        let text = format!(
            "-- kustomization.yaml --\n{text}\n-- a.yaml --\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a}}}}\n"
        );
        assert_eq!(Tree::new(&text).error(""), message);
    }
    let tree = Tree::new("-- kustomization.yaml --\nconfigMapGenerator: [{name: x, behavior: add}]\n");
    assert_eq!(tree.names(""), ["ConfigMap /x-6ct58987ht"]);
    let wanted = "NoEffect kustomization.yaml:1 `behavior: add` has no effect: kustomize does not know it";
    assert_eq!(tree.problems(""), [wanted]);
}

#[test]
fn mistakes_in_generators_are_errors() {
    let table = [
        ("[{literals: [a=b]}]", "Invalid kustomization.yaml:1 a generator of a ConfigMap needs a `name`"),
        ("[{name: x, literals: [a]}]", "Invalid kustomization.yaml:1 literal `a` has no key"),
        (
            "[{name: x, literals: [a=1, a=2]}]",
            "Invalid kustomization.yaml:1 key `a` is defined twice; kustomization.yaml:1 first defined here",
        ),
        ("[{name: x, files: [missing]}]", "MissingFile kustomization.yaml:1 file `missing` does not exist"),
        (
            "[{name: x, files: [d]}]",
            "MissingFile kustomization.yaml:1 `d` is a directory, but kustomize needs a file here",
        ),
    ];
    for (text, message) in table {
        let text = format!("-- kustomization.yaml --\nconfigMapGenerator: {text}\n-- d/x --\n");
        assert_eq!(Tree::new(&text).error(""), message);
    }
}

#[test]
fn a_file_that_git_ignores_leaves_the_object_out() {
    let mut tree = Tree::new("-- kustomization.yaml --\nsecretGenerator: [{name: x, envs: [.env], namespace: ns}]\n");
    assert!(tree.error("").starts_with("MissingFile"));
    tree.ignored.insert(".env".into());
    let build = tree.build("");
    assert_eq!((build.problems.len(), build.resources.len(), build.unrendered.len()), (0, 0, 1));
    assert_eq!((build.unrendered[0].kind, build.unrendered[0].namespace.as_deref()), (Some("Secret"), Some("ns")));
}
