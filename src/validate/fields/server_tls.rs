//! TLS settings of servers: of Gateways and of Sidecars (istio: `validateTLSOptions`).

use std::collections::BTreeSet;

use crate::advice::{Advice, Edit};
use crate::model::field::{PlacedField, TextField};
use crate::model::networking::{ProtocolVersion, ServerTlsMode, ServerTlsSettings};
use crate::model::wording::list;
use crate::source::{Span, Spanned};
use crate::validate::Mistake;
use crate::validate::quoted;
use crate::validate::violation::Violations;

/// The cipher suites that Envoy supports.
const CIPHER_SUITES: [&str; 15] = [
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
    "ECDHE-RSA-CHACHA20-POLY1305",
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA",
    "ECDHE-RSA-AES256-SHA",
    "AES128-GCM-SHA256",
    "AES256-GCM-SHA384",
    "AES128-SHA",
    "AES256-SHA",
    "DES-CBC3-SHA",
];

/// The number of certificates that a server can load from files: one RSA, one ECDSA.
const MOST_CERTIFICATES: usize = 2;

/// The mode of TLS settings. The default is PASSTHROUGH.
pub fn mode(tls: &ServerTlsSettings) -> ServerTlsMode {
    tls.mode.as_ref().map_or(ServerTlsMode::Passthrough, |mode| mode.value)
}

/// Whether the server forwards TLS connections without terminating TLS.
pub fn passes_through(tls: &ServerTlsSettings) -> bool {
    matches!(mode(tls), ServerTlsMode::Passthrough | ServerTlsMode::AutoPassthrough)
}

/// Checks TLS settings, regardless of the protocol of the port.
pub fn check(tls: &ServerTlsSettings, violations: &mut Violations<'_>) {
    check_version(tls, violations);
    check_cipher_suites(&tls.cipher_suites, violations);
    let mode = mode(tls);
    if mode == ServerTlsMode::IstioMutual {
        for (field, span) in certificates(tls) {
            let message =
                format!("`{field}` is not allowed in mode ISTIO_MUTUAL, which uses the certificates of the mesh");
            violations
                .error("ST-4", Mistake::InvalidTls, span, message)
                .help(remove_or(&[(field, span)], "write `mode: MUTUAL`"));
        }
        return;
    }
    if passes_through(tls) {
        let crl = tls.ca_crl.filled().map(|crl| ("caCrl", crl.span));
        let fields: Vec<(&str, Span)> = certificates(tls).into_iter().chain(crl).collect();
        if let Some((field, span)) = fields.first() {
            let message = format!("`{field}` has no effect in mode {}, which does not terminate TLS", mode.as_str());
            let help = remove_or(&fields, "write `mode: SIMPLE` to terminate TLS");
            violations.warning("ST-5", Mistake::InvalidTls, *span, message).help(help);
        }
    }
    check_sources(tls, violations);
    let terminates = matches!(mode, ServerTlsMode::Simple | ServerTlsMode::Mutual | ServerTlsMode::OptionalMutual);
    if terminates && (tls.credential_name.filled().is_some() || !tls.credential_names.is_empty()) {
        return;
    }
    if terminates {
        check_files(tls, mode, violations);
    }
    let Some(crl) = tls.ca_crl.filled() else { return };
    if tls.credential_name.filled().is_some() {
        let message = "`caCrl` has no effect with `credentialName`";
        violations
            .error("ST-11", Mistake::InvalidTls, crl.span, message)
            .help("add the list to the Secret, as `ca.crl`");
    }
    if mode == ServerTlsMode::Simple {
        let message = "`caCrl` has no effect in mode SIMPLE, in which clients present no certificate";
        violations
            .error("ST-12", Mistake::InvalidTls, crl.span, message)
            .help("remove `caCrl`, or write `mode: MUTUAL`");
    }
}

