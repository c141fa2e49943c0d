//! `mesh diff`
//!
//! - `args`: its options.
//! - `pairs`: which meshes of both sides belong together.
//! - `named`: the git revisions that arguments name.
//! - `revision`: the files of a revision, `tree`: their paths, `git`: the program that knows them.

pub mod args;
mod git;
mod named;
mod pairs;
mod revision;
mod tree;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rayon::prelude::*;

use self::args::{Diff, DiffFormat};
use self::named::Named;
use self::pairs::Pairs;
use self::revision::Revision;
use super::args::Common;
use super::exit;
use super::project::{Project, Root};
use super::terminal::{self, Tone};
use crate::layout::Mesh;
use crate::lint::{self, FindingChanges};
use crate::proof;
use crate::report::text::Texts;
use crate::report::{self, Comparison};
use crate::simulate::Simulator;
use crate::world::World;

/// Compares two versions of manifests and prints which requests they treat differently.
pub fn run(common: &Common, args: &Diff) -> Result<u8, String> {
    let old = Side::open(common, args, &args.old)?;
    let new = Side::open(common, args, &args.new)?;
    let (before, after) = (old.project.worlds(None), new.project.worlds(None));
    let mut diff = compare((&old, &before), (&new, &after));
    diff.prefixes = [old.prefix.clone(), new.prefix.clone()];
    let reports = [lint::run_meshes(&before, &old.project.levels()?), lint::run_meshes(&after, &new.project.levels()?)];
    let [old_sources, new_sources] = [&old, &new].map(|side| &*side.project.manifests.sources);
    let findings = FindingChanges::between((&reports[0], old_sources), (&reports[1], new_sources));
    let texts = args.text.then(|| (old.texts(), new.texts()));
    let comparison = Comparison { diff: &diff, findings: &findings, texts, with_curl: args.curl };
    terminal::write(|out| match args.format {
        DiffFormat::Text => report::text::diff(&comparison, &terminal::style(common), out),
        DiffFormat::Json => report::json::diff(&comparison, out),
        DiffFormat::Markdown => report::markdown::diff(&comparison, out),
    })?;
    let is_same = diff.changes.is_empty() && diff.settings.is_empty() && diff.incomplete.is_empty();
    let status = match args.exit_code && !is_same {
        _ if old.project.failed() || new.project.failed() => exit::FAILED,
        true => exit::FOUND,
        false => exit::DONE,
    };
    // The process ends here; see `lint`.
    drop(comparison);
    std::mem::forget((before, after, diff, reports));
    std::mem::forget((old.project, new.project));
    Ok(status)
}

/// One version of the manifests.
struct Side {
    project: Project,
    /// The path below which the names of meshes are compared.
    path: PathBuf,
    /// The prefix of paths in output; empty for files on disk.
    prefix: String,
}

impl Side {
    /// Reads the files of an argument: a path on disk, or one of a git revision.
    fn open(common: &Common, args: &Diff, argument: &Path) -> Result<Self, String> {
        let side = match Named::parse(argument) {
            Some(named) => {
                let revision = Revision::copy(&named)?;
                revision.gaps.iter().for_each(|gap| terminal::say(common, Tone::Warning, gap));
                let root = Root { directory: revision.root().to_owned(), prefix: named.prefix() };
                let place = (revision.place.as_path(), revision.path.as_path());
                let project = Project::open_below(common, root, place, &args.input)?;
                Self { project, path: revision.path.clone(), prefix: named.prefix() }
            }
            None => {
                if let Some(hint) = Named::hint(argument) {
                    return Err(hint);
                }
                let project = Project::open(common, &[argument.to_owned()], None, &args.input)?;
                Self { project, path: argument.to_owned(), prefix: String::new() }
            }
        };
        side.project.say_gaps(common);
        match &side.project.emptiness {
            Some(reason) => Err(format!("{}: {reason}", argument.display())),
            None => Ok(side),
        }
    }
}

impl Side {
    /// The texts of the files, by their paths below the argument. What Helm renders is not a file.
    fn texts(&self) -> Texts<'_> {
        let manifests = &self.project.manifests;
        let files = manifests.sources.iter().filter(|(file, _)| manifests.release_of(*file).is_none());
        files.map(|(_, file)| (pairs::relative(&self.path, file.path()), file.text())).collect()
    }
}

/// The meshes of a side.
type Worlds<'a> = [(&'a Mesh, World<'a>)];

/// Compares the meshes of both sides.
fn compare<'a>((old, before): (&Side, &'a Worlds<'a>), (new, after): (&Side, &'a Worlds<'a>)) -> proof::diff::Diff {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let names = |side: &Side, worlds: &Worlds<'_>| -> Vec<String> {
        worlds.iter().map(|(mesh, _)| pairs::relative(&side.path, &mesh.name)).collect()
    };
    let pairs = Pairs::of(&names(old, before), &names(new, after));
    let compare = |(name, old, new): &(String, usize, usize)| {
        let simulator = |world: &'a World<'a>| Simulator::new(world).at(time);
        let (old, new) = (simulator(&before[*old].1), simulator(&after[*new].1));
        (name.clone(), proof::diff::Diff::of(&old, &new))
    };
    let mut diff = proof::diff::Diff::of_meshes(pairs.both.par_iter().map(compare).collect());
    (diff.meshes.appeared, diff.meshes.vanished) = (pairs.appeared, pairs.vanished);
    diff
}
