//! `port-policy-drops-settings`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::{ClientTlsSettings, PortTrafficPolicy, TrafficPolicy};
use crate::model::wording::list;
use crate::source::Span;

pub static RULE: Rule = rule! {
    name: "port-policy-drops-settings",
    summary: "the settings of a port replace those of the host, so the port loses settings that it does not repeat",
    findings: [&TLS, &OTHER_SETTINGS],
    check: check,
};

static TLS: Finding = finding! {
    "tls", Lost, Likely, [],
    "the port does not repeat `tls`",
};
static OTHER_SETTINGS: Finding = finding! {
    "other-settings", Surprising, Likely, [],
    "the port does not repeat `connectionPool`, `outlierDetection` or `consistentHash`",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for destination_rule in context.world.destination_rules.iter() {
        let of_host = destination_rule.spec.traffic_policy.as_ref();
        if let Some(policy) = of_host {
            policy.port_level_settings.iter().for_each(|port| check_port(port, &[policy], diagnostics));
        }
        for policy in destination_rule.spec.subsets.iter().filter_map(|subset| subset.traffic_policy.as_ref()) {
            let wider: Vec<&TrafficPolicy> = std::iter::once(policy).chain(of_host).collect();
            policy.port_level_settings.iter().for_each(|port| check_port(port, &wider, diagnostics));
        }
    }
}

/// The settings of a port replace all others, even those that they do not mention (istiod: `MergeTrafficPolicy`).
/// `wider` are the policies that apply to other ports, the narrowest first.
fn check_port(port: &PortTrafficPolicy, wider: &[&TrafficPolicy], diagnostics: &mut Diagnostics) {
    let number = port.port.as_ref().and_then(|port| port.number).map_or(0, |number| number.value);
    let place = port.port.as_ref().map_or(port.span, |port| port.span);
    let tls = wider.iter().find_map(|policy| policy.tls.as_ref()).filter(|_| port.tls.is_none());
    if let Some(settings) = tls {
        report_tls(number, place, settings, diagnostics);
    }
    // The choice of an endpoint rarely matters, unless clients must stay with theirs.
    let hash = |policy: &TrafficPolicy| Some(policy.load_balancer.as_ref()?.consistent_hash.as_ref()?.span);
    let settings: [(&'static str, bool, Option<Span>); 3] = [
        (
            "connectionPool",
            port.connection_pool.is_none(),
            wider.iter().find_map(|it| Some(it.connection_pool.as_ref()?.span)),
        ),
        (
            "outlierDetection",
            port.outlier_detection.is_none(),
            wider.iter().find_map(|it| Some(it.outlier_detection.as_ref()?.span)),
        ),
        ("consistentHash", port.load_balancer.is_none(), wider.iter().find_map(|it| hash(it))),
    ];
    let is_dropped =
        |(name, is_absent, wider): (&'static str, bool, Option<Span>)| Some((name, wider.filter(|_| is_absent)?));
    let dropped: Vec<(&str, Span)> = settings.into_iter().filter_map(is_dropped).collect();
    if let [(_, first), ..] = dropped.as_slice() {
        let names = list(dropped.iter().map(|(name, _)| *name), "and");
        diagnostics
            .report(&OTHER_SETTINGS, place, format!("port {number} does not inherit {names}"))
            .related(*first, "these settings do not apply to the port")
            .help("repeat the settings for the port, if they should apply to it");
    }
}

fn report_tls(number: u32, place: Span, settings: &ClientTlsSettings, diagnostics: &mut Diagnostics) {
    let mode = settings.mode.map_or("DISABLE", |mode| mode.value.as_str());
    diagnostics
        .report(&TLS, place, format!("port {number} does not inherit `tls` with mode `{mode}`"))
        .related(settings.span, "these settings do not apply to the port")
        .help("repeat `tls` for the port");
}
