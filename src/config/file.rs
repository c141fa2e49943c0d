//! A configuration file: its settings, and the mistakes in it.

use std::path::Path;

use super::Config;
use super::decode::{Decoder, Places};
use super::discovery::unread_beside;
use super::keys::CONFIG;
use super::problem::{ConfigProblem, ConfigProblemKind};
use crate::advice::Advice;
use crate::source::{FileId, Span};
use crate::yaml::{self, YamlProblem, YamlProblemKind};

/// The text of a configuration file.
#[derive(Debug, Clone)]
pub struct ConfigText {
    /// The path, as messages show it.
    pub shown: String,
    /// The text.
    pub text: String,
    /// The name of another configuration file in the same directory, which is not read.
    unread: Option<&'static str>,
}

impl ConfigText {
    /// Reads a configuration file. Messages show its path as `shown`.
    ///
    /// # Errors
    ///
    /// If the file cannot be read. The message names it.
    pub fn read(path: &Path, shown: impl Into<String>) -> Result<Self, String> {
        let shown = shown.into();
        let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
        Ok(Self { shown, text, unread: unread_beside(path) })
    }

    /// The settings and the mistakes. `file` is the identity of the file in their places.
    ///
    /// # Errors
    ///
    /// If the text is not YAML. The message names the file and the line.
    pub fn parse(&self, file: FileId) -> Result<ConfigFile, String> {
        let mut found = ConfigFile::parse(file, &self.text).map_err(|error| format!("{}: {error}", self.shown))?;
        found.problems.extend(self.unread.map(|other| ConfigProblem {
            kind: ConfigProblemKind::Unread,
            span: found.start,
            message: format!("`{other}` in the same directory is not read, because this file takes precedence"),
            help: Advice::new("merge both into one file"),
        }));
        Ok(found)
    }
}

/// A configuration file.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    /// The settings, without those that are wrong.
    pub config: Config,
    /// The mistakes, in the order of the text.
    pub problems: Vec<ConfigProblem>,
    places: Places,
    start: Span,
}

impl ConfigFile {
    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// If the text is not YAML. The message has the line.
    pub fn parse(file: FileId, text: &str) -> Result<Self, String> {
        let line = |span: Span| text[..(span.start as usize).min(text.len())].matches('\n').count() + 1;
        let syntax =
            |problem: &YamlProblem| format!("line {}: not valid YAML: {}", line(problem.span), problem.message);
        let start = Span::new(file, 0, text.find('\n').unwrap_or(text.len()));
        let mut found = Self { config: Config::default(), problems: Vec::new(), places: Places::new(), start };
        let mut documents = yaml::split(file, text).into_iter().map(|chunk| yaml::parse(&chunk, text));
        let Some(document) = documents.by_ref().find(|it| it.root.is_some() || !it.problems.is_empty()) else {
            return Ok(found);
        };
        for problem in &document.problems {
            match problem.kind {
                YamlProblemKind::Syntax => return Err(syntax(problem)),
                YamlProblemKind::DuplicateKey => found.problems.push(ConfigProblem {
                    kind: ConfigProblemKind::InvalidValue,
                    span: problem.span,
                    message: problem.message.clone(),
                    help: Advice::new(problem.help.clone().unwrap_or_default()),
                }),
            }
        }
        let Some(root) = &document.root else { return Ok(found) };
        let mut decoder = Decoder::new(text);
        let value = if root.is_null() { None } else { decoder.value(root, &CONFIG, "") };
        if let Some(value) = value {
            // The decoder has left out everything that does not fit. A test holds the two to that.
            found.config = serde_yaml::from_value(value).map_err(|error| error.to_string())?;
        }
        found.places = decoder.places;
        found.problems.append(&mut decoder.problems);
        if let Some(second) = documents.find(|it| it.root.is_some() || !it.problems.is_empty()) {
            let end = text[second.span.range()].trim_end().len();
            found.problems.push(ConfigProblem {
                kind: ConfigProblemKind::Unread,
                span: Span { end: second.span.start + u32::try_from(end).unwrap_or_default(), ..second.span },
                message: "the configuration is the first document of the file, so this one has no effect".to_owned(),
                help: Advice::new("move its keys to the first document"),
            });
        }
        found.problems.sort_by_key(|problem| (problem.span, problem.message.clone()));
        Ok(found)
    }

    /// The place of a value, or of a key that the user chooses: `suppress[0].rules[1]` or `rules.unknown-host`. The first
    /// line for what the file does not have.
    pub fn place(&self, path: &str) -> Span {
        self.places.get(path).copied().unwrap_or(self.start)
    }
}
