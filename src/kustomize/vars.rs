//! `vars`: values for `$(NAME)`.

use super::kustomization::Kustomization;
use super::problem::Step;
use super::resource_set::ResourceSet;

/// A var. All layers share their names.
#[derive(Debug, Clone)]
pub(super) struct Var {}

/// Adds the vars of a base.
pub(super) fn append(vars: &mut Vec<Var>, others: &[Var]) -> Step {
    vars.extend_from_slice(others);
    Ok(())
}

/// Notes the `vars` of a kustomization.
pub(super) fn declare(_set: &mut ResourceSet, _kustomization: &Kustomization<'_>) -> Step {
    Ok(())
}

/// Replaces `$(NAME)` in all objects, once, after all layers.
pub(super) fn apply(_set: &mut ResourceSet) -> Step {
    Ok(())
}
