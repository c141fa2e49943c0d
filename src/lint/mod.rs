//! Judgement: rules turn what the lower layers know into [`Diagnostic`]s.

mod diagnostic;
mod rule;

pub use diagnostic::{Diagnostic, Related, ResourceName, Severity, Subject};
pub use rule::Rule;

/// What a check may ask.
pub struct Context<'a> {
    _world: std::marker::PhantomData<&'a ()>,
}

/// Where a check puts what it finds.
#[derive(Debug, Default)]
pub struct Findings {}

/// The result of linting.
#[derive(Debug, Default)]
pub struct Report {
    /// The findings, sorted by file, start and rule.
    pub diagnostics: Vec<Diagnostic>,
    /// What could not be decided from these manifests, sorted by rule and reason.
    pub unchecked: Vec<Unchecked>,
    /// Totals.
    pub summary: Summary,
}

/// References that a rule could not decide, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Unchecked {
    /// The rule's name.
    pub rule: &'static str,
    /// How many references.
    pub count: usize,
    /// Why they could not be decided.
    pub reason: String,
}

/// Totals of a [`Report`].
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Files that were read.
    pub files: usize,
    /// Resources of kinds that are checked.
    pub resources: usize,
    /// Resources of other kinds, which were passed over.
    pub skipped: usize,
    /// Findings by severity.
    pub errors: usize,
    /// Findings by severity.
    pub warnings: usize,
    /// Findings by severity.
    pub infos: usize,
    /// Findings that an ignore comment or the configuration took away.
    pub suppressed: usize,
}
