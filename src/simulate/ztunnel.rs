//! The ztunnel of a server in the ambient mesh: it forwards connections, whatever they carry.

use super::answer::{Outcome, Refusal};
use super::inbound::{Incoming, Leg};
use super::server::Server;
use super::{trace, verdict};
use crate::policy::{Attributes, PolicyRef, Ruling};
use crate::world::{MtlsMode, World};

/// Says what happens to a connection at the ztunnel of a workload. Connections with an identity come through tunnels. The
/// ztunnel knows `STRICT` and policies for connections; those for requests are left to waypoints.
pub(super) fn arrive(world: &World<'_>, server: &Server<'_>, incoming: &Incoming<'_>) -> Leg {
    let mtls = server.mtls(incoming.port);
    let mut leg = Leg::new(Outcome::Forward, mtls.mode);
    if mtls.mode == MtlsMode::Strict && incoming.peer.is_none() {
        leg.outcome = Outcome::Refused;
        leg.refusal = Some(Refusal::RequiresMutualTls);
        leg.notes.push("the ztunnel of the workload accepts only connections of the mesh (mode STRICT)".to_owned());
        leg.policy = mtls.set_by.map(|(policy, span)| {
            verdict::of_policy(world, &PolicyRef::new(world, policy), mtls.mode.as_str(), None, Some(span))
        });
        return leg;
    }
    let attributes = Attributes {
        identity: incoming.peer,
        source_ip: incoming.source_ip,
        is_from_gateway: incoming.is_from_gateway,
        remote_ip: incoming.source_ip,
        destination_ip: server.address,
        destination_port: incoming.port,
        sni: "",
        http: None,
    };
    let findings = server.policies.evaluate(&attributes, incoming.trace);
    if findings.ruling == Ruling::Denied {
        leg.outcome = Outcome::Denied;
    }
    leg.policy = findings.cause.as_ref().map(|cause| verdict::of(world, cause));
    if incoming.trace {
        leg.trace = trace::policies(world, &findings);
    }
    leg.notes.extend(findings.notes);
    leg
}
