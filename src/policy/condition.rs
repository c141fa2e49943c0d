//! One condition of a policy rule: an attribute, and the values that it must, or must not, have.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use super::identity::TrustDomains;
use super::ip_block;
use super::keys::Attribute;
use super::pattern::{Pattern, glob};
use super::template::PathTemplate;
use super::{Attributes, Identity};
use crate::source::{Span, Spanned};
use crate::world::{Settings, host};

/// A condition of a policy rule.
#[derive(Debug, Clone)]
pub(super) struct CompiledCondition<'a> {
    /// The name in a manifest: `principals`, `notPaths`, `request.headers[x]`.
    pub(super) name: String,
    pub(super) attribute: Attribute<'a>,
    /// Whether the attribute must have none of the values.
    pub(super) is_negated: bool,
    pub(super) values: Vec<(&'a Spanned<String>, ConditionValue<'a>)>,
}

/// A value of a condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ConditionValue<'a> {
    Text(Pattern<'a>),
    /// A principal, once for each trust domain that it can have.
    Principals(Vec<String>),
    /// A namespace, with `*` anywhere.
    Glob(&'a str),
    /// Trust domains, with `*` anywhere.
    TrustDomains(Vec<String>),
    Account {
        namespace: &'a str,
        name: &'a str,
    },
    /// Issuer and subject.
    Token(Pattern<'a>, Pattern<'a>),
    Block(IpNet),
    Port(u32),
    PathTemplate(PathTemplate),
}

/// A condition that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedCondition {
    /// The name of the condition, as in a manifest.
    pub condition: String,
    /// The value that the request has; `None` if it has none.
    pub seen: Option<String>,
    /// The value that the condition requires.
    pub wanted: String,
    /// The place of the first value.
    pub span: Option<Span>,
}

impl<'a> CompiledCondition<'a> {
    /// Reads a condition, and returns the values that are not valid. A condition without valid values is `None`, which
    /// always holds.
    pub(super) fn new(
        name: String,
        attribute: Attribute<'a>,
        is_negated: bool,
        written: &'a [Spanned<String>],
        context: &PolicyContext<'a>,
    ) -> (Option<Self>, Vec<&'a Spanned<String>>) {
        let mut invalid = Vec::new();
        let mut values = Vec::new();
        for value in written {
            match read(&attribute, value, context) {
                Some(read) => values.push((value, read)),
                None => invalid.push(value),
            }
        }
        let condition = (!values.is_empty()).then_some(Self { name, attribute, is_negated, values });
        (condition, invalid)
    }

    /// Whether the condition holds. A missing attribute equals no value.
    pub(super) fn holds(&self, attributes: &Attributes<'_>) -> bool {
        self.values.iter().any(|(_, value)| self.is_value(value, attributes)) != self.is_negated
    }

