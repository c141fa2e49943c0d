//! Excerpts: a few lines of a file around a place.

use super::words::{clean, columns, head, push_clean, tail, wrap};
use crate::report::Style;
use crate::report::positions::Positions;
use crate::source::{Position, SourceFile, Sources, Span};

/// The greatest distance, in lines, of a related place that is marked in the excerpt of a finding, which shows all
/// lines in between. Places further away have separate excerpts.
const NEAR: usize = 8;

/// The least room for a label at the right of its place. With less room, the window moves so that the place is further
/// left.
const LABEL_ROOM: usize = 24;

/// A place to mark, and its label.
pub(super) struct Mark<'a> {
    pub span: Span,
    pub label: Option<&'a str>,
}

/// Consecutive lines of a file, fit for a terminal: long lines are cut to a window around their marks, control
/// characters are replaced, and line ends are `\n`. Offsets of labels refer to this text.
pub(super) struct Excerpt {
    /// The path of the file, after that of the template that it was rendered from.
    pub name: String,
    /// The lines, each with a `\n` at its end.
    pub text: String,
    /// The offset of each line in `text`.
    pub starts: Vec<usize>,
    /// The 0-based number of the first line in the file.
    pub first_line: usize,
    /// The labels, in the order of their places.
    pub labels: Vec<Label>,
}

/// A place that is marked in an [`Excerpt`].
pub(super) struct Label {
    /// The index of the mark.
    pub mark: usize,
    /// The offset in the text of the excerpt.
    pub offset: usize,
    /// The length in bytes; 0 marks a place between two characters.
    pub length: usize,
    /// The text of the label, broken into lines that fit.
    pub words: Option<String>,
    /// The position in the file.
    pub position: Position,
}

/// The part of a mark on its first line, by offsets in that line.
#[derive(Clone, Copy)]
struct MarkedPiece {
    mark: usize,
    line: usize,
    start: usize,
    end: usize,
}

/// The part of a line that is shown.
#[derive(Clone, Copy)]
struct Window {
    from: usize,
    to: usize,
}

impl Excerpt {
    /// The excerpt around `marks[0]`, with the other marks that are near and do not overlap. `labels` lists them.
    pub(super) fn new(sources: &Sources, positions: &Positions<'_>, marks: &[Mark<'_>], style: &Style) -> Self {
        let file = sources.file(marks[0].span.file);
        let anchor = piece(file, 0, marks[0].span);
        let origin = sources.origin(marks[0].span);
        let mut pieces = vec![anchor];
        for (mark, other) in marks.iter().enumerate().skip(1) {
            // Documents of one file can come from several templates.
            if other.span.file == marks[0].span.file && sources.origin(other.span) == origin {
                let other = piece(file, mark, other.span);
                let apart = pieces.iter().all(|piece| !piece.overlaps(other));
                if apart && other.line.abs_diff(anchor.line) <= NEAR {
                    pieces.push(other);
                }
            }
        }
        let digits = (anchor.line + NEAR + 2).to_string().len();
        let layout = Layout { marks, style, room: style.columns().saturating_sub(digits + 4) };

        // Each line shows a window around its first mark. Other marks on the line stay if the window shows them and
        // their labels have room.
        let mut rows: Vec<(usize, Window)> = Vec::new();
        pieces.retain(|piece| {
            let line = line_of(file, piece.line);
            let Some(row) = rows.iter().find(|row| row.0 == piece.line) else {
                rows.push((piece.line, layout.window(line, piece)));
                return true;
            };
            let words = marks[piece.mark].label.map_or(0, columns).min(LABEL_ROOM);
            row.1.holds(piece.start, line.len()) && layout.label_room(line, row.1, piece) >= words
        });
        let window = |line: usize| rows.iter().find(|row| row.0 == line).map(|row| row.1);
        pieces.sort_by_key(|piece| (piece.line, piece.start));

        let (first, mut last) = (pieces[0].line.saturating_sub(1), pieces[pieces.len() - 1].line);
        // The empty line after a final line break is not useful context.
        if file.lines().start_of(last + 1).is_some_and(|start| start < file.text().len()) {
            last += 1;
        }
        let name = clean(&match origin {
            Some(template) => format!("{template} in {}", file.path()),
            None => file.path().to_owned(),
        });
        let mut excerpt = Self {
            name: style.file_link(&name, file.path()),
            text: String::new(),
            starts: Vec::new(),
            first_line: first,
            labels: Vec::new(),
        };
        for line in first..=last {
            let text = line_of(file, line);
            let shown = window(line).unwrap_or_else(|| layout.start(text));
            let here = excerpt.text.len();
            excerpt.starts.push(here);
            layout.push_line(&mut excerpt.text, text, shown);
            for piece in pieces.iter().filter(|piece| piece.line == line) {
                let position = positions.look(marks[piece.mark].span).0;
                // miette draws a line down from every mark that has another one to its right. The line needs a label to
                // lead to.
                let alone = pieces.iter().filter(|other| other.line == line).count() == 1;
                let words = marks[piece.mark].label.or(if alone { None } else { Some("here") });
                excerpt.labels.push(layout.label(here, text, shown, piece, words, position));
            }
        }
        excerpt
    }
}

