//! ReferenceGrants, which permit references to other namespaces.

use crate::model::field::TextField;
use crate::model::gateway_api::GROUP;
use crate::model::{Kind, Resource, Spec};
use crate::world::Settings;

/// A permission.
struct Grant {
    from_kind: String,
    from_namespace: String,
    to_group: String,
    to_kind: String,
    to_namespace: String,
    /// The name that may be referred to; `None` for all names.
    to_name: Option<String>,
}

/// The permissions of all ReferenceGrants.
pub(super) struct Grants(Vec<Grant>);

/// The target of a reference.
pub(super) struct GrantTarget<'t> {
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

    /// Whether resources of a kind in a namespace may refer to a target in another namespace (istiod: `BackendAllowed`,
    /// `SecretAllowed`).
    pub(super) fn allow(&self, kind: Kind, namespace: &str, target: &GrantTarget<'_>) -> bool {
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
