//! `authorization-provider`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::security::PolicyAction;
use crate::model::spelling::{did_you_mean, nearest};
use crate::model::wording::list;
use crate::source::Spanned;
use crate::world::{AuthorizationPolicy, Authorizer, UnusableProvider, Workload, World};

pub static RULE: Rule = rule! {
    name: "authorization-provider",
    summary: "istiod cannot use the external authorizer of a CUSTOM policy, so all requests that the policy matches get 403",
    findings: [
        &UNDEFINED,
        &OTHER_KIND,
        &INVALID,
        &UNKNOWN_SERVICE,
        &UNKNOWN_PORT,
        &NO_AUTHORIZER,
        &INVALID_NAME,
        &SEVERAL,
    ],
    check: check,
};

static UNDEFINED: Finding = finding! {
    "undefined", Lost, Certain, [],
    "the MeshConfig does not define the provider",
};
static OTHER_KIND: Finding = finding! {
    "other-kind", Lost, Certain, [],
    "the provider is not an external authorizer",
};
static INVALID: Finding = finding! {
    "invalid", Lost, Certain, [],
    "the provider has no port, or its service is not a full host name",
};
static UNKNOWN_SERVICE: Finding = finding! {
    "unknown-service", Lost, Certain, [],
    "no service has the host of the provider",
};
static UNKNOWN_PORT: Finding = finding! {
    "unknown-port", Lost, Certain, [],
    "the service of the provider does not have the port",
};
static NO_AUTHORIZER: Finding = finding! {
    "no-authorizer", Lost, Likely, [],
    "the MeshConfig defines neither the provider nor any other external authorizer, and may be that of another cluster",
};
static INVALID_NAME: Finding = finding! {
    "invalid-name", Lost, Likely, [],
    "the name of the provider is not a DNS label, which newer versions of istiod require",
};
static SEVERAL: Finding = finding! {
    "several", Lost, Likely, [],
    "a workload has CUSTOM policies with different providers",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let policies = world.policies.authorization_policies().iter();
    let custom: Vec<_> = policies.filter(|policy| policy.action() == PolicyAction::Custom).collect();
    let allows_several = custom.len() < 2 || world.allows_several_providers();
    for (index, &policy) in custom.iter().enumerate() {
        // Without rules, a policy matches no request. The webhook rejects an empty name.
        let provider = policy.spec.provider.as_ref().and_then(|provider| provider.name.as_ref());
        let Some(provider) = provider.filter(|name| !name.is_empty() && !policy.spec.rules.is_empty()) else {
            continue;
        };
        if !policy.is_dry_run() {
            match world.unusable_provider(policy, provider) {
                Ok(None) => {}
                Ok(Some(unusable)) => report(world, provider, &unusable, diagnostics),
                Err(gap) => diagnostics.unchecked(gap),
            }
        }
        if !allows_several {
            check_several(world, policy, provider, &custom[..index], diagnostics);
        }
    }
}

fn report(world: &World<'_>, name: &Spanned<String>, unusable: &UnusableProvider, diagnostics: &mut Diagnostics) {
    let written = name.as_str();
    let authorizer = world.settings.authorizers.iter().find(|authorizer| authorizer.name == written);
    let (service, port) = authorizer.map_or(("", 0), |it| (it.service.as_str(), it.port));
    let (finding, reason, help) = match unusable {
        UnusableProvider::Undefined => {
            let known = world.settings.authorizers.iter().map(|authorizer| authorizer.name.as_str());
            let help = did_you_mean(name.span, written, known);
            let reason = format!("the MeshConfig does not define provider `{written}`");
            let is_sure = !world.settings.authorizers.is_empty()
                || world.snapshot.applied_together
                || world.inventory.is_complete();
            (
                if is_sure { &UNDEFINED } else { &NO_AUTHORIZER },
                reason,
                help.unwrap_or_else(|| "add it to `extensionProviders` of the MeshConfig".into()),
            )
        }
        UnusableProvider::OtherKind => (
            &OTHER_KIND,
            format!("provider `{written}` is not an external authorizer"),
            "define the provider with `envoyExtAuthzHttp` or `envoyExtAuthzGrpc` in the MeshConfig".into(),
        ),
        UnusableProvider::InvalidName => (
            &INVALID_NAME,
            format!("istiod rejects the name of provider `{written}`"),
            rename(written, &world.settings.authorizers).into(),
        ),
        UnusableProvider::InvalidPort => (
            &INVALID,
            format!("provider `{written}` has no valid port"),
            "set `port` of the provider in the MeshConfig to a port of its service".into(),
        ),
        UnusableProvider::ShortName(full) => (
            &INVALID,
            format!("istiod does not expand `{service}`, the service of provider `{written}`"),
            format!("write `service: {full}` in the MeshConfig").into(),
        ),
        UnusableProvider::UnknownService => (
            &UNKNOWN_SERVICE,
            format!("`{service}`, the service of provider `{written}`, does not exist"),
            similar_service(world, service).into(),
        ),
        UnusableProvider::SeveralServices => (
            &INVALID,
            format!("several namespaces define `{service}`, the service of provider `{written}`"),
            format!("write `<namespace>/{service}` in the MeshConfig, with the namespace of the right one").into(),
        ),
        UnusableProvider::UnknownPort(ports) => {
            let ports = list(ports.iter().map(u32::to_string), "and");
            let reason = format!("`{service}`, the service of provider `{written}`, does not have port {port}");
            (&UNKNOWN_PORT, reason, format!("set `port` of the provider to a port of the service: {ports}").into())
        }
    };
    let message = format!("requests that this policy matches get 403: {reason}");
    diagnostics.report(finding, name.span, message).cause(format!("provider {written}")).help(help);
}

