//! A file to its settings: mistakes are left out and returned, and the rest applies.

use std::collections::BTreeMap;

use serde_yaml::{Mapping, Value as Setting};

use super::date::Date;
use super::patterns::{NamePattern, path_globs};
use super::problem::{ConfigProblem, ConfigProblemKind};
use super::shape::{Key, Shape, Word};
use crate::advice::wording;
use crate::advice::{Advice, Edit, Literal, spelling};
use crate::source::Span;
use crate::yaml::{Entry, Node, Value};

/// The places of values and of keys that users choose, by their paths: `suppress[0].rules[1]`.
pub(super) type Places = BTreeMap<String, Span>;

/// Decodes the values of a file.
pub(super) struct Decoder<'t> {
    text: &'t str,
    /// The mistakes so far.
    pub problems: Vec<ConfigProblem>,
    /// The places so far.
    pub places: Places,
}

impl<'t> Decoder<'t> {
    /// A decoder for nodes of a text.
    pub fn new(text: &'t str) -> Self {
        Self { text, problems: Vec::new(), places: Places::new() }
    }

    /// The value of a node, as a setting of the shape. `None` if there is nothing of that shape.
    pub fn value(&mut self, node: &Node, shape: &Shape, path: &str) -> Option<Setting> {
        self.places.insert(path.to_owned(), node.span);
        match (shape, &node.value) {
            (Shape::Text(_) | Shape::Rule, Value::String(text)) if text.trim().is_empty() => {
                self.wrong(node.span, format!("{} is empty", subject(path)), format!("write {}", shape.words()))
            }
            (Shape::Text(_) | Shape::Rule, Value::String(text)) => Some(Setting::from(&**text)),
            (Shape::Text(_), Value::Bool(_)) if !is_boolean_today(&self.written(node)) => {
                Some(Setting::from(self.written(node)))
            }
            (Shape::Text(_) | Shape::Rule, Value::Bool(_) | Value::Int(_) | Value::Float(_)) => {
                let message = format!("{} is {}, but must be a string", subject(path), node.value.type_name());
                self.wrong(node.span, message, Advice::write(Edit::set(node.span, self.written(node))))
            }
            (Shape::Flag, Value::Bool(flag)) => Some(Setting::from(*flag)),
            (Shape::Word(what, words), value) if !matches!(value, Value::Sequence(_) | Value::Mapping(_)) => {
                self.word(node, what, words)
            }
            (Shape::PathPattern, Value::String(text)) => self.pattern(node.span, text, path_globs(text).err()),
            (Shape::NamePattern, Value::String(text)) => self.pattern(node.span, text, NamePattern::new(text).err()),
            (Shape::Date, Value::String(text)) if Date::parse(text).is_some() => Some(Setting::from(&**text)),
            (Shape::Date, Value::String(text)) => {
                self.wrong(node.span, format!("`{text}` is not a day"), "write a day such as `2026-12-31`")
            }
            (Shape::List(item), Value::Sequence(items)) => Some(self.list(items, item, path)),
            (Shape::OneOrMore(item), Value::Sequence(items)) => Some(self.list(items, item, path)),
            (Shape::OneOrMore(item), _) => {
                let one = self.value(node, item, path)?;
                self.places.insert(format!("{path}[0]"), node.span);
                Some(Setting::from(vec![one]))
            }
            (Shape::Map(_, shape) | Shape::ByRule(shape), Value::Mapping(entries)) => {
                Some(self.map(entries, shape, path))
            }
            (Shape::Keys(keys), Value::Mapping(entries)) => self.keys(node, entries, keys, path),
            (Shape::List(_), Value::String(_) | Value::Bool(_) | Value::Int(_) | Value::Float(_)) => {
                let message = format!("{} is {}, but must be a list", subject(path), node.value.type_name());
                let list = Literal::texts([self.written(node).as_str()]);
                self.wrong(node.span, message, Advice::write(Edit::set(node.span, list)))
            }
            (Shape::Or(_, other), Value::Mapping(_)) => self.value(node, other, path),
            (Shape::Or(one, _), value) if fits(one, value) => self.value(node, one, path),
            (shape, value) => {
                let message = format!("{} is {}, but must be {}", subject(path), value.type_name(), shape.words());
                self.wrong(node.span, message, Advice::default())
            }
        }
    }

