//! `negative-condition`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::field::TextField;
use crate::model::status::StatusCondition;
use crate::model::{Kind, Resource};

pub static RULE: Rule = rule! {
    name: "negative-condition",
    aliases: ["IST0171"],
    severity: Warning,
    summary: "a status in which a controller says that a resource does not work as written",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for resource in &context.snapshot.resources {
        let Some(status) = &resource.status else { continue };
        let of_parents = status.parents.iter().flat_map(|parent| &parent.conditions);
        for condition in status.conditions.iter().chain(of_parents) {
            check_condition(resource, condition, diagnostics);
        }
    }
}

/// The conditions that tell of Istio, by kind. Those of other controllers are their affair.
fn is_told(kind: Kind, condition: &str) -> bool {
    let told: &[&str] = match kind {
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
    told.contains(&condition)
}

fn check_condition(resource: &Resource, condition: &StatusCondition, diagnostics: &mut Diagnostics) {
    let text = |field: &Option<crate::source::Spanned<String>>| field.text().to_owned();
    let (kind, status, reason) = (text(&condition.r#type), text(&condition.status), text(&condition.reason));
    let is_partial = reason == "PartiallyInvalid";
    if !is_told(resource.kind, &kind) || (status != "False" && !is_partial) {
        return;
    }
    let span = condition.status.as_ref().map_or(condition.span, |status| status.span);
    let verdict = if status == "False" { "is not true" } else { "is true in part only" };
    let because = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    let diagnostic = diagnostics.report_default(span, format!("`{kind}` of {} {verdict}{because}", resource.name()));
    diagnostic.related(resource.name_span(), "the resource");
    let message = text(&condition.message);
    if !message.is_empty() {
        diagnostic.help(format!("the controller says `{message}`"));
    }
}
