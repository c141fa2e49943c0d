//! The first steps of a request whose client has no proxy that routes it.

use super::place;
use crate::simulate::answer::{Answer, Outcome};
use crate::simulate::direct;
use crate::simulate::question::{DirectClient, Question};
use crate::world::{DataPlane, World};

/// The client, the service that it dials, and what leads the request on: a waypoint, or no proxy. Empty if the request
/// goes nowhere.
pub(super) fn steps<'a>(
    world: &'a World<'a>,
    question: &Question<'_, 'a>,
    client: &DirectClient<'_, 'a>,
    answer: &Answer,
) -> Vec<String> {
    let mut steps = vec![client_words(client)];
    let Some(service) = direct::dialled_service(world, question, client) else {
        if answer.outcome != Outcome::Passthrough {
            return Vec::new();
        }
        steps.push("no service of the cluster has the host: the client connects to the dialled address".to_owned());
        return steps;
    };
    let (kind, name) = (service.resource.kind.name(), service.resource.name());
    let at = place(world, service.port(question.port).map_or(service.span, |port| port.span));
    steps.push(format!("port {} of {kind} {}/{name} ({at})", question.port, service.namespace));
    let Some((name, resource)) = direct::waypoint_before(world, client, service) else {
        steps.push(match client.data_plane {
            DataPlane::Ambient => "no waypoint: the ztunnel of the client connects to the workloads".to_owned(),
            _ => "DNS and kube-proxy lead to the workloads: no proxy routes the request".to_owned(),
        });
        return steps;
    };
    steps.push(format!("waypoint {name} ({})", place(world, resource.span)));
    steps
}

fn client_words(client: &DirectClient<'_, '_>) -> String {
    let kind = match client.data_plane {
        DataPlane::Ambient => "in the ambient mesh",
        _ => "without a sidecar",
    };
    match client.workload {
        Some(workload) => format!("client {} {kind}", workload.name),
        None => format!("client {kind}, in namespace {}", client.namespace),
    }
}
