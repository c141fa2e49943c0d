//! What stopped the parser, in words that help whoever wrote the text.

use super::place::Places;
use super::{Problem, ProblemKind};
use crate::source::Span;
use granit_parser::{ErrorKind, ScanError};

pub(super) fn syntax(span: Span, message: String, help: Option<String>) -> Problem {
    Problem { kind: ProblemKind::Syntax, span, message, help, related: None }
}

pub(super) fn too_deep(span: Span) -> Problem {
    syntax(span, "nested too deeply".into(), Some("no manifest needs more than 500 levels".into()))
}

fn template(span: Span) -> Problem {
    let help = "render the template first (`helm template`), or quote the value if braces are meant";
    syntax(span, "`{{` begins a template, which is not YAML".into(), Some(help.into()))
}

/// The problem of a `{{ … }}` whose inner braces stand at `inner`; `None` if these are other braces.
pub(super) fn template_around(inner: Span, places: Places<'_>) -> Option<Problem> {
    let (start, end) = (inner.start as usize, inner.end as usize);
    let outer = start.checked_sub(1).filter(|&outer| places.text[outer..].starts_with("{{"))?;
    let end = if places.text[end..].starts_with('}') { end + 1 } else { end };
    Some(template(Span::new(places.file(), outer, end)))
}

/// The problem for an error of the parser. `last_scalar` is the last one it delivered.
pub(super) fn of_scan_error(error: &ScanError, places: Places<'_>, last_scalar: Option<Span>) -> Problem {
    let at = places.offset(error.marker());
    let context = Context { places, at, last_scalar };
    context.template().unwrap_or_else(|| context.explain(error))
}

/// The surroundings of an error.
#[derive(Clone, Copy)]
struct Context<'text> {
    places: Places<'text>,
    at: usize,
    last_scalar: Option<Span>,
}

impl<'text> Context<'text> {
    fn document(&self) -> (usize, usize) {
        let range = self.places.document.range();
        (range.start, range.end)
    }

