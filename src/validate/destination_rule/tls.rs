//! TLS settings of clients (istio: `validateTLS`).

use crate::advice::{Advice, Edit};
use crate::model::field::{PlacedField, TextField};
use crate::model::networking::{ClientTlsMode, ClientTlsSettings};
use crate::source::{Span, Spanned};
use crate::validate::Mistake;
use crate::validate::quoted;
use crate::validate::violation::Violations;

/// The prefix of a credential that is a ConfigMap.
const CONFIG_MAP: &str = "configmap://";

/// Checks client TLS settings.
pub fn check(settings: &ClientTlsSettings, violations: &mut Violations<'_>) {
    if let Some(credential) = settings.credential_name.filled() {
        check_config_map(credential, violations);
    }
    let mode = settings.effective_mode();
    let (is_simple, is_mutual) = (mode == ClientTlsMode::Simple, mode == ClientTlsMode::Mutual);
    let skips = settings.insecure_skip_verify.filter(|skips| skips.value);
    let names = settings.subject_alt_names.first().map(|name| ("subjectAltNames", name.span));
    let authorities = settings.ca_certificates.filled().map(|it| ("caCertificates", it.span));
    if let Some(skips) = skips {
        let credential = settings.credential_name.filled().map(|it| ("credentialName", it.span));
        let id = if is_simple { "CT-3" } else { "CT-4" };
        let credential = credential.filter(|_| is_simple);
        if let Some((field, span)) = authorities.or(credential).or(names).filter(|_| is_simple || is_mutual) {
            let message = format!("`{field}` has no effect with `insecureSkipVerify`");
            let [edit, skip] = [Edit::remove(span).of(field), Edit::remove(skips.span).of("insecureSkipVerify")];
            let help = Advice::new(format!("remove {edit} or {skip}")).option([edit]).option([skip]);
            violations
                .error(id, Mistake::InvalidTls, span, message)
                .help(help)
                .related(skips.span, "verification is skipped here");
        }
    }
    if !is_simple && !is_mutual {
        return;
    }
    if let Some(credential) = settings.credential_name.filled() {
        if let Some(file) = first_file(settings) {
            let message = "`credentialName` excludes certificate files";
            violations
                .error("CT-5", Mistake::InvalidTls, file, message)
                .help("remove `credentialName` or the files")
                .related(credential.span, "the credential is set here");
        }
        return;
    }
    let span = settings.mode.place(settings.span);
    if is_mutual && settings.client_certificate.filled().is_none() {
        let message = "mode MUTUAL needs `clientCertificate`";
        violations
            .error("CT-6", Mistake::InvalidTls, span, message)
            .help("add `clientCertificate` or `credentialName`");
    }
    if is_mutual && settings.private_key.filled().is_none() {
        let message = "mode MUTUAL needs `privateKey`";
        violations.error("CT-7", Mistake::InvalidTls, span, message).help("add `privateKey` or `credentialName`");
    }
}

/// The first file that a credential excludes.
fn first_file(settings: &ClientTlsSettings) -> Option<Span> {
    [&settings.client_certificate, &settings.private_key, &settings.ca_certificates, &settings.ca_crl]
        .into_iter()
        .find_map(|file| file.filled().map(|file| file.span))
}

fn check_config_map(credential: &Spanned<String>, violations: &mut Violations<'_>) {
    let Some(name) = credential.strip_prefix(CONFIG_MAP) else { return };
    let help = "write `configmap://namespace/name`";
    match name.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() && !name.contains('/') => {
            if namespace != violations.namespace() {
                let message = "the ConfigMap is not in the namespace of the DestinationRule";
                let own = format!("{CONFIG_MAP}{}/{name}", violations.namespace());
                violations.error("CT-2", Mistake::InvalidTls, credential.span, message).write(own);
            }
        }
        _ => {
            let message = format!("{} is not a valid ConfigMap reference", quoted(credential));
            violations.error("CT-1", Mistake::InvalidTls, credential.span, message).help(help);
        }
    }
}
