//! `unusable-credential`

use std::collections::BTreeSet;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::kubernetes::{Secret, SecretForm};
use crate::model::networking::ServerTlsMode;
use crate::model::wording::list;
use crate::world::{Credential, GENERIC_PAIR, Secrets, TLS_PAIR};

pub static RULE: Rule = rule! {
    name: "unusable-credential",
    summary: "a Secret lacks the certificate, the private key or the CA that a server of a Gateway needs",
    findings: [&INCOMPLETE, &NOT_ENCODED, &NO_CA, &CA_NOT_GIVEN, &NOT_PEM],
    check: check,
};

static INCOMPLETE: Finding = finding! {
    "incomplete", Lost, Certain, ["IST0161"],
    "the Secret lacks a certificate or its private key, or one of them is empty",
};
static NOT_ENCODED: Finding = finding! {
    "not-encoded", Refused, Certain, ["IST0161"],
    "a value in `data` is not valid base64",
};
static NO_CA: Finding = finding! {
    "no-ca", Lost, Certain, [],
    "the Secret for client CAs has no `ca.crt`",
};
static CA_NOT_GIVEN: Finding = finding! {
    "ca-not-given", Lost, Likely, [],
    "the server verifies client certificates, and no given Secret has a CA",
};
static NOT_PEM: Finding = finding! {
    "not-pem", Lost, Likely, ["IST0161"],
    "a value is not in PEM form, unless it is a placeholder",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut reported = BTreeSet::new();
    for credential in world.credentials() {
        // If the workloads are unknown, the only Secret of the name must be the right one.
        let guessed = world.secrets.only_namespace_of(credential.name).filter(|_| credential.namespaces.is_empty());
        for namespace in credential.namespaces.iter().copied().chain(guessed) {
            let Some((resource, secret)) = world.secrets.get(namespace, credential.name) else { continue };
            if !context.is_definite(resource, diagnostics) || !reported.insert(credential.written.span) {
                continue;
            }
            let defect =
                certificate_defect(secret).or_else(|| ca_defect(&world.secrets, namespace, &credential, secret));
            if let Some(defect) = defect {
                // No related place in the Secret: an excerpt would show its contents.
                let message = format!("Secret `{namespace}/{}` {}", credential.name, defect.what);
                diagnostics.report(defect.finding, credential.written.span, message).help(defect.help);
            }
        }
    }
}

/// A defect of a Secret.
struct Defect {
    finding: &'static Finding,
    /// The predicate of a sentence about the Secret.
    what: String,
    help: String,
}

impl Defect {
    fn incomplete(what: String) -> Option<Self> {
        let help = "add `tls.crt` and `tls.key`, or `cert` and `key`".to_owned();
        Some(Self { finding: &INCOMPLETE, what, help })
    }
}

/// Checks the certificate and its key (istiod: `extractCertInfo`).
fn certificate_defect(secret: &Secret) -> Option<Defect> {
    let is_filled = |key: &str| secret.get(key).is_some_and(|form| form != SecretForm::Empty);
    let pairs = [GENERIC_PAIR, TLS_PAIR];
    let Some([certificate, key]) = pairs.into_iter().find(|pair| pair.iter().all(|key| is_filled(key))) else {
        if let Some(empty) = pairs.concat().into_iter().find(|key| secret.get(key).is_some() && !is_filled(key)) {
            return Defect::incomplete(format!("has an empty `{empty}`"));
        }
        for [certificate, key] in pairs {
            if is_filled(certificate) || is_filled(key) {
                let (present, absent) = if is_filled(certificate) { (certificate, key) } else { (key, certificate) };
                return Defect::incomplete(format!("has `{present}`, but not `{absent}`"));
            }
        }
        let is_empty = secret.keys().next().is_none();
        let keys = list(secret.keys(), "and");
        return Defect::incomplete(if is_empty { "is empty".to_owned() } else { format!("has only {keys}") });
    };
    let is = |key: &str, form| secret.get(key) == Some(form);
    if let Some(unreadable) = [certificate, key].into_iter().find(|key| is(key, SecretForm::NotBase64)) {
        let what = format!("has a `{unreadable}` that is not valid base64");
        return Some(Defect { finding: &NOT_ENCODED, what, help: "encode it, or move it to `stringData`".to_owned() });
    }
    let expected =
        [(certificate, SecretForm::Certificate, "certificate"), (key, SecretForm::PrivateKey, "private key")];
    let (wrong, _, content) = expected.into_iter().find(|(key, form, _)| !is(key, *form))?;
    Some(Defect {
        finding: &NOT_PEM,
        what: format!("has a `{wrong}` that is not a {content} in PEM form"),
        help: "write a PEM block, from `-----BEGIN` to `-----END`, unless the value is a placeholder".to_owned(),
    })
}

/// Checks the CA for client certificates, if the server verifies them: the CA is in the Secret, or in one of its own
/// (istiod: `GetCaCert`).
fn ca_defect(
    secrets: &Secrets<'_>,
    namespace: &str,
    credential: &Credential<'_, '_>,
    secret: &Secret,
) -> Option<Defect> {
    let tls = credential.tls;
    let mode = tls.mode.map(|mode| mode.value);
    let verifies_clients = matches!(mode, Some(ServerTlsMode::Mutual | ServerTlsMode::OptionalMutual));
    // Listeners of the Gateway API name the CA in another field.
    if !verifies_clients || tls.ca_cert_credential_name.is_some() || credential.gateway.is_of_gateway_api() {
        return None;
    }
    let has_ca = |secret: &Secret| {
        ["cacert", "ca.crt"].into_iter().any(|key| secret.get(key).is_some_and(|form| form != SecretForm::Empty))
    };
    let ca_secret = format!("{}-cacert", credential.name);
    let ca = secrets.get(namespace, &ca_secret);
    if has_ca(secret) || ca.is_some_and(|(_, ca)| has_ca(ca)) {
        return None;
    }
    Some(match ca {
        Some(_) => Defect {
            finding: &NO_CA,
            what: format!("has no `ca.crt` to verify client certificates with, nor has `{ca_secret}`"),
            help: format!("add `ca.crt` to Secret `{namespace}/{ca_secret}`"),
        },
        None => Defect {
            finding: &CA_NOT_GIVEN,
            what: "has no `ca.crt` to verify client certificates with".to_owned(),
            help: format!("add `ca.crt`, or a Secret `{namespace}/{ca_secret}` with it"),
        },
    })
}
