//! Findings on a line each.

use std::io;

use super::theme::Theme;
use super::view::View;
use super::volume::place;
use super::words::{clean, cut};
use crate::lint::{Diagnostic, Report};
use crate::report::Style;
use crate::report::positions::Positions;
use crate::source::Sources;

/// The column at which a message is cut, since it can quote a value of any length.
const LONGEST: usize = 1000;

/// Writes the output of `mesh lint --output concise`: each finding on a line, with its resource and the whole path of the
/// field: `manifests/a.yaml:7:3: error[unknown-host] VirtualService shop/a spec.hosts[0]: host ... does not exist`.
pub fn concise(
    report: &Report,
    sources: &Sources,
    view: &View,
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let theme = Theme::new(*style);
    let mut positions = Positions::new(sources);
    for diagnostic in view.select(report).shown {
        let place = place(diagnostic, sources, &mut positions);
        let rule = theme.severity(diagnostic.severity, &rule(diagnostic));
        let subject = diagnostic.subject.as_ref().map(|subject| {
            let resource = &subject.resource;
            let namespace = resource.namespace.as_ref().map(|it| format!("{it}/")).unwrap_or_default();
            let field = if subject.field.is_empty() { String::new() } else { format!(" {}", subject.field) };
            clean(&format!("{} {namespace}{}{field}: ", resource.kind, resource.name))
        });
        writeln!(out, "{place}: {rule} {}{}", subject.unwrap_or_default(), clean(&diagnostic.message))?;
    }
    Ok(())
}

fn rule(diagnostic: &Diagnostic) -> String {
    format!("{}[{}]", diagnostic.severity.as_str(), diagnostic.rule.name)
}

/// Writes the output of `mesh lint --quiet`: each finding on a line, and nothing else.
///
/// The form is that of compilers, which editors and CI systems recognise:
/// `manifests/a.yaml:7:3: error[unknown-host] host ... does not exist`. A rendered document adds its template in parentheses.
pub fn lines(
    report: &Report,
    sources: &Sources,
    view: &View,
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let theme = Theme::new(*style);
    let mut positions = Positions::new(sources);
    for diagnostic in view.select(report).shown {
        let place = place(diagnostic, sources, &mut positions);
        let rule = theme.severity(diagnostic.severity, &rule(diagnostic));
        let message = cut(&diagnostic.message, LONGEST, style.ellipsis());
        let template = sources.origin(diagnostic.span).map(|it| format!(" ({})", clean(it))).unwrap_or_default();
        writeln!(out, "{place}: {rule} {message}{template}")?;
    }
    Ok(())
}
