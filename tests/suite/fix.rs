//! `mesh lint --fix` and `--diff`.

#![allow(clippy::disallowed_methods, reason = "tests write files")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::mesh::{Run, mesh_in};
use super::shared;

const BROKEN: &str = "# A comment\r
apiVersion: networking.istio.io/v1\r
kind: VirtualService\r
metadata: {name: web, namespace: shop}   # here\r
spec:\r
  hosts: [web]\r
  exportT: [\"*\"] # keep\r
  http:\r
  - timout: 3s\r
    route: [{destination: {host: web}}]\r
";

fn lint(directory: &Path, arguments: &[&str]) -> Run {
    mesh_in(directory, &[&["lint", "."], arguments].concat(), "", &[])
}

/// The files below a directory with their texts.
fn texts(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = walkdir::WalkDir::new(directory).into_iter().map(Result::unwrap);
    let files = files.filter(|entry| entry.file_type().is_file());
    files.map(|entry| (entry.path().to_owned(), fs::read(entry.path()).unwrap())).collect()
}

#[test]
fn a_fix_changes_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("web.yaml");
    fs::write(&file, format!("\u{feff}{BROKEN}")).unwrap();
    let patch = lint(directory.path(), &["--diff"]);
    assert_eq!((patch.status, patch.stderr.as_str()), (1, ""), "{}", patch.stdout);
    assert!(patch.stdout.contains("\n-  - timout: 3s"), "{}", patch.stdout);
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("\u{feff}{BROKEN}"));

    let run = lint(directory.path(), &["--fix"]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    assert!(run.stdout.starts_with("fixed 2 findings in 1 file\n"), "{}", run.stdout);
    let fixed = BROKEN.replace("exportT:", "exportTo:").replace("timout", "timeout");
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("\u{feff}{fixed}"));

    assert_eq!(lint(directory.path(), &["--diff"]).stdout, "");
    assert!(lint(directory.path(), &["--fix"]).stdout.starts_with("nothing to fix\n"));
}

#[test]
fn guesses_need_an_option() {
    let directory = tempfile::tempdir().unwrap();
    let manifest = "apiVersion: v1\nkind: Service\nmetadata: {name: reviews, namespace: shop}\nspec: {selector: {app: a}, \
                    ports: [{name: http, port: 80}]}\n---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: \
                    {name: a, namespace: shop}\nspec:\n  hosts: [a.example.com]\n  http:\n  - route: [{destination: {host: \
                    'reviws'}}]\n";
    fs::write(directory.path().join("a.yaml"), manifest).unwrap();
    assert_eq!((lint(directory.path(), &["--diff"]).status, lint(directory.path(), &["--fix"]).status), (0, 1));
    let run = lint(directory.path(), &["--fix", "--unsafe-fixes"]);
    assert!(run.stdout.starts_with("fixed 1 finding in 1 file\n"), "{}", run.stdout);
    assert_eq!(
        fs::read_to_string(directory.path().join("a.yaml")).unwrap(),
        manifest.replace("reviws", "reviews.shop.svc.cluster.local")
    );
}

#[test]
fn suppressed_findings_and_standard_input_are_not_fixed() {
    let directory = tempfile::tempdir().unwrap();
    let text = BROKEN.replace("  exportT", "  # mesh: ignore[unknown-field] ours\r\n  exportT");
    fs::write(directory.path().join("web.yaml"), &text).unwrap();
    lint(directory.path(), &["--fix"]);
    assert_eq!(fs::read_to_string(directory.path().join("web.yaml")).unwrap(), text.replace("timout", "timeout"));
    let run = mesh_in(directory.path(), &["lint", "-", "--fix"], &text, &[]);
    assert_eq!((run.status, run.stderr.as_str()), (2, "error: fixes change files: name them instead of `-`\n"));
}

