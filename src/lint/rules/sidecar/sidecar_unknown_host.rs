//! `sidecar-unknown-host`

use std::collections::HashMap;

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::rules::reference::host_cause;
use crate::lint::rules::reference::misshapen_host::misshapen_host;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::model::spelling::nearest;
use crate::source::Spanned;
use crate::world::{EgressHost, EgressHosts, Gap, Service, Sidecar, World, host};

pub static RULE: Rule = rule! {
    name: "sidecar-unknown-host",
    summary: "an egress host of a Sidecar matches no service, so the entry imports nothing",
    findings: [&UNKNOWN, &SHORT_NAME, &MISSHAPEN, &WRONG_NAMESPACE, &NOT_EXPORTED, &UNKNOWN_NAMESPACE],
    check: check,
};

static UNKNOWN: Finding = finding! {
    "unknown", Surprising, Certain, ["KIA1004"],
    "no service has this host",
};
static SHORT_NAME: Finding = finding! {
    "short-name", Surprising, Certain, ["KIA1004"],
    "the host is a short name, which istiod does not complete",
};
static MISSHAPEN: Finding = finding! {
    "misshapen", Surprising, Certain, ["KIA1004"],
    "the host resembles the name of a Service, and lacks a part of it",
};
static WRONG_NAMESPACE: Finding = finding! {
    "wrong-namespace", Surprising, Certain, [],
    "the service is in another namespace than the entry says",
};
static NOT_EXPORTED: Finding = finding! {
    "not-exported", Surprising, Certain, [],
    "the service is not exported to the namespace of the Sidecar",
};
static UNKNOWN_NAMESPACE: Finding = finding! {
    "unknown-namespace", Surprising, Certain, [],
    "the namespace does not exist",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut known = KnownHosts::default();
    for sidecar in &world.sidecars {
        for listener in &sidecar.spec.egress {
            let hosts = EgressHosts::new(&listener.hosts, &sidecar.name.namespace);
            for entry in hosts.included() {
                if let Some(written) = entry.written {
                    let is_only = listener.hosts.len() == 1;
                    check_entry(world, sidecar, (entry, written, is_only), &mut known, diagnostics);
                }
            }
        }
    }
}

/// The matches of entries, by namespace and host: many Sidecars have the same entries.
#[derive(Default)]
struct KnownHosts<'w, 'a>(HashMap<(Option<&'w str>, &'w str), Matches<'w, 'a>>);

/// The resources that an entry matches, whether they are exported to the Sidecar or not.
struct Matches<'w, 'a> {
    services: Vec<&'w Service<'a>>,
    has_routes: bool,
}

impl<'w, 'a> KnownHosts<'w, 'a> {
    fn get(&mut self, world: &'w World<'a>, entry: &EgressHost<'w>) -> &Matches<'w, 'a> {
        self.0.entry((entry.namespace, entry.host)).or_insert_with(|| {
            let services = services_of(world, entry);
            let mut virtual_services = world.virtual_services.iter().filter(|_| services.is_empty());
            Matches { has_routes: virtual_services.any(|it| entry.names_routes(it)), services }
        })
    }
}

