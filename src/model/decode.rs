//! Decoding of YAML nodes into typed messages, by the rules of protobuf JSON as istiod's decoder applies them
//! (golang/protobuf `jsonpb`): it accepts both spellings of field names, numbers in quotes and enum values by number.
//! Null is an absent field; a null list item is an empty message. Decoding never stops: each mistake becomes a
//! [`DecodeProblem`].

use super::crd::Refusal;
use super::nearest;
use super::problem::{DecodeProblem, DecodeProblemKind};
use super::wording::list;
use crate::advice::{Advice, Edit};
use crate::source::{Sources, Span};
use crate::yaml::{Entry, Node, Value};

/// A type that can be decoded from a YAML value.
pub trait Decode: Sized {
    /// Decodes a value. Returns `None` if that is not possible, and reports the reason to the decoder.
    /// Null becomes the empty value of the type.
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self>;
}

/// A type of a field of a message. It defines the value of an absent field.
pub trait DecodeField: Sized {
    /// Decodes the field. An absent field and null give the type's default.
    fn read(entry: Option<&Entry>, decoder: &mut Decoder<'_>) -> Self;
}

impl<T: Decode> DecodeField for Option<T> {
    fn read(entry: Option<&Entry>, decoder: &mut Decoder<'_>) -> Self {
        entry.filter(|entry| !entry.value.is_null()).and_then(|entry| T::decode(&entry.value, decoder))
    }
}

impl<T: Decode> DecodeField for Vec<T> {
    fn read(entry: Option<&Entry>, decoder: &mut Decoder<'_>) -> Self {
        let Some(entry) = entry else { return Vec::new() };
        match &entry.value.value {
            Value::Null => Vec::new(),
            Value::Sequence(items) => {
                let rejects_null = decoder.has_schema;
                for item in items.iter().filter(|item| rejects_null && item.is_null()) {
                    decoder.null_item(item);
                }
                items.iter().filter_map(|item| T::decode(item, decoder)).collect()
            }
            _ => {
                decoder.wrong_type(&entry.value, "a list");
                Vec::new()
            }
        }
    }
}

/// The treatment of keys that a message does not define.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// Each is a problem.
    Reported,
    /// They are skipped, since the message defines only some of the fields of the API.
    Ignored,
}

/// The value of an enum field, independent of the enum.
#[derive(Debug)]
pub enum EnumValue {
    /// One of the words of the enum.
    Word(&'static str),
    /// A bare number.
    Number(i32),
}

/// The texts that the spans of nodes refer to.
#[derive(Debug, Clone, Copy)]
pub enum Texts<'a> {
    /// The files. A resource that a tool has rendered can have values from several of them.
    Files(&'a Sources),
    /// A YAML text inside a value of a file, with offsets from its own start.
    Embedded(&'a str),
}

impl<'a> Texts<'a> {
    fn at(self, span: Span) -> &'a str {
        match self {
            Self::Files(sources) => sources.text(span),
            Self::Embedded(text) => text.get(span.range()).unwrap_or_default(),
        }
    }
}

/// Collects the problems while a resource is decoded.
#[derive(Debug)]
pub struct Decoder<'a> {
    texts: Texts<'a>,
    problems: Vec<DecodeProblem>,
    /// Whether the resource has a CRD, whose schema is stricter than istiod's decoder.
    pub(super) has_schema: bool,
}

impl<'a> Decoder<'a> {
    /// A decoder for nodes whose spans refer to `texts`.
    pub fn new(texts: Texts<'a>) -> Self {
        Self { texts, problems: Vec::new(), has_schema: false }
    }

    /// The problems, in the order in which they were found.
    pub fn into_problems(self) -> Vec<DecodeProblem> {
        self.problems
    }

    /// Reports a problem.
    pub fn report(&mut self, span: Span, kind: DecodeProblemKind) {
        self.problems.push(DecodeProblem { kind, span });
    }

    /// Reports a violation of the schema of the CRD.
    pub fn schema_violation(&mut self, span: Span, message: String, help: Option<Advice>) {
        self.report(span, DecodeProblemKind::SchemaViolation { message, help, related: None });
    }

    /// Reports what a structural schema refuses.
    pub(super) fn refused(&mut self, refusal: Refusal) {
        let Refusal { span, message, help, related } = refusal;
        self.report(span, DecodeProblemKind::SchemaViolation { message, help: Some(help), related });
    }

    /// Reports an item of a list that is null, which schemas do not allow.
    pub(super) fn null_item(&mut self, item: &Node) {
        let help = Advice::new("write the item, or remove the `-`").option([Edit::remove(item.span)]);
        self.schema_violation(item.span, "a list item is null".to_owned(), Some(help));
    }

    /// A decoder for the same texts that keeps its problems for itself.
    pub(super) fn separate(&self) -> Self {
        Self::new(self.texts)
    }

    /// Reports a number in quotes, if the resource has a schema: schemas do not allow it.
    pub fn quoted_number(&mut self, node: &Node, text: &str) {
        if self.has_schema {
            let message = format!("the number `{text}` is in quotes");
            let help = match text.parse::<i64>() {
                Ok(number) => Advice::write(Edit::set(node.span, number)),
                Err(_) => format!("write `{text}`").into(),
            };
            self.schema_violation(node.span, message, Some(help));
        }
    }

