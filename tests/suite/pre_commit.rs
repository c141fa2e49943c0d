//! The pre-commit hook, as pre-commit runs it in a repository.

#![allow(clippy::disallowed_methods, reason = "tests run programs")]

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::skip::skip;

const BROKEN: &str = "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews, namespace: shop}
spec:
  hosts: [reviews]
  http:
  - rout:
    - destination: {host: reviews}
";

fn git(directory: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"];
    let output = Command::new("git").current_dir(directory).args(identity).args(arguments).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// A repository with the hooks file of this project. The `system` hook runs the binary under test, so that the test
/// does not build the project again.
fn hook_repository(directory: &Path) -> String {
    let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join(".pre-commit-hooks.yaml");
    fs::copy(hooks, directory.join(".pre-commit-hooks.yaml")).unwrap();
    git(directory, &["init", "--quiet"]);
    git(directory, &["add", "."]);
    git(directory, &["commit", "--quiet", "-m", "hooks"]);
    let output = Command::new("git").current_dir(directory).args(["rev-parse", "HEAD"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A repository of a user that runs the hook on the directory `manifests`.
struct UserRepository {
    directory: TempDir,
    hooks: TempDir,
    cache: TempDir,
}

impl UserRepository {
    /// A repository with one commit of some files. `None` if the programs are not installed.
    fn with(files: &[(&str, &str)]) -> Option<Self> {
        if !is_installed("pre-commit") || !is_installed("git") {
            skip("pre-commit and git are needed");
            return None;
        }
        let (hooks, directory, cache) =
            (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let revision = hook_repository(hooks.path());
        let repository = Self { directory, hooks, cache };
        let hooks = repository.hooks.path().display();
        let config = format!(
            "repos:\n- repo: {hooks}\n  rev: {revision}\n  hooks:\n  - id: mesh-lint-system\n    args: [manifests]\n"
        );
        fs::create_dir(repository.directory.path().join("manifests")).unwrap();
        fs::write(repository.directory.path().join(".pre-commit-config.yaml"), config).unwrap();
        files.iter().for_each(|(path, text)| repository.write(path, text));
        repository.git(&["init", "--quiet"]);
        repository.git(&["add", "."]);
        repository.git(&["commit", "--quiet", "-m", "files"]);
        Some(repository)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.directory.path().join(path), text).unwrap();
    }

    fn git(&self, arguments: &[&str]) {
        git(self.directory.path(), arguments);
    }

    /// Runs the hook as a commit of the staged changes does. Returns whether it passes, and its output.
    fn run(&self) -> (bool, String) {
        let binary = Path::new(env!("CARGO_BIN_EXE_mesh")).parent().unwrap();
        #[allow(clippy::disallowed_methods, reason = "the hook has to find the binary under test")]
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        let output = Command::new("pre-commit")
            .current_dir(self.directory.path())
            .args(["run", "mesh-lint-system"])
            .env("PATH", &path)
            .env("PRE_COMMIT_HOME", self.cache.path())
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

#[test]
fn the_hook_reads_all_manifests() {
    let Some(user) = UserRepository::with(&[("manifests/reviews.yaml", BROKEN), ("notes.txt", "a\n")]) else { return };
    user.write("notes.txt", "b\n");
    user.git(&["add", "."]);
    let (passed, output) = user.run();
    assert!(!passed && output.contains("unknown-field"), "{output}");

    user.write("manifests/reviews.yaml", &BROKEN.replace("rout:", "route:"));
    user.git(&["add", "."]);
    let (passed, output) = user.run();
    assert!(passed, "{output}");
}

#[test]
fn the_hook_runs_if_a_commit_only_deletes_files() {
    let service = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{ports: [{{port: 80}}]}}\n"
        )
    };
    let files = [
        ("manifests/reviews.yaml", service("reviews")),
        ("manifests/ratings.yaml", service("ratings")),
        ("manifests/route.yaml", BROKEN.replace("rout:", "route:")),
        ("manifests/keep.txt", String::new()),
    ];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_str()));
    let Some(user) = UserRepository::with(&files) else { return };
    user.git(&["rm", "--quiet", "manifests/reviews.yaml"]);
    let (passed, output) = user.run();
    assert!(!passed && output.contains("unknown-host"), "{output}");

    // Nothing is left to check, which is right for a commit.
    user.git(&["rm", "--quiet", "manifests/ratings.yaml", "manifests/route.yaml"]);
    let (passed, output) = user.run();
    assert!(passed, "{output}");
}
