//! From YAML nodes to typed messages, by the rules of protobuf JSON as istiod's decoder applies them
//! (golang/protobuf `jsonpb`): both spellings of names, numbers in quotes, enums by number, null as absent,
//! a null list element as an empty message. Decoding never stops; what is wrong becomes a [`Problem`].

use super::nearest;
use super::problem::{Problem, ProblemKind};
use crate::source::Span;
use crate::yaml::{Entry, Node, Value};

/// A type that a value can be read as.
pub trait Decode: Sized {
    /// Reads a value. `None` if it cannot be read at all; the reason is then among the decoder's problems.
    /// A null reads as the empty value of the type.
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self>;
}

/// A type that a field of a message can have: it knows what an absent field means.
pub trait Field: Sized {
    /// Reads the field. An absent or null one is the type's default.
    fn read(entry: Option<&Entry>, decoder: &mut Decoder<'_>) -> Self;
}

impl<T: Decode> Field for Option<T> {
    fn read(entry: Option<&Entry>, decoder: &mut Decoder<'_>) -> Self {
        entry.filter(|entry| !entry.value.is_null()).and_then(|entry| T::decode(&entry.value, decoder))
    }
}

impl<T: Decode> Field for Vec<T> {
    fn read(entry: Option<&Entry>, decoder: &mut Decoder<'_>) -> Self {
        let Some(entry) = entry else { return Vec::new() };
        match &entry.value.value {
            Value::Null => Vec::new(),
            Value::Sequence(items) => {
                let refuses_null = decoder.has_schema;
                for item in items.iter().filter(|item| refuses_null && item.is_null()) {
                    let help = "write the item, or remove the dash".to_owned();
                    decoder.not_of_schema(item.span, "this item of the list is null".to_owned(), Some(help));
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

/// What to do about keys that a message does not describe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// They are problems.
    Reported,
    /// They are none of our business.
    Ignored,
}

/// The value of an enum field, before it is known which enum.
#[derive(Debug)]
pub enum EnumValue {
    /// One of the words that were offered.
    Word(&'static str),
    /// A bare number.
    Number(i32),
}

/// Collects what is wrong while a resource is read.
#[derive(Debug)]
pub struct Decoder<'a> {
    text: &'a str,
    problems: Vec<Problem>,
    /// Whether what is read has a CRD, whose schema takes less than istiod's decoder.
    pub(super) has_schema: bool,
}

impl<'a> Decoder<'a> {
    /// A decoder for nodes of a file whose whole text is `text`.
    pub fn new(text: &'a str) -> Self {
        Self { text, problems: Vec::new(), has_schema: false }
    }

    /// What was wrong, in the order in which it was met.
    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Notes a problem.
    pub fn report(&mut self, span: Span, kind: ProblemKind) {
        self.problems.push(Problem { kind, span });
    }

    /// Notes that the schema of the CRD refuses something.
    pub fn not_of_schema(&mut self, span: Span, message: String, help: Option<String>) {
        self.report(span, ProblemKind::NotOfSchema { message, help });
    }

    /// Notes a number in quotes, if there is a schema that refuses it.
    pub fn quoted_number(&mut self, node: &Node, text: &str) {
        if self.has_schema {
            let message = format!("the number {text} is in quotes");
            self.not_of_schema(node.span, message, Some(format!("remove the quotes: {text}")));
        }
    }

    /// Notes that `node` has another type than the field takes.
    pub fn wrong_type(&mut self, node: &Node, expected: &'static str) {
        let kind = ProblemKind::WrongType { expected, found: node.value.type_name(), raw: self.raw_scalar(node) };
        self.report(node.span, kind);
    }

    /// Notes that a value has the right type but no meaning.
    pub fn invalid(&mut self, node: &Node, expected: impl Into<String>, suggestion: Option<String>) {
        let found = self.text.get(node.span.range()).unwrap_or_default().to_owned();
        self.report(node.span, ProblemKind::InvalidValue { expected: expected.into(), found, suggestion });
    }

    /// The entries of a mapping in the order of `names` (Rust spelling). Null counts as an empty mapping.
    /// Keys that are not among the names are reported or passed over, as `unknown` says.
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

    /// The schemas of CRDs know the camelCase names only, but for two.
    fn check_spelling(&mut self, entry: &Entry, name: &str) {
        const BOTH: [&str; 2] = ["mirror_percent", "jwks_uri"];
        let key = &*entry.key.text;
        if self.has_schema && key.contains('_') && !BOTH.contains(&key) && key != camel_case(name) {
            let message = format!("the API server does not know {key}, only istiod does");
            self.not_of_schema(entry.key.span, message, Some(format!("write {}", camel_case(name))));
        }
    }

    fn camel_case_of<'n>(&mut self, first: &'n Entry, second: &'n Entry) -> &'n Entry {
        let (winner, loser) = if second.key.text.contains('_') { (first, second) } else { (second, first) };
        let kind = ProblemKind::SpeltTwice { field: winner.key.text.to_string(), winner: winner.key.span };
        self.report(loser.key.span, kind);
        winner
    }

    fn unknown_field(&mut self, entry: &Entry, names: &[&str]) {
        let known: Vec<String> = names.iter().map(|name| camel_case(name)).collect();
        let key = entry.key.text.to_string();
        let suggestion = nearest(&key, known.iter().map(String::as_str)).map(str::to_owned);
        self.report(entry.key.span, ProblemKind::UnknownField { key, suggestion, known });
    }

    /// Reads an enum by word or by bare number. A quoted number is not one.
    pub fn enum_value(&mut self, node: &Node, words: &'static [&'static str]) -> Option<EnumValue> {
        match &node.value {
            Value::Null => Some(EnumValue::Number(0)),
            Value::String(text) => {
                if let Some(word) = words.iter().find(|word| **word == &**text) {
                    return Some(EnumValue::Word(word));
                }
                let suggestion = nearest(&text.to_uppercase(), words.iter().copied()).map(str::to_owned);
                self.invalid(node, format!("one of {}", words.join(", ")), suggestion);
                None
            }
            Value::Int(number) => match i32::try_from(*number) {
                Ok(number) => {
                    if self.has_schema {
                        let message = format!("{number} stands for a word, which has to be written out");
                        let help = format!("write one of {}", words.join(", "));
                        self.not_of_schema(node.span, message, Some(help));
                    }
                    Some(EnumValue::Number(number))
                }
                Err(_) => {
                    self.invalid(node, format!("one of {}", words.join(", ")), None);
                    None
                }
            },
            _ => {
                self.wrong_type(node, "a word");
                None
            }
        }
    }

    pub(super) fn raw_scalar(&self, node: &Node) -> Option<String> {
        const LONGEST: usize = 40;
        if matches!(node.value, Value::Sequence(_) | Value::Mapping(_) | Value::Null) {
            return None;
        }
        self.text.get(node.span.range()).filter(|raw| raw.len() <= LONGEST).map(str::to_owned)
    }
}

/// Whether a key is a spelling of the Rust field `name`: its camelCase or its snake_case form.
fn spells(name: &str, key: &str) -> bool {
    let name = name.strip_prefix("r#").unwrap_or(name);
    name == key || (key.len() <= name.len() && camel_case_chars(name).eq(key.chars()))
}

/// `match_labels` as `matchLabels`.
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
