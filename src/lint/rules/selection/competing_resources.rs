//! `competing-resources`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostic, Diagnostics, Finding, Rule};
use crate::model::{Kind, Spec};
use crate::source::Span;
use crate::world::{Attachment, Workload, World};

pub static RULE: Rule = rule! {
    name: "competing-resources",
    summary: "several Sidecars, Telemetries or ProxyConfigs compete for the same workloads, so some of them have no effect",
    findings: [
        &SIDECARS,
        &SIDECARS_OF_WORKLOAD,
        &SIDECAR_ALTERNATIVES,
        &SIDECAR_ALTERNATIVES_OF_WORKLOAD,
        &TELEMETRIES,
        &TELEMETRIES_OF_WORKLOAD,
        &PROXY_CONFIGS,
        &TELEMETRY_ALTERNATIVES,
        &TELEMETRY_ALTERNATIVES_OF_WORKLOAD,
        &PROXY_CONFIG_ALTERNATIVES,
    ],
    check: check,
};

static SIDECARS: Finding = finding! {
    "sidecars", Lost, Certain, ["IST0111", "KIA0002"],
    "several Sidecars of a namespace have no selector",
};
static SIDECARS_OF_WORKLOAD: Finding = finding! {
    "sidecars-of-workload", Lost, Certain, ["IST0110", "KIA0003"],
    "several Sidecars select the same workload",
};
static SIDECAR_ALTERNATIVES: Finding = finding! {
    "sidecar-alternatives", Lost, Likely, ["IST0111", "KIA0002"],
    "several Sidecars have no selector, but their files may be alternatives",
};
static SIDECAR_ALTERNATIVES_OF_WORKLOAD: Finding = finding! {
    "sidecar-alternatives-of-workload", Lost, Likely, ["IST0110", "KIA0003"],
    "several Sidecars select the same workload, but their files may be alternatives",
};
static TELEMETRIES: Finding = finding! {
    "telemetries", Surprising, Certain, ["IST0160"],
    "several Telemetries of a namespace have no selector",
};
static TELEMETRIES_OF_WORKLOAD: Finding = finding! {
    "telemetries-of-workload", Surprising, Certain, ["IST0159"],
    "several Telemetries configure the same part of the same workload",
};
static PROXY_CONFIGS: Finding = finding! {
    "proxy-configs", Surprising, Certain, [],
    "several ProxyConfigs have no selector, or select the same workload",
};
static TELEMETRY_ALTERNATIVES: Finding = finding! {
    "telemetry-alternatives", Surprising, Likely, ["IST0160"],
    "several Telemetries have no selector, but their files may be alternatives",
};
static TELEMETRY_ALTERNATIVES_OF_WORKLOAD: Finding = finding! {
    "telemetry-alternatives-of-workload", Surprising, Likely, ["IST0159"],
    "several Telemetries configure the same part of the same workload, but their files may be alternatives",
};
static PROXY_CONFIG_ALTERNATIVES: Finding = finding! {
    "proxy-config-alternatives", Surprising, Likely, [],
    "several ProxyConfigs have no selector, or select the same workload, but their files may be alternatives",
};

/// The kinds of which istiod uses one resource for a namespace, and one for a workload.
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

/// Of the resources without a selector istiod uses the oldest.
fn check_wide(world: &World<'_>, kind: Kind, namespace: &str, wide: &[&Attachment<'_>], diagnostics: &mut Diagnostics) {
    let namespace = match namespace == world.settings.root_namespace {
        true => format!("the root namespace `{namespace}`"),
        false => format!("namespace `{namespace}`"),
    };
    let count = counted(wide.len(), kind);
    let message = format!("{count} of {namespace} have no selector: istiod uses only the oldest");
    for attachment in wide {
        let finding = match (kind, is_certain(world, wide)) {
            (Kind::Sidecar, true) => &SIDECARS,
            (Kind::Sidecar, false) => &SIDECAR_ALTERNATIVES,
            (Kind::Telemetry, true) => &TELEMETRIES,
            (Kind::Telemetry, false) => &TELEMETRY_ALTERNATIVES,
            (_, true) => &PROXY_CONFIGS,
            (_, false) => &PROXY_CONFIG_ALTERNATIVES,
        };
        let diagnostic = diagnostics.report(finding, attachment.resource.name_span(), &message);
        relate(diagnostic, attachment, wide);
        diagnostic.help("merge them into one, or give selectors to all but one of them");
    }
}

