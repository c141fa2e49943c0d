//! Questions to the `git` program. Nothing that it is asked changes the repository.

use std::ops::Range;
use std::process::Command;
use std::time::Duration;

use crate::cli::program::{self, ProgramFailure, ProgramOutput};

/// The longest time for an answer of git.
const LIMIT: Duration = Duration::from_secs(300);

/// The output of git. The error is its own, in one line.
pub fn ask(arguments: &[&str]) -> Result<Vec<u8>, String> {
    ask_with_input(arguments, Vec::new())
}

/// The output of git as a line.
pub fn ask_line(arguments: &[&str]) -> Result<String, String> {
    let output = String::from_utf8(ask(arguments)?).map_err(|_| "the answer of git is not UTF-8".to_owned())?;
    Ok(output.trim_end_matches(['\n', '\r']).to_owned())
}

fn ask_with_input(arguments: &[&str], input: Vec<u8>) -> Result<Vec<u8>, String> {
    // Errors are recognised by their words, and nobody answers a question for a password.
    let mut command = Command::new("git");
    command.args(arguments).env("LC_ALL", "C").env("GIT_TERMINAL_PROMPT", "0");
    match program::run_with_input(&mut command, input, LIMIT) {
        Ok(ProgramOutput { is_success: true, stdout, .. }) => Ok(stdout),
        Ok(ProgramOutput { stderr, .. }) => {
            let error = String::from_utf8_lossy(&stderr);
            let line =
                error.lines().find(|line| !line.starts_with("warning: ")).unwrap_or("git fails without a reason");
            Err(match line.contains("not a git repository") {
                true => "the working directory is not in a git repository, and no such file exists".to_owned(),
                false => line.trim_start_matches("fatal: ").to_owned(),
            })
        }
        Err(ProgramFailure::NotInstalled) => Err("`git` is not installed, and no such file exists".to_owned()),
        Err(ProgramFailure::TimedOut) => Err("`git` does not answer in time".to_owned()),
        Err(ProgramFailure::Failed(error)) => Err(format!("cannot run `git`: {error}")),
    }
}

/// The sizes of objects in bytes, in order. `None` for an object that the repository does not have.
pub fn sizes<'o>(objects: impl IntoIterator<Item = &'o str>) -> Result<Vec<Option<usize>>, String> {
    let input = lines(objects);
    let output = if input.is_empty() { Vec::new() } else { ask_with_input(&["cat-file", "--batch-check"], input)? };
    // `<object> blob <size>`, or `<object> missing`.
    Ok(String::from_utf8_lossy(&output).lines().map(|line| line.rsplit(' ').next()?.parse().ok()).collect())
}

/// The contents of objects, in order.
pub struct Contents {
    output: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Contents {
    /// Reads objects, which the repository must have.
    pub fn read<'o>(objects: impl IntoIterator<Item = &'o str>) -> Result<Self, String> {
        let input = lines(objects);
        let output = if input.is_empty() { Vec::new() } else { ask_with_input(&["cat-file", "--batch"], input)? };
        Self::split(output).ok_or_else(|| "git does not have the contents of all files".to_owned())
    }

    /// Finds the contents in `<object> blob <size>`, the content, and a line break, for each.
    fn split(output: Vec<u8>) -> Option<Self> {
        let mut places = Vec::new();
        let mut at = 0;
        while at < output.len() {
            let start = at + output[at..].iter().position(|byte| *byte == b'\n')? + 1;
            let head = std::str::from_utf8(&output[at..start]).ok()?;
            let end = start + head.trim_end().rsplit(' ').next()?.parse::<usize>().ok()?;
            output.get(start..end)?;
            places.push(start..end);
            at = end + 1;
        }
        Some(Self { output, places })
    }

    /// The contents.
    pub fn slices(&self) -> Vec<&[u8]> {
        self.places.iter().map(|place| &self.output[place.clone()]).collect()
    }
}

fn lines<'o>(objects: impl IntoIterator<Item = &'o str>) -> Vec<u8> {
    objects.into_iter().flat_map(|object| [object.as_bytes(), b"\n"].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_split_by_their_sizes() {
        let contents = Contents::split("a1 blob 5\nx\ny\nz\nb2 blob 0\n\nc3 blob 1\nq\n".into()).unwrap();
        assert_eq!(contents.slices(), [b"x\ny\nz".as_slice(), b"", b"q"]);
        for broken in ["a1 missing\n", "a1 blob 9\nx\n", "a1 blob 1"] {
            assert!(Contents::split(broken.into()).is_none(), "{broken}");
        }
    }
}