    fn list(&mut self, items: &[Node], shape: &Shape, path: &str) -> Setting {
        let mut list = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let before = std::mem::take(&mut self.places);
            let written = format!("{path}[{index}]");
            let value = self.value(item, shape, &written);
            // Items that are left out do not count: the places are those of the settings.
            let kept = format!("{path}[{}]", list.len());
            let of_item = std::mem::replace(&mut self.places, before);
            if let Some(value) = value {
                let inside = |place: &str| format!("{kept}{}", &place[written.len()..]);
                self.places.extend(of_item.into_iter().map(|(place, span)| (inside(&place), span)));
                list.push(value);
            }
        }
        Setting::Sequence(list)
    }

    fn map(&mut self, entries: &[Entry], shape: &Shape, path: &str) -> Setting {
        let mut map = Mapping::new();
        for Entry { key, value } in entries.iter().filter(|entry| !entry.value.is_null()) {
            let path = format!("{path}.{}", key.text);
            if let Some(value) = self.value(value, shape, &path) {
                map.insert(key.text.to_string().into(), value);
            }
            // A mistake in such an entry is often one in its name.
            self.places.insert(path, key.span);
        }
        Setting::Mapping(map)
    }

    fn keys(&mut self, node: &Node, entries: &[Entry], keys: &[Key], path: &str) -> Option<Setting> {
        let mut map = Mapping::new();
        let mut meant = Vec::new();
        for Entry { key, value } in entries {
            let Some(known) = keys.iter().find(|known| known.name == &*key.text) else {
                meant.extend(self.unknown_key(key.span, &key.text, keys, path));
                continue;
            };
            let path = if path.is_empty() { known.name.to_owned() } else { format!("{path}.{}", known.name) };
            if value.is_null() {
                continue;
            }
            if let Some(value) = self.value(value, &known.shape, &path) {
                map.insert(known.name.into(), value);
            }
        }
        let is_set = |name: &str| entries.iter().any(|entry| &*entry.key.text == name && !entry.value.is_null());
        let is_missing = |key: &&Key| key.is_required && !is_set(key.name) && !meant.contains(&key.name);
        let missing: Vec<&Key> = keys.iter().filter(is_missing).collect();
        if !missing.is_empty() {
            let names = wording::list(missing.iter().map(|key| key.name), "and");
            let start = entries.first().map_or(node.span, |entry| entry.key.span);
            self.problems.push(ConfigProblem {
                kind: ConfigProblemKind::MissingKey,
                span: start,
                message: format!("{} does not have {names}", subject(path)),
                help: Advice::new(format!("add {names}")),
            });
        }
        keys.iter().all(|key| !key.is_required || map.contains_key(key.name)).then_some(Setting::Mapping(map))
    }

    /// Notes a key that no setting has. Returns the key that is probably meant.
    fn unknown_key(&mut self, span: Span, name: &str, keys: &[Key], path: &str) -> Option<&'static str> {
        let names = || keys.iter().map(|key| key.name);
        let meant = spelling::nearest(name, names());
        let help = match meant {
            Some(meant) => Advice::did_you_mean(Edit::set(span, meant)),
            None if path.is_empty() => {
                Advice::new("remove it, or run `mesh init` in an empty directory to see all keys")
            }
            None => Advice::new(format!("use one of its keys: {}", wording::list(names(), "or"))),
        };
        let message = format!("{} does not have a key `{name}`", subject(path));
        self.problems.push(ConfigProblem { kind: ConfigProblemKind::UnknownKey, span, message, help });
        meant
    }

    fn word(&mut self, node: &Node, what: &str, words: &[Word]) -> Option<Setting> {
        let written = self.written(node);
        if words.iter().any(|word| word.word == written) {
            return Some(Setting::from(written));
        }
        let names = || words.iter().map(|word| word.word);
        let help = spelling::did_you_mean(node.span, &written, names());
        let help = help.unwrap_or_else(|| Advice::new(format!("write {}", wording::list(names(), "or"))));
        self.wrong(node.span, format!("`{written}` is not {what}"), help)
    }

    fn pattern(&mut self, span: Span, text: &str, fault: Option<String>) -> Option<Setting> {
        match fault {
            None => Some(Setting::from(text)),
            Some(message) => self.wrong(span, message, "write a pattern such as `legacy/**` or `legacy-*`"),
        }
    }

    /// The text of a scalar: of one without quotes as it stands in the file, because YAML 1.1 reads `off` as a boolean.
    fn written(&self, node: &Node) -> String {
        match &node.value {
            Value::String(text) => text.to_string(),
            _ => self.text.get(node.span.range()).unwrap_or_default().to_owned(),
        }
    }

    fn wrong<T>(&mut self, span: Span, message: String, help: impl Into<Advice>) -> Option<T> {
        self.problems.push(ConfigProblem { kind: ConfigProblemKind::InvalidValue, span, message, help: help.into() });
        None
    }
}

/// Whether YAML 1.2 reads a text as a boolean. YAML 1.1 does the same with `y`, `no` and `on`, which can be names.
fn is_boolean_today(text: &str) -> bool {
    ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether a value is of the type that a shape of scalars expects, so that its own message is the better one.
fn fits(shape: &Shape, value: &Value) -> bool {
    match shape {
        Shape::Flag => matches!(value, Value::Bool(_)),
        _ => !matches!(value, Value::Sequence(_)),
    }
}

/// A path in a message.
fn subject(path: &str) -> String {
    if path.is_empty() { "the configuration".to_owned() } else { format!("`{path}`") }
}
