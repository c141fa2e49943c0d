//! Kustomizations are rendered as `kubectl kustomize` renders them.

#![allow(clippy::disallowed_methods, reason = "tests run programs")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use mesh::kustomize::{Build, BuildProblemKind, Files, InputFile, Renderer, UnrenderedReason};
use mesh::source::{FileId, Sources};
use mesh::yaml::{self, Document, Node, Value};
use serde_json::Value as Json;

use super::shared;

/// All files of a directory, by their paths in it.
struct Tree {
    root: PathBuf,
    sources: Sources,
    files: BTreeMap<String, (FileId, Vec<Document>)>,
    directories: BTreeMap<String, Vec<String>>,
}

impl Tree {
    fn read(root: &Path) -> Self {
        let mut tree = Self {
            root: root.to_owned(),
            sources: Sources::default(),
            files: BTreeMap::new(),
            directories: BTreeMap::new(),
        };
        tree.add("");
        tree
    }

    fn add(&mut self, directory: &str) {
        let mut entries: Vec<_> = std::fs::read_dir(self.root.join(directory)).unwrap().map(Result::unwrap).collect();
        entries.sort_by_key(|entry| entry.file_name());
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if directory.is_empty() { name.clone() } else { format!("{directory}/{name}") };
            if entry.path().is_dir() {
                if name != ".git" {
                    self.add(&path);
                }
            } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
                names.push(name);
                let file = self.sources.add(path.clone(), text);
                let text = self.sources.file(file).text();
                let documents = yaml::split(file, text).iter().map(|chunk| yaml::parse(chunk, text)).collect();
                self.files.insert(path, (file, documents));
            }
        }
        self.directories.insert(directory.to_owned(), names);
    }

    /// The directories with a kustomization.
    fn kustomizations(&self) -> Vec<&str> {
        let is_kustomization = |name: &String| mesh::kustomize::is_kustomization_file(name);
        let found = self.directories.iter().filter(|(_, names)| names.iter().any(is_kustomization));
        found.map(|(directory, _)| directory.as_str()).collect()
    }
}

impl Files for Tree {
    fn file(&self, path: &str) -> Option<InputFile<'_>> {
        let (id, documents) = self.files.get(path)?;
        Some(InputFile { id: *id, text: self.sources.file(*id).text(), documents })
    }

    fn is_directory(&self, path: &str) -> bool {
        self.directories.contains_key(path)
    }
}

/// The result of comparing a directory of kustomizations.
#[derive(Debug, Default)]
struct Comparison {
    /// Kustomizations that both rendered, with the same result.
    equal: usize,
    /// Kustomizations that both rejected.
    rejected: usize,
    /// Kustomizations that neither can render without the network, charts or plugins, and those outside of their root.
    partial: usize,
    differences: Vec<String>,
}

fn kubectl() -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&paths).map(|path| path.join("kubectl")).find(|path| path.exists());
    if found.is_none() {
        // Not a skip in the sense of `MESH_NO_SKIP`: nothing that `.ci/run` may use installs kubectl.
        println!("skipped: kubectl is not installed, so nothing is compared with it");
    }
    found
}

