//! References to hosts, ports, subsets, Gateways and workloads that do not exist.

pub(super) mod dead_alias;
mod export_to_unknown_namespace;
mod gateway_selects_nothing;
mod host_not_in_gateway;
mod host_without_service;
mod inert_destination_rule;
pub(super) mod misshapen_host;
mod missing_subset;
mod port_required;
mod subset_selects_nothing;
mod subset_without_labels;
mod unexposed_server_port;
mod unknown_gateway;
mod unknown_host;
mod unknown_port;

use crate::advice::{Advice, Edit};
use crate::lint::Family;
use crate::model::Kind;
use crate::source::Span;
use crate::world::{Service, World};

pub static FAMILY: Family = Family {
    name: "reference",
    about: "Broken references",
    rules: &[
        &unknown_host::RULE,
        &unknown_gateway::RULE,
        &host_not_in_gateway::RULE,
        &missing_subset::RULE,
        &unknown_port::RULE,
        &port_required::RULE,
        &subset_selects_nothing::RULE,
        &gateway_selects_nothing::RULE,
        &inert_destination_rule::RULE,
        &subset_without_labels::RULE,
        &host_without_service::RULE,
        &unexposed_server_port::RULE,
        &export_to_unknown_namespace::RULE,
    ],
};

/// The field that exports a service, with an article if it needs one, for a help.
fn export_to_field(service: &Service<'_>) -> &'static str {
    if service.is_kubernetes() { "the annotation `networking.istio.io/exportTo`" } else { "`exportTo`" }
}

/// The first label of a host: the name of a Service.
fn first_label(host: &str) -> &str {
    host.split('.').next().unwrap_or_default()
}

/// The cause of findings about a host that does not exist.
pub(super) fn host_cause(host: &str) -> String {
    format!("host {host}")
}

/// A help for a host such as `reviews.shop`, which Istio does not expand.
fn complete_name(world: &World<'_>, place: Span, name: &str, namespace: &str) -> Advice {
    let domain = &world.settings.domain;
    let complete = format!("{name}.{namespace}.svc.{domain}");
    if world.services.named(&complete).next().is_some() {
        return Advice::write(Edit::set(place, complete));
    }
    match world.services.nearest(namespace, &complete, domain) {
        Some(service) => Advice::did_you_mean(Edit::set(place, &service.hostname)),
        None => format!("use the host of a Service in namespace `{namespace}`, or add a ServiceEntry").into(),
    }
}

/// A help to write another host, if a condition holds.
fn write_if(place: Span, host: &str, condition: &str) -> Advice {
    let edit = Edit::set(place, host);
    Advice::new(format!("write {edit} if {condition}")).option([edit])
}

/// The only Service with the short name of an unknown host. It is not meant if a Service of the expanded name may exist.
fn only_namesake<'w, 'a>(world: &'w World<'a>, namespace: &str, name: &str, written: &str) -> Option<&'w Service<'a>> {
    let namesake = world.services.only_one_called(written)?;
    world.inventory.may_exist(Kind::Service, namespace, name).is_none().then_some(namesake)
}
