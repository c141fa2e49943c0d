//! `missing-subset`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::field::TextField;
use crate::model::nearest;
use crate::source::Spanned;
use crate::world::{DestinationRef, MergedRule, VirtualService, World, host};

pub static RULE: Rule = rule! {
    name: "missing-subset",
    aliases: ["IST0101", "KIA1107"],
    severity: Error,
    summary: "a subset that the DestinationRule which applies does not define: its requests are answered with 503",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for service in &world.virtual_services {
        for destination in service.destinations() {
            if let Some(subset) = destination.destination.subset.filled() {
                check_subset(context, service, &destination, subset, diagnostics);
            }
        }
    }
}

fn check_subset(
    context: &Context<'_>,
    service: &VirtualService<'_>,
    destination: &DestinationRef<'_>,
    subset: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    let world = context.world;
    let full = service.full_host(destination.host, &world.settings);
    let lacking = world.presumed_client_namespaces(service).into_iter().find_map(|client| {
        let rule = world.destination_rules.applying(&client, &service_namespace(world, service, &full), &full, None);
        let has_it = rule.is_some_and(|rule| world.destination_rules.subset(rule, subset).is_some());
        (!has_it).then_some((client, rule))
    });
    match lacking {
        None => {}
        Some((_, Some(rule))) if !is_definite(context, rule, diagnostics) => {}
        Some((client, Some(rule))) => report_lacking(world, &client, rule, &full, subset, diagnostics),
        Some((client, None)) => report_without_rule(world, &client, &full, subset, diagnostics),
    }
}

fn is_definite(context: &Context<'_>, rule: &MergedRule, diagnostics: &mut Diagnostics) -> bool {
    context.world.destination_rules.parts(rule).all(|part| context.is_definite(part.resource, diagnostics))
}

/// The namespace of the destination, which a name of Kubernetes tells even if the Service is not among the manifests.
fn service_namespace(world: &World<'_>, service: &VirtualService<'_>, full: &str) -> String {
    let own = service.name.namespace.as_ref();
    if let Some(found) = world.services.covering(own, full) {
        return found.namespace.clone();
    }
    host::kubernetes_service(full, &world.settings.domain).map_or(own, |(_, namespace)| namespace).to_owned()
}

fn report_lacking(
    world: &World<'_>,
    client: &str,
    rule: &MergedRule,
    full: &str,
    subset: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    let rules: Vec<_> = world.destination_rules.parts(rule).collect();
    let subsets = world.destination_rules.subsets(rule);
    let names: Vec<&str> = subsets.iter().filter_map(|it| Some(it.subset.name.as_ref()?.as_str())).collect();
    let diagnostic = diagnostics.report_default(
        subset.span,
        format!("subset {} of {full} is not defined for clients in namespace {client}", subset.as_str()),
    );
    diagnostic.related(rules[0].host.span, format!("DestinationRule {} applies to them", rules[0].name));
    diagnostic.help(match nearest(subset, names.iter().copied()) {
        Some(suggestion) => format!("did you mean {suggestion}?"),
        None if names.is_empty() => "it defines no subset; add this one".to_owned(),
        None => format!("it defines {}; add this one, or use one of those", names.join(", ")),
    });
}

fn report_without_rule(
    world: &World<'_>,
    client: &str,
    full: &str,
    subset: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    let diagnostic = diagnostics.report_default(
        subset.span,
        format!("subset {} of {full} is not defined: no DestinationRule applies", subset.as_str()),
    );
    let elsewhere = world.destination_rules.iter().find(|rule| host::covered_by(full, &rule.host));
    match elsewhere {
        Some(rule) => diagnostic
            .related(rule.host.span, format!("clients in namespace {client} do not use DestinationRule {}", rule.name))
            .help("a DestinationRule applies to clients of its own namespace, or if it stands beside the service, or in the root namespace"),
        None => diagnostic.help(format!("add a DestinationRule for {full} with this subset")),
    };
}
