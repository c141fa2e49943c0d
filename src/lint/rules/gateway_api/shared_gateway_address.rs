//! `shared-gateway-address`

use std::collections::BTreeMap;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Spec;
use crate::source::Spanned;
use crate::world::NamespacedName;

pub static RULE: Rule = rule! {
    name: "shared-gateway-address",
    summary: "two Gateways request one IP address, which only one of their Services gets",
    findings: [&SHARED],
    check: check,
};

// Some load balancers let several Services share an address.
static SHARED: Finding = finding! {
    "shared", Lost, Likely, ["KIA1502"],
    "another Gateway requests the same IP address",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut first: BTreeMap<&str, (&NamespacedName<'_>, &Spanned<String>)> = BTreeMap::new();
    for (name, gateway) in &context.world.kubernetes_gateways {
        let Spec::KubernetesGateway(spec) = &gateway.spec else { continue };
        // A host name is that of a Service, which several Gateways may use.
        let is_ip = |kind: Option<&Spanned<String>>| kind.is_none_or(|kind| kind.as_str() == "IPAddress");
        let addresses = spec.addresses.iter().filter(|address| is_ip(address.r#type.as_ref()));
        for value in addresses.filter_map(|address| address.value.as_ref()).filter(|value| !value.is_empty()) {
            match first.get(value.as_str()) {
                Some((other, other_value)) if *other != name => {
                    diagnostics
                        .report(&SHARED, value.span, format!("Gateway `{other}` requests address `{value}` as well"))
                        .related(other_value.span, "first requested here")
                        .help("use another address, or combine the listeners in one Gateway");
                }
                Some(_) => {}
                None => drop(first.insert(value, (name, value))),
            }
        }
    }
}
