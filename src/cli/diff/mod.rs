//! `mesh diff`
//!
//! - `args`: its options.
//! - `pairs`: which meshes of both sides belong together.
//! - `named`: the git revisions that arguments name.
//! - `revision`: the files of a revision, `tree`: their paths.

pub mod args;
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
use crate::lint::{self, FindingChanges, Linted, Reporting};
use crate::proof;
use crate::report::text::{Text, Texts};
use crate::report::{self, Comparison};
use crate::simulate::Simulator;
use crate::world::World;

/// Compares two versions of manifests and prints which requests they treat differently.
pub fn run(common: &Common, args: &Diff) -> Result<u8, String> {
    let old = Side::open(common, args, &args.old)?;
    let new = Side::open(common, args, &args.new)?;
    let (before, after) = (old.project.worlds(None), new.project.worlds(None));
    let names = [old.names(&before), new.names(&after)];
    let pairs = Pairs::of(&names[0], &names[1]);
    let meshes = pairs.common_names(names);
    let reporting = [old.reporting()?, new.reporting()?];
    let lint = || [lint::run_meshes(&before, &reporting[0]), lint::run_meshes(&after, &reporting[1])];
    let (mut diff, reports) = rayon::join(|| compare(&before, &after, pairs), lint);
    diff.prefixes = [old.prefix.clone(), new.prefix.clone()];
    let [one, other] = [(&old, 0), (&new, 1)].map(|(side, index)| Linted {
        report: &reports[index],
        sources: &side.project.manifests.sources,
        meshes: &meshes[index],
    });
    let findings = FindingChanges::between(one, other);
    let texts = args.text.then(|| (old.texts(), new.texts()));
    let comparison = Comparison { diff: &diff, findings: &findings, texts, with_curl: args.curl };
    terminal::write(|out| match args.format {
        DiffFormat::Text => report::text::diff(&comparison, &terminal::style(common), out),
        DiffFormat::Json => report::json::diff(&comparison, out),
        DiffFormat::Markdown => report::markdown::diff(&comparison, out),
    })?;
    let status = match args.exit_code && !diff.is_proof_of_equivalence() {
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
    /// The findings that the configuration of this side reports. Mistakes in it are not findings of the manifests.
    fn reporting(&self) -> Result<Reporting, String> {
        Ok(self.project.reporting(&[])?.0.without_mistakes())
    }

    /// The names of meshes below the argument.
    fn names(&self, worlds: &Worlds<'_>) -> Vec<(String, String)> {
        worlds.iter().map(|(mesh, _)| (mesh.name.clone(), pairs::relative(&self.path, &mesh.name))).collect()
    }

    /// The texts of the files, by their paths from the argument. What Helm renders is not a file.
    fn texts(&self) -> Texts<'_> {
        let manifests = &self.project.manifests;
        let files = manifests.sources.iter().filter(|(file, _)| manifests.release_of(*file).is_none());
        files.map(|(_, file)| (pairs::path_from(&self.path, file.path()), Text::of(file))).collect()
    }
}

/// The meshes of a side.
type Worlds<'a> = [(&'a Mesh, World<'a>)];

/// Compares the meshes of both sides.
fn compare<'a>(before: &'a Worlds<'a>, after: &'a Worlds<'a>, pairs: Pairs) -> proof::diff::Diff {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let compare = |(name, old, new): &(String, usize, usize)| {
        let simulator = |world: &'a World<'a>| Simulator::new(world).at(time);
        let (old, new) = (simulator(&before[*old].1), simulator(&after[*new].1));
        (name.clone(), proof::diff::Diff::of(&old, &new))
    };
    let mut diff = proof::diff::Diff::of_meshes(pairs.both.par_iter().map(compare).collect());
    (diff.meshes.appeared, diff.meshes.vanished) = (pairs.appeared, pairs.vanished);
    diff
}
