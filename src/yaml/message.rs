//! Messages and helps for the errors of the parser.

use super::place::Places;
use super::{YamlProblem, YamlProblemKind};
use crate::source::Span;
use granit_parser::{ErrorKind, ScanError};

pub(super) fn syntax(span: Span, message: String, help: Option<String>) -> YamlProblem {
    YamlProblem { kind: YamlProblemKind::Syntax, span, message, help, related: None }
}

pub(super) fn too_deep(span: Span) -> YamlProblem {
    syntax(span, "the document nests too deeply".into(), Some("use at most 500 levels".into()))
}

fn template(span: Span) -> YamlProblem {
    let help = "lint the rendered template (`helm template`), or quote the value if the braces are text";
    syntax(span, "`{{` starts a template, which is not YAML".into(), Some(help.into()))
}

/// The problem of a `{{ … }}` whose inner braces are at `inner`. `None` for other braces.
pub(super) fn template_around(inner: Span, places: Places<'_>) -> Option<YamlProblem> {
    let (start, end) = (inner.start as usize, inner.end as usize);
    let outer = start.checked_sub(1).filter(|&outer| places.text[outer..].starts_with("{{"))?;
    let end = if places.text[end..].starts_with('}') { end + 1 } else { end };
    Some(template(Span::new(places.file(), outer, end)))
}

/// The problem for an error of the parser. `last_scalar` is the last scalar before it.
pub(super) fn of_scan_error(error: &ScanError, places: Places<'_>, last_scalar: Option<Span>) -> YamlProblem {
    let at = places.offset(error.marker());
    let site = ErrorSite { places, at, last_scalar };
    site.template().unwrap_or_else(|| site.explain(error))
}

/// An error's position in its document.
#[derive(Clone, Copy)]
struct ErrorSite<'text> {
    places: Places<'text>,
    at: usize,
    last_scalar: Option<Span>,
}

impl<'text> ErrorSite<'text> {
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

    /// The line of an offset, without the line break.
    fn line(&self, at: usize) -> (usize, usize) {
        let (first, last) = self.document();
        let start = self.slice(first, at).rfind('\n').map_or(first, |found| first + found + 1);
        let end = self.slice(at, last).find('\n').map_or(last, |found| at + found);
        (start, end)
    }

    /// The word at `at`: up to the next white space, at least one character, and within the line. Empty at
    /// the end of the text.
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

