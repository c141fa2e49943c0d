//! Names of renamed objects in the fields of others.

use super::problem::Step;
use super::resource_set::ResourceSet;

/// Updates the name references of all objects, once, after all layers.
pub(super) fn update(_set: &mut ResourceSet) -> Step {
    Ok(())
}
