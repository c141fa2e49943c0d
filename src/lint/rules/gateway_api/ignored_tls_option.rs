//! `ignored-tls-option`

use std::collections::BTreeSet;

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::gateway_api::{GatewayListener, ListenerTls};
use crate::model::{Spec, nearest};
use crate::source::Span;

pub static RULE: Rule = rule! {
    name: "ignored-tls-option",
    summary: "istiod ignores an option in `tls.options` of a listener",
    findings: [&MODE, &NAME],
    check: check,
};

static MODE: Finding = finding! {
    "mode", Exposed, Certain, [],
    "istiod does not know the mode, so clients need no certificate",
};
static NAME: Finding = finding! {
    "name", Surprising, Certain, [],
    "istiod does not know the option",
};

/// The domain of Istio's options.
const DOMAIN: &str = "gateway.istio.io/";

/// The option with the mode of a listener that terminates TLS.
const TERMINATE_MODE: &str = "gateway.istio.io/tls-terminate-mode";

/// The options that istiod reads.
const OPTIONS: [&str; 3] = [TERMINATE_MODE, "gateway.istio.io/tls-cipher-suites", "gateway.istio.io/listener-protocol"];

/// The modes that istiod knows (istiod: `buildTLS`).
const MODES: [&str; 4] = ["MUTUAL", "OPTIONAL_MUTUAL", "ISTIO_SIMPLE", "ISTIO_MUTUAL"];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let ours: BTreeSet<Span> = context.world.derived.gateways.iter().map(|gateway| gateway.resource.span).collect();
    for resource in context.snapshot.resources().filter(|resource| ours.contains(&resource.span)) {
        let listeners: &[GatewayListener] = match &resource.spec {
            Spec::KubernetesGateway(gateway) => &gateway.listeners,
            Spec::ListenerSet(set) => &set.listeners,
            _ => continue,
        };
        listeners.iter().filter_map(|listener| listener.tls.as_ref()).for_each(|tls| check_tls(tls, diagnostics));
    }
}

fn check_tls(tls: &ListenerTls, diagnostics: &mut Diagnostics) {
    let terminates = tls.mode.as_ref().is_none_or(|mode| mode.as_str() == "Terminate");
    for (name, value) in tls.options.iter() {
        if name.as_str() == TERMINATE_MODE {
            // `SIMPLE` is the default.
            let is_known = value.is_empty() || value.as_str() == "SIMPLE" || MODES.contains(&value.as_str());
            if terminates && !is_known {
                let message = format!("istiod does not know mode `{}`, so clients need no certificate", value.value);
                let upper = value.to_ascii_uppercase();
                let intended = nearest(&upper, MODES).unwrap_or("MUTUAL");
                diagnostics.report(&MODE, value.span, message).help(Advice::write(Edit::set(value.span, intended)));
            }
        } else if name.starts_with(DOMAIN) && !OPTIONS.contains(&name.as_str()) {
            let diagnostic =
                diagnostics.report(&NAME, name.span, format!("istiod does not know option `{}`", name.value));
            match nearest(name, OPTIONS) {
                Some(similar) => diagnostic.help(Advice::did_you_mean(Edit::rename(name.span, similar))),
                None => diagnostic.help(Advice::new("remove the option").fix([Edit::remove(name.span)])),
            };
        }
    }
}
