//! Requests that name workloads and gateways, resolved against the manifests.
//!
//! - `written`: the forms of a name: `web`, `shop/web`, `deployment/web`.
//! - `workloads`: the workloads that a name or labels mean.
//! - `client`, `server`, `gateway`: the parts of a request. `serving`: the gateways that serve its host.
//! - `listing`: errors that list what there is.

mod client;
mod gateway;
mod listing;
mod server;
mod serving;
mod workloads;
mod written;

use std::net::IpAddr;
use std::ops::Deref;

use super::dial::Dialled;
use super::gateway_workload::GatewayWorkload;
use super::request::{Direction, GatewayRef, Request, WorkloadRef};
use crate::model::field::TextField;
use crate::uri::split_port;
use crate::world::{Workload, World};

pub(super) use gateway::{each as gateways_of, finds as finds_gateway};
pub(super) use server::unknown as unknown_server;

/// A request whose workloads and gateway are described by their labels.
pub(super) struct Named<'q> {
    /// The request.
    pub request: Resolved<'q>,
    /// The name of the gateway workload, if the request names one.
    pub gateway: Option<String>,
    /// Remarks about what the names mean.
    pub notes: Vec<String>,
}

/// A request without names to look up.
pub(super) enum Resolved<'q> {
    /// It had none.
    AsAsked(&'q Request),
    /// Labels take their place.
    Described(Box<Request>),
}

impl Deref for Resolved<'_> {
    type Target = Request;

    fn deref(&self) -> &Request {
        match self {
            Self::AsAsked(request) => request,
            Self::Described(request) => request,
        }
    }
}

/// Looks up the names in a request. The error lists what the manifests have instead.
pub(super) fn resolve<'q>(world: &World<'_>, request: &'q Request) -> Result<Named<'q>, String> {
    resolve_with(world, request, |written| world.gateway_named(&world.gateway_name(written)).is_some())
}

/// Looks up the names in a request. `is_gateway` tells whether a text is the name of a Gateway.
pub(super) fn resolve_with<'q>(
    world: &World<'_>,
    request: &'q Request,
    is_gateway: impl FnOnce(&str) -> bool,
) -> Result<Named<'q>, String> {
    if is_resolved(request, is_gateway) {
        return Ok(Named { request: Resolved::AsAsked(request), gateway: None, notes: Vec::new() });
    }
    let mut resolved = request.clone();
    let mut notes = Vec::new();
    client::resolve(world, &mut resolved, &mut notes)?;
    server::resolve(world, &mut resolved, &mut notes)?;
    let gateway = gateway::resolve(world, &mut resolved, &mut notes)?;
    match (resolved.is_informal, &resolved.gateway) {
        (true, Some(_)) => {
            // Clients find the gateway by a name that the manifests do not have.
            resolved.address = resolved.address.filter(|address| address.parse::<IpAddr>().is_ok());
            gateway::choose_port(world, &mut resolved, &mut notes);
        }
        (true, None) => look_up_address(world, &mut resolved),
        (false, _) => {}
    }
    resolved.is_informal = false;
    Ok(Named { request: Resolved::Described(Box::new(resolved)), gateway, notes })
}

/// Whether a request has no names to look up. Most have none, so it costs little.
fn is_resolved(request: &Request, is_gateway: impl FnOnce(&str) -> bool) -> bool {
    let is_described = |workload: &Option<WorkloadRef>| workload.as_ref().is_none_or(|it| it.name.is_none());
    let has_gateway = match &request.gateway {
        Some(GatewayRef::Name(name)) => is_gateway(name),
        Some(GatewayRef::Workload(workload)) => workload.name.is_none(),
        None => request.direction != Some(Direction::Gateway),
    };
    !request.is_informal && is_described(&request.from) && is_described(&request.to) && has_gateway
}

/// Replaces a host in the field `address` by its address.
fn look_up_address(world: &World<'_>, request: &mut Request) {
    let namespace = request.from.as_ref().and_then(|from| from.namespace.as_deref());
    let Some((dialled, port)) = request.address.as_ref().and_then(|written| dialled(world, written, namespace)) else {
        return;
    };
    let by_default = dialled.ports.default_for(request.tls(), request.protocol());
    request.port = request.port.or(port).or(Some(by_default));
    request.address = Some(dialled.address.to_string());
    // The client is near the host that it dials, not near the one in the `Host` header.
    request.from.get_or_insert_default().namespace.get_or_insert(dialled.namespace);
}

/// The host in the field `address`, and its port. `None` if it is an address, or neither.
fn dialled(world: &World<'_>, written: &str, namespace: Option<&str>) -> Option<(Dialled, Option<u32>)> {
    let (name, port) = split_port(written);
    let name = name.to_ascii_lowercase();
    let is_host = !name.is_empty() && !name.contains(|it: char| it.is_whitespace() || matches!(it, '/' | ':'));
    (is_host && name.parse::<IpAddr>().is_err())
        .then(|| (Dialled::new(world, &name, namespace), port.and_then(|port| port.parse().ok())))
}

/// Describes a workload of the manifests. What the request describes otherwise takes precedence.
fn described(workload: &Workload<'_>, wanted: &WorkloadRef) -> WorkloadRef {
    let mut labels: std::collections::BTreeMap<String, String> =
        workload.labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    labels.extend(wanted.labels.clone());
    let of_machine = || workload.entry()?.address.filled()?.parse().ok();
    WorkloadRef {
        kind: wanted.kind,
        name: None,
        namespace: Some(workload.name.namespace.to_string()),
        labels,
        service_account: wanted.service_account.clone().or_else(|| workload.service_account.map(str::to_owned)),
        address: wanted.address.or_else(of_machine),
    }
}
