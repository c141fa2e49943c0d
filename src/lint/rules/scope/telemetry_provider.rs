//! `telemetry-provider`

use std::collections::HashMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::telemetry::{AccessLogging, ProviderRef, Telemetry, Tracing};
use crate::model::{Spec, nearest};
use crate::source::Spanned;
use crate::world::{Attachment, Gap, World};

pub static RULE: Rule = rule! {
    name: "telemetry-provider",
    aliases: ["IST0157"],
    severity: Warning,
    summary: "a Telemetry whose provider is missing or unknown to the mesh: nothing is reported",
    check: check,
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

/// Every provider that is named must be one of the mesh.
fn check_names(world: &World<'_>, telemetry: &Telemetry, diagnostics: &mut Diagnostics) {
    let metrics = telemetry.metrics.iter().map(|it| &it.providers);
    let tracing = telemetry.tracing.iter().map(|it| &it.providers);
    let logging = telemetry.access_logging.iter().map(|it| &it.providers);
    for name in metrics.chain(tracing).chain(logging).flatten().filter_map(|provider| provider.name.as_ref()) {
        match world.settings.has_provider(name) {
            // An empty name is refused.
            Some(true) => {}
            _ if name.is_empty() => {}
            None => diagnostics.unchecked(Gap::NoMeshConfig),
            Some(false) => report_unknown(world, name, diagnostics),
        }
    }
}

fn report_unknown(world: &World<'_>, name: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let known = world.settings.extension_providers.iter().flatten().map(String::as_str);
    let diagnostic =
        diagnostics.report_default(name.span, format!("the MeshConfig has no extension provider {}", name.as_str()));
    diagnostic.aliases = &[];
    match nearest(name, known) {
        Some(suggestion) => diagnostic.help(format!("did you mean {suggestion}?")),
        None => diagnostic.help("add it to extensionProviders"),
    };
}

/// What the Telemetries without a selector say that others inherit from.
#[derive(Default)]
struct Inherited<'w> {
    wide: HashMap<&'w str, &'w Telemetry>,
}

impl<'w> Inherited<'w> {
    /// Of each namespace the oldest counts.
    fn new(world: &'w World<'_>) -> Self {
        let mut inherited = Self::default();
        for attachment in world.attachments.iter().filter(|it| it.is_wide()) {
            if let Spec::Telemetry(telemetry) = &attachment.resource.spec {
                inherited.wide.entry(&attachment.name.namespace).or_insert(telemetry);
            }
        }
        inherited
    }

    /// The Telemetries above one: of its namespace, if it is not that itself, and of the mesh.
    fn above(&self, world: &World<'_>, attachment: &Attachment<'_>) -> impl Iterator<Item = &'w Telemetry> + use<'w> {
        let namespace = attachment.name.namespace.as_ref();
        let is_root = namespace == world.settings.root_namespace;
        let of_namespace = self.wide.get(namespace).filter(|_| !attachment.is_wide());
        let of_mesh = self.wide.get(world.settings.root_namespace.as_str()).filter(|_| !is_root);
        [of_namespace, of_mesh].into_iter().flatten().copied().collect::<Vec<_>>().into_iter()
    }
}

fn names_one(providers: &[ProviderRef]) -> bool {
    !providers.is_empty()
}

/// An entry without providers is for those of the entries above it; its filter for none.
fn check_access_logging(
    world: &World<'_>,
    attachment: &Attachment<'_>,
    telemetry: &Telemetry,
    inherited: &Inherited<'_>,
    diagnostics: &mut Diagnostics,
) {
    let of_mesh = !world.settings.default_providers.access_logging.is_empty();
    let names = |logging: &AccessLogging| names_one(&logging.providers);
    let mut has_provider =
        of_mesh || inherited.above(world, attachment).any(|above| above.access_logging.iter().any(names));
    for logging in &telemetry.access_logging {
        has_provider |= names(logging);
        if names(logging) || logging.disabled.is_some_and(|disabled| disabled.value) {
            continue;
        }
        if let Some(filter) = &logging.filter {
            diagnostics
                .report_default(filter.span, "this filter does nothing: its entry names no provider")
                .help("name the provider in the same entry; filters are not added to those of others");
        } else if !has_provider && world.settings.extension_providers.is_some() {
            diagnostics
                .report_default(
                    logging.span,
                    "nothing is logged: neither this entry nor the MeshConfig names a provider",
                )
                .help("add providers, such as the built-in envoy, or defaultProviders.accessLogging to the MeshConfig");
        } else if !has_provider {
            diagnostics.unchecked(Gap::NoMeshConfig);
        }
    }
}

/// With a Telemetry for tracing the settings of the MeshConfig's defaultConfig no longer count.
fn check_tracing(
    world: &World<'_>,
    attachment: &Attachment<'_>,
    telemetry: &Telemetry,
    inherited: &Inherited<'_>,
    diagnostics: &mut Diagnostics,
) {
    let names = |tracing: &Tracing| names_one(&tracing.providers);
    let has_provider = !world.settings.default_providers.tracing.is_empty()
        || telemetry.tracing.iter().any(names)
        || inherited.above(world, attachment).any(|above| above.tracing.iter().any(names));
    let is_off = |tracing: &Tracing| tracing.disable_span_reporting.is_some_and(|disabled| disabled.value);
    let Some(first) = telemetry.tracing.first().filter(|first| !has_provider && !is_off(first)) else { return };
    if world.settings.extension_providers.is_none() {
        return diagnostics.unchecked(Gap::NoMeshConfig);
    }
    let diagnostic = diagnostics
        .report_default(first.span, "tracing is off: neither this Telemetry nor the MeshConfig names a provider");
    diagnostic.aliases = &[];
    diagnostic.help("add providers, or defaultProviders.tracing to the MeshConfig");
}
