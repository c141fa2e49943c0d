//! `--only-changed`: the files that changed since a git revision.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use crate::cli::git;
use crate::cli::inputs::{here, plain};
use crate::cli::project::Project;
use crate::source::path;

/// The files that changed since a revision, as absolute paths. Deleted ones are among them.
pub struct ChangedFiles(BTreeSet<PathBuf>);

impl ChangedFiles {
    /// The files in which the working tree differs from the commit at which its branch left a revision, and those that git does
    /// not track.
    ///
    /// # Errors
    ///
    /// If git does not know the revision, or the working directory is not in a repository.
    pub fn since(revision: &str) -> Result<Self, String> {
        let fault = |error: String| format!("`--only-changed {revision}`: {error}");
        let root = PathBuf::from(git::ask_line(&["rev-parse", "--show-toplevel"]).map_err(fault)?);
        let commit = format!("{revision}^{{commit}}");
        let commit = git::ask_line(&["rev-parse", "--verify", "--quiet", "--end-of-options", &commit])
            .map_err(|_| fault("git does not know the revision".to_owned()))?;
        // Without a common commit, as in a shallow clone, the revision itself is compared.
        let base = git::ask_line(&["merge-base", &commit, "HEAD"]).unwrap_or(commit);
        let changed =
            git::ask(&["diff", "--name-only", "--no-renames", "--no-ext-diff", "-z", &base, "--"]).map_err(fault)?;
        let untracked = ["ls-files", "--others", "--exclude-standard", "--full-name", "-z", ":/"];
        let untracked = git::ask(&untracked).map_err(fault)?;
        let paths = [changed, untracked];
        let paths = paths.iter().flat_map(|listed| listed.split(|byte| *byte == 0)).filter(|path| !path.is_empty());
        Ok(Self(paths.map(|path| root.join(&*String::from_utf8_lossy(path))).collect()))
    }

    /// Whether a file of a project is among them, or, for the output of Helm, a file of its chart.
    pub fn touch(&self, project: &Project, shown: &str) -> bool {
        let manifests = &project.manifests;
        let chart = manifests.file_at(shown).and_then(|file| manifests.release_of(file));
        if let Some(release) = chart {
            let directory = full(&release.chart.directory);
            return self.0.iter().any(|path| path.starts_with(&directory));
        }
        self.0.contains(&full(shown))
    }
}

/// The absolute path of a file or directory, without links.
fn full(shown: &str) -> PathBuf {
    let path = plain(&here("".as_ref()).join(path::join("", shown)));
    fs::canonicalize(&path).unwrap_or(path)
}
