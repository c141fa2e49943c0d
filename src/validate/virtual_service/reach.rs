//! Rules and matches that are never reached (istio: `analyzeUnreachableHTTPRules`, …).

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use super::string_match::Text;
use crate::model::networking::{HttpMatchRequest, L4MatchAttributes, StringMatch, TlsMatchAttributes, VirtualService};
use crate::model::{LabelSet, Map};
use crate::source::{Span, Spanned};
use crate::validate::Family;
use crate::validate::common::field::{number, text};
use crate::validate::violation::Found;

pub(super) fn check(spec: &VirtualService, found: &mut Found<'_>) {
    let http =
        spec.http.iter().map(|it| Rule { span: it.span, matches: &it.r#match, delegates: it.delegate.is_some() });
    let reached = check_rules(http, |entry| entry.span, HttpKey::of, found);
    check_prefixes(&reached, found);
    let tcp = spec.tcp.iter().map(|it| Rule { span: it.span, matches: &it.r#match, delegates: false });
    check_rules(tcp, |entry| entry.span, l4_key, found);
    let tls = spec.tls.iter().map(|it| Rule { span: it.span, matches: &it.r#match, delegates: false });
    check_rules(tls, |entry| entry.span, tls_key, found);
}

/// A rule of any sort.
struct Rule<'a, M> {
    span: Span,
    matches: &'a [M],
    /// Whether it takes only what the matches of its delegate leave of its own.
    delegates: bool,
}

/// A match that no earlier one repeats.
struct Reached<'a, M> {
    entry: &'a M,
    delegates: bool,
}

/// Looks for rules behind one without matches, and for matches that are there already. Those that are not are returned.
fn check_rules<'a, M, K: Hash + Eq>(
    rules: impl Iterator<Item = Rule<'a, M>>,
    span_of: impl Fn(&M) -> Span,
    key_of: impl Fn(&'a M) -> K,
    found: &mut Found<'_>,
) -> Vec<Reached<'a, M>> {
    let mut takes_all: Option<Span> = None;
    let mut known: HashMap<K, (Span, bool)> = HashMap::new();
    let mut reached = Vec::new();
    for rule in rules {
        if let Some(earlier) = takes_all {
            behind_all(&rule, earlier, &span_of, found);
            continue;
        }
        if rule.matches.is_empty() {
            takes_all = Some(rule.span);
        }
        let mut repeated = 0;
        for entry in rule.matches {
            let key = key_of(entry);
            let Some((first, delegates)) = known.get(&key) else {
                known.insert(key, (span_of(entry), rule.delegates));
                reached.push(Reached { entry, delegates: rule.delegates });
                continue;
            };
            repeated += 1;
            let family = if *delegates { Family::SeeminglyUnreachable } else { Family::Unreachable };
            found
                .warning("UW-3", family, span_of(entry), "this match repeats an earlier one")
                .help("remove it")
                .related(*first, "the earlier one");
        }
        if repeated > 0 && repeated == rule.matches.len() {
            found
                .warning("UW-4", Family::Unreachable, rule.span, "all matches of this rule repeat earlier ones")
                .help("remove it");
        }
    }
    reached
}

fn behind_all<M>(rule: &Rule<'_, M>, earlier: Span, span_of: impl Fn(&M) -> Span, found: &mut Found<'_>) {
    let (id, all): (_, Vec<Span>) = match rule.matches {
        [] => ("UW-1", vec![rule.span]),
        matches => ("UW-2", matches.iter().map(span_of).collect()),
    };
    for span in all {
        found
            .warning(id, Family::Unreachable, span, "this is never reached")
            .help("move the rule without matches behind it")
            .related(earlier, "this rule has no matches, so it takes everything");
    }
}

/// What an HTTP match asks for; its name is no part of that.
#[derive(PartialEq, Eq, Hash)]
struct HttpKey<'a> {
    texts: [Option<Text<'a>>; 4],
    maps: [BTreeMap<&'a str, Text<'a>>; 3],
    port: u32,
    labels: LabelSet<'a>,
    gateways: Vec<&'a str>,
    ignores_case: bool,
    namespace: &'a str,
    stat_prefix: &'a str,
}

impl<'a> HttpKey<'a> {
    fn of(entry: &'a HttpMatchRequest) -> Self {
        let texts = [&entry.uri, &entry.scheme, &entry.method, &entry.authority];
        Self {
            texts: texts.map(|text| text.as_ref().map(Text::of)),
            maps: maps(entry).map(|map| map.iter().map(|(name, value)| (name.as_str(), Text::of(value))).collect()),
            port: number(&entry.port),
            labels: entry.source_labels.to_set(),
            gateways: texts_of(&entry.gateways),
            ignores_case: entry.ignore_uri_case.is_some_and(|ignores| ignores.value),
            namespace: text(&entry.source_namespace),
            stat_prefix: text(&entry.stat_prefix),
        }
    }

    /// Whether every request that another match takes is one that this one takes, paths apart.
    fn takes_all_of(&self, other: &Self) -> bool {
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

fn maps(entry: &HttpMatchRequest) -> [&Map<StringMatch>; 3] {
    [&entry.headers, &entry.query_params, &entry.without_headers]
}

fn texts_of(texts: &[Spanned<String>]) -> Vec<&str> {
    texts.iter().map(|text| text.as_str()).collect()
}

fn l4_key(entry: &L4MatchAttributes) -> impl Hash + Eq {
    (
        texts_of(&entry.destination_subnets),
        number(&entry.port),
        text(&entry.source_subnet),
        entry.source_labels.to_set(),
        texts_of(&entry.gateways),
        text(&entry.source_namespace),
    )
}

fn tls_key(entry: &TlsMatchAttributes) -> impl Hash + Eq {
    (
        texts_of(&entry.sni_hosts),
        texts_of(&entry.destination_subnets),
        number(&entry.port),
        entry.source_labels.to_set(),
        texts_of(&entry.gateways),
        text(&entry.source_namespace),
    )
}

/// Looks for paths that begin with an earlier one (istio: `OverlappingMatchValidationForHTTP`).
fn check_prefixes(reached: &[Reached<'_, HttpMatchRequest>], found: &mut Found<'_>) {
    let prefixed: Vec<Prefixed<'_>> = reached.iter().filter_map(Prefixed::of).collect();
    for (index, later) in prefixed.iter().enumerate() {
        let mut covering = prefixed[..index].iter().filter(|earlier| earlier.covers(later)).peekable();
        let Some(&first) = covering.peek() else { continue };
        let taken_by = covering.find(|earlier| !earlier.delegates && earlier.key.takes_all_of(&later.key));
        let family = if taken_by.is_some() { Family::Unreachable } else { Family::SeeminglyUnreachable };
        let earlier = taken_by.unwrap_or(first);
        let message = format!("paths under {} are taken by the earlier match of {}", later.prefix, earlier.prefix);
        found
            .warning("UW-5", family, later.span, message)
            .help("put the longer prefix first")
            .related(earlier.span, "the earlier match");
    }
}

/// An HTTP match by prefix, as istiod compares them: texts with the way they are compared before.
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
        let entry = reached.entry;
        let Text::Prefix(prefix) = Text::of(entry.uri.as_ref()?) else { return None };
        if prefix.is_empty() {
            return None;
        }
        let method = entry.method.as_ref().map_or_else(|| "exact:GET".to_owned(), described);
        let authority = entry.authority.as_ref().map(described).unwrap_or_default();
        let described_map =
            |map: &'a Map<StringMatch>| map.iter().map(|(name, value)| (name.as_str(), described(value))).collect();
        Some(Self {
            prefix,
            span: entry.span,
            delegates: reached.delegates,
            key: HttpKey::of(entry),
            port: number(&entry.port),
            texts: [method, authority],
            maps: maps(entry).map(described_map),
        })
    }

    /// Whether this one, being earlier, is no narrower. istiod takes a text that begins with the other's for one that
    /// is not.
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
    match Text::of(text) {
        Text::Exact(exact) => format!("exact:{exact}"),
        Text::Prefix(prefix) => format!("prefix:{prefix}"),
        Text::Regex(_) | Text::Present => String::new(),
    }
}
