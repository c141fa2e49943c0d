//! Answers of `mesh simulate` for people.

mod details;
mod every_rule;
mod rows;
mod trace;
mod way;

use std::io;

pub use every_rule::every_rule;
pub(in crate::report) use rows::{Brevity, Target, cluster, short, targets};

use super::excerpt::{Excerpt, Mark};
use super::finding::push_block;
use super::policy;
use super::table::Grid;
use super::theme::{Lead, Theme};
use super::words::{clean, push_hanging};
use crate::lint::Severity;
use crate::report::Style;
use crate::report::positions::Positions;
use crate::simulate::{Answer, Explained, RouteRef, Unanswered};
use crate::source::Sources;

pub(super) use trace::push_steps;

/// Writes the routes and rules that were considered for an answer, if it lists them.
pub(super) fn push_trace(text: &mut String, answer: &Answer, theme: &Theme) {
    trace::push(text, answer, theme, false);
}

/// Writes the output of `mesh simulate` for one request, for people: a table with a row for each destination; the route
/// that decides; the way of the request, and what the route does to it; what is there instead of something that is missing;
/// and the trace, if the answer has one.
pub fn answers(explained: &[Explained], sources: &Sources, style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let theme = Theme::new(*style);
    let mut text = String::new();
    let answered: Vec<(&Explained, &Answer)> =
        explained.iter().filter_map(|it| Some((it, it.result.as_ref().ok()?))).collect();
    if !answered.is_empty() {
        let answers: Vec<&Answer> = answered.iter().map(|(_, answer)| *answer).collect();
        push_table(&mut text, &answers, style);
    }
    for (explained, answer) in &answered {
        if let [_] = answered.as_slice() {
            push_deciding(&mut text, answer, sources, &theme);
        } else if let Some(mesh) = &answer.mesh {
            text.push_str(&format!("\n{}\n", theme.accent(&format!("mesh {}:", clean(mesh)))));
        }
        way::push(&mut text, explained, &theme);
        details::push(&mut text, &explained.path, answer, &theme);
        trace::push(&mut text, answer, &theme, answered.len() > 1);
    }
    let unanswered = explained.iter().filter_map(|it| it.result.as_ref().err());
    unanswered.for_each(|it| push_unanswered(&mut text, it, &theme));
    out.write_all(text.as_bytes())
}

fn push_unanswered(text: &mut String, unanswered: &Unanswered, theme: &Theme) {
    let named = unanswered.mesh.as_deref().into_iter().chain([unanswered.host.as_str()]);
    let named = named.filter(|name| !name.is_empty()).map(|name| theme.accent(&format!("{}:", clean(name))) + " ");
    let host: String = named.collect();
    let lead = format!("{} {host}", theme.severity(Severity::Error, "error:"));
    push_hanging(text, &lead, 4, &clean(&unanswered.error), theme.style.columns());
}

fn push_table(text: &mut String, answers: &[&Answer], style: &Style) {
    let has_meshes = answers.iter().any(|answer| answer.mesh.is_some());
    let mut grid = Grid::new(match has_meshes {
        true => vec!["MESH", "HOST", "GOES TO", "SHARE", "DECIDED BY"],
        false => vec!["HOST", "GOES TO", "SHARE", "DECIDED BY"],
    });
    for answer in answers {
        for (index, target) in rows::targets(answer, &rows::Brevity::default()).into_iter().enumerate() {
            let only_first = |text: String| if index == 0 { text } else { String::new() };
            let via = answer.gateway.as_ref().map(|gateway| format!("\nvia {}", clean(gateway))).unwrap_or_default();
            let host = only_first(format!("{}{via}", rows::host(answer)));
            let mesh = has_meshes.then(|| only_first(answer.mesh.as_ref().map(|it| clean(it)).unwrap_or_default()));
            let cells = [host, target.goes_to, target.share, only_first(rows::decided_by(answer))];
            grid.push(mesh.into_iter().chain(cells).collect());
        }
    }
    text.push_str(&grid.render(style));
}

/// `default/reviews http[0] decides`, and the route that delegates to it.
fn decides(route: &RouteRef) -> String {
    let by = route.delegated_by.as_ref().map(|by| format!(", delegated by {by}")).unwrap_or_default();
    format!("{} {} decides{by}", route.owner(), route.path())
}

/// The route or policy rule that decides, in its file.
fn push_deciding(text: &mut String, answer: &Answer, sources: &Sources, theme: &Theme) {
    let of_policy = answer.policy.as_ref().map(|decisive| (decisive.span, policy::decides(decisive)));
    let of_route = || answer.route.as_ref().map(|route| (route.span, decides(route)));
    let Some((span, message)) = of_policy.or_else(of_route) else { return };
    let positions = Positions::new(sources);
    let excerpt = Excerpt::new(sources, &positions, &[Mark { span, label: None }], &theme.style);
    text.push('\n');
    push_block(text, &message, Lead::Related, excerpt, theme);
}
