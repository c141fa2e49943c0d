//! `misplaced-annotation`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::known_metadata::{self as known, KnownKey, Standing};
use crate::model::{Kind, Resource, Tags};

pub static RULE: Rule = rule! {
    name: "misplaced-annotation",
    aliases: ["IST0107"],
    severity: Warning,
    summary: "an annotation of Istio's on something that it does not belong on: it is not read there",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for resource in &context.snapshot.resources {
        let pods = resource.pod_tags();
        check_tags(resource, &resource.tags(), pods.as_ref(), diagnostics);
        if let Some(pods) = &pods {
            check_tags(resource, pods, None, diagnostics);
        }
    }
}

fn check_tags(resource: &Resource, tags: &Tags<'_>, pods: Option<&Tags<'_>>, diagnostics: &mut Diagnostics) {
    for (key, _) in tags.annotations.iter() {
        let Some(known) = known::annotation(key).filter(|known| !known.belongs_on(tags.kind)) else { continue };
        // On both it is only said once too often.
        if matches!(known.standing, Standing::Removed(_)) || pods.is_some_and(|it| it.annotations.get(key).is_some()) {
            continue;
        }
        let holder = if tags.of_template { "the pods of a" } else { "a" };
        let message = format!("{} is not read on {holder} {}", key.value, resource.kind.name());
        diagnostics.report_default(key.span, message).help(advice(known, resource));
    }
}

fn advice(known: &KnownKey, resource: &Resource) -> String {
    if known.on == [Kind::Pod] {
        return match (resource.kind, resource.spec.pod_template()) {
            (Kind::CronJob, _) => "move it to spec.jobTemplate.spec.template.metadata.annotations".to_owned(),
            (_, Some(_)) => "move it to spec.template.metadata.annotations".to_owned(),
            (_, None) => "it is for pods".to_owned(),
        };
    }
    let kinds: Vec<&str> = known.on.iter().map(|kind| kind.name()).collect();
    format!("it is for the kind {}", kinds.join(" or "))
}
