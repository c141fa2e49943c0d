//! The check of a value against a structural schema.

use std::collections::BTreeMap;

use super::form::{TextForm, TextPattern};
use super::rule::{CelRule, Channel, Refusal, evaluate, refuse};
use super::{Equality, FieldSchema, ListSchema, MapSchema, ObjectSchema, Presence, ValueSchema, key};
use crate::advice::{Advice, Edit};
use crate::model::decode::{Decoder, camel_case};
use crate::model::nearest;
use crate::model::problem::{DecodeProblemKind, in_backticks};
use crate::model::wording::list as words;
use crate::source::Span;
use crate::yaml::{Entry, Node, Value};

/// Checks `spec`. `is_experimental` says whether only the experimental channel serves the version of the resource.
pub fn check(schema: &'static ObjectSchema, spec: &Node, is_experimental: bool, decoder: &mut Decoder<'_>) {
    let mut checker = Checker { decoder, is_experimental, in_channel: Vec::new() };
    checker.object(schema, spec);
    checker.report_channels();
}

struct Checker<'d, 'a> {
    decoder: &'d mut Decoder<'a>,
    /// Whether the resource uses something that only the experimental channel has.
    is_experimental: bool,
    /// The refusals that only one channel has.
    in_channel: Vec<(Channel, Refusal)>,
}

impl Checker<'_, '_> {
    /// Checks a value. The result is the value with all defaults and without the fields that the API server drops, or
    /// `None` if the schema rejects it. CEL rules do not count: a parent can be checked even if its child breaks one.
    fn value(&mut self, schema: &ValueSchema, node: &Node) -> Option<Node> {
        match schema {
            ValueSchema::Text(least, most, form) => self.text(*least, *most, *form, node),
            ValueSchema::Number(least, most) => self.number(
                node,
                |number| (*least..=*most).contains(&number),
                || match *most {
                    i64::MAX => format!("use {least} or more"),
                    most => format!("use a number from {least} to {most}"),
                },
            ),
            ValueSchema::NumberOf(numbers) => {
                self.number(node, |number| numbers.contains(&number), || format!("write {}", words(*numbers, "or")))
            }
            ValueSchema::Boolean => match node.value {
                Value::Bool(_) => Some(node.clone()),
                _ => self.wrong_type(node, "a boolean"),
            },
            ValueSchema::List(list) => self.list(list, node),
            ValueSchema::Object(object) => self.object(object, node),
            ValueSchema::Map(map) => self.map(map, node),
        }
    }

    fn wrong_type(&mut self, node: &Node, expected: &'static str) -> Option<Node> {
        self.decoder.wrong_type(node, expected);
        None
    }

    fn reject(&mut self, refusal: Refusal) -> Option<Node> {
        self.decoder.refused(refusal);
        None
    }

    fn text(&mut self, least: usize, most: usize, form: TextForm, node: &Node) -> Option<Node> {
        let Value::String(text) = &node.value else {
            let expected = match form {
                TextForm::Pattern(pattern) => pattern.expected,
                _ => "a string",
            };
            return self.wrong_type(node, expected);
        };
        let length = text.chars().count();
        if length < least {
            return self.reject(refuse(node.span, "the string is empty", "write a value, or remove the field"));
        }
        if length > most {
            return self.reject(refuse(
                node.span,
                format!("the string has {length} characters"),
                format!("use at most {most}"),
            ));
        }
        match form {
            TextForm::Words(known) if !known.contains(&&**text) => {
                return self.reject(unknown_word(node.span, text, known));
            }
            TextForm::WordsByChannel(known, experimental) if !known.contains(&&**text) => {
                if !experimental.contains(&&**text) {
                    return self.reject(unknown_word(node.span, text, known));
                }
                self.is_experimental = true;
            }
            TextForm::Pattern(pattern) if !(pattern.is_match)(text) => {
                return self.reject(without_form(node.span, text, pattern));
            }
            TextForm::ExperimentalPattern(pattern) if !(pattern.is_match)(text) => {
                self.in_channel.push((Channel::Experimental, without_form(node.span, text, pattern)));
            }
            _ => {}
        }
        Some(node.clone())
    }

