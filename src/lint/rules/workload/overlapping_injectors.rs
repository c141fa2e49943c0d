//! `overlapping-injectors`

use std::collections::BTreeMap;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::field::{PlacedField, TextField};
use crate::model::kubernetes::{Webhook, common_labels};
use crate::model::{Resource, Spec};

pub static RULE: Rule = rule! {
    name: "overlapping-injectors",
    summary: "two injection webhooks of Istio select the same pods, which are then injected twice",
    findings: [&OVERLAP],
    check: check,
};

static OVERLAP: Finding = finding! {
    "overlap", Surprising, Certain, ["IST0139"],
    "the selectors of two webhooks do not exclude each other",
};

/// A webhook with the resource that holds it.
type Injector<'a> = (&'a Resource, &'a Webhook);

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut injectors: Vec<Injector<'_>> = Vec::new();
    for resource in context.snapshot.resources() {
        let Spec::MutatingWebhookConfiguration(configuration) = &resource.spec else { continue };
        for webhook in configuration.webhooks.iter().filter(|webhook| webhook.is_of_istio()) {
            let earlier =
                injectors.iter().filter(|(other, _)| other.span == resource.span || other.name() != resource.name());
            let overlap = earlier.clone().find_map(|other| Some((*other, overlap(other.1, webhook)?)));
            if let Some((other, pods)) = overlap {
                report((resource, webhook), other, &pods, diagnostics);
            }
            injectors.push((resource, webhook));
        }
    }
}

/// An example of pods that both webhooks select; `None` if no pod can match the selectors of both.
fn overlap(a: &Webhook, b: &Webhook) -> Option<String> {
    let namespaces = common_labels([a, b].into_iter().filter_map(|it| it.namespace_selector.as_ref()))?;
    let pods = common_labels([a, b].into_iter().filter_map(|it| it.object_selector.as_ref()))?;
    Some(format!("pods {} in namespaces {}", describe(&pods), describe(&namespaces)))
}

fn describe(labels: &BTreeMap<&str, &str>) -> String {
    match labels.is_empty() {
        true => "without labels".to_owned(),
        false => {
            let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("with `{}`", pairs.join(", "))
        }
    }
}

fn report((resource, webhook): Injector<'_>, other: Injector<'_>, pods: &str, diagnostics: &mut Diagnostics) {
    let message = format!(
        "webhook `{}` selects the same pods as webhook `{}` of MutatingWebhookConfiguration `{}`",
        webhook.name.text(),
        other.1.name.text(),
        other.0.name()
    );
    diagnostics
        .report(&OVERLAP, webhook.name.place(resource.span), message)
        .related(other.1.name.place(other.0.span), "the other webhook")
        .help(format!("let the selectors exclude each other, or remove one webhook: both select {pods}"));
}
