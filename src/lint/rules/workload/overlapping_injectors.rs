//! `overlapping-injectors`

use std::collections::BTreeMap;

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::kubernetes::{Webhook, common_labels};
use crate::model::{Resource, Spec};
use crate::source::Span;

pub static RULE: Rule = rule! {
    name: "overlapping-injectors",
    aliases: ["IST0139"],
    severity: Warning,
    summary: "webhooks of Istio's injector that take the same pods: they are injected twice",
    check: check,
};

/// A webhook, and whose it is.
type Injector<'a> = (&'a Resource, &'a Webhook);

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut injectors: Vec<Injector<'_>> = Vec::new();
    for resource in &context.snapshot.resources {
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

/// The pods that both take, if there may be any.
fn overlap(a: &Webhook, b: &Webhook) -> Option<String> {
    let namespaces = common_labels([a, b].into_iter().filter_map(|it| it.namespace_selector.as_ref()))?;
    let pods = common_labels([a, b].into_iter().filter_map(|it| it.object_selector.as_ref()))?;
    Some(format!("pods with {} in namespaces with {}", describe(&pods), describe(&namespaces)))
}

fn describe(labels: &BTreeMap<&str, &str>) -> String {
    match labels.is_empty() {
        true => "no such label".to_owned(),
        false => labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", "),
    }
}

fn report((resource, webhook): Injector<'_>, other: Injector<'_>, pods: &str, diagnostics: &mut Diagnostics) {
    let message = format!("{} takes the same pods as {} of {}", name(webhook), name(other.1), other.0.name());
    diagnostics
        .report_default(place(resource, webhook), message)
        .related(place(other.0, other.1), "the other webhook")
        .help(format!("both take {pods}: let the selectors exclude each other, or remove one"));
}

fn name(webhook: &Webhook) -> &str {
    webhook.name.as_ref().map_or("a webhook", |name| name.as_str())
}

fn place(resource: &Resource, webhook: &Webhook) -> Span {
    webhook.name.as_ref().map_or(resource.span, |name| name.span)
}
