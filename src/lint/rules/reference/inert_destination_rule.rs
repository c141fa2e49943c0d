//! `inert-destination-rule`

use std::collections::BTreeSet;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::model::field::TextField;
use crate::world::host::{self, Form};
use crate::world::{DestinationRule, ExportTo, Gap, Service, World};

use super::misshapen_host::{misshapen_host, report_short_entry, short_entry};
use super::{complete_name, export_to_field, host_cause, only_namesake, write_if};

pub static RULE: Rule = rule! {
    name: "inert-destination-rule",
    summary: "a DestinationRule that applies to no request, because of its host or its namespace",
    findings: [
        &OTHER_NAMESPACE, &SHORT_ENTRY, &NOT_EXPORTED, &NAME_WITH_DOT, &MISSHAPEN, &UNKNOWN_HOST, &EXTERNAL_NAME,
        &UNMATCHED_WILDCARD, &NOT_A_SERVICE, &NO_CLIENTS,
    ],
    check: check,
};

static OTHER_NAMESPACE: Finding = finding! {
    "other-namespace", Lost, Likely, ["IST0174", "KIA0202"],
    "the only Service of this short name is in another namespace",
};
static SHORT_ENTRY: Finding = finding! {
    "short-entry", Lost, Likely, ["IST0174", "KIA0202"],
    "a ServiceEntry has the short name as its host, which Istio does not expand there",
};
static NOT_EXPORTED: Finding = finding! {
    "not-exported", Surprising, Certain, ["IST0174", "KIA0202"],
    "the service is not exported to the clients that use the DestinationRule",
};
static NAME_WITH_DOT: Finding = finding! {
    "name-with-dot", Surprising, Certain, ["IST0174", "KIA0202"],
    "Istio does not expand the host, because the host contains a dot",
};
static MISSHAPEN: Finding = finding! {
    "misshapen", Surprising, Certain, ["IST0174", "KIA0202"],
    "the host resembles the name of a Service, and lacks a part of it",
};
static NOT_A_SERVICE: Finding = finding! {
    "not-a-service", Surprising, Likely, ["IST0174", "KIA0202"],
    "the host is the name of a pod, or of a Service in another domain",
};
static EXTERNAL_NAME: Finding = finding! {
    "external-name", Surprising, Certain, [],
    "the host is an ExternalName Service, for which istiod makes no clusters",
};
static UNKNOWN_HOST: Finding = finding! {
    "unknown-host", Surprising, Certain, ["IST0174", "KIA0202"],
    "no Service or ServiceEntry has the host",
};
static UNMATCHED_WILDCARD: Finding = finding! {
    "unmatched-wildcard", Surprising, Certain, ["IST0174"],
    "no service has a host that the wildcard covers",
};

static NO_CLIENTS: Finding = finding! {
    "no-clients", Surprising, Certain, [],
    "the DestinationRule is only for clients of its namespace, which has no proxies",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for destination_rule in world.destination_rules.iter().filter(|it| !context.is_refused(it.host.span)) {
        if host::wildcard_suffix(&destination_rule.host).is_some() {
            check_wildcard(world, destination_rule, diagnostics);
        } else {
            check_host(world, destination_rule, diagnostics);
        }
    }
}

/// A wildcard is mostly written for all services there are, so only complete manifests show that it covers none.
fn check_wildcard(world: &World<'_>, destination_rule: &DestinationRule<'_>, diagnostics: &mut Diagnostics) {
    let host = &destination_rule.host;
    let covered = || world.services.iter().filter(|service| host::covered_by(&service.hostname, host));
    if covered().next().is_some() {
        return check_clients(world, destination_rule, covered(), diagnostics);
    }
    if world.inventory.is_complete() {
        diagnostics
            .report(&UNMATCHED_WILDCARD, host.span, format!("no service has a host that `{}` covers", host.as_str()))
            .help("set `host` to that of a Service or ServiceEntry, or remove the DestinationRule");
    } else {
        diagnostics.unchecked(Gap::NoServicesCovered(host.value.clone()));
    }
}