    /// Reports that `node` has a type that the field does not accept.
    pub fn wrong_type(&mut self, node: &Node, expected: &'static str) {
        let kind = DecodeProblemKind::WrongType { expected, found: node.value.type_name(), raw: self.raw_scalar(node) };
        self.report(node.span, kind);
    }

    /// Reports a value of the right type that the field does not accept.
    pub fn invalid(&mut self, node: &Node, expected: impl Into<String>, suggestion: Option<String>) {
        let found = self.texts.at(node.span).to_owned();
        self.report(node.span, DecodeProblemKind::InvalidValue { expected: expected.into(), found, suggestion });
    }

    /// The entries of a mapping in the order of `names` (Rust spelling). Null counts as an empty mapping. `unknown` says
    /// whether other keys are reported.
    pub fn fields<'n>(
        &mut self,
        node: &'n Node,
        names: &'static [&'static str],
        unknown: Unknown,
    ) -> Option<Vec<Option<&'n Entry>>> {
        let entries: &[Entry] = match &node.value {
            Value::Mapping(entries) => entries,
            Value::Null => &[],
            _ => {
                self.wrong_type(node, "a mapping");
                return None;
            }
        };
        let mut fields: Vec<Option<&Entry>> = vec![None; names.len()];
        for entry in entries {
            match names.iter().position(|name| spells(name, &entry.key.text)) {
                Some(index) => {
                    self.check_spelling(entry, names[index]);
                    fields[index] = Some(match fields[index] {
                        None => entry,
                        Some(other) => self.camel_case_of(other, entry),
                    });
                }
                None if unknown == Unknown::Reported => self.unknown_field(entry, names),
                None => {}
            }
        }
        Some(fields)
    }

    /// Reports a snake_case name, which the schemas of the CRDs do not define, except for two.
    fn check_spelling(&mut self, entry: &Entry, name: &str) {
        const BOTH: [&str; 2] = ["mirror_percent", "jwks_uri"];
        let key = &*entry.key.text;
        if self.has_schema && key.contains('_') && !BOTH.contains(&key) && key != camel_case(name) {
            let message = format!("the API server rejects `{key}`, although istiod accepts it");
            self.schema_violation(
                entry.key.span,
                message,
                Some(Advice::write(Edit::rename(entry.key.span, camel_case(name)))),
            );
        }
    }

    fn camel_case_of<'n>(&mut self, first: &'n Entry, second: &'n Entry) -> &'n Entry {
        let (winner, loser) = if second.key.text.contains('_') { (first, second) } else { (second, first) };
        let kind = DecodeProblemKind::SpeltTwice { field: winner.key.text.to_string(), winner: winner.key.span };
        self.report(loser.key.span, kind);
        winner
    }

    fn unknown_field(&mut self, entry: &Entry, names: &[&str]) {
        let known: Vec<String> = names.iter().map(|name| camel_case(name)).collect();
        let key = entry.key.text.to_string();
        let suggestion = nearest(&key, known.iter().map(String::as_str)).map(str::to_owned);
        self.report(entry.key.span, DecodeProblemKind::UnknownField { key, suggestion, known });
    }

    /// Decodes an enum value, a word or a number. A number in quotes is not valid.
    pub fn enum_value(&mut self, node: &Node, words: &'static [&'static str]) -> Option<EnumValue> {
        match &node.value {
            Value::Null => Some(EnumValue::Number(0)),
            Value::String(text) => {
                if let Some(word) = words.iter().find(|word| **word == &**text) {
                    return Some(EnumValue::Word(word));
                }
                let suggestion = nearest(&text.to_uppercase(), words.iter().copied()).map(str::to_owned);
                self.invalid(node, list(words, "or"), suggestion);
                None
            }
            Value::Int(number) => match i32::try_from(*number) {
                Ok(number) => {
                    if self.has_schema {
                        let message = format!("the API server rejects the number `{number}` for an enum");
                        let help = format!("write {}", list(words, "or"));
                        self.schema_violation(node.span, message, Some(help.into()));
                    }
                    Some(EnumValue::Number(number))
                }
                Err(_) => {
                    self.invalid(node, list(words, "or"), None);
                    None
                }
            },
            _ => {
                self.wrong_type(node, "an enum value");
                None
            }
        }
    }

    pub(super) fn raw_scalar(&self, node: &Node) -> Option<String> {
        const LONGEST: usize = 40;
        if matches!(node.value, Value::Sequence(_) | Value::Mapping(_) | Value::Null) {
            return None;
        }
        Some(self.texts.at(node.span)).filter(|raw| raw.len() <= LONGEST).map(str::to_owned)
    }
}

/// Whether `key` is the camelCase or the snake_case spelling of the Rust field `name`.
fn spells(name: &str, key: &str) -> bool {
    let name = name.strip_prefix("r#").unwrap_or(name);
    name == key || (key.len() <= name.len() && camel_case_chars(name).eq(key.chars()))
}

/// The camelCase spelling of a Rust field: `matchLabels` for `match_labels`.
pub fn camel_case(name: &str) -> String {
    camel_case_chars(name.strip_prefix("r#").unwrap_or(name)).collect()
}

fn camel_case_chars(name: &str) -> impl Iterator<Item = char> + '_ {
    let mut after_underscore = false;
    name.chars().filter_map(move |letter| {
        if letter == '_' {
            after_underscore = true;
            return None;
        }
        let raised = if after_underscore { letter.to_ascii_uppercase() } else { letter };
        after_underscore = false;
        Some(raised)
    })
}
