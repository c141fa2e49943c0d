//! Conditions of policies in a neutral form, for proofs about all requests: an independent facet of a request, and the texts
//! of it that meet the condition.

use std::fmt::Write as _;
use std::net::IpAddr;

use ipnet::IpNet;

use super::condition::{CompiledCondition, ConditionValue};
use super::keys::Attribute;
use super::pattern::Pattern;

/// A facet of a request that conditions compare. No facet says anything about another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    /// The identity of the client, `<trust domain>/ns/<namespace>/sa/<account>`: absent without mutual TLS.
    Principal,
    /// The issuer of the token, and after a zero byte its subject, if it has one: absent without a token.
    Token,
    /// The source address of the connection, as [`address_text`] writes it.
    SourceIp,
    /// The address of the original client.
    RemoteIp,
    /// The destination address.
    DestinationIp,
    /// The port of the workload, in digits.
    Port,
    /// The server name of TLS, which can be empty.
    Sni,
    /// The path without its query string.
    Path,
    /// The method.
    Method,
    /// The scheme.
    Scheme,
    /// The authority.
    Authority,
    /// A header, by its name in lower case.
    Header(String),
    /// A claim other than the issuer and the subject, by its path.
    Claim(Vec<String>),
    /// Something that only says whether one condition holds: the attribute and its values.
    Opaque(String),
}

/// A condition on a facet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FacetCondition {
    /// The facet.
    pub facet: Facet,
    /// Whether no text may match. A facet that is absent has no text.
    pub is_negated: bool,
    /// Regular expressions for the texts, sorted; a text needs to match one of them as a whole. Each byte of a text is a
    /// Latin-1 character. Empty for an opaque facet.
    pub expressions: Vec<String>,
}

/// A byte.
const ANY: &str = r"[\x00-\xff]";
/// A character within a part of a principal.
const IN_PART: &str = "[^/]";
/// A byte of an issuer or a subject.
const IN_TOKEN: &str = r"[\x01-\xff]";

/// A regular expression for one text.
pub(super) fn escaped(text: &[u8], ignores_case: bool) -> String {
    let mut expression = String::new();
    for byte in text {
        let letter = char::from(*byte);
        match byte {
            _ if ignores_case && byte.is_ascii_alphabetic() => {
                let (lower, upper) = (letter.to_ascii_lowercase(), letter.to_ascii_uppercase());
                let _ = write!(expression, "[{lower}{upper}]");
            }
            _ if byte.is_ascii_alphanumeric() || *byte == b'/' => expression.push(letter),
            _ => {
                let _ = write!(expression, r"\x{{{byte:02x}}}");
            }
        }
    }
    expression
}

/// An expression for a pattern with `*` anywhere, within a part of a principal.
fn glob(pattern: &str) -> String {
    let parts: Vec<String> = pattern.split('*').map(|part| escaped(part.as_bytes(), false)).collect();
    parts.join(&format!("{IN_PART}*"))
}

/// An address as a text: `4` or `6`, and its bits.
pub(super) fn address_text(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("4{:032b}", address.to_bits()),
        IpAddr::V6(address) => format!("6{:0128b}", address.to_bits()),
    }
}

/// The address that a text stands for.
fn address(text: &str) -> Option<IpAddr> {
    match text.split_at_checked(1)? {
        ("4", bits) => Some(IpAddr::from(u32::from_str_radix(bits, 2).ok()?.to_be_bytes())),
        ("6", bits) => Some(IpAddr::from(u128::from_str_radix(bits, 2).ok()?.to_be_bytes())),
        _ => None,
    }
}

fn block(block: &IpNet) -> String {
    let text = address_text(block.network());
    format!("{}[01]*", &text[..=usize::from(block.prefix_len())])
}

