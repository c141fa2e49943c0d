//! `mesh test`
//!
//! - `args`: its options.
//! - `files`: the files of cases.
//! - `watch`: waits until files change.

pub mod args;
mod files;
mod watch;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use self::args::{Output, Test, TestFormat};
use super::args::Common;
use super::exit;
use super::project::Project;
use super::terminal::{self, Tone};
use crate::cases::{self, CaseResult, Coverage, Generated, Meshes};
use crate::config;
use crate::report;
use crate::simulate::Simulators;
use crate::world::World;

/// Runs cases, or writes some.
pub fn run(common: &Common, args: &Test) -> Result<u8, String> {
    let outputs = Output::all(args.format, &args.output, TestFormat::Text)?;
    if !args.watch {
        return run_once(common, (args, &outputs), &mut BTreeSet::new());
    }
    if args.file.iter().any(|path| path.as_os_str() == "-") {
        return Err("`--watch` needs files: standard input can be read only once".to_owned());
    }
    let mut watched = BTreeSet::new();
    loop {
        terminal::clear()?;
        let start = SystemTime::now();
        let status = run_once(common, (args, &outputs), &mut watched).unwrap_or_else(|error| {
            terminal::say(common, Tone::Error, &error);
            exit::FAILED
        });
        let verdict = if status == exit::DONE { "passed" } else { "failed" };
        terminal::write(|out| writeln!(out, "\n{verdict}; waiting for changes\n"))?;
        let paths: Vec<PathBuf> = watched.iter().cloned().collect();
        let state = watch::State::of(&paths);
        if !state.has_changed_since(start) {
            state.wait(&paths);
        }
    }
}

/// Runs the cases once. `watched` gets the paths on which the result depends.
fn run_once(
    common: &Common,
    (args, outputs): (&Test, &[Output]),
    watched: &mut BTreeSet<PathBuf>,
) -> Result<u8, String> {
    let here = std::env::current_dir().unwrap_or_default();
    watched.extend(args.cases.iter().chain(&args.file).chain(&common.config).cloned().chain(config::discover(&here)));
    let project = Project::open(common, &args.file, None, &args.input)?;
    watched.extend(project.paths(&args.file));
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
        generate(common, &meshes, file.as_deref())?;
        return Ok(if project.failed() { exit::FAILED } else { exit::DONE });
    }
    let paths = match (args.cases.as_slice(), project.test_files()) {
        ([], listed) if listed.is_empty() => files::usual(),
        ([], listed) => listed,
        (named, _) => named.to_vec(),
    };
    if paths.is_empty() {
        return Err(
            "no cases: name files of them, list them as `tests` in the configuration, or end their names with \
                    `_test.yaml`"
                .to_owned(),
        );
    }
    watched.extend(paths.iter().cloned());
    let all = match files::read_all(common, &paths) {
        Ok(all) => all,
        Err(errors) => {
            errors.iter().for_each(|error| terminal::say(common, Tone::Error, error));
            return Ok(exit::FAILED);
        }
    };
    let mut coverage = Coverage::new(worlds.iter().map(|(_, world)| -> &World<'_> { world }));
    let results: Vec<CaseResult<'_>> = all.iter().map(|case| meshes.run(case, &mut coverage)).collect();
    for output in outputs {
        output.write(common, |style, out| match output.format {
            TestFormat::Text => report::text::test(&results, &coverage, args.quiet, style, out),
            TestFormat::Json => report::json::test(&results, &coverage, out),
            TestFormat::Junit => report::junit::test(&results, out),
        })?;
    }
    let is_low = args.fail_under.filter(|least| coverage.percent() < f64::from(*least));
    if let Some(least) = is_low {
        let percent = coverage.percent();
        terminal::say(common, Tone::Error, &format!("the cases reach {percent:.1}% of the routes, less than {least}%"));
    }
    let has_failures = results.iter().any(|result| !result.failures.is_empty());
    Ok(match has_failures || is_low.is_some() {
        _ if project.failed() => exit::FAILED,
        true => exit::FOUND,
        false => exit::DONE,
    })
}

/// Writes cases to a file, or to standard output.
fn generate(common: &Common, meshes: &Meshes<'_, '_>, file: Option<&Path>) -> Result<(), String> {
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
        None => terminal::write(|out| out.write_all(text.as_bytes())),
        Some(file) => super::files::replace(file, text.as_bytes())
            .map_err(|error| format!("cannot write `{}`: {error}", file.display())),
    }
}