    fn is_value(&self, value: &ConditionValue<'_>, attributes: &Attributes<'_>) -> bool {
        match (value, &self.attribute) {
            (ConditionValue::Principals(principals), _) => attributes.identity.is_some_and(|identity| {
                let identity = identity.to_string();
                principals.iter().any(|principal| Pattern::parse(principal).matches(identity.as_bytes()))
            }),
            (ConditionValue::Glob(pattern), _) => {
                attributes.identity.is_some_and(|identity| glob(pattern, &identity.namespace))
            }
            (ConditionValue::TrustDomains(domains), _) => attributes
                .identity
                .is_some_and(|identity| domains.iter().any(|domain| glob(domain, &identity.trust_domain))),
            (ConditionValue::Account { namespace, name }, _) => attributes
                .identity
                .is_some_and(|identity| identity.namespace == *namespace && identity.service_account == *name),
            (ConditionValue::Token(issuer, subject), _) => {
                let is = |claim, pattern: &Pattern<'_>| {
                    let text = attributes.claim(&[claim]).and_then(Value::as_str);
                    text.is_some_and(|it| !it.is_empty() && pattern.matches(it.as_bytes()))
                };
                is("iss", issuer) && is("sub", subject)
            }
            (ConditionValue::Block(block), attribute) => {
                address(attribute, attributes).is_some_and(|address| ip_block::contains(block, address))
            }
            (ConditionValue::Port(port), _) => attributes.destination_port == *port,
            (ConditionValue::PathTemplate(template), _) => {
                attributes.http.is_some_and(|http| template.matches(&http.path))
            }
            (ConditionValue::Text(pattern), Attribute::Host) => {
                attributes.http.is_some_and(|http| pattern.matches_ignoring_case(http.authority.as_bytes()))
            }
            (ConditionValue::Text(pattern), attribute) => {
                texts(attribute, attributes).any(|text| pattern.matches(text))
            }
        }
    }

    /// The reason why the request does not determine the result, if it does not.
    pub(super) fn unknown(&self, attributes: &Attributes<'_>) -> Option<&'static str> {
        match self.attribute {
            Attribute::SourceIp | Attribute::RemoteIp | Attribute::DestinationIp
                if address(&self.attribute, attributes).is_none() =>
            {
                Some(match self.attribute {
                    Attribute::DestinationIp => "the address of the workload is not known",
                    _ if attributes.is_from_gateway => "the address of the gateway that sends the request is not known",
                    _ => "the request does not set `sourceIp`",
                })
            }
            Attribute::FilterMetadata => Some("the metadata of other filters is unknown"),
            _ => None,
        }
    }

    /// The condition and the value that the request has.
    pub(super) fn failure(&self, attributes: &Attributes<'_>) -> FailedCondition {
        let written: Vec<&str> = self.values.iter().map(|(value, _)| value.as_str()).collect();
        let wanted = written.join(" or ");
        FailedCondition {
            condition: self.name.clone(),
            seen: seen(&self.attribute, attributes),
            wanted: if self.is_negated { format!("not {wanted}") } else { wanted },
            span: self.values.first().map(|(value, _)| value.span),
        }
    }
}

/// The context in which values are read.
pub(super) struct PolicyContext<'a> {
    pub(super) settings: &'a Settings,
    /// The namespace of the policy.
    pub(super) namespace: &'a str,
}

fn read<'a>(
    attribute: &Attribute<'a>,
    written: &'a Spanned<String>,
    context: &PolicyContext<'a>,
) -> Option<ConditionValue<'a>> {
    let text = written.as_str();
    let settings = context.settings;
    let trust_domains = TrustDomains { own: &settings.trust_domain, aliases: &settings.trust_domain_aliases };
    Some(match attribute {
        Attribute::Principal => ConditionValue::Principals(trust_domains.principals(text)),
        Attribute::TrustDomain => ConditionValue::TrustDomains(trust_domains.domains(text)),
        Attribute::Namespace => ConditionValue::Glob(text),
        Attribute::ServiceAccount => match text.split_once('/') {
            Some((namespace, name)) => ConditionValue::Account { namespace, name },
            None => ConditionValue::Account { namespace: context.namespace, name: text },
        },
        Attribute::RequestPrincipal => token(text),
        Attribute::SourceIp | Attribute::RemoteIp | Attribute::DestinationIp => {
            ConditionValue::Block(host::network(text)?)
        }
        Attribute::DestinationPort => ConditionValue::Port(text.parse().ok().filter(|port| *port <= 65535)?),
        Attribute::Path => match PathTemplate::parse(text) {
            Some(template) => ConditionValue::PathTemplate(template),
            None => ConditionValue::Text(Pattern::parse(text)),
        },
        Attribute::Header(_) | Attribute::Host | Attribute::Method => ConditionValue::Text(Pattern::of_present(text)),
        Attribute::Sni | Attribute::Claim(_) | Attribute::FilterMetadata => ConditionValue::Text(Pattern::parse(text)),
    })
}

/// Whether a value of `requestPrincipals` can match a token of an issuer.
pub fn names_issuer(written: &str, issuer: &str) -> bool {
    match token(written) {
        ConditionValue::Token(pattern, _) => pattern.matches(issuer.as_bytes()),
        _ => false,
    }
}

