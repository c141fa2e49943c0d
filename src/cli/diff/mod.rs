//! `mesh diff`

pub mod args;

use std::time::{SystemTime, UNIX_EPOCH};

use self::args::Diff;
use super::args::{Common, Format};
use super::project::Project;
use super::{exit, terminal};
use crate::{proof, report};
use crate::simulate::Simulator;

/// Compares two versions of manifests and prints which requests they treat differently.
pub fn run(common: &Common, args: &Diff) -> Result<u8, String> {
    let old = Project::open(common, std::slice::from_ref(&args.old), None, &args.input)?;
    let new = Project::open(common, std::slice::from_ref(&args.new), None, &args.input)?;
    let (old_worlds, new_worlds) = (old.worlds(None), new.worlds(None));
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let (before, after) = (Simulator::new(&old_worlds[0].1).at(time), Simulator::new(&new_worlds[0].1).at(time));
    let diff = proof::diff::Diff::of(&before, &after);
    terminal::write(|out| match args.format {
        Format::Text | Format::Json => report::json::diff(&diff, out),
    })?;
    let is_same = diff.changes.is_empty() && diff.settings.is_empty();
    Ok(if args.exit_code && !is_same { exit::FOUND } else { exit::DONE })
}
