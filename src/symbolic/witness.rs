//! Requests that show what a region is: as usual as possible, and short.

use std::fmt;

use super::atoms::usual;
use super::bits::Bits;
use super::dimension::Dimension;
use super::region::{ABSENT, Region};
use super::space::{Axis, Space};
use crate::routing::{HttpRequest, MatchCondition, RequestPart};

/// A request that shows what a proof is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// The method.
    pub method: String,
    /// The scheme.
    pub scheme: String,
    /// The authority; empty if any host of the routes shows the same.
    pub authority: String,
    /// The path without its query string.
    pub path: String,
    /// The query parameters.
    pub query: Vec<(String, String)>,
    /// The header lines.
    pub headers: Vec<(String, String)>,
    /// The claims of the token; null without one.
    pub claims: serde_json::Value,
}

impl Space {
    /// A request of a region, with the usual method if the region has such requests. `None` if it is not UTF-8.
    ///
    /// The parts of a request that conditions name apart, such as `:path` and the path, may contradict each other. So
    /// whoever shows the request tries it first.
    pub(super) fn witness(&self, region: &Region, method: &str) -> Option<Witness> {
        let mut witness = Witness {
            method: method.to_owned(),
            scheme: "http".to_owned(),
            authority: String::new(),
            path: "/".to_owned(),
            query: Vec::new(),
            headers: Vec::new(),
            claims: serde_json::Value::Null,
        };
        for (number, axis) in self.axes.iter().enumerate() {
            let Dimension::Part(part) = &axis.dimension else { continue };
            let texts = chosen(axis, part, region.on(number), method);
            let texts: Option<Vec<String>> =
                texts.into_iter().map(|atom| String::from_utf8(axis.texts[atom - 1].clone()).ok()).collect();
            witness.set(part, texts?);
        }
        Some(witness)
    }
}

/// The atoms of a request on an axis: none if it can be without the part, else one, or as many as it must have.
fn chosen(axis: &Axis, part: &RequestPart, (allowed, required): (&Bits, &[Bits]), method: &str) -> Vec<usize> {
    if allowed.has(ABSENT) && required.iter().all(|one| one.has(ABSENT)) {
        return Vec::new();
    }
    let rank = |atom: &usize| {
        let text = &axis.texts[atom - 1];
        let is_method = *part == RequestPart::Method && text == method.as_bytes();
        let at = usual(part).iter().position(|it| it.as_bytes() == text);
        (!is_method, at.unwrap_or(usize::MAX), text.len(), text.clone())
    };
    let best = |atoms: &Bits| atoms.iter().filter(|atom| *atom != ABSENT).min_by_key(rank);
    let common = required.iter().fold(allowed.clone(), Bits::and);
    match best(&common) {
        Some(atom) => vec![atom],
        None => required.iter().filter_map(|one| best(&allowed.clone().and(one))).collect(),
    }
}

impl Witness {
    fn set(&mut self, part: &RequestPart, texts: Vec<String>) {
        let Some(text) = texts.first().cloned() else { return };
        match part {
            RequestPart::Path => self.path = text,
            // The path itself, if it matters, comes first.
            RequestPart::PathAndQuery if self.path == "/" => match text.split_once('?') {
                Some((path, query)) => {
                    self.path = path.to_owned();
                    let pair = |pair: &str| {
                        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                        (name.to_owned(), value.to_owned())
                    };
                    self.query = query.split('&').map(pair).collect();
                }
                None => self.path = text,
            },
            RequestPart::PathAndQuery => {}
            RequestPart::Method => self.method = text,
            RequestPart::Scheme => self.scheme = text,
            RequestPart::Authority => self.authority = text,
            RequestPart::Header(name) => self.headers.extend(texts.into_iter().map(|text| (name.clone(), text))),
            RequestPart::Query(name) => self.query.push((name.clone(), text)),
            RequestPart::Claim(path) => set_claim(&mut self.claims, path, &texts),
        }
    }

    /// The request as Envoy's router sees it.
    pub fn request(&self) -> HttpRequest<'_> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str().into(), value.as_bytes().into()));
        HttpRequest {
            authority: self.authority.as_str().into(),
            method: self.method.as_str().into(),
            scheme: self.scheme.as_str().into(),
            path: self.path.as_bytes().into(),
            query: (!self.query.is_empty()).then(|| self.query_string().into_bytes().into()),
            headers: headers.collect(),
            claims: &self.claims,
        }
    }

    /// Whether the request meets some conditions.
    pub(super) fn meets(&self, conditions: &[&MatchCondition]) -> bool {
        let request = self.request();
        conditions.iter().all(|condition| condition.holds(&request))
    }

    fn query_string(&self) -> String {
        let pairs: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    }
}

fn set_claim(claims: &mut serde_json::Value, path: &[String], texts: &[String]) {
    let Some((name, rest)) = path.split_first() else {
        *claims = match texts {
            [text] => text.clone().into(),
            texts => texts.to_vec().into(),
        };
        return;
    };
    if !claims.is_object() {
        *claims = serde_json::Value::Object(serde_json::Map::new());
    }
    set_claim(&mut claims[name.as_str()], rest, texts);
}

impl fmt::Display for Witness {
    /// For a message: the request in backticks, and its headers.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.query.is_empty() { "" } else { "?" };
        write!(formatter, "`{} {}{}{separator}{}`", self.method, self.authority, self.path, self.query_string())?;
        for (index, (name, value)) in self.headers.iter().enumerate() {
            let word = if index == 0 { " with header" } else { " and" };
            write!(formatter, "{word} `{name}: {value}`")?;
        }
        if !self.claims.is_null() {
            write!(formatter, " with claims `{}`", self.claims)?;
        }
        Ok(())
    }
}
