//! Preflight requests that the policies of a gateway deny, although they allow the requests that follow (istiod: the
//! filters of policies come before the CORS filter; Envoy: `bypass_cors_preflight` exempts preflight requests only from
//! the verification of tokens).

use std::collections::BTreeMap;

use serde_json::json;

use super::cors_preflight::DENIED;
use crate::lint::samples;
use crate::lint::{Context, Diagnostics};
use crate::model::networking::{CorsPolicy, HttpRoute};
use crate::model::security::{AuthorizationRule, PolicyAction};
use crate::policy::{Attribute, Requirement, RuleParts};
use crate::routing::Matcher;
use crate::simulate::{HeaderValue, Outcome, Request, Simulator};
use crate::source::Span;
use crate::world::{Gateway, VirtualService, Workload, World};

/// A condition that preflight requests do not meet, and the routes whose requests it is for.
struct Denial {
    action: PolicyAction,
    host: String,
    what: String,
    has_operations: bool,
    cors: Vec<Span>,
}

pub(super) fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut denials: BTreeMap<Span, Denial> = BTreeMap::new();
    let gateways = Gateways::new(world);
    if gateways.0.is_empty() {
        return;
    }
    for virtual_service in world.virtual_services.iter().filter(|it| !it.is_delegate()) {
        for route in &virtual_service.spec.http {
            let Some(cors) = &route.cors_policy else { continue };
            if let Some((span, denial)) = denied(world, context.simulator(), &gateways, virtual_service, route, cors) {
                denials.entry(span).or_insert(denial).cors.push(cors.span);
            }
        }
    }
    denials.into_iter().for_each(|(span, denial)| report(span, &denial, diagnostics));
}

/// The workloads of Gateways that have policies, by the name of the Gateway.
struct Gateways<'w, 'a>(BTreeMap<String, Vec<&'w Workload<'a>>>);

impl<'w, 'a> Gateways<'w, 'a> {
    fn new(world: &'w World<'a>) -> Self {
        let has_policies = |workload: &&Workload<'_>| {
            !world.policies.authorization_policies_of(&workload.name.namespace, &workload.labels).is_empty()
        };
        let workloads = |gateway: &Gateway<'a>| {
            let workloads: Vec<_> = world.workloads_of_gateway(gateway).filter(has_policies).collect();
            (gateway.name.to_string(), workloads)
        };
        let all = world.gateways.iter().map(workloads);
        Self(all.filter(|(_, workloads)| !workloads.is_empty()).collect())
    }
}

/// The first condition of a policy that denies the preflight requests of a route.
fn denied<'a>(
    world: &World<'a>,
    simulator: &Simulator<'_>,
    gateways: &Gateways<'_, 'a>,
    virtual_service: &VirtualService<'_>,
    route: &HttpRoute,
    cors: &CorsPolicy,
) -> Option<(Span, Denial)> {
    let is_bound = virtual_service.bound_to.iter().filter_map(|bound| bound.gateway.as_ref());
    let workloads: Vec<_> = is_bound.filter_map(|name| gateways.0.get(&name.to_string())).flatten().copied().collect();
    let workload = *workloads.first()?;
    let policies = world.policies.authorization_policies_of(&workload.name.namespace, &workload.labels);
    for request in samples::of_route(world, virtual_service, route).into_iter().filter(|it| it.gateway.is_some()) {
        let preflight = preflight(&request, cors);
        let Ok(answer) = simulator.simulate(&preflight) else { continue };
        let Some(verdict) = answer.policy.as_ref().filter(|_| answer.outcome == Outcome::Denied) else { continue };
        let action = match verdict.action {
            "ALLOW" => PolicyAction::Allow,
            "DENY" => PolicyAction::Deny,
            _ => continue,
        };
        let rules =
            policies.iter().filter(|it| it.action() == action && !it.is_dry_run()).flat_map(|it| &it.spec.rules);
        // Of DENY rules, the one that matches the preflight request; of ALLOW rules, one that allows the real request.
        let mut rules = rules.filter(|rule| action == PolicyAction::Allow || verdict.span == rule.span);
        let found = rules.find_map(|rule| {
            let obstacle = obstacle(rule, action)?;
            let mut announced = announced(world, workload, &request, cors, rule).into_iter();
            announced.any(|it| is_allowed(simulator, &it)).then_some((rule, obstacle))
        });
        if let Some((rule, (span, what))) = found {
            let host = request.host.unwrap_or_default();
            let has_operations = !rule.to.is_empty();
            return Some((span, Denial { action, host, what, has_operations, cors: Vec::new() }));
        }
    }
    None
}

fn is_allowed(simulator: &Simulator<'_>, request: &Request) -> bool {
    simulator.simulate(request).is_ok_and(|answer| answer.outcome != Outcome::Denied)
}

/// A preflight request for a request: it has the method `OPTIONS`, no token and none of the headers.
fn preflight(request: &Request, cors: &CorsPolicy) -> Request {
    let written =
        cors.allow_origins.iter().find_map(|it| Matcher::new(it).sample()).filter(|origin| !origin.is_empty());
    let origin = written.unwrap_or_else(|| "https://www.example.com".to_owned());
    let headers = [("origin", origin), ("access-control-request-method", method(cors))];
    Request {
        method: Some("OPTIONS".to_owned()),
        headers: headers.into_iter().map(|(name, value)| (name.to_owned(), HeaderValue::One(value))).collect(),
        ..request.clone()
    }
}

