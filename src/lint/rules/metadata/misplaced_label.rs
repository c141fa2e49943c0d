//! `misplaced-label`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::known_metadata::{self as known, KnownKey};
use crate::model::{Kind, Resource, Tags};

pub static RULE: Rule = rule! {
    name: "misplaced-label",
    aliases: [],
    severity: Warning,
    summary: "a label of Istio's on something that it does not belong on: it is not read there",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for resource in &context.snapshot.resources {
        let pods = resource.pod_tags();
        // What takes part in the mesh: elsewhere labels may have been given to all there is.
        if pods.is_some() || matches!(resource.kind, Kind::Namespace | Kind::Pod) {
            check_tags(resource, &resource.tags(), pods.as_ref(), diagnostics);
        }
        if let Some(pods) = &pods {
            check_tags(resource, pods, None, diagnostics);
        }
    }
}

fn check_tags(resource: &Resource, tags: &Tags<'_>, pods: Option<&Tags<'_>>, diagnostics: &mut Diagnostics) {
    for (key, _) in tags.labels.iter() {
        let Some(known) = known::label(key).filter(|known| !known.belongs_on(tags.kind)) else { continue };
        if pods.is_some_and(|pods| pods.labels.get(key).is_some()) {
            continue;
        }
        let holder = if tags.of_template { "the pods of a" } else { "a" };
        let message = format!("{} is not read on {holder} {}", key.value, resource.kind.name());
        diagnostics.report_default(key.span, message).help(advice(known, tags.kind, resource));
    }
}

fn advice(known: &KnownKey, holder: Kind, resource: &Resource) -> String {
    match (known.name, holder) {
        ("sidecar.istio.io/inject", Kind::Namespace) => "label a Namespace istio-injection: enabled".to_owned(),
        ("istio-injection", _) => "it is for Namespaces; pods have sidecar.istio.io/inject".to_owned(),
        _ if holder != Kind::Pod && known.belongs_on(Kind::Pod) => match resource.kind {
            Kind::CronJob => "move it to spec.jobTemplate.spec.template.metadata.labels".to_owned(),
            _ => "move it to spec.template.metadata.labels".to_owned(),
        },
        _ => {
            let kinds: Vec<&str> = known.on.iter().map(|kind| kind.name()).collect();
            format!("it is for the kind {}", kinds.join(" or "))
        }
    }
}
