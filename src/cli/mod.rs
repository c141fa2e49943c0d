//! The command line. Only this module uses the terminal, the environment, other programs and exit statuses.

#![allow(clippy::disallowed_methods, reason = "only this module may call them")]

mod args;
mod check;
mod diff;
mod emptiness;
mod exclusions;
mod exit;
mod explain;
mod files;
mod git;
mod guard;
mod helm;
mod init;
mod inputs;
mod lint;
mod meshes;
mod output;
mod program;
mod project;
mod reach;
mod rules;
mod selection;
mod shell;
mod simulate;
mod terminal;
mod test;

pub use shell::command;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            // clap reports `--help` and `--version` as errors, too.
            return ExitCode::from(if error.use_stderr() { exit::FAILED } else { exit::DONE });
        }
    };
    let status = match &args.command {
        Command::Lint(lint) => lint::run(&args.common, lint),
        Command::Simulate(simulate) => simulate::run(&args.common, simulate),
        Command::Diff(diff) => diff::run(&args.common, diff),
        Command::Reach(reach) => reach::run(&args.common, reach),
        Command::Check(check) => check::run(&args.common, check),
        Command::Test(test) => test::run(&args.common, test),
        Command::Meshes(meshes) => meshes::run(&args.common, meshes),
        Command::Init(init) => init::run(&args.common, init),
        Command::Rules(rules) => rules::run(&args.common, rules),
        Command::Explain(explain) => explain::run(&args.common, explain),
        Command::Completions(completions) => shell::completions(completions),
        Command::Man(man) => shell::man(man),
    };
    ExitCode::from(status.unwrap_or_else(|error| {
        terminal::say(&args.common, terminal::Tone::Error, &error);
        exit::FAILED
    }))
}
