//! The files that a rendered text was made from.

use std::ops::Range;

/// The start of the comment that names the template of a document, as `helm template` writes it above each document.
const COMMENT: &str = "# Source: ";

/// The endings of files that Helm renders. Other comments that start in the same way name a web page, or a book.
const RENDERED: [&str; 4] = [".yaml", ".yml", ".json", ".tpl"];

/// The paths that the `# Source:` comments of a text name, by document.
#[derive(Debug, Default)]
pub(super) struct Origins {
    /// The start of each document that may have a path, in order, and where its path is in the text.
    documents: Vec<(usize, Option<Range<usize>>)>,
}

impl Origins {
    /// Finds the comments of a text. A comment applies to its document, and stands above the first key.
    pub(super) fn of(text: &str) -> Self {
        if !text.contains(COMMENT) {
            return Self::default();
        }
        let mut documents = vec![(0, None)];
        let mut is_above_content = true;
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            if line.starts_with("---") {
                documents.push((start, None));
                is_above_content = true;
            } else if is_above_content {
                if let Some(path) = line.strip_prefix(COMMENT).map(str::trim).filter(|path| is_rendered_path(path)) {
                    let from = start + COMMENT.len() + leading_spaces(&line[COMMENT.len()..]);
                    let last = documents.last_mut().expect("the first document is there");
                    last.1 = Some(from..from + path.len());
                }
                is_above_content = line.trim().is_empty() || line.starts_with('#');
            }
            start += line.len();
        }
        Self { documents }
    }

    /// Where the path for the document at an offset is in the text.
    pub(super) fn at(&self, offset: usize) -> Option<Range<usize>> {
        let after = self.documents.partition_point(|(start, _)| *start <= offset);
        self.documents[..after].last()?.1.clone()
    }
}

fn leading_spaces(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

fn is_rendered_path(path: &str) -> bool {
    !path.contains("://") && !path.contains(char::is_whitespace) && RENDERED.iter().any(|ending| path.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The path that applies to the first occurrence of `wanted`.
    fn origin<'t>(text: &'t str, wanted: &str) -> Option<&'t str> {
        Origins::of(text).at(text.find(wanted).unwrap()).map(|path| &text[path])
    }

    #[test]
    fn a_comment_applies_to_its_document() {
        let text = "---\n# Source: shop/templates/a.yaml\na: 1\n---\nb: 2\n---\n\n# note\n# Source:  shop/crds/c.yml\r\nc: 3\n";
        assert_eq!(origin(text, "a: 1"), Some("shop/templates/a.yaml"));
        assert_eq!(origin(text, "b: 2"), None);
        assert_eq!(origin(text, "c: 3"), Some("shop/crds/c.yml"));
        assert_eq!(origin("# Source: a.yaml\na: 1\n", "a: 1"), Some("a.yaml"));
    }

    #[test]
    fn other_comments_name_no_file() {
        assert_eq!(origin("# Source: https://example.com/a.yaml\na: 1\n", "a: 1"), None);
        assert_eq!(origin("# Source: the Istio book\na: 1\n", "a: 1"), None);
        assert_eq!(origin("a: 1\n# Source: shop/templates/b.yaml\n", "a: 1"), None);
        assert_eq!(origin("a: |\n  # Source: b.yaml\n", "a: |"), None);
    }
}
