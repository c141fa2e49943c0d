//! TLS of listeners (istiod: `buildTLS`, `IsAutoPassthrough`). All certificates are assumed to exist.

use super::Inputs;
use super::grant::GrantTarget;
use crate::model::Resource;
use crate::model::field::TextField;
use crate::model::gateway_api::{FrontendValidation, GatewayListener, GatewayTls, ListenerTls, SecretReference};
use crate::model::networking::{ServerTlsMode, ServerTlsSettings};
use crate::source::Spanned;

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

/// The TLS settings of a server, and whether it may use its certificates.
pub(super) fn settings(
    resource: &Resource,
    listener: &GatewayListener,
    gateway: Option<&GatewayTls>,
    inputs: &Inputs<'_, '_>,
) -> Option<(ServerTlsSettings, bool)> {
    let tls = listener.tls.as_ref()?;
    let settings = |mode| ServerTlsSettings {
        mode: Some(Spanned::new(mode, tls.mode.as_ref().map_or(tls.span, |mode| mode.span))),
        ..ServerTlsSettings::empty(tls.span)
    };
    match tls.mode.as_ref().map_or("Terminate", |mode| mode.as_str()) {
        "Passthrough" if is_auto_passthrough(resource, listener, tls) => {
            Some((settings(ServerTlsMode::AutoPassthrough), true))
        }
        "Passthrough" => Some((settings(ServerTlsMode::Passthrough), true)),
        _ => {
            let option = tls.options.get(MODE_OPTION).map(|option| option.as_str());
            let frontend = gateway.and_then(|gateway| validation(gateway, listener));
            let mode = terminating_mode(option, frontend);
            if matches!(option, Some("ISTIO_SIMPLE" | "ISTIO_MUTUAL")) {
                return Some((settings(mode), true));
            }
            let credentials = credentials(resource, tls, inputs);
            let may_serve = tls.certificate_refs.is_empty() || !credentials.is_empty();
            let is_valid = may_serve
                && tls.certificate_refs.len() <= MOST_CERTIFICATES
                && frontend.is_none_or(|frontend| may_validate(resource, frontend, inputs));
            let (credential_name, credential_names) = match <[_; 1]>::try_from(credentials) {
                Ok([only]) => (Some(only), Vec::new()),
                Err(several) => (None, several),
            };
            Some((ServerTlsSettings { credential_name, credential_names, ..settings(mode) }, is_valid))
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
        let is_secret = reference.kind.as_ref().is_none_or(|kind| kind.as_str() == "Secret")
            && reference.group.as_ref().is_none_or(|group| group.is_empty());
        (is_secret && may_refer(resource, &target, inputs))
            .then(|| Spanned::new(format!("kubernetes-gateway://{namespace}/{}", name.value), reference.span))
    };
    tls.certificate_refs.iter().filter_map(credential).collect()
}

/// Whether client certificates can be validated: with a single authority, from a Secret or ConfigMap.
fn may_validate(resource: &Resource, frontend: &FrontendValidation, inputs: &Inputs<'_, '_>) -> bool {
    let [authority] = frontend.ca_certificate_refs.as_slice() else { return false };
    let (group, kind, name) = (authority.group.text(), authority.kind.text(), authority.name.text());
    let own = inputs.settings.namespace_of(resource);
    let namespace = authority.namespace.as_ref().map_or(own, |namespace| namespace.as_str());
    let target = GrantTarget { group, kind, namespace, name };
    group.is_empty() && matches!(kind, "Secret" | "ConfigMap") && may_refer(resource, &target, inputs)
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
