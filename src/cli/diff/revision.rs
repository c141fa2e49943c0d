//! The files of a git revision, which git gives without a checkout.
//!
//! They are copied to a temporary directory, so that all that reads files on disk reads those of a revision as well.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tempfile::TempDir;

use super::named::Named;
use super::tree::{Entry, EntryKind, Links, Tree, is_below, resolve};
use crate::cli::git::{self, Contents};

/// The largest file in bytes that is copied although it is not a manifest below the path. Kustomize and Helm copy files to
/// ConfigMaps and Secrets, which are smaller.
const LARGEST_OTHER: usize = 4 << 20;

/// The files of a revision.
#[derive(Debug)]
pub struct Revision {
    directory: TempDir,
    /// The place of the working directory in the repository.
    pub place: PathBuf,
    /// The path that the argument names.
    pub path: PathBuf,
    /// Warnings about files that were not copied.
    pub gaps: Vec<String>,
}

impl Revision {
    /// The directory that stands for the root of the repository.
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// Copies the files that a revision has at a path, and those beside it that its manifests may name.
    ///
    /// # Errors
    ///
    /// If git is not installed, or knows neither the repository, the revision nor the path.
    pub fn copy(named: &Named) -> Result<Self, String> {
        Self::try_copy(named).map_err(|reason| format!("cannot read `{named}`: {reason}"))
    }

    fn try_copy(named: &Named) -> Result<Self, String> {
        let place = git::ask_line(&["rev-parse", "--show-prefix"])?.trim_end_matches('/').to_owned();
        let tree = named.tree()?;
        let links = links(&tree)?;
        let wanted = named.wanted(&place);
        let exists = tree.has(&wanted) || resolve(&links, &wanted).is_some_and(|path| tree.has(&path));
        if !exists {
            return Err(named.missing(&tree, &wanted));
        }
        let directory = TempDir::with_prefix("mesh-").map_err(|error| error.to_string())?;
        // Ignore files apply up to the root of a repository.
        fs::create_dir(directory.path().join(".git")).map_err(|error| error.to_string())?;
        let path = if wanted.is_empty() { PathBuf::from(".") } else { PathBuf::from(&wanted) };
        let mut revision = Self { directory, place: place.into(), path, gaps: Vec::new() };
        revision.write(&tree, &links, &wanted)?;
        let gaps = revision.gaps.iter().chain(&tree.gaps);
        revision.gaps = gaps.map(|gap| format!("{}: {gap}", named.prefix().trim_end_matches(':'))).collect();
        Ok(revision)
    }

    fn write(&mut self, tree: &Tree, links: &Links, wanted: &str) -> Result<(), String> {
        // Links of the path, and the path itself, may lead to files of any name.
        let linked: Vec<String> = links
            .keys()
            .filter(|link| is_below(link, wanted) || is_below(wanted, link))
            .filter_map(|link| resolve(links, link))
            .collect();
        let is_wanted = |file: &str| is_below(file, wanted) || linked.iter().any(|path| is_below(file, path));
        let modules = tree.of_kind(EntryKind::Submodule).filter(|(file, _)| is_wanted(file));
        self.gaps.extend(modules.map(|(file, _)| format!("`{file}` is a submodule, which is not read")));
        let files = tree.of_kind(EntryKind::File).filter(|(file, _)| is_wanted(file) || may_be_named(file));
        self.write_files(files.collect(), &is_wanted)?;
        // Files come first, so that none is written through a link.
        for (link, target) in links {
            let place = self.root().join(link);
            let gap = match resolve(links, link) {
                None => Some(format!("`{link}` is a link that leads out of the repository, or in a circle")),
                Some(_) => {
                    make_link(target, &place).err().map(|error| format!("the link `{link}` is not read: {error}"))
                }
            };
            self.gaps.extend(gap.filter(|_| is_wanted(link)));
        }
        Ok(())
    }

    fn write_files(
        &mut self,
        files: Vec<(&String, &Entry)>,
        is_wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<(), String> {
        let sizes = git::sizes(files.iter().map(|(_, entry)| entry.object.as_str()))?;
        let mut chosen: Vec<(&String, &Entry)> = Vec::new();
        for ((file, entry), size) in files.into_iter().zip(sizes) {
            let Some(size) = size else { return Err(format!("git does not have the content of `{file}`")) };
            if size <= LARGEST_OTHER || (is_wanted(file) && is_manifest(file)) {
                chosen.push((file, entry));
            }
        }
        let contents = Contents::read(chosen.iter().map(|(_, entry)| entry.object.as_str()))?;
        let root = self.directory.path();
        let write = |((file, _), content): ((&String, &Entry), &[u8])| -> Result<Option<String>, String> {
            let place = root.join(file);
            let written = place.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&place, content));
            written.map_err(|error| format!("cannot copy `{file}`: {error}"))?;
            let is_pointer = content.starts_with(b"version https://git-lfs.github.com/spec/");
            let is_missed = is_pointer && is_wanted(file) && is_manifest(file);
            Ok(is_missed.then(|| format!("`{file}` is stored by Git LFS, which is not read")))
        };
        let gaps: Vec<Option<String>> =
            chosen.into_par_iter().zip(contents.slices()).map(write).collect::<Result<_, _>>()?;
        self.gaps.extend(gaps.into_iter().flatten());
        Ok(())
    }
}

/// The targets of all links of a revision.
fn links(tree: &Tree) -> Result<Links, String> {
    let links: Vec<(&String, &Entry)> = tree.of_kind(EntryKind::Link).collect();
    let contents = Contents::read(links.iter().map(|(_, entry)| entry.object.as_str()))?;
    let targets = contents.slices().into_iter().map(|target| String::from_utf8_lossy(target).into_owned());
    Ok(links.into_iter().map(|(link, _)| link.clone()).zip(targets).collect::<BTreeMap<_, _>>())
}

fn is_manifest(file: &str) -> bool {
    [".yaml", ".yml", ".json"].iter().any(|extension| file.ends_with(extension))
}

/// Whether manifests elsewhere may name a file, or its settings may apply to them.
fn may_be_named(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or_default();
    let extensions = [".env", ".properties", ".conf", ".tpl", ".txt"];
    is_manifest(file)
        || ["Kustomization", ".gitignore", ".ignore", ".helmignore"].contains(&name)
        || extensions.iter().any(|extension| name.ends_with(extension))
}

#[cfg(unix)]
fn make_link(target: &str, place: &Path) -> std::io::Result<()> {
    place.parent().map_or(Ok(()), fs::create_dir_all)?;
    std::os::unix::fs::symlink(target, place)
}

#[cfg(not(unix))]
fn make_link(_: &str, _: &Path) -> std::io::Result<()> {
    Err(std::io::Error::other("links are not copied on this system"))
}
