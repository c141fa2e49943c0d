//! The files of a git revision, by their paths.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use crate::model::spelling::nearest;
use crate::source::path;

/// Links that one path may pass, as Linux limits them.
const MOST_LINKS: usize = 40;

/// The files of a revision.
#[derive(Debug, Default)]
pub struct Tree {
    /// The files by path.
    pub entries: BTreeMap<String, Entry>,
    /// Warnings about paths that are not among the files.
    pub gaps: Vec<String>,
}

/// A file of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub kind: EntryKind,
    /// The name of its content in the database of git.
    pub object: String,
}

/// The kind of a path of a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    File,
    Link,
    Submodule,
}

impl Tree {
    /// Reads what `git ls-tree -r -z` or `git ls-files --stage -z` lists.
    ///
    /// A repository may come from anybody. Paths that would be written elsewhere are left out: git rejects them only when it
    /// checks them out.
    pub fn parse(listed: &[u8]) -> Self {
        let mut tree = Self::default();
        let mut unmerged = BTreeSet::new();
        for entry in listed.split(|byte| *byte == 0).filter(|entry| !entry.is_empty()) {
            let entry = String::from_utf8_lossy(entry);
            let Some((head, file)) = entry.split_once('\t') else { continue };
            // `<mode> <type> <object>` of a tree, `<mode> <object> <stage>` of the index.
            let (kind, object, stage) = match head.split(' ').collect::<Vec<_>>().as_slice() {
                [mode, "blob" | "commit", object] => (EntryKind::of(mode), *object, "0"),
                [mode, object, stage] => (EntryKind::of(mode), *object, *stage),
                _ => continue,
            };
            if file.contains(char::REPLACEMENT_CHARACTER) || !is_plain(file) {
                tree.gaps.push(format!("the path `{file}` is not valid, and is not read"));
            } else if stage != "0" {
                unmerged.insert(file.to_owned());
            } else {
                tree.entries.insert(file.to_owned(), Entry { kind, object: object.to_owned() });
            }
        }
        tree.gaps.extend(unmerged.iter().map(|file| format!("`{file}` has conflicts, and is not read")));
        let is_below_file = |file: &&String| directories(file).any(|it| tree.entries.contains_key(it));
        let hidden: Vec<String> = tree.entries.keys().filter(is_below_file).cloned().collect();
        for file in hidden {
            tree.entries.remove(&file);
            tree.gaps.push(format!("`{file}` is below a file, and is not read"));
        }
        tree
    }

    /// The entries of a kind, with their paths.
    pub fn of_kind(&self, kind: EntryKind) -> impl Iterator<Item = (&String, &Entry)> {
        self.entries.iter().filter(move |(_, entry)| entry.kind == kind)
    }

    /// Whether the revision has a path: a file or a directory.
    pub fn has(&self, path: &str) -> bool {
        self.entries.keys().any(|file| is_below(file, path))
    }

    /// The path of the same directory that is nearest to one that does not exist.
    pub fn nearest(&self, wanted: &str) -> Option<String> {
        let directory = path::directory(wanted);
        let below = self.entries.keys().filter_map(|file| match directory {
            "" => Some(file.as_str()),
            directory => file.strip_prefix(directory)?.strip_prefix('/'),
        });
        let names: BTreeSet<&str> = below.filter_map(|rest| rest.split('/').next()).collect();
        let last = wanted.rsplit('/').next().unwrap_or_default();
        nearest(last, names.iter().copied()).map(|name| path::join(directory, name))
    }
}

impl EntryKind {
    fn of(mode: &str) -> Self {
        match mode {
            "120000" => Self::Link,
            "160000" => Self::Submodule,
            _ => Self::File,
        }
    }
}

/// Whether a path stays below its root, and out of the data of git.
fn is_plain(file: &str) -> bool {
    let is_name = |part| matches!(part, Component::Normal(name) if !name.eq_ignore_ascii_case(".git"));
    Path::new(file).components().all(is_name)
}

/// The directories above a file.
fn directories(file: &str) -> impl Iterator<Item = &str> {
    file.match_indices('/').map(|(at, _)| &file[..at])
}

