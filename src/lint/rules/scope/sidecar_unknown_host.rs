//! `sidecar-unknown-host`

use std::collections::HashMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::{Kind, nearest};
use crate::source::Spanned;
use crate::world::{EgressHost, EgressHosts, Gap, Service, Sidecar, World, host};

pub static RULE: Rule = rule! {
    name: "sidecar-unknown-host",
    aliases: ["KIA1004"],
    severity: Warning,
    summary: "an egress host of a Sidecar that stands for no service: nothing is imported by it",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut known = Known::default();
    for sidecar in &world.sidecars {
        for listener in &sidecar.spec.egress {
            let hosts = EgressHosts::new(&listener.hosts, &sidecar.name.namespace);
            for entry in hosts.included() {
                if let Some(written) = entry.written {
                    check_entry(world, sidecar, (entry, written), &mut known, diagnostics);
                }
            }
        }
    }
}

/// What the entries stand for, by namespace and host: many Sidecars have the same ones.
#[derive(Default)]
struct Known<'w, 'a>(HashMap<(Option<&'w str>, &'w str), Meaning<'w, 'a>>);

/// What an entry stands for, seen or not.
struct Meaning<'w, 'a> {
    services: Vec<&'w Service<'a>>,
    /// Whether it is a host of some VirtualService.
    has_routes: bool,
}

impl<'w, 'a> Known<'w, 'a> {
    fn get(&mut self, world: &'w World<'a>, entry: &EgressHost<'w>) -> &Meaning<'w, 'a> {
        self.0.entry((entry.namespace, entry.host)).or_insert_with(|| {
            let services = services_of(world, entry);
            let mut routes = world.virtual_services.iter().filter(|_| services.is_empty());
            Meaning { has_routes: routes.any(|it| entry.names_routes(it)), services }
        })
    }
}

