//! The order of derived routes, as far as the manifests decide it.

use super::{gateway_api, ingress};
use crate::world::{Origin, VirtualService, creation_time};

impl VirtualService<'_> {
    /// Whether the order of two routes of a derived VirtualService depends on which of their resources is older, and
    /// the manifests do not say which is: the matches have the same precedence, and a creation time is missing.
    pub fn depends_on_age(&self, first: usize, second: usize) -> bool {
        let (Some(one), Some(other)) = (self.sources.get(first), self.sources.get(second)) else { return false };
        let (a, b) = (&self.spec.http[first], &self.spec.http[second]);
        let has_no_time = |resource| creation_time(resource).is_empty();
        one.resource.span != other.resource.span
            && (has_no_time(one.resource) || has_no_time(other.resource))
            && match self.origin {
                Origin::GatewayApi => gateway_api::precedence(a) == gateway_api::precedence(b),
                Origin::Ingress => ingress::precedence(a) == ingress::precedence(b),
                Origin::VirtualService => false,
            }
    }
}
