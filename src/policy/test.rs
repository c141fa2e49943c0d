//! The conditions of policies for code that reasons about all requests: the parts of requests that they test, and the sets
//! of values that they take.

use std::sync::LazyLock;

use ipnet::IpNet;

use super::condition::{CompiledCondition, ConditionValue};
use super::keys::Attribute;
use super::pattern::Pattern;
use super::template::{PathTemplate, TemplatePart};
use super::workload_policies::{CompiledPolicies, RuleForm};
use crate::re2::{self, Re2};
use crate::routing::RequestPart;
use crate::source::Span;
use crate::world::AuthorizationPolicy;

/// The most alternatives of a rule: pairs of a source and an operation.
const MOST_ALTERNATIVES: usize = 1_000;

/// Separates issuer and subject. No valid token has it in either.
const SEPARATOR: &[u8] = b"\0";

/// The part of requests that a condition tests.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TestSubject {
    /// The identity of the client, as one text: `td/ns/shop/sa/web`. A client without mutual TLS has none.
    Identity,
    /// The issuer and the subject of the token, as one text.
    Token,
    /// The source address of the connection.
    SourceIp,
    /// The address of the original client.
    RemoteIp,
    /// The destination address.
    DestinationIp,
    /// The port of the workload.
    Port,
    /// The server name of TLS; empty without one.
    Sni,
    /// A part of an HTTP request.
    Request(RequestPart),
    /// The metadata of other filters, by its key. Nothing is known about it.
    Metadata(String),
}

/// A set of values.
#[derive(Debug, Clone)]
pub enum ValueSet {
    /// Texts.
    Texts(re2::Pattern),
    /// Addresses.
    Block(IpNet),
    /// A port.
    Port(u32),
    /// It is not known which.
    Unknown,
}

/// A condition.
#[derive(Debug, Clone, Copy)]
pub struct Test<'t>(&'t CompiledCondition<'t>);

/// One of the values of a condition. Equal values of one subject take the same texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TestValue<'t> {
    value: &'t ConditionValue<'t>,
    ignores_case: bool,
}

/// A rule of a policy as tests.
#[derive(Debug)]
pub struct RuleTests<'t> {
    /// The index of the rule in its policy.
    pub index: usize,
    /// The place of the rule.
    pub span: Span,
    /// The tests.
    pub form: TestForm<'t>,
}

/// The tests of a rule.
#[derive(Debug)]
pub enum TestForm<'t> {
    /// Lists of tests. All tests of one of the lists must hold.
    Alternatives(Vec<Vec<Test<'t>>>),
    /// istiod drops the rule.
    Void,
    /// The rule has placeholders, or too many alternatives.
    Unknown,
}

impl<'a> CompiledPolicies<'a> {
    /// The rules of a policy, as a proxy applies them to HTTP requests or to other connections.
    pub fn tests(&self, policy: &AuthorizationPolicy<'a>, is_tcp: bool) -> Vec<RuleTests<'_>> {
        let number = self.world.policies.authorization_policies().element_offset(policy);
        let Some(compiled) = number.and_then(|it| self.authorization.get(it)) else { return Vec::new() };
        let rules = compiled.rules(self.world, is_tcp).iter().enumerate();
        let form = |form| match form {
            &RuleForm::Void(_) => TestForm::Void,
            RuleForm::Unknown => TestForm::Unknown,
            RuleForm::Conditions(rule) => match rule.alternatives(MOST_ALTERNATIVES) {
                Some(all) => {
                    let tests = |conditions: Vec<_>| conditions.into_iter().map(Test).collect();
                    TestForm::Alternatives(all.into_iter().map(tests).collect())
                }
                None => TestForm::Unknown,
            },
        };
        rules.map(|(index, rule)| RuleTests { index, span: rule.span, form: form(&rule.form) }).collect()
    }
}

impl<'t> Test<'t> {
    /// The part of requests that the condition tests.
    pub fn subject(&self) -> TestSubject {
        let part = match &self.0.attribute {
            Attribute::Principal | Attribute::Namespace | Attribute::ServiceAccount | Attribute::TrustDomain => {
                return TestSubject::Identity;
            }
            Attribute::RequestPrincipal => return TestSubject::Token,
            Attribute::SourceIp => return TestSubject::SourceIp,
            Attribute::RemoteIp => return TestSubject::RemoteIp,
            Attribute::DestinationIp => return TestSubject::DestinationIp,
            Attribute::DestinationPort => return TestSubject::Port,
            Attribute::Sni => return TestSubject::Sni,
            Attribute::FilterMetadata => {
                let name = &self.0.name;
                return TestSubject::Metadata(name.strip_suffix(" notValues").unwrap_or(name).to_owned());
            }
            Attribute::Host => RequestPart::Authority,
            Attribute::Method => RequestPart::Method,
            Attribute::Path => RequestPart::Path,
            Attribute::Claim(path) => RequestPart::Claim(path.iter().map(|key| (*key).to_owned()).collect()),
            Attribute::Header(name) => match name.to_ascii_lowercase().as_str() {
                ":authority" | "host" => RequestPart::Authority,
                ":method" => RequestPart::Method,
                ":scheme" => RequestPart::Scheme,
                name => RequestPart::Header(name.to_owned()),
            },
        };
        TestSubject::Request(part)
    }

