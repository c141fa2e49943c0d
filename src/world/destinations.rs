//! The destinations of a VirtualService.

use std::borrow::Cow;

use super::{Origin, Route, Settings, VirtualService, host};
use crate::model::field::TextField;
use crate::model::networking::Destination;
use crate::source::Spanned;

/// A destination that a route sends requests to, or copies of them.
#[derive(Debug, Clone, Copy)]
pub struct DestinationRef<'a> {
    /// The destination.
    pub destination: &'a Destination,
    /// Its host as written.
    pub host: &'a Spanned<String>,
    /// The route.
    pub route: Route<'a>,
    /// Whether it only gets copies.
    pub is_mirror: bool,
}

impl VirtualService<'_> {
    /// All destinations that have a host, in the order of [`VirtualService::routes`].
    pub fn destinations(&self) -> Vec<DestinationRef<'_>> {
        let mut found = Vec::new();
        for route in self.routes() {
            let targets = route.targets().into_iter().filter_map(|target| target.destination);
            let all = targets.map(|it| (it, false)).chain(route.mirrors().map(|it| (it, true)));
            for (destination, is_mirror) in all {
                if let Some(host) = destination.host.filled() {
                    found.push(DestinationRef { destination, host, route, is_mirror });
                }
            }
        }
        found
    }

    /// The full host name of a destination. Hosts of derived Gateway API routes are not short names (istiod:
    /// `mergeVirtualServices`).
    pub fn full_host<'h>(&self, written: &'h str, settings: &Settings) -> Cow<'h, str> {
        if self.origin == Origin::GatewayApi {
            return Cow::Borrowed(written);
        }
        host::expand(written, &self.name.namespace, &settings.domain)
    }
}
