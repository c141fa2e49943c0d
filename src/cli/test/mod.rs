//! `mesh test`
//!
//! - `args`: its options.
//! - `files`: the files of cases.
//! - `watch`: waits until files change.

pub mod args;
mod files;
mod watch;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use self::args::{Test, TestFormat};
use super::args::Common;
use super::exit;
use super::project::Project;
use super::terminal::{self, Tone};
use crate::cases::{self, CaseResult, Coverage, Generated, Meshes};
use crate::report;
use crate::simulate::Simulators;
use crate::world::World;

/// Runs cases, or writes some.
pub fn run(common: &Common, args: &Test) -> Result<u8, String> {
    if !args.watch {
        return run_once(common, args).map(|ran| ran.status);
    }
    loop {
        let (status, watched) = match run_once(common, args) {
            Ok(ran) => (ran.status, ran.paths),
            Err(error) => {
                terminal::say(common, Tone::Error, &error);
                (exit::FAILED, [&args.cases[..], &args.file[..]].concat())
            }
        };
        let watched = if watched.is_empty() { vec![PathBuf::from(".")] } else { watched };
        let before = watch::State::of(&watched);
        let verdict = if status == exit::DONE { "passed" } else { "failed" };
        terminal::write(|out| writeln!(out, "\n{verdict}; waiting for changes\n"))?;
        before.wait(&watched);
    }
}

/// The result of a run, and the files on which it depends.
struct Ran {
    status: u8,
    paths: Vec<PathBuf>,
}

fn run_once(common: &Common, args: &Test) -> Result<Ran, String> {
    let project = Project::open(common, &args.file, None, &args.input)?;
    project.say_gaps(common);
    if let Some(reason) = &project.emptiness {
        return Err(reason.clone());
    }
    let worlds = project.worlds(None);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let named = worlds.iter().map(|(mesh, world)| (mesh.name.as_str(), world));
    let simulators = Simulators::new(named, time);
    let meshes =
        Meshes { worlds: &worlds, simulators: &simulators, describe: &|answer| report::json::answer_value(answer) };
    if let Some(file) = &args.generate {
        let status = generate(common, &meshes, file.as_deref())?;
        return Ok(Ran { status: if project.failed() { exit::FAILED } else { status }, paths: Vec::new() });
    }
    let paths = match args.cases.as_slice() {
        [] => project.test_files(),
        named => named.to_vec(),
    };
    if paths.is_empty() {
        return Err("no cases: name files of them, or list them as `tests` in the configuration".to_owned());
    }
    let watched = [&paths[..], &args.file[..]].concat();
    let all = match files::read_all(common, &paths) {
        Ok(all) => all,
        Err(errors) => {
            errors.iter().for_each(|error| terminal::say(common, Tone::Error, error));
            return Ok(Ran { status: exit::FAILED, paths: watched });
        }
    };
    let mut coverage = Coverage::new(worlds.iter().map(|(_, world)| -> &World<'_> { world }));
    let results: Vec<CaseResult<'_>> = all.iter().map(|case| meshes.run(case, &mut coverage)).collect();
    terminal::write(|out| match args.format {
        TestFormat::Text => report::text::test(&results, &coverage, args.quiet, &terminal::style(common), out),
        TestFormat::Json => report::json::test(&results, &coverage, out),
        TestFormat::Junit => report::junit::test(&results, out),
    })?;
    let is_low = args.fail_under.filter(|least| coverage.percent() < f64::from(*least));
    if let Some(least) = is_low {
        let percent = coverage.percent();
        terminal::say(common, Tone::Error, &format!("the cases reach {percent:.1}% of the routes, less than {least}%"));
    }
    let has_failures = results.iter().any(|result| !result.failures.is_empty());
    let status = match has_failures || is_low.is_some() {
        _ if project.failed() => exit::FAILED,
        true => exit::FOUND,
        false => exit::DONE,
    };
    Ok(Ran { status, paths: watched })
}

/// Writes cases to a file, or to standard output.
fn generate(common: &Common, meshes: &Meshes<'_, '_>, file: Option<&Path>) -> Result<u8, String> {
    const MOST: usize = 5;
    let Generated { text, cases, undecided } = cases::generate(meshes, &report::json::request_value);
    for reason in undecided.iter().take(MOST) {
        terminal::say(common, Tone::Warning, &format!("other routes may take requests: {reason}"));
    }
    if undecided.len() > MOST {
        terminal::say(
            common,
            Tone::Warning,
            &format!("{} more reasons why routes may be left out", undecided.len() - MOST),
        );
    }
    if cases == 0 {
        terminal::say(common, Tone::Warning, "no route takes requests: there is nothing to write cases for");
    }
    match file {
        None => terminal::write(|out| out.write_all(text.as_bytes()))?,
        Some(file) => {
            std::fs::write(file, text).map_err(|error| format!("cannot write `{}`: {error}", file.display()))?
        }
    }
    Ok(exit::DONE)
}
