//! Constraints, and how a value is held against them.

use std::collections::HashSet;

use crate::model::decode::{Decoder, camel_case};
use crate::model::duration::Duration;
use crate::source::Span;
use crate::yaml::{Node, Value};

/// The constraints of a value and of what is in it.
pub struct Schema {
    /// Of the value itself.
    pub constraints: &'static [Constraint],
    /// Of its fields, by name. `name[]` are the items of a list, `name{}` the values of a mapping with free keys.
    pub fields: &'static [(&'static str, &'static Schema)],
}

/// A constraint. It says nothing about values of other types: those are found when they are read.
pub enum Constraint {
    /// A field that has to be there.
    Required(&'static str),
    /// Fields of which only one may be there.
    AtMostOne(&'static [&'static str]),
    /// How many items a list has.
    Items(usize, usize),
    /// How many entries a mapping has.
    Entries(usize, usize),
    /// How many characters a text has.
    Length(usize, usize),
    /// From where to where a number goes.
    Range(i64, i64),
    /// At least a millisecond.
    Duration,
    /// A field in which the items of a list differ.
    Unique(&'static str),
    /// What a text is like, and how to say so.
    Text(fn(&str) -> bool, &'static str),
    /// What the keys of a mapping are like, and how to say so.
    Keys(fn(&str) -> bool, &'static str),
    /// Anything else: where it is not so, and what is wrong.
    Check(fn(&Node) -> Option<(Span, &'static str)>),
}

/// A schema with constraints and nothing in it.
pub const fn leaf(constraints: &'static [Constraint]) -> Schema {
    Schema { constraints, fields: &[] }
}

/// A schema without constraints of its own.
pub const fn within(fields: &'static [(&'static str, &'static Schema)]) -> Schema {
    Schema { constraints: &[], fields }
}

/// The value of a field, if it is there.
pub fn present<'n>(node: &'n Node, field: &str) -> Option<&'n Node> {
    node.get(field).filter(|value| !value.is_null())
}

/// The text of a field, if it is there.
pub fn text<'n>(node: &'n Node, field: &str) -> Option<&'n str> {
    present(node, field).and_then(Node::as_str)
}

/// Whether a field is not there. One whose name is spelt in snake_case is reported as that.
fn is_missing(node: &Node, field: &str) -> bool {
    let is_spelt_otherwise = |key: &str| key != field && camel_case(key) == field;
    present(node, field).is_none() && !node.entries().iter().any(|entry| is_spelt_otherwise(&entry.key.text))
}

fn is_too_short(duration: &str) -> bool {
    Duration::parse(duration).is_some_and(|duration| duration.nanoseconds() < 1_000_000)
}

impl Schema {
    /// Reports what `node` violates.
    pub fn check(&self, node: &Node, decoder: &mut Decoder<'_>) {
        for rule in self.constraints {
            rule.check(node, decoder);
        }
        if self.fields.is_empty() {
            return;
        }
        for entry in node.entries().iter().filter(|entry| !entry.value.is_null()) {
            for (path, schema) in self.fields {
                match path.strip_prefix(&*entry.key.text) {
                    Some("") => schema.check(&entry.value, decoder),
                    Some("[]") => entry.value.items().iter().for_each(|item| schema.check(item, decoder)),
                    Some("{}") => {
                        let values = entry.value.entries().iter().map(|entry| &entry.value);
                        values.filter(|value| !value.is_null()).for_each(|value| schema.check(value, decoder));
                    }
                    _ => {}
                }
            }
        }
    }
}

impl Constraint {
    fn check(&self, node: &Node, decoder: &mut Decoder<'_>) {
        let mut report = |span, message: String, help: String| decoder.not_of_schema(span, message, Some(help));
        match (self, &node.value) {
            (Self::Required(field), Value::Mapping(_)) if is_missing(node, field) => {
                report(node.span, format!("{field} is missing"), format!("add {field}"));
            }
            (Self::AtMostOne(fields), Value::Mapping(entries)) => {
                let mut members =
                    entries.iter().filter(|entry| fields.contains(&&*entry.key.text) && !entry.value.is_null());
                if let Some(second) = members.nth(1) {
                    let message = format!("only one of {} is taken", fields.join(", "));
                    report(second.value.span, message, "keep the one that is meant".to_owned());
                }
            }
            (Self::Items(least, most), Value::Sequence(items)) if !(*least..=*most).contains(&items.len()) => {
                let help = if items.len() < *least { format!("at least {least}") } else { format!("at most {most}") };
                report(node.span, format!("this list has {} items", items.len()), format!("it takes {help}"));
            }
            (Self::Entries(least, most), Value::Mapping(entries)) if !(*least..=*most).contains(&entries.len()) => {
                let help = if entries.len() < *least { format!("at least {least}") } else { format!("at most {most}") };
                report(node.span, format!("this mapping has {} entries", entries.len()), format!("it takes {help}"));
            }
            (Self::Length(least, most), Value::String(text)) => {
                let length = text.chars().count();
                if length < *least {
                    report(node.span, "this text is empty".to_owned(), "fill it in, or remove the field".to_owned());
                } else if length > *most {
                    report(node.span, format!("this text has {length} characters"), format!("it takes at most {most}"));
                }
            }
            (Self::Range(least, most), Value::Int(_) | Value::Float(_)) => {
                let number = match node.value {
                    Value::Int(number) => number as f64,
                    Value::Float(number) => number,
                    _ => return,
                };
                if number < *least as f64 || number > *most as f64 {
                    let help = if *most == i64::MAX { "up".to_owned() } else { format!("to {most}") };
                    report(node.span, "this number is out of range".to_owned(), format!("it takes {least} {help}"));
                }
            }
            (Self::Duration, Value::String(text)) if is_too_short(text) => {
                let message = format!("{text} is shorter than a millisecond");
                report(node.span, message, "it takes at least 1ms".to_owned());
            }
            (Self::Unique(field), Value::Sequence(items)) => {
                let mut seen = HashSet::new();
                for value in items.iter().filter_map(|item| item.get(field)) {
                    let key = match &value.value {
                        Value::String(text) => text.to_string(),
                        Value::Int(number) => number.to_string(),
                        _ => continue,
                    };
                    if !seen.insert(key.clone()) {
                        report(value.span, format!("{field} {key} is there twice"), "keep one of the two".to_owned());
                    }
                }
            }
            (Self::Text(is_taken, takes), Value::String(text)) if !is_taken(text) => {
                report(node.span, format!("{text:?} is not what this field takes"), format!("it takes {takes}"));
            }
            (Self::Keys(is_taken, takes), Value::Mapping(entries)) => {
                for key in entries.iter().map(|entry| &entry.key).filter(|key| !is_taken(&key.text)) {
                    let message = format!("{:?} is no key that this mapping takes", key.text);
                    report(key.span, message, format!("it takes {takes}"));
                }
            }
            (Self::Check(find), Value::Mapping(_)) => {
                if let Some((span, message)) = find(node) {
                    decoder.not_of_schema(span, message.to_owned(), None);
                }
            }
            _ => {}
        }
    }
}
