//! One condition of a rule: an attribute and the values that it may, or must not, have.

use std::net::IpAddr;

use ipnet::IpNet;

use super::identity::TrustDomains;
use super::ip_block;
use super::keys::Attribute;
use super::pattern::{Pattern, glob};
use super::template::Template;
use super::{Attributes, Identity};
use crate::source::{Span, Spanned};
use crate::world::{Settings, host};

/// A condition.
#[derive(Debug, Clone)]
pub(super) struct Condition<'a> {
    /// How a manifest names it: `principals`, `notPaths`, `request.headers[x]`.
    pub(super) name: String,
    pub(super) attribute: Attribute<'a>,
    /// Whether none of the values may be there.
    is_negated: bool,
    values: Vec<(&'a Spanned<String>, Value<'a>)>,
}

#[derive(Debug, Clone)]
enum Value<'a> {
    Text(Pattern<'a>),
    /// A principal, once for each trust domain that it stands for.
    Principals(Vec<String>),
    /// With `*` anywhere.
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
    Template(Template),
}

/// A condition that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its name as a manifest writes it.
    pub condition: String,
    /// What the request has; `None` if it has nothing there.
    pub seen: Option<String>,
    /// What is asked for.
    pub wanted: String,
    /// Where it is asked for.
    pub span: Option<Span>,
}

impl<'a> Condition<'a> {
    /// A condition on an attribute, and the values that cannot be read. `None` if no value is left, which makes it true.
    pub(super) fn new(
        name: String,
        attribute: Attribute<'a>,
        is_negated: bool,
        written: &'a [Spanned<String>],
        context: &Context<'a>,
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

    /// Whether it holds. What a request does not have is none of the values.
    pub(super) fn holds(&self, attributes: &Attributes<'_>) -> bool {
        self.values.iter().any(|(_, value)| self.is_value(value, attributes)) != self.is_negated
    }

    fn is_value(&self, value: &Value<'_>, attributes: &Attributes<'_>) -> bool {
        match (value, &self.attribute) {
            (Value::Principals(principals), _) => attributes.identity.is_some_and(|identity| {
                let identity = identity.to_string();
                principals.iter().any(|principal| Pattern::parse(principal).matches(identity.as_bytes()))
            }),
            (Value::Glob(pattern), _) => attributes.identity.is_some_and(|identity| glob(pattern, &identity.namespace)),
            (Value::TrustDomains(domains), _) => attributes
                .identity
                .is_some_and(|identity| domains.iter().any(|domain| glob(domain, &identity.trust_domain))),
            (Value::Account { namespace, name }, _) => attributes
                .identity
                .is_some_and(|identity| identity.namespace == *namespace && identity.service_account == *name),
            (Value::Token(issuer, subject), _) => {
                let is = |claim, pattern: &Pattern<'_>| {
                    attributes
                        .claims
                        .get(claim)
                        .and_then(|it| it.as_str())
                        .is_some_and(|it| !it.is_empty() && pattern.matches(it.as_bytes()))
                };
                is("iss", issuer) && is("sub", subject)
            }
            (Value::Block(block), attribute) => {
                address(attribute, attributes).is_some_and(|address| ip_block::contains(block, address))
            }
            (Value::Port(port), _) => attributes.destination_port == *port,
            (Value::Template(template), _) => attributes.http.is_some_and(|http| template.matches(&http.path)),
            (Value::Text(pattern), Attribute::Host) => {
                attributes.http.is_some_and(|http| pattern.matches_ignoring_case(http.authority.as_bytes()))
            }
            (Value::Text(pattern), attribute) => {
                texts(attribute, attributes).into_iter().any(|text| pattern.matches(text))
            }
        }
    }

    /// Whether the answer hangs on something that the question does not say, and what that is.
    pub(super) fn unknown(&self, attributes: &Attributes<'_>) -> Option<&'static str> {
        match self.attribute {
            Attribute::SourceIp | Attribute::RemoteIp | Attribute::DestinationIp
                if address(&self.attribute, attributes).is_none() =>
            {
                Some(match self.attribute {
                    Attribute::DestinationIp => "the request names no address",
                    _ => "the request names no sourceIp",
                })
            }
            Attribute::FilterMetadata => Some("what other filters leave behind is not known"),
            _ => None,
        }
    }

    /// How it fails.
    pub(super) fn failure(&self, attributes: &Attributes<'_>) -> Failure {
        let written: Vec<&str> = self.values.iter().map(|(value, _)| value.as_str()).collect();
        let wanted = written.join(" or ");
        Failure {
            condition: self.name.clone(),
            seen: seen(&self.attribute, attributes),
            wanted: if self.is_negated { format!("not {wanted}") } else { wanted },
            span: self.values.first().map(|(value, _)| value.span),
        }
    }
}

/// What values are read in.
pub(super) struct Context<'a> {
    pub(super) settings: &'a Settings,
    /// The policy's namespace.
    pub(super) namespace: &'a str,
}

