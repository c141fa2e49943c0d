//! Suppression of findings by comments and annotations of the manifests.

mod annotation;
mod comment;

use std::collections::{BTreeMap, BTreeSet};

use super::diagnostic::Diagnostic;
use super::diagnostics::Diagnostics;
use super::locate::ResourcesByPlace;
use super::rules::unused_suppression::{NO_RULE, UNKNOWN_RULE, UNUSED};
use super::rules::{self, unused_suppression};
use super::{Report, Rule};
use crate::source::{FileId, Sources, Span};
use crate::world::World;
use comment::{CommentScope, IgnoreComment};

/// Drops the findings that are suppressed, and reports the comments that suppress nothing. `run` has the rules that have
/// run.
pub(super) fn apply(report: &mut Report, world: &World<'_>, run: &[&'static Rule]) {
    let sources = &world.snapshot.sources;
    let mut comments = Comments::new(comment::find(world.snapshot), sources, &world.snapshot.outside);
    let resources = ResourcesByPlace::new(world.snapshot);
    let mut suppressed = Vec::new();
    let mut retain = |diagnostics: &mut Vec<Diagnostic>, comments: &mut Comments<'_>| {
        diagnostics.retain(|diagnostic| {
            let by_comment = comments.suppress(diagnostic);
            let annotations = resources.around(diagnostic.span).map(|resource| &resource.metadata.annotations);
            let is_suppressed =
                by_comment || annotations.is_some_and(|annotations| annotation::suppresses(annotations, diagnostic));
            suppressed.extend(is_suppressed.then(|| diagnostic.key()));
            !is_suppressed
        });
    };
    retain(&mut report.diagnostics, &mut comments);
    let own_rule = &unused_suppression::RULE;
    if !run.iter().any(|rule| rule.name == own_rule.name) {
        report.suppressed.append(&mut suppressed);
        return;
    }
    // Comments can suppress the findings about comments, so these come last.
    let is_about_comments = |rules: &[&str]| rules.contains(&own_rule.name);
    let can_judge = |rules: &[&'static str]| {
        let has_run = |name: &&str| run.iter().any(|rule| rule.name == *name);
        let is_checked = |name: &&str| report.unchecked.iter().all(|unchecked| unchecked.rule != *name);
        rules.iter().all(|name| has_run(name) && is_checked(name))
    };
    let mut unused = Diagnostics::new(own_rule);
    comments.report_unused(&mut unused, |rules| !is_about_comments(rules) && can_judge(rules));
    comments.report_faults(&mut unused);
    let (mut unused, _) = unused.into_parts();
    retain(&mut unused, &mut comments);
    report.diagnostics.append(&mut unused);
    let mut unused = Diagnostics::new(own_rule);
    comments.report_unused(&mut unused, is_about_comments);
    report.diagnostics.extend(unused.into_parts().0);
    report.suppressed.append(&mut suppressed);
}

/// The comments of all files, by the lines and documents that they apply to.
struct Comments<'s> {
    sources: &'s Sources,
    /// The files of which not all meshes are checked, so that their comments may be needed by others.
    outside: &'s BTreeSet<FileId>,
    all: Vec<IgnoreComment>,
    of_lines: BTreeMap<(FileId, usize), Vec<usize>>,
    of_documents: BTreeMap<Span, Vec<usize>>,
}

impl<'s> Comments<'s> {
    fn new(all: Vec<IgnoreComment>, sources: &'s Sources, outside: &'s BTreeSet<FileId>) -> Self {
        let mut of_lines: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        let mut of_documents: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (index, ignore) in all.iter().enumerate() {
            match ignore.scope {
                CommentScope::Line(line) => of_lines.entry((ignore.span.file, line)).or_default().push(index),
                CommentScope::Document(document) => of_documents.entry(document).or_default().push(index),
                CommentScope::Nothing => {}
            }
        }
        Self { sources, outside, all, of_lines, of_documents }
    }

    /// Whether a comment suppresses a finding. Marks the names that do as used.
    fn suppress(&mut self, diagnostic: &Diagnostic) -> bool {
        if self.all.is_empty() {
            return false;
        }
        let place = diagnostic.span;
        let line = (place.file, self.sources.start(place).line);
        let last = Span { end: u32::MAX, ..Span::new(place.file, place.start as usize, 0) };
        let document = self.of_documents.range(..=last).next_back();
        let document = document.filter(|(span, _)| span.file == place.file && place.start <= span.end);
        let of_line = self.of_lines.get(&line).into_iter().flatten();
        let mut is_suppressed = false;
        for &index in of_line.chain(document.into_iter().flat_map(|(_, of_document)| of_document)) {
            for name in &mut self.all[index].names {
                if name.selector.as_ref().is_some_and(|selector| selector.selects(diagnostic)) {
                    name.is_used = true;
                    is_suppressed = true;
                }
            }
        }
        is_suppressed
    }

    /// Reports the names that suppress nothing, if `can_judge` holds for the rules that they select.
    fn report_unused(&self, diagnostics: &mut Diagnostics, can_judge: impl Fn(&[&'static str]) -> bool) {
        let may_be_judged = |ignore: &&IgnoreComment| ignore.is_read && !self.outside.contains(&ignore.span.file);
        for ignore in self.all.iter().filter(may_be_judged) {
            for name in ignore.names.iter().filter(|name| !name.is_used) {
                let Some(selector) = &name.selector else { continue };
                if can_judge(selector.rules()) {
                    let place = match ignore.scope {
                        CommentScope::Line(line) => format!("on line {line}"),
                        CommentScope::Document(_) => "in this document".to_owned(),
                        CommentScope::Nothing => "below the comment".to_owned(),
                    };
                    diagnostics
                        .report(&UNUSED, name.span, format!("`{}` reports nothing {place}", name.text))
                        .help("remove the name, or move the comment to the line of the finding or the line above");
                }
            }
        }
    }

    /// Reports the comments that name no rule, and the names that no rule has.
    fn report_faults(&self, diagnostics: &mut Diagnostics) {
        for ignore in &self.all {
            if ignore.names.is_empty() {
                diagnostics
                    .report(&NO_RULE, ignore.span, "the comment names no rule")
                    .help("write `# mesh: ignore[rule-name] reason`");
            }
            for name in ignore.names.iter().filter(|name| name.selector.is_none()) {
                let (message, help) = rules::unknown_name(&name.text);
                diagnostics.report(&UNKNOWN_RULE, name.span, message).help(help);
            }
        }
    }
}
