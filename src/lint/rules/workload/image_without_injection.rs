//! `image-without-injection`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;
use crate::model::kubernetes::Container;
use crate::source::Spanned;
use crate::world::{Gap, Workload, World};

pub static RULE: Rule = rule! {
    name: "image-without-injection",
    summary: "a proxy has `image: auto`, but its pods are not injected, so the image cannot be pulled",
    findings: [&TEMPLATE, &POD, &TEMPLATE_IN_UNKNOWN_NAMESPACE, &POD_IN_UNKNOWN_NAMESPACE],
    check: check,
};

static TEMPLATE: Finding = finding! {
    "template", Lost, Certain, ["IST0146"],
    "the pods of a template with `image: auto` are not injected",
};
static POD: Finding = finding! {
    "pod", Lost, Certain, ["IST0147"],
    "a Pod with `image: auto` is not injected",
};
static TEMPLATE_IN_UNKNOWN_NAMESPACE: Finding = finding! {
    "template-in-unknown-namespace", Lost, Likely, ["IST0146"],
    "the pods of a template with `image: auto` do not ask for injection, and their Namespace was not given",
};
static POD_IN_UNKNOWN_NAMESPACE: Finding = finding! {
    "pod-in-unknown-namespace", Lost, Likely, ["IST0147"],
    "a Pod with `image: auto` does not ask for injection, and its Namespace was not given",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for workload in &world.workloads {
        let Some(image) = workload.containers().find_map(auto) else { continue };
        let (name, namespace) = (&workload.name, &workload.name.namespace);
        let is_pod = workload.resource.kind == Kind::Pod;
        let (finding, message) = match world.namespaces.injection(workload) {
            Some(true) => continue,
            Some(false) => {
                let finding = if is_pod { &POD } else { &TEMPLATE };
                (finding, format!("nothing replaces image `auto`: pods of workload `{name}` are not injected"))
            }
            None if world.inventory.namespaces().is_ok() => {
                let finding = if is_pod { &POD_IN_UNKNOWN_NAMESPACE } else { &TEMPLATE_IN_UNKNOWN_NAMESPACE };
                let condition = format!("unless Namespace `{namespace}` asks for injection");
                (finding, format!("nothing replaces image `auto` of workload `{name}` {condition}"))
            }
            None => {
                diagnostics.unchecked(Gap::NoNamespace(namespace.to_string()));
                continue;
            }
        };
        diagnostics.report(finding, image.span, message).help(advice(world, workload));
    }
}

/// The labels that make the injector inject a workload. Pods that decline need another label themselves, and a pod cannot
/// override the label of its Namespace.
fn advice(world: &World<'_>, workload: &Workload<'_>) -> String {
    const INJECT: &str = "sidecar.istio.io/inject";
    const INJECTION: &str = "istio-injection";
    let namespace = &workload.name.namespace;
    let own = workload.labels.get(INJECT).or_else(|| workload.annotations.get(INJECT));
    if own == Some(&"false") {
        format!("label the pods with `{INJECT}: \"true\"`")
    } else if world.namespaces.labels(namespace).is_some_and(|labels| labels.get(INJECTION).is_some()) {
        format!("label Namespace `{namespace}` with `{INJECTION}: enabled`")
    } else {
        format!(
            "label the pods with `{INJECT}: \"true\"`, or label Namespace `{namespace}` with `{INJECTION}: enabled`"
        )
    }
}

fn auto(container: &Container) -> Option<&Spanned<String>> {
    container.image.as_ref().filter(|image| container.is_proxy() && image.as_str() == "auto")
}
