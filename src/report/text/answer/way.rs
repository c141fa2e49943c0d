//! The way of a request, and what is there instead of something that is missing.

use crate::report::text::theme::Theme;
use crate::report::text::words::{clean, push_hanging};
use crate::simulate::Explained;

/// Writes the steps of the way, and the hints.
pub(super) fn push(text: &mut String, explained: &Explained, theme: &Theme) {
    let Explained { way, hints, .. } = explained;
    let columns = theme.style.columns();
    if !way.is_empty() {
        text.push_str(&format!("\n{}\n", theme.accent("path of the request:")));
    }
    for (index, step) in way.iter().enumerate() {
        push_hanging(text, &format!("{:>3}. ", index + 1), 5, &clean(step), columns);
    }
    if !hints.is_empty() {
        text.push_str(&format!("\n{}\n", theme.accent("hints:")));
    }
    let mark = if theme.style.unicode { "→" } else { "-" };
    hints.iter().for_each(|hint| push_hanging(text, &format!("  {mark} "), 4, &clean(hint), columns));
}
