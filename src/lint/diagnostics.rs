//! The findings that a check reports.

use std::collections::BTreeMap;
use std::panic::Location;

use super::diagnostic::{Diagnostic, Related};
use super::finding::Finding;
use super::rule::Rule;
use crate::advice::{Advice, Edit, Literal};
use crate::source::Span;
use crate::world::Gap;

/// The findings of one rule.
#[derive(Debug)]
pub struct Diagnostics {
    rule: &'static Rule,
    diagnostics: Vec<Diagnostic>,
    unchecked: BTreeMap<String, usize>,
}

/// References that the manifests do not decide for a rule, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Unchecked {
    /// The rule's name.
    pub rule: &'static str,
    /// The number of references.
    pub count: usize,
    /// The reason: the manifests lack something that would decide them.
    pub reason: String,
}

impl Diagnostics {
    pub(super) fn new(rule: &'static Rule) -> Self {
        Self { rule, diagnostics: Vec::new(), unchecked: BTreeMap::new() }
    }

    /// Reports one of the findings that the rule declares. Callers add labels, related places and help to the result.
    #[track_caller]
    pub fn report(&mut self, finding: &'static Finding, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        debug_assert!(self.rule.findings.contains(&finding), "{} does not declare {}", self.rule.name, finding.name);
        self.diagnostics.push(Diagnostic {
            rule: self.rule,
            finding,
            severity: finding.severity(),
            message: one_line(message.into()),
            span,
            label: None,
            subject: None,
            related: Vec::new(),
            help: None,
            meshes: Vec::new(),
            cause: None,
            reported_at: Location::caller(),
        });
        self.diagnostics.last_mut().expect("one was just pushed")
    }

    /// Whether nothing has been reported so far.
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// The places of the findings that have been reported so far.
    pub fn spans(&self) -> impl Iterator<Item = Span> {
        self.diagnostics.iter().map(|diagnostic| diagnostic.span)
    }

    /// Counts a reference that the manifests do not decide.
    pub fn unchecked(&mut self, gap: Gap) {
        *self.unchecked.entry(gap.to_string()).or_default() += 1;
    }

    pub(super) fn into_parts(self) -> (Vec<Diagnostic>, Vec<Unchecked>) {
        let rule = self.rule.name;
        let unchecked = self.unchecked.into_iter().map(|(reason, count)| Unchecked { rule, count, reason });
        (self.diagnostics, unchecked.collect())
    }
}

impl Diagnostic {
    /// Adds a few words that are shown at the place.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = Some(one_line(label.into()));
        self
    }

    /// Adds another place that the finding refers to.
    pub fn related(&mut self, span: Span, message: impl Into<String>) -> &mut Self {
        self.related.push(Related { message: one_line(message.into()), span, subject: None });
        self
    }

    /// Names the cause that other findings can share, also those of other rules.
    pub fn cause(&mut self, cause: impl Into<String>) -> &mut Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds the advice. It starts with a verb. An [`Advice`] has the edits that carry it out, too.
    pub fn help(&mut self, help: impl Into<Advice>) -> &mut Self {
        self.help = Some(help.into().map_text(one_line));
        self
    }

    /// Advises to write another value, or key, at the place of the finding.
    pub fn write(&mut self, literal: impl Into<Literal>) -> &mut Self {
        let edit = Edit::set(self.span, literal);
        self.help(Advice::write(edit))
    }

    /// Asks whether another value, or key, was meant at the place of the finding.
    pub fn did_you_mean(&mut self, literal: impl Into<Literal>) -> &mut Self {
        let edit = Edit::set(self.span, literal);
        self.help(Advice::did_you_mean(edit))
    }
}

/// A text with escapes instead of control characters, as the quotes from files may contain line breaks or terminal
/// sequences.
fn one_line(text: String) -> String {
    if !text.contains(char::is_control) {
        return text;
    }
    let escape =
        |letter: char| if letter.is_control() { letter.escape_debug().to_string() } else { letter.to_string() };
    text.chars().map(escape).collect()
}
