//! `unknown-service-account`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::TextField;
use crate::model::{Kind, Resource, Spec, nearest};
use crate::source::Spanned;
use crate::world::{NamespacedName, World};

pub static RULE: Rule = rule! {
    name: "unknown-service-account",
    summary: "a service account does not exist, so pods are not created and machines get no identity",
    findings: [&PODS, &WORKLOAD_GROUP, &WORKLOAD_ENTRY],
    check: check,
};

static PODS: Finding = finding! {
    "pods", Lost, Likely, [],
    "the service account of pods does not exist",
};
static WORKLOAD_GROUP: Finding = finding! {
    "workload-group", Lost, Likely, ["KIA1701"],
    "the service account of a WorkloadGroup does not exist",
};
static WORKLOAD_ENTRY: Finding = finding! {
    "workload-entry", Lost, Likely, [],
    "the service account of a WorkloadEntry does not exist",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for resource in context.snapshot.resources() {
        let (finding, account) = match &resource.spec {
            Spec::WorkloadGroup(workload_group) => {
                let template = workload_group.template.as_ref();
                (&WORKLOAD_GROUP, template.and_then(|template| template.service_account.as_ref()))
            }
            Spec::WorkloadEntry(workload_entry) => (&WORKLOAD_ENTRY, workload_entry.service_account.as_ref()),
            Spec::Pod(pod) => (&PODS, pod.service_account_name.as_ref()),
            spec => (&PODS, spec.pod_template().and_then(|it| it.spec.as_ref()?.service_account_name.as_ref())),
        };
        if let Some(account) = account.filled() {
            check_account(world, resource, finding, account, diagnostics);
        }
    }
}

fn check_account(
    world: &World<'_>,
    resource: &Resource,
    finding: &'static Finding,
    account: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    let namespace = world.settings.namespace_of(resource);
    let is_known = account.as_str() == "default"
        || world.service_accounts.contains(&NamespacedName::new(namespace, account.as_str()))
        || world.inventory.makes(Kind::ServiceAccount, namespace, account);
    if is_known {
        return;
    }
    let near = || world.would_have(Kind::ServiceAccount, resource, account, namespace);
    if let Err(gap) = world.inventory.service_account(namespace, account).and_then(|()| near()) {
        return diagnostics.unchecked(gap);
    }
    let message = format!("ServiceAccount `{namespace}/{account}` does not exist");
    let cause = format!("service account {namespace}/{account}");
    let diagnostic = diagnostics.report(finding, account.span, message).cause(cause);
    let of_namespace = world.service_accounts.iter().filter(|name| name.namespace == namespace);
    match nearest(account, of_namespace.map(|name| name.name.as_ref())) {
        Some(near) => diagnostic.did_you_mean(near),
        None => diagnostic.help(format!("correct the name, or create ServiceAccount `{namespace}/{account}`")),
    };
}
