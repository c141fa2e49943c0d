//! Hosts that only look like those of services: `reviews.svc.cluster.local`, `web-0.web.shop.svc.cluster.local`, and the
//! short name of a ServiceEntry whose host is one label.

use crate::lint::{Diagnostics, Finding};
use crate::model::spelling::misspelt;
use crate::model::{Kind, Resource};
use crate::source::Span;
use crate::world::host::Misshape;
use crate::world::{Gap, Service, World};

/// A host that only looks like that of a service.
pub(in crate::lint::rules) struct MisshapenHost {
    /// The mistake in the host.
    pub reason: String,
    /// The advice.
    pub help: String,
    /// The service that is probably meant.
    pub meant: Option<Span>,
    /// The full name that the host may be short for.
    pub full: String,
    /// Whether no ServiceEntry would have such a host.
    pub is_certain: bool,
}

/// Describes a host that no service has and that resembles a full name, for a resource of a namespace. `None` for other
/// hosts; the error is the reason why the manifests do not decide it.
pub(in crate::lint::rules) fn misshapen_host(
    world: &World<'_>,
    own: &str,
    host: &str,
) -> Option<Result<MisshapenHost, Gap>> {
    let domain = &world.settings.domain;
    let misshape = Misshape::of(host, domain)?;
    let full = |name: &str, namespace: &str| format!("{name}.{namespace}.svc.{domain}");
    let known = |host: &str| world.services.named(host).next();
    let is_of_pod = matches!(misshape, Misshape::OfPod { .. });
    let (reason, meant) = match misshape {
        Misshape::NoNamespace { name } => {
            let meant = known(&full(name, own)).or_else(|| world.services.only_one_called(name));
            let host = meant.map_or_else(|| full(name, own), |service| service.hostname.clone());
            ("its namespace is missing".to_owned(), host)
        }
        Misshape::NoEnd { name, namespace } => {
            ("Istio does not complete names that contain a dot".to_owned(), full(name, namespace))
        }
        Misshape::FinalDot { host } => ("names of services have no final dot".to_owned(), host.to_owned()),
        Misshape::OfPod { name, namespace } => {
            let service = full(name, namespace);
            known(&service)?;
            ("it is the name of a pod, and istiod has clusters only for services".to_owned(), service)
        }
        Misshape::OtherDomain { name, namespace, domain: other } => {
            let service = full(name, namespace);
            if known(&service).is_none() && misspelt(other, [domain.as_str()]).is_none() {
                return None;
            }
            (format!("the domain of the cluster is `{domain}`, not `{other}`"), service)
        }
    };
    let is_certain = match misshape {
        Misshape::OfPod { .. } => false,
        Misshape::OtherDomain { domain: other, .. } => misspelt(other, [domain.as_str()]).is_some(),
        _ => true,
    };
    if let Some(gap) = entry_gap(world, host) {
        return Some(Err(gap));
    }
    let service = known(&meant);
    let help = match (is_of_pod, service) {
        (true, _) => format!("use `{meant}`, or add a ServiceEntry for the host"),
        (false, Some(_)) => format!("write `{meant}`"),
        (false, None) => match misshape {
            Misshape::NoNamespace { name } => {
                format!("write the name with its namespace, such as `{}`", full(name, own))
            }
            _ => format!("write `{meant}`"),
        },
    };
    Some(Ok(MisshapenHost { reason, help, meant: service.map(|service| service.span), full: meant, is_certain }))
}

/// The reason why a ServiceEntry for a host may exist although the manifests lack it.
pub(in crate::lint::rules) fn entry_gap(world: &World<'_>, host: &str) -> Option<Gap> {
    let inventory = &world.inventory;
    let lacked = || inventory.may_lack(Gap::NotAllOfKind(Kind::ServiceEntry));
    let unknown = || inventory.unknowns.expect_anywhere(Kind::ServiceEntry).err();
    inventory.may_have_host(host).or_else(lacked).or_else(unknown)
}

/// The ServiceEntry whose host is the short name that a reference has. Istio expands the reference, and not the host of the
/// entry, so they do not meet. If a Service of that name exists anywhere, or the namespace of the reference is only assumed,
/// the reference may be for a Service.
pub(super) fn short_entry<'w, 'a>(
    world: &'w World<'a>,
    from: &Resource,
    own: &str,
    written: &str,
) -> Option<&'w Service<'a>> {
    if written.contains('.') {
        return None;
    }
    let is_meant = |entry: &&Service<'_>| {
        let is_placed = entry.namespace == own || from.metadata.namespace.is_some();
        !entry.is_kubernetes()
            && entry.export_to.includes(own)
            && is_placed
            && world.are_together(&[from, entry.resource])
    };
    let entry = world.services.named(written).find(is_meant)?;
    let is_service = |service: &Service<'_>| service.is_kubernetes() && service.resource.name() == written;
    let may_be_service = || world.inventory.may_exist(Kind::Service, own, written).is_some();
    (!world.services.iter().any(is_service) && !may_be_service()).then_some(entry)
}

/// Reports a reference for which [`short_entry`] finds a ServiceEntry, with its host as written and in full.
pub(super) fn report_short_entry(
    finding: &'static Finding,
    place: Span,
    entry: &Service<'_>,
    (written, full): (&str, &str),
    diagnostics: &mut Diagnostics,
) {
    let name = format!("{}/{}", entry.namespace, entry.resource.name());
    let message = format!(
        "Istio expands `{written}` to `{full}` here, but not in ServiceEntry `{name}`, whose host stays `{written}`"
    );
    diagnostics
        .report(finding, place, message)
        .related(entry.span, "the host of the ServiceEntry")
        .cause(format!("host {written} of ServiceEntry {name} instead of {full}"))
        .help(format!("write host `{full}` in ServiceEntry `{name}`"));
}
