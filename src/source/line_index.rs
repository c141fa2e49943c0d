//! Conversion of byte offsets to lines and columns.

/// A position in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Position {
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in Unicode scalar values.
    pub column: usize,
    /// 0-based byte offset from the start of the file.
    pub offset: usize,
}

/// An index of the lines of a text. Lines end with `\n`; a `\r` before it belongs to the line.
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<usize>,
    /// The number of characters before each multiple of [`BLOCK`] bytes, so that finding a column does not require a scan
    /// of a line that may be megabytes long.
    characters_before: Vec<usize>,
}

/// The distance between two counts, in bytes.
const BLOCK: usize = 1024;

impl LineIndex {
    /// Indexes the lines of `text`.
    pub fn new(text: &str) -> Self {
        let after_breaks = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(after_breaks).collect();
        let counts = text.as_bytes().chunks(BLOCK).scan(0, |before, block| {
            let count = *before;
            *before += characters(block);
            Some(count)
        });
        Self { starts, characters_before: counts.collect() }
    }

    /// The number of lines. A text that ends with `\n` has an empty last line.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Always false: even an empty text has one line.
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The 0-based index of the line that contains byte `offset`.
    pub fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start <= offset) - 1
    }

    /// The byte offset of the start of a line, by 0-based index. `None` after the last line.
    pub fn start_of(&self, line: usize) -> Option<usize> {
        self.starts.get(line).copied()
    }

    /// The position of a byte offset. An offset inside a character is moved to its start.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let offset = text.floor_char_boundary(offset);
        let line = self.line_of(offset);
        let column = self.characters_up_to(text, offset) - self.characters_up_to(text, self.starts[line]) + 1;
        Position { line: line + 1, column, offset }
    }

    /// The number of characters before a byte offset.
    fn characters_up_to(&self, text: &str, offset: usize) -> usize {
        let block = offset / BLOCK;
        let before = self.characters_before.get(block).copied();
        // The end of the text may be after the last block.
        let (before, from) = before.map_or_else(|| (0, 0), |before| (before, block * BLOCK));
        before + characters(&text.as_bytes()[from..offset])
    }
}

/// The number of characters that begin in a slice of UTF-8.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| (byte as i8) >= -0x40).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_offsets_count_bytes() {
        let text = "a: é\nb: ü!\n";
        let index = LineIndex::new(text);
        let bang = text.find('!').unwrap();
        assert_eq!(index.position(text, bang), Position { line: 2, column: 5, offset: bang });
        assert_eq!(index.position(text, text.len()), Position { line: 3, column: 1, offset: text.len() });
    }

    #[test]
    fn columns_on_long_lines_count_characters() {
        let text = format!("a\n{}", "é".repeat(3000));
        let index = LineIndex::new(&text);
        for characters in [0, 500, 511, 512, 513, 2999, 3000] {
            let position = index.position(&text, 2 + 2 * characters);
            assert_eq!((position.line, position.column), (2, characters + 1));
        }
    }
}
