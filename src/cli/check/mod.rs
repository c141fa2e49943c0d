//! `mesh check`
//!
//! - `args`: its options.
//! - `files`: the files of invariants.

pub mod args;
mod files;

use std::time::{SystemTime, UNIX_EPOCH};

use rayon::prelude::*;

use self::args::Check;
use self::files::Files;
use super::args::{Common, Format};
use super::exit;
use super::project::Project;
use super::terminal::{self, Tone};
use crate::proof::check::{Checked, Resolved, Verdict};
use crate::proof::fields::FileMistake;
use crate::report;
use crate::simulate::Simulator;
use crate::world::World;

/// Verifies invariants in each mesh, and prints the verdicts.
pub fn run(common: &Common, args: &Check) -> Result<u8, String> {
    let project = Project::open(common, &args.file, None, &args.input)?;
    project.say_gaps(common);
    if let Some(reason) = &project.emptiness {
        return Err(reason.clone());
    }
    let files = match Files::read(&args.invariants, &project.invariant_files()) {
        Ok(files) => files,
        Err(errors) => return Ok(say_errors(common, &errors)),
    };
    let worlds = project.worlds(None);
    let all: Vec<&World<'_>> = worlds.iter().map(|(_, world)| world).collect();
    let (mut resolved, mut errors) = (Vec::new(), Vec::new());
    for invariant in &files.invariants {
        match Resolved::new(invariant, &all, &files.sources) {
            Ok(one) => resolved.push(one),
            Err(found) => errors.extend(found.iter().map(FileMistake::to_string)),
        }
    }
    if !errors.is_empty() {
        return Ok(say_errors(common, &errors));
    }
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let simulators: Vec<(String, Simulator<'_>)> =
        worlds.iter().map(|(mesh, world)| (mesh.name.clone(), Simulator::new(world).at(time))).collect();
    let checked: Vec<Checked<'_>> = resolved.par_iter().flat_map_iter(|it| it.check_all(&simulators)).collect();
    terminal::write(|out| match args.format {
        Format::Text => report::text::check(&checked, args.curl, &terminal::style(common), out),
        Format::Json => report::json::check(&checked, out),
    })?;
    let fails = |it: &Checked<'_>| match it.verdict {
        Verdict::Holds => false,
        Verdict::Violated(_) => true,
        Verdict::Undecided(_) => args.strict,
    };
    Ok(match checked.iter().any(fails) {
        _ if project.failed() => exit::FAILED,
        true => exit::FOUND,
        false => exit::DONE,
    })
}

/// Reports errors, each on a line.
fn say_errors(common: &Common, errors: &[String]) -> u8 {
    errors.iter().for_each(|error| terminal::say(common, Tone::Error, error));
    exit::FAILED
}
