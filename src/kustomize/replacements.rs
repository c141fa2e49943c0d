//! `replacements`.

use super::build::Place;
use super::kustomization::Kustomization;
use super::problem::Step;
use super::resource_set::ResourceSet;

/// Applies the `replacements` of a kustomization.
pub(super) fn apply(_set: &mut ResourceSet, _kustomization: &Kustomization<'_>, _place: Place<'_>) -> Step {
    Ok(())
}