/// Whether a file is at a path, or below it. The empty path is the root.
pub fn is_below(file: &str, path: &str) -> bool {
    path.is_empty() || file == path || file.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
}

/// The targets of the links of a revision, by the paths of the links.
pub type Links = BTreeMap<String, String>;

/// The path that links lead to, which need not exist. `None` if they lead out of the repository, or in a circle.
pub fn resolve(links: &Links, path: &str) -> Option<String> {
    let mut rest: Vec<&str> = path.split('/').rev().collect();
    let mut resolved: Vec<&str> = Vec::new();
    let mut followed = 0;
    while let Some(part) = rest.pop() {
        match part {
            "" | "." => {}
            ".." => drop(resolved.pop()?),
            name => {
                resolved.push(name);
                if let Some(target) = links.get(&resolved.join("/")) {
                    followed += 1;
                    if followed > MOST_LINKS || target.starts_with('/') {
                        return None;
                    }
                    resolved.pop();
                    rest.extend(target.split('/').rev());
                }
            }
        }
    }
    Some(resolved.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = "7598a35d799831b99110e25e0c989e1c593fc6e5";

    fn tree(paths: &[&str]) -> Tree {
        let listed: String = paths.iter().map(|path| format!("100644 blob {OBJECT}\t{path}\0")).collect();
        Tree::parse(listed.as_bytes())
    }

    #[test]
    fn trees_and_the_index_are_read() {
        let listed = format!(
            "100644 blob {OBJECT}\ta/b c.yaml\0120000 blob {OBJECT}\tlink\0160000 commit {OBJECT}\tmodule\0\
             100755 {OBJECT} 0\tindexed.yaml\0100644 {OBJECT} 1\tu.yaml\0100644 {OBJECT} 2\tu.yaml\0"
        );
        let tree = Tree::parse(listed.as_bytes());
        let kinds: Vec<_> = tree.entries.iter().map(|(file, entry)| (file.as_str(), entry.kind)).collect();
        assert_eq!(
            kinds,
            [
                ("a/b c.yaml", EntryKind::File),
                ("indexed.yaml", EntryKind::File),
                ("link", EntryKind::Link),
                ("module", EntryKind::Submodule)
            ]
        );
        assert_eq!(tree.gaps, ["`u.yaml` has conflicts, and is not read"]);
        assert!(tree.has("a") && tree.has("") && tree.has("link") && !tree.has("lin"));
    }

    #[test]
    fn no_path_leads_out_of_the_repository() {
        let tree = tree(&["../x.yaml", "a/../../x", "/etc/x", ".git/config", "b/.GIT/x", "f", "f/x.yaml", "ok.yaml"]);
        assert_eq!(tree.entries.keys().collect::<Vec<_>>(), ["f", "ok.yaml"]);
        assert_eq!(tree.gaps.len(), 6, "{:?}", tree.gaps);
    }

    #[test]
    fn links_are_followed_inside_the_repository() {
        let links: Links = [
            ("a/b/c/top", "../../../t"),
            ("a/b/c/out", "top/../../e"),
            ("shared", "a/b"),
            ("again", "./shared/x.yaml"),
            ("etc", "/etc"),
            ("round", "about"),
            ("about", "round"),
        ]
        .map(|(link, target)| (link.to_owned(), target.to_owned()))
        .into();
        assert_eq!(resolve(&links, "again").as_deref(), Some("a/b/x.yaml"));
        assert_eq!(resolve(&links, "a/b/c/top").as_deref(), Some("t"));
        // By its text it would be `a/b/e`.
        assert_eq!(resolve(&links, "a/b/c/out"), None);
        assert_eq!(resolve(&links, "etc"), None);
        assert_eq!(resolve(&links, "round"), None);
    }

    #[test]
    fn a_missing_path_has_a_near_one() {
        let tree = tree(&["manifests/reviews.yaml", "docs/a.md"]);
        assert_eq!(tree.nearest("manifest").as_deref(), Some("manifests"));
        assert_eq!(tree.nearest("manifests/review.yaml").as_deref(), Some("manifests/reviews.yaml"));
        assert_eq!(tree.nearest("elsewhere"), None);
    }
}
