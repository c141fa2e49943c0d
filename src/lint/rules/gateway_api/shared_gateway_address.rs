//! `shared-gateway-address`

use std::collections::BTreeMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::Spec;
use crate::source::Spanned;
use crate::world::NamespacedName;

pub static RULE: Rule = rule! {
    name: "shared-gateway-address",
    aliases: ["KIA1502"],
    severity: Warning,
    summary: "an address that two Gateways ask for: only one of their Services gets it",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut first: BTreeMap<&str, (&NamespacedName<'_>, &Spanned<String>)> = BTreeMap::new();
    for (name, gateway) in &context.world.kubernetes_gateways {
        let Spec::KubernetesGateway(spec) = &gateway.spec else { continue };
        // Host names are those of Services, which several Gateways may well belong to.
        let is_ip = |kind: Option<&Spanned<String>>| kind.is_none_or(|kind| kind.as_str() == "IPAddress");
        let addresses = spec.addresses.iter().filter(|address| is_ip(address.r#type.as_ref()));
        for value in addresses.filter_map(|address| address.value.as_ref()).filter(|value| !value.is_empty()) {
            match first.get(value.as_str()) {
                Some((other, span)) if *other != name => {
                    diagnostics
                        .report_default(
                            value.span,
                            format!("Gateway {other} asks for address {} as well", value.as_str()),
                        )
                        .related(span.span, "here")
                        .help("use another address, or put the listeners into one Gateway");
                }
                Some(_) => {}
                None => drop(first.insert(value, (name, value))),
            }
        }
    }
}