fn check_entry<'w, 'a>(
    world: &'w World<'a>,
    sidecar: &'w Sidecar<'_>,
    (entry, written, is_only): (&EgressHost<'w>, &Spanned<String>, bool),
    known: &mut KnownHosts<'w, 'a>,
    diagnostics: &mut Diagnostics,
) {
    let client = sidecar.name.namespace.as_ref();
    // In the default of the mesh `.` means the namespace of each client. A host without a dot is rejected.
    let is_of_mesh = client == world.settings.root_namespace && sidecar.selector().is_none();
    if is_of_mesh && written.starts_with("./") || (entry.host != "*" && !entry.host.contains('.')) {
        return;
    }
    if entry.host == "*" {
        if let Some(namespace) = entry.namespace {
            check_namespace(world, namespace, (written, is_only), diagnostics);
        }
        return;
    }
    let matches = known.get(world, entry);
    let is_visible = |service: &&Service<'_>| is_of_mesh || service.export_to.includes(client);
    if matches.services.iter().any(is_visible) || matches.has_routes {
        return;
    }
    match matches.services.first() {
        Some(hidden) => report_hidden(hidden, client, written, diagnostics),
        None => check_unknown(world, entry, (written, is_only), diagnostics),
    }
}

fn report_hidden(service: &Service<'_>, client: &str, written: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let kind = service.resource.kind;
    let field = if kind == Kind::Service { "annotation `networking.istio.io/exportTo`" } else { "`exportTo`" };
    let (kind, name) = (kind.name(), service.resource.name());
    diagnostics
        .report(&NOT_EXPORTED, written.span, format!("`{}` is not exported to namespace `{client}`", service.hostname))
        .related(service.span, format!("{kind} `{}/{name}` is exported to other namespaces only", service.namespace))
        .help(format!("add `{client}` to the {field} of {kind} `{}/{name}`", service.namespace));
}

/// The services that an entry matches.
fn services_of<'w, 'a>(world: &'w World<'a>, entry: &EgressHost<'_>) -> Vec<&'w Service<'a>> {
    let fits = |service: &&'w Service<'a>| entry.names(service);
    match (host::wildcard_suffix(entry.host), entry.namespace) {
        (None, _) => world.services.named(entry.host).filter(fits).collect(),
        (Some(_), Some(namespace)) => world.services.in_namespace(namespace).filter(fits).collect(),
        (Some(_), None) => world.services.iter().filter(fits).collect(),
    }
}

/// Reports an entry that matches nothing, if the manifests have other services of the namespace that its host belongs to.
fn check_unknown(
    world: &World<'_>,
    entry: &EgressHost<'_>,
    (written, is_only): (&Spanned<String>, bool),
    diagnostics: &mut Diagnostics,
) {
    let matches_nothing = format!("`{}` matches no service", written.value);
    if let Some((name, owner)) = host::kubernetes_service(entry.host, &world.settings.domain) {
        let exists = world.services.named(entry.host).any(Service::is_kubernetes);
        if exists && entry.namespace.is_some_and(|namespace| namespace != owner) {
            diagnostics
                .report(
                    &WRONG_NAMESPACE,
                    written.span,
                    format!("{matches_nothing}, because Service `{name}` is in namespace `{owner}`"),
                )
                .write(format!("{owner}/{}", entry.host));
            return;
        }
        if world.makes_service(entry.host) {
            return;
        }
        // A wildcard is for all Services that there may be.
        let known = match name.starts_with('*') {
            true => world.inventory.services(owner),
            false => world.inventory.service(owner, name),
        };
        if let Err(gap) = known {
            return diagnostics.unchecked(gap);
        }
        let services = world.services.in_namespace(owner).filter(|service| service.is_kubernetes());
        let similar = nearest(name, services.map(|service| service.resource.name()));
        let suggestion = similar.map(|name| format!("{name}.{owner}.svc.{}", world.settings.domain));
        let help = suggestion.map_or_else(
            || removal(written, is_only, &format!("add Service `{owner}/{name}`")),
            |host| Advice::did_you_mean(Edit::set(written.span, with_host(written, &host))),
        );
        let diagnostic = diagnostics.report(&UNKNOWN, written.span, matches_nothing);
        diagnostic.cause(host_cause(entry.host)).help(help);
        return;
    }
    if let Some(service) = shortened(world, entry) {
        diagnostics
            .report(
                &SHORT_NAME,
                written.span,
                format!("{matches_nothing}, because istiod does not complete host names here"),
            )
            .related(service.span, "the name is short for this Service")
            .write(format!("{}/{}", service.namespace, service.hostname));
        return;
    }
    let own = entry.namespace.unwrap_or_default();
    match misshapen_host(world, own, entry.host) {
        Some(Ok(found)) if found.is_certain => {
            let message = format!("{matches_nothing}: {}", found.reason);
            let diagnostic = diagnostics.report(&MISSHAPEN, written.span, message).cause(host_cause(entry.host));
            if let Some(meant) = found.meant {
                diagnostic.related(meant, "the Service that is probably meant");
            }
            let owner = host::kubernetes_service(&found.full, &world.settings.domain).map(|(_, owner)| owner);
            diagnostic.help(format!("write `{}/{}`", owner.unwrap_or("*"), found.full));
            return;
        }
        _ => {}
    }
    let namespace = entry.namespace.filter(|namespace| world.inventory.service_entries(namespace).is_ok());
    match namespace {
        Some(namespace) => {
            let hosts = world.services.in_namespace(namespace).map(|service| service.hostname.as_str());
            let help = nearest(entry.host, hosts).map_or_else(
                || removal(written, is_only, &format!("add a ServiceEntry for the host to namespace `{namespace}`")),
                |host| Advice::did_you_mean(Edit::set(written.span, with_host(written, host))),
            );
            diagnostics.report(&UNKNOWN, written.span, matches_nothing).help(help);
        }
        None if world.inventory.is_complete() => {
            diagnostics.report(&UNKNOWN, written.span, matches_nothing).help(removal(
                written,
                is_only,
                "add a ServiceEntry for the host",
            ));
        }
        None => {
            let gap = entry.namespace.and_then(|namespace| world.inventory.service_entries(namespace).err());
            diagnostics.unchecked(gap.unwrap_or(Gap::NotAllOfKind(Kind::ServiceEntry)));
        }
    }
}

/// The Kubernetes Service that a host such as `payments.billing` or `payments.svc` would be the short name of.
fn shortened<'w, 'a>(world: &'w World<'a>, entry: &EgressHost<'_>) -> Option<&'w Service<'a>> {
    let (name, rest) = entry.host.split_once('.').filter(|(name, _)| !name.starts_with('*'))?;
    let owner = rest.strip_suffix("svc").map_or(rest, |rest| rest.strip_suffix('.').unwrap_or(rest));
    let owner = if owner.is_empty() { entry.namespace? } else { owner };
    let full = format!("{name}.{owner}.svc.{}", world.settings.domain);
    world.services.named(&full).find(|service| service.is_kubernetes())
}

/// A help to remove an entry, or to do something else. A listener needs at least one entry.
fn removal(written: &Spanned<String>, is_only: bool, otherwise: &str) -> Advice {
    if is_only {
        return format!("replace the entry, or {otherwise}").into();
    }
    Advice::new(format!("remove the entry, or {otherwise}")).option([Edit::remove(written.span)])
}

/// The entry with another host.
fn with_host(written: &str, host: &str) -> String {
    match written.split_once('/') {
        Some((namespace, _)) => format!("{namespace}/{host}"),
        None => host.to_owned(),
    }
}

/// Checks that the namespace of an entry for all its hosts exists.
fn check_namespace(
    world: &World<'_>,
    namespace: &str,
    (written, is_only): (&Spanned<String>, bool),
    diagnostics: &mut Diagnostics,
) {
    match world.has_namespace(namespace) {
        Some(true) => {}
        _ if world.services.in_namespace(namespace).next().is_some() => {}
        None => diagnostics.unchecked(Gap::NotAllOfKind(Kind::Namespace)),
        Some(false) => {
            let help = nearest(namespace, world.namespaces.names()).map_or_else(
                || removal(written, is_only, "correct the name of the namespace"),
                |name| Advice::did_you_mean(Edit::set(written.span, format!("{name}/*"))),
            );
            let message = format!("namespace `{namespace}` does not exist");
            let diagnostic = diagnostics.report(&UNKNOWN_NAMESPACE, written.span, message);
            diagnostic.cause(format!("namespace {namespace}")).help(help);
        }
    }
}