/// The resources that compete with another one for a workload.
struct Competition<'w> {
    /// The first such workload.
    workload: &'w str,
    /// The indices of the others, for any workload.
    others: BTreeSet<usize>,
}

/// Of the resources that select a workload istiod uses the oldest. It merges Telemetries, so they compete only for the
/// parts that several of them configure.
fn check_selective(world: &World<'_>, namespace: &str, selective: &[&Attachment<'_>], diagnostics: &mut Diagnostics) {
    let mut by_workload: BTreeMap<Span, (&Workload<'_>, Vec<usize>)> = BTreeMap::new();
    for (index, attachment) in selective.iter().enumerate() {
        for workload in world.selected_in(namespace, attachment.selector) {
            by_workload.entry(workload.resource.span).or_insert_with(|| (workload, Vec::new())).1.push(index);
        }
    }
    let mut competitions: BTreeMap<usize, Competition<'_>> = BTreeMap::new();
    for (workload, selecting) in by_workload.into_values() {
        for &index in &selecting {
            let competes = |&&other: &&usize| other != index && compete(selective[index], selective[other]);
            let others: BTreeSet<usize> = selecting.iter().filter(competes).copied().collect();
            if !others.is_empty() {
                let workload = workload.resource.name();
                let first = || Competition { workload, others: BTreeSet::new() };
                competitions.entry(index).or_insert_with(first).others.extend(others);
            }
        }
    }
    for (index, Competition { workload, others }) in competitions {
        let attachment = selective[index];
        let kind = attachment.resource.kind;
        let all: Vec<&Attachment<'_>> = others.into_iter().map(|index| selective[index]).chain([attachment]).collect();
        let finding = match (kind, is_certain(world, &all)) {
            (Kind::Sidecar, true) => &SIDECARS_OF_WORKLOAD,
            (Kind::Sidecar, false) => &SIDECAR_ALTERNATIVES_OF_WORKLOAD,
            (Kind::Telemetry, true) => &TELEMETRIES_OF_WORKLOAD,
            (Kind::Telemetry, false) => &TELEMETRY_ALTERNATIVES_OF_WORKLOAD,
            (_, true) => &PROXY_CONFIGS,
            (_, false) => &PROXY_CONFIG_ALTERNATIVES,
        };
        let outcome = match kind {
            Kind::Telemetry => "the newest takes precedence",
            _ => "istiod uses only the oldest",
        };
        let span = attachment.selector.and_then(|selector| selector.span).unwrap_or(attachment.resource.span);
        let message = format!("{} select workload `{workload}`: {outcome}", counted(all.len(), kind));
        let diagnostic = diagnostics.report(finding, span, message);
        relate(diagnostic, attachment, &all);
        diagnostic.help("merge them into one, or change the selectors so that no workload matches several of them");
    }
}

/// Whether istiod is sure to get all of the resources.
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

/// The number of competitors that a finding points to.
const SHOWN: usize = 3;

fn relate(diagnostic: &mut Diagnostic, own: &Attachment<'_>, all: &[&Attachment<'_>]) {
    for other in all.iter().filter(|other| other.resource.span != own.resource.span).take(SHOWN) {
        let message = format!("competes with {} `{}`", other.resource.kind.name(), other.name);
        diagnostic.related(other.resource.name_span(), message);
    }
}

fn counted(count: usize, kind: Kind) -> String {
    match kind {
        Kind::Telemetry => format!("{count} Telemetries"),
        kind => format!("{count} {}s", kind.name()),
    }
}