    fn number(&mut self, node: &Node, is_valid: impl Fn(i64) -> bool, help: impl Fn() -> String) -> Option<Node> {
        let number = match &node.value {
            Value::Int(number) => *number,
            Value::Float(number) if number.fract() == 0.0 && number.abs() < 9.0e15 => *number as i64,
            Value::Float(number) if number.fract() == 0.0 => {
                return self.reject(refuse(node.span, format!("{number} is out of range"), help()));
            }
            Value::Float(number) => {
                return self.reject(refuse(node.span, format!("{number} is not a whole number"), help()));
            }
            Value::String(text) => {
                let Some(number) = text.parse::<i64>().ok().filter(|number| is_valid(*number)) else {
                    return self.wrong_type(node, "a number");
                };
                let message = format!("the number `{text}` is in quotes");
                return self.reject(refuse(node.span, message, Advice::write(Edit::set(node.span, number))));
            }
            _ => return self.wrong_type(node, "a number"),
        };
        if !is_valid(number) {
            return self.reject(refuse(node.span, format!("{number} is out of range"), help()));
        }
        Some(Node { span: node.span, value: Value::Int(number) })
    }

    fn list(&mut self, schema: &'static ListSchema, node: &Node) -> Option<Node> {
        let Value::Sequence(items) = &node.value else { return self.wrong_type(node, "a list") };
        let mut checked = Vec::with_capacity(items.len());
        for item in items {
            if item.is_null() {
                self.decoder.null_item(item);
            } else {
                checked.extend(self.value(&schema.items, item));
            }
        }
        let mut is_valid = checked.len() == items.len();
        if !(schema.least..=schema.most).contains(&items.len()) {
            is_valid = false;
            self.reject(wrong_count(node.span, "the list", "items", items.len(), schema.least, schema.most));
        }
        for duplicate in duplicates(schema.equality, &checked) {
            is_valid = false;
            self.reject(duplicate);
        }
        is_valid.then(|| self.obey(schema.rules, Node { span: node.span, value: Value::Sequence(checked.into()) }))
    }

    fn map(&mut self, schema: &'static MapSchema, node: &Node) -> Option<Node> {
        let Value::Mapping(entries) = &node.value else { return self.wrong_type(node, "a mapping") };
        let entries: Vec<&Entry> = entries.iter().filter(|entry| !entry.value.is_null()).collect();
        let mut checked = Vec::with_capacity(entries.len());
        for entry in &entries {
            let value = self.value(&schema.values, &entry.value);
            checked.extend(value.map(|value| Entry { key: entry.key.clone(), value }));
        }
        let mut is_valid = checked.len() == entries.len();
        if entries.len() > schema.most {
            is_valid = false;
            self.reject(wrong_count(node.span, "the mapping", "entries", entries.len(), 0, schema.most));
        }
        is_valid.then(|| self.obey(schema.rules, Node { span: node.span, value: Value::Mapping(checked.into()) }))
    }

    fn object(&mut self, schema: &'static ObjectSchema, node: &Node) -> Option<Node> {
        let Value::Mapping(entries) = &node.value else { return self.wrong_type(node, "a mapping") };
        let misspelt = self.unknown_fields(schema, entries);
        let mut checked = Vec::with_capacity(entries.len());
        // A rule that needs a misspelt field would only repeat the mistake.
        let mut is_valid = misspelt.is_empty();
        for field in schema.fields {
            let written = entries.iter().find(|entry| &*entry.key.text == field.name && !entry.value.is_null());
            let value = match (written, &field.presence) {
                (Some(entry), _) => {
                    self.is_experimental |= field.is_experimental;
                    self.value(&field.schema, &entry.value).map(|value| Entry { key: entry.key.clone(), value })
                }
                (None, Presence::Optional) => continue,
                (None, Presence::Default(default)) => {
                    Some(Entry { key: key(field.name, node.span), value: default.node(node.span) })
                }
                (None, Presence::Required) => {
                    if !misspelt.contains(&field.name) {
                        self.reject(missing(schema, field.name, node));
                    }
                    None
                }
            };
            is_valid &= value.is_some();
            checked.extend(value);
        }
        is_valid.then(|| self.obey(schema.rules, Node { span: node.span, value: Value::Mapping(checked.into()) }))
    }

