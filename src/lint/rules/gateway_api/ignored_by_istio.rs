//! `ignored-by-istio`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::model::Kind;
use crate::world::Cause;

pub static RULE: Rule = rule! {
    name: "ignored-by-istio",
    aliases: [],
    severity: Error,
    summary: "a part of a route, Gateway or Ingress that Istio can make nothing of, though the API allows it",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    for ignored in &context.world.derived.ignored {
        match ignored.cause {
            Cause::Unusable => {
                findings.report(ignored.span, &ignored.reason);
            }
            // Certificates that a listener may not use; what routes may not attach to has a rule of its own.
            Cause::NotAdmitted if ignored.resource.kind == Kind::KubernetesGateway => {
                let help = "add a ReferenceGrant to the namespace of the Secret";
                findings.report(ignored.span, format!("this listener is not served: {}", ignored.reason)).help(help);
            }
            Cause::NotAdmitted | Cause::Elsewhere | Cause::Missing { .. } | Cause::Conflict { .. } => {}
        }
    }
}
