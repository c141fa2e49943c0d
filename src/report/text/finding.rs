//! One finding, as miette draws it.

use std::fmt;
use std::io::{self, Write};

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles};

use super::super::style::{CYAN, Style};
use super::excerpt::{Excerpt, Window};
use crate::lint::{Diagnostic, Related, Severity};
use crate::source::{Sources, Span};

/// Related places at most this many lines away are drawn in the same excerpt.
const NEAR: usize = 12;

/// Related places that are drawn; the others are counted.
const RELATED_SHOWN: usize = 4;

/// Writes a finding with its excerpt, its related places, what to do, and where it is documented.
pub(super) fn write(diagnostic: &Diagnostic, sources: &Sources, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let file = sources.file(diagnostic.span.file);
    let line = |span: Span| file.lines().line_of(span.start as usize);
    let is_near = |span: Span| span.file == diagnostic.span.file && line(span).abs_diff(line(diagnostic.span)) <= NEAR;
    let shown = &diagnostic.related[..diagnostic.related.len().min(RELATED_SHOWN)];
    let (near, far): (Vec<_>, Vec<_>) = shown.iter().partition(|related| is_near(related.span));

    write_block(&Block::of_finding(diagnostic, &near, sources), style, out)?;
    for related in far {
        write_block(&Block::elsewhere(related, sources), style, out)?;
    }
    let omitted = diagnostic.related.len() - shown.len();
    if omitted > 0 {
        writeln!(out, "  and {omitted} more places")?;
    }
    if let Some(help) = &diagnostic.help {
        write_note("help", help, style, out)?;
    }
    let docs = format!("{}, or mesh explain {}", diagnostic.rule.docs_link(), diagnostic.rule.name);
    write_note("docs", &docs, style, out)?;
    writeln!(out)
}

fn write_block(block: &Block, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let mut text = String::new();
    handler(style).render_report(&mut text, block).map_err(io::Error::other)?;
    for line in text.trim_matches('\n').lines().filter(|line| !line.trim().is_empty()) {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// A line below the excerpts, wrapped under its first word.
fn write_note(name: &str, text: &str, style: &Style, out: &mut dyn Write) -> io::Result<()> {
    let indent = " ".repeat(name.len() + 4);
    let options = textwrap::Options::new(style.width).subsequent_indent(&indent).break_words(false);
    let initial = format!("  {}: ", style.paint(CYAN, name));
    // The escape sequences of the name take no columns, so the text is wrapped behind a stand-in of its length.
    let wrapped = textwrap::fill(&format!("{}{text}", "x".repeat(name.len() + 4)), options);
    writeln!(out, "{initial}{}", &wrapped[name.len() + 4..])
}

fn handler(style: &Style) -> GraphicalReportHandler {
    let theme = GraphicalTheme {
        characters: if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
        styles: if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_links(false)
        .with_wrap_lines(true)
        .with_break_words(false)
        .with_context_lines(1)
}

/// What miette draws as one report: the finding itself, or a related place.
#[derive(Debug)]
struct Block {
    message: String,
    code: Option<&'static str>,
    severity: miette::Severity,
    excerpt: Excerpt,
    labels: Vec<LabeledSpan>,
}

impl Block {
    /// The finding, with the related places that are near enough for one excerpt.
    fn of_finding(diagnostic: &Diagnostic, near: &[&Related], sources: &Sources) -> Self {
        let file = sources.file(diagnostic.span.file);
        let spans: Vec<Span> = std::iter::once(diagnostic.span).chain(near.iter().map(|it| it.span)).collect();
        let excerpt = Excerpt::new(Window::around(file, &spans), file, diagnostic.span);
        let label = |text: Option<String>, span| LabeledSpan::new_with_span(text, excerpt.window().place(span));
        // A place with a label beside it needs one too, or it looks forgotten.
        let own = diagnostic.label.clone().or_else(|| (!near.is_empty()).then(|| "here".to_owned()));
        let mut labels = vec![label(own, diagnostic.span)];
        labels.extend(near.iter().map(|related| label(Some(related.message.clone()), related.span)));
        let severity = match diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Info => miette::Severity::Advice,
        };
        let code = Some(diagnostic.rule.name);
        Self { message: diagnostic.message.clone(), code, severity, excerpt, labels }
    }

    fn elsewhere(related: &Related, sources: &Sources) -> Self {
        let file = sources.file(related.span.file);
        let excerpt = Excerpt::new(Window::around(file, &[related.span]), file, related.span);
        let labels = vec![LabeledSpan::new_with_span(None, excerpt.window().place(related.span))];
        Self { message: related.message.clone(), code: None, severity: miette::Severity::Advice, excerpt, labels }
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Block {}

impl miette::Diagnostic for Block {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}
