//! `unknown-gateway-class`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::model::{Kind, Spec, nearest};

pub static RULE: Rule = rule! {
    name: "unknown-gateway-class",
    aliases: ["KIA1504"],
    severity: Warning,
    summary: "a Gateway of a class that there is not: no controller looks after it",
    check: check,
};

/// The classes that istiod makes itself (istiod: `builtinClasses`).
const BUILT_IN: [&str; 5] = ["istio", "istio-remote", "istio-waypoint", "istio-east-west", "istio-agentgateway"];

fn check(context: &Context<'_>, findings: &mut Findings) {
    let world = context.world;
    let classes = world.snapshot.resources.iter().filter(|resource| resource.kind == Kind::GatewayClass);
    let classes: Vec<&str> = classes.map(|class| class.name()).collect();
    let knows_classes = world.inventory.is_complete() || !classes.is_empty();
    for gateway in world.kubernetes_gateways.values() {
        let Spec::KubernetesGateway(spec) = &gateway.spec else { continue };
        // Something else is a placeholder that is filled in later.
        let is_name = |class: &str| !class.is_empty() && class.bytes().all(|it| it.is_ascii_alphanumeric() || b"-.".contains(&it));
        let Some(class) = spec.gateway_class_name.as_ref().filter(|class| is_name(class)) else { continue };
        if BUILT_IN.contains(&class.as_str()) || classes.contains(&class.as_str()) {
            continue;
        }
        let suggestion = nearest(class, classes.iter().copied().chain(BUILT_IN));
        if !knows_classes && suggestion.is_none() {
            findings.unchecked("no GatewayClass is among the manifests");
            continue;
        }
        let diagnostic = findings.report(class.span, format!("there is no GatewayClass {}", class.as_str()));
        match suggestion {
            Some(suggestion) => diagnostic.help(format!("did you mean {suggestion}?")),
            None => diagnostic.help("add the GatewayClass, or write istio"),
        };
    }
}