/// The value is that of the overlay, so the overlay is fixed.
#[test]
fn an_overlay_is_fixed_where_it_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = directory.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let base = BROKEN.replace('\r', "").replace("exportT:", "exportTo:").replace("  - timout: 3s\n   ", "  -");
    write("base/web.yaml", &base);
    write("base/kustomization.yaml", "resources: [web.yaml]\n");
    let patch = "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: web, namespace: shop}\nspec:\n  \
                 exportT: ['.']\n";
    write("prod/patch.yaml", patch);
    write("prod/kustomization.yaml", "resources: [../base]\npatches: [{path: patch.yaml}]\n");
    let before = texts(directory.path());
    let run = lint(directory.path(), &["--fix"]);
    assert!(run.stdout.starts_with("fixed 1 finding in 1 file\n"), "{}{}", run.stdout, run.stderr);
    let after = texts(directory.path());
    let changed: Vec<&PathBuf> = before.keys().filter(|path| before[*path] != after[*path]).collect();
    assert_eq!(changed, [&directory.path().join("prod/patch.yaml")]);
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("real.txt");
    fs::write(&target, BROKEN).unwrap();
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.txt", directory.path().join("web.yaml")).unwrap();
    lint(directory.path(), &["--fix"]);
    assert!(fs::read_to_string(&target).unwrap().contains("timeout"));
    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(fs::symlink_metadata(directory.path().join("web.yaml")).unwrap().is_symlink());
    assert_eq!(texts(directory.path()).len(), 1, "no temporary file is left");
}

#[cfg(unix)]
#[test]
fn files_that_cannot_be_written_are_errors() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    for name in ["a.yaml", "b.yaml"] {
        fs::write(directory.path().join(name), BROKEN.replace("web", &format!("web-{}", &name[..1]))).unwrap();
    }
    fs::set_permissions(directory.path().join("a.yaml"), fs::Permissions::from_mode(0o444)).unwrap();
    let run = lint(directory.path(), &["--fix"]);
    assert_eq!((run.status, run.stderr.as_str()), (2, "error: cannot write `a.yaml`: permission denied\n"));
    let text = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
    assert!(text("a.yaml").contains("timout") && text("b.yaml").contains("timeout"));
}

/// On real manifests, no comment is lost, only lines of the patch change, no finding is new, and a second run has nothing to do.
#[test]
fn fixes_of_real_manifests_are_exact() {
    let mut fixed = 0;
    for data in ["corpus", "trees", "bad", "reports"] {
        let Some(data) = shared::data(data) else { return };
        let sources = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path());
        let sources: Vec<PathBuf> = sources.filter(|source| source.is_dir()).collect();
        fixed += sources.par_iter().map(|source| check_tree(source)).sum::<usize>();
    }
    assert!(fixed > 10, "{fixed}");
}

/// Fixes a copy of a directory, and returns the number of files that changed.
fn check_tree(source: &Path) -> usize {
    let copy = tempfile::tempdir().unwrap();
    for entry in walkdir::WalkDir::new(source) {
        let entry = entry.unwrap();
        let target = copy.path().join(entry.path().strip_prefix(source).unwrap());
        match entry.file_type() {
            it if it.is_dir() => fs::create_dir_all(target).unwrap(),
            // A copy of the text alone can be written.
            it if it.is_file() => fs::write(target, fs::read(entry.path()).unwrap()).unwrap(),
            _ => {}
        }
    }
    let (before, findings) = (texts(copy.path()), counts(copy.path()));
    let run = lint(copy.path(), &["--fix", "--unsafe-fixes", "--allow-empty"]);
    let after = texts(copy.path());
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let changed: Vec<&PathBuf> = before.keys().filter(|path| before[*path] != after[*path]).collect();
    for path in &changed {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let (old, new) = (text(&before[*path]), text(&after[*path]));
        let comments = |text: &str| text.lines().filter(|line| line.trim_start().starts_with('#')).count();
        let ignores = |text: &str| text.matches("# mesh: ignore").count();
        assert_eq!(comments(&old) - ignores(&old), comments(&new) - ignores(&new), "{}", path.display());
        assert_eq!(old.contains('\r'), new.contains('\r'), "{}", path.display());
    }
    if !changed.is_empty() {
        for (finding, count) in counts(copy.path()) {
            let known = findings.get(&finding).copied().unwrap_or_default();
            assert!(count <= known, "{}: {finding} {known} {count}\n{}", source.display(), run.stdout);
        }
        let again = lint(copy.path(), &["--diff", "--unsafe-fixes"]);
        assert_eq!((again.status, again.stdout.as_str()), (0, ""), "{}", source.display());
    }
    changed.len()
}

/// The numbers of findings, by rule and resource.
fn counts(directory: &Path) -> BTreeMap<String, usize> {
    let run = lint(directory, &["--format", "json", "--allow-empty"]);
    let mut counts = BTreeMap::new();
    for it in run.json()["diagnostics"].as_array().unwrap() {
        *counts.entry(format!("{} {} {}", it["rule"], it["finding"], it["resource"])).or_default() += 1;
    }
    counts
}
