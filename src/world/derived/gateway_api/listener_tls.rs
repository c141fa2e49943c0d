//! TLS of a listener (istiod: `buildTLS`, `IsAutoPassthrough`). Certificates are taken to exist.

use super::Inputs;
use super::grant::Target;
use crate::model::Resource;
use crate::model::gateway_api::{FrontendValidation, GatewayTls, Listener, ListenerTls};
use crate::model::networking::{ServerTlsMode, ServerTlsSettings};
use crate::source::Spanned;

/// The option that says how a terminating listener asks for certificates.
const MODE_OPTION: &str = "gateway.istio.io/tls-terminate-mode";

/// The option that makes a listener pass TLS on by the server names of the mesh.
const PROTOCOL_OPTION: &str = "gateway.istio.io/listener-protocol";

/// The label that does the same for one port.
const PORT_LABEL: &str = "networking.istio.io/gatewayPort";

/// The settings of a server, and whether its certificate may be used.
pub(super) fn settings(
    resource: &Resource,
    listener: &Listener,
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
            let is_own = matches!(option, Some("ISTIO_SIMPLE" | "ISTIO_MUTUAL"));
            let credentials = if is_own { Vec::new() } else { credentials(resource, tls, inputs) };
            let is_valid = is_own || !credentials.is_empty();
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

/// How the Gateway wants clients of the listener's port to be checked, if it does.
fn validation<'g>(gateway: &'g GatewayTls, listener: &Listener) -> Option<&'g FrontendValidation> {
    let frontend = gateway.frontend.as_ref()?;
    let port = listener.port.map(|port| port.value);
    let of_port = frontend.per_port.iter().find(|it| it.port.map(|port| port.value) == port);
    let found = match of_port {
        Some(of_port) => of_port.tls.as_ref(),
        None => frontend.default.as_ref(),
    };
    found?.validation.as_ref().filter(|validation| !validation.ca_certificate_refs.is_empty())
}

/// The certificates that the listener may use, as istiod names them.
fn credentials(resource: &Resource, tls: &ListenerTls, inputs: &Inputs<'_, '_>) -> Vec<Spanned<String>> {
    let own = inputs.settings.namespace_of(resource);
    let credential = |reference: &crate::model::gateway_api::SecretReference| {
        let name = reference.name.as_ref()?;
        let namespace = reference.namespace.as_ref().map_or(own, |namespace| namespace.as_str());
        let target = Target { group: "", kind: "Secret", namespace, name };
        let is_secret = reference.kind.as_ref().is_none_or(|kind| kind.as_str() == "Secret")
            && reference.group.as_ref().is_none_or(|group| group.is_empty());
        let is_allowed = namespace == own || inputs.grants.allow(resource.kind, own, &target);
        (is_secret && is_allowed)
            .then(|| Spanned::new(format!("kubernetes-gateway://{namespace}/{}", name.value), reference.span))
    };
    tls.certificate_refs.iter().filter_map(credential).collect()
}

fn is_auto_passthrough(resource: &Resource, listener: &Listener, tls: &ListenerTls) -> bool {
    let by_option = tls.options.get(PROTOCOL_OPTION).is_some_and(|protocol| protocol.as_str() == "auto-passthrough");
    let labelled = resource.metadata.labels.get(PORT_LABEL).map(|port| port.value.clone());
    by_option || (labelled.is_some() && labelled == listener.port.map(|port| port.value.to_string()))
}
