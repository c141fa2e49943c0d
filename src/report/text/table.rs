//! Tables. In a terminal, cells are wrapped: at spaces, before dots, and after slashes, but never inside a word.

use comfy_table::{ContentArrangement, Table, presets};

use super::words::columns;
use crate::report::Style;

/// A table. The texts of its cells can have several lines.
pub(super) struct Grid {
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// The columns of the frame, for each column and for the table.
const FRAME: (usize, usize) = (3, 1);

impl Grid {
    /// A table without rows.
    pub fn new(header: Vec<&'static str>) -> Self {
        Self { header, rows: Vec::new() }
    }

    /// Adds a row, with a cell for each column.
    pub fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// The table as text, with a newline at its end.
    pub fn render(&self, style: &Style) -> String {
        let room = if style.wraps_tables { style.columns() } else { usize::MAX };
        let widths = self.widths(room);
        let mut table = Table::new();
        table
            .load_style(if style.unicode { presets::UTF8_FULL_CONDENSED } else { presets::ASCII_FULL_CONDENSED })
            .set_content_arrangement(ContentArrangement::Disabled)
            .set_header(&self.header);
        for row in &self.rows {
            let cells = row.iter().zip(&widths).map(|(cell, width)| wrapped(cell, *width));
            table.add_row(cells);
        }
        let mut text = table.trim_fmt();
        text.push('\n');
        text
    }

    /// The width of each column. The widest ones shrink until the table fits, or until no cell can be wrapped further.
    fn widths(&self, room: usize) -> Vec<usize> {
        let count = self.header.len();
        let cells = |column: usize| self.rows.iter().filter_map(move |row| row.get(column));
        let lines = |column: usize| cells(column).flat_map(|cell| cell.lines());
        let widest = |column: usize| lines(column).map(columns).max().unwrap_or(0);
        let least = |column: usize| lines(column).flat_map(pieces).map(|it| columns(it.trim_end())).max().unwrap_or(0);
        let of_header = |column: usize| columns(self.header[column]);
        let mut widths: Vec<usize> = (0..count).map(|column| widest(column).max(of_header(column))).collect();
        let least: Vec<usize> = (0..count).map(|column| least(column).max(of_header(column))).collect();
        let frame = FRAME.0 * count + FRAME.1;
        while widths.iter().sum::<usize>() + frame > room {
            let shrinkable = (0..count).filter(|column| widths[*column] > least[*column]);
            let Some(column) = shrinkable.max_by_key(|column| widths[*column]) else { break };
            widths[column] -= 1;
        }
        widths
    }
}

fn wrapped(cell: &str, width: usize) -> String {
    let lines: Vec<String> = cell.lines().flat_map(|line| wrap_line(line, width)).collect();
    lines.join("\n")
}

fn wrap_line(line: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces(line) {
        let used = lines.last().map_or(0, |line| columns(line));
        if used > 0 && used + columns(piece.trim_end()) > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(piece);
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).collect()
}

/// The parts of a line between which it can be broken, each with the spaces that follow it.
fn pieces(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    let characters: Vec<(usize, char)> = line.char_indices().collect();
    for pair in characters.windows(2) {
        let [(_, before), (at, next)] = pair else { continue };
        let is_break = match (*before, *next) {
            (' ', next) => next != ' ',
            // The dots of addresses and versions stay.
            (before, '.') => before.is_alphabetic() || before == '*',
            ('/', next) => next != '/' && next != ' ',
            _ => false,
        };
        // A slash or a dot at the start of a word is not the end of a part.
        if is_break && !line[start..*at].trim_matches(['/', '*']).is_empty() {
            found.push(&line[start..*at]);
            start = *at;
        }
    }
    found.push(&line[start..]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_dots_and_slashes() {
        assert_eq!(pieces("path is /a/b"), ["path ", "is ", "/a/", "b"]);
        assert_eq!(pieces("reviews.default:9080 v2"), ["reviews", ".default:9080 ", "v2"]);
        assert_eq!(pieces("https://a.example.com/"), ["https://", "a", ".example", ".com/"]);
        assert_eq!(pieces("10.0.0.1 is 1.5"), ["10.0.0.1 ", "is ", "1.5"]);
        assert_eq!(wrapped("a.example.com", 9), "a.example\n.com");
        assert_eq!(wrapped("unbreakable", 4), "unbreakable");
    }

    #[test]
    fn only_a_terminal_gets_wrapped_tables() {
        let mut grid = Grid::new(vec!["HOST", "WHEN"]);
        grid.push(vec!["bookinfo.example.com".to_owned(), "path starts with /static/of/this/page".to_owned()]);
        let narrow = Style { width: 44, ..Style::default() };
        assert!(grid.render(&narrow).lines().any(|line| line.contains("/static/of/this/page")));
        let terminal = Style { wraps_tables: true, ..narrow };
        assert!(grid.render(&terminal).lines().all(|line| columns(line) <= 44), "{}", grid.render(&terminal));
    }
}
