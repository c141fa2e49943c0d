//! Markdown, for comments on pull requests.

mod diff;
mod lint;

pub use diff::diff;
pub use lint::lint;

use super::visible::{push_visible, visible};

/// GitHub takes comments of up to 65,536 characters. A part of that is left for what others add.
const MOST_CHARACTERS: usize = 60_000;

/// A text as code.
fn code(text: &str) -> String {
    let text = visible(text);
    let fence = if text.contains('`') { "``" } else { "`" };
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// A text in the cell of a table, or in a paragraph: nothing in it is markup.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' | '\t' => escaped.push(' '),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '*' | '_' | '`' | '[' | ']' | '|' | '\\' | '~' | '#' => escaped.extend(['\\', letter]),
            // A mention would notify people.
            '@' => escaped.push_str("&#64;"),
            letter => push_visible(&mut escaped, letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_cannot_write_markup() {
        assert_eq!(plain("*.example.com | @all <b>"), r"\*.example.com \| &#64;all &lt;b&gt;");
        assert_eq!(code("a|b"), "`a|b`");
        assert_eq!(code("a`b"), "``a`b``");
    }
}