/// Builds all kustomizations of a directory with both.
fn compare(root: &Path, kubectl: &Path) -> Comparison {
    let tree = Tree::read(root);
    let renderer = Renderer::new(&tree);
    let mut comparison = Comparison::default();
    for directory in tree.kustomizations() {
        let build = renderer.build(directory);
        let output = Command::new(kubectl).arg("kustomize").arg(root.join(directory)).output().unwrap();
        let expected = output.status.success().then(|| {
            let text = String::from_utf8(output.stdout).unwrap();
            let mut sources = Sources::default();
            let file = sources.add("kubectl", text);
            let text = sources.file(file).text();
            let roots = yaml::split(file, text).iter().map(|chunk| yaml::parse(chunk, text)).collect::<Vec<_>>();
            by_identity(roots.iter().filter_map(|document| document.root.as_ref()))
        });
        let found = (!stops(&build)).then(|| by_identity(build.resources.iter().map(|rendered| &*rendered.node)));
        let path = root.join(directory);
        match (expected, found) {
            (Some(expected), Some(found)) if expected == found => comparison.equal += 1,
            (Some(expected), Some(found)) => {
                comparison.differences.push(format!("{}: {}", path.display(), difference(&expected, &found)));
            }
            (None, None) => comparison.rejected += 1,
            (None, Some(_)) if is_partial(&build) => comparison.partial += 1,
            (None, Some(_)) => {
                let error = String::from_utf8_lossy(&output.stderr).into_owned();
                comparison.differences.push(format!("{}: kubectl says {error}", path.display()));
            }
            (Some(_), None) => {
                let problems: Vec<&str> = build.problems.iter().map(|problem| problem.message.as_str()).collect();
                comparison.differences.push(format!("{}: only mesh says {problems:?}", path.display()));
            }
        }
    }
    comparison
}

fn stops(build: &Build) -> bool {
    build.problems.iter().any(|problem| problem.kind.stops_build())
}

/// Whether kubectl cannot build it here, or not with its defaults.
fn is_partial(build: &Build) -> bool {
    build.unrendered.iter().any(|part| part.reason != UnrenderedReason::Schema)
        || build.problems.iter().any(|problem| problem.kind == BuildProblemKind::OutsideRoot)
}

fn by_identity<'n>(roots: impl Iterator<Item = &'n Node>) -> BTreeMap<String, Json> {
    let text = |node: Option<&Node>| node.and_then(Node::as_str).unwrap_or_default().to_owned();
    let entry = |root: &Node| {
        let metadata = |field: &str| text(root.get("metadata").and_then(|metadata| metadata.get(field)));
        let id = [text(root.get("apiVersion")), text(root.get("kind")), metadata("namespace"), metadata("name")];
        (id.join(" "), json(root))
    };
    roots.map(entry).collect()
}

/// A tree as JSON. A whole number is an integer.
fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value as f64).into(),
        Value::Float(value) => (*value).into(),
        Value::String(value) => (&**value).into(),
        Value::Sequence(items) => items.iter().map(json).collect(),
        Value::Mapping(entries) => {
            entries.iter().map(|entry| (entry.key.text.to_string(), json(&entry.value))).collect()
        }
    }
}

/// The first difference.
fn difference(expected: &BTreeMap<String, Json>, found: &BTreeMap<String, Json>) -> String {
    for (id, value) in expected {
        match found.get(id) {
            None => return format!("only kubectl renders {id}"),
            Some(other) if other != value => {
                let mut path = String::new();
                let (expected, found) = deepest(value, other, &mut path);
                return format!("{id} differs at {path}: kubectl {expected}, mesh {found}");
            }
            Some(_) => {}
        }
    }
    let more = found.keys().find(|id| !expected.contains_key(*id));
    more.map_or_else(|| "none".to_owned(), |id| format!("only mesh renders {id}"))
}

fn deepest(expected: &Json, found: &Json, path: &mut String) -> (Json, Json) {
    match (expected, found) {
        (Json::Object(first), Json::Object(second)) => {
            for key in first.keys().chain(second.keys()) {
                let (one, other) = (first.get(key).unwrap_or(&Json::Null), second.get(key).unwrap_or(&Json::Null));
                if first.contains_key(key) != second.contains_key(key) || one != other {
                    path.push_str(&format!(".{key}"));
                    return deepest(one, other, path);
                }
            }
        }
        (Json::Array(first), Json::Array(second)) if first.len() == second.len() => {
            if let Some(at) = (0..first.len()).find(|&at| first[at] != second[at]) {
                path.push_str(&format!("[{at}]"));
                return deepest(&first[at], &second[at], path);
            }
        }
        _ => {}
    }
    (expected.clone(), found.clone())
}

