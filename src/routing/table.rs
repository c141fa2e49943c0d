//! Route tables: virtual hosts by domain (Envoy: `RouteConfiguration`).

use std::collections::HashMap;
use std::net::IpAddr;

use super::clause::Clause;
use super::request::HttpRequest;

/// The routes of one listener.
#[derive(Debug, Default)]
pub struct Table<'a> {
    virtual_hosts: Vec<VirtualHost<'a>>,
    names: HashMap<String, usize>,
    clause_count: usize,
    by_domain: HashMap<String, usize>,
    /// The suffixes of wildcard domains, the longest first.
    wildcards: Vec<(String, usize)>,
    /// The virtual hosts that lost a domain to another one by chance, by domain.
    contested: HashMap<String, String>,
    /// The fate of requests for hosts that are not in the table.
    pub fallback: Fallback,
}

/// The fate of requests for hosts that are not in the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fallback {
    /// The proxy answers 404.
    #[default]
    NotFound,
    /// `PassthroughCluster`: the address that the client dialled.
    Passthrough,
    /// `BlackHoleCluster`: the proxy answers 502.
    BlackHole,
    /// `AllowAnyDynamicDNSCluster`: the address that DNS has for the host.
    DynamicDns,
}

/// The routes for some domains.
#[derive(Debug, Clone, Default)]
pub struct VirtualHost<'a> {
    /// istiod's name: `host:port`.
    pub name: String,
    /// The domains; one that starts with `*` is a suffix.
    pub domains: Vec<String>,
    /// The routes, in order.
    pub clauses: Vec<Clause<'a>>,
    /// Whether the proxy redirects plaintext requests to HTTPS before it looks at routes.
    pub requires_tls: bool,
    /// Other VirtualServices and routes that define the host, with their kinds. They lose to this one only by the order of
    /// their names.
    pub rivals: Vec<String>,
}

impl VirtualHost<'_> {
    /// Whether istiod made it for a port of a gateway that no route is for (istiod: `buildGatewayHTTPRouteConfig`, which
    /// names it `blackhole:<port>`).
    pub fn is_black_hole(&self) -> bool {
        self.clauses.is_empty() && self.name.starts_with("blackhole:")
    }
}

/// The result of looking up a request.
#[derive(Debug)]
pub enum RouteLookup<'t, 'a> {
    /// The clause that takes the request.
    Clause(&'t VirtualHost<'a>, &'t Clause<'a>),
    /// No clause of the virtual host takes the request.
    NoClause(&'t VirtualHost<'a>),
    /// The virtual host requires TLS.
    RequiresTls(&'t VirtualHost<'a>),
    /// No virtual host has the host of the request.
    NoVirtualHost,
    /// The request has no path: `OPTIONS *`. Envoy answers 404 before it looks for a virtual host.
    NoPath,
}

impl<'a> Table<'a> {
    /// Adds a virtual host. A second one of the same name is dropped, and so are domains that are already taken
    /// (istiod: `getUniqueAndSharedDNSDomain`, `dedupeDomains`).
    pub fn add(&mut self, mut virtual_host: VirtualHost<'a>) {
        let index = self.virtual_hosts.len();
        if self.names.contains_key(&virtual_host.name) {
            return;
        }
        self.names.insert(virtual_host.name.clone(), index);
        for clause in &mut virtual_host.clauses {
            clause.id = self.clause_count;
            self.clause_count += 1;
        }
        virtual_host.domains.retain(|domain| {
            let is_taken = self.by_domain.contains_key(&domain.to_ascii_lowercase());
            // istiod adds the virtual hosts of services in no certain order.
            let is_own = || virtual_host.name.strip_prefix(domain.as_str()).is_some_and(|rest| rest.starts_with(':'));
            if is_taken && (is_own() || domain.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()) {
                self.contested.insert(domain.clone(), virtual_host.name.clone());
            }
            !is_taken
        });
        for domain in &virtual_host.domains {
            let domain = domain.to_ascii_lowercase();
            if let Some(suffix) = domain.strip_prefix('*') {
                let at = self.wildcards.partition_point(|(other, _)| other.len() >= suffix.len());
                self.wildcards.insert(at, (suffix.to_owned(), index));
            }
            self.by_domain.insert(domain, index);
        }
        self.virtual_hosts.push(virtual_host);
    }

    /// Notes that another VirtualService defines the host as well, and loses only by the order of names.
    pub fn add_rival(&mut self, name: &str, rival: String) {
        if let Some(&index) = self.names.get(name) {
            self.virtual_hosts[index].rivals.push(rival);
        }
    }

    /// The name of a virtual host that has the host of a request as well, but lost it by chance.
    pub fn contested(&self, request: &HttpRequest<'_>) -> Option<&str> {
        if self.contested.is_empty() {
            return None;
        }
        self.contested.get(request.host().as_ref()).map(String::as_str)
    }

    /// The number of clauses.
    pub fn clause_count(&self) -> usize {
        self.clause_count
    }

    /// The virtual hosts, in order.
    pub fn virtual_hosts(&self) -> &[VirtualHost<'a>] {
        &self.virtual_hosts
    }

    /// The virtual host of a request: that of an exact domain, else that of the longest wildcard for at least one
    /// character, else `*`.
    pub fn virtual_host(&self, request: &HttpRequest<'_>) -> Option<&VirtualHost<'a>> {
        let host = request.host();
        let exact = self.by_domain.get(host.as_ref()).filter(|_| !host.starts_with('*')).copied();
        let covers = |suffix: &str| suffix.is_empty() || (host.len() > suffix.len() && host.ends_with(suffix));
        let wildcard = || self.wildcards.iter().find(|(suffix, _)| covers(suffix)).map(|(_, index)| *index);
        exact.or_else(wildcard).map(|index| &self.virtual_hosts[index])
    }

    /// Looks up a request.
    pub fn find<'t>(&'t self, request: &HttpRequest<'_>) -> RouteLookup<'t, 'a> {
        if !request.path.starts_with(b"/") {
            return RouteLookup::NoPath;
        }
        let Some(virtual_host) = self.virtual_host(request) else { return RouteLookup::NoVirtualHost };
        if virtual_host.requires_tls && request.scheme != "https" {
            return RouteLookup::RequiresTls(virtual_host);
        }
        match virtual_host.clauses.iter().find(|clause| clause.takes(request)) {
            Some(clause) => RouteLookup::Clause(virtual_host, clause),
            None => RouteLookup::NoClause(virtual_host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_a_path_is_not_found() {
        let table = Table::default();
        let find = |path: &'static [u8]| table.find(&HttpRequest { path: path.into(), ..HttpRequest::default() });
        assert!(matches!(find(b"*"), RouteLookup::NoPath));
        assert!(matches!(find(b"/"), RouteLookup::NoVirtualHost));
    }
}
