//! Line and column numbers of many places, fast even on a single endless line.

use crate::source::{FileId, Position, Sources, Span};

/// Finds the positions of spans that mostly come in ascending order.
///
/// A column number requires counting the characters before it on the line. On a minified file of 100 MB, counting from
/// the start of the line for each of thousands of findings takes minutes; this counts from the previous finding.
pub(super) struct Positions<'a> {
    sources: &'a Sources,
    last: Option<(FileId, Position)>,
}

impl<'a> Positions<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self { sources, last: None }
    }

    /// The start and end of a finding. The next position is counted from here.
    pub(super) fn advance(&mut self, span: Span) -> (Position, Position) {
        let start = self.find(span.file, span.start as usize);
        self.last = Some((span.file, start));
        (start, self.find(span.file, span.end as usize))
    }

    /// The start and end of a related place.
    pub(super) fn look(&self, span: Span) -> (Position, Position) {
        (self.find(span.file, span.start as usize), self.find(span.file, span.end as usize))
    }

    fn find(&self, file: FileId, offset: usize) -> Position {
        let source = self.sources.file(file);
        let text = source.text();
        let offset = text.floor_char_boundary(offset);
        match self.last {
            Some((of, last))
                if of == file && last.offset <= offset && source.lines().line_of(offset) + 1 == last.line =>
            {
                let column = last.column + text[last.offset..offset].chars().count();
                Position { line: last.line, column, offset }
            }
            _ => source.position(offset),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counting_on_gives_what_counting_from_the_start_gives() {
        let mut sources = Sources::default();
        let a = sources.add("a.yaml", "é: [ü, ö]\nx: ä\n");
        let b = sources.add("b.yaml", "ß");
        let mut positions = Positions::new(&sources);
        let length = sources.file(a).text().len();
        for (file, start, end) in [(a, 0, 2), (a, 5, 7), (a, 6, length), (a, 3, 3), (a, 12, 99), (b, 1, 2), (a, 8, 9)] {
            let span = Span::new(file, start, end);
            let expected = (sources.start(span), sources.end(span));
            assert_eq!(positions.look(span), expected);
            assert_eq!(positions.advance(span), expected);
        }
    }
}
