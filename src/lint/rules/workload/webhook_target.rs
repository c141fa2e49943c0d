//! `webhook-target`

use std::net::IpAddr;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::field::TextField;
use crate::model::kubernetes::{Webhook, WebhookService};
use crate::model::{Spec, nearest};
use crate::source::Spanned;
use crate::uri::Url;
use crate::world::{World, host};

pub static RULE: Rule = rule! {
    name: "webhook-target",
    aliases: ["IST0139", "IST0163", "IST0164"],
    severity: Error,
    summary: "a webhook of Istio's that calls nobody: a missing Service, no URL, or one that is refused",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for resource in &context.snapshot.resources {
        let webhooks = match &resource.spec {
            Spec::MutatingWebhookConfiguration(it) => &it.webhooks,
            Spec::ValidatingWebhookConfiguration(it) => &it.webhooks,
            _ => continue,
        };
        for webhook in webhooks.iter().filter(|webhook| webhook.is_of_istio()) {
            check_webhook(context.world, webhook, diagnostics);
        }
    }
}

fn check_webhook(world: &World<'_>, webhook: &Webhook, diagnostics: &mut Diagnostics) {
    let name = webhook.name.text();
    let Some(client) = &webhook.client_config else { return };
    match (&client.url, &client.service) {
        (Some(url), _) => check_url(url, diagnostics),
        (None, Some(service)) => check_service(world, service, diagnostics),
        (None, None) => {
            diagnostics
                .report_default(client.span, format!("{name} calls nobody: it has neither a url nor a service"))
                .help("an external control plane is called by url, one in the cluster by service")
                .aliases = &["IST0163"];
        }
    }
}

fn check_service(world: &World<'_>, service: &WebhookService, diagnostics: &mut Diagnostics) {
    let (Some(name), Some(namespace)) = (&service.name, &service.namespace) else { return };
    let full = host::expand(name, namespace, &world.settings.domain);
    if world.services.named(&full).any(|it| it.is_kubernetes()) {
        return;
    }
    if let Err(gap) = world.inventory.services(namespace) {
        return diagnostics.unchecked(gap);
    }
    let message = format!("namespace {} has no Service {}", namespace.value, name.value);
    let diagnostic = diagnostics.report_default(name.span, message);
    diagnostic.aliases = &["IST0139"];
    let of_namespace = world.services.iter().filter(|it| it.is_kubernetes() && it.namespace == namespace.value);
    if let Some(known) = nearest(name, of_namespace.map(|it| it.resource.name())) {
        diagnostic.help(format!("did you mean {known}?"));
    }
}

/// What the API server takes is `https://host[:port][/path]` (Kubernetes: `ValidateWebhookURL`).
fn check_url(url: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let Some(parsed) = Url::parse(url).filter(|url| url.scheme().as_deref() == Some("https")) else {
        diagnostics
            .report_default(url.span, format!("{:?} is no URL of a webhook", url.value))
            .help("write https://, a host name, and a path")
            .aliases = &["IST0163"];
        return;
    };
    let is_filled = |part: Option<&str>| part.is_some_and(|part| !part.is_empty());
    if parsed.has_user() || is_filled(parsed.query()) || is_filled(parsed.fragment()) {
        diagnostics
            .report_default(url.span, "the URL of a webhook has no user, query or fragment")
            .help("remove what stands before the host or after the path")
            .aliases = &["IST0163"];
    }
    let host = parsed.host().trim_start_matches('[').trim_end_matches(']');
    if host.parse::<IpAddr>().is_ok() {
        let diagnostic =
            diagnostics.report_default(url.span, format!("the control plane is called by the address {host}"));
        diagnostic.severity(Severity::Info);
        diagnostic.help("a host name can move, and certificates rarely name addresses").aliases = &["IST0164"];
    }
}
