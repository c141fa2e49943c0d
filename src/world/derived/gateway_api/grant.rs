//! ReferenceGrants: who may refer to what in another namespace.

use crate::model::field::TextField;
use crate::model::gateway_api::GROUP;
use crate::model::{Kind, Resource, Spec};
use crate::world::Settings;

/// One permission.
struct Grant {
    from_kind: String,
    from_namespace: String,
    to_group: String,
    to_kind: String,
    to_namespace: String,
    /// Without one, to all of the kind.
    to_name: Option<String>,
}

/// All permissions that ReferenceGrants give.
pub(super) struct Grants(Vec<Grant>);

/// Something that is referred to.
pub(super) struct Target<'t> {
    pub(super) group: &'t str,
    pub(super) kind: &'t str,
    pub(super) namespace: &'t str,
    pub(super) name: &'t str,
}

impl Grants {
    pub(super) fn new(resources: &[&Resource], settings: &Settings) -> Self {
        let mut grants = Vec::new();
        for resource in resources {
            let Spec::ReferenceGrant(spec) = &resource.spec else { continue };
            for from in spec.from.iter().filter(|from| from.group.text() == GROUP) {
                grants.extend(spec.to.iter().map(|to| Grant {
                    from_kind: from.kind.text().to_owned(),
                    from_namespace: from.namespace.text().to_owned(),
                    to_group: to.group.text().to_owned(),
                    to_kind: to.kind.text().to_owned(),
                    to_namespace: settings.namespace_of(resource).to_owned(),
                    to_name: to.name.as_ref().map(|name| name.value.clone()),
                }));
            }
        }
        Self(grants)
    }

    /// Whether resources of a kind in a namespace may refer to something in another (istiod: `BackendAllowed`,
    /// `SecretAllowed`).
    pub(super) fn allow(&self, kind: Kind, namespace: &str, target: &Target<'_>) -> bool {
        self.0.iter().any(|grant| {
            grant.from_kind == kind.name()
                && grant.from_namespace == namespace
                && grant.to_group == target.group
                && grant.to_kind == target.kind
                && grant.to_namespace == target.namespace
                && grant.to_name.as_deref().is_none_or(|name| name == target.name)
        })
    }
}
