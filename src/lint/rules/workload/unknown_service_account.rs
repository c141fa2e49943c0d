//! `unknown-service-account`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::{Spec, nearest};
use crate::source::Spanned;
use crate::world::{NamespacedName, World};

pub static RULE: Rule = rule! {
    name: "unknown-service-account",
    aliases: ["KIA1701"],
    severity: Warning,
    summary: "a service account that does not exist: Kubernetes makes no such pods, machines get no identity",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for resource in &context.snapshot.resources {
        let account = match &resource.spec {
            Spec::WorkloadGroup(group) => {
                group.template.as_ref().and_then(|template| template.service_account.as_ref())
            }
            Spec::WorkloadEntry(entry) => entry.service_account.as_ref(),
            Spec::Pod(pod) => pod.service_account_name.as_ref(),
            spec => spec.pod_template().and_then(|it| it.spec.as_ref()?.service_account_name.as_ref()),
        };
        if let Some(account) = account.filter(|account| !account.is_empty()) {
            check_account(world, world.settings.namespace_of(resource), account, diagnostics);
        }
    }
}

fn check_account(world: &World<'_>, namespace: &str, account: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let is_known = account.as_str() == "default"
        || world.service_accounts.contains(&NamespacedName::new(namespace, account.as_str()));
    if is_known {
        return;
    }
    if let Err(gap) = world.inventory.service_accounts(namespace) {
        return diagnostics.unchecked(gap);
    }
    let diagnostic =
        diagnostics.report_default(account.span, format!("there is no ServiceAccount {namespace}/{}", account.value));
    let of_namespace = world.service_accounts.iter().filter(|name| name.namespace == namespace);
    if let Some(near) = nearest(account, of_namespace.map(|name| name.name.as_ref())) {
        diagnostic.help(format!("did you mean {near}?"));
    }
}
