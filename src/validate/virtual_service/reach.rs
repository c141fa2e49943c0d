//! Routes and matches that get no requests (istio: `analyzeUnreachableHTTPRules`, …).

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use super::string_match::Comparison;
use crate::model::field::{NumberField, TextField};
use crate::model::networking::{HttpMatchRequest, L4MatchAttributes, StringMatch, TlsMatchAttributes, VirtualService};
use crate::model::{LabelSet, Map};
use crate::source::{Span, Spanned};
use crate::validate::Mistake;
use crate::validate::quoted;
use crate::validate::violation::Violations;

pub(super) fn check(virtual_service: &VirtualService, violations: &mut Violations<'_>) {
    let http = virtual_service.http.iter().map(|it| MatchedRoute {
        span: it.span,
        matches: &it.r#match,
        delegates: it.delegate.is_some(),
    });
    let reached = check_routes(http, |route_match| route_match.span, HttpKey::of, violations);
    check_prefixes(&reached, violations);
    let tcp =
        virtual_service.tcp.iter().map(|it| MatchedRoute { span: it.span, matches: &it.r#match, delegates: false });
    check_routes(tcp, |route_match| route_match.span, l4_key, violations);
    let tls =
        virtual_service.tls.iter().map(|it| MatchedRoute { span: it.span, matches: &it.r#match, delegates: false });
    check_routes(tls, |route_match| route_match.span, tls_key, violations);
}

/// A route of any protocol.
struct MatchedRoute<'a, M> {
    span: Span,
    matches: &'a [M],
    /// Whether the route delegates, so that it only gets requests that the delegate matches too.
    delegates: bool,
}

/// A match that does not repeat an earlier one.
struct Reached<'a, M> {
    route_match: &'a M,
    delegates: bool,
}

/// Finds routes after one without matches, and matches that repeat earlier ones. Returns the other matches.
fn check_routes<'a, M, K: Hash + Eq>(
    routes: impl Iterator<Item = MatchedRoute<'a, M>>,
    span_of: impl Fn(&M) -> Span,
    key_of: impl Fn(&'a M) -> K,
    violations: &mut Violations<'_>,
) -> Vec<Reached<'a, M>> {
    let mut catch_all: Option<Span> = None;
    let mut known: HashMap<K, (Span, bool)> = HashMap::new();
    let mut reached = Vec::new();
    for route in routes {
        if let Some(earlier) = catch_all {
            add_after_catch_all(&route, earlier, &span_of, violations);
            continue;
        }
        if route.matches.is_empty() {
            catch_all = Some(route.span);
        }
        let mut repeated = 0;
        for route_match in route.matches {
            let key = key_of(route_match);
            let Some((first, delegates)) = known.get(&key) else {
                known.insert(key, (span_of(route_match), route.delegates));
                reached.push(Reached { route_match, delegates: route.delegates });
                continue;
            };
            repeated += 1;
            let mistake = if *delegates { Mistake::SeeminglyUnreachable } else { Mistake::Unreachable };
            violations
                .warning("UW-3", mistake, span_of(route_match), "the match repeats an earlier one")
                .help("remove it")
                .related(*first, "the earlier match");
        }
        if repeated > 0 && repeated == route.matches.len() {
            violations
                .warning("UW-4", Mistake::Unreachable, route.span, "all matches of the route repeat earlier ones")
                .help("remove it");
        }
    }
    reached
}

fn add_after_catch_all<M>(
    route: &MatchedRoute<'_, M>,
    earlier: Span,
    span_of: impl Fn(&M) -> Span,
    violations: &mut Violations<'_>,
) {
    let (id, all): (_, Vec<Span>) = match route.matches {
        [] => ("UW-1", vec![route.span]),
        matches => ("UW-2", matches.iter().map(span_of).collect()),
    };
    for span in all {
        violations
            .warning(
                id,
                Mistake::Unreachable,
                span,
                "no request reaches this, because an earlier route matches every request",
            )
            .help("move the route without matches to the end")
            .related(earlier, "this route has no matches");
    }
}

/// The conditions of an HTTP match, without its name.
#[derive(PartialEq, Eq, Hash)]
struct HttpKey<'a> {
    texts: [Option<Comparison<'a>>; 4],
    maps: [BTreeMap<&'a str, Comparison<'a>>; 3],
    port: u32,
    labels: LabelSet<'a>,
    gateways: Vec<&'a str>,
    ignores_case: bool,
    namespace: &'a str,
    stat_prefix: &'a str,
}

impl<'a> HttpKey<'a> {
    fn of(route_match: &'a HttpMatchRequest) -> Self {
        let texts = [&route_match.uri, &route_match.scheme, &route_match.method, &route_match.authority];
        Self {
            texts: texts.map(|text| text.as_ref().map(Comparison::of)),
            maps: maps(route_match)
                .map(|map| map.iter().map(|(name, value)| (name.as_str(), Comparison::of(value))).collect()),
            port: route_match.port.number(),
            labels: route_match.source_labels.to_set(),
            gateways: texts_of(&route_match.gateways),
            ignores_case: route_match.ignore_uri_case.is_some_and(|ignores| ignores.value),
            namespace: route_match.source_namespace.text(),
            stat_prefix: route_match.stat_prefix.text(),
        }
    }

    /// Whether this match, apart from its path, matches every request that another one matches.
    fn covers_all_of(&self, other: &Self) -> bool {
        let [_, own @ ..] = &self.texts;
        let [_, others @ ..] = &other.texts;
        let mut texts = own.iter().zip(others);
        let mut maps = self.maps.iter().zip(&other.maps);
        texts.all(|(own, other)| own.is_none() || own == other)
            && maps.all(|(own, other)| own.iter().all(|(name, text)| other.get(name) == Some(text)))
            && (self.port == 0 || self.port == other.port)
            && self.labels.iter().all(|(key, value)| other.labels.get(key) == Some(value))
            && (self.gateways.is_empty() || self.gateways == other.gateways)
            && (self.namespace.is_empty() || self.namespace == other.namespace)
            && (self.ignores_case || !other.ignores_case)
    }
}

fn maps(route_match: &HttpMatchRequest) -> [&Map<StringMatch>; 3] {
    [&route_match.headers, &route_match.query_params, &route_match.without_headers]
}

fn texts_of(texts: &[Spanned<String>]) -> Vec<&str> {
    texts.iter().map(|text| text.as_str()).collect()
}

fn l4_key(route_match: &L4MatchAttributes) -> impl Hash + Eq {
    (
        texts_of(&route_match.destination_subnets),
        route_match.port.number(),
        route_match.source_subnet.text(),
        route_match.source_labels.to_set(),
        texts_of(&route_match.gateways),
        route_match.source_namespace.text(),
    )
}

fn tls_key(route_match: &TlsMatchAttributes) -> impl Hash + Eq {
    (
        texts_of(&route_match.sni_hosts),
        texts_of(&route_match.destination_subnets),
        route_match.port.number(),
        route_match.source_labels.to_set(),
        texts_of(&route_match.gateways),
        route_match.source_namespace.text(),
    )
}

/// Finds prefixes that start with an earlier one (istio: `OverlappingMatchValidationForHTTP`).
fn check_prefixes(reached: &[Reached<'_, HttpMatchRequest>], violations: &mut Violations<'_>) {
    let prefixed: Vec<Prefixed<'_>> = reached.iter().filter_map(Prefixed::of).collect();
    for (index, later) in prefixed.iter().enumerate() {
        let mut covering = prefixed[..index].iter().filter(|earlier| earlier.covers(later)).peekable();
        let Some(&first) = covering.peek() else { continue };
        let shadowed_by = covering.find(|earlier| !earlier.delegates && earlier.key.covers_all_of(&later.key));
        let mistake = if shadowed_by.is_some() { Mistake::Unreachable } else { Mistake::SeeminglyUnreachable };
        let earlier = shadowed_by.unwrap_or(first);
        let message = format!("the earlier prefix {} shadows {}", quoted(earlier.prefix), quoted(later.prefix));
        violations
            .warning("UW-5", mistake, later.span, message)
            .help("move the longer prefix first")
            .related(earlier.span, "the earlier match");
    }
}

/// An HTTP match with a prefix, in the form that istiod compares: each text after the kind of its match.
struct Prefixed<'a> {
    prefix: &'a str,
    span: Span,
    delegates: bool,
    key: HttpKey<'a>,
    port: u32,
    texts: [String; 2],
    maps: [BTreeMap<&'a str, String>; 3],
}

impl<'a> Prefixed<'a> {
    fn of(reached: &Reached<'a, HttpMatchRequest>) -> Option<Self> {
        let route_match = reached.route_match;
        let Comparison::Prefix(prefix) = Comparison::of(route_match.uri.as_ref()?) else { return None };
        if prefix.is_empty() {
            return None;
        }
        let method = route_match.method.as_ref().map_or_else(|| "exact:GET".to_owned(), described);
        let authority = route_match.authority.as_ref().map(described).unwrap_or_default();
        let described_map =
            |map: &'a Map<StringMatch>| map.iter().map(|(name, value)| (name.as_str(), described(value))).collect();
        Some(Self {
            prefix,
            span: route_match.span,
            delegates: reached.delegates,
            key: HttpKey::of(route_match),
            port: route_match.port.number(),
            texts: [method, authority],
            maps: maps(route_match).map(described_map),
        })
    }

    /// Whether istiod considers this earlier match at least as wide as a later one: each of its texts starts with the
    /// text of the other.
    fn covers(&self, later: &Self) -> bool {
        let texts = || self.texts.iter().zip(&later.texts);
        let maps = || self.maps.iter().zip(&later.maps);
        self.prefix != later.prefix
            && later.prefix.starts_with(self.prefix)
            && self.port == later.port
            && texts().all(|(own, other)| own.starts_with(other.as_str()))
            && maps().all(|(own, other)| {
                own.len() == other.len()
                    && own.iter().all(|(name, text)| other.get(name).is_some_and(|it| text.starts_with(it.as_str())))
            })
    }
}

fn described(text: &StringMatch) -> String {
    match Comparison::of(text) {
        Comparison::Exact(exact) => format!("exact:{exact}"),
        Comparison::Prefix(prefix) => format!("prefix:{prefix}"),
        Comparison::Regex(_) | Comparison::Present => String::new(),
    }
}
