//! Structural schemas of Kubernetes: the types of values with their bounds, forms, defaults and CEL rules. A kind with
//! such a schema is checked as the API server checks it ([`check`]); its message is only decoded.

mod check;
pub mod form;
mod rule;
#[cfg(test)]
mod tests;

pub use check::check;
pub use form::TextForm;
pub use rule::{CelRule, Channel, Refusal, needs, only_with, refuse};

use crate::source::Span;
use crate::yaml::{Entry, Key, Node, Value};

/// The schema of a value.
#[derive(Clone, Copy)]
pub enum ValueSchema {
    /// A string: its least and its greatest number of characters, and its form.
    Text(usize, usize, TextForm),
    /// A whole number: the least and the greatest one.
    Number(i64, i64),
    /// One of several numbers.
    NumberOf(&'static [i64]),
    /// `true` or `false`.
    Boolean,
    /// A list.
    List(&'static ListSchema),
    /// A mapping with fields.
    Object(&'static ObjectSchema),
    /// A mapping with free keys.
    Map(&'static MapSchema),
}

/// The schema of a list.
pub struct ListSchema {
    /// The schema of an item.
    pub items: ValueSchema,
    /// The least number of items.
    pub least: usize,
    /// The greatest number of items.
    pub most: usize,
    /// The items that are equal.
    pub equality: Equality,
    /// The rules of the list as a whole.
    pub rules: &'static [CelRule],
}

/// The equality of the items of a list (Kubernetes: `x-kubernetes-list-type`).
#[derive(Clone, Copy)]
pub enum Equality {
    /// Items may be equal.
    Allowed,
    /// No two items are equal.
    OfItems,
    /// No two items have the same value in this field.
    OfField(&'static str),
}

/// The schema of a mapping with fields.
pub struct ObjectSchema {
    /// The fields.
    pub fields: &'static [FieldSchema],
    /// The rules of the object as a whole.
    pub rules: &'static [CelRule],
}

/// The schema of a mapping with free keys.
pub struct MapSchema {
    /// The schema of a value.
    pub values: ValueSchema,
    /// The greatest number of entries.
    pub most: usize,
    /// The rules of the mapping as a whole.
    pub rules: &'static [CelRule],
}

/// A field of an object.
pub struct FieldSchema {
    /// The name.
    pub name: &'static str,
    /// Whether the field must be set.
    pub presence: Presence,
    /// Whether only the experimental channel has the field.
    pub is_experimental: bool,
    /// The schema of the value.
    pub schema: ValueSchema,
}

/// Whether a field must be set.
pub enum Presence {
    /// The API server rejects an object without it.
    Required,
    /// The field may be absent.
    Optional,
    /// The API server sets an absent field to this value before it checks the object.
    Default(DefaultValue),
}

/// The value that the API server gives to an absent field.
pub enum DefaultValue {
    /// A string.
    Text(&'static str),
    /// A number.
    Number(i64),
    /// A list.
    List(&'static [DefaultValue]),
    /// A mapping.
    Object(&'static [(&'static str, DefaultValue)]),
}

impl DefaultValue {
    /// The value as a tree, with the place of the object that lacks it.
    fn node(&self, span: Span) -> Node {
        let value = match self {
            Self::Text(text) => Value::String((*text).into()),
            Self::Number(number) => Value::Int(*number),
            Self::List(items) => Value::Sequence(items.iter().map(|item| item.node(span)).collect()),
            Self::Object(fields) => {
                let entry = |(name, value): &(&str, Self)| Entry { key: key(name, span), value: value.node(span) };
                Value::Mapping(fields.iter().map(entry).collect())
            }
        };
        Node { span, value }
    }
}

fn key(name: &str, span: Span) -> Key {
    Key { span, text: name.into() }
}

/// A field that must be set.
pub const fn required(name: &'static str, schema: ValueSchema) -> FieldSchema {
    FieldSchema { name, presence: Presence::Required, is_experimental: false, schema }
}

/// A field that may be absent.
pub const fn optional(name: &'static str, schema: ValueSchema) -> FieldSchema {
    FieldSchema { name, presence: Presence::Optional, is_experimental: false, schema }
}

/// A field with a default.
pub const fn defaulted(name: &'static str, default: DefaultValue, schema: ValueSchema) -> FieldSchema {
    FieldSchema { name, presence: Presence::Default(default), is_experimental: false, schema }
}

/// An optional field of the experimental channel.
pub const fn experimental(name: &'static str, schema: ValueSchema) -> FieldSchema {
    FieldSchema { name, presence: Presence::Optional, is_experimental: true, schema }
}

/// A list without rules.
pub const fn list(items: ValueSchema, least: usize, most: usize) -> ListSchema {
    ListSchema { items, least, most, equality: Equality::Allowed, rules: &[] }
}

/// A list of at most `most` items that differ in a field.
pub const fn keyed_list(items: ValueSchema, field: &'static str, most: usize) -> ListSchema {
    ListSchema { items, least: 0, most, equality: Equality::OfField(field), rules: &[] }
}

/// A list of at most `most` different items.
pub const fn set(items: ValueSchema, most: usize) -> ListSchema {
    ListSchema { items, least: 0, most, equality: Equality::OfItems, rules: &[] }
}

/// An object without rules.
pub const fn object(fields: &'static [FieldSchema]) -> ObjectSchema {
    ObjectSchema { fields, rules: &[] }
}
