//! The routes and policies that decide, and those that were considered.

use serde::Serialize;

use crate::simulate::{PolicyVerdict, RouteRef, Step};

/// A route of a VirtualService or of another API.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RouteObject<'a> {
    virtual_service: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegated_by: Option<&'a str>,
    section: &'static str,
    index: usize,
    r#match: Option<usize>,
    name: &'a str,
    file: &'a str,
    line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    match_line: Option<usize>,
}

/// A policy, or one of its rules.
#[derive(Serialize)]
pub(super) struct PolicyObject<'a> {
    kind: &'static str,
    name: &'a str,
    action: &'static str,
    rule: Option<usize>,
    file: &'a str,
    line: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

/// A route or policy rule that was considered.
#[derive(Serialize)]
pub(super) struct StepObject<'a> {
    #[serde(flatten)]
    route: Option<RouteObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<PolicyObject<'a>>,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seen: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wanted: Option<&'a str>,
}

impl<'a> RouteObject<'a> {
    pub(super) fn of(route: &'a RouteRef) -> Self {
        let RouteRef {
            virtual_service,
            kind,
            resource,
            delegated_by,
            section,
            index,
            r#match,
            name,
            file,
            line,
            match_line,
            span: _,
        } = route;
        Self {
            virtual_service: virtual_service.as_deref(),
            kind: *kind,
            resource: resource.as_deref(),
            delegated_by: delegated_by.as_deref(),
            section,
            index: *index,
            r#match: *r#match,
            name,
            file,
            line: *line,
            match_line: *match_line,
        }
    }
}

impl<'a> PolicyObject<'a> {
    pub(super) fn of(policy: &'a PolicyVerdict) -> Self {
        let PolicyVerdict { kind, name, action, rule, file, line, reason, span: _ } = policy;
        Self { kind, name, action, rule: *rule, file, line: *line, reason: reason.as_deref() }
    }
}

impl<'a> StepObject<'a> {
    pub(super) fn of(step: &'a Step) -> Self {
        let Step { route, policy, verdict, condition, seen, wanted } = step;
        Self {
            route: route.as_ref().map(RouteObject::of),
            policy: policy.as_ref().map(PolicyObject::of),
            verdict: verdict.as_str(),
            condition: condition.as_deref(),
            seen: seen.as_deref(),
            wanted: wanted.as_deref(),
        }
    }
}
