//! Comments of the form `# mesh: ignore[rule, rule] reason`.

use crate::lint::selector::Selector;
use crate::load::Snapshot;
use crate::source::{FileId, SourceFile, Span};
use crate::yaml;

/// A comment that asks for findings to be ignored.
#[derive(Debug)]
pub(super) struct Ignore {
    /// The comment.
    pub span: Span,
    /// What it applies to.
    pub scope: Scope,
    /// The rules that it names.
    pub names: Vec<Name>,
    /// Whether the document was read, so that the comment could have been of use.
    pub is_read: bool,
}

/// What a comment applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// A line: its own, or the next one if it has a line to itself.
    Line(usize),
    /// The whole document below it.
    Document(Span),
    /// Nothing comes after it.
    Nothing,
}

/// A rule that a comment names.
#[derive(Debug)]
pub(super) struct Name {
    /// The name as it is written.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// What it stands for, if any rule has it as its name or alias.
    pub selector: Option<Selector>,
    /// Whether it took away a finding.
    pub used: bool,
}

/// The comments of all files, in the order of their texts.
pub(super) fn find(snapshot: &Snapshot) -> Vec<Ignore> {
    let is_json = |file: &SourceFile| file.path().to_ascii_lowercase().ends_with(".json");
    let files = snapshot.sources.iter().filter(|(_, file)| !is_json(file));
    let with_marker = files.filter(|(_, file)| may_hold_comment(file.text()));
    with_marker.flat_map(|(id, file)| of_file(snapshot, id, file)).collect()
}

/// Whether it is worth looking closer.
fn may_hold_comment(text: &str) -> bool {
    text.contains('#') && text.contains("mesh:") && text.contains("ignore")
}

fn of_file(snapshot: &Snapshot, id: FileId, file: &SourceFile) -> Vec<Ignore> {
    let text = file.text();
    let mut found = Vec::new();
    // Comments that have a chunk of text for themselves stand above the document that comes next.
    let mut above: Vec<Span> = Vec::new();
    for chunk in yaml::split(id, text) {
        let document = chunk.span;
        above.extend(on_separator(document, text));
        if may_hold_comment(&text[document.range()]) {
            above.extend(yaml::comments(document, text));
        }
        let Some(first) = first_content(document, text) else { continue };
        let is_read = above.is_empty() || is_read(snapshot, document);
        for span in above.drain(..) {
            if let Some(names) = names(span, text) {
                let start = span.start as usize;
                let is_alone = text[..start].rsplit('\n').next().is_none_or(|before| before.trim().is_empty());
                let scope = match next_content(span, document, text) {
                    _ if start < first => Scope::Document(document),
                    _ if !is_alone => Scope::Line(file.position(start).line),
                    Some(next) => Scope::Line(file.position(next).line),
                    None => Scope::Nothing,
                };
                found.push(Ignore { span, scope, names, is_read });
            }
        }
    }
    for span in above {
        found.extend(names(span, text).map(|names| Ignore { span, scope: Scope::Nothing, names, is_read: true }));
    }
    found
}

/// Whether a document was YAML and no template.
fn is_read(snapshot: &Snapshot, document: Span) -> bool {
    let is_syntax = |problem: &&yaml::YamlProblem| problem.kind == yaml::YamlProblemKind::Syntax;
    let mut broken = snapshot.problems.iter().filter_map(|problem| match problem {
        crate::load::ManifestProblem::Yaml(problem) => Some(problem).filter(is_syntax),
        crate::load::ManifestProblem::Model(_) => None,
    });
    let lies_in = |place: Span| document.contains(place);
    !broken.any(|problem| lies_in(problem.span))
        && !snapshot.templates.iter().any(|(place, _)| place.contains(document))
}

/// The comment on the `---` line above a document.
fn on_separator(document: Span, text: &str) -> Option<Span> {
    let before = text[..document.start as usize].strip_suffix('\n')?;
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let content = before[line..].trim_start_matches('\u{feff}').strip_prefix("---")?.trim();
    let start = line + before[line..].find('#')?;
    content.starts_with('#').then(|| Span::new(document.file, start, line + before[line..].trim_end().len()))
}

/// Where the first line of a text begins that has more than blanks and a comment. There is no scalar before it.
fn first_content(place: Span, text: &str) -> Option<usize> {
    let mut at = place.start as usize;
    text[place.range()].split_inclusive('\n').find_map(|line| {
        let start = at;
        at += line.len();
        let content = line.trim();
        (!content.is_empty() && !content.starts_with('#')).then_some(start)
    })
}

/// Where the next line after a comment begins that has content.
fn next_content(comment: Span, document: Span, text: &str) -> Option<usize> {
    first_content(Span { start: comment.end, ..document }, text)
}

/// The rules that a comment names, if it is one to this tool. None are named if it is not well-formed.
fn names(comment: Span, text: &str) -> Option<Vec<Name>> {
    let base = comment.start as usize;
    let text = &text[comment.range()];
    let said = text.trim_start_matches('#').trim_start().strip_prefix("mesh:")?;
    let said = said.trim_start().strip_prefix("ignore")?;
    if said.starts_with(|next: char| next.is_alphanumeric() || next == '-' || next == '_') {
        return None;
    }
    let list = said.trim_start().strip_prefix('[').and_then(|list| list.split_once(']'));
    let Some((list, _)) = list else { return Some(Vec::new()) };
    let mut at = base + (list.as_ptr().addr() - text.as_ptr().addr());
    let mut names = Vec::new();
    for part in list.split(',') {
        let name = part.trim();
        if !name.is_empty() {
            let start = at + (part.len() - part.trim_start().len());
            let span = Span::new(comment.file, start, start + name.len());
            names.push(Name { text: name.to_owned(), span, selector: Selector::of(name), used: false });
        }
        at += part.len() + 1;
    }
    Some(names)
}
