//! `missing-ca-certificates`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::field::TextField;
use crate::model::networking::{ClientTlsMode, ClientTlsSettings};
use crate::world::{ClientTls, host};

pub static RULE: Rule = rule! {
    name: "missing-ca-certificates",
    aliases: ["IST0128", "IST0129"],
    severity: Info,
    summary: "TLS to a server whose certificate only public authorities vouch for, or that is not verified at all",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let domain = &context.world.settings.domain;
    for rule in context.world.destination_rules.iter() {
        let is_of_cluster = host::kubernetes_service(&rule.host, domain).is_some();
        for tls in rule.tls_settings() {
            check_settings(&tls, rule.selector().is_some(), is_of_cluster, diagnostics);
        }
    }
}

fn check_settings(tls: &ClientTls<'_>, has_selector: bool, is_of_cluster: bool, diagnostics: &mut Diagnostics) {
    let settings = tls.settings;
    if !matches!(settings.effective_mode(), ClientTlsMode::Simple | ClientTlsMode::Mutual) || has_authority(settings) {
        return;
    }
    let aliases: &'static [&'static str] = if tls.port.is_some() { &["IST0129"] } else { &["IST0128"] };
    let credential = settings.credential_name.filled();
    if let Some(credential) = credential {
        if !has_selector {
            diagnostics
                .report_default(
                    credential.span,
                    "sidecars do not read credentials without a workloadSelector: they send plaintext",
                )
                .help("add a workloadSelector if sidecars are meant; gateways read it anyway")
                .aliases = aliases;
        }
        return;
    }
    if let Some(skip) = settings.insecure_skip_verify.filter(|skip| skip.value) {
        diagnostics
            .report_default(skip.span, "the server's certificate is not verified: anyone in between can read along")
            .help("name the authority in caCertificates instead")
            .aliases = aliases;
        return;
    }
    let place = settings.mode.map_or(settings.span, |mode| mode.span);
    let diagnostic = if is_of_cluster {
        let message = "no public authority vouches for a service of the cluster: connections fail";
        let diagnostic = diagnostics.report_default(place, message);
        diagnostic.severity(Severity::Warning).help("name the file of its authority in caCertificates");
        diagnostic
    } else {
        let diagnostic =
            diagnostics.report_default(place, "without caCertificates the authorities of the proxy's system count");
        diagnostic.help("name the file of the authority in caCertificates if it is a private one");
        diagnostic
    };
    diagnostic.aliases = aliases;
}

fn has_authority(settings: &ClientTlsSettings) -> bool {
    settings.ca_certificates.as_ref().is_some_and(|file| !file.is_empty())
}