fn check_host(world: &World<'_>, destination_rule: &DestinationRule<'_>, diagnostics: &mut Diagnostics) {
    let (own, full) = (destination_rule.name.namespace.as_ref(), destination_rule.host.as_str());
    let span = destination_rule.host.span;
    let mut defined = world.services.named(full).peekable();
    if let Some(first) = defined.peek().copied() {
        let reach = reach(world, destination_rule);
        if !defined.any(|service| service.namespace == own || service.export_to.overlaps(&reach)) {
            diagnostics
                .report(&NOT_EXPORTED, span, format!("host `{full}` is not exported to namespace `{own}`"))
                .related(first.span, "the service is exported to other namespaces")
                .help(format!("add `{own}` to {} of the service", export_to_field(first)));
            return;
        }
        if let Some(target) = first.external_name().filter(|_| world.services.named(full).count() == 1) {
            let message = format!("no proxy has a cluster for `{full}`, which is an ExternalName Service");
            diagnostics.report(&EXTERNAL_NAME, span, message).related(first.span, "the ExternalName Service").help(
                match world.services.named(target).next() {
                    Some(_) => format!("set `host` to `{target}`"),
                    None => format!("add a ServiceEntry for `{target}`, and set `host` to it"),
                },
            );
            return;
        }
        return check_clients(world, destination_rule, world.services.named(full), diagnostics);
    }
    // A host that only a wildcard covers has no cluster, but routes to the wildcard use its DestinationRule.
    if world.services.covering(own, full).is_some() || world.makes_service(full) {
        return;
    }
    let written = destination_rule.spec.host.text();
    let resource = destination_rule.resource;
    let unknown = format!("host `{full}` does not exist");
    if let Some(entry) = short_entry(world, destination_rule.resource, own, written) {
        return report_short_entry(&SHORT_ENTRY, span, entry, (written, full), diagnostics);
    }
    let misshapen = misshapen_host(world, own, full);
    match Form::of(full, &world.settings.domain) {
        Form::Kubernetes { name, namespace } if world.expects_service(resource, name, namespace).is_ok() => {
            let diagnostic = diagnostics.report(&UNKNOWN_HOST, span, unknown).cause(host_cause(full));
            let near = world.services.nearest(namespace, full, &world.settings.domain);
            match near.or_else(|| world.services.only_one_called(written)) {
                Some(service) => diagnostic.did_you_mean(&service.hostname),
                None => {
                    diagnostic.help("set `host` to that of a Service or ServiceEntry, or remove the DestinationRule")
                }
            };
        }
        Form::Kubernetes { name, namespace } => match only_namesake(world, namespace, name, written) {
            Some(service) => {
                let message = format!("Istio expands `{written}` to `{full}`, which the manifests do not define");
                diagnostics
                    .report(&OTHER_NAMESPACE, span, message)
                    .related(service.span, "the only Service with this name")
                    .help(write_if(span, &service.hostname, "the DestinationRule is for that Service"));
            }
            None => world.expects_service(resource, name, namespace).unwrap_or_else(|gap| diagnostics.unchecked(gap)),
        },
        Form::TwoLabels { name, namespace } if world.expects_listed_service(resource, name, namespace).is_ok() => {
            let complete = format!("{name}.{namespace}.svc.{}", world.settings.domain);
            let message = format!("host `{full}` does not exist: Istio does not expand names that contain a dot");
            let diagnostic = diagnostics.report(&NAME_WITH_DOT, span, message).cause(host_cause(full));
            if let Some(service) = world.services.named(&complete).next() {
                diagnostic.related(service.span, "the Service with this name");
            }
            diagnostic.help(complete_name(world, span, name, namespace));
        }
        Form::TwoLabels { .. } | Form::External if misshapen.is_some() => match misshapen {
            Some(Ok(found)) => {
                let finding = if found.is_certain { &MISSHAPEN } else { &NOT_A_SERVICE };
                let diagnostic = diagnostics.report(finding, span, format!("{unknown}: {}", found.reason));
                diagnostic.cause(host_cause(full));
                if let Some(meant) = found.meant {
                    diagnostic.related(meant, "the Service that is probably meant");
                }
                diagnostic.help(found.help);
            }
            Some(Err(gap)) => diagnostics.unchecked(gap),
            None => {}
        },
        Form::TwoLabels { .. } | Form::External => match world
            .inventory
            .service_entry(own, full)
            .and_then(|()| world.would_have(Kind::ServiceEntry, resource, "", own))
        {
            Ok(()) => {
                diagnostics
                    .report(&UNKNOWN_HOST, span, unknown)
                    .cause(host_cause(full))
                    .help("add a ServiceEntry for the host");
            }
            Err(gap) => diagnostics.unchecked(gap),
        },
    }
}

/// istiod looks for DestinationRules in the namespace of the client, of the service, and in the root namespace. One in
/// another namespace than those of its `services` needs clients beside it.
fn check_clients<'w, 'a: 'w>(
    world: &'w World<'a>,
    destination_rule: &DestinationRule<'_>,
    services: impl Iterator<Item = &'w Service<'a>>,
    diagnostics: &mut Diagnostics,
) {
    let own = destination_rule.name.namespace.as_ref();
    let namespaces: BTreeSet<&str> = services.map(|service| service.namespace.as_str()).collect();
    if own == world.settings.root_namespace || namespaces.contains(own) {
        return;
    }
    if world.has_no_proxies(own) != Ok(true) {
        return;
    }
    let host = destination_rule.host.as_str();
    let message = match namespaces.first() {
        Some(namespace) if namespaces.len() == 1 => format!(
            "no client uses the DestinationRule: namespace `{own}` has no proxies, and `{host}` is in namespace `{namespace}`"
        ),
        _ => format!(
            "no client uses the DestinationRule: namespace `{own}` has neither proxies nor services of the host"
        ),
    };
    let help = match namespaces.first() {
        Some(namespace) if namespaces.len() == 1 => {
            format!("move it to namespace `{namespace}`, where all clients use it, or to the namespace of the clients")
        }
        _ => "move it to the namespace of the clients".to_owned(),
    };
    diagnostics.report(&NO_CLIENTS, destination_rule.resource.name_span(), message).help(help);
}

/// The clients that use a DestinationRule which is not in the namespace of the service: those of its own namespace, or,
/// if it is in the root namespace, all that see it.
fn reach(world: &World<'_>, destination_rule: &DestinationRule<'_>) -> ExportTo {
    let own = destination_rule.name.namespace.as_ref();
    if own == world.settings.root_namespace {
        destination_rule.export_to.clone()
    } else {
        ExportTo::new(["."], own, &[])
    }
}