#[track_caller]
fn assert_equal(root: &Path, kubectl: &Path) -> Comparison {
    let comparison = compare(root, kubectl);
    println!(
        "{}: {} are equal, both reject {}, {} are partial",
        root.display(),
        comparison.equal,
        comparison.rejected,
        comparison.partial
    );
    assert!(comparison.differences.is_empty(), "{}", comparison.differences.join("\n"));
    comparison
}

#[test]
fn fixtures_are_rendered_as_kubectl_does() {
    let Some(kubectl) = kubectl() else { return };
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/kustomize");
    let comparison = assert_equal(&fixtures, &kubectl);
    assert!(comparison.equal > 0);
}

#[test]
fn shared_trees_are_rendered_as_kubectl_does() {
    let Some(kubectl) = kubectl() else { return };
    for data in ["trees", "corpus"] {
        let Some(root) = shared::data(data) else { return };
        assert_equal(&root, &kubectl);
    }
}

/// Compares the kustomizations of any directory: `MESH_KUSTOMIZE=DIRECTORY cargo test --test suite kustomize`.
#[test]
fn a_given_directory_is_rendered_as_kubectl_does() {
    let Some(root) = std::env::var_os("MESH_KUSTOMIZE") else { return };
    let Some(kubectl) = kubectl() else { return };
    assert_equal(Path::new(&root), &kubectl);
}

/// Each value of a rendered fixture with the line where it was written.
#[test]
fn values_keep_their_places() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/kustomize");
    let tree = Tree::read(&fixtures);
    let renderer = Renderer::new(&tree);
    let mut text = String::new();
    for (directory, kind, name) in [
        ("merge/overlay", "VirtualService", "orders"),
        ("merge/overlay", "Service", "orders"),
        ("json-patch", "VirtualService", "my-cart"),
        ("replacements", "VirtualService", "r-b-pay"),
        ("vars", "VirtualService", "v-pay"),
        ("configurations", "DestinationRule", "my-pay"),
    ] {
        let build = renderer.build(directory);
        let is_wanted = |root: &Node| {
            let found = root.get("metadata").and_then(|metadata| metadata.get("name")).and_then(Node::as_str);
            root.get("kind").and_then(Node::as_str) == Some(kind) && found == Some(name)
        };
        let rendered = build.resources.iter().find(|rendered| is_wanted(&rendered.node)).expect("it is rendered");
        text.push_str(&format!("{directory}: {kind} {name}\n"));
        list_places(&tree.sources, &rendered.node, "", &mut text);
    }
    insta::assert_snapshot!(text);
}

fn list_places(sources: &Sources, node: &Node, path: &str, text: &mut String) {
    match &node.value {
        Value::Mapping(entries) if !entries.is_empty() => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by_key(|entry| &entry.key.text);
            for entry in entries {
                list_places(sources, &entry.value, &format!("{path}.{}", entry.key.text), text);
            }
        }
        Value::Sequence(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                list_places(sources, item, &format!("{path}[{at}]"), text);
            }
        }
        _ => {
            let file = sources.file(node.span.file).path();
            let line = sources.start(node.span).line;
            text.push_str(&format!("  {} = {}  {file}:{line}\n", &path[1..], json(node)));
        }
    }
}

/// A mistake is one problem at its place.
#[test]
fn mistakes_are_told_at_their_places() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/kustomize");
    let tree = Tree::read(&fixtures);
    let renderer = Renderer::new(&tree);
    let mut text = String::new();
    for directory in tree.kustomizations() {
        for problem in renderer.build(directory).problems {
            let start = tree.sources.start(problem.span);
            let file = tree.sources.file(problem.span.file).path();
            text.push_str(&format!("{directory}: {:?}\n  {file}:{}: {}\n", problem.kind, start.line, problem.message));
            text.extend(problem.help.map(|help| format!("  help: {help}\n")));
            for (span, label) in problem.related {
                let (file, line) = (tree.sources.file(span.file).path(), tree.sources.start(span).line);
                text.push_str(&format!("  {file}:{line}: {label}\n"));
            }
        }
    }
    insta::assert_snapshot!(text);
}
