//! GRPCRoute (istiod: `convertGRPCRoute`).

use super::attachment::{AttachableRoute, RouteAttachments};
use super::backend::{Backend, Invalid, Referrer};
use super::rule::{self, ConvertedRule, MATCH_TYPES, Unmerged, WrittenRule, condition, unknown_type};
use super::{Derived, Inputs};
use crate::model::gateway_api::{GrpcMethodMatch, GrpcRoute, GrpcRouteMatch};
use crate::model::networking::{HttpMatchRequest, StringMatch};
use crate::model::{Map, Resource};
use crate::source::Spanned;

pub(super) fn routes<'a>(
    resource: &'a Resource,
    spec: &'a GrpcRoute,
    inputs: &Inputs<'a, '_>,
    attachments: &RouteAttachments,
    derived: &mut Derived<'a>,
) -> Vec<Unmerged<'a>> {
    let route = AttachableRoute { resource, references: &spec.parent_refs, hostnames: &spec.hostnames };
    rule::unmerged(&route, inputs, attachments, derived, |referrer| rules(resource, spec, referrer))
}

fn rules<'a>(
    resource: &'a Resource,
    spec: &'a GrpcRoute,
    referrer: &Referrer<'a, '_, '_>,
) -> Result<Vec<ConvertedRule<'a>>, Invalid> {
    let mut all = Vec::new();
    for (index, rule) in spec.rules.iter().enumerate() {
        let written = WrittenRule {
            span: rule.span,
            index,
            name: rule.name.as_ref(),
            filters: &rule.filters,
            backends: rule.backend_refs.iter().map(Backend::from).collect(),
        };
        let entries = rule.matches.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        all.extend(rule::split(resource, &written, rule::action(&written, referrer)?, entries, true));
    }
    Ok(all)
}

fn entry(written: &GrpcRouteMatch) -> Result<HttpMatchRequest, Invalid> {
    let header = |it: &crate::model::gateway_api::GrpcHeaderMatch| {
        condition(it.r#type.as_ref(), it.name.as_ref(), it.value.as_ref(), it.span)
            .ok_or_else(|| unknown_type(it.r#type.as_ref(), "a type of a header match", MATCH_TYPES, it.span))
    };
    let headers = written.headers.iter().map(header).collect::<Result<Vec<_>, _>>()?;
    Ok(HttpMatchRequest {
        uri: written.method.as_ref().map(uri).transpose()?,
        headers: Map::new(written.span, headers),
        ..HttpMatchRequest::empty(written.span)
    })
}

/// A call of a method is a request for `/service/method`.
fn uri(written: &GrpcMethodMatch) -> Result<StringMatch, Invalid> {
    let here = |text: String| Some(Spanned::new(text, written.span));
    let empty = StringMatch::empty(written.span);
    let service = written.service.as_ref().map(|service| service.as_str());
    let method = written.method.as_ref().map(|method| method.as_str());
    match (written.r#type.as_ref().map_or("Exact", |kind| kind.as_str()), service, method) {
        ("Exact" | "RegularExpression", None, None) => Err(Invalid {
            span: written.span,
            reason: "the method match has neither a service nor a method".to_owned(),
            help: "add `service` or `method`".to_owned(),
        }),
        ("Exact" | "RegularExpression", None, Some(method)) => {
            Ok(StringMatch { regex: here(format!("/[^/]+/{method}")), ..empty })
        }
        ("Exact", Some(service), None) => Ok(StringMatch { prefix: here(format!("/{service}/")), ..empty }),
        ("Exact", Some(service), Some(method)) => {
            Ok(StringMatch { exact: here(format!("/{service}/{method}")), ..empty })
        }
        ("RegularExpression", Some(service), None) => {
            Ok(StringMatch { regex: here(format!("/{service}/.+")), ..empty })
        }
        ("RegularExpression", Some(service), Some(method)) => {
            Ok(StringMatch { regex: here(format!("/{service}/{method}")), ..empty })
        }
        _ => Err(unknown_type(written.r#type.as_ref(), "a type of a method match", MATCH_TYPES, written.span)),
    }
}
