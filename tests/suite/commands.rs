//! `docs/commands.md`, completions and manual pages: all are made from the options of the program.

#![allow(clippy::disallowed_methods, reason = "tests read and write files")]

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

use clap::{Arg, Command};

use super::mesh::mesh;

/// The page with all commands and options.
fn page() -> String {
    let mut root = mesh::cli::command();
    root.build();
    let mut text =
        "# Commands\n\nThis page is made from the options of the program; `mesh help COMMAND` shows the same.\n"
            .to_owned();
    let commands: Vec<&Command> = root.get_subcommands().filter(|it| it.get_name() != "help").collect();
    text.push_str("\n| command | meaning |\n| --- | --- |\n");
    for command in &commands {
        let name = command.get_name();
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(text, "| [`mesh {name}`](#mesh-{name}) | {} |", cell(&about));
    }
    let is_global = |arg: &&Arg| arg.is_global_set();
    text.push_str("\nOptions of all commands:\n");
    push_table(&mut text, root.get_arguments().filter(is_global));
    for command in commands {
        let _ = write!(text, "\n## mesh {}\n\n", command.get_name());
        let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(text, "{about}.");
        push_table(&mut text, command.get_arguments().filter(|arg| !arg.is_global_set() && arg.get_id() != "help"));
    }
    text
}

fn push_table<'a>(text: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    let arguments: Vec<&Arg> = arguments.filter(|arg| !["help", "version"].contains(&arg.get_id().as_str())).collect();
    if arguments.is_empty() {
        return;
    }
    text.push_str("\n| option | meaning |\n| --- | --- |\n");
    for argument in arguments {
        let help = argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
        let values = argument.get_possible_values();
        let values: Vec<String> =
            values.iter().filter(|it| !it.is_hide_set()).map(|it| format!("`{}`", it.get_name())).collect();
        let takes_values = argument.get_action().takes_values() && !values.is_empty();
        let values = if takes_values { format!(": {}", values.join(", ")) } else { String::new() };
        let _ = writeln!(text, "| `{}` | {}{values} |", argument.to_string().replace('|', "\\|"), cell(&help));
    }
}

fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

#[test]
fn the_page_of_commands_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
    let page = page();
    if env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/commands.md is out of date; run `UPDATE=1 cargo test --test suite commands`");
}

#[test]
fn shells_and_manuals_know_all_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = mesh(&["completions", shell]);
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{shell}");
        assert!(["simulate", "fail-on", "unsafe-fixes"].iter().all(|it| run.stdout.contains(it)), "{shell}");
    }
    assert!(mesh(&["man"]).stdout.contains(".TH mesh 1"));
    let directory = tempfile::tempdir().unwrap();
    let run = mesh(&["man", directory.path().to_str().unwrap()]);
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (0, "", ""));
    let lint = fs::read_to_string(directory.path().join("mesh-lint.1")).unwrap();
    assert!(lint.contains("fail\\-on"), "{lint}");
    let run = mesh(&["man", "/gone/pages"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.starts_with("error: cannot write manual pages to `/gone/pages`: "), "{}", run.stderr);
}
