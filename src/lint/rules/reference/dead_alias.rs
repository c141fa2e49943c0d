//! ExternalName Services that lead to no service. istiod replaces them by the host that they name, and makes no cluster for
//! themselves (istiod: `resolveServiceAliases`).

use super::misshapen_host::entry_gap;
use crate::model::Resource;
use crate::world::host::Form;
use crate::world::{Gap, Service, World};

/// An ExternalName Service that leads to no cluster.
pub(in crate::lint::rules) struct DeadAlias {
    /// The mistake in its host.
    pub reason: String,
    /// The advice.
    pub help: String,
    /// Whether the manifests show that no service has the host.
    pub is_certain: bool,
}

/// Describes a destination of a route in a namespace. `None` if it leads to a service, or is not an ExternalName Service; the
/// error is the reason why the manifests do not decide it.
pub(in crate::lint::rules) fn dead_alias(
    world: &World<'_>,
    from: &Resource,
    own: &str,
    alias: &Service<'_>,
) -> Option<Result<DeadAlias, Gap>> {
    let target = alias.external_name()?;
    let dead = |reason: String, help: String, is_certain| Some(Ok(DeadAlias { reason, help, is_certain }));
    if let Some(service) = world.services.seen_from(own, target) {
        let next = service.external_name()?;
        let reason = format!("`{target}` is an ExternalName Service too, and istiod follows only one");
        let known = world.services.seen_from(own, next).filter(|service| service.external_name().is_none());
        let help = match known {
            Some(service) => format!("set `externalName: {}`", service.hostname),
            None => "set `externalName` to the host of a Service or ServiceEntry".to_owned(),
        };
        return dead(reason, help, true);
    }
    if world.makes_service(target) {
        return None;
    }
    let missing = format!("no Service or ServiceEntry has host `{target}`");
    match Form::of(target, &world.settings.domain) {
        Form::Kubernetes { name, namespace } => match world.expects_service(from, name, namespace) {
            Ok(()) => dead(missing, "set `externalName` to the host of a Service".to_owned(), true),
            Err(gap) => Some(Err(gap)),
        },
        form => {
            if let Some(gap) = entry_gap(world, target) {
                return Some(Err(gap));
            }
            if let Form::TwoLabels { name, namespace } = form {
                let complete = format!("{name}.{namespace}.svc.{}", world.settings.domain);
                if world.services.named(&complete).next().is_some() {
                    return dead(missing, format!("set `externalName: {complete}`"), true);
                }
            }
            dead(missing, format!("add a ServiceEntry for host `{target}`"), world.inventory.is_complete())
        }
    }
}
