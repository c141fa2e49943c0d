//! `identity-without-mtls`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::networking::ServerTlsMode;
use crate::policy::{Attribute, Requirement, requirements};
use crate::source::Span;
use crate::world::{AuthorizationPolicy, DataPlane, MtlsMode, Server, Workload, World};

pub static RULE: Rule = rule! {
    name: "identity-without-mtls",
    aliases: ["KIA0105"],
    severity: Error,
    summary: "an identity is asked for where clients have none, because there is no mutual TLS",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for policy in world.policies.authorization_policies() {
        let asked: Vec<_> = policy.spec.rules.iter().flat_map(requirements).filter(is_of_identity).collect();
        if !asked.is_empty() {
            check_policy(world, policy, &asked, diagnostics);
        }
    }
}

/// Whether only the certificate of a client, or its TLS handshake, tells it.
fn is_of_identity(asked: &Requirement<'_>) -> bool {
    use Attribute::{Namespace, Principal, ServiceAccount, Sni, TrustDomain};
    matches!(asked.attribute, Principal | Namespace | ServiceAccount | TrustDomain | Sni)
}

/// What clients of a workload show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Identity {
    /// None: it takes plaintext only, as set at a place.
    Never(Option<Span>),
    /// None: it is a gateway none of whose servers asks for a certificate.
    NotAtGateway,
    /// It depends on servers of a gateway that are not among the manifests.
    AtGateway,
    /// Some clients do.
    Sometimes,
    /// All of them, or nobody knows.
    Other,
}

fn check_policy<'a>(
    world: &World<'a>,
    policy: &AuthorizationPolicy<'a>,
    asked: &[Requirement<'_>],
    diagnostics: &mut Diagnostics,
) {
    let Some(workloads) = world.workloads_of_policy(policy) else { return };
    let shown: Vec<_> = workloads.iter().map(|workload| identity(world, workload)).collect();
    // A policy that is for gateways among others is probably meant for the others.
    let is_for_gateways = shown.iter().all(|shown| *shown == Identity::NotAtGateway);
    let is_lacking = |shown: &Identity| matches!(shown, Identity::Never(_)) || is_for_gateways;
    let Some(first) = shown.iter().position(is_lacking) else {
        let severity = match shown.contains(&Identity::AtGateway) {
            true => Severity::Warning,
            false if shown.contains(&Identity::Sometimes) => Severity::Info,
            false => return,
        };
        asked.iter().filter(|asked| is_any_namespace(asked)).for_each(|asked| report_any(asked, severity, diagnostics));
        return;
    };
    for asked in asked.iter().filter(|asked| !is_for_gateways || asked.attribute != Attribute::Sni) {
        report(asked, workloads[first], shown[first], shown.iter().all(is_lacking), diagnostics);
    }
}

fn identity(world: &World<'_>, workload: &Workload<'_>) -> Identity {
    if world.is_gateway_workload(workload) {
        return at_gateway(world, workload);
    }
    if matches!(world.namespaces.data_plane(workload), Some(DataPlane::None | DataPlane::Ambient)) {
        return Identity::Other;
    }
    let mut ports: Vec<u32> = world.ports_of_workload(workload).iter().map(|port| port.number).collect();
    if ports.is_empty() {
        // The port is of no consequence but to settings of ports.
        ports.push(0);
    }
    let modes = ports.iter().map(|&port| world.policies.mtls(&workload.name.namespace, &workload.labels, port));
    let modes: Vec<_> = modes.collect();
    match modes.first() {
        Some(first) if modes.iter().all(|mtls| mtls.mode == MtlsMode::Disable) => {
            Identity::Never(first.set_by.map(|(_, span)| span))
        }
        _ if modes.iter().all(|mtls| mtls.mode == MtlsMode::Strict) => Identity::Other,
        _ => Identity::Sometimes,
    }
}

/// A gateway takes what its servers say, whatever PeerAuthentications do.
fn at_gateway(world: &World<'_>, workload: &Workload<'_>) -> Identity {
    let servers: Vec<_> = world.gateways_of_workload(workload).flat_map(|gateway| &gateway.servers).collect();
    let takes_none = |server: &&Server<'_>| matches!(server.tls_mode, None | Some(ServerTlsMode::Simple));
    match servers.iter().all(takes_none) {
        _ if servers.is_empty() => Identity::AtGateway,
        true => Identity::NotAtGateway,
        false => Identity::Other,
    }
}

/// Whether everybody seems to be meant.
fn is_any_namespace(asked: &Requirement<'_>) -> bool {
    asked.attribute == Attribute::Namespace && !asked.negated && asked.values.iter().any(|value| value.as_str() == "*")
}

fn report_any(asked: &Requirement<'_>, severity: Severity, diagnostics: &mut Diagnostics) {
    let message = "* means any namespace of a client with mutual TLS, and leaves out those that send plaintext";
    diagnostics.report_default(asked.span, message).severity(severity).help("leave the source out to mean everybody");
}

fn report(
    asked: &Requirement<'_>,
    workload: &Workload<'_>,
    shown: Identity,
    is_all: bool,
    diagnostics: &mut Diagnostics,
) {
    let so = if asked.negated { "so this always holds" } else { "so this never matches" };
    let name = &workload.name;
    let message = match shown {
        Identity::Never(_) => format!("{} needs mutual TLS, but {name} takes only plaintext, {so}", asked.field),
        _ => format!("{} needs mutual TLS, which no server of gateway {name} asks for, {so}", asked.field),
    };
    let diagnostic = diagnostics.report_default(asked.span, message);
    if !is_all || shown == Identity::NotAtGateway {
        diagnostic.severity(Severity::Warning);
    }
    match shown {
        Identity::Never(Some(span)) => diagnostic.related(span, "set here"),
        _ => diagnostic.related(workload.resource.name_span(), "the workload"),
    };
    diagnostic.help(match shown {
        Identity::Never(_) => {
            "let the workload take mutual TLS, or ask for something that plaintext has, such as ipBlocks"
        }
        _ => "clients of a gateway are told by remoteIpBlocks or requestPrincipals",
    });
}
