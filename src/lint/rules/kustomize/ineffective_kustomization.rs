//! `ineffective-kustomization`

use super::report;
use crate::kustomize::BuildProblemKind;
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};

pub static RULE: Rule = rule! {
    name: "ineffective-kustomization",
    summary: "a part of a kustomization that has no effect, or another effect than it seems",
    findings: [&NO_EFFECT, &OUTSIDE_ROOT],
    check: check,
};

static NO_EFFECT: Finding = finding! {
    "no-effect", Surprising, Certain, [],
    "kustomize ignores a part of a patch or of another transformer without a message",
};
static OUTSIDE_ROOT: Finding = finding! {
    "outside-root", Notable, Certain, [],
    "a file is outside of the directory of the kustomization, so kustomize reads it only with an option",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for problem in context.build_problems() {
        match problem.kind {
            BuildProblemKind::NoEffect => report(&NO_EFFECT, problem, diagnostics),
            BuildProblemKind::OutsideRoot => report(&OUTSIDE_ROOT, problem, diagnostics),
            _ => {}
        }
    }
}
