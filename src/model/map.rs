//! Mappings with free keys, such as labels and headers.

use std::collections::BTreeMap;

use super::decode::{Decode, DecodeField, Decoder};
use crate::source::{Span, Spanned};
use crate::yaml::{Entry, Node, Value};

/// A mapping with free keys, in the order of the file. Null is the empty value of the type.
#[derive(Debug, Clone)]
pub struct Map<T> {
    /// The place of the mapping; `None` if the field is absent.
    pub span: Option<Span>,
    entries: Vec<(Spanned<String>, T)>,
}

/// The labels of an object, for selectors to be checked against.
pub type LabelSet<'a> = BTreeMap<&'a str, &'a str>;

/// Labels that are not written in a manifest, as a set.
pub fn label_set(labels: &BTreeMap<String, String>) -> LabelSet<'_> {
    labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

/// Labels for a message: `app=web,version=v1`.
pub fn describe_labels(labels: &BTreeMap<String, String>) -> String {
    labels.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(",")
}

/// Labels, and selectors over them.
pub type Labels = Map<Spanned<String>>;

impl<T> Default for Map<T> {
    fn default() -> Self {
        Self { span: None, entries: Vec::new() }
    }
}

/// Maps compare by their entries, whatever the order.
impl<T: PartialEq> PartialEq for Map<T> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl<T> Map<T> {
    /// A map at a place. Of several entries with the same key, the last one is kept.
    pub fn new(span: Span, entries: impl IntoIterator<Item = (Spanned<String>, T)>) -> Self {
        let mut map = Self { span: Some(span), entries: Vec::new() };
        for (key, value) in entries {
            map.entries.retain(|(other, _)| *other != key);
            map.entries.push((key, value));
        }
        map
    }

    /// The entries, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&Spanned<String>, &T)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&T> {
        self.entries.iter().find(|(name, _)| **name == key).map(|(_, value)| value)
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the map has no entries. An absent field is empty too.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Labels {
    /// Whether `labels` contain every pair of this selector. An empty selector selects all objects.
    pub fn selects(&self, labels: &LabelSet<'_>) -> bool {
        self.iter().all(|(key, value)| labels.get(key.as_str()) == Some(&value.as_str()))
    }

    /// Whether both have the same pairs, regardless of order.
    pub fn equals(&self, other: &Labels) -> bool {
        self.to_set() == other.to_set()
    }

    /// The labels by key, without their places.
    pub fn to_set(&self) -> LabelSet<'_> {
        self.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }

    /// The same, with keys and values of its own.
    pub fn to_map(&self) -> BTreeMap<String, String> {
        self.iter().map(|(key, value)| (key.value.clone(), value.value.clone())).collect()
    }

    /// The labels for a message: `key=value, key=value`.
    pub fn describe(&self) -> String {
        let pairs: Vec<String> = self.iter().map(|(key, value)| format!("{}={}", **key, **value)).collect();
        pairs.join(", ")
    }
}

impl<T: Decode> Decode for Map<T> {
    fn decode(node: &Node, decoder: &mut Decoder<'_>) -> Option<Self> {
        let entries = match &node.value {
            Value::Mapping(entries) => entries.as_slice(),
            Value::Null => &[],
            _ => {
                decoder.wrong_type(node, "a mapping");
                return None;
            }
        };
        let read = |entry: &Entry| {
            let key = Spanned::new(entry.key.text.to_string(), entry.key.span);
            T::decode(&entry.value, decoder).map(|value| (key, value))
        };
        Some(Self { span: Some(node.span), entries: entries.iter().filter_map(read).collect() })
    }
}

impl<T: Decode> DecodeField for Map<T> {
    fn read(entry: Option<&Entry>, decoder: &mut Decoder<'_>) -> Self {
        Option::<Self>::read(entry, decoder).unwrap_or_default()
    }
}
