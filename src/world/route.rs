//! The routes of VirtualServices, whichever section they are in.

use super::{NamespacedName, VirtualService, resolve_gateway_name};
use crate::model::Labels;
use crate::model::field::TextField;
use crate::model::networking::{
    Destination, Headers, HttpRoute, HttpRouteDestination, RouteDestination, TcpRoute, TlsRoute,
};
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

impl Section {
    /// All sections, in the order of [`VirtualService::routes`].
    pub const ALL: [Self; 3] = [Self::Http, Self::Tls, Self::Tcp];

    /// The name of the field.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Tls => "tls",
            Self::Tcp => "tcp",
        }
    }
}

/// A route: an entry of `http`, `tls` or `tcp`.
#[derive(Debug, Clone, Copy)]
pub struct Route<'s> {
    /// The section.
    pub section: Section,
    /// The index in the section.
    pub index: usize,
    /// The place of the route.
    pub span: Span,
    /// The namespace of the VirtualService.
    namespace: &'s str,
    written: WrittenRoute<'s>,
}

#[derive(Debug, Clone, Copy)]
enum WrittenRoute<'s> {
    Http(&'s HttpRoute),
    Tls(&'s TlsRoute),
    Tcp(&'s TcpRoute),
}

/// An entry of the `match` of a route, as far as the sections agree: the gateways, ports and clients that it is for.
#[derive(Debug, Clone, Copy)]
pub struct RouteMatch<'s> {
    /// The place of the match.
    pub span: Span,
    /// Its `gateways`, as written. Without any it is for all that the VirtualService is bound to.
    pub gateways: &'s [Spanned<String>],
    /// The port of the Gateway's server, or of the Service; `None` without one, or for port 0.
    pub port: Option<Spanned<u32>>,
    /// The labels of the client workloads.
    pub source_labels: &'s Labels,
    /// The namespace of the client workloads, unless it is empty.
    pub source_namespace: Option<&'s Spanned<String>>,
    /// The namespace of the VirtualService.
    namespace: &'s str,
}

/// An entry of the `route` of a route: a destination with its share of the requests.
#[derive(Debug, Clone, Copy)]
pub struct RouteTarget<'s> {
    /// The place of the entry.
    pub span: Span,
    /// The destination.
    pub destination: Option<&'s Destination>,
    /// The weight.
    pub weight: Option<Spanned<i32>>,
    /// Header changes for its requests; of `http` only.
    pub headers: Option<&'s Headers>,
}

impl VirtualService<'_> {
    /// The routes: those of `http`, then `tls`, then `tcp`.
    pub fn routes(&self) -> impl Iterator<Item = Route<'_>> {
        Section::ALL.into_iter().flat_map(|section| self.routes_of(section))
    }

    /// The routes of a section.
    pub fn routes_of(&self, section: Section) -> Vec<Route<'_>> {
        let namespace = self.name.namespace.as_ref();
        let route = |(index, span, written)| Route { section, index, span, namespace, written };
        let spec = &self.spec;
        match section {
            Section::Http => {
                let http = spec.http.iter().enumerate();
                http.map(|(index, it)| route((index, it.span, WrittenRoute::Http(it)))).collect()
            }
            Section::Tls => {
                let tls = spec.tls.iter().enumerate();
                tls.map(|(index, it)| route((index, it.span, WrittenRoute::Tls(it)))).collect()
            }
            Section::Tcp => {
                let tcp = spec.tcp.iter().enumerate();
                tcp.map(|(index, it)| route((index, it.span, WrittenRoute::Tcp(it)))).collect()
            }
        }
    }

    /// The matches of all routes.
    pub fn matches(&self) -> impl Iterator<Item = RouteMatch<'_>> {
        self.routes().flat_map(|route| route.matches())
    }
}

impl<'s> Route<'s> {
    /// The entry of `http`, if it is one.
    pub fn http(&self) -> Option<&'s HttpRoute> {
        match self.written {
            WrittenRoute::Http(http) => Some(http),
            WrittenRoute::Tls(_) | WrittenRoute::Tcp(_) => None,
        }
    }

    /// The entries of `match`.
    pub fn matches(&self) -> Vec<RouteMatch<'s>> {
        let namespace = self.namespace;
        macro_rules! matches {
            ($route:expr) => {
                $route
                    .r#match
                    .iter()
                    .map(|it| RouteMatch {
                        span: it.span,
                        gateways: &it.gateways,
                        port: it.port.filter(|port| port.value != 0),
                        source_labels: &it.source_labels,
                        source_namespace: it.source_namespace.filled(),
                        namespace,
                    })
                    .collect()
            };
        }
        match self.written {
            WrittenRoute::Http(http) => matches!(http),
            WrittenRoute::Tls(tls) => matches!(tls),
            WrittenRoute::Tcp(tcp) => matches!(tcp),
        }
    }

    /// The entries of `route`.
    pub fn targets(&self) -> Vec<RouteTarget<'s>> {
        let of_http = |it: &'s HttpRouteDestination| RouteTarget {
            span: it.span,
            destination: it.destination.as_ref(),
            weight: it.weight,
            headers: it.headers.as_ref(),
        };
        let of_connections = |it: &'s RouteDestination| RouteTarget {
            span: it.span,
            destination: it.destination.as_ref(),
            weight: it.weight,
            headers: None,
        };
        match self.written {
            WrittenRoute::Http(http) => http.route.iter().map(of_http).collect(),
            WrittenRoute::Tls(tls) => tls.route.iter().map(of_connections).collect(),
            WrittenRoute::Tcp(tcp) => tcp.route.iter().map(of_connections).collect(),
        }
    }

    /// The destinations of copies.
    pub fn mirrors(&self) -> impl Iterator<Item = &'s Destination> + use<'s> {
        let mirrors = |http: &'s HttpRoute| {
            let list = http.mirrors.iter().filter_map(|mirror| mirror.destination.as_ref());
            http.mirror.iter().chain(list)
        };
        self.http().into_iter().flat_map(mirrors)
    }
}

impl RouteMatch<'_> {
    /// The Gateways that it names; `None` in the list stands for the mesh.
    pub fn gateway_names(&self) -> Vec<Option<NamespacedName<'_>>> {
        self.gateways.iter().map(|written| resolve_gateway_name(written, self.namespace)).collect()
    }

    /// Whether it applies at a Gateway, or in the mesh, that its VirtualService is bound to.
    pub fn applies_at(&self, gateway: Option<&NamespacedName<'_>>) -> bool {
        let is_it = |written: &Spanned<String>| resolve_gateway_name(written, self.namespace).as_ref() == gateway;
        self.gateways.is_empty() || self.gateways.iter().any(is_it)
    }
}
