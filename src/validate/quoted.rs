//! Text from the user's files inside messages.

use std::fmt::{self, Display, Formatter, Write};

/// A text in backticks, on one line.
#[derive(Debug, Clone, Copy)]
pub struct Quoted<'t>(&'t str);

/// Puts a text into backticks for a message. Control characters are escaped, and an empty text is shown as `""`.
pub fn quoted(text: &str) -> Quoted<'_> {
    Quoted(text)
}

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("`\"\"`");
        }
        f.write_char('`')?;
        for letter in self.0.chars() {
            match letter.is_control() {
                true => write!(f, "{}", letter.escape_debug())?,
                false => f.write_char(letter)?,
            }
        }
        f.write_char('`')
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_quoted_text_is_one_line_in_backticks() {
        for (text, shown) in [("a b", "`a b`"), ("", "`\"\"`"), ("a\nb\t\"c\"", "`a\\nb\\t\"c\"`")] {
            assert_eq!(quoted(text).to_string(), shown);
        }
    }
}
