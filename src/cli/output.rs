//! Output formats, and where they go: `--format F` and `--output FORMAT[=FILE]`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::ValueEnum;

use super::args::Common;
use super::terminal;
use crate::report::Style;

/// A format of a command, and where it goes: a file, or standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output<F> {
    /// The format.
    pub format: F,
    /// The file; `None` for standard output.
    pub file: Option<PathBuf>,
}

impl<F: ValueEnum> Output<F> {
    /// Reads `FORMAT` or `FORMAT=FILE`.
    ///
    /// # Errors
    ///
    /// If the command does not have the format, or no file follows `=`.
    pub fn parse(written: &str) -> Result<Self, String> {
        let (format, file) = match written.split_once('=') {
            Some((_, "")) => return Err("a file must follow `=`".to_owned()),
            Some((format, file)) => (format, Some(PathBuf::from(file))),
            None => (written, None),
        };
        let formats = || F::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let format = F::from_str(format, false).map_err(|_| {
            let names: Vec<String> = formats().map(|it| it.get_name().to_owned()).collect();
            format!("`{format}` is not a format: write {}", names.join(", "))
        })?;
        Ok(Self { format, file })
    }
}

impl<F: Clone> Output<F> {
    /// The outputs that the options ask for, or else `usual` on standard output.
    ///
    /// # Errors
    ///
    /// If several of them go to standard output.
    pub fn all(format: Option<F>, written: &[Self], usual: F) -> Result<Vec<Self>, String> {
        let of_format = format.map(|format| Self { format, file: None });
        let mut all: Vec<Self> = of_format.into_iter().chain(written.iter().cloned()).collect();
        if all.is_empty() {
            all.push(Self { format: usual, file: None });
        }
        match all.iter().filter(|output| output.file.is_none()).count() {
            0 | 1 => Ok(all),
            _ => Err("only one format can go to standard output: write the others to files, as in `--output \
                      junit=mesh.xml`"
                .to_owned()),
        }
    }
}

impl<F> Output<F> {
    /// Writes it where it goes.
    ///
    /// # Errors
    ///
    /// If that is not possible.
    pub fn write(
        &self,
        common: &Common,
        write: impl FnOnce(&Style, &mut dyn Write) -> io::Result<()>,
    ) -> Result<(), String> {
        let Some(file) = &self.file else { return terminal::write(|out| write(&terminal::style(common), out)) };
        let to_file = || {
            let mut out = BufWriter::new(File::create(file)?);
            write(&Style::default(), &mut out)?;
            out.flush()
        };
        to_file().map_err(|error| format!("cannot write `{}`: {error}", file.display()))
    }
}
