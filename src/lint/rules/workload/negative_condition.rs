//! `negative-condition`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::{PlacedField, TextField};
use crate::model::status::StatusCondition;
use crate::model::{Kind, Resource};

pub static RULE: Rule = rule! {
    name: "negative-condition",
    summary: "a condition in the status of a resource says that a controller ignores the resource or a part of it",
    findings: [&FALSE, &PARTIALLY_INVALID],
    check: check,
};

static FALSE: Finding = finding! {
    "false", Lost, Likely, ["IST0171"],
    "a condition is `False`",
};
static PARTIALLY_INVALID: Finding = finding! {
    "partially-invalid", Surprising, Certain, ["IST0171"],
    "a condition has the reason `PartiallyInvalid`",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for resource in context.snapshot.resources() {
        let Some(status) = &resource.status else { continue };
        let of_parents = status.parents.iter().flat_map(|parent| &parent.conditions);
        for condition in status.conditions.iter().chain(of_parents) {
            check_condition(resource, condition, diagnostics);
        }
    }
}

/// Whether Istio sets a condition on resources of a kind. Conditions of other controllers are not about the mesh.
fn is_of_istio(kind: Kind, condition: &str) -> bool {
    let conditions: &[&str] = match kind {
        Kind::Service | Kind::ServiceEntry | Kind::WorkloadEntry => &["istio.io/WaypointBound"],
        Kind::AuthorizationPolicy => &["ZtunnelAccepted", "WaypointAccepted"],
        Kind::KubernetesGateway
        | Kind::GatewayClass
        | Kind::ListenerSet
        | Kind::HttpRoute
        | Kind::GrpcRoute
        | Kind::TlsRoute
        | Kind::TcpRoute => &["Accepted", "Programmed", "ResolvedRefs"],
        _ => &[],
    };
    conditions.contains(&condition)
}

fn check_condition(resource: &Resource, condition: &StatusCondition, diagnostics: &mut Diagnostics) {
    let (name, status, reason) = (condition.r#type.text(), condition.status.text(), condition.reason.text());
    if !is_of_istio(resource.kind, name) {
        return;
    }
    let subject = format!("condition `{name}` of {} `{}`", resource.kind.name(), resource.name());
    let span = condition.status.place(condition.span);
    let diagnostic = match (status, reason) {
        ("False", "") => diagnostics.report(&FALSE, span, format!("{subject} is `False`")),
        ("False", reason) => diagnostics.report(&FALSE, span, format!("{subject} is `False`: `{reason}`")),
        (_, "PartiallyInvalid") => {
            diagnostics.report(&PARTIALLY_INVALID, span, format!("{subject} has the reason `{reason}`"))
        }
        _ => return,
    };
    diagnostic.related(resource.name_span(), "the resource with this condition");
    // The message of a controller may have several lines.
    let message: Vec<&str> = condition.message.text().split_whitespace().collect();
    if !message.is_empty() {
        diagnostic.help(format!("fix what the controller reports: `{}`", message.join(" ")));
    }
}
