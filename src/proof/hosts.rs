//! Hosts that stand for all those that route tables treat alike.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::routing::{EnvoyRegex, HttpRequest, MatchCondition, MatchSubject, Matcher, RequestPart, Table, VirtualHost};
use crate::world::host;

/// A host that no mesh knows.
pub const OUTSIDE: &str = "unknown.invalid";

/// The words for hosts that no mesh knows.
pub const ANY_OTHER: &str = "any other host";

/// Hosts that have the same virtual host in each of several tables.
#[derive(Debug)]
pub struct HostGroup<'t, 'a> {
    /// One of them.
    pub host: String,
    /// Their domains: hosts, and wildcards that stand for all hosts without a longer one; empty for hosts that no table
    /// knows.
    pub domains: Vec<String>,
    /// The virtual host in each table.
    pub virtual_hosts: Vec<Option<&'t VirtualHost<'a>>>,
}

impl HostGroup<'_, '_> {
    /// The hosts by their fullest name: a host or a wildcard.
    pub fn name(&self) -> &str {
        let fullest = self.domains.iter().max_by_key(|domain| (!is_address(domain), domain.len()));
        // A host with a dot at its end is the same host.
        fullest.map_or(ANY_OTHER, |domain| domain.trim_end_matches('.'))
    }

    /// The authorities of requests for the hosts, if some of the conditions look at the authority.
    pub fn authority<'c>(&self, conditions: impl IntoIterator<Item = &'c MatchCondition>) -> Option<MatchCondition> {
        let mut conditions = conditions.into_iter();
        let first = conditions.find(|it| it.subject.part() == RequestPart::Authority)?;
        let pattern = |domain: &String| match domain.strip_prefix('*') {
            Some(suffix) => format!(".+{}", escaped(suffix)),
            None => escaped(domain),
        };
        let host = [self.host.clone()];
        let domains = if self.domains.is_empty() { &host[..] } else { &self.domains };
        let patterns: Vec<String> = domains.iter().map(pattern).collect();
        let regex = EnvoyRegex::new(&format!("(?i)({})(:[0-9]*)?", patterns.join("|"))).ok()?;
        Some(MatchCondition { subject: MatchSubject::Authority, matcher: Matcher::Regex(regex), span: first.span })
    }
}

/// All hosts, by their virtual hosts in some tables.
pub fn groups<'t, 'a>(tables: &[Option<&'t Table<'a>>]) -> Vec<HostGroup<'t, 'a>> {
    groups_with(tables, &BTreeSet::new())
}

/// All hosts, by their virtual hosts in some tables and by further domains, which are in lower case.
pub fn groups_with<'t, 'a>(tables: &[Option<&'t Table<'a>>], further: &BTreeSet<String>) -> Vec<HostGroup<'t, 'a>> {
    let all = || tables.iter().flatten().flat_map(|table| table.virtual_hosts());
    let of_tables = all().flat_map(|host| &host.domains).map(|domain| domain.to_ascii_lowercase());
    let domains: BTreeSet<String> = of_tables.chain(further.iter().cloned()).collect();
    let shown = domains.iter().filter_map(|domain| Some((Some(domain), example(domain, &domains)?)));
    let outside = example("*", &domains).map(|host| (None, host));
    let mut groups: Vec<HostGroup<'t, 'a>> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for (domain, shown) in shown.chain(outside) {
        let request = HttpRequest { authority: shown.as_str().into(), ..HttpRequest::default() };
        let virtual_hosts: Vec<_> = tables.iter().map(|table| table.and_then(|it| it.virtual_host(&request))).collect();
        let key: Vec<usize> =
            virtual_hosts.iter().map(|it| it.map_or(0, |host| std::ptr::from_ref(host).addr())).collect();
        let at = *places.entry(key).or_insert_with(|| {
            groups.push(HostGroup { host: shown.clone(), domains: Vec::new(), virtual_hosts });
            groups.len() - 1
        });
        let group = &mut groups[at];
        group.domains.extend(domain.cloned());
        if rank(&shown) < rank(&group.host) {
            group.host = shown;
        }
    }
    groups
}

/// Names are nicer than addresses, and short ones nicer than long ones.
fn rank(host: &str) -> (bool, usize) {
    (is_address(host), host.len())
}

fn is_address(host: &str) -> bool {
    host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

/// A host that has a domain, and no other one of some domains. `None` if there is none.
pub fn example(domain: &str, domains: &BTreeSet<String>) -> Option<String> {
    if !domain.starts_with('*') {
        return Some(domain.to_owned());
    }
    let suffix = &domain[1..];
    let is_free = |host: &String| {
        let takes = |other: &String| other == host || (other.len() > domain.len() && host::covered_by(host, other));
        !domains.iter().any(takes)
    };
    if suffix.is_empty() {
        let outside = OUTSIDE.to_owned();
        return Some(outside)
            .filter(is_free)
            .or_else(|| (0..1000).map(|it| format!("unknown{it}.invalid")).find(is_free));
    }
    let labels = ('a'..='z').map(String::from).chain((0..1000).map(|number| format!("host{number}")));
    labels.map(|label| format!("{label}{suffix}")).find(is_free)
}

/// A text as a regular expression.
pub fn escaped(text: &str) -> String {
    let escape = |letter: char| match letter.is_ascii_alphanumeric() {
        true => String::from(letter),
        false => format!("\\{letter}"),
    };
    text.chars().map(escape).collect()
}
