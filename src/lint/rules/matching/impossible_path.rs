//! `impossible-match` for the paths of HTTPRoutes and the methods of GRPCRoutes.

use std::collections::BTreeMap;

use super::impossible_match::{Obstacle, report};
use super::impossible_text::obstacle_of_text;
use super::match_texts::MatchText;
use crate::lint::Diagnostics;
use crate::model::Kind;
use crate::model::networking::HttpMatchRequest;
use crate::source::Span;
use crate::world::{Origin, VirtualService, World};

pub(super) fn check(world: &World<'_>, diagnostics: &mut Diagnostics) {
    // The matches of each rule. A rule is derived for each listener and host.
    let mut rules: BTreeMap<Span, BTreeMap<Span, Option<Obstacle>>> = BTreeMap::new();
    for virtual_service in world.derived.virtual_services.iter().filter(|it| it.origin == Origin::GatewayApi) {
        for (route, source) in virtual_service.spec.http.iter().zip(&virtual_service.sources) {
            let of_rule = rules.entry(route.span).or_default();
            for entry in &route.r#match {
                of_rule.entry(entry.span).or_insert_with(|| obstacle(entry, source.resource.kind, virtual_service));
            }
        }
    }
    for (span, matches) in rules {
        let is_dead = matches.values().all(Option::is_some);
        for obstacle in matches.into_values().flatten() {
            report(obstacle, is_dead.then_some(span), diagnostics);
        }
    }
}

fn obstacle(entry: &HttpMatchRequest, kind: Kind, virtual_service: &VirtualService<'_>) -> Option<Obstacle> {
    let uri = entry.uri.as_ref()?;
    let text = uri.prefix.as_ref().or(uri.exact.as_ref());
    // istiod keeps the dot with which a fully qualified name of protobuf can start.
    if kind == Kind::GrpcRoute
        && let Some(service) = text.and_then(|text| text.strip_prefix("/."))
    {
        let service = service.split('/').next().unwrap_or_default();
        let message = "clients send the name of a gRPC service without a leading dot, so no request matches";
        return Some(Obstacle::new(uri.span, message, format!("write `service: {service}`")));
    }
    obstacle_of_text(MatchText::Path, uri, virtual_service)
}
