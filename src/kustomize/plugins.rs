//! `generators` and `transformers`.

use super::UnrenderedReason;
use super::build::{Place, unrendered};
use super::kustomization::Kustomization;
use super::problem::Step;
use super::resource_set::ResourceSet;

/// Adds what `generators` make.
pub(super) fn generate(set: &mut ResourceSet, kustomization: &Kustomization<'_>, _place: Place<'_>) -> Step {
    for entry in &kustomization.generators {
        set.unrendered.push(unrendered(entry.span, UnrenderedReason::Plugin));
    }
    Ok(())
}

/// Applies `transformers`.
pub(super) fn transform(set: &mut ResourceSet, kustomization: &Kustomization<'_>, _place: Place<'_>) -> Step {
    for entry in &kustomization.transformers {
        set.unrendered.push(unrendered(entry.span, UnrenderedReason::Plugin));
    }
    Ok(())
}
