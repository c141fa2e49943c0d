//! `missing-ca-certificates`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::TextField;
use crate::model::networking::{ClientTlsMode, ClientTlsSettings};
use crate::world::host;

pub static RULE: Rule = rule! {
    name: "missing-ca-certificates",
    summary: "a DestinationRule does not say which CA signs the server's certificate",
    findings: [&CLUSTER_HOST, &SIDECAR_CREDENTIAL, &UNVERIFIED, &SYSTEM_CAS],
    check: check,
};

static CLUSTER_HOST: Finding = finding! {
    "cluster-host", Lost, Likely, ["IST0128", "IST0129"],
    "Envoy trusts public CAs only, which do not sign certificates for Services of the cluster",
};
static SIDECAR_CREDENTIAL: Finding = finding! {
    "sidecar-credential", Surprising, Likely, ["IST0128", "IST0129"],
    "sidecars ignore `credentialName` without a `workloadSelector`",
};
static UNVERIFIED: Finding = finding! {
    "unverified", Notable, Certain, ["IST0128", "IST0129"],
    "Envoy does not verify the server's certificate",
};
static SYSTEM_CAS: Finding = finding! {
    "system-cas", Notable, Certain, ["IST0128", "IST0129"],
    "Envoy trusts the CAs of the proxy's operating system",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let domain = &context.world.settings.domain;
    for destination_rule in context.world.destination_rules.iter() {
        let is_of_cluster = host::kubernetes_service(&destination_rule.host, domain).is_some();
        for tls in destination_rule.tls_settings() {
            check_settings(tls.settings, destination_rule.selector().is_some(), is_of_cluster, diagnostics);
        }
    }
}

fn check_settings(
    settings: &ClientTlsSettings,
    has_selector: bool,
    is_of_cluster: bool,
    diagnostics: &mut Diagnostics,
) {
    if !matches!(settings.effective_mode(), ClientTlsMode::Simple | ClientTlsMode::Mutual) || has_ca(settings) {
        return;
    }
    let credential = settings.credential_name.filled();
    if let Some(credential) = credential {
        if !has_selector {
            diagnostics
                .report(
                    &SIDECAR_CREDENTIAL,
                    credential.span,
                    "sidecars ignore `credentialName` without a `workloadSelector`, and send plaintext",
                )
                .help("add a `workloadSelector` if sidecars use the DestinationRule; gateways do not need it");
        }
        return;
    }
    if let Some(skip) = settings.insecure_skip_verify.filter(|skip| skip.value) {
        diagnostics
            .report(
                &UNVERIFIED,
                skip.span,
                "Envoy does not verify the server's certificate, so any server can pose as the host",
            )
            .help("remove `insecureSkipVerify`, and set `caCertificates` to the file of the server's CA");
        return;
    }
    let place = settings.mode.map_or(settings.span, |mode| mode.span);
    if is_of_cluster {
        diagnostics
            .report(
                &CLUSTER_HOST,
                place,
                "without `caCertificates`, Envoy trusts public CAs, which do not sign certificates for a Service of the cluster",
            )
            .help("set `caCertificates` to the file of the server's CA");
    } else {
        diagnostics
            .report(
                &SYSTEM_CAS,
                place,
                "without `caCertificates`, Envoy trusts the CAs of the proxy's operating system",
            )
            .help("set `caCertificates` if a private CA signs the server's certificate");
    }
}

fn has_ca(settings: &ClientTlsSettings) -> bool {
    settings.ca_certificates.as_ref().is_some_and(|file| !file.is_empty())
}
