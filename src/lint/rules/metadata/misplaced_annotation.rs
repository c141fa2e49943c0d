//! `misplaced-annotation`

use super::{holder, kinds};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::known_metadata::{self as known, KnownKey, Standing};
use crate::model::{Kind, Resource, Tags};

pub static RULE: Rule = rule! {
    name: "misplaced-annotation",
    summary: "an annotation of Istio is on a kind of resource on which Istio does not read it",
    findings: [&WRONG_KIND],
    check: check,
};

static WRONG_KIND: Finding = finding! {
    "wrong-kind", Surprising, Certain, ["IST0107"],
    "Istio reads the annotation on other kinds only",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for resource in context.snapshot.resources() {
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
        // A copy of an annotation that the pods have as well is superfluous, but no surprise.
        if matches!(known.standing, Standing::Removed(_)) || pods.is_some_and(|it| it.annotations.get(key).is_some()) {
            continue;
        }
        let message = format!("Istio does not read annotation `{key}` on {}", holder(resource, tags));
        diagnostics.report(&WRONG_KIND, key.span, message).help(advice(known, resource));
    }
}

fn advice(known: &KnownKey, resource: &Resource) -> String {
    if known.on == [Kind::Pod] {
        return match (resource.kind, resource.spec.pod_template()) {
            (Kind::CronJob, _) => {
                "move the annotation to `spec.jobTemplate.spec.template.metadata.annotations`".to_owned()
            }
            (_, Some(_)) => "move the annotation to `spec.template.metadata.annotations`".to_owned(),
            (_, None) => "move the annotation to the pods".to_owned(),
        };
    }
    format!("move the annotation to a resource of kind {}", kinds(known.on))
}
