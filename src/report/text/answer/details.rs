//! The effects of a route other than its destinations.

use super::rows::{cluster, problem_text};
use crate::report::text::theme::Theme;
use crate::report::text::words::{clean, push_hanging};
use crate::simulate::{Answer, Outcome};

/// The effects of the route other than its destinations.
pub(super) fn push(text: &mut String, asked_path: &str, answer: &Answer, theme: &Theme) {
    let mut add = |name: &str, value: String| {
        let lead = format!("  {} ", theme.accent(&format!("{name}:")));
        push_hanging(text, &lead, name.len() + 4, &clean(&value), theme.style.columns());
    };
    let has_several =
        answer.destinations.iter().any(|it| Some(&it.host) != answer.destinations.first().map(|it| &it.host));
    for destination in answer.destinations.iter().filter(|it| !it.workloads.is_empty()) {
        let of = match (&destination.subset, has_several) {
            (Some(subset), false) => format!(" of {subset}"),
            (Some(subset), true) => format!(" of {} {subset}", destination.host),
            (None, true) => format!(" of {}", destination.host),
            (None, false) => String::new(),
        };
        add(&format!("workloads{of}"), destination.workloads.join(", "));
    }
    if let Some(request) = answer.request.as_ref().filter(|_| answer.outcome == Outcome::Forward) {
        if !request.authority.is_empty() && request.authority != answer.host {
            add("authority", request.authority.clone());
        }
        if request.path != asked_path {
            add("path", request.path.clone());
        }
        request.headers.iter().for_each(|(name, value)| add("header sent", format!("{name}: {value}")));
        request.removed_headers.iter().for_each(|name| add("header removed", name.clone()));
    }
    if let Some(fault) = &answer.fault {
        if let Some(delay) = &fault.delay {
            add("delay", format!("{} for {}% of the requests", delay.fixed_delay, delay.percentage));
        }
        if let Some(abort) = &fault.abort {
            let status = abort.http_status.map(|status| status.to_string());
            let status = status.or_else(|| abort.grpc_status.clone()).unwrap_or_default();
            add("abort", format!("{status} for {}% of the requests", abort.percentage));
        }
    }
    if let Some(timeout) = &answer.timeout {
        add("timeout", timeout.clone());
    }
    if let Some(retries) = answer.retries.as_ref().filter(|retries| !retries.is_default) {
        let per_try = retries.per_try_timeout.as_ref().map(|it| format!(", {it} each")).unwrap_or_default();
        let on = retries.retry_on.as_ref().map(|it| format!(", on {it}")).unwrap_or_default();
        add("retries", format!("{}{per_try}{on}", retries.attempts));
    }
    for mirror in &answer.mirrors {
        let problem = match (mirror.problem, &mirror.assumption) {
            (Some(problem), _) => format!(", {}", problem_text(problem)),
            (None, Some(_)) => ", not among the manifests: cannot tell".to_owned(),
            (None, None) => String::new(),
        };
        add("mirror", format!("{}% to {}{problem}", mirror.percentage, cluster(&mirror.cluster)));
    }
    answer.notes().into_iter().for_each(|note| add("note", note.to_owned()));
}
