//! The sides of `mesh diff` that are git revisions.

#![allow(clippy::disallowed_methods, reason = "tests run programs")]

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::mesh::{Run, mesh_in};
use super::skip::skip;

/// A mesh in which `host` routes to a service.
fn manifests(service: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: a, namespace: shop}}\nspec: {{ports: [{{name: http, port: 80}}]}}\n\
         ---\napiVersion: v1\nkind: Service\nmetadata: {{name: b, namespace: shop}}\nspec: {{ports: [{{name: http, port: 80}}]}}\n\
         ---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: a, namespace: shop}}\n\
         spec:\n  hosts: [a]\n  http:\n  - route: [{{destination: {{host: {service}}}}}]\n"
    )
}

/// A git repository whose branch is `main`.
struct Repository(TempDir);

impl Repository {
    /// An empty one. `None` if git is not installed.
    fn new() -> Option<Self> {
        let repository = Self(tempfile::tempdir().unwrap());
        let is_made = repository.try_git(&["init", "--quiet", "--initial-branch=main"]);
        if !is_made {
            skip("git is not installed");
        }
        is_made.then_some(repository)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn try_git(&self, arguments: &[&str]) -> bool {
        let mut command = Command::new("git");
        for name in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{name}_NAME"), "test").env(format!("GIT_{name}_EMAIL"), "test@example.com");
        }
        let command = command.args(arguments).current_dir(self.path()).env("GIT_CONFIG_NOSYSTEM", "1");
        command.output().is_ok_and(|output| output.status.success())
    }

    fn git(&self, arguments: &[&str]) {
        assert!(self.try_git(arguments), "git {arguments:?}");
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", "change"]);
    }

    fn diff(&self, old: &str, new: &str) -> Run {
        diff_in(self.path(), &[old, new])
    }
}

fn diff_in(directory: &Path, arguments: &[&str]) -> Run {
    let arguments: Vec<&str> = ["diff", "--format", "json"].iter().chain(arguments).copied().collect();
    let path = std::env::var("PATH").unwrap_or_default();
    mesh_in(directory, &arguments, "", &[("PATH", &path)])
}

#[track_caller]
fn assert_changes(run: &Run, number: usize) {
    let json = run.json();
    assert_eq!((!json["changes"].as_array().unwrap().is_empty(), run.status), (number > 0, 0), "{run:?}");
    assert_eq!(json["complete"], true, "{run:?}");
}

#[track_caller]
fn assert_error(run: &Run, expected: &str) {
    assert_eq!((run.status, run.stderr.as_str()), (2, format!("error: {expected}\n").as_str()), "{run:?}");
}

/// Two commits that differ, then a version that is staged and one that is not.
fn history() -> Option<Repository> {
    let repository = Repository::new()?;
    repository.write("manifests/shop.yaml", &manifests("a"));
    repository.commit();
    repository.write("manifests/shop.yaml", &manifests("b"));
    repository.commit();
    repository.write("manifests/shop.yaml", &manifests("a"));
    repository.git(&["add", "--all"]);
    repository.write("manifests/shop.yaml", &format!("# not staged\n{}", manifests("b")));
    Some(repository)
}

#[test]
fn commits_the_index_and_the_working_tree_are_compared() {
    let Some(repository) = history() else { return };
    for (old, new, number) in [
        ("HEAD~1:manifests", "main:manifests", 1),
        ("HEAD~1:", "HEAD:", 1),
        ("HEAD~1:manifests/shop.yaml", "HEAD:manifests/shop.yaml", 1),
        ("HEAD:manifests", "manifests", 0),
        ("HEAD:manifests", ":manifests", 1),
        ("HEAD~1:manifests", ":manifests", 0),
        (":manifests", "manifests/shop.yaml", 1),
        ("HEAD^{/change}:manifests", "HEAD:./manifests", 0),
    ] {
        assert_changes(&repository.diff(old, new), number);
    }
    // Places begin with the revision, and names of meshes do not.
    let path = std::env::var("PATH").unwrap_or_default();
    let arguments = ["diff", "HEAD~1:manifests", "manifests"];
    let run = mesh_in(repository.path(), &arguments, "", &[("PATH", &path)]);
    assert!(
        run.stdout.contains("HEAD~1:manifests/shop.yaml:") && run.stdout.contains("(manifests/shop.yaml:"),
        "{run:?}"
    );
    assert_eq!((run.stderr.as_str(), run.status), ("", 0));
}