/// `issuer/subject`, split at the last slash, since most issuers are URLs and contain slashes (istiod:
/// `requestPrincipalGenerator`).
fn token(written: &str) -> ConditionValue<'_> {
    let any = Pattern::NotEmpty;
    match written.rsplit_once('/') {
        None => match Pattern::parse(written) {
            Pattern::NotEmpty => ConditionValue::Token(any, any),
            prefix @ Pattern::Prefix(_) => ConditionValue::Token(prefix, any),
            suffix @ Pattern::Suffix(_) => ConditionValue::Token(any, suffix),
            // Without a slash the subject is empty, and no valid token has an empty subject.
            whole => ConditionValue::Token(whole, Pattern::Exact("")),
        },
        Some((issuer, subject)) if written.starts_with('*') => {
            ConditionValue::Token(Pattern::parse(issuer), Pattern::Exact(subject))
        }
        Some((issuer, "*")) => ConditionValue::Token(Pattern::Exact(issuer), any),
        Some((issuer, subject)) => {
            let subject = subject.strip_suffix('*').map_or(Pattern::Exact(subject), Pattern::Prefix);
            ConditionValue::Token(Pattern::Exact(issuer), subject)
        }
    }
}

/// The parts of a value that a proxy compares as they are written, without the asterisks that have a special meaning.
/// Empty for attributes whose values are no texts, or have asterisks anywhere.
pub fn literal_parts<'a>(attribute: &Attribute<'_>, written: &'a str) -> Vec<&'a str> {
    match attribute {
        Attribute::RequestPrincipal => match token(written) {
            ConditionValue::Token(issuer, subject) => vec![issuer.literal(), subject.literal()],
            _ => Vec::new(),
        },
        Attribute::Path if PathTemplate::parse(written).is_some() => Vec::new(),
        Attribute::Principal
        | Attribute::Path
        | Attribute::Host
        | Attribute::Method
        | Attribute::Header(_)
        | Attribute::Sni
        | Attribute::Claim(_) => vec![Pattern::parse(written).literal()],
        _ => Vec::new(),
    }
}

fn address(attribute: &Attribute<'_>, attributes: &Attributes<'_>) -> Option<IpAddr> {
    match attribute {
        Attribute::SourceIp => attributes.source_ip,
        Attribute::RemoteIp => attributes.remote_ip,
        Attribute::DestinationIp => attributes.destination_ip,
        _ => None,
    }
}

/// The texts of an attribute that can have several. Those of a claim are its text, or the texts in its list.
fn texts<'t>(attribute: &'t Attribute<'_>, attributes: &Attributes<'t>) -> impl Iterator<Item = &'t [u8]> {
    let header = match attribute {
        Attribute::Host => Some(":authority"),
        Attribute::Method => Some(":method"),
        Attribute::Header(name) => Some(*name),
        _ => None,
    };
    let single = match attribute {
        Attribute::Path => attributes.http.map(|http| http.path.as_ref()),
        Attribute::Sni => Some(attributes.sni.as_bytes()),
        _ => None,
    };
    let claims = match attribute {
        Attribute::Claim(path) => match attributes.claim(path) {
            Some(Value::Array(items)) => items.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        },
        _ => &[],
    };
    let of_header = header.map(|name| attributes.header(name)).into_iter().flatten();
    of_header.chain(single).chain(claims.iter().filter_map(Value::as_str).map(str::as_bytes))
}

/// The value of an attribute, for people.
fn seen(attribute: &Attribute<'_>, attributes: &Attributes<'_>) -> Option<String> {
    let of_identity = |part: fn(&Identity) -> String| attributes.identity.map(part);
    match attribute {
        Attribute::Principal => of_identity(Identity::to_string),
        Attribute::Namespace => of_identity(|identity| identity.namespace.clone()),
        Attribute::ServiceAccount => of_identity(|it| format!("{}/{}", it.namespace, it.service_account)),
        Attribute::TrustDomain => of_identity(|identity| identity.trust_domain.clone()),
        Attribute::RequestPrincipal => {
            let text = |claim| attributes.claim(&[claim]).and_then(Value::as_str);
            Some(format!("{}/{}", text("iss")?, text("sub")?))
        }
        Attribute::SourceIp | Attribute::RemoteIp | Attribute::DestinationIp => {
            address(attribute, attributes).map(|address| address.to_string())
        }
        Attribute::DestinationPort => Some(attributes.destination_port.to_string()),
        Attribute::FilterMetadata => None,
        _ => {
            let texts: Vec<_> = texts(attribute, attributes).map(String::from_utf8_lossy).collect();
            (!texts.is_empty()).then(|| texts.join(", "))
        }
    }
}
