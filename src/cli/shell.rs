//! `mesh completions` and `mesh man`: files for shells and manuals, made from the options.

use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::Args;
use super::{exit, terminal};

/// Print a script for completions of a shell.
#[derive(Debug, clap::Args)]
pub struct Completions {
    /// Shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Write the manual pages.
#[derive(Debug, clap::Args)]
pub struct Man {
    /// Directory for the pages of all commands [default: the page of `mesh` on standard output]
    #[arg(value_name = "DIRECTORY")]
    pub directory: Option<PathBuf>,
}

/// The commands and options of the program.
pub fn command() -> clap::Command {
    Args::command()
}

/// Prints the script of a shell.
pub fn completions(args: &Completions) -> Result<u8, String> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "mesh", &mut script);
    terminal::write(|out| out.write_all(&script))?;
    Ok(exit::DONE)
}

/// Writes the manual pages.
pub fn man(args: &Man) -> Result<u8, String> {
    match &args.directory {
        Some(directory) => clap_mangen::generate_to(command(), directory)
            .map_err(|error| format!("cannot write manual pages to `{}`: {error}", directory.display()))?,
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(command()).render(&mut page).map_err(|error| error.to_string())?;
            terminal::write(|out| out.write_all(&page))?;
        }
    }
    Ok(exit::DONE)
}
