//! `identity-without-mtls`

use super::gateway_traffic::identity_cause;
use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::policy::{Attribute, Requirement, requirements};
use crate::source::Span;
use crate::world::{AuthorizationPolicy, DataPlane, MtlsMode, Workload, World};

pub static RULE: Rule = rule! {
    name: "identity-without-mtls",
    summary: "a rule needs the identity of clients, which they do not have without mutual TLS",
    findings: [&PLAINTEXT, &SOMEWHERE_PLAINTEXT, &GATEWAY, &ANY_AT_GATEWAY, &ANY_WITH_PLAINTEXT],
    check: check,
};

static PLAINTEXT: Finding = finding! {
    "plaintext-only", Lost, Certain, ["KIA0105"],
    "the workloads of the policy accept only plaintext",
};
static SOMEWHERE_PLAINTEXT: Finding = finding! {
    "partly-plaintext-only", Lost, Likely, ["KIA0105"],
    "some workloads of the policy accept only plaintext",
};
static GATEWAY: Finding = finding! {
    "gateway", Lost, Likely, ["KIA0105"],
    "the policy is for a gateway, and none of its servers asks clients for a certificate",
};
static ANY_AT_GATEWAY: Finding = finding! {
    "any-namespace-at-gateway", Lost, Likely, ["KIA0105"],
    "the namespace `*` excludes clients without mutual TLS, and the policy is for a gateway of unknown servers",
};
static ANY_WITH_PLAINTEXT: Finding = finding! {
    "any-namespace", Surprising, Likely, ["KIA0105"],
    "the namespace `*` excludes clients that send plaintext, which the workloads accept",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for policy in world.policies.authorization_policies() {
        let requirements: Vec<_> = policy.spec.rules.iter().flat_map(requirements).filter(is_of_identity).collect();
        if !requirements.is_empty() {
            check_policy(world, policy, &requirements, diagnostics);
        }
    }
}

/// Whether a condition is about what only the certificate of a client, or its TLS handshake, contains.
fn is_of_identity(requirement: &Requirement<'_>) -> bool {
    use Attribute::{Namespace, Principal, ServiceAccount, Sni, TrustDomain};
    matches!(requirement.attribute, Principal | Namespace | ServiceAccount | TrustDomain | Sni)
}

/// Which clients of a workload have an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Identified {
    /// No client: the workload accepts only plaintext, as set here.
    Never(Span),
    /// No client: no server of the gateway asks for a certificate.
    NotAtGateway,
    /// Unknown: the servers of the gateway are not among the manifests.
    AtGateway,
    /// Some clients.
    Sometimes,
    /// All clients, or it cannot be known.
    Other,
}

fn check_policy<'a>(
    world: &World<'a>,
    policy: &AuthorizationPolicy<'a>,
    requirements: &[Requirement<'_>],
    diagnostics: &mut Diagnostics,
) {
    let Some(workloads) = world.workloads_of_policy(policy) else { return };
    let identified: Vec<_> = workloads.iter().map(|workload| identified(world, workload)).collect();
    // A policy for gateways and other workloads is probably written for the others.
    let is_for_gateways = identified.iter().all(|it| *it == Identified::NotAtGateway);
    let is_lacking = |it: &Identified| matches!(it, Identified::Never(_)) || is_for_gateways;
    let Some(first) = identified.iter().position(is_lacking) else {
        let finding = match identified.contains(&Identified::AtGateway) {
            true => &ANY_AT_GATEWAY,
            false if identified.contains(&Identified::Sometimes) => &ANY_WITH_PLAINTEXT,
            false => return,
        };
        for requirement in requirements.iter().filter(|it| is_any_namespace(it)) {
            let all = policy.spec.rules.iter().flat_map(crate::policy::requirements);
            let is_alone = all.filter(|other| other.part_of == requirement.part_of).count() == 1;
            report_any(finding, requirement, is_alone, diagnostics);
        }
        return;
    };
    for requirement in requirements {
        match identified[first] {
            Identified::Never(set_at) => {
                let finding = if identified.iter().all(is_lacking) { &PLAINTEXT } else { &SOMEWHERE_PLAINTEXT };
                report_plaintext(finding, requirement, workloads[first], set_at, diagnostics);
            }
            // Every TLS handshake has an SNI.
            _ if requirement.attribute != Attribute::Sni => report_gateway(requirement, workloads[first], diagnostics),
            _ => {}
        }
    }
}

