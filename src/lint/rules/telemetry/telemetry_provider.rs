//! `telemetry-provider`

use std::collections::HashMap;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Spec;
use crate::model::spelling::did_you_mean;
use crate::model::telemetry::{AccessLogging, Telemetry, Tracing};
use crate::source::Spanned;
use crate::world::{Attachment, Gap, World};

pub static RULE: Rule = rule! {
    name: "telemetry-provider",
    summary: "a Telemetry names no provider, or one that the MeshConfig does not define, so proxies report less than it says",
    findings: [&UNKNOWN, &NO_LOGGING_PROVIDER, &NO_TRACING_PROVIDER, &FILTER_WITHOUT_PROVIDER],
    check: check,
};

static UNKNOWN: Finding = finding! {
    "unknown", Surprising, Certain, [],
    "the MeshConfig does not define the provider",
};
static NO_LOGGING_PROVIDER: Finding = finding! {
    "no-logging-provider", Surprising, Certain, ["IST0157"],
    "nothing names a provider for access logs, so proxies write none",
};
static NO_TRACING_PROVIDER: Finding = finding! {
    "no-tracing-provider", Surprising, Certain, [],
    "nothing names a provider for tracing, so tracing is off",
};
static FILTER_WITHOUT_PROVIDER: Finding = finding! {
    "filter-without-provider", Surprising, Certain, ["IST0157"],
    "an entry of `accessLogging` has a filter but no provider, so istiod ignores the filter",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let inherited = Inherited::new(world);
    for attachment in &world.attachments {
        let Spec::Telemetry(telemetry) = &attachment.resource.spec else { continue };
        check_names(world, telemetry, diagnostics);
        check_access_logging(world, attachment, telemetry, &inherited, diagnostics);
        check_tracing(world, attachment, telemetry, &inherited, diagnostics);
    }
}

/// The MeshConfig must define every provider that a Telemetry names.
fn check_names(world: &World<'_>, telemetry: &Telemetry, diagnostics: &mut Diagnostics) {
    let metrics = telemetry.metrics.iter().map(|it| &it.providers);
    let tracing = telemetry.tracing.iter().map(|it| &it.providers);
    let logging = telemetry.access_logging.iter().map(|it| &it.providers);
    for name in metrics.chain(tracing).chain(logging).flatten().filter_map(|provider| provider.name.as_ref()) {
        match world.settings.has_provider(name) {
            // The webhook rejects an empty name.
            Some(true) => {}
            _ if name.is_empty() => {}
            None => diagnostics.unchecked(Gap::NoMeshConfig),
            Some(false) => report_unknown(world, name, diagnostics),
        }
    }
}

fn report_unknown(world: &World<'_>, name: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let known = world.settings.extension_providers.iter().flatten().map(String::as_str);
    let help = did_you_mean(name.span, name, known).unwrap_or_else(|| "add it to `extensionProviders`".into());
    let message = format!("the MeshConfig does not define provider `{}`", name.value);
    diagnostics.report(&UNKNOWN, name.span, message).cause(format!("provider {}", name.value)).help(help);
}

/// The Telemetries without a selector, from which others inherit.
#[derive(Default)]
struct Inherited<'w> {
    by_namespace: HashMap<&'w str, &'w Telemetry>,
}

impl<'w> Inherited<'w> {
    /// Of each namespace the oldest.
    fn new(world: &'w World<'_>) -> Self {
        let mut inherited = Self::default();
        for attachment in world.attachments.iter().filter(|it| it.is_wide()) {
            if let Spec::Telemetry(telemetry) = &attachment.resource.spec {
                inherited.by_namespace.entry(&attachment.name.namespace).or_insert(telemetry);
            }
        }
        inherited
    }

    /// The Telemetries from which one inherits: that of its namespace, unless it is that one itself, and that of the mesh.
    fn parents(&self, world: &World<'_>, attachment: &Attachment<'_>) -> Vec<&'w Telemetry> {
        let namespace = attachment.name.namespace.as_ref();
        let root = world.settings.root_namespace.as_str();
        let of_namespace = self.by_namespace.get(namespace).filter(|_| !attachment.is_wide());
        let of_mesh = self.by_namespace.get(root).filter(|_| namespace != root);
        [of_namespace, of_mesh].into_iter().flatten().copied().collect()
    }
}

/// An entry without providers applies to those of the entries before it and of the parents; its filter applies to none.
fn check_access_logging(
    world: &World<'_>,
    attachment: &Attachment<'_>,
    telemetry: &Telemetry,
    inherited: &Inherited<'_>,
    diagnostics: &mut Diagnostics,
) {
    let names_provider = |logging: &AccessLogging| !logging.providers.is_empty();
    let parents = inherited.parents(world, attachment);
    let mut has_provider = !world.settings.default_providers.access_logging.is_empty()
        || parents.iter().any(|parent| parent.access_logging.iter().any(names_provider));
    for logging in &telemetry.access_logging {
        has_provider |= names_provider(logging);
        if names_provider(logging) || logging.disabled.is_some_and(|disabled| disabled.value) {
            continue;
        }
        if let Some(filter) = &logging.filter {
            diagnostics
                .report(
                    &FILTER_WITHOUT_PROVIDER,
                    filter.span,
                    "istiod ignores this filter, because its entry names no provider",
                )
                .help("add `providers` to this entry: the filter does not apply to those of other entries");
        } else if !has_provider && world.settings.extension_providers.is_some() {
            diagnostics
                .report(
                    &NO_LOGGING_PROVIDER,
                    logging.span,
                    "proxies write no access logs: neither a Telemetry nor the MeshConfig names a provider",
                )
                .help("add `providers`, for example the built-in `envoy`, or set `defaultProviders.accessLogging` in the MeshConfig");
        } else if !has_provider {
            diagnostics.unchecked(Gap::NoMeshConfig);
        }
    }
}

/// A Telemetry for tracing replaces the settings for tracing in `defaultConfig` of the MeshConfig.
fn check_tracing(
    world: &World<'_>,
    attachment: &Attachment<'_>,
    telemetry: &Telemetry,
    inherited: &Inherited<'_>,
    diagnostics: &mut Diagnostics,
) {
    let names_provider = |tracing: &Tracing| !tracing.providers.is_empty();
    let parents = inherited.parents(world, attachment);
    let has_provider = !world.settings.default_providers.tracing.is_empty()
        || telemetry.tracing.iter().any(names_provider)
        || parents.iter().any(|parent| parent.tracing.iter().any(names_provider));
    let is_off = |tracing: &Tracing| tracing.disable_span_reporting.is_some_and(|disabled| disabled.value);
    let Some(first) = telemetry.tracing.first().filter(|first| !has_provider && !is_off(first)) else { return };
    if world.settings.extension_providers.is_none() {
        return diagnostics.unchecked(Gap::NoMeshConfig);
    }
    diagnostics
        .report(
            &NO_TRACING_PROVIDER,
            first.span,
            "tracing is off: neither a Telemetry nor the MeshConfig names a provider",
        )
        .help("add `providers`, or set `defaultProviders.tracing` in the MeshConfig");
}
