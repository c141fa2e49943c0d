//! A request that shows what was proven about policies.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use super::super::bits::Bits;
use super::super::dimension::Dimension;
use super::super::region::{ABSENT, Region};
use super::super::space::Space;
use super::axes::Known;
use crate::policy::{Attributes, Facet, Identity};
use crate::routing::{HttpRequest, Sample};

/// A request to a workload, as far as its policies tell requests apart. What is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PolicyWitness {
    /// The identity of the client; the inner `None` is a client without one.
    pub identity: Option<Option<Identity>>,
    /// The issuer of the token.
    pub issuer: Option<String>,
    /// The source address of the connection.
    pub source_ip: Option<IpAddr>,
    /// The address of the original client.
    pub remote_ip: Option<IpAddr>,
    /// The destination address.
    pub destination_ip: Option<IpAddr>,
    /// The port of the workload.
    pub port: Option<u32>,
    /// The server name of TLS.
    pub sni: Option<String>,
    /// The HTTP request, with the claims of its token other than the issuer.
    pub sample: Sample,
    /// Whether conditions count of which nobody knows whether the request meets them.
    pub is_open: bool,
}

/// Texts that people expect, the most usual first.
const USUAL: [&str; 15] =
    ["GET", "POST", "PUT", "DELETE", "/", "80", "8080", "443", "9080", "1", "a", "x", "http", "https", ""];

/// An address of nobody (RFC 5737).
const USUAL_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// Texts of a facet that a witness has if it can, beside those of conditions.
pub(super) fn usual(facet: &Facet) -> Vec<String> {
    match facet {
        Facet::Method => vec!["GET".to_owned(), "POST".to_owned()],
        Facet::Header(_) => vec!["1".to_owned()],
        Facet::SourceIp | Facet::RemoteIp => vec![Facet::text_of_address(USUAL_ADDRESS)],
        _ => Vec::new(),
    }
}

impl PolicyWitness {
    /// A request of a region, with the trust domain of the mesh if possible; `None` if it is not UTF-8.
    pub(super) fn of(space: &Space, region: &Region, known: &Known) -> Option<Self> {
        let mut witness = Self::default();
        for (number, axis) in space.axes.iter().enumerate() {
            let (allowed, required) = region.on(number);
            let facet = match &axis.dimension {
                Dimension::Facet(facet) => facet,
                _ => {
                    let is_free = allowed.has(1) && allowed.has(2);
                    witness.is_open |= !is_free;
                    continue;
                }
            };
            // Any text will do, also those that were not told apart.
            if required.is_empty() && *allowed == axis.possible {
                continue;
            }
            let texts: Option<Vec<String>> = chosen(&axis.texts, (allowed, required), &known.trust_domain)
                .into_iter()
                .map(|atom| String::from_utf8(axis.texts[atom - 1].clone()).ok())
                .collect();
            witness.set(facet, texts?)?;
        }
        Some(witness)
    }

    fn set(&mut self, facet: &Facet, texts: Vec<String>) -> Option<()> {
        let Some(text) = texts.first().cloned() else {
            if *facet == Facet::Principal {
                self.identity = Some(None);
            }
            return Some(());
        };
        let sample = &mut self.sample;
        match facet {
            Facet::Principal => {
                let mut parts = text.split('/');
                let mut part = || parts.next().map(str::to_owned);
                let (trust_domain, _, namespace, _, service_account) = (part()?, part(), part()?, part(), part()?);
                self.identity = Some(Some(Identity { trust_domain, namespace, service_account }));
            }
            Facet::Token => {
                let (issuer, subject) = text.split_once('\0').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
                self.issuer = Some(issuer.to_owned());
                if let Some(subject) = subject {
                    sample.set_claim(&["sub".to_owned()], subject.into())?;
                }
            }
            Facet::SourceIp => self.source_ip = Facet::address(&text),
            Facet::RemoteIp => self.remote_ip = Facet::address(&text),
            Facet::DestinationIp => self.destination_ip = Facet::address(&text),
            Facet::Port => self.port = text.parse().ok(),
            Facet::Sni => self.sni = Some(text),
            Facet::Path => sample.path = text,
            Facet::Method => sample.method = text,
            Facet::Scheme => sample.scheme = text,
            Facet::Authority => sample.authority = text,
            Facet::Header(name) => sample.headers.extend(texts.into_iter().map(|text| (name.clone(), text))),
            Facet::Claim(path) => {
                let value = if texts.len() == 1 { text.into() } else { texts.into() };
                sample.set_claim(path, value)?;
            }
            Facet::Opaque(_) => {}
        }
        Some(())
    }

    /// The claims of the token, with the issuer.
    pub fn claims(&self) -> serde_json::Value {
        let mut sample = self.sample.clone();
        if let Some(issuer) = &self.issuer {
            sample.set_claim(&["iss".to_owned()], issuer.clone().into());
        }
        sample.claims
    }

    /// The attributes that policies see, with the given request: the one of the sample, or `None` for bytes.
    pub fn attributes<'r>(&'r self, http: Option<&'r HttpRequest<'r>>) -> Attributes<'r> {
        Attributes {
            identity: self.identity.as_ref().and_then(Option::as_ref),
            source_ip: self.source_ip,
            is_from_gateway: false,
            remote_ip: self.remote_ip,
            destination_ip: self.destination_ip,
            destination_port: self.port.unwrap_or(80),
            sni: self.sni.as_deref().unwrap_or_default(),
            http,
        }
    }
}

/// The atoms of a request: none if it can be without the facet, else one, or as many as it must have.
fn chosen(texts: &[Vec<u8>], (allowed, required): (&Bits, &[Bits]), trust_domain: &str) -> Vec<usize> {
    if allowed.has(ABSENT) && required.iter().all(|one| one.has(ABSENT)) {
        return Vec::new();
    }
    let rank = |atom: &usize| {
        let text = &texts[atom - 1];
        let usual = USUAL.iter().position(|it| it.as_bytes() == text).or_else(|| {
            let is_address = Facet::text_of_address(USUAL_ADDRESS).as_bytes() == text;
            is_address.then_some(USUAL.len())
        });
        let is_own = text.strip_prefix(trust_domain.as_bytes()).is_some_and(|rest| rest.starts_with(b"/"));
        (!is_own, usual.unwrap_or(usize::MAX), text.len(), text.clone())
    };
    let best = |atoms: &Bits| atoms.iter().filter(|atom| *atom != ABSENT).min_by_key(rank);
    let common = required.iter().fold(allowed.clone(), Bits::and);
    match best(&common) {
        Some(atom) => vec![atom],
        None => required.iter().filter_map(|one| best(&allowed.clone().and(one))).collect(),
    }
}

impl fmt::Display for PolicyWitness {
    /// For a message: the request in backticks, its client and headers.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sample = &self.sample;
        write!(formatter, "`{} {}{}`", sample.method, sample.authority, sample.path)?;
        if let Some(Some(identity)) = &self.identity {
            write!(formatter, " from `{identity}`")?;
        }
        if let Some(address) = self.source_ip.or(self.remote_ip) {
            write!(formatter, " from address `{address}`")?;
        }
        if let Some(port) = self.port {
            write!(formatter, " to port {port}")?;
        }
        for (index, (name, value)) in sample.headers.iter().enumerate() {
            let word = if index == 0 { " with header" } else { " and" };
            write!(formatter, "{word} `{name}: {value}`")?;
        }
        let claims = self.claims();
        if !claims.is_null() {
            write!(formatter, " with claims `{claims}`")?;
        }
        Ok(())
    }
}
