//! Answers of `mesh simulate` for people.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use comfy_table::{ContentArrangement, Table, presets};

use super::excerpt::{Excerpt, Mark};
use super::finding::push_block;
use super::policy;
use super::theme::{Lead, Theme};
use super::words::{clean, push_hanging};
use crate::lint::Severity;
use crate::report::Style;
use crate::report::positions::Positions;
use crate::simulate::{Answer, Arrived, Outcome, ReachedCluster, RouteRef, Step, Unanswered, Verdict};
use crate::source::Sources;

/// Writes the output of `mesh simulate` for people: a table with a row for each destination; for a single request also
/// the route that decides, and its other effects; and the trace, if the answers have one.
pub fn answers(
    results: &[Result<Answer, Unanswered>],
    sources: &Sources,
    style: &Style,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let theme = Theme::new(*style);
    let mut text = String::new();
    let answered: Vec<&Answer> = results.iter().filter_map(|result| result.as_ref().ok()).collect();
    if !answered.is_empty() {
        push_table(&mut text, &answered, style);
    }
    for answer in &answered {
        if let [_] = results {
            push_deciding(&mut text, answer, sources, &theme);
            push_details(&mut text, answer, &theme);
        }
        push_trace(&mut text, answer, &theme, results.len() > 1);
    }
    for unanswered in results.iter().filter_map(|result| result.as_ref().err()) {
        let named = unanswered.mesh.as_deref().into_iter().chain([unanswered.host.as_str()]);
        let named = named.filter(|name| !name.is_empty()).map(|name| theme.accent(&format!("{}:", clean(name))) + " ");
        let host: String = named.collect();
        let lead = format!("{} {host}", theme.severity(Severity::Error, "error:"));
        push_hanging(&mut text, &lead, 4, &unanswered.error, style.columns());
    }
    out.write_all(text.as_bytes())
}

fn push_table(text: &mut String, answers: &[&Answer], style: &Style) {
    const HEADER: [&str; 4] = ["HOST", "GOES TO", "SHARE", "DECIDED BY"];
    let has_meshes = answers.iter().any(|answer| answer.mesh.is_some());
    let mut table = Table::new();
    table
        .load_style(if style.unicode { presets::UTF8_FULL_CONDENSED } else { presets::ASCII_FULL_CONDENSED })
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(style.columns()).unwrap_or(u16::MAX))
        .set_header(if has_meshes { &["MESH", "HOST", "GOES TO", "SHARE", "DECIDED BY"][..] } else { &HEADER });
    for answer in answers {
        for (index, (target, share)) in rows(answer).into_iter().enumerate() {
            let first = index == 0;
            let via = answer.gateway.as_ref().map(|gateway| format!("\nvia {}", clean(gateway))).unwrap_or_default();
            let host = if first { format!("{}{via}", clean(short(&answer.host))) } else { String::new() };
            let decided_by = if first { decided_by(answer) } else { String::new() };
            let mesh =
                has_meshes.then(|| answer.mesh.as_ref().filter(|_| first).map(|it| clean(it)).unwrap_or_default());
            table.add_row(mesh.into_iter().chain([host, target, share, decided_by]));
        }
    }
    text.push_str(&table.trim_fmt());
    text.push('\n');
}

/// The host without the domain of the cluster.
fn short(host: &str) -> &str {
    host.rfind(".svc.").map_or(host, |at| &host[..at])
}

/// The destinations of a request, each with its share.
fn rows(answer: &Answer) -> Vec<(String, String)> {
    if answer.destinations.is_empty() {
        return vec![(outcome(answer), String::new())];
    }
    let row = |destination: &ReachedCluster| {
        let mut target = clean(short(&destination.host));
        if let Some(port) = destination.port {
            target.push_str(&format!(":{port}"));
        }
        if let Some(subset) = &destination.subset {
            target.push_str(&format!(" {}", clean(subset)));
        }
        if answer.outcome == Outcome::Passthrough {
            target.push_str(", as dialled (unknown to the mesh)");
        }
        if let Some(problem) = destination.problem {
            target.push_str(&format!("\n{}", problem_text(problem, destination.status)));
        }
        let stopped = answer.arrivals.iter().filter(|it| it.via == destination.cluster && !goes_on(it.outcome));
        let stopped: BTreeSet<String> = stopped.map(|it| clean(&stop_text(it))).collect();
        stopped.into_iter().for_each(|text| target.push_str(&format!("\n{text}")));
        (target, format!("{}%", destination.weight))
    };
    answer.destinations.iter().map(row).collect()
}

fn goes_on(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Forward | Outcome::Passthrough)
}

