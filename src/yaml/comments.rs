//! Comments of a document, which its tree does not hold.

use granit_parser::{Event, Parser};

use super::place::Places;
use crate::source::Span;

/// The comments of a document, each from its `#` to its last character, in the order of the text. A `#` inside a scalar
/// does not start a comment. `text` is the whole text of the file that `document` was cut from.
///
/// If the document is not YAML, only the comments before the mistake are found.
pub fn comments(document: Span, text: &str) -> Vec<Span> {
    let Some(content) = text.get(document.range()) else { return Vec::new() };
    let places = Places { text, document };
    let options = granit_parser::options! {
        block_scalar_eof_without_line_feed: true,
        emit_unresolved_aliases: true,
        max_buffered_comment_events: usize::MAX,
    };
    let mut found = Vec::new();
    for event in Parser::new_from_str_with_options(content, options) {
        match event {
            Ok((Event::Comment(..), span)) => {
                let span = places.span(&span);
                let length = text[span.range()].trim_end().len();
                found.push(Span::new(span.file, span.start as usize, span.start as usize + length));
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn found(text: &str) -> Vec<&str> {
        let file = Sources::default().add("f", "");
        comments(Span::new(file, 0, text.len()), text).into_iter().map(|span| &text[span.range()]).collect()
    }

    #[test]
    fn comments_are_those_outside_of_scalars() {
        assert_eq!(found("# a\nb: c # d\n# e\nf: g#h\n#i"), ["# a", "# d", "# e", "#i"]);
        assert_eq!(found("a: |\n  # b\n  c\n# d\ne: '# f'\ng: \"x # h\n  # i\"\n"), ["# d"]);
        assert_eq!(found("a: [ # b\n  1, # c\n] # d\n"), ["# b", "# c", "# d"]);
    }

    #[test]
    fn comments_end_before_the_line_ends_of_windows() {
        assert_eq!(found("# a\r\nb: é # d\r\n  # e  \r\n"), ["# a", "# d", "# e"]);
    }

    #[test]
    fn many_comments_and_broken_documents_are_read() {
        let many = "# a\n".repeat(500) + "b: 1\n";
        assert_eq!(found(&many).len(), 500);
        assert_eq!(found("# a\nb: [\n"), ["# a"]);
        assert!(found("").is_empty());
    }
}
