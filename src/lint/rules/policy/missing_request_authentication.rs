//! `missing-request-authentication`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::{Kind, LabelSet, Labels, Map, security};
use crate::policy::requirements;
use crate::source::Span;
use crate::world::{AuthorizationPolicy, Gap, Gateway, Targeted, VirtualService, World};

pub static RULE: Rule = rule! {
    name: "missing-request-authentication",
    aliases: ["IST0149"],
    severity: Error,
    summary: "a token is asked for where no RequestAuthentication checks tokens, so no request has one",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for policy in world.policies.authorization_policies() {
        let asked = policy.spec.rules.iter().flat_map(requirements).filter(|it| it.attribute.is_of_token());
        let places: BTreeSet<Span> = asked.map(|asked| asked.span).collect();
        if !places.is_empty() {
            check_policy(world, policy, &places, diagnostics);
        }
    }
    for service in &world.virtual_services {
        let claims = claims(service);
        if let Some(&first) = claims.first() {
            check_routes(world, service, first, diagnostics);
        }
    }
}

fn check_policy<'a>(
    world: &World<'a>,
    policy: &AuthorizationPolicy<'a>,
    places: &BTreeSet<Span>,
    diagnostics: &mut Diagnostics,
) {
    let Some(workloads) = world.workloads_of_policy(policy) else { return check_targets(world, policy, diagnostics) };
    let is_checked = |namespace: &str, labels: &LabelSet<'_>| {
        !world.policies.request_authentications_of(namespace, labels).is_empty()
    };
    if workloads.is_empty() {
        let selector = policy.spec.selector().map(|selector| selector.match_labels.to_set()).unwrap_or_default();
        if !is_checked(&policy.name.namespace, &selector) {
            diagnostics.unchecked(Gap::NoWorkloadsOf(Kind::AuthorizationPolicy, policy.name.to_string()));
        }
        return;
    }
    let lacking: Vec<_> =
        workloads.iter().filter(|workload| !is_checked(&workload.name.namespace, &workload.labels)).collect();
    let Some(first) = lacking.first() else { return };
    if let Err(gap) = world.inventory.workloads(&first.name.namespace) {
        return diagnostics.unchecked(gap);
    }
    for &place in places {
        let message =
            format!("no RequestAuthentication selects workload {}, so its requests have no valid token", first.name);
        let diagnostic = diagnostics.report_default(place, message);
        diagnostic.aliases = &[];
        if lacking.len() < workloads.len() {
            diagnostic.severity(Severity::Warning);
        }
        diagnostic.related(first.resource.name_span(), "the workload");
        let others = world.policies.request_authentications_in(&first.name.namespace).next();
        if let Some(other) = others {
            diagnostic.related(other.resource.name_span(), "this one is for other workloads");
        }
        diagnostic.help("add a RequestAuthentication for the workload with the issuer of the tokens");
    }
}

/// Which proxies a target stands for is not known from files; that they have a RequestAuthentication may be.
fn check_targets(world: &World<'_>, policy: &AuthorizationPolicy<'_>, diagnostics: &mut Diagnostics) {
    let name = |reference: &security::PolicyTargetReference| {
        Some((reference.kind.as_ref()?.value.clone(), reference.name.as_ref()?.value.clone()))
    };
    let wanted: Vec<_> = policy.spec.target_refs().into_iter().filter_map(name).collect();
    let mut others = world.policies.request_authentications_in(&policy.name.namespace);
    let is_checked =
        others.any(|other| other.spec.target_refs().into_iter().filter_map(name).any(|it| wanted.contains(&it)));
    if !is_checked {
        diagnostics.unchecked(Gap::NoWorkloadsOf(Kind::AuthorizationPolicy, policy.name.to_string()));
    }
}

/// The conditions of a VirtualService on claims: headers with the name `@request.auth.claims…`.
fn claims(service: &VirtualService<'_>) -> Vec<Span> {
    const CLAIMS: &str = "@request.auth.claims";
    fn of<T>(headers: &Map<T>) -> impl Iterator<Item = Span> {
        let is_claim = |name: &str| name.get(..CLAIMS.len()).is_some_and(|start| start.eq_ignore_ascii_case(CLAIMS));
        headers.iter().filter(move |(name, _)| is_claim(name)).map(|(name, _)| name.span)
    }
    let matches = service.spec.http.iter().flat_map(|route| &route.r#match);
    matches.flat_map(|it| of(&it.headers).chain(of(&it.without_headers))).collect()
}

fn check_routes(world: &World<'_>, service: &VirtualService<'_>, claim: Span, diagnostics: &mut Diagnostics) {
    let gateways = service.bound_to.iter().filter_map(|bound| world.gateway(bound.gateway.as_ref()?));
    for gateway in gateways {
        let workloads: Vec<_> = world.workloads_of_gateway(gateway).collect();
        if workloads.is_empty() {
            if !may_be_checked(world, gateway) {
                report_unknown(world, gateway, claim, diagnostics);
            }
            continue;
        }
        let is_checked = |namespace: &str, labels: &LabelSet<'_>| {
            !world.policies.request_authentications_of(namespace, labels).is_empty()
        };
        let lacking = workloads.iter().find(|workload| !is_checked(&workload.name.namespace, &workload.labels));
        if let Some(workload) = lacking {
            let message =
                format!("no RequestAuthentication selects gateway {}, so no request has claims", workload.name);
            let diagnostic = diagnostics.report_default(claim, message);
            diagnostic
                .related(workload.resource.name_span(), format!("a workload of Gateway {}", gateway.name))
                .help("add a RequestAuthentication for the gateway with the issuer of the tokens");
            return;
        }
    }
}

/// Without the workloads nothing is sure, but routes on claims are rarely kept apart from what makes claims known.
fn report_unknown(world: &World<'_>, gateway: &Gateway<'_>, claim: Span, diagnostics: &mut Diagnostics) {
    diagnostics.unchecked(Gap::NoGatewayWorkloads);
    if world.inventory.gateways(&gateway.name.namespace).is_ok() {
        diagnostics
            .report_default(
                claim,
                format!("no RequestAuthentication here is for the gateways of Gateway {}", gateway.name),
            )
            .severity(Severity::Info)
            .help("claims are known only where a RequestAuthentication checks tokens");
    }
}

/// Whether some RequestAuthentication could be for the workloads of a gateway, as far as its selector tells.
fn may_be_checked(world: &World<'_>, gateway: &Gateway<'_>) -> bool {
    let labels = gateway.spec.selector.to_set();
    let selects = |selector: &Labels| selector.selects(&labels);
    let mut all = world.policies.request_authentications().iter();
    all.any(|policy| policy.spec.selector().is_none_or(|selector| selects(&selector.match_labels)))
}
