//! TLS towards clients: of Gateways and of Sidecars (istio: `validateTLSOptions`).

use std::collections::BTreeSet;

use super::field::{filled, place, text};
use crate::model::networking::{ProtocolVersion, ServerTlsMode, ServerTlsSettings};
use crate::source::{Span, Spanned};
use crate::validate::Family;
use crate::validate::violation::Found;

/// The cipher suites that Envoy is built with.
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

/// How many certificates of files a server can have: one RSA, one ECDSA.
const MOST_CERTIFICATES: usize = 2;

/// The mode of TLS settings; passing through is the default.
pub fn mode(tls: &ServerTlsSettings) -> ServerTlsMode {
    tls.mode.as_ref().map_or(ServerTlsMode::Passthrough, |mode| mode.value)
}

/// Whether TLS connections are passed on as they are.
pub fn passes_through(tls: &ServerTlsSettings) -> bool {
    matches!(mode(tls), ServerTlsMode::Passthrough | ServerTlsMode::AutoPassthrough)
}

/// Checks TLS settings, whatever the protocol of the port.
pub fn check(tls: &ServerTlsSettings, found: &mut Found<'_>) {
    check_version(tls, found);
    check_cipher_suites(&tls.cipher_suites, found);
    let mode = mode(tls);
    if mode == ServerTlsMode::IstioMutual {
        for (field, span) in certificates(tls) {
            let message = format!("{field} has no place in mode ISTIO_MUTUAL, whose certificates are the mesh's own");
            found.error("ST-4", Family::InvalidTls, span, message).help("remove it, or write mode: MUTUAL");
        }
        return;
    }
    if passes_through(tls) {
        let crl = filled(&tls.ca_crl).map(|crl| ("caCrl", crl.span));
        if let Some((field, span)) = certificates(tls).into_iter().chain(crl).next() {
            let message = format!("{field} does nothing in mode {}: TLS is passed on as it is", mode.as_str());
            let help = "remove it, or write mode: SIMPLE to terminate TLS here";
            found.warning("ST-5", Family::InvalidTls, span, message).help(help);
        }
    }
    check_sources(tls, found);
    let terminates = matches!(mode, ServerTlsMode::Simple | ServerTlsMode::Mutual | ServerTlsMode::OptionalMutual);
    if terminates && (filled(&tls.credential_name).is_some() || !tls.credential_names.is_empty()) {
        return;
    }
    if terminates {
        check_files(tls, mode, found);
    }
    let Some(crl) = filled(&tls.ca_crl) else { return };
    if filled(&tls.credential_name).is_some() {
        let message = "caCrl has no effect beside credentialName";
        found.error("ST-11", Family::InvalidTls, crl.span, message).help("put the list into the secret, as ca.crl");
    }
    if mode == ServerTlsMode::Simple {
        let message = "caCrl has no place in mode SIMPLE, where clients show no certificate";
        found.error("ST-12", Family::InvalidTls, crl.span, message).help("remove it, or write mode: MUTUAL");
    }
}

/// The fields that name certificates, with their places.
fn certificates(tls: &ServerTlsSettings) -> Vec<(&'static str, Span)> {
    let single = |name, field: &Option<Spanned<String>>| filled(field).map(|field| (name, field.span));
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

fn check_version(tls: &ServerTlsSettings, found: &mut Found<'_>) {
    let Some(version) = &tls.min_protocol_version else { return };
    if matches!(version.value, ProtocolVersion::TlsV1_0 | ProtocolVersion::TlsV1_1) && tls.cipher_suites.is_empty() {
        let message = format!("{} needs cipher suites that are not among the default ones", version.value.as_str());
        found
            .warning("ST-1", Family::InvalidTls, version.span, message)
            .help("write minProtocolVersion: TLSV1_2, or name the cipherSuites");
    }
}

fn check_cipher_suites(suites: &[Spanned<String>], found: &mut Found<'_>) {
    let mut known = BTreeSet::new();
    for suite in suites {
        let name = suite.as_str();
        // Expressions of OpenSSL such as `-ALL` or `[A|B]` are left to Envoy.
        let is_expression = name == "ALL" || !name.starts_with(|first: char| first.is_ascii_alphanumeric());
        if !is_expression && !CIPHER_SUITES.contains(&name) {
            let message = format!("{name:?} is no cipher suite that Envoy knows, so it is left out");
            let help = "use OpenSSL's names, such as ECDHE-RSA-AES256-GCM-SHA384";
            found.warning("ST-2", Family::InvalidTls, suite.span, message).help(help);
        } else if !known.insert(name) {
            let message = format!("{name} is listed twice");
            found.warning("ST-3", Family::DuplicateEntry, suite.span, message).help("remove one of them");
        }
    }
}

/// A certificate comes from one place.
fn check_sources(tls: &ServerTlsSettings, found: &mut Found<'_>) {
    let pair = filled(&tls.server_certificate).filter(|_| filled(&tls.private_key).is_some());
    let sources: Vec<(&str, Span)> = [
        pair.map(|pair| ("serverCertificate", pair.span)),
        filled(&tls.credential_name).map(|name| ("credentialName", name.span)),
        tls.credential_names.first().map(|name| ("credentialNames", name.span)),
        tls.tls_certificates.first().map(|certificate| ("tlsCertificates", certificate.span)),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let [first, second, ..] = sources[..] {
        let message = format!("the certificate is given by {} and by {}", first.0, second.0);
        found.error("ST-6", Family::InvalidTls, second.1, message).help("keep one of them");
    }
}

/// Without a secret, all that the mode needs is named as files.
fn check_files(tls: &ServerTlsSettings, mode: ServerTlsMode, found: &mut Found<'_>) {
    let help = "add it, or name a secret by credentialName";
    let asks_clients = matches!(mode, ServerTlsMode::Mutual | ServerTlsMode::OptionalMutual);
    if asks_clients && text(&tls.ca_certificates).is_empty() {
        let span = place(&tls.ca_certificates, place(&tls.mode, tls.span));
        let message = format!("mode {} needs caCertificates to check clients by", mode.as_str());
        found.error("ST-7", Family::InvalidTls, span, message).help(help);
    }
    if let Some(extra) = tls.tls_certificates.get(MOST_CERTIFICATES) {
        let message = "a server takes two tlsCertificates at most, the others are left out";
        found.warning("ST-8", Family::InvalidTls, extra.span, message).help("keep one RSA and one ECDSA certificate");
    }
    let mut check_pair = |certificate, key, span: Span| {
        if text(certificate).is_empty() {
            let message = format!("mode {} needs serverCertificate", mode.as_str());
            found.error("ST-9", Family::InvalidTls, place(certificate, span), message).help(help);
        }
        if text(key).is_empty() {
            let message = format!("mode {} needs privateKey", mode.as_str());
            found.error("ST-10", Family::InvalidTls, place(key, span), message).help(help);
        }
    };
    if tls.tls_certificates.is_empty() {
        check_pair(&tls.server_certificate, &tls.private_key, place(&tls.mode, tls.span));
    }
    for pair in &tls.tls_certificates {
        check_pair(&pair.server_certificate, &pair.private_key, pair.span);
    }
}
