//! `ignored-peer-authentication`

use std::collections::BTreeMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::security::MutualTls;
use crate::source::Span;
use crate::world::{PeerAuthentication, World};

pub static RULE: Rule = rule! {
    name: "ignored-peer-authentication",
    aliases: ["KIA0002", "KIA0003"],
    severity: Error,
    summary: "a PeerAuthentication that does not count, because an older one does or selectors have no effect there",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut wide: BTreeMap<&str, &PeerAuthentication<'_>> = BTreeMap::new();
    let mut selecting: BTreeMap<Span, &PeerAuthentication<'_>> = BTreeMap::new();
    for policy in world.policies.peer_authentications() {
        match policy.spec.selector.as_ref().map(|selector| &selector.match_labels).filter(|labels| !labels.is_empty()) {
            None => {
                let first = *wide.entry(policy.name.namespace.as_ref()).or_insert(policy);
                if !std::ptr::eq(first, policy) {
                    let message = format!("PeerAuthentication {} counts for the whole namespace", first.name);
                    report(world, policy, first, &message, &["KIA0002"], diagnostics);
                }
            }
            Some(labels) if policy.name.namespace == world.settings.root_namespace => {
                let diagnostic = diagnostics.report_default(
                    labels.span.unwrap_or(policy.spec.span),
                    "in the root namespace a PeerAuthentication with a selector applies to nothing",
                );
                diagnostic.aliases = &[];
                diagnostic.severity(Severity::Warning).help("put it into the namespace of the workloads");
            }
            Some(_) => check_selector(world, policy, &mut selecting, diagnostics),
        }
    }
}

/// Of the policies that select a workload the oldest one counts.
fn check_selector<'w, 'a>(
    world: &'w World<'a>,
    policy: &'w PeerAuthentication<'a>,
    selecting: &mut BTreeMap<Span, &'w PeerAuthentication<'a>>,
    diagnostics: &mut Diagnostics,
) {
    let mut is_reported = false;
    for workload in world.workloads_of_policy(policy).unwrap_or_default() {
        let first = *selecting.entry(workload.resource.span).or_insert(policy);
        if !std::ptr::eq(first, policy) && !is_reported {
            is_reported = true;
            let message = format!("PeerAuthentication {} counts for workload {}", first.name, workload.name);
            report(world, policy, first, &message, &["KIA0003"], diagnostics);
        }
    }
}

fn report(
    world: &World<'_>,
    policy: &PeerAuthentication<'_>,
    first: &PeerAuthentication<'_>,
    message: &str,
    aliases: &'static [&'static str],
    diagnostics: &mut Diagnostics,
) {
    let selector = policy.spec.selector.as_ref().and_then(|selector| selector.match_labels.span);
    let span = selector.unwrap_or_else(|| policy.resource.name_span());
    let diagnostic = diagnostics.report_default(span, format!("this policy does not count: {message}"));
    diagnostic.aliases = aliases;
    if modes(policy) == modes(first) || !world.are_together(&[first.resource, policy.resource]) {
        diagnostic.severity(Severity::Warning);
    }
    diagnostic
        .related(first.resource.name_span(), "the one that counts")
        .help("keep one; the oldest counts, and policies are not merged");
}

/// What a policy says.
fn modes<'a>(policy: &PeerAuthentication<'a>) -> (Option<&'a str>, BTreeMap<&'a str, Option<&'a str>>) {
    let mode = |mtls: &MutualTls| mtls.mode.map(|mode| mode.value.as_str());
    let of_ports = policy.spec.port_level_mtls.iter().map(|(port, mtls)| (port.as_str(), mode(mtls)));
    (policy.spec.mtls.as_ref().and_then(mode), of_ports.collect())
}
