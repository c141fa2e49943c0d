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
    let http = spec.http.iter().map(|rule| (rule.span, rule.r#match.as_slice()));
    let reached = check_rules(http, |entry| entry.span, HttpKey::of, found);
    check_prefixes(&reached, found);
    let tcp = spec.tcp.iter().map(|rule| (rule.span, rule.r#match.as_slice()));
    check_rules(tcp, |entry| entry.span, l4_key, found);
    let tls = spec.tls.iter().map(|rule| (rule.span, rule.r#match.as_slice()));
    check_rules(tls, |entry| entry.span, tls_key, found);
}

/// Looks for rules behind one without matches, and for matches that are there already. Those that are not are returned.
fn check_rules<'a, M, K: Hash + Eq>(
    rules: impl Iterator<Item = (Span, &'a [M])>,
    span_of: impl Fn(&M) -> Span,
    key_of: impl Fn(&'a M) -> K,
    found: &mut Found<'_>,
) -> Vec<&'a M> {
    let mut takes_all: Option<Span> = None;
    let mut known: HashMap<K, Span> = HashMap::new();
    let mut new = Vec::new();
    for (rule, matches) in rules {
        if let Some(earlier) = takes_all {
            let (id, all): (_, Vec<Span>) = match matches {
                [] => ("UW-1", vec![rule]),
                matches => ("UW-2", matches.iter().map(&span_of).collect()),
            };
            for span in all {
                found
                    .warning(id, Family::Unreachable, span, "this is never reached")
                    .help("move the rule without matches behind it")
                    .related(earlier, "this rule has no matches, so it takes everything");
            }
            continue;
        }
        if matches.is_empty() {
            takes_all = Some(rule);
        }
        let mut repeated = 0;
        for entry in matches {
            let span = span_of(entry);
            if let Some(first) = known.get(&key_of(entry)) {
                repeated += 1;
                found
                    .warning("UW-3", Family::Unreachable, span, "this match repeats an earlier one")
                    .help("remove it")
                    .related(*first, "the earlier one");
            } else {
                known.insert(key_of(entry), span);
                new.push(entry);
            }
        }
        if repeated > 0 && repeated == matches.len() {
            found
                .warning("UW-4", Family::Unreachable, rule, "all matches of this rule repeat earlier ones")
                .help("remove it");
        }
    }
    new
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
fn check_prefixes(matches: &[&HttpMatchRequest], found: &mut Found<'_>) {
    let prefixed: Vec<Prefixed<'_>> = matches.iter().filter_map(|entry| Prefixed::of(entry)).collect();
    for (index, later) in prefixed.iter().enumerate() {
        let Some(earlier) = prefixed[..index].iter().find(|earlier| earlier.covers(later)) else { continue };
        let message =
            format!("paths under {} begin with {} as well, which an earlier match takes", later.prefix, earlier.prefix);
        found
            .warning("UW-5", Family::Unreachable, later.span, message)
            .help("put the longer prefix first")
            .related(earlier.span, "the earlier match");
    }
}

/// An HTTP match by prefix, as istiod compares them: texts with the way they are compared before.
struct Prefixed<'a> {
    prefix: &'a str,
    span: Span,
    port: u32,
    texts: [String; 2],
    maps: [BTreeMap<&'a str, String>; 3],
}

impl<'a> Prefixed<'a> {
    fn of(entry: &'a HttpMatchRequest) -> Option<Self> {
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
