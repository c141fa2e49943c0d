//! `inert-destination-rule`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::field::TextField;
use crate::world::host::{self, Form};
use crate::world::{DestinationRule, ExportTo, Gap, World};

pub static RULE: Rule = rule! {
    name: "inert-destination-rule",
    aliases: ["IST0174", "KIA0202"],
    severity: Warning,
    summary: "a DestinationRule for a host that no service of the mesh has: it applies to nothing",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for rule in world.destination_rules.iter().filter(|rule| !context.is_refused(rule.host.span)) {
        if host::wildcard_suffix(&rule.host).is_some() {
            check_wildcard(world, rule, diagnostics);
        } else {
            check_host(world, rule, diagnostics);
        }
    }
}

/// A wildcard is mostly meant for whatever there is, so only all manifests together show that nothing is.
fn check_wildcard(world: &World<'_>, rule: &DestinationRule<'_>, diagnostics: &mut Diagnostics) {
    if world.services.iter().any(|service| host::covered_by(&service.hostname, &rule.host)) {
        return;
    }
    if world.inventory.is_complete() {
        diagnostics
            .report_default(rule.host.span, format!("no service has a host that {} covers", rule.host.as_str()))
            .help("correct the host, or remove the DestinationRule");
    } else {
        diagnostics.unchecked(Gap::NoServicesCovered(rule.host.value.clone()));
    }
}

fn check_host(world: &World<'_>, rule: &DestinationRule<'_>, diagnostics: &mut Diagnostics) {
    let (own, full) = (rule.name.namespace.as_ref(), rule.host.as_str());
    let mut defined = world.services.named(full).peekable();
    if let Some(first) = defined.peek().copied() {
        if !defined.any(|service| service.namespace == own || service.export_to.overlaps(&reach(world, rule))) {
            diagnostics
                .report_default(rule.host.span, format!("{full} is not exported to the clients that this rule is for"))
                .related(first.span, "defined here, for other namespaces")
                .help(format!("add namespace {own} to its exportTo"));
        }
        return;
    }
    // A host of a wildcard has no cluster of its own, but the routes to the wildcard take its rule.
    if world.services.covering(own, full).is_some() {
        return;
    }
    let written = rule.spec.host.text();
    let unknown = if written == full {
        format!("there is no service {full}")
    } else {
        format!("{written} means {full} here, which is no service")
    };
    match Form::of(full, &world.settings.domain) {
        Form::Kubernetes { namespace } if world.inventory.services(namespace).is_ok() => {
            let diagnostic = diagnostics.report_default(rule.host.span, unknown);
            let near = world.services.nearest(namespace, full, &world.settings.domain);
            match near.or_else(|| world.services.only_one_called(written)) {
                Some(meant) => diagnostic.help(format!("did you mean {}?", meant.hostname)),
                None => diagnostic.help(format!("there is no Service of that name in namespace {namespace}")),
            };
        }
        Form::Kubernetes { namespace } => match world.services.only_one_called(written) {
            Some(meant) => {
                diagnostics
                    .report_default(rule.host.span, unknown)
                    .related(meant.span, "a Service of that name is in another namespace")
                    .help(format!("write {} if that is meant", meant.hostname));
            }
            None => world.inventory.services(namespace).unwrap_or_else(|gap| diagnostics.unchecked(gap)),
        },
        Form::TwoLabels { name, namespace } if world.inventory.services(namespace).is_ok() => {
            let meant = format!("{name}.{namespace}.svc.{}", world.settings.domain);
            let diagnostic = diagnostics
                .report_default(rule.host.span, format!("{full} is no service: names with a dot are not completed"));
            if let Some(service) = world.services.named(&meant).next() {
                diagnostic.related(service.span, "this Service may be meant");
            }
            diagnostic.help(format!("write {meant}"));
        }
        Form::TwoLabels { .. } | Form::External => match world.inventory.service_entries(own) {
            Ok(()) => drop(diagnostics.report_default(rule.host.span, unknown).help("add a ServiceEntry for it")),
            Err(gap) => diagnostics.unchecked(gap),
        },
    }
}

/// The clients that a rule beside them, and not beside the service, is for: those of its own namespace; all that see it
/// if it is in the root namespace.
fn reach(world: &World<'_>, rule: &DestinationRule<'_>) -> ExportTo {
    let own = rule.name.namespace.as_ref();
    if own == world.settings.root_namespace { rule.export_to.clone() } else { ExportTo::new(["."], own, &[]) }
}
