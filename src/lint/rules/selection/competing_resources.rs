//! `competing-resources`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostic, Diagnostics, Rule, Severity};
use crate::model::{Kind, Spec};
use crate::source::Span;
use crate::world::{Attachment, Workload, World};

pub static RULE: Rule = rule! {
    name: "competing-resources",
    aliases: ["IST0110", "IST0111", "IST0159", "IST0160", "KIA0002", "KIA0003"],
    severity: Error,
    summary: "several Sidecars, Telemetries or ProxyConfigs for the same workloads: only one of them counts",
    check: check,
};

/// The kinds of which one resource counts for the whole of a namespace, and one for a workload.
const KINDS: [Kind; 3] = [Kind::Sidecar, Kind::Telemetry, Kind::ProxyConfig];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut by_namespace: BTreeMap<(Kind, &str), Vec<&Attachment<'_>>> = BTreeMap::new();
    for attachment in world.attachments.iter().filter(|it| KINDS.contains(&it.resource.kind)) {
        by_namespace.entry((attachment.resource.kind, &attachment.name.namespace)).or_default().push(attachment);
    }
    for ((kind, namespace), attachments) in by_namespace {
        let wide: Vec<&Attachment<'_>> = attachments.iter().copied().filter(|it| it.is_wide()).collect();
        if wide.len() > 1 {
            check_wide(world, kind, namespace, &wide, diagnostics);
        }
        let selective: Vec<&Attachment<'_>> = attachments.into_iter().filter(|it| it.selector.is_some()).collect();
        if selective.len() > 1 {
            check_selective(world, namespace, &selective, diagnostics);
        }
    }
}

/// The oldest of those without a selector counts.
fn check_wide(world: &World<'_>, kind: Kind, namespace: &str, wide: &[&Attachment<'_>], diagnostics: &mut Diagnostics) {
    let reach = if namespace == world.settings.root_namespace { "the whole mesh" } else { "all workloads" };
    let message =
        format!("{} of namespace {namespace} are for {reach}: only the oldest one counts", counted(wide.len(), kind));
    for attachment in wide {
        let diagnostic = diagnostics.report_default(attachment.resource.name_span(), &message);
        diagnostic.aliases = aliases(kind, false);
        if !is_certain(world, wide) {
            diagnostic.severity(Severity::Warning);
        }
        relate(diagnostic, attachment, wide);
        diagnostic.help("join them into one, or give them selectors that no workload satisfies twice");
    }
}

/// Of those that select a workload the oldest counts. Telemetries are merged: only what several of them say competes.
fn check_selective(world: &World<'_>, namespace: &str, selective: &[&Attachment<'_>], diagnostics: &mut Diagnostics) {
    let mut found: BTreeMap<usize, (BTreeSet<usize>, &str)> = BTreeMap::new();
    let mut by_workload: BTreeMap<Span, (&Workload<'_>, Vec<usize>)> = BTreeMap::new();
    for (index, attachment) in selective.iter().enumerate() {
        for workload in world.selected_in(namespace, attachment.selector) {
            by_workload.entry(workload.resource.span).or_insert_with(|| (workload, Vec::new())).1.push(index);
        }
    }
    for (workload, selecting) in by_workload.into_values() {
        for &index in &selecting {
            let competes = |&&other: &&usize| other != index && compete(selective[index], selective[other]);
            let others: BTreeSet<usize> = selecting.iter().filter(competes).copied().collect();
            if !others.is_empty() {
                let first = found.entry(index).or_insert_with(|| (BTreeSet::new(), workload.resource.name()));
                first.0.extend(others);
            }
        }
    }
    for (index, (others, workload)) in found {
        let attachment = selective[index];
        let kind = attachment.resource.kind;
        let span = attachment.selector.and_then(|selector| selector.span).unwrap_or(attachment.resource.span);
        let others: Vec<&Attachment<'_>> = others.into_iter().map(|index| selective[index]).collect();
        let count = counted(others.len() + 1, kind);
        let outcome =
            if kind == Kind::Telemetry { "the newest one overrides the others" } else { "only the oldest one counts" };
        let diagnostic = diagnostics.report_default(span, format!("{count} select workload {workload}: {outcome}"));
        diagnostic.aliases = aliases(kind, true);
        let all: Vec<&Attachment<'_>> = others.iter().copied().chain([attachment]).collect();
        if kind == Kind::Telemetry || !is_certain(world, &all) {
            diagnostic.severity(Severity::Warning);
        }
        relate(diagnostic, attachment, &all);
        diagnostic.help("join them into one, or narrow down the selectors");
    }
}

fn is_certain(world: &World<'_>, all: &[&Attachment<'_>]) -> bool {
    world.are_together(&all.iter().map(|it| it.resource).collect::<Vec<_>>())
}

fn compete(one: &Attachment<'_>, other: &Attachment<'_>) -> bool {
    let (Spec::Telemetry(one), Spec::Telemetry(other)) = (&one.resource.spec, &other.resource.spec) else {
        return true;
    };
    (!one.metrics.is_empty() && !other.metrics.is_empty())
        || (!one.tracing.is_empty() && !other.tracing.is_empty())
        || (!one.access_logging.is_empty() && !other.access_logging.is_empty())
}

fn aliases(kind: Kind, is_selective: bool) -> &'static [&'static str] {
    match (kind, is_selective) {
        (Kind::Sidecar, false) => &["IST0111", "KIA0002"],
        (Kind::Sidecar, true) => &["IST0110", "KIA0003"],
        (Kind::Telemetry, false) => &["IST0160"],
        (Kind::Telemetry, true) => &["IST0159"],
        _ => &[],
    }
}

/// The number of others that are pointed to.
const SHOWN: usize = 3;

fn relate(diagnostic: &mut Diagnostic, own: &Attachment<'_>, all: &[&Attachment<'_>]) {
    for other in all.iter().filter(|other| other.resource.span != own.resource.span).take(SHOWN) {
        let span: Span = other.resource.name_span();
        diagnostic.related(span, format!("{} {} is another one", other.resource.kind.name(), other.name));
    }
}

fn counted(count: usize, kind: Kind) -> String {
    match kind {
        Kind::Telemetry => format!("{count} Telemetries"),
        kind => format!("{count} {}s", kind.name()),
    }
}
