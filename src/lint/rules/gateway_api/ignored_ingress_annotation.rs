//! `ignored-ingress-annotation`

use std::collections::BTreeSet;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::{Kind, Resource};
use crate::source::{Span, Spanned};

pub static RULE: Rule = rule! {
    name: "ignored-ingress-annotation",
    summary: "istiod ignores an annotation of another controller on an Ingress of Istio's class",
    findings: [&PROTECTION, &ROUTING],
    check: check,
};

static PROTECTION: Finding = finding! {
    "protection", Exposed, Certain, [],
    "the annotation restricts who may send requests",
};
static ROUTING: Finding = finding! {
    "routing", Surprising, Certain, [],
    "the annotation changes where requests go, or what servers get",
};

/// The prefixes of annotations of other Ingress controllers.
const PREFIXES: [&str; 2] = ["nginx.ingress.kubernetes.io/", "ingress.kubernetes.io/"];

/// Annotations that restrict who may send requests.
const PROTECTIONS: [&str; 8] = [
    "allowlist-source-range",
    "auth-secret",
    "auth-signin",
    "auth-tls-secret",
    "auth-type",
    "auth-url",
    "denylist-source-range",
    "whitelist-source-range",
];

/// Annotations that change where requests go, or what servers and clients get.
const ROUTES: [&str; 19] = [
    "affinity",
    "app-root",
    "backend-protocol",
    "canary",
    "configuration-snippet",
    "enable-cors",
    "force-ssl-redirect",
    "from-to-www-redirect",
    "mirror-target",
    "permanent-redirect",
    "rewrite-target",
    "server-alias",
    "server-snippet",
    "ssl-passthrough",
    "ssl-redirect",
    "temporal-redirect",
    "upstream-vhost",
    "use-regex",
    "x-forwarded-prefix",
];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let ours: BTreeSet<Span> = context.world.derived.gateways.iter().map(|gateway| gateway.resource.span).collect();
    let resources = context.snapshot.resources().filter(|it| it.kind == Kind::Ingress && ours.contains(&it.span));
    for resource in resources {
        report(&PROTECTION, &of_kind(resource, &PROTECTIONS), "everyone may send requests", diagnostics);
        report(&ROUTING, &of_kind(resource, &ROUTES), "requests are handled as without it", diagnostics);
    }
}

/// The annotations of an Ingress that have one of some names, unless they are switched off.
fn of_kind<'a>(resource: &'a Resource, names: &[&str]) -> Vec<&'a Spanned<String>> {
    let is_it = |key: &str| PREFIXES.iter().filter_map(|prefix| key.strip_prefix(prefix)).any(|it| names.contains(&it));
    // A range of all addresses restricts nothing.
    let is_open = |range: &str| matches!(range.trim(), "0.0.0.0/0" | "::/0");
    let is_on = |value: &str| !value.is_empty() && value != "false" && !value.split(',').any(is_open);
    let annotations = resource.metadata.annotations.iter();
    annotations.filter(|(key, value)| is_it(key) && is_on(value)).map(|(key, _)| key).collect()
}

fn report(finding: &'static Finding, found: &[&Spanned<String>], effect: &str, diagnostics: &mut Diagnostics) {
    let Some((first, others)) = found.split_first() else { return };
    let (_, name) = first.rsplit_once('/').unwrap_or_default();
    let help = match name {
        "rewrite-target" | "use-regex" | "app-root" => {
            "route with a VirtualService, which has `rewrite` and `redirect`"
        }
        "force-ssl-redirect" | "ssl-redirect" => {
            "route with a VirtualService and a Gateway, which has `tls.httpsRedirect`"
        }
        "auth-url" | "auth-signin" => "protect the gateway with an AuthorizationPolicy of `action: CUSTOM`",
        "auth-tls-secret" => "route with a VirtualService and a Gateway of `tls.mode: MUTUAL`",
        "backend-protocol" => {
            "declare the protocol in `appProtocol` of the port of the Service, or TLS in a DestinationRule"
        }
        _ if std::ptr::eq(finding, &PROTECTION) => "use an AuthorizationPolicy for the gateway",
        _ => "use a VirtualService",
    };
    let message = format!("istiod ignores annotation `{}`, so {effect}", first.value);
    let diagnostic = diagnostics.report(finding, first.span, message).help(help);
    for other in others {
        diagnostic.related(other.span, "istiod ignores this annotation as well");
    }
}