fn identified(world: &World<'_>, workload: &Workload<'_>) -> Identified {
    if world.is_gateway_workload(workload) {
        return at_gateway(world, workload);
    }
    if matches!(world.namespaces.data_plane(workload), Some(DataPlane::None | DataPlane::Ambient)) {
        return Identified::Other;
    }
    let mut ports: Vec<u32> = world.ports_of_workload(workload).iter().map(|port| port.number).collect();
    if ports.is_empty() {
        // A port that no `portLevelMtls` names.
        ports.push(0);
    }
    let modes = ports.iter().map(|&port| world.policies.mtls(&workload.name.namespace, &workload.labels, port));
    let modes: Vec<_> = modes.collect();
    let set_at = modes.first().and_then(|mtls| mtls.set_by).map(|(_, span)| span);
    match set_at {
        Some(span) if modes.iter().all(|mtls| mtls.mode == MtlsMode::Disable) => Identified::Never(span),
        _ if modes.iter().all(|mtls| mtls.mode == MtlsMode::Strict) => Identified::Other,
        _ => Identified::Sometimes,
    }
}

/// The servers of a gateway decide, whatever PeerAuthentications say.
fn at_gateway(world: &World<'_>, workload: &Workload<'_>) -> Identified {
    let servers: Vec<_> = world.gateways_of_workload(workload).flat_map(|gateway| &gateway.servers).collect();
    match servers.iter().any(|server| server.identifies_clients()) {
        _ if servers.is_empty() => Identified::AtGateway,
        true => Identified::Other,
        false => Identified::NotAtGateway,
    }
}

/// Whether a condition looks as if it matched all clients.
fn is_any_namespace(requirement: &Requirement<'_>) -> bool {
    requirement.attribute == Attribute::Namespace
        && !requirement.negated
        && requirement.values.iter().any(|value| value.as_str() == "*")
}

fn report_any(finding: &'static Finding, requirement: &Requirement<'_>, is_alone: bool, diagnostics: &mut Diagnostics) {
    let is_condition = requirement.field.contains('.');
    let help = if is_condition {
        Advice::new("remove the condition to match all clients").fix([Edit::remove_around(requirement.span)])
    } else if is_alone {
        // The webhook rejects an empty source.
        "remove `from` to match all clients".into()
    } else {
        let edit = Edit::remove(requirement.span).of(requirement.field);
        Advice::new(format!("remove {edit} to match all clients")).fix([edit])
    };
    diagnostics
        .report(
            finding,
            requirement.span,
            "the namespace `*` matches only clients with mutual TLS, and excludes clients that send plaintext",
        )
        .help(help);
}

/// The result of a condition on an identity that no client has.
fn consequence(requirement: &Requirement<'_>) -> &'static str {
    if requirement.negated { "always holds" } else { "never holds" }
}

fn report_plaintext(
    finding: &'static Finding,
    requirement: &Requirement<'_>,
    workload: &Workload<'_>,
    set_at: Span,
    diagnostics: &mut Diagnostics,
) {
    let (field, name, consequence) = (requirement.field, &workload.name, consequence(requirement));
    diagnostics
        .report(
            finding,
            requirement.span,
            format!("`{field}` {consequence}: it needs mutual TLS, but workload `{name}` accepts only plaintext"),
        )
        .cause(identity_cause(requirement.span))
        .related(set_at, "set here")
        .help("set `mode: PERMISSIVE` or `STRICT` for the workload, or identify the clients by `ipBlocks`");
}

fn report_gateway(requirement: &Requirement<'_>, workload: &Workload<'_>, diagnostics: &mut Diagnostics) {
    let (field, name, consequence) = (requirement.field, &workload.name, consequence(requirement));
    diagnostics
        .report(
            &GATEWAY,
            requirement.span,
            format!("`{field}` {consequence}: it needs mutual TLS, but no server of gateway workload `{name}` asks clients for a certificate"),
        )
        .cause(identity_cause(requirement.span))
        .related(workload.resource.name_span(), "the workload of the gateway")
        .help("identify the clients of a gateway by `remoteIpBlocks` or `requestPrincipals`");
}