#[test]
fn paths_are_those_of_the_repository_unless_they_start_with_a_dot() {
    let Some(repository) = history() else { return };
    let inside = repository.path().join("manifests");
    assert_changes(&diff_in(&inside, &["HEAD~1:manifests", "."]), 1);
    assert_changes(&diff_in(&inside, &["HEAD~1:.", "HEAD:../manifests/shop.yaml"]), 1);
    assert_changes(&diff_in(&inside, &["HEAD:./shop.yaml", "shop.yaml"]), 0);
}

#[test]
fn a_bare_repository_has_revisions() {
    let Some(repository) = history() else { return };
    repository.git(&["clone", "--quiet", "--bare", ".", "bare.git"]);
    assert_changes(&diff_in(&repository.path().join("bare.git"), &["HEAD~1:manifests", "main:manifests"]), 1);
}

#[test]
fn a_file_on_disk_takes_precedence_over_a_revision() {
    let Some(repository) = history() else { return };
    repository.write("main:manifests/a.yaml", &manifests("a"));
    assert_changes(&repository.diff("main:manifests", "HEAD:manifests"), 1);
}

#[test]
fn errors_name_what_is_wrong() {
    let Some(repository) = history() else { return };
    for (argument, expected) in [
        ("mian:manifests", "cannot read `mian:manifests`: git knows no revision `mian`; did you mean `main`?"),
        ("main~7:manifests", "cannot read `main~7:manifests`: git knows no revision `main~7`: `main` has no `~7`"),
        (
            "main:manifest/shop.yaml",
            "cannot read `main:manifest/shop.yaml`: revision `main` has no path `manifest/shop.yaml`",
        ),
        (
            "main:manifest",
            "cannot read `main:manifest`: revision `main` has no path `manifest`; did you mean `manifests`?",
        ),
        ("main:../x", "cannot read `main:../x`: `../x` is outside of the repository"),
        (
            "main",
            "no file or directory `main` exists; to compare the revision, add a path in the repository, as in \
             `main:manifests`, or `main:` for all of it",
        ),
    ] {
        assert_error(&repository.diff(argument, "manifests"), expected);
        assert_error(&repository.diff("manifests", argument), expected);
    }
    let no_git = mesh_in(repository.path(), &["diff", "main:manifests", "manifests"], "", &[("PATH", "/nowhere")]);
    assert_error(&no_git, "cannot read `main:manifests`: `git` is not installed, and no such file exists");
    let elsewhere = tempfile::tempdir().unwrap();
    assert_error(
        &diff_in(elsewhere.path(), &["main:manifests", "main:manifests"]),
        "cannot read `main:manifests`: the working directory is not in a git repository, and no such file exists",
    );
}

#[test]
fn a_repository_can_be_empty_or_shallow() {
    let Some(repository) = Repository::new() else { return };
    assert_error(
        &repository.diff("HEAD:", "HEAD:"),
        "cannot read `HEAD:`: git knows no revision `HEAD`: the repository has no commits",
    );
    assert_error(&repository.diff(":", ":"), "cannot read `:`: the index has no files");
    let Some(history) = history() else { return };
    let origin = format!("file://{}", history.path().display());
    repository.git(&["clone", "--quiet", "--depth=1", &origin, "shallow"]);
    assert_error(
        &diff_in(&repository.path().join("shallow"), &["HEAD~1:manifests", "manifests"]),
        "cannot read `HEAD~1:manifests`: git knows no revision `HEAD~1`; the clone is shallow, so fetch more of it first",
    );
}

