//! A finding with its excerpts.

use std::fmt;

use miette::LabeledSpan;

use super::excerpt::{Excerpt, Mark};
use super::theme::{Lead, Theme};
use super::words::{clean, columns, count, cut, push_hanging, wrap};
use crate::lint::{Diagnostic, Related, Severity, Subject};
use crate::report::links;
use crate::report::positions::Positions;
use crate::source::{Sources, Span, path};

/// The most related places that a finding shows. The rest are only counted.
const RELATED: usize = 6;

/// The column at which a message, or a line of help, is cut, since it can quote a value of any length.
const LONGEST: usize = 1000;

/// Writes a finding: rule and resource, the message, an excerpt with the place and nearby places, an excerpt for each
/// other place, the help and, if `docs`, a link to the page of the rule.
pub(super) fn push(
    out: &mut String,
    finding: &Diagnostic,
    sources: &Sources,
    positions: &mut Positions<'_>,
    theme: &Theme,
    docs: bool,
) {
    positions.advance(finding.span);
    push_head(out, finding, theme);
    push_meshes(out, finding, sources, theme);

    let shown = &finding.related[..finding.related.len().min(RELATED)];
    let mut marks = vec![Mark { span: finding.span, label: finding.label.as_deref() }];
    marks.extend(shown.iter().map(|related| Mark { span: related.span, label: Some(&related.message) }));
    let excerpt = Excerpt::new(sources, positions, &marks, &theme.style);
    let marked: Vec<usize> = excerpt.labels.iter().map(|label| label.mark).collect();
    push_block(out, &finding.message, Lead::Finding(finding.severity), excerpt, theme);

    for (index, related) in shown.iter().enumerate() {
        if !marked.contains(&(index + 1)) {
            push_related(out, related, finding.span, sources, positions, theme);
        }
    }
    if finding.related.len() > RELATED {
        let more = count(finding.related.len() - RELATED, "more place");
        out.push_str(&format!("  {} and {more}\n", theme.style.ellipsis()));
    }
    if let Some(help) = &finding.help {
        for (index, line) in help.text().lines().take(RELATED * 2).enumerate() {
            let first = if index == 0 { format!("  {} ", theme.accent("help:")) } else { " ".repeat(8) };
            push_hanging(out, &first, 8, &cut(line, LONGEST, theme.style.ellipsis()), theme.style.columns());
        }
    }
    if docs {
        out.push_str(&format!("  {} {}\n", theme.accent("docs:"), finding.rule.explain_command()));
    }
}

/// `error[duplicate-host] VirtualService default/reviews, spec.hosts[0]`; without the field if that is too long.
fn push_head(out: &mut String, finding: &Diagnostic, theme: &Theme) {
    let head = format!("{}[{}]", finding.severity.as_str(), finding.rule.name);
    let linked = theme.style.link(&head, &links::page(finding.rule));
    out.push_str(&theme.severity(finding.severity, &linked));
    if let Some(subject) = &finding.subject {
        let mut used = columns(&head) + 1;
        let resource = resource(subject);
        used += columns(&resource);
        out.push(' ');
        out.push_str(&resource);
        let field = clean(&subject.field);
        if !field.is_empty() && used + 2 + columns(&field) <= theme.style.columns() {
            out.push_str(", ");
            out.push_str(&field);
        }
    }
    out.push('\n');
}

/// `in overlays/dev and 2 more`. A mesh whose directory contains the file goes without saying.
fn push_meshes(out: &mut String, finding: &Diagnostic, sources: &Sources, theme: &Theme) {
    let file = sources.file(finding.span.file).path();
    let text = match finding.meshes.as_slice() {
        [] => return,
        [only] if &**only == "." || path::is_within(file, only) => return,
        [only] => clean(only),
        [first, others @ ..] => format!("{} and {} more", clean(first), others.len()),
    };
    push_hanging(out, "  in ", 4, &text, theme.style.columns());
}

/// `VirtualService default/reviews`.
fn resource(subject: &Subject) -> String {
    let resource = &subject.resource;
    match &resource.namespace {
        _ if resource.name.is_empty() => clean(&format!("{} without a name", resource.kind)),
        Some(namespace) => clean(&format!("{} {namespace}/{}", resource.kind, resource.name)),
        None => clean(&format!("{} {}", resource.kind, resource.name)),
    }
}

fn push_related(
    out: &mut String,
    related: &Related,
    own: Span,
    sources: &Sources,
    positions: &Positions<'_>,
    theme: &Theme,
) {
    let excerpt = Excerpt::new(sources, positions, &[Mark { span: related.span, label: None }], &theme.style);
    // In another file the reader needs to know the resource.
    let message = match &related.subject {
        Some(subject) if related.span.file != own.file => format!("{} ({})", related.message, resource(subject)),
        _ => related.message.clone(),
    };
    push_block(out, &message, Lead::Related, excerpt, theme);
}

/// A message and an excerpt, drawn by miette.
pub(super) fn push_block(out: &mut String, message: &str, lead: Lead, excerpt: Excerpt, theme: &Theme) {
    let message = cut(message, LONGEST, theme.style.ellipsis());
    let message = wrap(&message, theme.style.columns().saturating_sub(4)).join("\n");
    let own = excerpt.labels.iter().position(|label| label.mark == 0).unwrap_or_default();
    let handler = theme.handler(lead, own, excerpt.labels.len());
    let block = Block { message, lead, excerpt };
    let mut drawn = String::new();
    handler.render_report(&mut drawn, &block).expect("writing to a string does not fail");
    for line in drawn.lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// A block that miette draws.
struct Block {
    message: String,
    lead: Lead,
    excerpt: Excerpt,
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Block {}

impl miette::Diagnostic for Block {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.lead {
            Lead::Finding(Severity::Error) => miette::Severity::Error,
            Lead::Finding(Severity::Warning) => miette::Severity::Warning,
            Lead::Finding(Severity::Info) | Lead::Related => miette::Severity::Advice,
        })
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.excerpt.labels.iter().map(|label| {
            let span = (label.offset, label.length);
            match label.mark {
                0 => LabeledSpan::new_primary_with_span(label.words.clone(), span),
                _ => LabeledSpan::new_with_span(label.words.clone(), span),
            }
        })))
    }
}
