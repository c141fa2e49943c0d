//! The routes and rules that were considered.

use crate::report::text::policy;
use crate::report::text::theme::Theme;
use crate::report::text::words::{clean, push_hanging};
use crate::simulate::{Answer, Step, Verdict};

/// Writes the routes and rules that were considered for an answer, if it lists them.
pub(super) fn push(text: &mut String, answer: &Answer, theme: &Theme, name_host: bool) {
    if answer.trace.is_empty() {
        return;
    }
    let of = if name_host { format!(" for {}", clean(&answer.host)) } else { String::new() };
    push_steps(text, &answer.trace, &of, theme);
    // Workloads with equal traces are shown once.
    let mut shown: Vec<&[Step]> = Vec::new();
    for arrived in answer.arrivals.iter().filter(|arrived| !arrived.trace.is_empty()) {
        if shown.contains(&arrived.trace.as_slice()) {
            continue;
        }
        shown.push(&arrived.trace);
        text.push_str(&format!("\n{}\n", theme.accent(&format!("at {}:", clean(&arrived.workload)))));
        arrived.trace.iter().for_each(|step| push_step(text, step, theme));
    }
}

/// Writes routes and rules that were considered. `of` ends their heading.
pub(in crate::report::text) fn push_steps(text: &mut String, steps: &[Step], of: &str, theme: &Theme) {
    let policies = steps.iter().filter(|step| step.policy.is_some()).count();
    let kind = match steps.len() - policies {
        0 => "policy rules",
        _ if policies > 0 => "policy rules and routes",
        _ => "routes",
    };
    text.push_str(&format!("\n{}\n", theme.accent(&format!("{kind} considered{of}, in order:"))));
    steps.iter().for_each(|step| push_step(text, step, theme));
}

fn push_step(text: &mut String, step: &Step, theme: &Theme) {
    let (mark, plain) = match step.verdict {
        Verdict::Matched => ("✓", "+"),
        Verdict::NotMatched => ("✗", "-"),
        Verdict::Excluded => ("∅", "o"),
    };
    let mark = if theme.style.unicode { mark } else { plain };
    if let Some(considered) = &step.policy {
        let rule = format!("{} ({}:{})", policy::name(considered), considered.file, considered.line);
        push_hanging(text, &format!("  {mark} "), 4, &clean(&rule), theme.style.columns());
        push_hanging(text, "      ", 6, &clean(&policy::result_of(considered, step)), theme.style.columns());
        return;
    }
    let rule = step.route.as_ref().map_or_else(
        || "the default route of the service".to_owned(),
        |route| {
            format!("{} {} ({}:{})", route.owner(), route.path(), route.file, route.match_line.unwrap_or(route.line))
        },
    );
    let reason = match (step.verdict, &step.condition, &step.seen, &step.wanted) {
        (Verdict::Matched, ..) => "takes the request".to_owned(),
        (Verdict::NotMatched, Some(name), seen, Some(wanted)) => {
            let seen = seen.as_ref().map_or_else(|| "is missing".to_owned(), |seen| format!("is {seen:?}"));
            format!("{name} {seen}, expected: {wanted}")
        }
        (Verdict::Excluded, Some(name), Some(seen), Some(wanted)) => {
            format!("not on this proxy: {name} is {seen}, expected: {wanted}")
        }
        _ => String::new(),
    };
    push_hanging(text, &format!("  {mark} "), 4, &clean(&rule), theme.style.columns());
    push_hanging(text, "      ", 6, &clean(&reason), theme.style.columns());
}