/// The help for a name that is not a DNS label.
fn rename(name: &str, known: &[Authorizer]) -> String {
    let label: String =
        name.to_lowercase().chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '-' }).collect();
    let label = label.trim_matches('-');
    match known.iter().any(|authorizer| authorizer.name == label) || label.is_empty() {
        true => "rename the provider, here and in the MeshConfig, to lower-case letters, digits and dashes".to_owned(),
        false => format!("rename the provider to `{label}`, here and in the MeshConfig"),
    }
}

fn similar_service(world: &World<'_>, service: &str) -> String {
    let known = world.services.iter().map(|service| service.hostname.as_str());
    match nearest(service, known) {
        Some(known) => format!("did you mean `{known}` as `service` in the MeshConfig?"),
        None => "create the service, or correct `service` in the MeshConfig".to_owned(),
    }
}

/// Reports an earlier policy for the same workloads that has another provider.
fn check_several<'a>(
    world: &World<'a>,
    policy: &AuthorizationPolicy<'a>,
    provider: &Spanned<String>,
    earlier: &[&AuthorizationPolicy<'a>],
    diagnostics: &mut Diagnostics,
) {
    let is_other = |other: &&&AuthorizationPolicy<'a>| {
        other.provider() != provider.as_str()
            && !(policy.is_dry_run() && other.is_dry_run())
            && are_together(world, policy, other)
            && (world.policies.covers(policy, other)
                || world.policies.covers(other, policy)
                || meet(world, policy, other))
    };
    let Some(other) = earlier.iter().find(is_other) else { return };
    let message = format!(
        "requests that this policy or AuthorizationPolicy `{}` matches get 403: their workloads can have only one provider",
        other.name
    );
    let place = other.spec.provider.as_ref().map_or(other.resource.name_span(), |provider| provider.span);
    diagnostics
        .report(&SEVERAL, provider.span, message)
        .related(place, format!("this policy has provider `{}`", other.provider()))
        .help("use one provider for both, or set `PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS` to `true` in istiod");
}

/// Whether two policies are applied to one cluster: they are in one file, or the MeshConfig has the providers of both.
fn are_together(world: &World<'_>, policy: &AuthorizationPolicy<'_>, other: &AuthorizationPolicy<'_>) -> bool {
    let is_defined = |it: &AuthorizationPolicy<'_>| {
        world.settings.authorizers.iter().any(|authorizer| authorizer.name == it.provider())
    };
    let is_one_file = policy.resource.span.file == other.resource.span.file;
    (is_one_file || world.snapshot.applied_together || (is_defined(policy) && is_defined(other)))
        && !world.may_be_elsewhere(other.resource, policy.resource)
}

/// Whether two policies are for one of the workloads of the manifests.
fn meet<'a>(world: &World<'a>, policy: &AuthorizationPolicy<'a>, other: &AuthorizationPolicy<'a>) -> bool {
    let workloads = |policy| world.workloads_of_policy(policy).unwrap_or_default();
    let others = workloads(other);
    let is_of_other = |workload: &Workload<'_>| others.iter().any(|it| std::ptr::eq(*it, workload));
    workloads(policy).into_iter().any(is_of_other)
}
