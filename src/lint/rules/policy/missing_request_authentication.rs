//! `missing-request-authentication`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::claim_path;
use crate::model::security::PolicyAction;
use crate::model::{Kind, LabelSet, Labels, Map, Resource, nearest, security};
use crate::policy::{Attribute, names_issuer, requirements};
use crate::source::{Span, Spanned};
use crate::world::{AuthorizationPolicy, Gap, Gateway, Targeted, VirtualService, Workload, World};

pub static RULE: Rule = rule! {
    name: "missing-request-authentication",
    summary: "a policy or route needs a token where no RequestAuthentication verifies tokens, so it never matches",
    findings: [&WORKLOADS, &GATEWAY, &ISSUER, &SOME_WORKLOADS, &ISSUER_OF_SEVERAL, &UNKNOWN_GATEWAY],
    check: check,
};

static WORKLOADS: Finding = finding! {
    "workloads", Lost, Certain, [],
    "no RequestAuthentication is for the workloads of an AuthorizationPolicy",
};
static GATEWAY: Finding = finding! {
    "gateway", Lost, Certain, ["IST0149"],
    "a route matches claims, and no RequestAuthentication is for the gateway",
};
static ISSUER: Finding = finding! {
    "issuer", Lost, Certain, [],
    "no RequestAuthentication for the workloads accepts tokens of the issuers that a rule names",
};
static SOME_WORKLOADS: Finding = finding! {
    "some-workloads", Lost, Likely, [],
    "no RequestAuthentication is for some workloads of an AuthorizationPolicy",
};
static ISSUER_OF_SEVERAL: Finding = finding! {
    "issuer-of-several", Surprising, Certain, [],
    "no RequestAuthentication for the workloads accepts tokens of one of the issuers that a rule names",
};
static UNKNOWN_GATEWAY: Finding = finding! {
    "unknown-gateway", Surprising, Likely, ["IST0149"],
    "a route matches claims at a gateway of unknown workloads, and no RequestAuthentication can be for it",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for policy in world.policies.authorization_policies() {
        let requirements = policy.spec.rules.iter().flat_map(requirements).filter(|it| it.attribute.is_of_token());
        let places: BTreeSet<Span> = requirements.map(|it| it.span).collect();
        if !places.is_empty() {
            check_policy(world, policy, &places, diagnostics);
        }
    }
    for virtual_service in &world.virtual_services {
        let claims = claims(virtual_service);
        if let Some(&first) = claims.first() {
            check_routes(world, virtual_service, first, diagnostics);
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
        workloads.iter().copied().filter(|workload| !is_checked(&workload.name.namespace, &workload.labels)).collect();
    let are_some = lacking.len() < workloads.len();
    if !lacking.is_empty() {
        check_lacking(world, policy, (&lacking, are_some), places, diagnostics);
    }
    if are_some {
        check_issuers(world, policy, &workloads, diagnostics);
    }
}

/// No RequestAuthentication is for these workloads, which are only some of the policy's if `are_some`.
fn check_lacking<'a>(
    world: &World<'a>,
    policy: &AuthorizationPolicy<'a>,
    (lacking, are_some): (&[&Workload<'a>], bool),
    places: &BTreeSet<Span>,
    diagnostics: &mut Diagnostics,
) {
    let Some(first) = lacking.first() else { return };
    if let Err(gap) = world.inventory.lists_workloads(&first.name.namespace) {
        return diagnostics.unchecked(gap);
    }
    let namespaces = [first.name.namespace.as_ref(), &world.settings.root_namespace];
    let more = |namespace| world.inventory.may_have_more(Kind::RequestAuthentication, namespace);
    if let Some(gap) = namespaces.into_iter().find_map(more) {
        return diagnostics.unchecked(gap);
    }
    if let Err(gap) = world.inventory.unknowns.expect_anywhere(Kind::RequestAuthentication) {
        return diagnostics.unchecked(gap);
    }
    if world.may_be_elsewhere(first.resource, policy.resource) {
        let name = policy.resource.name().to_owned();
        return diagnostics.unchecked(Gap::AssumedNamespace(policy.resource.kind, name));
    }
    let finding = if are_some { &SOME_WORKLOADS } else { &WORKLOADS };
    let mut places = places.iter().copied();
    let Some(place) = places.next() else { return };
    let message =
        format!("no RequestAuthentication selects workload `{}`, so no request to it has a valid token", first.name);
    let diagnostic = diagnostics.report(finding, place, message);
    diagnostic.related(first.resource.name_span(), "the workload");
    let others = world.policies.request_authentications_in(&first.name.namespace).next();
    if let Some(other) = others {
        diagnostic.related(other.resource.name_span(), "this RequestAuthentication is for other workloads");
    }
    for place in places {
        diagnostic.related(place, "this condition also needs a token");
    }
    diagnostic.help("add a RequestAuthentication that selects the workload and names the issuer of the tokens");
}

/// The issuers that a rule names must be those of some RequestAuthentication: proxies reject the tokens of others.
fn check_issuers<'a>(
    world: &World<'a>,
    policy: &AuthorizationPolicy<'a>,
    workloads: &[&Workload<'a>],
    diagnostics: &mut Diagnostics,
) {
    let of_workload = |workload: &&Workload<'a>| {
        world.policies.request_authentications_of(&workload.name.namespace, &workload.labels)
    };
    let rules = workloads.iter().flat_map(of_workload).flat_map(|it| &it.spec.jwt_rules);
    let issuers: BTreeMap<&str, Span> =
        rules.filter_map(|rule| rule.issuer.as_ref()).map(|issuer| (issuer.as_str(), issuer.span)).collect();
    let Some(&first) = issuers.values().next() else { return };
    // A rule that denies or only logs such requests changes nothing: proxies reject their tokens anyway.
    let is_harmless = matches!(policy.action(), PolicyAction::Deny | PolicyAction::Audit);
    for requirement in policy.spec.rules.iter().flat_map(requirements).filter(|it| !it.negated) {
        let is_known = |value: &&Spanned<String>| match &requirement.attribute {
            Attribute::RequestPrincipal if has_no_subject(value) => false,
            _ if is_harmless => true,
            Attribute::RequestPrincipal => {
                issuers.keys().any(|issuer| names_issuer(value, issuer) || extends(value, issuer))
            }
            Attribute::Claim(path) if path[..] == ["iss"] => {
                value.contains('*') || issuers.contains_key(value.as_str())
            }
            _ => true,
        };
        let unknown: Vec<_> = requirement.values.iter().filter(|value| !is_known(value)).collect();
        let Some(value) = unknown.first() else { continue };
        if let Some(gap) = gap_of_issuers(world, policy, workloads) {
            return diagnostics.unchecked(gap);
        }
        let finding = if unknown.len() == requirement.values.len() { &ISSUER } else { &ISSUER_OF_SEVERAL };
        let reason = match requirement.attribute {
            Attribute::RequestPrincipal if has_no_subject(value) => {
                "a request principal is an issuer, a slash and a subject"
            }
            _ => "no RequestAuthentication for the workloads accepts its issuer",
        };
        let message = format!("no token matches `{}`: {reason}", value.value);
        let (written, subject) = match requirement.attribute {
            Attribute::RequestPrincipal => value.rsplit_once('/').unwrap_or((value.as_str(), "*")),
            _ => (value.as_str(), ""),
        };
        let nearest = nearest(written, issuers.keys().copied());
        let slash = if subject.is_empty() { "" } else { "/" };
        let help = match nearest {
            Some(issuer) => format!("write `{issuer}{slash}{subject}`"),
            None => "add a RequestAuthentication for the issuer, or write the issuer of one that is for the workloads"
                .to_owned(),
        };
        diagnostics
            .report(finding, value.span, message)
            .related(first, "an issuer whose tokens are accepted")
            .help(help);
    }
}

/// The reason why other issuers than those of the known RequestAuthentications may be accepted by workloads of a policy.
fn gap_of_issuers<'a>(world: &World<'a>, policy: &AuthorizationPolicy<'a>, workloads: &[&Workload<'a>]) -> Option<Gap> {
    let inventory = &world.inventory;
    let assumed = |resource: &Resource| Gap::AssumedNamespace(resource.kind, resource.name().to_owned());
    let root = world.settings.root_namespace.as_str();
    let selector = policy.spec.selector().map(|selector| selector.match_labels.to_set()).unwrap_or_default();
    if policy.name.namespace == *root && selector.is_empty() && !inventory.is_complete() {
        return Some(Gap::NotAllWorkloadsOfMesh);
    }
    if let Err(gap) = inventory.unknowns.expect_anywhere(Kind::RequestAuthentication) {
        return Some(gap);
    }
    let mut namespaces: BTreeSet<&str> = workloads.iter().map(|workload| workload.name.namespace.as_ref()).collect();
    let gap = namespaces.iter().find_map(|namespace| inventory.workloads_with(namespace, &selector).err());
    namespaces.insert(root);
    let more = |namespace| inventory.may_have_more(Kind::RequestAuthentication, namespace);
    let elsewhere = || {
        let is_elsewhere =
            |resource: &Resource| workloads.iter().any(|it| world.may_be_elsewhere(it.resource, resource));
        let others = world.policies.request_authentications().iter().map(|it| it.resource);
        std::iter::once(policy.resource).chain(others).find(|resource| is_elsewhere(resource)).map(assumed)
    };
    gap.or_else(|| namespaces.into_iter().find_map(more)).or_else(elsewhere)
}

