//! Constraints of a CRD schema, and the check of a value against them.

use std::collections::HashSet;

use crate::model::decode::{Decoder, camel_case};
use crate::model::duration::Duration;
use crate::model::problem::in_backticks;
use crate::model::wording::list;
use crate::source::Span;
use crate::yaml::{Node, Value};

/// The constraints of a value and of its fields.
pub struct Schema {
    /// The constraints of the value itself.
    pub constraints: &'static [Constraint],
    /// The schemas of its fields. `name[]` stands for the items of the list `name`, `name{}` for the values of the
    /// mapping `name`, whose keys are free.
    pub fields: &'static [(&'static str, &'static Schema)],
}

/// A constraint. A value of another type satisfies it: the decoder reports wrong types.
pub enum Constraint {
    /// The field must be set.
    Required(&'static str),
    /// At most one of the fields may be set.
    AtMostOne(&'static [&'static str]),
    /// The least and the greatest number of items of a list.
    Items(usize, usize),
    /// The least and the greatest number of entries of a mapping.
    Entries(usize, usize),
    /// The least and the greatest number of characters of a string.
    Length(usize, usize),
    /// The least and the greatest number, both included.
    Range(i64, i64),
    /// A duration of at least 1ms.
    Duration,
    /// The field has a different value in each item of a list.
    Unique(&'static str),
    /// The form of a string, and the help if the string lacks it.
    Text(fn(&str) -> bool, &'static str),
    /// The form of the keys of a mapping, and the help if a key lacks it.
    Keys(fn(&str) -> bool, &'static str),
    /// Any other constraint.
    Check(fn(&Node) -> Option<Breach>),
}

/// The violation of a constraint: its place, the message and the help.
pub struct Breach(pub Span, pub &'static str, pub &'static str);

/// A schema with constraints of the value only.
pub const fn leaf(constraints: &'static [Constraint]) -> Schema {
    Schema { constraints, fields: &[] }
}

/// A schema with constraints of the fields only.
pub const fn within(fields: &'static [(&'static str, &'static Schema)]) -> Schema {
    Schema { constraints: &[], fields }
}

/// The value of a field, if it is set.
pub fn present<'n>(node: &'n Node, field: &str) -> Option<&'n Node> {
    node.get(field).filter(|value| !value.is_null())
}

/// The string in a field, if there is one.
pub fn text<'n>(node: &'n Node, field: &str) -> Option<&'n str> {
    present(node, field).and_then(Node::as_str)
}

/// Whether a field is not set. The decoder reports a name in snake_case, so such a field counts as set.
fn is_missing(node: &Node, field: &str) -> bool {
    let is_snake_case = |key: &str| key != field && camel_case(key) == field;
    present(node, field).is_none() && !node.entries().iter().any(|entry| is_snake_case(&entry.key.text))
}

fn is_too_short(duration: &str) -> bool {
    Duration::parse(duration).is_some_and(|duration| duration.nanoseconds() < 1_000_000)
}

/// The help for a number of items that is less than `least` or more than `most`.
fn bound(count: usize, least: usize, most: usize) -> String {
    if count < least { format!("add some: at least {least} are needed") } else { format!("use at most {most}") }
}

impl Schema {
    /// Reports each violated constraint to `decoder`.
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
        let mut report =
            |span, message: String, help: String| decoder.schema_violation(span, message, Some(help.into()));
        match (self, &node.value) {
            (Self::Required(field), Value::Mapping(_)) if is_missing(node, field) => {
                report(node.span, format!("`{field}` is missing"), format!("add `{field}`"));
            }
            (Self::AtMostOne(fields), Value::Mapping(entries)) => {
                let mut members =
                    entries.iter().filter(|entry| fields.contains(&&*entry.key.text) && !entry.value.is_null());
                if let Some(second) = members.nth(1) {
                    let message = format!("at most one of {} may be set", list(*fields, "and"));
                    report(second.value.span, message, "keep one of them".to_owned());
                }
            }
            (Self::Items(least, most), Value::Sequence(items)) if !(*least..=*most).contains(&items.len()) => {
                report(node.span, format!("the list has {} items", items.len()), bound(items.len(), *least, *most));
            }
            (Self::Entries(least, most), Value::Mapping(entries)) if !(*least..=*most).contains(&entries.len()) => {
                let message = format!("the mapping has {} entries", entries.len());
                report(node.span, message, bound(entries.len(), *least, *most));
            }
            (Self::Length(least, most), Value::String(text)) => {
                let length = text.chars().count();
                if length < *least {
                    report(
                        node.span,
                        "the string is empty".to_owned(),
                        "write a value, or remove the field".to_owned(),
                    );
                } else if length > *most {
                    report(node.span, format!("the string has {length} characters"), format!("use at most {most}"));
                }
            }
            (Self::Range(least, most), Value::Int(_) | Value::Float(_)) => {
                let number = match node.value {
                    Value::Int(number) => number as f64,
                    Value::Float(number) => number,
                    _ => return,
                };
                if number < *least as f64 || number > *most as f64 {
                    let help = match *most {
                        i64::MAX => format!("use {least} or more"),
                        most => format!("use a number from {least} to {most}"),
                    };
                    report(node.span, format!("{number} is out of range"), help);
                }
            }
            (Self::Duration, Value::String(text)) if is_too_short(text) => {
                let message = format!("{} is shorter than a millisecond", in_backticks(text));
                report(node.span, message, "use `1ms` or more".to_owned());
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
                        let message = format!("an earlier item has the same `{field}`, {}", in_backticks(&key));
                        report(value.span, message, format!("give each item another `{field}`, or remove one"));
                    }
                }
            }
            (Self::Text(is_valid, help), Value::String(text)) if !is_valid(text) => {
                report(node.span, format!("{} is not a valid value", in_backticks(text)), (*help).to_owned());
            }
            (Self::Keys(is_valid, help), Value::Mapping(entries)) => {
                for key in entries.iter().map(|entry| &entry.key).filter(|key| !is_valid(&key.text)) {
                    report(key.span, format!("{} is not a valid key", in_backticks(&key.text)), (*help).to_owned());
                }
            }
            (Self::Check(check), Value::Mapping(_)) => {
                if let Some(Breach(span, message, help)) = check(node) {
                    report(span, message.to_owned(), help.to_owned());
                }
            }
            _ => {}
        }
    }
}
