//! `mesh diff`
//!
//! - `args`: its options.
//! - `pairs`: which meshes of both sides belong together.

pub mod args;
mod pairs;

use std::time::{SystemTime, UNIX_EPOCH};

use rayon::prelude::*;

use self::args::{Diff, DiffFormat};
use super::args::Common;
use super::project::Project;
use super::{exit, terminal};
use crate::layout::Mesh;
use crate::simulate::Simulator;
use crate::world::World;
use crate::{proof, report};

/// Compares two versions of manifests and prints which requests they treat differently.
pub fn run(common: &Common, args: &Diff) -> Result<u8, String> {
    let old = open(common, args, &args.old)?;
    let new = open(common, args, &args.new)?;
    let (before, after) = (old.worlds(None), new.worlds(None));
    let diff = compare((&args.old, &before), (&args.new, &after));
    terminal::write(|out| match args.format {
        DiffFormat::Text => report::text::diff(&diff, args.curl, &terminal::style(common), out),
        DiffFormat::Json => report::json::diff(&diff, out),
        DiffFormat::Markdown => report::markdown::diff(&diff, args.curl, out),
    })?;
    let is_same = diff.changes.is_empty() && diff.settings.is_empty() && diff.incomplete.is_empty();
    let status = match args.exit_code && !is_same {
        _ if old.failed() || new.failed() => exit::FAILED,
        true => exit::FOUND,
        false => exit::DONE,
    };
    // The process ends here; see `lint`.
    std::mem::forget((before, after, diff));
    std::mem::forget((old, new));
    Ok(status)
}

/// Reads one side.
fn open(common: &Common, args: &Diff, path: &std::path::Path) -> Result<Project, String> {
    let project = Project::open(common, &[path.to_owned()], None, &args.input)?;
    project.say_gaps(common);
    match &project.emptiness {
        Some(reason) => Err(format!("{}: {reason}", path.display())),
        None => Ok(project),
    }
}

/// A side: the argument, and its meshes.
type Side<'s, 'a> = (&'s std::path::Path, &'a [(&'a Mesh, World<'a>)]);

/// Compares the meshes of both sides.
fn compare<'a>((old, before): Side<'_, 'a>, (new, after): Side<'_, 'a>) -> proof::diff::Diff {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let names = |root, worlds: &[(&Mesh, World<'_>)]| -> Vec<String> {
        worlds.iter().map(|(mesh, _)| pairs::relative(root, &mesh.name)).collect()
    };
    let pairs = pairs::Pairs::of(&names(old, before), &names(new, after));
    let compare = |(name, old, new): &(String, usize, usize)| {
        let simulator = |world: &'a World<'a>| Simulator::new(world).at(time);
        let (old, new) = (simulator(&before[*old].1), simulator(&after[*new].1));
        (name.clone(), proof::diff::Diff::of(&old, &new))
    };
    let mut diff = proof::diff::Diff::of_meshes(pairs.both.par_iter().map(compare).collect());
    (diff.meshes.appeared, diff.meshes.vanished) = (pairs.appeared, pairs.vanished);
    diff
}
