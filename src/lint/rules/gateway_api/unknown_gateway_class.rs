//! `unknown-gateway-class`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::{Kind, Spec, nearest};
use crate::world::Gap;

pub static RULE: Rule = rule! {
    name: "unknown-gateway-class",
    aliases: ["KIA1504"],
    severity: Warning,
    summary: "a Gateway of a GatewayClass that does not exist: nobody looks after it",
    check: check,
};

/// The classes that istiod brings along.
const OF_ISTIO: [&str; 4] = ["istio", "istio-remote", "istio-waypoint", "istio-east-west"];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let classes: Vec<&str> =
        context.snapshot.resources.iter().filter(|it| it.kind == Kind::GatewayClass).map(|it| it.name()).collect();
    for resource in &context.snapshot.resources {
        let Spec::KubernetesGateway(gateway) = &resource.spec else { continue };
        let Some(class) = gateway.gateway_class_name.as_ref().filter(|class| is_name(class)) else { continue };
        let known = || OF_ISTIO.into_iter().chain(classes.iter().copied());
        if known().any(|known| known == class.as_str()) {
            continue;
        }
        let near = nearest(class, known());
        let known = world.inventory.expect(!classes.is_empty(), Gap::NoneOfKind(Kind::GatewayClass));
        if let Err(gap) = known
            && near.is_none()
        {
            diagnostics.unchecked(gap);
            continue;
        }
        let diagnostic = diagnostics.report_default(class.span, format!("there is no GatewayClass {}", class.value));
        if let Some(near) = near {
            diagnostic.help(format!("did you mean {near}?"));
        }
    }
}

/// Whether it is a name at all, and not something that is still to be filled in.
fn is_name(class: &str) -> bool {
    !class.is_empty() && class.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.'))
}