fn read<'a>(attribute: &Attribute<'a>, written: &'a Spanned<String>, context: &Context<'a>) -> Option<Value<'a>> {
    let text = written.as_str();
    let settings = context.settings;
    let trust_domains = TrustDomains { own: &settings.trust_domain, aliases: &settings.trust_domain_aliases };
    Some(match attribute {
        Attribute::Principal => Value::Principals(trust_domains.principals(text)),
        Attribute::TrustDomain => Value::TrustDomains(trust_domains.domains(text)),
        Attribute::Namespace => Value::Glob(text),
        Attribute::ServiceAccount => match text.split_once('/') {
            Some((namespace, name)) => Value::Account { namespace, name },
            None => Value::Account { namespace: context.namespace, name: text },
        },
        Attribute::RequestPrincipal => token(text),
        Attribute::SourceIp | Attribute::RemoteIp | Attribute::DestinationIp => Value::Block(host::network(text)?),
        Attribute::DestinationPort => Value::Port(text.parse().ok().filter(|port| *port <= 65535)?),
        Attribute::Path => match Template::parse(text) {
            Some(template) => Value::Template(template),
            None => Value::Text(Pattern::parse(text)),
        },
        Attribute::Header(_) | Attribute::Host | Attribute::Method => Value::Text(Pattern::of_present(text)),
        Attribute::Sni | Attribute::Claim(_) | Attribute::FilterMetadata => Value::Text(Pattern::parse(text)),
    })
}

/// `issuer/subject`, parted at the last slash: an issuer is mostly an address and has slashes of its own.
fn token(written: &str) -> Value<'_> {
    let any = Pattern::NotEmpty;
    match written.rsplit_once('/') {
        None => match Pattern::parse(written) {
            Pattern::NotEmpty => Value::Token(any, any),
            prefix @ Pattern::Prefix(_) => Value::Token(prefix, any),
            suffix @ Pattern::Suffix(_) => Value::Token(any, suffix),
            // Without a slash there is no subject, and every token that is asked for has one.
            whole => Value::Token(whole, Pattern::Exact("")),
        },
        Some((issuer, subject)) if subject.ends_with('*') => {
            Value::Token(Pattern::Exact(issuer), Pattern::parse(subject))
        }
        Some((issuer, subject)) => Value::Token(Pattern::parse(issuer), Pattern::Exact(subject)),
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

/// The texts of an attribute that has any number of them.
fn texts<'t>(attribute: &Attribute<'_>, attributes: &'t Attributes<'_>) -> Vec<&'t [u8]> {
    match attribute {
        Attribute::Host => attributes.header(":authority"),
        Attribute::Method => attributes.header(":method"),
        Attribute::Header(name) => attributes.header(name),
        Attribute::Path => attributes.http.map(|http| http.path.as_ref()).into_iter().collect(),
        Attribute::Sni => vec![attributes.sni.as_bytes()],
        Attribute::Claim(path) => attributes.claim(path).into_iter().map(str::as_bytes).collect(),
        _ => Vec::new(),
    }
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
            let text = |claim| attributes.claims.get(claim).and_then(|it| it.as_str());
            Some(format!("{}/{}", text("iss")?, text("sub")?))
        }
        Attribute::SourceIp | Attribute::RemoteIp | Attribute::DestinationIp => {
            address(attribute, attributes).map(|address| address.to_string())
        }
        Attribute::DestinationPort => Some(attributes.destination_port.to_string()),
        Attribute::FilterMetadata => None,
        _ => {
            let texts = texts(attribute, attributes);
            let texts: Vec<_> = texts.into_iter().map(String::from_utf8_lossy).collect();
            (!texts.is_empty()).then(|| texts.join(", "))
        }
    }
}
