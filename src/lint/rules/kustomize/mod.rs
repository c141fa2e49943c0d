//! Kustomizations that cannot be built, or whose parts have no effect.

mod broken_kustomization;
mod ineffective_kustomization;

use crate::kustomize::BuildProblem;
use crate::lint::{Diagnostics, Family, Finding};

pub static FAMILY: Family = Family {
    name: "kustomize",
    about: "Kustomizations that cannot be built, or whose parts have no effect",
    rules: &[&broken_kustomization::RULE, &ineffective_kustomization::RULE],
};

/// Reports a mistake in a kustomization.
#[track_caller]
fn report(finding: &'static Finding, problem: &BuildProblem, diagnostics: &mut Diagnostics) {
    let diagnostic = diagnostics.report(finding, problem.span, &problem.message);
    if let Some(help) = &problem.help {
        diagnostic.help(help);
    }
    for (span, label) in &problem.related {
        diagnostic.related(*span, label);
    }
}