/// A method of the requests that the policy allows.
fn method(cors: &CorsPolicy) -> String {
    let mut written = cors.allow_methods.iter().map(|method| method.as_str());
    written.find(|method| !["*", "OPTIONS"].contains(method)).unwrap_or("GET").to_owned()
}

/// The condition of a rule that real requests meet and preflight requests do not, or for DENY the other way round; and
/// what preflight requests lack.
fn obstacle(rule: &AuthorizationRule, action: PolicyAction) -> Option<(Span, String)> {
    let requirements = crate::policy::requirements(rule);
    let is_other = |method: &str| !method.contains('*') && method != "OPTIONS";
    let obstacle = |requirement: &Requirement<'_>| {
        let what = match &requirement.attribute {
            attribute if attribute.is_of_token() => "they have no token".to_owned(),
            Attribute::Header(name) if !name.starts_with(':') => format!("they do not have header `{name}`"),
            Attribute::Method if requirement.values.iter().all(|it| is_other(it)) => {
                "they have method `OPTIONS`".to_owned()
            }
            _ => return None,
        };
        let needs = requirement.negated == (action == PolicyAction::Deny);
        needs.then_some((requirement.span, what))
    };
    requirements.iter().find_map(obstacle)
}

/// Requests that follow a preflight request, with a token and headers that a rule may require.
fn announced(
    world: &World<'_>,
    workload: &Workload<'_>,
    request: &Request,
    cors: &CorsPolicy,
    rule: &AuthorizationRule,
) -> Vec<Request> {
    let authentications = world.policies.request_authentications_of(&workload.name.namespace, &workload.labels);
    let mut issuers = authentications.iter().flat_map(|it| &it.spec.jwt_rules).filter_map(|it| it.issuer.as_ref());
    let issuer = issuers.next().map_or("issuer", |issuer| issuer.as_str());
    let parts = RuleParts::new(rule);
    let anything = [Vec::new()];
    let from = if parts.from.is_empty() { &anything[..] } else { &parts.from };
    let to = if parts.to.is_empty() { &anything[..] } else { &parts.to };
    let mut requests = Vec::new();
    for requirements in from.iter().flat_map(|from| to.iter().map(move |to| from.iter().chain(to).collect::<Vec<_>>()))
    {
        let mut real = Request { method: Some(method(cors)), ..request.clone() };
        real.headers.insert("authorization".to_owned(), HeaderValue::One("Bearer token".to_owned()));
        real.claims = json!({"iss": issuer, "sub": "user"});
        for requirement in requirements.into_iter().chain(&parts.when).filter(|requirement| !requirement.negated) {
            meet(&mut real, requirement, issuer);
        }
        requests.push(real);
    }
    requests
}

/// Changes a request so that it meets a condition on its token, headers or method.
fn meet(request: &mut Request, requirement: &Requirement<'_>, issuer: &str) {
    let Some(first) = requirement.values.first() else { return };
    let text = |pattern: &str| match pattern.replace('*', "") {
        rest if rest.is_empty() => "value".to_owned(),
        rest => rest,
    };
    match &requirement.attribute {
        Attribute::RequestPrincipal => {
            let (written, subject) = first.rsplit_once('/').unwrap_or(("*", "*"));
            let issuer = if written.contains('*') { issuer } else { written };
            request.claims["iss"] = json!(issuer);
            request.claims["sub"] = json!(text(subject));
        }
        Attribute::Claim(path) => {
            let mut claims = &mut request.claims;
            for key in path {
                if !claims.is_object() {
                    *claims = json!({});
                }
                claims = &mut claims[*key];
            }
            *claims = json!(text(first));
        }
        Attribute::Header(name) => {
            request.headers.insert(name.to_ascii_lowercase(), HeaderValue::One(text(first)));
        }
        Attribute::Method => {
            request.method = Some(if first.contains('*') { "GET".to_owned() } else { first.value.clone() })
        }
        _ => {}
    }
}

fn report(span: Span, denial: &Denial, diagnostics: &mut Diagnostics) {
    let Denial { action, host, what, has_operations, cors } = denial;
    let (why, help) = match (action, has_operations) {
        (PolicyAction::Deny, true) => {
            ("this rule denies", "add `notMethods: [OPTIONS]` to each `operation` of the rule")
        }
        (PolicyAction::Deny, false) => {
            ("this rule denies", "add `to: [{operation: {notMethods: [OPTIONS]}}]` to the rule")
        }
        _ => ("no rule allows", "add the rule `to: [{operation: {methods: [OPTIONS]}}]`"),
    };
    let message = format!("browsers get 403 for preflight requests to `{host}`, which {why}: {what}");
    let diagnostic = diagnostics.report(&DENIED, span, message);
    for place in cors.iter().take(3) {
        diagnostic.related(*place, "this CORS policy never answers preflight requests");
    }
    diagnostic.help(help);
}