    /// The template on the line of the error, or on the last line before it that begins with a template.
    fn template(&self) -> Option<YamlProblem> {
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

    fn explain(&self, error: &ScanError) -> YamlProblem {
        let at = self.at;
        let say = |span: Span, message: &str, help: &str| {
            syntax(span, message.into(), (!help.is_empty()).then(|| help.into()))
        };
        match error.kind() {
            ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabNotAllowed
            | ErrorKind::TabAtBlockScalarStart => say(self.tab(), "a tab cannot indent a line", "indent with spaces"),
            ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
                let quote = if self.slice(at, at + 1) == "'" { '\'' } else { '"' };
                syntax(
                    self.character(at),
                    format!("this string has no closing `{quote}`"),
                    Some("close the quote; inside single quotes, a quote is written twice (`''`)".into())
                        .filter(|_| quote == '\'')
                        .or_else(|| Some("close the quote; inside double quotes, a quote is written `\\\"`".into())),
                )
            }
            ErrorKind::InvalidTrailingSingleQuotedScalar | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
                let help = "quote the whole value";
                say(self.word(at), "unexpected text after the closing quote", help)
            }
            ErrorKind::InvalidIndentation
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::InvalidFlowScalarIndent
            | ErrorKind::InvalidBlockScalarIndent => {
                say(self.word(at), "wrong indentation", "indent it deeper than its parent")
            }
            ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry => self.misplaced_line(error),
            ErrorKind::SimpleKeyExpected if self.slice(at, self.line(at).1).trim() == "..." => {
                say(self.word(at), "`...` is not valid here", "replace it with the omitted lines, or make it a comment")
            }
            ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
                let help = "write `key: value`, with a space after the colon";
                say(self.rest_of_line(at), "the key has no colon", help)
            }
            ErrorKind::MappingValueNotAllowed => self.misplaced_colon(),
            ErrorKind::InvalidColonPlacement | ErrorKind::InvalidMappingValueWhitespace => {
                let help = "quote the value if the colon belongs to it, or close the `[` or `{` before it";
                say(self.character(at), "a colon is not allowed here", help)
            }
            ErrorKind::UnclosedFlowCollection { open } => {
                syntax(self.character(at), format!("`{open}` is not closed"), Some(closing(*open)))
            }
            ErrorKind::UnexpectedEofFlowSequence => say(self.word(at), "a `[` is not closed", ""),
            ErrorKind::UnexpectedEofFlowMapping | ErrorKind::UnexpectedEofImplicitFlowMapping => {
                say(self.word(at), "a `{` is not closed", "")
            }
            ErrorKind::MismatchedFlowCollectionEnd { open, close } => {
                syntax(self.character(at), format!("`{open}` is closed by `{close}`"), Some(closing(*open)))
            }
            ErrorKind::MisplacedFlowCollectionEnd => {
                say(self.character(at), "this bracket closes nothing", "quote the value if it is text")
            }
            ErrorKind::ExpectedFlowMappingSeparator => {
                let help = "separate entries with `,`, or close the `{` before it";
                say(self.word(at), "a `,` or `}` is missing here", help)
            }
            ErrorKind::ExpectedFlowSequenceSeparator => {
                let help = "separate items with `,`, or close the `[` before it";
                say(self.word(at), "a `,` or `]` is missing here", help)
            }
            ErrorKind::RecursionLimitExceeded => too_deep(self.character(at)),
            ErrorKind::BomInsideDocument => {
                say(self.character(at), "unexpected byte order mark", "remove it: this character is invisible")
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
                let message = if star { "the alias `*` has no name" } else { "the anchor `&` has no name" };
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
                say(self.escape(), "this escape sequence is not valid in a double-quoted string", help)
            }
            ErrorKind::InvalidBlockScalarHeader | ErrorKind::ZeroBlockScalarIndent => {
                let help =
                    "move the text to the next line; only `+`, `-` and an indentation of 1 to 9 may follow `|` or `>`";
                say(self.word(at), "unexpected text after the header of a block scalar", help)
            }
            ErrorKind::ExpectedDocumentStart => {
                let (first, _) = self.document();
                if self.slice(first, at).trim_start().starts_with('%') {
                    let help =
                        "remove it: Kubernetes splits the file at each `---`, so no document follows the directive";
                    return say(self.span(at, at), "this `%` directive has no document", help);
                }
                say(
                    self.rest_of_line(at),
                    "unexpected text after the end of the document",
                    "separate documents with a `---` line",
                )
            }
            ErrorKind::UndeclaredTagHandle => {
                say(self.word(at), "this tag is not defined", "quote the value if the `!` belongs to it")
            }
            ErrorKind::CommentNotSeparated => say(
                self.word(at),
                "a comment needs a space before its `#`",
                "add a space, or quote the value if the `#` belongs to it",
            ),
            _ => syntax(self.word(at), plain(&error.info()), None),
        }
    }

    /// The tab that caused an error about tabs: the one that indents the line, or else the first one that
    /// indents a later line.
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

    /// The escape sequence that caused an error in a double-quoted scalar. Its opening quote is at `at`.
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

    /// The problem of a line that does not continue an open collection.
    fn misplaced_line(&self, error: &ScanError) -> YamlProblem {
        let (start, end) = self.line(self.at);
        let line = self.slice(start, end);
        let first = start + (line.len() - line.trim_start().len());
        let within = self.slice(first, self.at);
        if line.trim_start().starts_with("- ") && within.trim_end() == "-" || self.slice(self.at, end).starts_with("- ")
        {
            let at = if within.trim_end() == "-" { first } else { self.at };
            let help = "remove the dash, or indent the list below its key";
            return syntax(self.character(at), "expected a key, found a list item".into(), Some(help.into()));
        }
        if !within.trim().is_empty() {
            let help = "quote the whole value";
            return syntax(self.word(self.at), "unexpected text after the value".into(), Some(help.into()));
        }
        let (message, help) = if *error.kind() == ErrorKind::ExpectedBlockSequenceEntry {
            let help = "begin the line with `- `, or indent it differently";
            ("expected a list item", help)
        } else {
            let help = "indent it like its siblings";
            ("no line above has this indentation", help)
        };
        syntax(self.rest_of_line(self.at), message.into(), Some(help.into()))
    }

    /// The problem of a colon after something that cannot be a key.
    fn misplaced_colon(&self) -> YamlProblem {
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
                let help = "write `key: value`, with a space after the colon";
                syntax(above_span, "no space follows the colon".into(), Some(help.into()))
            } else if begins_line {
                let help = "write `key: value`, with a space after the colon";
                syntax(above_span, "the key has no colon".into(), Some(help.into()))
            } else {
                YamlProblem {
                    related: Some((above_span, "this value continues on the next line".into())),
                    ..syntax(
                        here,
                        "this key is part of the value above, because it is indented deeper".into(),
                        Some("indent it like its siblings, or remove the value above".into()),
                    )
                }
            };
        }
        let help = "quote the value if the colon belongs to it";
        syntax(colon, "a line cannot hold a second `: `".into(), Some(help.into()))
    }
}

fn closing(open: char) -> String {
    let close = if open == '[' { ']' } else { '}' };
    format!("add `{close}`, or quote the value if it is text")
}

/// The parser's own message in our style.
fn plain(info: &str) -> String {
    let info = info.trim().trim_end_matches('.');
    let mut characters = info.chars();
    match characters.next() {
        Some(first) => first.to_lowercase().chain(characters).collect(),
        None => "the document is not valid YAML".into(),
    }
}
