//! `port-policy-drops-settings`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::networking::{ClientTlsSettings, PortTrafficPolicy, TrafficPolicy};
use crate::source::Span;

pub static RULE: Rule = rule! {
    name: "port-policy-drops-settings",
    aliases: [],
    severity: Warning,
    summary: "settings of a port that drop those of the host: nothing is inherited, TLS included",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for rule in context.world.destination_rules.iter() {
        let of_host = rule.spec.traffic_policy.as_ref();
        if let Some(policy) = of_host {
            policy.port_level_settings.iter().for_each(|port| check_port(port, &[policy], diagnostics));
        }
        for policy in rule.spec.subsets.iter().filter_map(|subset| subset.traffic_policy.as_ref()) {
            let wider: Vec<&TrafficPolicy> = std::iter::once(policy).chain(of_host).collect();
            policy.port_level_settings.iter().for_each(|port| check_port(port, &wider, diagnostics));
        }
    }
}

/// The settings of a port take the place of all others, whether they say something or not (istiod:
/// `MergeTrafficPolicy`). `wider` are those that would apply without them, the narrowest first.
fn check_port(port: &PortTrafficPolicy, wider: &[&TrafficPolicy], diagnostics: &mut Diagnostics) {
    let number = port.port.as_ref().and_then(|port| port.number).map_or(0, |number| number.value);
    let place = port.port.as_ref().map_or(port.span, |port| port.span);
    let tls = wider.iter().find_map(|policy| policy.tls.as_ref()).filter(|_| port.tls.is_none());
    if let Some(settings) = tls {
        report_tls(number, place, settings, diagnostics);
    }
    // How an endpoint is chosen rarely matters, unless clients are to stay with theirs.
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
        let names: Vec<&str> = dropped.iter().map(|(name, _)| *name).collect();
        diagnostics
            .report_default(place, format!("port {number} does not inherit {}", names.join(", ")))
            .severity(Severity::Info)
            .related(*first, "this does not apply to the port")
            .help("repeat the settings for the port if they are meant for it");
    }
}

fn report_tls(number: u32, place: Span, settings: &ClientTlsSettings, diagnostics: &mut Diagnostics) {
    let mode = settings.mode.map_or("DISABLE", |mode| mode.value.as_str());
    diagnostics
        .report_default(place, format!("port {number} does not inherit tls: mode {mode} of the host is dropped"))
        .related(settings.span, "these settings do not apply to the port")
        .help("repeat tls for the port");
}
