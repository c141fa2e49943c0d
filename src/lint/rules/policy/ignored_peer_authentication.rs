//! `ignored-peer-authentication`

use std::collections::BTreeMap;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::LabelSet;
use crate::source::Span;
use crate::world::{MtlsMode, PeerAuthentication, World};

pub static RULE: Rule = rule! {
    name: "ignored-peer-authentication",
    summary: "istiod ignores a PeerAuthentication: an older one takes precedence, or its selector has no effect",
    findings: [
        &OF_NAMESPACE.weaker.together,
        &OF_WORKLOAD.weaker.together,
        &OF_NAMESPACE.stricter.together,
        &OF_WORKLOAD.stricter.together,
        &OF_NAMESPACE.weaker.alternative,
        &OF_WORKLOAD.weaker.alternative,
        &OF_NAMESPACE.stricter.alternative,
        &OF_WORKLOAD.stricter.alternative,
        &ROOT_SELECTOR,
        &OF_NAMESPACE.repetition,
        &OF_WORKLOAD.repetition,
    ],
    check: check,
};

/// The findings about a policy that an older one replaces.
struct Replaced {
    /// The older policy accepts traffic that the ignored one rejects.
    weaker: Conflict,
    /// The older policy rejects traffic that the ignored one accepts.
    stricter: Conflict,
    /// Both policies have the same effect.
    repetition: Finding,
}

struct Conflict {
    /// The policies are applied together.
    together: Finding,
    /// Perhaps only one of the policies is applied.
    alternative: Finding,
}

static OF_NAMESPACE: Replaced = Replaced {
    weaker: Conflict {
        together: finding! {
            "namespace", Exposed, Certain, ["KIA0002"],
            "an older policy for the whole namespace sets a weaker mode",
        },
        alternative: finding! {
            "namespace-alternative", Exposed, Likely, ["KIA0002"],
            "an older policy for the whole namespace, perhaps an alternative, sets a weaker mode",
        },
    },
    stricter: Conflict {
        together: finding! {
            "namespace-stricter", Lost, Certain, ["KIA0002"],
            "an older policy for the whole namespace sets a stricter mode",
        },
        alternative: finding! {
            "namespace-stricter-alternative", Lost, Likely, ["KIA0002"],
            "an older policy for the whole namespace, perhaps an alternative, sets a stricter mode",
        },
    },
    repetition: finding! {
        "namespace-repetition", Notable, Certain, ["KIA0002"],
        "an older policy for the whole namespace has the same effect",
    },
};
static OF_WORKLOAD: Replaced = Replaced {
    weaker: Conflict {
        together: finding! {
            "workload", Exposed, Certain, ["KIA0003"],
            "an older policy that selects the workload sets a weaker mode",
        },
        alternative: finding! {
            "workload-alternative", Exposed, Likely, ["KIA0003"],
            "an older policy that selects the workload, perhaps an alternative, sets a weaker mode",
        },
    },
    stricter: Conflict {
        together: finding! {
            "workload-stricter", Lost, Certain, ["KIA0003"],
            "an older policy that selects the workload sets a stricter mode",
        },
        alternative: finding! {
            "workload-stricter-alternative", Lost, Likely, ["KIA0003"],
            "an older policy that selects the workload, perhaps an alternative, sets a stricter mode",
        },
    },
    repetition: finding! {
        "workload-repetition", Notable, Certain, ["KIA0003"],
        "an older policy that selects the workload has the same effect",
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
    let finding = match (weakening(world, policy, first), world.are_together(&[first.resource, policy.resource])) {
        (Some(true), true) => &findings.weaker.together,
        (Some(true), false) => &findings.weaker.alternative,
        (Some(false), true) => &findings.stricter.together,
        (Some(false), false) => &findings.stricter.alternative,
        (None, _) => &findings.repetition,
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

/// Whether the policy in effect is weaker than the one that it replaces, on some port. `None` if they have the same effect.
fn weakening(world: &World<'_>, ignored: &PeerAuthentication<'_>, in_effect: &PeerAuthentication<'_>) -> Option<bool> {
    let inherited = inherited(world, ignored);
    let ports = ignored.spec.port_level_mtls.iter().chain(in_effect.spec.port_level_mtls.iter());
    // Modes of ports have no effect without a selector.
    let ports = ports.map(|(port, _)| Some(port.as_str())).filter(|_| is_selective(ignored));
    let mut differs = false;
    for port in ports.chain([None]) {
        let (wanted, actual) = (mode(ignored, port, inherited), mode(in_effect, port, inherited));
        if actual < wanted {
            return Some(true);
        }
        differs |= actual > wanted;
    }
    differs.then_some(false)
}

fn is_selective(policy: &PeerAuthentication<'_>) -> bool {
    policy.spec.selector.as_ref().is_some_and(|selector| !selector.match_labels.is_empty())
}

/// The mode of a policy that sets none.
fn inherited(world: &World<'_>, policy: &PeerAuthentication<'_>) -> MtlsMode {
    let root = world.settings.root_namespace.as_str();
    let of_namespace = |namespace: &str| world.policies.mtls(namespace, &LabelSet::new(), 0).mode;
    match policy.name.namespace.as_ref() {
        namespace if is_selective(policy) => of_namespace(namespace),
        namespace if namespace == root => MtlsMode::Permissive,
        _ => of_namespace(root),
    }
}

/// The mode of a port, or of all other ports.
fn mode(policy: &PeerAuthentication<'_>, port: Option<&str>, inherited: MtlsMode) -> MtlsMode {
    let mut of_ports = policy.spec.port_level_mtls.iter();
    let of_port = port.and_then(|port| of_ports.find(|(it, _)| it.as_str() == port)).map(|(_, mtls)| mtls);
    let levels = [of_port, policy.spec.mtls.as_ref()];
    levels.into_iter().flatten().find_map(MtlsMode::of).unwrap_or(inherited)
}