    /// Reports the fields that an object does not have, and returns the fields for which they probably stand.
    fn unknown_fields(&mut self, schema: &'static ObjectSchema, entries: &[Entry]) -> Vec<&'static str> {
        let names = || schema.fields.iter().map(|field: &FieldSchema| field.name);
        let mut misspelt = Vec::new();
        for key in entries.iter().map(|entry| &entry.key).filter(|key| !names().any(|name| name == &*key.text)) {
            let meant = names().find(|name| *name == camel_case(&key.text)).or_else(|| nearest(&key.text, names()));
            let kind = DecodeProblemKind::UnknownField {
                key: key.text.to_string(),
                suggestion: meant.map(str::to_owned),
                known: names().map(str::to_owned).collect(),
            };
            self.decoder.report(key.span, kind);
            misspelt.extend(meant);
        }
        misspelt
    }

    /// Evaluates the rules of a valid value.
    fn obey(&mut self, rules: &[CelRule], node: Node) -> Node {
        for (channel, refusal) in evaluate(rules, &node) {
            match channel {
                Some(channel) => self.in_channel.push((channel, refusal)),
                None => self.decoder.refused(refusal),
            }
        }
        node
    }

    /// Reports what both channels refuse at a place, what the channel of the resource refuses, and what the standard
    /// channel refuses if the channel is not known.
    fn report_channels(self) {
        let of = |channel| self.in_channel.iter().filter(move |(other, _)| *other == channel).map(|(_, it)| it);
        let places: Vec<Span> = of(Channel::Standard).map(|refusal| refusal.span).collect();
        if self.is_experimental {
            of(Channel::Experimental).cloned().for_each(|refusal| self.decoder.refused(refusal));
            return;
        }
        let in_both: Vec<Refusal> =
            of(Channel::Experimental).filter(|refusal| places.contains(&refusal.span)).cloned().collect();
        let in_standard: Vec<Refusal> = of(Channel::Standard)
            .filter(|refusal| !in_both.iter().any(|both| both.span == refusal.span))
            .cloned()
            .collect();
        in_both.into_iter().for_each(|refusal| self.decoder.refused(refusal));
        for Refusal { span, message, help, .. } in in_standard {
            self.decoder.report(span, DecodeProblemKind::ChannelViolation { message, help });
        }
    }
}

/// The refusal of an object without a field. If the field names the member that is set, the member tells its value.
fn missing(schema: &ObjectSchema, field: &str, node: &Node) -> Refusal {
    let word = schema.rules.iter().find_map(|rule| match rule {
        CelRule::OnlyWith(tag, word, member) if *tag == field && node.get(member).is_some() => Some(*word),
        _ => None,
    });
    let help = match word {
        Some(word) => Advice::add(Edit::add(node.span, [field], word)),
        None => format!("add `{field}`").into(),
    };
    refuse(node.span, format!("`{field}` is missing"), help)
}

fn unknown_word(span: Span, text: &str, known: &[&str]) -> Refusal {
    let folded = text.to_lowercase();
    // `Prefix` stands for `PathPrefix`.
    let mut longer = known.iter().copied().filter(|word| text.len() >= 3 && word.to_lowercase().contains(&folded));
    let only = longer.next().filter(|_| longer.next().is_none());
    let help = match nearest(text, known.iter().copied()).or(only) {
        Some(word) => {
            let edit = Edit::set(span, word);
            Advice::new(format!("did you mean {edit}? Expected {}", words(known, "or"))).option([edit])
        }
        None => Advice::new(format!("write {}", words(known, "or"))),
    };
    refuse(span, format!("{} is not a valid value", in_backticks(text)), help)
}

fn without_form(span: Span, text: &str, pattern: &TextPattern) -> Refusal {
    let help = match (pattern.repair)(text) {
        Some(repaired) => Advice::write(Edit::set(span, repaired)),
        None => pattern.help.into(),
    };
    refuse(span, format!("{} is not a valid value", in_backticks(text)), help)
}

fn wrong_count(span: Span, owner: &str, parts: &str, count: usize, least: usize, most: usize) -> Refusal {
    let message = match count {
        0 => format!("{owner} has no {parts}"),
        _ => format!("{owner} has {count} {parts}"),
    };
    let help = match (count < least, most) {
        (true, _) => format!("add some: at least {least} is needed"),
        (false, 1) => "keep only one".to_owned(),
        (false, most) => format!("use at most {most}"),
    };
    refuse(span, message, help)
}

/// The items that are equal to an earlier one.
fn duplicates(equality: Equality, items: &[Node]) -> Vec<Refusal> {
    let field = match equality {
        Equality::Allowed => return Vec::new(),
        Equality::OfItems => None,
        Equality::OfField(field) => Some(field),
    };
    let mut first: BTreeMap<String, Span> = BTreeMap::new();
    let mut found = Vec::new();
    for item in items {
        let Some(value) = field.map_or(Some(item), |field| item.get(field)) else { continue };
        let text = match &value.value {
            Value::String(text) => text.to_string(),
            Value::Int(number) => number.to_string(),
            _ => continue,
        };
        let (message, help) = match field {
            None => {
                let help = Advice::new("remove one of them").fix([Edit::remove(value.span).unshown()]);
                (format!("an earlier item is {} too", in_backticks(&text)), help)
            }
            Some(field) => (
                format!("an earlier item has the same `{field}`, {}", in_backticks(&text)),
                format!("give each item another `{field}`, or remove one").into(),
            ),
        };
        match first.get(&text) {
            Some(earlier) => found.push(refuse(value.span, message, help).beside(*earlier, "the earlier item")),
            None => {
                first.insert(text, value.span);
            }
        }
    }
    found
}
