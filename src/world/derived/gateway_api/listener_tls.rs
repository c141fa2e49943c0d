//! TLS of listeners (istiod: `buildTLS`, `IsAutoPassthrough`). All certificates are assumed to exist.

use super::Inputs;
use super::grant::GrantTarget;
use crate::model::Resource;
use crate::model::field::TextField;
use crate::model::gateway_api::{FrontendValidation, GatewayListener, GatewayTls, ListenerTls, SecretReference};
use crate::model::networking::{ServerTlsMode, ServerTlsSettings};
use crate::source::Spanned;
use crate::world::Omission;

/// The option with the mode of a terminating listener.
const MODE_OPTION: &str = "gateway.istio.io/tls-terminate-mode";

/// The option that makes a listener route TLS by the server names of the mesh.
const PROTOCOL_OPTION: &str = "gateway.istio.io/listener-protocol";

/// The label of gateways between networks, which do the same on one port.
const NETWORK_LABEL: &str = "topology.istio.io/network";

/// The label with that port.
const PORT_LABEL: &str = "networking.istio.io/gatewayPort";

/// The number of certificates that istiod supports.
const MOST_CERTIFICATES: usize = 2;

/// The reason for which a listener cannot serve its certificates, with the kind of part that istiod ignores.
pub(super) type CertificateFault = (Omission, String);

/// The TLS settings of a server, and the fault of its certificates, if they have one.
pub(super) fn settings(
    resource: &Resource,
    listener: &GatewayListener,
    gateway: Option<&GatewayTls>,
    inputs: &Inputs<'_, '_>,
) -> Option<(ServerTlsSettings, Option<CertificateFault>)> {
    let tls = listener.tls.as_ref()?;
    let settings = |mode| ServerTlsSettings {
        mode: Some(Spanned::new(mode, tls.mode.as_ref().map_or(tls.span, |mode| mode.span))),
        ..ServerTlsSettings::empty(tls.span)
    };
    match tls.mode.as_ref().map_or("Terminate", |mode| mode.as_str()) {
        "Passthrough" if is_auto_passthrough(resource, listener, tls) => {
            Some((settings(ServerTlsMode::AutoPassthrough), None))
        }
        "Passthrough" => Some((settings(ServerTlsMode::Passthrough), None)),
        _ => {
            let option = tls.options.get(MODE_OPTION).map(|option| option.as_str());
            let frontend = gateway.and_then(|gateway| validation(gateway, listener));
            let mode = terminating_mode(option, frontend);
            if matches!(option, Some("ISTIO_SIMPLE" | "ISTIO_MUTUAL")) {
                return Some((settings(mode), None));
            }
            let credentials = credentials(resource, tls, inputs);
            let of_server = || certificate_fault(listener, tls, &credentials);
            let of_clients = || authority_fault(resource, listener, frontend?, inputs);
            let fault = of_server().or_else(of_clients);
            let (credential_name, credential_names) = match <[_; 1]>::try_from(credentials) {
                Ok([only]) => (Some(only), Vec::new()),
                Err(several) => (None, several),
            };
            Some((ServerTlsSettings { credential_name, credential_names, ..settings(mode) }, fault))
        }
    }
}

fn terminating_mode(option: Option<&str>, frontend: Option<&FrontendValidation>) -> ServerTlsMode {
    let is_lenient =
        |it: &FrontendValidation| it.mode.as_ref().is_some_and(|it| it.as_str() == "AllowInsecureFallback");
    match (option, frontend) {
        (Some("MUTUAL"), _) => ServerTlsMode::Mutual,
        (Some("OPTIONAL_MUTUAL"), _) => ServerTlsMode::OptionalMutual,
        (Some("ISTIO_SIMPLE"), _) => ServerTlsMode::Simple,
        (Some("ISTIO_MUTUAL"), _) => ServerTlsMode::IstioMutual,
        (_, Some(validation)) if is_lenient(validation) => ServerTlsMode::OptionalMutual,
        (_, Some(_)) => ServerTlsMode::Mutual,
        (_, None) => ServerTlsMode::Simple,
    }
}