fn check_entry<'w, 'a>(
    world: &'w World<'a>,
    sidecar: &'w Sidecar<'_>,
    (entry, written): (&EgressHost<'w>, &Spanned<String>),
    known: &mut Known<'w, 'a>,
    diagnostics: &mut Diagnostics,
) {
    let client = sidecar.name.namespace.as_ref();
    // What applies to the whole mesh has another `.` in each namespace, and short names are no hosts at all.
    let is_of_mesh = client == world.settings.root_namespace && sidecar.selector().is_none();
    if is_of_mesh && written.starts_with("./") || (entry.host != "*" && !entry.host.contains('.')) {
        return;
    }
    if entry.host == "*" {
        if let Some(namespace) = entry.namespace {
            check_namespace(world, namespace, written, diagnostics);
        }
        return;
    }
    let meaning = known.get(world, entry);
    let is_seen = |service: &&Service<'_>| is_of_mesh || service.export_to.includes(client);
    if meaning.services.iter().any(is_seen) || meaning.has_routes {
        return;
    }
    if let Some(hidden) = meaning.services.first() {
        diagnostics
            .report_default(written.span, format!("{} is not exported to namespace {client}", hidden.hostname))
            .related(hidden.span, "defined here, for other namespaces")
            .help("add the namespace to its exportTo");
        return;
    }
    check_unknown(world, entry, written, diagnostics);
}

/// The services that an entry stands for.
fn services_of<'w, 'a>(world: &'w World<'a>, entry: &EgressHost<'_>) -> Vec<&'w Service<'a>> {
    let fits = |service: &&'w Service<'a>| entry.names(service);
    match (host::wildcard_suffix(entry.host), entry.namespace) {
        (None, _) => world.services.named(entry.host).filter(fits).collect(),
        (Some(_), Some(namespace)) => world.services.in_namespace(namespace).filter(fits).collect(),
        (Some(_), None) => world.services.iter().filter(fits).collect(),
    }
}

/// Where the entry's host belongs, as far as its name tells.
fn check_unknown(world: &World<'_>, entry: &EgressHost<'_>, written: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let domain = &world.settings.domain;
    let no_service = || format!("{} stands for no service", written.as_str());
    if let Some((_, owner)) = host::kubernetes_service(entry.host, domain) {
        let exists = world.services.named(entry.host).any(Service::is_kubernetes);
        if exists && entry.namespace.is_some_and(|namespace| namespace != owner) {
            diagnostics
                .report_default(written.span, no_service())
                .help(format!("the Service is in another namespace: write {owner}/{}", entry.host));
        } else if let Err(gap) = world.inventory.services(owner) {
            diagnostics.unchecked(gap);
        } else {
            let names = world.services.in_namespace(owner).map(|service| service.hostname.as_str());
            let diagnostic = diagnostics.report_default(written.span, no_service());
            diagnostic.help(match nearest(entry.host, names) {
                Some(suggestion) => format!("did you mean {}?", with_host(written, suggestion)),
                None => format!("there is no such Service in namespace {owner}"),
            });
        }
        return;
    }
    if let Some(meant) = shortened(world, entry) {
        let diagnostic = diagnostics.report_default(written.span, no_service());
        diagnostic.related(meant.span, "this Service may be meant");
        diagnostic.help(format!("hosts are not completed here: write {}/{}", meant.namespace, meant.hostname));
        return;
    }
    let namespace = entry.namespace.filter(|namespace| world.inventory.service_entries(namespace).is_ok());
    match namespace {
        Some(namespace) => {
            let names = world.services.in_namespace(namespace).map(|service| service.hostname.as_str());
            let diagnostic = diagnostics.report_default(written.span, no_service());
            diagnostic.help(match nearest(entry.host, names) {
                Some(suggestion) => format!("did you mean {}?", with_host(written, suggestion)),
                None => format!("add a ServiceEntry for it in namespace {namespace}, or remove it"),
            });
        }
        None if world.inventory.is_complete() => {
            diagnostics.report_default(written.span, no_service()).help("add a ServiceEntry for it, or remove it");
        }
        None => diagnostics.unchecked(match entry.namespace {
            Some(namespace) => Gap::NoResources(Kind::ServiceEntry, namespace.to_owned()),
            None => Gap::NotAllOfKind(Kind::ServiceEntry),
        }),
    }
}

/// The Service of Kubernetes that a host such as `payments.billing` or `payments.svc` would be if it were completed.
fn shortened<'w, 'a>(world: &'w World<'a>, entry: &EgressHost<'_>) -> Option<&'w Service<'a>> {
    let (name, rest) = entry.host.split_once('.').filter(|(name, _)| !name.starts_with('*'))?;
    let owner = rest.strip_suffix("svc").map_or(rest, |rest| rest.strip_suffix('.').unwrap_or(rest));
    let owner = if owner.is_empty() { entry.namespace? } else { owner };
    let full = format!("{name}.{owner}.svc.{}", world.settings.domain);
    world.services.named(&full).find(|service| service.is_kubernetes())
}

/// The entry with another host.
fn with_host(written: &str, host: &str) -> String {
    match written.split_once('/') {
        Some((namespace, _)) => format!("{namespace}/{host}"),
        None => host.to_owned(),
    }
}

/// Of all of a namespace at least the namespace has to be there.
fn check_namespace(world: &World<'_>, namespace: &str, written: &Spanned<String>, diagnostics: &mut Diagnostics) {
    match world.has_namespace(namespace) {
        Some(true) => {}
        _ if world.services.in_namespace(namespace).next().is_some() => {}
        None => diagnostics.unchecked(Gap::NotAllOfKind(Kind::Namespace)),
        Some(false) => {
            let diagnostic = diagnostics.report_default(written.span, format!("there is no namespace {namespace}"));
            if let Some(suggestion) = nearest(namespace, world.namespaces.names()) {
                diagnostic.help(format!("did you mean {suggestion}/*?"));
            }
        }
    }
}
