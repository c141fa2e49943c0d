//! Requests that show what a region is: as usual as possible, and short.

use std::fmt;

use super::atoms::usual;
use super::bits::Bits;
use super::dimension::Dimension;
use super::region::{ABSENT, Region};
use super::space::{Axis, Space};
use crate::routing::{HttpRequest, MatchCondition, RequestPart, Sample};

/// A request that shows what a proof is about. Its authority is empty if any host of the routes shows the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness(Sample);

impl Space {
    /// A request of a region, with the usual method if the region has such requests. `None` if it is not UTF-8, or no request
    /// can have it.
    ///
    /// The parts of a request that conditions name apart, such as `:path` and the path, may contradict each other. So
    /// whoever shows the request tries it first.
    pub(super) fn witness(&self, region: &Region, method: &str) -> Option<Witness> {
        let mut witness = Witness(Sample { method: method.to_owned(), ..Sample::default() });
        for (number, axis) in self.axes.iter().enumerate() {
            let Dimension::Part(part) = &axis.dimension else { continue };
            let texts = chosen(axis, part, region.on(number), method);
            let texts: Option<Vec<String>> =
                texts.into_iter().map(|atom| String::from_utf8(axis.texts[atom - 1].clone()).ok()).collect();
            witness.set(part, texts?)?;
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
    /// Sets a part of the request. `None` if no request can have it.
    fn set(&mut self, part: &RequestPart, texts: Vec<String>) -> Option<()> {
        let Some(text) = texts.first().cloned() else { return Some(()) };
        let Self(sample) = self;
        match part {
            RequestPart::Path => sample.path = text,
            // The path itself, if it matters, comes first.
            RequestPart::PathAndQuery if sample.path == "/" => match text.split_once('?') {
                Some((path, query)) => {
                    sample.path = path.to_owned();
                    let pair = |pair: &str| {
                        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                        (name.to_owned(), value.to_owned())
                    };
                    sample.query = query.split('&').map(pair).collect();
                }
                None => sample.path = text,
            },
            RequestPart::PathAndQuery => {}
            RequestPart::Method => sample.method = text,
            RequestPart::Scheme => sample.scheme = text,
            RequestPart::Authority => sample.authority = text,
            RequestPart::Header(name) => sample.headers.extend(texts.into_iter().map(|text| (name.clone(), text))),
            RequestPart::Query(name) => sample.query.push((name.clone(), text)),
            RequestPart::Claim(path) => {
                let value = if texts.len() == 1 { text.into() } else { texts.into() };
                return sample.set_claim(path, value);
            }
        }
        Some(())
    }

    /// The request as Envoy's router sees it.
    pub fn request(&self) -> HttpRequest<'_> {
        self.0.request()
    }

    /// The parts of the request.
    pub fn sample(&self) -> &Sample {
        &self.0
    }

    /// Whether the request meets some conditions.
    pub(super) fn meets(&self, conditions: &[&MatchCondition]) -> bool {
        let request = self.request();
        conditions.iter().all(|condition| condition.holds(&request))
    }
}

impl fmt::Display for Witness {
    /// For a message: the request in backticks, and its headers.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(sample) = self;
        write!(formatter, "`{} {}{}`", sample.method, sample.authority, sample.path_and_query())?;
        for (index, (name, value)) in sample.headers.iter().enumerate() {
            let word = if index == 0 { " with header" } else { " and" };
            write!(formatter, "{word} `{name}: {value}`")?;
        }
        if !sample.claims.is_null() {
            write!(formatter, " with claims `{}`", sample.claims)?;
        }
        Ok(())
    }
}
