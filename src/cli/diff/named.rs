//! Revisions as arguments name them: `main:manifests`.

use std::path::Path;

use super::tree::Tree;
use crate::cli::git;
use crate::model::spelling::nearest;
use crate::source::path;

/// A revision with a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The revision as git knows it; empty for the index.
    revision: String,
    /// The path in the repository; relative to the working directory if it starts with `./` or `../`.
    path: String,
}

impl Named {
    /// The revision and path of an argument. `None` if it is a path on disk, which takes precedence.
    pub fn parse(argument: &Path) -> Option<Self> {
        Self::split(argument.to_str()?).filter(|_| !argument.exists())
    }

    fn split(argument: &str) -> Option<Self> {
        // Braces of a revision, as in `main@{2026-01-01 12:00}` and `main^{/fix: retries}`, can have colons.
        let mut depth = 0_usize;
        let colon = argument.char_indices().find(|(_, letter)| {
            match letter {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            *letter == ':' && depth == 0
        });
        let (at, _) = colon?;
        let (revision, path) = (&argument[..at], &argument[at + 1..]);
        // Paths, a drive of Windows, and URLs. Git allows no backslash in names.
        let is_path = revision.starts_with(['.', '/']) || argument.contains('\\') || path.starts_with("//");
        (!is_path).then(|| Self { revision: revision.to_owned(), path: path.to_owned() })
    }

    /// A hint for an argument that is the name of a revision without a path, and not a path on disk.
    pub fn hint(argument: &Path) -> Option<String> {
        let name = argument.to_str().filter(|name| !name.is_empty() && *name != "-" && !argument.exists())?;
        commit(name).ok()?;
        Some(format!(
            "no file or directory `{name}` exists; to compare the revision, add a path in the repository, as in \
             `{name}:manifests`, or `{name}:` for all of it"
        ))
    }

    /// The prefix of its paths in output: `main:`.
    pub fn prefix(&self) -> String {
        format!("{}:", self.revision)
    }

    /// The path from the root of the repository. `place` is that of the working directory.
    pub fn wanted(&self, place: &str) -> String {
        let is_relative = matches!(self.path.as_str(), "." | "..") || self.path.starts_with("./");
        match is_relative || self.path.starts_with("../") {
            true => path::join(place, &self.path),
            false => path::join("", self.path.trim_start_matches('/')),
        }
    }

    /// All files of the revision.
    ///
    /// # Errors
    ///
    /// If git does not know the revision.
    pub fn tree(&self) -> Result<Tree, String> {
        let listed = match self.revision.as_str() {
            "" => git::ask(&["ls-files", "--full-name", "--stage", "-z", ":/"])?,
            revision => {
                let commit = commit(revision).map_err(|_| unknown(revision))?;
                git::ask(&["ls-tree", "-r", "-z", "--full-tree", &commit])?
            }
        };
        Ok(Tree::parse(&listed))
    }

    /// The error for a path that the revision does not have.
    pub fn missing(&self, tree: &Tree, wanted: &str) -> String {
        let revision = match self.revision.as_str() {
            "" => "the index".to_owned(),
            revision => format!("revision `{revision}`"),
        };
        if tree.entries.is_empty() {
            return format!("{revision} has no files");
        }
        if wanted.starts_with("..") {
            return format!("`{}` is outside of the repository", self.path);
        }
        let known = tree.nearest(wanted).map(|path| format!("; did you mean `{path}`?"));
        format!("{revision} has no path `{wanted}`{}", known.unwrap_or_default())
    }
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.revision, self.path)
    }
}

/// The commit of a revision.
fn commit(revision: &str) -> Result<String, String> {
    git::ask_line(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")])
}

/// The error for a revision that git does not know. Its own is "Needed a single revision", which helps nobody.
fn unknown(revision: &str) -> String {
    if commit("HEAD").is_err() {
        return format!("git knows no revision `{revision}`: the repository has no commits");
    }
    let (name, steps) = revision.split_at(revision.find(['~', '^', '@']).unwrap_or(revision.len()));
    let is_shallow = git::ask_line(&["rev-parse", "--is-shallow-repository"]).is_ok_and(|answer| answer == "true");
    let is_known = !name.is_empty() && commit(name).is_ok();
    let hint = match (is_shallow, is_known) {
        (true, _) => "; the clone is shallow, so fetch more of it first".to_owned(),
        (false, true) => format!(": `{name}` has no `{steps}`"),
        (false, false) => {
            let known = git::ask_line(&["for-each-ref", "--format=%(refname:short)"]).unwrap_or_default();
            let near = nearest(name, known.lines());
            near.map(|near| format!("; did you mean `{near}{steps}`?")).unwrap_or_default()
        }
    };
    format!("git knows no revision `{revision}`{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_and_paths_are_told_apart() {
        for (argument, revision, path) in [
            ("main:manifests", "main", "manifests"),
            ("HEAD~1:deploy/shop.yaml", "HEAD~1", "deploy/shop.yaml"),
            (":manifests", "", "manifests"),
            ("v1.2:", "v1.2", ""),
            ("main:a:b.yaml", "main", "a:b.yaml"),
            ("main@{2026-01-01 12:00}:a", "main@{2026-01-01 12:00}", "a"),
            ("HEAD^{/fix: retries}:a", "HEAD^{/fix: retries}", "a"),
        ] {
            let named = Named { revision: revision.to_owned(), path: path.to_owned() };
            assert_eq!(Named::split(argument), Some(named), "{argument}");
        }
        for argument in ["manifests", "./a:b", "../a:b", "/a:b", r"C:\manifests", "https://example.com/a.yaml", "a{:}"]
        {
            assert_eq!(Named::split(argument), None, "{argument}");
        }
    }

    #[test]
    fn paths_are_those_of_the_repository_unless_they_start_with_a_dot() {
        let wanted = |argument: &str| Named::split(argument).unwrap().wanted("deploy/dev");
        for (argument, path) in [
            ("main:manifests/", "manifests"),
            ("main:/manifests", "manifests"),
            ("main:", ""),
            ("main:.", "deploy/dev"),
            ("main:./a", "deploy/dev/a"),
            ("main:../a", "deploy/a"),
            ("main:..", "deploy"),
            ("main:../../../a", "../a"),
        ] {
            assert_eq!(wanted(argument), path, "{argument}");
        }
    }
}
