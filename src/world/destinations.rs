//! The destinations that a VirtualService names.

use std::borrow::Cow;

use super::{Origin, Settings, VirtualService, host};
use crate::model::networking::{Destination, HttpMatchRequest};
use crate::source::{Span, Spanned};

/// A section of a VirtualService.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// `http`
    Http,
    /// `tls`
    Tls,
    /// `tcp`
    Tcp,
}

/// One place of a VirtualService that sends requests, or copies of them, to a service.
#[derive(Debug, Clone, Copy)]
pub struct DestinationRef<'a> {
    /// Where requests go.
    pub destination: &'a Destination,
    /// Its host as written.
    pub host: &'a Spanned<String>,
    /// The section of the rule.
    pub section: Section,
    /// The rule.
    pub rule: Span,
    /// Whether only copies go there.
    pub is_mirror: bool,
    /// The conditions of an HTTP rule.
    pub http_match: &'a [HttpMatchRequest],
}

impl VirtualService<'_> {
    /// All places that name a destination with a host, in the order of the text of each section.
    pub fn destinations<'s>(&'s self) -> Vec<DestinationRef<'s>> {
        let spec = self.spec.as_ref();
        let mut found = Vec::new();
        let mut add = |destination: Option<&'s Destination>, section, rule, is_mirror, http_match| {
            if let Some(destination) = destination
                && let Some(host) = destination.host.as_ref().filter(|host| !host.is_empty())
            {
                found.push(DestinationRef { destination, host, section, rule, is_mirror, http_match });
            }
        };
        for rule in &spec.http {
            let conditions = rule.r#match.as_slice();
            for route in &rule.route {
                add(route.destination.as_ref(), Section::Http, rule.span, false, conditions);
            }
            let mirrors = rule.mirrors.iter().map(|mirror| mirror.destination.as_ref());
            for mirror in std::iter::once(rule.mirror.as_ref()).chain(mirrors) {
                add(mirror, Section::Http, rule.span, true, conditions);
            }
        }
        for rule in &spec.tls {
            rule.route.iter().for_each(|route| add(route.destination.as_ref(), Section::Tls, rule.span, false, &[]));
        }
        for rule in &spec.tcp {
            rule.route.iter().for_each(|route| add(route.destination.as_ref(), Section::Tcp, rule.span, false, &[]));
        }
        found
    }

    /// The full host name that a destination in this VirtualService means. Backends of the Gateway API are never
    /// short names (istiod: `mergeVirtualServices`).
    pub fn full_host<'h>(&self, written: &'h str, settings: &Settings) -> Cow<'h, str> {
        if self.origin == Origin::GatewayApi {
            return Cow::Borrowed(written);
        }
        host::expand(written, &self.name.namespace, &settings.domain)
    }
}
