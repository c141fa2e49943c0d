//! Access to excerpts for miette.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::excerpt::Excerpt;

/// miette's own implementations read a file from its first byte for every label, which takes minutes for ten thousand
/// findings in a large file. This one has only an excerpt, and an index of its lines.
impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let line_of = |offset: usize| self.starts.partition_point(|&start| start <= offset) - 1;
        let first = line_of(span.offset()).saturating_sub(before);
        let last = (line_of(span.offset() + span.len()) + after).min(self.starts.len() - 1);
        let start = self.starts[first];
        let end = self.starts.get(last + 1).copied().unwrap_or(self.text.len());
        // miette reads without context to learn the line and column that it prints above the excerpt. These must be
        // those of the file, which a cut line does not show.
        let label = self.labels.iter().find(|label| before == 0 && label.offset == span.offset());
        let (line, column) = match label {
            Some(label) => (label.position.line - 1, label.position.column - 1),
            None => (self.first_line + first, 0),
        };
        let data = &self.text.as_bytes()[start..end];
        let covered = SourceSpan::from((start, end - start));
        // miette decides by the number of lines whether two labels go into one frame. All labels of an excerpt must, or
        // the frame of an earlier place would precede that of the finding.
        let lines = self.starts.len();
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), data, covered, line, column, lines)))
    }
}