impl Facet {
    /// The texts that the facet can have, as a regular expression. Empty for an opaque facet.
    pub fn texts(&self) -> &'static str {
        match self {
            // Namespaces and service accounts have names of Kubernetes.
            Self::Principal => {
                "[A-Za-z0-9]([-._A-Za-z0-9]*[A-Za-z0-9])?/ns/[a-z0-9]([-a-z0-9]*[a-z0-9])?/sa/[a-z0-9]([-.a-z0-9]*[a-z0-9])?"
            }
            Self::Token => r"[\x01-\xff]+(\x00[\x01-\xff]*)?",
            Self::SourceIp | Self::RemoteIp | Self::DestinationIp => "4[01]{32}|6[01]{128}",
            Self::Port => "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]",
            Self::Sni => "[!-~]*",
            Self::Path => r"/[!\x22\x24-\x3e\x40-~\x80-\xff]*",
            Self::Method => "[!#$%&'*+.^_`|~0-9A-Za-z-]+",
            Self::Scheme => "[A-Za-z][0-9A-Za-z+.-]*",
            Self::Authority => r"[!-~\x80-\xff]*",
            Self::Header(_) => r"([!-~\x80-\xff]([\t -~\x80-\xff]*[!-~\x80-\xff])?)?",
            Self::Claim(_) => r"[\x00-\xff]*",
            Self::Opaque(_) => "",
        }
    }

    /// Whether a request can have several texts of the facet, of which a condition needs one.
    pub fn repeats(&self) -> bool {
        match self {
            Self::Header(name) => crate::routing::RequestPart::Header(name.clone()).repeats(),
            Self::Claim(_) => true,
            _ => false,
        }
    }

    /// Whether a request can be without the facet.
    pub fn is_optional(&self) -> bool {
        match self {
            Self::Header(name) => crate::routing::RequestPart::Header(name.clone()).is_optional(),
            Self::Principal | Self::Token | Self::Claim(_) => true,
            _ => false,
        }
    }

    /// Whether the facet comes from a token.
    pub fn is_of_token(&self) -> bool {
        matches!(self, Self::Token | Self::Claim(_))
    }

    /// The text of an address.
    pub fn text_of_address(address: IpAddr) -> String {
        address_text(address)
    }

    /// The address that a text of the facet stands for.
    pub fn address(text: &str) -> Option<IpAddr> {
        address(text)
    }

    fn of(attribute: &Attribute<'_>, name: &str) -> Self {
        match attribute {
            Attribute::Principal | Attribute::Namespace | Attribute::ServiceAccount | Attribute::TrustDomain => {
                Self::Principal
            }
            Attribute::RequestPrincipal => Self::Token,
            Attribute::Claim(path) if matches!(path.as_slice(), ["iss" | "sub"]) => Self::Token,
            Attribute::Claim(path) => Self::Claim(path.iter().map(|key| (*key).to_owned()).collect()),
            Attribute::SourceIp => Self::SourceIp,
            Attribute::RemoteIp => Self::RemoteIp,
            Attribute::DestinationIp => Self::DestinationIp,
            Attribute::DestinationPort => Self::Port,
            Attribute::Host => Self::Authority,
            Attribute::Method => Self::Method,
            Attribute::Path => Self::Path,
            Attribute::Sni => Self::Sni,
            Attribute::Header(name) => match name.to_ascii_lowercase().as_str() {
                ":authority" | "host" => Self::Authority,
                ":method" => Self::Method,
                ":scheme" => Self::Scheme,
                name => Self::Header(name.to_owned()),
            },
            Attribute::FilterMetadata => Self::Opaque(name.trim_end_matches(" notValues").to_owned()),
        }
    }
}

impl CompiledCondition<'_> {
    /// The condition in a neutral form.
    pub(super) fn neutral(&self) -> FacetCondition {
        let facet = Facet::of(&self.attribute, &self.name);
        let is_negated = self.is_negated;
        let written: Vec<&str> = self.values.iter().map(|(value, _)| value.as_str()).collect();
        let opaque = |what: &str| FacetCondition {
            facet: Facet::Opaque(format!("{what} {}", written.join("\n"))),
            is_negated,
            expressions: Vec::new(),
        };
        if let Facet::Opaque(key) = &facet {
            return opaque(key);
        }
        let found: Option<Vec<Vec<String>>> = self.values.iter().map(|(_, value)| self.expressions(value)).collect();
        let Some(found) = found else { return opaque(&format!("{facet:?}")) };
        let mut expressions = found.concat();
        expressions.sort();
        expressions.dedup();
        FacetCondition { facet, is_negated, expressions }
    }

    /// Expressions for the texts of the facet that have a value; `None` if there are none.
    fn expressions(&self, value: &ConditionValue<'_>) -> Option<Vec<String>> {
        let any = IN_PART;
        Some(match value {
            ConditionValue::Principals(principals) => {
                principals.iter().map(|principal| Pattern::parse(principal).expression(ANY, false)).collect()
            }
            ConditionValue::Glob(pattern) => vec![format!("{any}+/ns/{}/sa/{any}+", glob(pattern))],
            ConditionValue::TrustDomains(domains) => {
                domains.iter().map(|domain| format!("{}/ns/{any}+/sa/{any}+", glob(domain))).collect()
            }
            ConditionValue::Account { namespace, name } => {
                let [namespace, name] = [namespace, name].map(|text| escaped(text.as_bytes(), false));
                vec![format!("{any}+/ns/{namespace}/sa/{name}")]
            }
            ConditionValue::Token(issuer, subject) => {
                // Neither can be empty.
                let part = |pattern: &Pattern<'_>| match pattern {
                    Pattern::Prefix("") | Pattern::Suffix("") => format!("{IN_TOKEN}+"),
                    Pattern::Exact("") => "[^\\x00-\\x{10ffff}]".to_owned(),
                    pattern => pattern.expression(IN_TOKEN, false),
                };
                vec![format!(r"{}\x00{}", part(issuer), part(subject))]
            }
            ConditionValue::Block(network) => vec![block(network)],
            ConditionValue::Port(port) => vec![port.to_string()],
            ConditionValue::PathTemplate(template) => vec![template.expression()?],
            ConditionValue::Text(pattern) => match &self.attribute {
                Attribute::Host => vec![pattern.expression(ANY, true)],
                Attribute::Claim(path) if *path == ["iss"] => {
                    vec![format!(r"{}(\x00{IN_TOKEN}*)?", pattern.expression(IN_TOKEN, false))]
                }
                Attribute::Claim(path) if *path == ["sub"] => {
                    vec![format!(r"{IN_TOKEN}*\x00{}", pattern.expression(IN_TOKEN, false))]
                }
                _ => vec![pattern.expression(ANY, false)],
            },
        })
    }
}
