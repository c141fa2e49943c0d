//! `ignored-peer-authentication`

use std::collections::BTreeMap;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::security::MutualTls;
use crate::source::Span;
use crate::world::{PeerAuthentication, World};

pub static RULE: Rule = rule! {
    name: "ignored-peer-authentication",
    summary: "istiod ignores a PeerAuthentication: an older one takes precedence, or its selector has no effect",
    findings: [
        &OF_NAMESPACE.conflict,
        &OF_WORKLOAD.conflict,
        &OF_NAMESPACE.alternative,
        &OF_WORKLOAD.alternative,
        &ROOT_SELECTOR,
        &OF_NAMESPACE.repetition,
        &OF_WORKLOAD.repetition,
    ],
    check: check,
};

/// The findings about a policy that an older one replaces.
struct Replaced {
    /// The policies are applied together and set different modes.
    conflict: Finding,
    /// Perhaps only one of the policies is applied.
    alternative: Finding,
    /// Both policies set the same modes.
    repetition: Finding,
}

static OF_NAMESPACE: Replaced = Replaced {
    conflict: finding! {
        "namespace", Exposed, Certain, ["KIA0002"],
        "an older policy for the whole namespace sets other modes",
    },
    alternative: finding! {
        "namespace-alternative", Exposed, Likely, ["KIA0002"],
        "an older policy for the whole namespace, perhaps an alternative, sets other modes",
    },
    repetition: finding! {
        "namespace-repetition", Notable, Certain, ["KIA0002"],
        "an older policy for the whole namespace sets the same modes",
    },
};
static OF_WORKLOAD: Replaced = Replaced {
    conflict: finding! {
        "workload", Exposed, Certain, ["KIA0003"],
        "an older policy that selects the workload sets other modes",
    },
    alternative: finding! {
        "workload-alternative", Exposed, Likely, ["KIA0003"],
        "an older policy that selects the workload, perhaps an alternative, sets other modes",
    },
    repetition: finding! {
        "workload-repetition", Notable, Certain, ["KIA0003"],
        "an older policy that selects the workload sets the same modes",
    },
};
static ROOT_SELECTOR: Finding = finding! {
    "root-selector", Surprising, Certain, [],
    "a policy in the root namespace has a selector, and applies to no workload",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let mut of_namespaces: BTreeMap<&str, &PeerAuthentication<'_>> = BTreeMap::new();
    let mut of_workloads: BTreeMap<Span, &PeerAuthentication<'_>> = BTreeMap::new();
    for policy in world.policies.peer_authentications() {
        match policy.spec.selector.as_ref().map(|selector| &selector.match_labels).filter(|labels| !labels.is_empty()) {
            None => {
                let namespace = policy.name.namespace.as_ref();
                let first = *of_namespaces.entry(namespace).or_insert(policy);
                if !std::ptr::eq(first, policy) {
                    report(world, policy, first, &format!("namespace `{namespace}`"), &OF_NAMESPACE, diagnostics);
                }
            }
            Some(labels) if policy.name.namespace == world.settings.root_namespace => {
                diagnostics
                    .report(
                        &ROOT_SELECTOR,
                        labels.span.unwrap_or(policy.spec.span),
                        "a PeerAuthentication with a selector applies to no workload if it is in the root namespace",
                    )
                    .help("move it to the namespace of the workloads");
            }
            Some(_) => check_selector(world, policy, &mut of_workloads, diagnostics),
        }
    }
}

/// Of the policies that select a workload, istiod takes the oldest one.
fn check_selector<'w, 'a>(
    world: &'w World<'a>,
    policy: &'w PeerAuthentication<'a>,
    of_workloads: &mut BTreeMap<Span, &'w PeerAuthentication<'a>>,
    diagnostics: &mut Diagnostics,
) {
    let mut is_reported = false;
    for workload in world.workloads_of_policy(policy).unwrap_or_default() {
        let first = *of_workloads.entry(workload.resource.span).or_insert(policy);
        if !std::ptr::eq(first, policy) && !is_reported {
            is_reported = true;
            report(world, policy, first, &format!("workload `{}`", workload.name), &OF_WORKLOAD, diagnostics);
        }
    }
}

fn report(
    world: &World<'_>,
    policy: &PeerAuthentication<'_>,
    first: &PeerAuthentication<'_>,
    subject: &str,
    findings: &'static Replaced,
    diagnostics: &mut Diagnostics,
) {
    let finding = if modes(policy) == modes(first) {
        &findings.repetition
    } else if world.are_together(&[first.resource, policy.resource]) {
        &findings.conflict
    } else {
        &findings.alternative
    };
    let selector = policy.spec.selector.as_ref().and_then(|selector| selector.match_labels.span);
    let span = selector.unwrap_or_else(|| policy.resource.name_span());
    diagnostics
        .report(
            finding,
            span,
            format!("istiod ignores this policy for {subject}: PeerAuthentication `{}` takes precedence", first.name),
        )
        .related(first.resource.name_span(), "the policy in effect")
        .help("remove one of the policies: istiod does not merge them, and takes the oldest");
}

/// The modes that a policy sets, for all ports and for single ports.
fn modes<'a>(policy: &PeerAuthentication<'a>) -> (Option<&'a str>, BTreeMap<&'a str, Option<&'a str>>) {
    let mode = |mtls: &MutualTls| mtls.mode.map(|mode| mode.value.as_str());
    let of_ports = policy.spec.port_level_mtls.iter().map(|(port, mtls)| (port.as_str(), mode(mtls)));
    (policy.spec.mtls.as_ref().and_then(mode), of_ports.collect())
}
