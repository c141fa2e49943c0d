//! The pre-commit hook, as pre-commit runs it in a repository.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::skip::skip;

const BROKEN: &str = "apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: reviews}
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

#[test]
fn pre_commit_runs_the_hook_on_all_manifests() {
    if !is_installed("pre-commit") || !is_installed("git") {
        skip("pre-commit and git are needed");
        return;
    }
    let (hooks, user, cache) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let revision = hook_repository(hooks.path());
    fs::create_dir(user.path().join("manifests")).unwrap();
    fs::write(user.path().join("manifests/reviews.yaml"), BROKEN).unwrap();
    let config = format!(
        "repos:\n- repo: {}\n  rev: {revision}\n  hooks:\n  - id: mesh-lint-system\n    args: [manifests]\n",
        hooks.path().display()
    );
    fs::write(user.path().join(".pre-commit-config.yaml"), config).unwrap();
    git(user.path(), &["init", "--quiet"]);
    git(user.path(), &["add", "."]);

    let binary = Path::new(env!("CARGO_BIN_EXE_mesh")).parent().unwrap();
    #[allow(clippy::disallowed_methods, reason = "the hook has to find the binary under test")]
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let run = || {
        let output = Command::new("pre-commit")
            .current_dir(user.path())
            .args(["run", "mesh-lint-system", "--all-files"])
            .env("PATH", &path)
            .env("PRE_COMMIT_HOME", cache.path())
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };

    let (passed, output) = run();
    assert!(!passed && output.contains("unknown-field"), "{output}");

    fs::write(user.path().join("manifests/reviews.yaml"), BROKEN.replace("rout:", "route:")).unwrap();
    git(user.path(), &["add", "."]);
    let (passed, output) = run();
    assert!(passed, "{output}");
}
