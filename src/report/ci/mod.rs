//! The findings of `mesh lint` for CI systems, each in the format of one of them.

mod github;
mod gitlab;
mod junit;
mod sarif;

pub use github::github;
pub use gitlab::gitlab;
pub use junit::junit;
pub use sarif::sarif;

use crate::lint::{Diagnostic, Report, Severity};
use crate::source::{FileId, Sources, path};

/// The findings, and where they are.
#[derive(Debug, Clone, Copy)]
pub struct Findings<'r> {
    /// The findings.
    pub report: &'r Report,
    /// The files.
    pub sources: &'r Sources,
    /// The working directory, relative to the root of the repository: CI systems expect paths from there. Empty for the root
    /// itself, or outside of a repository.
    pub directory: &'r str,
    /// The lowest severity that fails the run.
    pub fail_on: Severity,
}

impl Findings<'_> {
    /// The path of a file, relative to the root of the repository.
    fn path(&self, file: FileId) -> String {
        path::join(self.directory, self.sources.file(file).path())
    }

    /// The resource and the field of a finding, as in `VirtualService shop/reviews spec.hosts[0]`. Empty outside of resources.
    fn subject(diagnostic: &Diagnostic) -> String {
        let Some(subject) = &diagnostic.subject else { return String::new() };
        let resource = &subject.resource;
        let namespace = resource.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
        let field = if subject.field.is_empty() { String::new() } else { format!(" {}", subject.field) };
        format!("{} {namespace}{}{field}", resource.kind, resource.name)
    }

    /// The message and the help.
    fn text(diagnostic: &Diagnostic) -> String {
        match &diagnostic.help {
            Some(help) => format!("{}\nhelp: {}", diagnostic.message, help.text()),
            None => diagnostic.message.clone(),
        }
    }
}
