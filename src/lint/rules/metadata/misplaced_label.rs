//! `misplaced-label`

use super::{holder, kinds};
use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::known_metadata::{self as known, KnownKey};
use crate::model::{Kind, Resource, Tags};
use crate::source::Spanned;

pub static RULE: Rule = rule! {
    name: "misplaced-label",
    summary: "a label of Istio is on a kind of resource on which Istio does not read it",
    findings: [&WRONG_KIND],
    check: check,
};

static WRONG_KIND: Finding = finding! {
    "wrong-kind", Surprising, Certain, [],
    "Istio reads the label on other kinds only",
};

const INJECTION: &str = "istio-injection";
const INJECT: &str = "sidecar.istio.io/inject";

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for resource in context.snapshot.resources() {
        let pods = resource.pod_tags();
        // Tools such as kustomize set the same labels on all resources, so only those that concern pods are checked.
        if pods.is_some() || matches!(resource.kind, Kind::Namespace | Kind::Pod) {
            check_tags(resource, &resource.tags(), pods.as_ref(), diagnostics);
        }
        if let Some(pods) = &pods {
            check_tags(resource, pods, None, diagnostics);
        }
    }
}

fn check_tags(resource: &Resource, tags: &Tags<'_>, pods: Option<&Tags<'_>>, diagnostics: &mut Diagnostics) {
    for (key, value) in tags.labels.iter() {
        let Some(known) = known::label(key).filter(|known| !known.belongs_on(tags.kind)) else { continue };
        if pods.is_some_and(|pods| pods.labels.get(key).is_some()) {
            continue;
        }
        let message = format!("Istio does not read label `{key}` on {}", holder(resource, tags));
        diagnostics.report(&WRONG_KIND, key.span, message).help(advice(known, key, value, tags.kind, resource));
    }
}

fn advice(
    known: &KnownKey,
    key: &Spanned<String>,
    written: &Spanned<String>,
    holder: Kind,
    resource: &Resource,
) -> Advice {
    let value = written.as_str();
    match (known.name, holder) {
        (INJECT, Kind::Namespace) => {
            let value = if value == "false" { "disabled" } else { "enabled" };
            Advice::write(Edit::replace(written.span, INJECTION, value))
        }
        (INJECTION, _) => {
            let own = if value == "disabled" { "false" } else { "true" };
            format!("label the pods with `{INJECT}: \"{own}\"`, or label their Namespace with `{INJECTION}: {value}`")
                .into()
        }
        _ if holder != Kind::Pod && known.belongs_on(Kind::Pod) => match resource.kind {
            Kind::CronJob => moved(&["jobTemplate", "spec", "template", "metadata", "labels"], key, written, resource),
            _ => moved(&["template", "metadata", "labels"], key, written, resource),
        },
        _ => format!("move the label to a resource of kind {}", kinds(known.on)).into(),
    }
}

/// A help to move a label to the pods.
fn moved(labels: &[&str], key: &Spanned<String>, value: &Spanned<String>, resource: &Resource) -> Advice {
    let names = || std::iter::once("spec").chain(labels.iter().copied());
    let path: Vec<&str> = names().chain([key.as_str()]).collect();
    let edits = [Edit::remove(key.span), Edit::add(resource.span, path, value.as_str()).unshown()];
    Advice::new(format!("move the label to `{}`", names().collect::<Vec<_>>().join("."))).fix(edits)
}
