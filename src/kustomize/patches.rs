//! The three lists of patches of a kustomization.

use super::build::Place;
use super::kustomization::Kustomization;
use super::problem::Step;
use super::resource_set::ResourceSet;

/// `patchesStrategicMerge`.
pub(super) fn strategic_merges(_set: &mut ResourceSet, _kustomization: &Kustomization<'_>, _place: Place<'_>) -> Step {
    Ok(())
}

/// `patches`.
pub(super) fn patches(_set: &mut ResourceSet, _kustomization: &Kustomization<'_>, _place: Place<'_>) -> Step {
    Ok(())
}

/// `patchesJson6902`.
pub(super) fn json_patches(_set: &mut ResourceSet, _kustomization: &Kustomization<'_>, _place: Place<'_>) -> Step {
    Ok(())
}
