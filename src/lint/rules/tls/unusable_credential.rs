//! `unusable-credential`

use std::collections::BTreeSet;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::kubernetes::{Secret, SecretForm};
use crate::model::networking::ServerTlsMode;
use crate::world::{Credential, GENERIC_PAIR, Secrets, TLS_PAIR};

pub static RULE: Rule = rule! {
    name: "unusable-credential",
    aliases: ["IST0161"],
    severity: Error,
    summary: "a Secret that lacks what a server of a Gateway needs of it: certificate, private key or authority",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut reported = BTreeSet::new();
    for credential in world.credentials() {
        // Where the workloads are not known, the one Secret of that name must be the one that is meant.
        let guessed = world.secrets.only_namespace_of(credential.name).filter(|_| credential.namespaces.is_empty());
        for namespace in credential.namespaces.iter().copied().chain(guessed) {
            let Some((resource, secret)) = world.secrets.get(namespace, credential.name) else { continue };
            if !context.is_definite(resource, diagnostics) || !reported.insert(credential.written.span) {
                continue;
            }
            let lack =
                lack_of_identity(secret).or_else(|| lack_of_authority(&world.secrets, namespace, &credential, secret));
            if let Some(lack) = lack {
                // Secrets are not pointed at, so that no excerpt shows what stands in them.
                diagnostics
                    .report_default(
                        credential.written.span,
                        format!("the Secret {namespace}/{} {}", credential.name, lack.what),
                    )
                    .severity(lack.severity)
                    .help(lack.help);
            }
        }
    }
}

/// What is wrong with a Secret.
struct Lack {
    what: String,
    severity: Severity,
    help: &'static str,
}

impl Lack {
    fn of(what: String, help: &'static str) -> Option<Self> {
        Some(Self { what, severity: Severity::Error, help })
    }
}

/// Whether there is a certificate with its key (istiod: `extractCertInfo`).
fn lack_of_identity(secret: &Secret) -> Option<Lack> {
    let is_filled = |key: &str| secret.get(key).is_some_and(|form| form != SecretForm::Empty);
    let pairs = [GENERIC_PAIR, TLS_PAIR];
    let Some([certificate, key]) = pairs.into_iter().find(|pair| pair.iter().all(|key| is_filled(key))) else {
        const HELP: &str = "it needs tls.crt and tls.key, or cert and key";
        if let Some(empty) = pairs.concat().into_iter().find(|key| secret.get(key).is_some() && !is_filled(key)) {
            return Lack::of(format!("has an empty {empty}"), HELP);
        }
        if let Some(half) = pairs.concat().into_iter().find(|key| is_filled(key)) {
            return Lack::of(format!("has {half}, but not what belongs to it"), HELP);
        }
        let keys: Vec<&str> = secret.keys().collect();
        let has = if keys.is_empty() { "holds nothing".to_owned() } else { format!("holds only {}", keys.join(", ")) };
        return Lack::of(has, HELP);
    };
    let is = |key: &str, form| secret.get(key) == Some(form);
    if let Some(unreadable) = [certificate, key].into_iter().find(|key| is(key, SecretForm::NotBase64)) {
        return Lack::of(
            format!("has a {unreadable} that is no base64"),
            "encode it, or write it into stringData as it is",
        );
    }
    // What is in version control may be a stand-in for what is filled in later.
    let expected =
        [(certificate, SecretForm::Certificate, "certificate"), (key, SecretForm::PrivateKey, "private key")];
    expected.into_iter().find(|(key, form, _)| !is(key, *form)).map(|(key, _, what)| Lack {
        what: format!("has a {key} that is no {what} in the form of PEM"),
        severity: Severity::Warning,
        help: "it starts with -----BEGIN and ends with -----END",
    })
}

/// Whether there is an authority for the certificates of clients where these are asked for: in a Secret of its own, or
/// in this one (istiod: `GetCaCert`).
fn lack_of_authority(
    secrets: &Secrets<'_>,
    namespace: &str,
    credential: &Credential<'_, '_>,
    secret: &Secret,
) -> Option<Lack> {
    let tls = credential.tls;
    let asks = tls.mode.is_some_and(|mode| matches!(mode.value, ServerTlsMode::Mutual | ServerTlsMode::OptionalMutual));
    // Listeners of the Gateway API name it elsewhere.
    if !asks || tls.ca_cert_credential_name.is_some() || credential.gateway.is_of_gateway_api() {
        return None;
    }
    let has_authority = |secret: &Secret| {
        ["cacert", "ca.crt"].into_iter().any(|key| secret.get(key).is_some_and(|form| form != SecretForm::Empty))
    };
    let apart = secrets.get(namespace, &format!("{}-cacert", credential.name));
    if has_authority(secret) || apart.is_some_and(|(_, apart)| has_authority(apart)) {
        return None;
    }
    let what = "has no ca.crt, by which the certificates of clients are verified".to_owned();
    // The Secret of the authority may be one that is not among the manifests.
    let severity = if apart.is_some() { Severity::Error } else { Severity::Warning };
    Some(Lack { what, severity, help: "add ca.crt, or a Secret of the same name that ends in -cacert" })
}
