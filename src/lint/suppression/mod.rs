//! Diagnostics that the manifests themselves ask not to see: by comments and by annotations.

mod annotation;
mod comment;

use std::collections::BTreeMap;

use super::diagnostic::Diagnostic;
use super::diagnostics::Diagnostics;
use super::locate::ByPlace;
use super::rules::{self, UNUSED_SUPPRESSION};
use super::{Report, Rule};
use crate::source::{FileId, Sources, Span};
use crate::world::World;
use comment::{Ignore, Scope};

/// Takes away what is not wanted and reports the comments that take away nothing. Returns how many findings went.
pub(super) fn apply(report: &mut Report, world: &World<'_>, run: &[&'static Rule]) -> usize {
    let sources = &world.snapshot.sources;
    let mut comments = Comments::new(comment::find(world.snapshot), sources);
    let resources = ByPlace::new(world.snapshot);
    let mut suppressed = 0;
    let mut retain = |diagnostics: &mut Vec<Diagnostic>, comments: &mut Comments<'_>| {
        let before = diagnostics.len();
        diagnostics.retain(|diagnostic| {
            let by_comment = comments.take(diagnostic);
            let annotations = resources.around(diagnostic.span).map(|resource| &resource.metadata.annotations);
            !by_comment && !annotations.is_some_and(|annotations| annotation::suppresses(annotations, diagnostic))
        });
        suppressed += before - diagnostics.len();
    };
    retain(&mut report.diagnostics, &mut comments);
    if !run.iter().any(|rule| rule.name == UNUSED_SUPPRESSION.name) {
        return suppressed;
    }
    // Comments about the comments come last.
    let is_about_comments = |rules: &[&str]| rules.contains(&UNUSED_SUPPRESSION.name);
    let can_judge = |rules: &[&'static str]| {
        let was_run = |name: &&str| run.iter().any(|rule| rule.name == *name);
        let is_checked = |name: &&str| report.unchecked.iter().all(|unchecked| unchecked.rule != *name);
        rules.iter().all(|name| was_run(name) && is_checked(name))
    };
    let mut unused = Diagnostics::new(&UNUSED_SUPPRESSION);
    comments.report_unused(&mut unused, |rules| !is_about_comments(rules) && can_judge(rules));
    comments.report_faults(&mut unused);
    let (mut unused, _) = unused.into_parts();
    retain(&mut unused, &mut comments);
    report.diagnostics.append(&mut unused);
    let mut unused = Diagnostics::new(&UNUSED_SUPPRESSION);
    comments.report_unused(&mut unused, is_about_comments);
    report.diagnostics.extend(unused.into_parts().0);
    suppressed
}

/// The comments of all files by what they apply to.
struct Comments<'s> {
    sources: &'s Sources,
    all: Vec<Ignore>,
    of_lines: BTreeMap<(FileId, usize), Vec<usize>>,
    of_documents: BTreeMap<Span, Vec<usize>>,
}

impl<'s> Comments<'s> {
    fn new(all: Vec<Ignore>, sources: &'s Sources) -> Self {
        let mut of_lines: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        let mut of_documents: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (index, ignore) in all.iter().enumerate() {
            match ignore.scope {
                Scope::Line(line) => of_lines.entry((ignore.span.file, line)).or_default().push(index),
                Scope::Document(document) => of_documents.entry(document).or_default().push(index),
                Scope::Nothing => {}
            }
        }
        Self { sources, all, of_lines, of_documents }
    }

    /// Whether a comment applies to a finding. All that do have had a use then.
    fn take(&mut self, diagnostic: &Diagnostic) -> bool {
        if self.all.is_empty() {
            return false;
        }
        let place = diagnostic.span;
        let line = (place.file, self.sources.start(place).line);
        let last = Span { end: u32::MAX, ..Span::new(place.file, place.start as usize, 0) };
        let document = self.of_documents.range(..=last).next_back();
        let document = document.filter(|(span, _)| span.file == place.file && place.start <= span.end);
        let of_line = self.of_lines.get(&line).into_iter().flatten();
        let mut taken = false;
        for &index in of_line.chain(document.into_iter().flat_map(|(_, of_document)| of_document)) {
            for name in &mut self.all[index].names {
                if name.selector.as_ref().is_some_and(|selector| selector.selects(diagnostic)) {
                    name.used = true;
                    taken = true;
                }
            }
        }
        taken
    }

    /// Reports names that had no use, if they stand for rules that are to be judged.
    fn report_unused(&self, diagnostics: &mut Diagnostics, is_judged: impl Fn(&[&'static str]) -> bool) {
        for ignore in self.all.iter().filter(|ignore| ignore.is_read) {
            for name in ignore.names.iter().filter(|name| !name.used) {
                let Some(selector) = &name.selector else { continue };
                if is_judged(selector.rules()) {
                    let place = match ignore.scope {
                        Scope::Line(line) => format!("on line {line}"),
                        Scope::Document(_) => "in this document".to_owned(),
                        Scope::Nothing => "below it".to_owned(),
                    };
                    diagnostics
                        .report_default(name.span, format!("this ignores nothing: {} finds nothing {place}", name.text))
                        .help("remove it, or move it to the line of the finding or the line above");
                }
            }
        }
    }

    /// Reports comments that do not say what they ignore, and names that no rule has.
    fn report_faults(&self, diagnostics: &mut Diagnostics) {
        for ignore in &self.all {
            if ignore.names.is_empty() {
                diagnostics
                    .report_default(ignore.span, "this ignores nothing: it names no rule")
                    .help("write `# mesh: ignore[rule-name] reason`");
            }
            for name in ignore.names.iter().filter(|name| name.selector.is_none()) {
                let diagnostic = diagnostics.report_default(name.span, format!("there is no rule {}", name.text));
                match rules::similar(&name.text) {
                    Some(similar) => diagnostic.help(format!("did you mean {similar}?")),
                    None => diagnostic.help("`mesh rules` lists all"),
                };
            }
        }
    }
}
