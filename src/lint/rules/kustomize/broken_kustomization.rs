//! `broken-kustomization`

use super::report;
use crate::kustomize::BuildProblemKind;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};

pub static RULE: Rule = rule! {
    name: "broken-kustomization",
    summary: "a kustomization that `kustomize build` rejects, so nothing of it is applied",
    findings: [&INVALID, &MISSING_FILE, &CYCLE, &NOT_RESOURCE, &DUPLICATE_RESOURCE, &PATCH, &NO_MATCH, &SEVERAL_MATCHES],
    check: check,
};

static INVALID: Finding = finding! {
    "invalid", Refused, Certain, [],
    "the kustomization is not valid YAML, or has an unknown field or a value of the wrong type",
};
static MISSING_FILE: Finding = finding! {
    "missing-file", Refused, Certain, [],
    "a file or directory that the kustomization names does not exist",
};
static CYCLE: Finding = finding! {
    "cycle", Refused, Certain, [],
    "a base includes the kustomization that uses it",
};
static NOT_RESOURCE: Finding = finding! {
    "not-resource", Refused, Certain, [],
    "a file that the kustomization names does not hold Kubernetes objects",
};
static DUPLICATE_RESOURCE: Finding = finding! {
    "duplicate-resource", Refused, Certain, [],
    "two objects have the same kind, name and namespace",
};
static PATCH: Finding = finding! {
    "patch", Refused, Certain, [],
    "a patch is not valid, or does not apply to its target",
};
static NO_MATCH: Finding = finding! {
    "no-match", Refused, Certain, [],
    "a patch or another transformer does not find the object or field that it needs",
};
static SEVERAL_MATCHES: Finding = finding! {
    "several-matches", Refused, Certain, [],
    "a patch or another transformer needs one object, and finds several",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for problem in context.build_problems() {
        let finding = match problem.kind {
            BuildProblemKind::Invalid => &INVALID,
            BuildProblemKind::MissingFile => &MISSING_FILE,
            BuildProblemKind::Cycle => &CYCLE,
            BuildProblemKind::NotResource => &NOT_RESOURCE,
            BuildProblemKind::DuplicateResource => &DUPLICATE_RESOURCE,
            BuildProblemKind::Patch => &PATCH,
            BuildProblemKind::NoMatch => &NO_MATCH,
            BuildProblemKind::SeveralMatches => &SEVERAL_MATCHES,
            // `yaml-syntax` reports the first, and `ineffective-kustomization` the others.
            BuildProblemKind::Yaml | BuildProblemKind::NoEffect | BuildProblemKind::OutsideRoot => continue,
        };
        report(finding, problem, diagnostics);
    }
}
