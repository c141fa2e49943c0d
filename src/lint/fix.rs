//! Fixes: the edits of the helps, carried out.

use std::collections::BTreeMap;

use super::{Diagnostic, Report};
use crate::advice::{Resolver, TextEdit, apply};
use crate::source::{FileId, Sources};

/// The edits that make one finding go away.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fix {
    /// The rule.
    pub rule: &'static str,
    /// The edits, sorted by place.
    pub edits: Vec<TextEdit>,
}

/// The number of times that a rule reports something about a resource. A fix must not raise it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally<'r>(BTreeMap<(&'static str, &'static str, Option<&'r super::ResourceName>), usize>);

impl Report {
    /// The fixes of the findings, in files for which a condition holds. Fixes that change the same text, or what another fix
    /// changes, are left out: another run finds them.
    ///
    /// A finding has a fix if its help leaves no choice. With `guesses`, a help that names one guess ("did you mean") is a fix,
    /// too.
    pub fn fixes(&self, sources: &Sources, guesses: bool, is_meant: impl Fn(FileId) -> bool) -> Vec<Fix> {
        let mut resolver = Resolver::new(sources);
        let mut taken: Vec<TextEdit> = Vec::new();
        let mut fixes: Vec<Fix> = Vec::new();
        for diagnostic in &self.diagnostics {
            let Some(edits) = edits_of(diagnostic, guesses, &mut resolver) else { continue };
            let is_free = |edit: &TextEdit| is_meant(edit.span.file) && !taken.iter().any(|it| collide(it, edit));
            if !edits.is_empty() && edits.iter().all(is_free) {
                taken.extend(edits.iter().cloned());
                fixes.push(Fix { rule: diagnostic.rule.name, edits });
            }
        }
        fixes
    }

    /// The subjects of the findings, without their places.
    pub fn tally(&self) -> Tally<'_> {
        let mut tally = BTreeMap::new();
        for it in &self.diagnostics {
            let resource = it.subject.as_ref().map(|subject| &subject.resource);
            *tally.entry((it.rule.name, it.finding.name, resource)).or_default() += 1;
        }
        Tally(tally)
    }
}

impl Tally<'_> {
    /// Whether there is a finding that an older tally does not have.
    pub fn has_more_than(&self, older: &Tally<'_>) -> bool {
        self.0.iter().any(|(key, count)| older.0.get(key).is_none_or(|before| before < count))
    }
}

/// The edits of a help that is a fix, or a single guess. `None` if no exact ones are known.
fn edits_of(diagnostic: &Diagnostic, guesses: bool, resolver: &mut Resolver<'_>) -> Option<Vec<TextEdit>> {
    let help = diagnostic.help.as_ref()?;
    let edits = match (help.only_fix(), help.fixes()) {
        (Some(edits), _) => edits,
        (None, [only]) if guesses => only,
        _ => return None,
    };
    resolver.text_edits(edits)
}

/// Whether two edits change the same text, or neighbouring texts, which might be one.
fn collide(one: &TextEdit, other: &TextEdit) -> bool {
    let (one, other) = (one.span, other.span);
    one.file == other.file && one.start <= other.end && other.start <= one.end
}

/// The new texts of the files that some fixes change. A file in which they overlap is left out.
pub fn changed_texts(fixes: &[Fix], sources: &Sources) -> BTreeMap<FileId, String> {
    let mut by_file: BTreeMap<FileId, Vec<TextEdit>> = BTreeMap::new();
    for edit in fixes.iter().flat_map(|fix| &fix.edits) {
        by_file.entry(edit.span.file).or_default().push(edit.clone());
    }
    let changed = by_file.into_iter().filter_map(|(file, mut edits)| {
        edits.sort();
        edits.dedup();
        Some((file, apply(sources.file(file).text(), &edits)?))
    });
    changed.collect()
}
