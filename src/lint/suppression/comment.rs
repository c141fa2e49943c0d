//! Comments of the form `# mesh: ignore[rule, rule] reason`.

use crate::lint::selector::Selector;
use crate::load::Snapshot;
use crate::source::{FileId, SourceFile, Span};
use crate::yaml;

/// A comment that suppresses findings.
#[derive(Debug)]
pub(super) struct IgnoreComment {
    /// The comment.
    pub span: Span,
    /// The lines that it applies to.
    pub scope: CommentScope,
    /// The rules that it names.
    pub names: Vec<IgnoredName>,
    /// Whether the document was read, so that the comment can suppress findings.
    pub is_read: bool,
}

/// The lines that a comment applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CommentScope {
    /// A line: that of the comment, or the next line if the comment has a line to itself.
    Line(usize),
    /// The whole document below the comment.
    Document(Span),
    /// None, because the comment is at the end.
    Nothing,
}

/// A rule that a comment names.
#[derive(Debug)]
pub(super) struct IgnoredName {
    /// The name as written.
    pub text: String,
    /// The place of the name.
    pub span: Span,
    /// The findings that it selects; `None` if no rule, alias or finding has that name.
    pub selector: Option<Selector>,
    /// Whether it has suppressed a finding.
    pub is_used: bool,
}

/// The comments of all files, in the order of the files and lines.
pub(super) fn find(snapshot: &Snapshot) -> Vec<IgnoreComment> {
    let is_json = |file: &SourceFile| file.path().to_ascii_lowercase().ends_with(".json");
    let files = snapshot.files.iter().map(|id| (*id, snapshot.sources.file(*id))).filter(|(_, file)| !is_json(file));
    let with_marker = files.filter(|(_, file)| may_hold_comment(file.text()));
    with_marker.flat_map(|(id, file)| of_file(snapshot, id, file)).collect()
}

/// Whether a text may contain a comment: a cheap test, so that most files are not split into documents.
fn may_hold_comment(text: &str) -> bool {
    text.contains('#') && text.contains("mesh:") && text.contains("ignore")
}

fn of_file(snapshot: &Snapshot, id: FileId, file: &SourceFile) -> Vec<IgnoreComment> {
    let text = file.text();
    let mut found = Vec::new();
    // The comments of a chunk without content apply to the next document.
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
                let has_own_line = text[..start].rsplit('\n').next().is_none_or(|before| before.trim().is_empty());
                let scope = match next_content(span, document, text) {
                    _ if start < first => CommentScope::Document(document),
                    _ if !has_own_line => CommentScope::Line(file.position(start).line),
                    Some(next) => CommentScope::Line(file.position(next).line),
                    None => CommentScope::Nothing,
                };
                found.push(IgnoreComment { span, scope, names, is_read });
            }
        }
    }
    for span in above {
        found.extend(names(span, text).map(|names| IgnoreComment {
            span,
            scope: CommentScope::Nothing,
            names,
            is_read: true,
        }));
    }
    found
}

/// Whether a document was read: it is valid YAML, and not a template.
fn is_read(snapshot: &Snapshot, document: Span) -> bool {
    let is_syntax = |problem: &&yaml::YamlProblem| problem.kind == yaml::YamlProblemKind::Syntax;
    let mut broken = snapshot.problems.iter().filter_map(|problem| match problem {
        crate::load::ManifestProblem::Yaml(problem) => Some(problem).filter(is_syntax),
        crate::load::ManifestProblem::Model(_) | crate::load::ManifestProblem::Build(_) => None,
    });
    !broken.any(|problem| document.contains(problem.span))
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

/// The start of the first line with content: more than spaces and a comment. Before it, a `#` always opens a comment.
fn first_content(place: Span, text: &str) -> Option<usize> {
    let mut at = place.start as usize;
    text[place.range()].split_inclusive('\n').find_map(|line| {
        let start = at;
        at += line.len();
        let content = line.trim();
        (!content.is_empty() && !content.starts_with('#')).then_some(start)
    })
}

/// The start of the next line with content after a comment.
fn next_content(comment: Span, document: Span, text: &str) -> Option<usize> {
    first_content(Span { start: comment.end, ..document }, text)
}

/// The names in a comment; `None` if the comment is not a suppression. A malformed suppression has no names.
fn names(comment: Span, text: &str) -> Option<Vec<IgnoredName>> {
    let base = comment.start as usize;
    let text = &text[comment.range()];
    let instruction = text.trim_start_matches('#').trim_start().strip_prefix("mesh:")?;
    let rest = instruction.trim_start().strip_prefix("ignore")?;
    if rest.starts_with(|next: char| next.is_alphanumeric() || next == '-' || next == '_') {
        return None;
    }
    let list = rest.trim_start().strip_prefix('[').and_then(|list| list.split_once(']'));
    let Some((list, _)) = list else { return Some(Vec::new()) };
    let mut at = base + (list.as_ptr().addr() - text.as_ptr().addr());
    let mut names = Vec::new();
    for part in list.split(',') {
        let name = part.trim();
        if !name.is_empty() {
            let start = at + (part.len() - part.trim_start().len());
            let span = Span::new(comment.file, start, start + name.len());
            names.push(IgnoredName { text: name.to_owned(), span, selector: Selector::of(name), is_used: false });
        }
        at += part.len() + 1;
    }
    Some(names)
}
