//! `webhook-target`

use std::net::IpAddr;

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::TextField;
use crate::model::kubernetes::{Webhook, WebhookService};
use crate::model::{Spec, nearest};
use crate::source::Spanned;
use crate::uri::go;
use crate::world::{World, host};

pub static RULE: Rule = rule! {
    name: "webhook-target",
    summary: "the API server cannot call a webhook of Istio, because its Service or its URL is wrong",
    findings: [&MISSING_SERVICE, &NO_TARGET, &INVALID_URL, &IP_ADDRESS],
    check: check,
};

static MISSING_SERVICE: Finding = finding! {
    "missing-service", Lost, Certain, ["IST0139"],
    "the Service of a webhook does not exist",
};
static NO_TARGET: Finding = finding! {
    "no-target", Refused, Certain, ["IST0163"],
    "a webhook has neither a URL nor a Service",
};
static INVALID_URL: Finding = finding! {
    "invalid-url", Refused, Certain, ["IST0163"],
    "the API server rejects the URL of a webhook",
};
static IP_ADDRESS: Finding = finding! {
    "ip-address", Notable, Certain, ["IST0164"],
    "the URL of a webhook has an IP address instead of a host name",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for resource in context.snapshot.resources() {
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
                .report(&NO_TARGET, client.span, format!("webhook `{name}` has neither `url` nor `service`"))
                .help("add `service` for a control plane in the cluster, or `url` for an external one");
        }
    }
}

fn check_service(world: &World<'_>, service: &WebhookService, diagnostics: &mut Diagnostics) {
    let (Some(name), Some(namespace)) = (&service.name, &service.namespace) else { return };
    let full = host::expand(name, namespace, &world.settings.domain);
    if world.services.named(&full).any(|it| it.is_kubernetes()) || world.makes_service(&full) {
        return;
    }
    if let Err(gap) = world.inventory.service(namespace, name) {
        return diagnostics.unchecked(gap);
    }
    let diagnostic =
        diagnostics.report(&MISSING_SERVICE, name.span, format!("Service `{namespace}/{name}` does not exist"));
    let of_namespace = world.services.iter().filter(|it| it.is_kubernetes() && it.namespace == namespace.value);
    if let Some(known) = nearest(name, of_namespace.map(|it| it.resource.name())) {
        diagnostic.did_you_mean(known);
    }
}

/// The API server accepts `https://host[:port][/path]` (Kubernetes: `ValidateWebhookURL`).
fn check_url(url: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let Some(parsed) = go::parse_url(url).filter(|url| url.scheme == "https" && !url.host.is_empty()) else {
        diagnostics
            .report(&INVALID_URL, url.span, format!("the API server rejects `{url}`, which is not a valid https URL"))
            .help("write `https://`, a host name and a path, such as `https://istiod.example.com/inject`");
        return;
    };
    if parsed.has_user || !parsed.query.is_empty() || !parsed.fragment.is_empty() {
        diagnostics
            .report(&INVALID_URL, url.span, "the API server rejects a webhook URL with a user, query or fragment")
            .help(
                Advice::new("remove the user, the query and the fragment")
                    .fix([Edit::set(url.span, bare(url)).unshown()]),
            );
    }
    let host = go::split_host_port(parsed.host).map_or(parsed.host, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    if host.parse::<IpAddr>().is_ok() {
        diagnostics
            .report(
                &IP_ADDRESS,
                url.span,
                format!("the URL of the webhook has IP address `{host}` instead of a host name"),
            )
            .help("use a host name, which can move and which a certificate can name");
    }
}

/// A URL without its user, query and fragment.
fn bare(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let (scheme, rest) = url[..end].split_once("://").unwrap_or(("https", &url[..end]));
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}