    fn slice(&self, start: usize, end: usize) -> &'text str {
        self.places.text.get(start..end).unwrap_or_default()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.places.file(), start, end)
    }

    /// The line of an offset, without its break.
    fn line(&self, at: usize) -> (usize, usize) {
        let (first, last) = self.document();
        let start = self.slice(first, at).rfind('\n').map_or(first, |found| first + found + 1);
        let end = self.slice(at, last).find('\n').map_or(last, |found| at + found);
        (start, end)
    }

    /// From `at` to the next blank, at least one character and at most to the end of the line. At the
    /// end of the text it is empty.
    fn word(&self, at: usize) -> Span {
        let (_, last) = self.document();
        let rest = self.slice(at, last);
        let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let first = rest.chars().next().map_or(0, |first| if first == '\n' { 0 } else { first.len_utf8() });
        self.span(at, at + length.max(first).min(200_usize.max(first)).min(rest.len()))
    }

    fn character(&self, at: usize) -> Span {
        let (_, last) = self.document();
        self.span(at, self.places.text.ceil_char_boundary((at + 1).min(last)))
    }

    /// A template on the error's line, or the last line before it that begins with one.
    fn template(&self) -> Option<Problem> {
        let (first, last) = self.document();
        let (start, end) = self.line(self.at.min(last));
        let here = self.slice(start, end).find("{{").map(|found| start + found);
        let opening = here.or_else(|| {
            let before = self.slice(first, start);
            before.rmatch_indices("{{").map(|(found, _)| first + found).find(|&found| {
                let (line, _) = self.line(found);
                self.slice(line, found).trim().is_empty()
            })
        })?;
        let (_, end) = self.line(opening);
        let end = self.slice(opening, end).find("}}").map_or(end, |found| opening + found + 2);
        Some(template(self.span(opening, end)))
    }

    fn explain(&self, error: &ScanError) -> Problem {
        let at = self.at;
        let say = |span: Span, message: &str, help: &str| {
            syntax(span, message.into(), (!help.is_empty()).then(|| help.into()))
        };
        match error.kind() {
            ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabNotAllowed
            | ErrorKind::TabAtBlockScalarStart => {
                say(self.tab(), "a tab is used for indentation", "YAML allows only spaces there")
            }
            ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
                let quote = if self.slice(at, at + 1) == "'" { '\'' } else { '"' };
                syntax(
                    self.character(at),
                    format!("the string that begins here has no closing `{quote}`"),
                    Some("close the quote; inside single quotes, a quote is written twice (`''`)".into())
                        .filter(|_| quote == '\'')
                        .or_else(|| Some("close the quote; inside double quotes, a quote is written `\\\"`".into())),
                )
            }
            ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
                let help = "a value that begins with a quote must end with it; quote the whole value";
                say(self.word(at), "text after the closing quote", help)
            }
            ErrorKind::InvalidIndentation
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::InvalidFlowScalarIndent
            | ErrorKind::InvalidBlockScalarIndent => {
                say(self.word(at), "wrong indentation", "indent it deeper than the line that it belongs to")
            }
            ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry => self.misplaced_line(error),
            ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
                let help = "a mapping's line reads `key: value`, with a blank after the colon";
                say(self.rest_of_line(at), "the colon of a key is missing", help)
            }
            ErrorKind::MappingValueNotAllowed => self.misplaced_colon(),
            ErrorKind::InvalidColonPlacement | ErrorKind::InvalidMappingValueWhitespace => {
                let help = "quote the value if the colon belongs to it; if not, is a `]` or `}` missing before it?";
                say(self.character(at), "a colon is not allowed here", help)
            }
            ErrorKind::UnclosedFlowCollection { open } => {
                syntax(self.character(at), format!("`{open}` is never closed"), Some(closing(*open)))
            }
            ErrorKind::UnexpectedEofFlowSequence => say(self.word(at), "a `[` is never closed", ""),
            ErrorKind::UnexpectedEofFlowMapping | ErrorKind::UnexpectedEofImplicitFlowMapping => {
                say(self.word(at), "a `{` is never closed", "")
            }
            ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
                syntax(self.character(at), format!("`{open}` is closed by `{close}`"), Some(closing(*open)))
            }
            ErrorKind::MisplacedFlowCollectionEnd => {
                say(self.character(at), "a closing bracket without an opening one", "quote the value if it is text")
            }
            ErrorKind::ExpectedFlowMappingSeparator => {
                let help = "inside `{…}`, entries are separated by `,`; is a `}` missing before it?";
                say(self.word(at), "a `,` or `}` is missing here", help)
            }
            ErrorKind::ExpectedFlowSequenceSeparator => {
                let help = "inside `[…]`, items are separated by `,`; is a `]` missing before it?";
                say(self.word(at), "a `,` or `]` is missing here", help)
            }
            ErrorKind::RecursionLimitExceeded => too_deep(self.character(at)),
            ErrorKind::BomInsideDocument => {
                say(self.character(at), "a byte order mark inside the text", "remove this invisible character")
            }
            ErrorKind::UnexpectedCharacter { character } if character.is_control() => syntax(
                self.character(at),
                format!("control character U+{:04X} is not allowed", u32::from(*character)),
                Some("remove it, or write it as an escape in a double-quoted string".into()),
            ),
            ErrorKind::UnexpectedCharacter { character } => syntax(
                self.character(at),
                format!("a value cannot begin with `{character}`"),
                Some("quote the value".into()),
            ),
            ErrorKind::MissingAnchorOrAliasName => {
                let star = self.slice(at, at + 1) == "*";
                let message = if star {
                    "`*` begins an alias, but no name follows"
                } else {
                    "`&` begins an anchor, but no name follows"
                };
                say(self.word(at), message, "quote the value if it is text, as in `\"*.example.com\"`")
            }
            ErrorKind::BlockSequenceEntryNotAllowed | ErrorKind::BlockEntryInFlowCollection => {
                let help = "start the list on its own line, or quote the value if it is text";
                say(self.character(at), "a list cannot begin here", help)
            }
            ErrorKind::MappingKeyNotAllowed => {
                say(self.character(at), "a key cannot begin here", "quote the value if it is text")
            }
            ErrorKind::UnknownQuotedScalarEscape
            | ErrorKind::InvalidQuotedScalarHexEscape
            | ErrorKind::InvalidUnicodeEscape => {
                let help = "use single quotes, or write a backslash as `\\\\`";
                say(self.escape(), "an unknown escape in a double-quoted string", help)
            }
            ErrorKind::InvalidBlockScalarHeader | ErrorKind::ZeroBlockScalarIndent => {
                let help =
                    "after `|` or `>` come at most `+` or `-` and an indentation of 1 to 9, the text on the next line";
                say(self.word(at), "text after the header of a block scalar", help)
            }
            ErrorKind::ExpectedDocumentStart => {
                let (first, _) = self.document();
                if self.slice(first, at).trim_start().starts_with('%') {
                    let help = "Kubernetes cuts the file at each `---`, which leaves the directive alone; remove it";
                    return say(self.span(at, at), "a `%` directive without a document", help);
                }
                say(self.rest_of_line(at), "text after the end of the document", "separate documents by a `---` line")
            }
            ErrorKind::UndeclaredTagHandle => {
                say(self.word(at), "an unknown tag", "quote the value if the `!` belongs to it")
            }
            ErrorKind::CommentNotSeparated => {
                say(self.word(at), "a comment needs a blank before its `#`", "quote the value if the `#` belongs to it")
            }
            _ => syntax(self.word(at), plain(&error.info()), None),
        }
    }

    /// The tab that an error about tabs means: the one before the place, or the first one after it
    /// that indents a line.
    fn tab(&self) -> Span {
        let (_, last) = self.document();
        let (start, _) = self.line(self.at);
        let blanks = self.slice(start, last).len() - self.slice(start, last).trim_start_matches([' ', '\t']).len();
        if let Some(found) = self.slice(start, start + blanks).find('\t') {
            return self.character(start + found);
        }
        let mut line_start = self.at;
        while let Some(found) = self.slice(line_start, last).find('\n') {
            line_start += found + 1;
            let rest = self.slice(line_start, last);
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
            if let Some(tab) = rest[..blanks].find('\t') {
                return self.character(line_start + tab);
            }
        }
        self.character(self.at)
    }

    /// The escape that an error about a double-quoted scalar means, whose opening quote is at `at`.
    fn escape(&self) -> Span {
        let (_, last) = self.document();
        let rest = self.slice(self.at, last);
        let escapes = rest.char_indices().filter(|&(_, c)| c == '\\').map(|(found, _)| found);
        let mut after = 0;
        for found in escapes {
            if found < after {
                continue;
            }
            let escaped = rest[found + 1..].chars().next().unwrap_or('\\');
            after = found + 1 + escaped.len_utf8();
            let digits = match escaped {
                'x' => 2,
                'u' => 4,
                'U' => 8,
                '0' | 'a' | 'b' | 't' | '\t' | 'n' | 'v' | 'f' | 'r' | 'e' | ' ' | '"' | '/' | '\\' | 'N' | '_'
                | 'L' | 'P' | '\n' | '\r' => continue,
                _ => return self.span(self.at + found, self.at + after),
            };
            let number = rest.get(after..after + digits).and_then(|digits| u32::from_str_radix(digits, 16).ok());
            if number.and_then(char::from_u32).is_none() {
                return self.span(self.at + found, self.at + after);
            }
        }
        self.character(self.at)
    }

    fn rest_of_line(&self, at: usize) -> Span {
        let (_, end) = self.line(at);
        self.span(at, at + self.slice(at, end).trim_end().len())
    }

    /// A line that continues no open collection.
    fn misplaced_line(&self, error: &ScanError) -> Problem {
        let (start, end) = self.line(self.at);
        let line = self.slice(start, end);
        let first = start + (line.len() - line.trim_start().len());
        let within = self.slice(first, self.at);
        if line.trim_start().starts_with("- ") && within.trim_end() == "-" || self.slice(self.at, end).starts_with("- ")
        {
            let at = if within.trim_end() == "-" { first } else { self.at };
            let help = "a mapping goes on at this indentation; indent the list to its key, or remove the dash";
            return syntax(self.character(at), "a list item where a key is expected".into(), Some(help.into()));
        }
        if !within.trim().is_empty() {
            let help = "quote the whole value";
            return syntax(self.word(self.at), "text after the end of a value".into(), Some(help.into()));
        }
        let (message, help) = if *error.kind() == ErrorKind::ExpectedBlockSequenceEntry {
            let help = "a list goes on at this indentation: begin with `- `, or indent the line differently";
            ("a list item is expected here", help)
        } else {
            let help = "indent the line exactly as its siblings";
            ("the indentation of this line matches no line above", help)
        };
        syntax(self.rest_of_line(self.at), message.into(), Some(help.into()))
    }

    /// A colon after something that cannot be a key.
    fn misplaced_colon(&self) -> Problem {
        let colon = self.character(self.at);
        if let Some(scalar) = self.last_scalar
            && scalar.end as usize <= self.at
            && self.slice(scalar.end as usize, self.at).trim().is_empty()
            && let Some((above, _)) = self.slice(scalar.start as usize, scalar.end as usize).split_once('\n')
        {
            let (start, _) = self.line(scalar.start as usize);
            let above_span = self.span(scalar.start as usize, scalar.start as usize + above.trim_end().len());
            let begins_line = self.slice(start, scalar.start as usize).trim_start_matches(['-', ' ', '\t']).is_empty();
            let (line_start, line_end) = self.line(self.at);
            let line = self.slice(line_start, line_end);
            let here = self.span(line_start + line.len() - line.trim_start().len(), self.at);
            return if begins_line && above.contains(':') {
                let help = "write `key: value` with a blank after the colon";
                syntax(above_span, "a blank is missing after the colon".into(), Some(help.into()))
            } else if begins_line {
                let help = "a mapping's line reads `key: value`, with a blank after the colon";
                syntax(above_span, "the colon of a key is missing".into(), Some(help.into()))
            } else {
                Problem {
                    related: Some((above_span, "this value goes on to the next line".into())),
                    ..syntax(
                        here,
                        "a key is indented deeper than the value above, so it continues that value".into(),
                        Some("indent it as its siblings, or remove the value above".into()),
                    )
                }
            };
        }
        let help = "quote the value if the colon belongs to it";
        syntax(colon, "a second `: ` on one line".into(), Some(help.into()))
    }
}

fn closing(open: char) -> String {
    let close = if open == '[' { ']' } else { '}' };
    format!("add `{close}`, or quote the value if it is text")
}

/// The parser's own words in our style.
fn plain(info: &str) -> String {
    let info = info.trim().trim_end_matches('.');
    let mut characters = info.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => "not YAML".into(),
    }
}
