//! The ztunnel of a server in the ambient mesh: it forwards connections, whatever they carry.

use super::answer::{Outcome, Refusal};
use super::inbound::{Incoming, Leg};
use super::{trace, verdict};
use crate::policy::{self, Attributes, PolicyRef, Ruling};
use crate::routing::inbound::Receiver;
use crate::world::{MtlsMode, World};

/// Says what happens to a connection at the ztunnel of a workload. Connections with an identity come through tunnels. The
/// ztunnel knows `STRICT` and policies for connections; those for requests are left to waypoints.
pub(super) fn arrive(world: &World<'_>, receiver: &Receiver<'_, '_>, incoming: &Incoming<'_>) -> Leg {
    let mtls = world.policies.mtls(receiver.namespace, &receiver.labels, incoming.port);
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
        remote_ip: incoming.source_ip,
        destination_ip: receiver.address,
        destination_port: incoming.port,
        sni: "",
        http: None,
        claims: &serde_json::Value::Null,
    };
    let findings = policy::evaluate(world, receiver.namespace, &receiver.labels, &attributes);
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