/// The settings that all lines of an excerpt share.
struct Layout<'a> {
    marks: &'a [Mark<'a>],
    style: &'a Style,
    room: usize,
}

impl Layout<'_> {
    /// The window of a line with a mark: the whole line if it fits and leaves room for the label, else a third of the
    /// room goes to the text before the mark.
    fn window(&self, line: &str, piece: &MarkedPiece) -> Window {
        let (start, whole) = (self.start(line), line.len());
        if start.to == whole {
            let words = self.marks[piece.mark].label.map_or(0, columns);
            let middle = (columns(&line[..piece.start]) + columns(&line[..piece.end])) / 2;
            if middle + 4 + words.min(LABEL_ROOM) <= self.room {
                return start;
            }
        }
        let cut = columns(self.style.ellipsis());
        let before = tail(&line[..piece.start], self.room / 3).len();
        let from = piece.start - before;
        if from == 0 {
            return start;
        }
        let rest = &line[from..];
        let to = from + head(rest, self.room - cut).len();
        Window { from, to: if to == whole { whole } else { from + head(rest, self.room - 2 * cut).len() } }
    }

    /// The window of a line that is shown from its start.
    fn start(&self, line: &str) -> Window {
        let to = head(line, self.room).len();
        let cut = columns(self.style.ellipsis());
        Window { from: 0, to: if to == line.len() { to } else { head(line, self.room - cut).len() } }
    }

    fn push_line(&self, out: &mut String, line: &str, shown: Window) {
        out.push_str(self.left(shown));
        push_clean(out, &line[shown.from..shown.to]);
        if shown.to < line.len() {
            out.push_str(self.style.ellipsis());
        }
        out.push('\n');
    }

    fn left(&self, shown: Window) -> &'static str {
        if shown.from > 0 { self.style.ellipsis() } else { "" }
    }

    /// The columns for the label of a mark: miette puts it below the middle of the mark, four columns to the right.
    fn label_room(&self, line: &str, shown: Window, piece: &MarkedPiece) -> usize {
        let before = columns(self.left(shown)) + columns(&line[shown.from..piece.start]);
        let marked = columns(&line[piece.start..piece.end.min(shown.to)]);
        self.room.saturating_sub(before + marked / 2 + 4)
    }

    fn label(
        &self,
        here: usize,
        line: &str,
        shown: Window,
        piece: &MarkedPiece,
        words: Option<&str>,
        position: Position,
    ) -> Label {
        let before = clean(&line[shown.from..piece.start]);
        let marked = clean(&line[piece.start..piece.end.min(shown.to)]);
        let room = self.label_room(line, shown, piece).max(LABEL_ROOM / 3);
        Label {
            mark: piece.mark,
            offset: here + self.left(shown).len() + before.len(),
            length: marked.len(),
            words: words.map(|words| wrap(&clean(head(words, 400)), room).join("\n")),
            position,
        }
    }
}

impl MarkedPiece {
    /// Whether miette would draw the two marks on top of each other.
    fn overlaps(self, other: Self) -> bool {
        let end = |piece: Self| piece.end.max(piece.start + 1);
        self.line == other.line && self.start < end(other) && other.start < end(self)
    }
}

impl Window {
    /// Whether the window shows a mark that begins at `start`. It shows the place after the last character if it ends
    /// where the line does.
    fn holds(self, start: usize, whole: usize) -> bool {
        self.from <= start && (start < self.to || self.to == whole)
    }
}

/// A line without its line break.
fn line_of(file: &SourceFile, line: usize) -> &str {
    let text = file.text();
    let start = file.lines().start_of(line).unwrap_or(text.len());
    let end = file.lines().start_of(line + 1).unwrap_or(text.len());
    let line = &text[start..end];
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

/// The part of a span on its first line. A mark over several lines, such as that of a whole mapping, says no more than
/// its first line, and would push everything else off the screen.
fn piece(file: &SourceFile, mark: usize, span: Span) -> MarkedPiece {
    let text = file.text();
    let offset = text.floor_char_boundary(span.start as usize);
    let line = file.lines().line_of(offset);
    let from = file.lines().start_of(line).unwrap_or_default();
    let whole = line_of(file, line);
    let start = (offset - from).min(whole.len());
    let end = text.ceil_char_boundary(span.end as usize).saturating_sub(from);
    let end = if end > whole.len() { whole.trim_end().len() } else { end };
    MarkedPiece { mark, line, start, end: end.max(start) }
}