    /// Whether the subject must have none of the values. A subject that is missing has none of them.
    pub fn is_negated(&self) -> bool {
        self.0.is_negated
    }

    /// The values, of which one is enough.
    pub fn values(&self) -> impl Iterator<Item = TestValue<'t>> + use<'t> {
        let ignores_case = self.0.attribute == Attribute::Host;
        self.0.values.iter().map(move |(_, value)| TestValue { value, ignores_case })
    }
}

impl TestSubject {
    /// The texts that the subject can have; `None` if it has none.
    pub fn texts(&self) -> Option<&'static re2::Pattern> {
        match self {
            Self::Identity => Some(&IDENTITIES),
            Self::Token => Some(&TOKENS),
            Self::Sni => Some(&SERVER_NAMES),
            Self::Request(part) => Some(part.texts().pattern()),
            _ => None,
        }
    }

    /// Whether a request can be without it.
    pub fn is_optional(&self) -> bool {
        match self {
            Self::Identity | Self::Token | Self::SourceIp | Self::RemoteIp | Self::DestinationIp => true,
            Self::Port | Self::Sni | Self::Metadata(_) => false,
            Self::Request(part) => part.is_optional(),
        }
    }

    /// Whether a request can have several. A condition then needs only one of them.
    pub fn repeats(&self) -> bool {
        matches!(self, Self::Request(part) if part.repeats())
    }
}

impl TestValue<'_> {
    /// The set of values that it stands for.
    pub fn set(&self) -> ValueSet {
        let texts = match self.value {
            ConditionValue::Block(block) => return ValueSet::Block(*block),
            ConditionValue::Port(port) => return ValueSet::Port(*port),
            ConditionValue::PathTemplate(template) => return of_template(template),
            ConditionValue::Text(pattern) => of_pattern(*pattern, &ANYTHING, self.ignores_case),
            ConditionValue::Principals(principals) => match principals.as_slice() {
                [one] => of_pattern(Pattern::parse(one), &ANYTHING, false),
                several => {
                    let all = several.iter().map(|one| of_pattern(Pattern::parse(one), &ANYTHING, false));
                    re2::Pattern::any_of(all)
                }
            },
            ConditionValue::Glob(namespace) => {
                sequence([&*SEGMENT, &text("/ns/"), &of_glob(namespace), &text("/sa/"), &*SEGMENT])
            }
            ConditionValue::TrustDomains(domains) => {
                let rest = sequence([&text("/ns/"), &*SEGMENT, &text("/sa/"), &*SEGMENT]);
                re2::Pattern::any_of(domains.iter().map(|domain| sequence([&of_glob(domain), &rest])))
            }
            ConditionValue::Account { namespace, name } => {
                sequence([&*SEGMENT, &text("/ns/"), &text(namespace), &text("/sa/"), &text(name)])
            }
            ConditionValue::Token(issuer, subject) => {
                let part = |pattern: &Pattern<'_>| of_pattern(*pattern, &TOKEN_PART, false);
                let separator = re2::Pattern::of_text(SEPARATOR, false);
                sequence([&part(issuer), &separator, &part(subject)])
            }
        };
        ValueSet::Texts(texts)
    }

    /// Whether the value takes one text, or all texts with a prefix. Many others can multiply the states of an automaton.
    pub fn is_plain(&self) -> bool {
        match self.value {
            ConditionValue::Text(pattern) => !matches!(pattern, Pattern::Suffix(_)),
            ConditionValue::Principals(principals) => !principals.iter().any(|it| it.len() > 1 && it.starts_with('*')),
            ConditionValue::PathTemplate(_) => false,
            ConditionValue::Glob(glob) => !glob.contains('*'),
            ConditionValue::TrustDomains(domains) => !domains.iter().any(|it| it.contains('*')),
            ConditionValue::Token(issuer, subject) => {
                !matches!(issuer, Pattern::Suffix(_)) && !matches!(subject, Pattern::Suffix(_))
            }
            ConditionValue::Account { .. } | ConditionValue::Block(_) | ConditionValue::Port(_) => true,
        }
    }
}