#[test]
fn the_settings_are_those_of_the_revision() {
    let Some(repository) = Repository::new() else { return };
    repository.write("manifests/shop.yaml", &manifests("a"));
    repository.write("manifests/drafts/shop.yaml", &manifests("b"));
    repository.write(".mesh.yaml", "nonsense: 1\n");
    repository.commit();
    repository.write(".mesh.yaml", "rules: {}\n");
    repository.write(".ignore", "drafts\n");
    repository.commit();
    let run = repository.diff("HEAD~1:manifests", "HEAD:manifests");
    let message = "warning: HEAD~1:.mesh.yaml:1: the configuration does not have a key `nonsense`";
    assert!(run.stderr.starts_with(message), "{run:?}");
    // The draft is a mesh of its own, or an alternative, unless it is ignored.
    let run = diff_in(repository.path(), &["HEAD:manifests", "HEAD:manifests/shop.yaml"]);
    assert_changes(&run, 0);
}

#[test]
fn kustomizations_find_their_bases_outside_of_the_path() {
    let Some(repository) = Repository::new() else { return };
    repository.write("base/kustomization.yaml", "resources: [shop.yaml]\n");
    repository.write("base/shop.yaml", &manifests("a"));
    repository.write("overlays/dev/kustomization.yaml", "resources: [../../base]\n");
    repository.commit();
    repository.write("base/shop.yaml", &manifests("b"));
    assert_changes(&repository.diff("HEAD:overlays/dev", "overlays/dev"), 1);
    repository.commit();
    assert_changes(&repository.diff("HEAD:overlays/dev", "overlays/dev"), 0);
}

#[cfg(unix)]
#[test]
fn links_are_followed_inside_the_repository_only() {
    use std::os::unix::fs::symlink;
    let Some(repository) = Repository::new() else { return };
    repository.write("v2/shop.yaml", &manifests("a"));
    symlink("v2", repository.path().join("current")).unwrap();
    fs::create_dir(repository.path().join("linked")).unwrap();
    symlink("../current/shop.yaml", repository.path().join("linked/shop.yaml")).unwrap();
    repository.commit();
    for path in ["current", "current/shop.yaml", "linked"] {
        assert_changes(&repository.diff(&format!("HEAD:{path}"), "v2"), 0);
    }
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.yaml"), manifests("b")).unwrap();
    symlink(outside.path().join("secret.yaml"), repository.path().join("v2/secret.yaml")).unwrap();
    repository.commit();
    let run = repository.diff("HEAD:v2", "HEAD~1:v2");
    assert_eq!(
        run.stderr,
        "warning: HEAD: `v2/secret.yaml` is a link that leads out of the repository, or in a circle\n"
    );
    assert_changes(&run, 0);
}

#[test]
fn what_is_not_in_the_repository_is_said() {
    let Some(repository) = Repository::new() else { return };
    repository.write("manifests/shop.yaml", &manifests("a"));
    repository.commit();
    repository.write("manifests/large.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
    repository.git(&["add", "--all"]);
    let module = "160000,7598a35d799831b99110e25e0c989e1c593fc6e5,manifests/module";
    repository.git(&["update-index", "--add", "--cacheinfo", module]);
    repository.git(&["commit", "--quiet", "--message", "gaps"]);
    let run = repository.diff("HEAD~1:manifests", "HEAD:manifests");
    let (module, large) = (
        "warning: HEAD: `manifests/module` is a submodule, which is not read\n",
        "warning: HEAD: `manifests/large.yaml` is stored by Git LFS, which is not read\n",
    );
    assert_eq!(run.stderr, format!("{module}{large}"));
    assert_changes(&run, 0);
}