/// The validation of client certificates on the port of a listener, if the Gateway has any.
fn validation<'g>(gateway: &'g GatewayTls, listener: &GatewayListener) -> Option<&'g FrontendValidation> {
    let frontend = gateway.frontend.as_ref()?;
    let port = listener.port.map(|port| port.value);
    let of_port = frontend.per_port.iter().find(|it| it.port.map(|port| port.value) == port);
    let found = match of_port {
        Some(of_port) => of_port.tls.as_ref(),
        None => frontend.default.as_ref(),
    };
    found?.validation.as_ref().filter(|validation| !validation.ca_certificate_refs.is_empty())
}

/// The certificates that the listener may use, by the names that istiod gives them.
fn credentials(resource: &Resource, tls: &ListenerTls, inputs: &Inputs<'_, '_>) -> Vec<Spanned<String>> {
    let own = inputs.settings.namespace_of(resource);
    let credential = |reference: &SecretReference| {
        let name = reference.name.as_ref()?;
        let namespace = reference.namespace.as_ref().map_or(own, |namespace| namespace.as_str());
        let target = GrantTarget { group: "", kind: "Secret", namespace, name };
        (is_secret(reference) && may_refer(resource, &target, inputs))
            .then(|| Spanned::new(format!("kubernetes-gateway://{namespace}/{}", name.value), reference.span))
    };
    tls.certificate_refs.iter().filter_map(credential).collect()
}

fn is_secret(reference: &SecretReference) -> bool {
    reference.kind.as_ref().is_none_or(|kind| kind.as_str() == "Secret")
        && reference.group.as_ref().is_none_or(|group| group.is_empty())
}

fn certificate_fault(
    listener: &GatewayListener,
    tls: &ListenerTls,
    credentials: &[Spanned<String>],
) -> Option<CertificateFault> {
    let name = listener.name.text();
    if tls.certificate_refs.len() > MOST_CERTIFICATES {
        let reason = format!("istiod serves at most {MOST_CERTIFICATES} certificates, but listener `{name}` has more");
        return Some((Omission::UnsupportedListener, reason));
    }
    if tls.certificate_refs.is_empty() || !credentials.is_empty() {
        return None;
    }
    Some(if tls.certificate_refs.iter().any(is_secret) {
        (Omission::UngrantedCertificate, format!("no ReferenceGrant allows listener `{name}` to use its certificate"))
    } else {
        (Omission::UnsupportedListener, format!("the `certificateRefs` of listener `{name}` do not name a Secret"))
    })
}

/// The fault of the certificate that verifies clients. istiod needs exactly one, of a Secret or ConfigMap.
fn authority_fault(
    resource: &Resource,
    listener: &GatewayListener,
    frontend: &FrontendValidation,
    inputs: &Inputs<'_, '_>,
) -> Option<CertificateFault> {
    let listener = listener.name.text();
    let unsupported = || {
        let reason = format!("the `caCertificateRefs` for listener `{listener}` must name one Secret or ConfigMap");
        Some((Omission::UnsupportedListener, reason))
    };
    let [authority] = frontend.ca_certificate_refs.as_slice() else { return unsupported() };
    let (group, kind, name) = (authority.group.text(), authority.kind.text(), authority.name.text());
    if !group.is_empty() || !matches!(kind, "Secret" | "ConfigMap") {
        return unsupported();
    }
    let own = inputs.settings.namespace_of(resource);
    let namespace = authority.namespace.as_ref().map_or(own, |namespace| namespace.as_str());
    if may_refer(resource, &GrantTarget { group, kind, namespace, name }, inputs) {
        return None;
    }
    let reason = format!("no ReferenceGrant allows listener `{listener}` to use its CA certificate");
    Some((Omission::UngrantedCertificate, reason))
}

fn may_refer(resource: &Resource, target: &GrantTarget<'_>, inputs: &Inputs<'_, '_>) -> bool {
    let own = inputs.settings.namespace_of(resource);
    target.namespace == own || inputs.grants.allow(resource.kind, own, target)
}

fn is_auto_passthrough(resource: &Resource, listener: &GatewayListener, tls: &ListenerTls) -> bool {
    let by_option = tls.options.get(PROTOCOL_OPTION).is_some_and(|protocol| protocol.as_str() == "auto-passthrough");
    let labels = &resource.metadata.labels;
    let expected = labels.get(PORT_LABEL).map_or("15443", |port| port.as_str());
    let port = listener.port.map(|port| port.value.to_string());
    by_option || (labels.get(NETWORK_LABEL).is_some() && port.as_deref() == Some(expected))
}