/// The reason why a server does not get the request.
fn stop_text(arrived: &Arrived) -> String {
    let status = arrived.status.map(|status| format!("{status} ")).unwrap_or_default();
    let what = if arrived.outcome == Outcome::Denied { "denied" } else { "refused" };
    let by = arrived.policy.as_ref().map(|policy| format!(" by {}", policy::name(policy))).unwrap_or_default();
    format!("{status}{what}{by}")
}

fn problem_text(problem: &str, status: Option<u16>) -> String {
    let (flag, what) = match problem {
        "no-cluster" => ("NC", "no such cluster"),
        _ => ("UH", "no endpoints"),
    };
    format!("{} {flag}: {what}", status.unwrap_or(503))
}

fn outcome(answer: &Answer) -> String {
    let status = answer.status.map(|status| format!("{status} ")).unwrap_or_default();
    let flag = answer.flag.map(|flag| format!(" ({flag})")).unwrap_or_default();
    let text = match answer.outcome {
        Outcome::Redirect => format!("{status}redirect to {}", answer.location.as_deref().unwrap_or_default()),
        Outcome::DirectResponse => format!("{status}from the proxy"),
        Outcome::NoRoute => format!("{status}no route{flag}"),
        Outcome::Blackhole => format!("{status}dropped: unknown to the mesh{flag}"),
        Outcome::Denied => format!("{status}denied{flag}"),
        Outcome::Refused if answer.flag == Some("NR") => format!("connection closed: no server matches{flag}"),
        Outcome::Refused => format!("connection refused{flag}"),
        Outcome::Forward | Outcome::Passthrough => answer.outcome.as_str().to_owned(),
    };
    clean(&text)
}

fn decided_by(answer: &Answer) -> String {
    if let Some(decisive) = &answer.policy {
        return policy::name(decisive);
    }
    match (&answer.route, answer.outcome) {
        (Some(route), _) => clean(&format!("{} {}", route.owner(), route.path())),
        (None, Outcome::Forward) => "no VirtualService".to_owned(),
        (None, _) => String::new(),
    }
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

/// The effects of the route other than its destinations.
fn push_details(text: &mut String, answer: &Answer, theme: &Theme) {
    let mut add = |name: &str, value: String| {
        let lead = format!("  {} ", theme.accent(&format!("{name}:")));
        push_hanging(text, &lead, name.len() + 4, &clean(&value), theme.style.columns());
    };
    for destination in answer.destinations.iter().filter(|it| !it.workloads.is_empty()) {
        let of = destination.subset.as_ref().map(|subset| format!(" of {subset}")).unwrap_or_default();
        add(&format!("workloads{of}"), destination.workloads.join(", "));
    }
    let mut servers: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for arrived in answer.arrivals.iter().filter(|arrived| arrived.policy.is_some() || !goes_on(arrived.outcome)) {
        let by = || arrived.policy.as_ref().map(policy::name).unwrap_or_default();
        let what = if goes_on(arrived.outcome) { format!("allowed by {}", by()) } else { stop_text(arrived) };
        let notes = arrived.notes.iter().map(|note| format!("; {note}")).collect::<String>();
        servers.entry(format!("{what} ({}){notes}", arrived.tls)).or_default().push(&arrived.workload);
    }
    servers.into_iter().for_each(|(what, workloads)| add(&format!("at {}", workloads.join(", ")), what));
    if let Some(request) = answer.request.as_ref().filter(|_| answer.outcome == Outcome::Forward) {
        if request.authority != answer.host {
            add("authority", request.authority.clone());
        }
        add("path", request.path.clone());
        request.headers.iter().for_each(|(name, value)| add("header set", format!("{name}: {value}")));
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
        let problem = mirror.problem.map(|it| format!(" ({})", problem_text(it, None))).unwrap_or_default();
        add("mirror", format!("{}% to {}{problem}", mirror.percentage, mirror.cluster));
    }
    answer.notes.iter().for_each(|note| add("note", note.clone()));
}

fn push_trace(text: &mut String, answer: &Answer, theme: &Theme, name_host: bool) {
    if answer.trace.is_empty() {
        return;
    }
    let of = if name_host { format!(" for {}", clean(&answer.host)) } else { String::new() };
    let kind = if answer.trace.iter().any(|step| step.policy.is_some()) { "policy rules" } else { "routes" };
    text.push_str(&format!("\n{}\n", theme.accent(&format!("{kind} considered{of}, in order:"))));
    for step in &answer.trace {
        push_step(text, step, theme);
    }
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
        |route| format!("{} {} ({}:{})", route.owner(), route.path(), route.file, route.line),
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