static ANYTHING: LazyLock<re2::Pattern> = LazyLock::new(re2::Pattern::anything);
static SEGMENT: LazyLock<re2::Pattern> = LazyLock::new(|| regex("[^/]*"));
static TOKEN_PART: LazyLock<re2::Pattern> = LazyLock::new(|| regex(r"[^\x00]*"));
/// Texts of SPIFFE identities with any names that Kubernetes allows.
static IDENTITIES: LazyLock<re2::Pattern> =
    LazyLock::new(|| regex("[A-Za-z0-9._-]+/ns/[A-Za-z0-9._-]+/sa/[A-Za-z0-9._-]+"));
static TOKENS: LazyLock<re2::Pattern> = LazyLock::new(|| regex(r"[^\x00]+\x00[^\x00]+"));
static SERVER_NAMES: LazyLock<re2::Pattern> = LazyLock::new(|| regex("[!-~]*"));
/// The characters of a segment of a path (RFC 3986).
static PATH_SEGMENT: LazyLock<re2::Pattern> = LazyLock::new(|| regex(r"[A-Za-z0-9._~%!$&'()*+,;:@=-]+"));
static PATH_REST: LazyLock<re2::Pattern> = LazyLock::new(|| regex(r"[/A-Za-z0-9._~%!$&'()*+,;:@=-]*"));

fn regex(source: &str) -> re2::Pattern {
    re2::Pattern::of_regex(&Re2::new(source).expect("the expressions of this file are valid"))
}

fn text(text: &str) -> re2::Pattern {
    re2::Pattern::of_text(text.as_bytes(), false)
}

fn sequence<'p>(patterns: impl IntoIterator<Item = &'p re2::Pattern>) -> re2::Pattern {
    re2::Pattern::in_sequence(patterns.into_iter().cloned())
}

/// The texts that a pattern takes, if `any` is what an asterisk stands for.
fn of_pattern(pattern: Pattern<'_>, any: &re2::Pattern, ignores_case: bool) -> re2::Pattern {
    let literal = re2::Pattern::of_text(pattern.literal().as_bytes(), ignores_case);
    match pattern {
        Pattern::NotEmpty => sequence([&*CHARACTER, any]),
        Pattern::Present => any.clone(),
        Pattern::Prefix(_) => sequence([&literal, any]),
        Pattern::Suffix(_) => sequence([any, &literal]),
        Pattern::Exact(_) => literal,
    }
}

/// The texts without slashes that a pattern with asterisks anywhere takes.
fn of_glob(glob: &str) -> re2::Pattern {
    let mut parts = Vec::new();
    for (number, literal) in glob.split('*').enumerate() {
        if number > 0 {
            parts.push(SEGMENT.clone());
        }
        parts.push(text(literal));
    }
    re2::Pattern::in_sequence(parts)
}

/// The paths of a template. The end or a slash must follow a segment; istiod rejects other templates.
fn of_template(template: &PathTemplate) -> ValueSet {
    let mut patterns = Vec::new();
    for (number, part) in template.parts.iter().enumerate() {
        let rest = &template.parts[number + 1..];
        patterns.push(match part {
            TemplatePart::Literal(literal) => re2::Pattern::of_text(literal, false),
            TemplatePart::Rest => PATH_REST.clone(),
            TemplatePart::Segment => match rest {
                [TemplatePart::Literal(next), ..] if next.starts_with(b"/") => PATH_SEGMENT.clone(),
                [TemplatePart::Literal(next)] if next.is_empty() => PATH_SEGMENT.clone(),
                _ => return ValueSet::Unknown,
            },
        });
    }
    ValueSet::Texts(re2::Pattern::in_sequence(patterns))
}

static CHARACTER: LazyLock<re2::Pattern> = LazyLock::new(|| regex(r"[\x00-\xff]"));
