//! TLS towards servers (istio: `validateTLS`).

use crate::model::networking::{ClientTlsMode, ClientTlsSettings};
use crate::source::{Span, Spanned};
use crate::validate::Family;
use crate::validate::common::field::{filled, place};
use crate::validate::violation::Found;

/// What a credential that is a ConfigMap stands behind.
const CONFIG_MAP: &str = "configmap://";

/// Checks the settings.
pub fn check(settings: &ClientTlsSettings, found: &mut Found<'_>) {
    if let Some(credential) = filled(&settings.credential_name) {
        check_config_map(credential, found);
    }
    let mode = settings.effective_mode();
    let (is_simple, is_mutual) = (mode == ClientTlsMode::Simple, mode == ClientTlsMode::Mutual);
    let skips = settings.insecure_skip_verify.filter(|skips| skips.value);
    let names = settings.subject_alt_names.first().map(|name| name.span);
    let authorities = filled(&settings.ca_certificates).map(|it| it.span);
    if let Some(skips) = skips {
        let credential = filled(&settings.credential_name).map(|it| it.span).filter(|_| is_simple);
        let id = if is_simple { "CT-3" } else { "CT-4" };
        if let Some(unused) = authorities.or(credential).or(names).filter(|_| is_simple || is_mutual) {
            let message = "with insecureSkipVerify nothing is verified by this";
            let help = "remove it, or insecureSkipVerify";
            found.error(id, Family::InvalidTls, unused, message).help(help).related(skips.span, "insecureSkipVerify");
        }
    }
    if !is_simple && !is_mutual {
        return;
    }
    if let Some(credential) = filled(&settings.credential_name) {
        if let Some(file) = first_file(settings) {
            let message = "the credential already holds what this file does";
            found
                .error("CT-5", Family::InvalidTls, file, message)
                .help("remove credentialName or the files")
                .related(credential.span, "the credential");
        }
        return;
    }
    let span = place(&settings.mode, settings.span);
    if is_mutual && filled(&settings.client_certificate).is_none() {
        let message = "mutual TLS needs a clientCertificate";
        found.error("CT-6", Family::InvalidTls, span, message).help("add clientCertificate, or credentialName");
    }
    if is_mutual && filled(&settings.private_key).is_none() {
        let message = "mutual TLS needs a privateKey";
        found.error("CT-7", Family::InvalidTls, span, message).help("add privateKey, or credentialName");
    }
}

/// The first file that a credential makes superfluous.
fn first_file(settings: &ClientTlsSettings) -> Option<Span> {
    [&settings.client_certificate, &settings.private_key, &settings.ca_certificates, &settings.ca_crl]
        .into_iter()
        .find_map(|file| filled(file).map(|file| file.span))
}

fn check_config_map(credential: &Spanned<String>, found: &mut Found<'_>) {
    let Some(name) = credential.strip_prefix(CONFIG_MAP) else { return };
    let help = "write configmap://namespace/name";
    match name.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
            if namespace != found.namespace() {
                let message = "the ConfigMap must be in the namespace of the DestinationRule";
                let help = format!("write {CONFIG_MAP}{}/{name}", found.namespace());
                found.error("CT-2", Family::InvalidTls, credential.span, message).help(help);
            }
        }
        _ => {
            let message = format!("{:?} names no ConfigMap", credential.value);
            found.error("CT-1", Family::InvalidTls, credential.span, message).help(help);
        }
    }
}
