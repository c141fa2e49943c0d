//! Differences between answers of `mesh simulate` and what was expected.

use std::io;

use super::theme::Theme;
use super::words::push_hanging;
use crate::lint::Severity;
use crate::report::Style;
use crate::simulate::{Answer, Difference, Unanswered};

/// Writes the differences, each with the host if there are several results.
pub fn differences(
    results: &[&Result<Answer, Unanswered>],
    differences: &[Option<Difference>],
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let theme = Theme::new(*style);
    let mut text = String::new();
    for (result, difference) in results.iter().zip(differences) {
        // The reason why there is no answer is an error of its own.
        let (Ok(answer), Some(difference)) = (result, difference) else { continue };
        let of_host = if results.len() > 1 { format!(" of {}", answer.host) } else { String::new() };
        let mut line = |name: &str, ends: &[String]| {
            let lead = format!("{} ", theme.severity(Severity::Error, &format!("{name}{of_host}:")));
            push_hanging(&mut text, &lead, 4, &ends.join(", "), style.columns());
        };
        line("expected", &difference.expected);
        line("actual", &difference.actual);
    }
    if !text.is_empty() {
        text.insert(0, '\n');
    }
    out.write_all(text.as_bytes())
}
