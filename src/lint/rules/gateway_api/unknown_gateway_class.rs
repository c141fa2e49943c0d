//! `unknown-gateway-class`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::{Kind, Resource, Spec, nearest};
use crate::source::Spanned;
use crate::world::Gap;

pub static RULE: Rule = rule! {
    name: "unknown-gateway-class",
    summary: "a Gateway names a GatewayClass that does not exist, so no controller manages it",
    findings: [&MISSING],
    check: check,
};

// Controllers install their classes, often from other manifests.
static MISSING: Finding = finding! {
    "missing", Lost, Likely, ["KIA1504"],
    "no GatewayClass of that name exists",
};

/// The classes that istiod creates.
const OF_ISTIO: [&str; 4] = ["istio", "istio-remote", "istio-waypoint", "istio-east-west"];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let resources = &context.snapshot.resources;
    let defined: Vec<&str> = resources.iter().filter(|it| it.kind == Kind::GatewayClass).map(|it| it.name()).collect();
    let classes = || resources.iter().filter_map(|resource| class_of(resource)).map(|class| class.as_str());
    for resource in resources {
        let Some(class) = class_of(resource) else { continue };
        let known = || OF_ISTIO.into_iter().chain(defined.iter().copied());
        if known().any(|known| known == class.as_str()) {
            continue;
        }
        let similar = nearest(class, known());
        // Controllers install their classes. That another one is among the manifests does not show that all are, unless
        // the other Gateways use only those.
        let mut others = classes().filter(|other| *other != class.as_str() && !OF_ISTIO.contains(other)).peekable();
        let any = others.peek().is_some() && others.all(|other| defined.contains(&other));
        let gap = if defined.is_empty() { Gap::NoneOfKind } else { Gap::NotAllOfKind };
        let completeness = world.inventory.expect(any, gap(Kind::GatewayClass));
        if let Err(gap) = completeness
            && similar.is_none()
        {
            diagnostics.unchecked(gap);
            continue;
        }
        let message = format!("GatewayClass `{}` does not exist", class.value);
        let cause = format!("GatewayClass {}", class.value);
        let diagnostic = diagnostics.report(&MISSING, class.span, message).cause(cause);
        if let Some(similar) = similar {
            diagnostic.did_you_mean(similar);
        }
    }
}

/// The class that a Gateway names.
fn class_of(resource: &Resource) -> Option<&Spanned<String>> {
    let Spec::KubernetesGateway(gateway) = &resource.spec else { return None };
    gateway.gateway_class_name.as_ref().filter(|class| is_name(class))
}

/// Whether a text is the name of a class, and not a placeholder.
fn is_name(class: &str) -> bool {
    !class.is_empty() && class.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.'))
}