/// Whether a request principal starts with an issuer, but is split at another slash, as `impossible-policy-value` reports.
fn extends(value: &str, issuer: &str) -> bool {
    value.strip_prefix(issuer.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a request principal is only an issuer, which equals that of no token.
fn has_no_subject(value: &str) -> bool {
    !value.contains(['/', '*'])
}

/// The proxies of a target are not among the manifests, but a RequestAuthentication with the same target may be.
fn check_targets(world: &World<'_>, policy: &AuthorizationPolicy<'_>, diagnostics: &mut Diagnostics) {
    let name = |reference: &security::PolicyTargetReference| {
        Some((reference.kind.as_ref()?.value.clone(), reference.name.as_ref()?.value.clone()))
    };
    let wanted: Vec<_> = policy.spec.target_refs().into_iter().filter_map(name).collect();
    let mut others = world.policies.request_authentications_in(&policy.name.namespace);
    let is_checked =
        others.any(|other| other.spec.target_refs().into_iter().filter_map(name).any(|it| wanted.contains(&it)));
    if !is_checked {
        diagnostics.unchecked(Gap::ManagedWorkloads);
    }
}

/// The conditions of a VirtualService on claims.
fn claims(virtual_service: &VirtualService<'_>) -> Vec<Span> {
    fn of<T>(headers: &Map<T>) -> impl Iterator<Item = Span> {
        headers.iter().filter(|(name, _)| claim_path(name).is_some()).map(|(name, _)| name.span)
    }
    let matches = virtual_service.spec.http.iter().flat_map(|route| &route.r#match);
    matches.flat_map(|it| of(&it.headers).chain(of(&it.without_headers))).collect()
}

fn check_routes(world: &World<'_>, virtual_service: &VirtualService<'_>, claim: Span, diagnostics: &mut Diagnostics) {
    let gateways = virtual_service.bound_to.iter().filter_map(|bound| world.gateway(bound.gateway.as_ref()?));
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
            if let Err(gap) = world.inventory.unknowns.expect_anywhere(Kind::RequestAuthentication) {
                return diagnostics.unchecked(gap);
            }
            let message = format!(
                "no RequestAuthentication selects gateway workload `{}`, so no request has claims",
                workload.name
            );
            diagnostics
                .report(&GATEWAY, claim, message)
                .related(workload.resource.name_span(), format!("a workload of Gateway `{}`", gateway.name))
                .help("add a RequestAuthentication that selects the gateway and names the issuer of the tokens");
            return;
        }
    }
}

/// Nothing is certain without the workloads, but a RequestAuthentication is usually kept beside the routes that need it.
fn report_unknown(world: &World<'_>, gateway: &Gateway<'_>, claim: Span, diagnostics: &mut Diagnostics) {
    diagnostics.unchecked(gateway.gap_of_workloads());
    if world.inventory.unknowns.expect_anywhere(Kind::RequestAuthentication).is_err() {
        return;
    }
    if world.inventory.gateways(&gateway.name.namespace).is_ok() {
        diagnostics
            .report(
                &UNKNOWN_GATEWAY,
                claim,
                format!("no RequestAuthentication among the manifests is for Gateway `{}`", gateway.name),
            )
            .help("add a RequestAuthentication for the gateway: only verified tokens have claims");
    }
}

/// Whether the selector of some RequestAuthentication matches the labels that a Gateway selects.
fn may_be_checked(world: &World<'_>, gateway: &Gateway<'_>) -> bool {
    let labels = gateway.spec.selector.to_set();
    let selects = |selector: &Labels| selector.selects(&labels);
    let mut all = world.policies.request_authentications().iter();
    all.any(|policy| policy.spec.selector().is_none_or(|selector| selects(&selector.match_labels)))
}
