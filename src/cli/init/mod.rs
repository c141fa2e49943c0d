//! `mesh init`
//!
//! - `survey`: suggestions for the configuration, from the manifests of a directory.
//! - `istio_version`: the version of Istio that manifests install.

mod istio_version;
mod survey;

use std::path::{Path, PathBuf};

use super::args::{Common, InputArgs};
use super::project::Project;
use super::{exit, files, terminal};
use crate::config::{FILE_NAMES, template};
use survey::Survey;

/// Write a configuration file to start with.
#[derive(Debug, clap::Args)]
pub struct Init {
    /// Directory to look at, in which the file is written [default: .]
    #[arg(value_name = "PATH", default_value = ".", hide_default_value = true)]
    pub path: PathBuf,
    /// Overwrite a configuration file that exists
    #[arg(long)]
    pub force: bool,
}

/// Looks at a directory, and writes a commented configuration.
pub fn run(common: &Common, args: &Init) -> Result<u8, String> {
    let directory = args.path.as_path();
    if !directory.is_dir() {
        return Err(format!("`{}` is not a directory", directory.display()));
    }
    let existing = FILE_NAMES.into_iter().map(|name| shown(directory, name)).find(|file| file.exists());
    if let Some(file) = existing.as_ref().filter(|_| !args.force) {
        return Err(format!("`{}` exists; `--force` overwrites it", file.display()));
    }
    let file = existing.unwrap_or_else(|| shown(directory, FILE_NAMES[0]));
    let survey = Survey::of(&open(common, directory)?, directory);
    let text = template(&survey.suggestions());
    files::replace(&file, text.as_bytes()).map_err(|error| format!("cannot write `{}`: {error}", file.display()))?;
    terminal::write(|out| {
        writeln!(out, "wrote `{}`", file.display())?;
        survey.facts().iter().try_for_each(|fact| writeln!(out, "  {fact}"))
    })?;
    Ok(exit::DONE)
}

/// The manifests of a directory, without a configuration.
fn open(common: &Common, directory: &Path) -> Result<Project, String> {
    let common = Common { config: None, no_config: true, color: common.color };
    let input = InputArgs { no_ignore: false, helm: false, mesh: Vec::new() };
    Project::open(&common, &[directory.to_owned()], None, &input)
}

/// The path of a file in a directory; its name alone in the working directory.
fn shown(directory: &Path, name: &str) -> PathBuf {
    if directory == Path::new(".") { PathBuf::from(name) } else { directory.join(name) }
}
