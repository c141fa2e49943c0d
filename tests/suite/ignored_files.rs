//! The files of a directory that are read: ignore files, directories of tools, and `--no-ignore`.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::mesh::{Run, mesh_in};

/// A manifest with one finding, so that the findings show which files are read.
const MANIFEST: &str = "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a}
spec: {hosts: [a], http: [{timeOut: 5s, route: [{destination: {host: a}}]}]}
";

fn write(directory: &Path, path: &str, text: &str) {
    let path = directory.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A directory with manifests at some paths, and other files.
fn directory(manifests: &[&str], others: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    manifests.iter().for_each(|path| write(directory.path(), path, MANIFEST));
    others.iter().for_each(|(path, text)| write(directory.path(), path, text));
    directory
}

/// The entry that makes a directory a git repository.
const REPOSITORY: (&str, &str) = (".git/HEAD", "ref: refs/heads/main\n");

fn lint(directory: &Path, arguments: &[&str]) -> Run {
    let arguments: Vec<&str> = ["lint", "--format", "json", "--no-config"].iter().chain(arguments).copied().collect();
    mesh_in(directory, &arguments, "", &[])
}

/// The files that are read, in order.
fn read(directory: &Path, arguments: &[&str]) -> Vec<String> {
    let run = lint(directory, arguments);
    let json = run.json();
    let diagnostics = json["diagnostics"].as_array().unwrap();
    let is_own = |it: &&serde_json::Value| it["rule"] == "unknown-field";
    diagnostics.iter().filter(is_own).map(|it| it["file"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_gitignore_applies_in_a_repository_only() {
    let ignored = [("a/.gitignore", "drafts/\n*.tmp.yaml\n")];
    let manifests = ["a/drafts/x.yaml", "a/x.tmp.yaml", "a/x.yaml"];
    let plain = directory(&manifests, &ignored);
    assert_eq!(read(plain.path(), &["."]), manifests);
    let repository = directory(&manifests, &[ignored[0], REPOSITORY]);
    assert_eq!(read(repository.path(), &["."]), ["a/x.yaml"]);
    assert_eq!(read(repository.path(), &[".", "--no-ignore"]), manifests);
}

#[test]
fn a_deeper_gitignore_takes_precedence() {
    let manifests = ["a/keep.yaml", "a/x.yaml", "b/keep.yaml", "b/x.yaml"];
    let repository = directory(
        &manifests,
        &[REPOSITORY, (".gitignore", "*.yaml\n!keep.yaml\n"), ("b/.gitignore", "!x.yaml\nkeep.*\n")],
    );
    assert_eq!(read(repository.path(), &["."]), ["a/keep.yaml", "b/x.yaml"]);
}

#[test]
fn the_ignore_files_above_a_path_apply() {
    let manifests = ["a/b/local.yaml", "a/b/secret.yaml", "a/b/x.yaml"];
    let others = [
        REPOSITORY,
        (".gitignore", "a/b/secret.yaml\n"),
        (".git/info/exclude", "local.yaml\n"),
        ("a/.ignore", "!local.yaml\n"),
    ];
    let repository = directory(&manifests, &others[..3]);
    assert_eq!(read(repository.path(), &["a/b"]), ["a/b/x.yaml"]);
    assert_eq!(read(&repository.path().join("a/b"), &["."]), ["x.yaml"]);
    assert_eq!(read(&repository.path().join("a/b"), &["../b"]), ["../b/x.yaml"]);
    let repository = directory(&manifests, &others);
    assert_eq!(read(repository.path(), &["a/b"]), ["a/b/local.yaml", "a/b/x.yaml"]);
}

#[test]
fn a_nested_repository_has_its_own_rules() {
    let others = [REPOSITORY, (".gitignore", "x.yaml\n"), ("inner/.git/HEAD", ""), ("inner/.gitignore", "y.yaml\n")];
    let repository = directory(&["inner/x.yaml", "inner/y.yaml", "x.yaml", "y.yaml"], &others);
    assert_eq!(read(repository.path(), &["."]), ["inner/x.yaml", "y.yaml"]);
}

#[test]
fn a_worktree_shares_the_exclude_file_of_its_repository() {
    let others = [
        ("main/.git/info/exclude", "x.yaml\n"),
        ("main/.git/worktrees/other/commondir", "../..\n"),
        ("other/.git", "gitdir: ../main/.git/worktrees/other\n"),
    ];
    let both = directory(&["other/x.yaml", "other/y.yaml"], &others);
    assert_eq!(read(both.path(), &["other"]), ["other/y.yaml"]);
}

#[test]
fn directories_of_tools_are_skipped() {
    let manifests = [".git/x.yaml", ".github/x.yaml", ".terraform/x.yaml", "a/node_modules/b/x.yaml", "vendor/x.yaml"];
    let plain = directory(&manifests, &[]);
    assert_eq!(read(plain.path(), &["."]), ["vendor/x.yaml"]);
    assert_eq!(read(plain.path(), &[".", "--no-ignore"]), manifests[1..]);
    write(plain.path(), "a/.ignore", "!node_modules/\n");
    assert_eq!(read(plain.path(), &["."]), ["a/node_modules/b/x.yaml", "vendor/x.yaml"]);
    write(plain.path(), ".ignore", "!.github/\n");
    assert_eq!(read(plain.path(), &["."]), [".github/x.yaml", "a/node_modules/b/x.yaml", "vendor/x.yaml"]);
}

/// `test` is the name of an environment, unless it is below the sources of a project or has programs.
#[test]
fn inputs_of_tests_are_skipped() {
    let manifests = [
        "e2e/x.yaml",
        "envs/test/app/x.yaml",
        "envs/test/x.yaml",
        "pkg/test/datasets/x.yaml",
        "pkg/testdata/x.yaml",
        "quality/expectedfailures/x.yaml",
        "src/test/resources/x.yaml",
        "tests/e2e/x.yaml",
        "web/fixtures/x.yaml",
    ];
    let plain = directory(&manifests, &[]);
    assert_eq!(read(plain.path(), &["."]), ["e2e/x.yaml", "envs/test/app/x.yaml", "envs/test/x.yaml"]);
    assert_eq!(read(plain.path(), &["pkg/test"]), ["pkg/test/datasets/x.yaml"]);
    assert_eq!(read(plain.path(), &["pkg/testdata", "tests/e2e"]), ["pkg/testdata/x.yaml", "tests/e2e/x.yaml"]);
    assert_eq!(read(plain.path(), &[".", "--no-ignore"]), manifests);
    write(plain.path(), ".ignore", "!tests/\n");
    let with_tests = ["e2e/x.yaml", "envs/test/app/x.yaml", "envs/test/x.yaml", "tests/e2e/x.yaml"];
    assert_eq!(read(plain.path(), &["."]), with_tests);
}

#[test]
fn a_test_directory_with_programs_is_skipped() {
    let manifests = ["envs/test/x.yaml", "operator/test/config/x.yaml", "test/x.yaml"];
    let plain = directory(&manifests, &[("test/main_test.go", ""), ("operator/test/e2e/upgrade.py", "")]);
    assert_eq!(read(plain.path(), &["."]), ["envs/test/x.yaml"]);
    assert_eq!(read(plain.path(), &["test"]), ["test/x.yaml"]);
    assert_eq!(read(plain.path(), &[".", "--no-ignore"]), manifests);
}

/// A dump of a cluster in a repository is skipped, unless the command names it.
#[test]
fn saved_output_of_kubectl_is_skipped() {
    let service = "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: a}, spec: {ports: [{port: 80}]}}";
    let dump = "apiVersion: v1\nkind: List\nmetadata: {resourceVersion: ''}\nitems:\n\
        - apiVersion: v1\n  kind: Service\n  metadata: {name: b, uid: x}\n  spec: {ports: [{port: 0}]}\n";
    let plain = directory(&[], &[("a.yaml", service), ("snapshots/all.yaml", dump)]);
    let finds = |path: &str| lint(plain.path(), &[path]).stdout.contains("invalid-service");
    assert!(!finds(".") && !finds("snapshots") && finds("snapshots/all.yaml"));
}

/// A link that leads nowhere, or back to its own directory, cannot be read. That matters only if it is not ignored.
#[cfg(unix)]
#[test]
fn ignored_links_may_be_broken() {
    let repository = directory(&["x.yaml"], &[REPOSITORY, (".gitignore", "result\ny.yaml\n/loop/\n")]);
    for (link, target) in [("result", "absent"), ("y.yaml", "absent"), ("loop", ".")] {
        std::os::unix::fs::symlink(target, repository.path().join(link)).unwrap();
    }
    let run = lint(repository.path(), &["."]);
    assert_eq!(run.stderr, "");
    assert_eq!(read(repository.path(), &["."]), ["x.yaml"]);
    assert_eq!(lint(repository.path(), &[".", "--no-ignore"]).stderr.lines().count(), 3);
}

/// A directory with a second name is read under its own.
#[cfg(unix)]
#[test]
fn links_are_no_names() {
    let directory = directory(&["real/x.yaml"], &[]);
    std::os::unix::fs::symlink("real", directory.path().join("alias")).unwrap();
    assert_eq!(read(directory.path(), &["."]), ["real/x.yaml"]);
    assert_eq!(read(directory.path(), &["alias"]), ["alias/x.yaml"]);
}

#[test]
fn named_paths_are_read_even_if_they_are_ignored() {
    let repository = directory(&["drafts/x.yaml", "node_modules/x.yaml"], &[REPOSITORY, (".gitignore", "drafts/\n")]);
    assert_eq!(read(repository.path(), &["drafts/x.yaml"]), ["drafts/x.yaml"]);
    assert_eq!(read(repository.path(), &["drafts", "node_modules"]), ["drafts/x.yaml", "node_modules/x.yaml"]);
}

#[test]
fn the_output_says_if_all_files_are_ignored() {
    let repository = directory(&["drafts/x.yaml"], &[REPOSITORY, (".gitignore", "drafts/\n")]);
    let run = lint(repository.path(), &["."]);
    assert_eq!(
        run.stderr,
        "error: no manifests found: every .yaml, .yml and .json file is ignored; use `--no-ignore` to read them \
         (`--allow-empty` accepts that)\n"
    );
    assert_eq!(run.status, 2);
}

#[test]
fn a_kustomization_needs_no_extension() {
    let directory =
        directory(&[], &[("o/Kustomization", "resources: [a.yaml]"), ("p/kustomization", "resources: [a]")]);
    let json = lint(directory.path(), &["."]).json();
    let found: Vec<_> = json["diagnostics"].as_array().unwrap().iter().map(|it| (&it["rule"], &it["file"])).collect();
    assert_eq!(found, [(&"broken-kustomization".into(), &"o/Kustomization".into())]);
}