/// The fields that configure certificates, with their places.
fn certificates(tls: &ServerTlsSettings) -> Vec<(&'static str, Span)> {
    let single = |name, field: &Option<Spanned<String>>| field.filled().map(|field| (name, field.span));
    [
        single("serverCertificate", &tls.server_certificate),
        single("privateKey", &tls.private_key),
        single("caCertificates", &tls.ca_certificates),
        tls.tls_certificates.first().map(|first| ("tlsCertificates", first.span)),
        single("credentialName", &tls.credential_name),
        tls.credential_names.first().map(|first| ("credentialNames", first.span)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn check_version(tls: &ServerTlsSettings, violations: &mut Violations<'_>) {
    let Some(version) = &tls.min_protocol_version else { return };
    if matches!(version.value, ProtocolVersion::TlsV1_0 | ProtocolVersion::TlsV1_1) && tls.cipher_suites.is_empty() {
        let message = format!("{} needs cipher suites that Envoy does not enable by default", version.value.as_str());
        violations
            .warning("ST-1", Mistake::InvalidTls, version.span, message)
            .help("write `minProtocolVersion: TLSV1_2`, or add `cipherSuites`");
    }
}

fn check_cipher_suites(suites: &[Spanned<String>], violations: &mut Violations<'_>) {
    let mut known = BTreeSet::new();
    for suite in suites {
        let name = suite.as_str();
        // OpenSSL expressions such as `-ALL` or `[A|B]` are not checked.
        let is_expression = name == "ALL" || !name.starts_with(|first: char| first.is_ascii_alphanumeric());
        if !is_expression && !CIPHER_SUITES.contains(&name) {
            let message = format!("istiod drops the cipher suite {}, which Envoy does not support", quoted(name));
            let help = "use an OpenSSL name, such as `ECDHE-RSA-AES256-GCM-SHA384`";
            violations.warning("ST-2", Mistake::InvalidTls, suite.span, message).help(help);
        } else if !known.insert(name) {
            let message = format!("cipher suite {} is listed twice", quoted(name));
            violations.warning("ST-3", Mistake::DuplicateEntry, suite.span, message).help("remove one of the two");
        }
    }
}

/// Checks that the certificate has only one source.
fn check_sources(tls: &ServerTlsSettings, violations: &mut Violations<'_>) {
    let pair = tls.server_certificate.filled().filter(|_| tls.private_key.filled().is_some());
    let sources: Vec<(&str, Span)> = [
        pair.map(|pair| ("serverCertificate", pair.span)),
        tls.credential_name.filled().map(|name| ("credentialName", name.span)),
        tls.credential_names.first().map(|name| ("credentialNames", name.span)),
        tls.tls_certificates.first().map(|certificate| ("tlsCertificates", certificate.span)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let [first, second, ..] = sources[..] {
        let message = format!("`{}` and `{}` both configure the certificate", first.0, second.0);
        violations
            .error("ST-6", Mistake::InvalidTls, second.1, message)
            .help(format!("remove `{}` or `{}`", first.0, second.0));
    }
}

/// Checks that the files that a mode needs are set. They are not needed with a Secret.
fn check_files(tls: &ServerTlsSettings, mode: ServerTlsMode, violations: &mut Violations<'_>) {
    let help = "add the file, or use a Secret with `credentialName`";
    let verifies_clients = matches!(mode, ServerTlsMode::Mutual | ServerTlsMode::OptionalMutual);
    if verifies_clients && tls.ca_certificates.text().is_empty() {
        let span = tls.ca_certificates.place(tls.mode.place(tls.span));
        let message = format!("mode {} needs `caCertificates` to verify clients", mode.as_str());
        violations.error("ST-7", Mistake::InvalidTls, span, message).help(help);
    }
    if let Some(extra) = tls.tls_certificates.get(MOST_CERTIFICATES) {
        let message = "istiod uses only the first 2 `tlsCertificates` and drops the others";
        violations
            .warning("ST-8", Mistake::InvalidTls, extra.span, message)
            .help("keep one RSA and one ECDSA certificate");
    }
    let mut check_pair = |certificate: &Option<Spanned<String>>, key: &Option<Spanned<String>>, span: Span| {
        if certificate.text().is_empty() {
            let message = format!("mode {} needs `serverCertificate`", mode.as_str());
            violations.error("ST-9", Mistake::InvalidTls, certificate.place(span), message).help(help);
        }
        if key.text().is_empty() {
            let message = format!("mode {} needs `privateKey`", mode.as_str());
            violations.error("ST-10", Mistake::InvalidTls, key.place(span), message).help(help);
        }
    };
    if tls.tls_certificates.is_empty() {
        check_pair(&tls.server_certificate, &tls.private_key, tls.mode.place(tls.span));
    }
    for pair in &tls.tls_certificates {
        check_pair(&pair.server_certificate, &pair.private_key, pair.span);
    }
}

/// A help to remove fields, or to do something else. The place of a list is that of its first item.
fn remove_or(fields: &[(&str, Span)], otherwise: &str) -> Advice {
    let names = list(fields.iter().map(|(field, _)| *field), "and");
    let removal = |(field, place): &(&str, Span)| match *field {
        "tlsCertificates" | "credentialNames" => Edit::remove_around(*place).of(field),
        _ => Edit::remove(*place).of(field),
    };
    let edits: Vec<Edit> = fields.iter().map(removal).collect();
    Advice::new(format!("remove {names}, or {otherwise}")).option(edits)
}
