//! Colours and characters.

use miette::{GraphicalReportHandler, GraphicalTheme};

use crate::lint::Severity;
use crate::report::Style;

/// The look of a report.
pub(in crate::report) struct Theme {
    /// The abilities of the terminal.
    pub style: Style,
    colors: GraphicalTheme,
}

/// The kind of a message, which decides its marker.
#[derive(Clone, Copy)]
pub(super) enum Lead {
    /// The message of a finding.
    Finding(Severity),
    /// The message of a related place.
    Related,
}

impl Theme {
    pub(in crate::report) fn new(style: Style) -> Self {
        let mut colors = match (style.unicode, style.color) {
            (true, true) => GraphicalTheme::unicode(),
            (true, false) => GraphicalTheme::unicode_nocolor(),
            (false, true) => GraphicalTheme::ascii(),
            (false, false) => GraphicalTheme::none(),
        };
        if style.color {
            let styles = &mut colors.styles;
            (styles.error, styles.warning) = (styles.error.bold(), styles.warning.bold());
            // Underlined paths are hard to read next to underlined source.
            styles.link = styles.help;
        }
        if style.unicode {
            colors.characters.advice = "→".to_owned();
        }
        Self { style, colors }
    }

    /// Text in the colour of a severity.
    pub(super) fn severity(&self, severity: Severity, text: &str) -> String {
        let styles = &self.colors.styles;
        let style = match severity {
            Severity::Error => styles.error,
            Severity::Warning => styles.warning,
            Severity::Info => styles.advice,
        };
        style.style(text).to_string()
    }

    /// Text that introduces advice, or a path.
    pub(super) fn accent(&self, text: &str) -> String {
        self.colors.styles.help.style(text).to_string()
    }

    /// Text that is less important.
    pub(super) fn faint(&self, text: &str) -> String {
        self.colors.styles.linum.style(text).to_string()
    }

    /// The renderer of a message and its excerpt. `own` is the index of the finding's own label among all labels of the
    /// excerpt, by place. That label has the colour of the severity, the others share another colour.
    pub(super) fn handler(&self, lead: Lead, own: usize, labels: usize) -> GraphicalReportHandler {
        let mut theme = self.colors.clone();
        if self.style.color {
            let styles = &theme.styles;
            let color = match lead {
                Lead::Finding(Severity::Error) => styles.error,
                Lead::Finding(Severity::Warning) => styles.warning,
                Lead::Finding(Severity::Info) | Lead::Related => styles.advice,
            };
            let other = styles.highlights[0];
            theme.styles.highlights =
                (0..labels.max(1)).map(|index| if index == own { color } else { other }).collect();
        }
        if let Lead::Finding(Severity::Info) = lead {
            theme.characters.advice = "i".to_owned();
        }
        // Messages are already wrapped; miette would break links and host names.
        GraphicalReportHandler::new_themed(theme).with_wrap_lines(false).with_links(false).without_syntax_highlighting()
    }
}
