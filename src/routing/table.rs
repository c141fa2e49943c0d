//! Route tables: virtual hosts by domain (Envoy: `RouteConfiguration`).

use std::collections::HashMap;

use super::clause::Clause;
use super::request::Request;

/// The routes of one listener.
#[derive(Debug, Default)]
pub struct Table<'a> {
    virtual_hosts: Vec<VirtualHost<'a>>,
    names: HashMap<String, usize>,
    clause_count: usize,
    by_domain: HashMap<String, usize>,
    /// The suffixes of wildcard domains, the longest first.
    wildcards: Vec<(String, usize)>,
    /// What happens to hosts that are not in the table.
    pub fallback: Fallback,
}

/// What happens to requests for hosts that are not in the table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fallback {
    /// They are answered with 404.
    #[default]
    NotFound,
    /// They go where the client dialled: `PassthroughCluster`.
    Passthrough,
    /// They are answered with 502.
    BlackHole,
    /// They go where DNS says: `AllowAnyDynamicDNSCluster`.
    DynamicDns,
}

/// The routes for some domains.
#[derive(Debug, Clone, Default)]
pub struct VirtualHost<'a> {
    /// The name that istiod gives it: `host:port`.
    pub name: String,
    /// The domains. What starts with `*` is a suffix.
    pub domains: Vec<String>,
    /// The routes, in order.
    pub clauses: Vec<Clause<'a>>,
    /// Whether plaintext requests are redirected to HTTPS before any route is looked at.
    pub requires_tls: bool,
    /// VirtualServices that define the host as well, and lose to this one by their name alone.
    pub rivals: Vec<String>,
}

/// What a table says of a request.
#[derive(Debug)]
pub enum Found<'t, 'a> {
    /// The clause that matched.
    Clause(&'t VirtualHost<'a>, &'t Clause<'a>),
    /// No clause of the virtual host matched.
    NoClause(&'t VirtualHost<'a>),
    /// The virtual host wants TLS.
    RequiresTls(&'t VirtualHost<'a>),
    /// No virtual host has the request's host.
    NoVirtualHost,
    /// The request has no path: `OPTIONS *`. It is answered with 404 before any virtual host is looked for.
    NoPath,
}

impl<'a> Table<'a> {
    /// Adds a virtual host. One of the same name is dropped, and domains that are taken already are dropped from it
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
        virtual_host.domains.retain(|domain| !self.by_domain.contains_key(&domain.to_ascii_lowercase()));
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

    /// Notes that another VirtualService defines the host of a virtual host as well, and only its name makes it the
    /// later one.
    pub fn add_rival(&mut self, name: &str, rival: String) {
        if let Some(&index) = self.names.get(name) {
            self.virtual_hosts[index].rivals.push(rival);
        }
    }

    /// How many clauses there are.
    pub fn clause_count(&self) -> usize {
        self.clause_count
    }

    /// The virtual hosts, in order.
    pub fn virtual_hosts(&self) -> &[VirtualHost<'a>] {
        &self.virtual_hosts
    }

    /// The virtual host of a request: an exact domain, else the longest wildcard with at least one character in its
    /// place, else `*`.
    pub fn virtual_host(&self, request: &Request<'_>) -> Option<&VirtualHost<'a>> {
        let host = request.host();
        let exact = self.by_domain.get(host.as_ref()).filter(|_| !host.starts_with('*')).copied();
        let covers = |suffix: &str| suffix.is_empty() || (host.len() > suffix.len() && host.ends_with(suffix));
        let wildcard = || self.wildcards.iter().find(|(suffix, _)| covers(suffix)).map(|(_, index)| *index);
        exact.or_else(wildcard).map(|index| &self.virtual_hosts[index])
    }

    /// What happens to a request.
    pub fn find<'t>(&'t self, request: &Request<'_>) -> Found<'t, 'a> {
        if !request.path.starts_with(b"/") {
            return Found::NoPath;
        }
        let Some(virtual_host) = self.virtual_host(request) else { return Found::NoVirtualHost };
        if virtual_host.requires_tls && request.scheme != "https" {
            return Found::RequiresTls(virtual_host);
        }
        match virtual_host.clauses.iter().find(|clause| clause.takes(request)) {
            Some(clause) => Found::Clause(virtual_host, clause),
            None => Found::NoClause(virtual_host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_path_is_not_found() {
        let table = Table::default();
        let find = |path: &'static [u8]| table.find(&Request { path: path.into(), ..Request::default() });
        assert!(matches!(find(b"*"), Found::NoPath));
        assert!(matches!(find(b"/"), Found::NoVirtualHost));
    }
}
