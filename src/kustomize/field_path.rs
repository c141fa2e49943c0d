//! Paths with dots, as replacements and vars write them: `spec.http.[name=web].route.0.destination.host`.

use crate::re2::Re2;
use crate::source::{Span, Spanned};
use crate::yaml::{self, Entry, Key, Node, SharedList, Value};

use super::problem::{BuildProblem, BuildProblemKind, Step};
use super::scalar;

/// A part of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// A key of a mapping.
    Key(String),
    /// An item of a list.
    Index(i64),
    /// `[name=web]`: the items with this value. `[=a]`: the scalars with this value; the name is empty.
    Entry(String, String),
    /// `*`: all items.
    Every,
    /// `-`: the last item.
    Last,
}

/// The value that a path creates if it does not lead to anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Create {
    Nothing,
    Scalar,
    Sequence,
    Mapping,
}

/// Splits a path at its dots. `\.` is a dot in a key, and brackets keep dots together.
///
/// kustomize: `SmarterPathSplitter`.
pub(super) fn split(path: &str) -> Vec<Part> {
    let mut split = pieces(path).into_iter();
    let mut parts = Vec::new();
    while let Some(mut piece) = split.next() {
        if piece.starts_with('[') && !piece.ends_with(']') {
            for next in split.by_ref() {
                piece.push('.');
                piece.push_str(&next);
                if next.ends_with(']') {
                    break;
                }
            }
            if !piece.contains('=') {
                parts.push(Part::Key(piece.trim_matches(['[', ']']).to_owned()));
                continue;
            }
        }
        parts.push(part(piece));
    }
    parts
}

/// The pieces between dots without a backslash. A leading dot is ignored.
fn pieces(path: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for piece in path.strip_prefix('.').unwrap_or(path).split('.') {
        match pieces.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push('.');
                last.push_str(piece);
            }
            _ => pieces.push(piece.to_owned()),
        }
    }
    pieces
}

fn part(piece: String) -> Part {
    if let Ok(index) = piece.parse() {
        return Part::Index(index);
    }
    if let Some((name, value)) = piece.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')?.split_once('=')) {
        return Part::Entry(name.to_owned(), value.to_owned());
    }
    match piece.as_str() {
        "*" => Part::Every,
        "-" => Part::Last,
        _ => Part::Key(piece),
    }
}

/// Paths of vars may write an index as `ports[0]`.
pub(super) fn split_indexed(path: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    for part in split(path) {
        let indexed = match &part {
            Part::Key(key) => key.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')),
            _ => None,
        };
        match indexed.and_then(|(key, index)| Some((key.to_owned(), index.parse().ok()?))) {
            Some((key, index)) => {
                if !key.is_empty() {
                    parts.push(Part::Key(key));
                }
                parts.push(Part::Index(index));
            }
            None => parts.push(part),
        }
    }
    parts
}

/// The value that a path leads to. The first entry counts, and its value must be equal.
pub(super) fn lookup<'n>(node: &'n Node, path: &[Part]) -> Option<&'n Node> {
    path.iter().try_fold(node, |node, part| match part {
        Part::Key(key) if key.trim().is_empty() => Some(node),
        Part::Key(key) => node.get(key),
        Part::Index(index) => node.items().get(usize::try_from(*index).ok()?),
        Part::Last => node.items().last(),
        Part::Entry(name, value) => node.items().iter().find(|item| {
            let found = if name.is_empty() { Some(*item) } else { item.get(name) };
            found.and_then(scalar::text).is_some_and(|text| text == **value)
        }),
        Part::Every => None,
    })
}

/// Changes the fields that a path leads to.
pub(super) struct Visit<'v> {
    /// The path as it is written, for messages. New keys and values have its place.
    pub written: Spanned<&'v str>,
    pub create: Create,
    /// Whether any field was found.
    pub is_found: bool,
    pub change: &'v mut dyn FnMut(&mut Node) -> Step,
}

impl Visit<'_> {
    /// kustomize: `PathMatcher`. Entries are found by regular expressions, which need not match the whole value.
    pub fn visit(&mut self, node: &mut Node, path: &[Part]) -> Step {
        let Some((part, rest)) = path.split_first() else {
            self.is_found = true;
            return (self.change)(node);
        };
        match part {
            Part::Key(key) => self.visit_key(node, key, rest),
            Part::Index(index) => self.visit_index(node, *index, rest),
            Part::Entry(name, value) => self.visit_entries(node, name, value, rest),
            Part::Every => self.items(node)?.iter_mut().try_for_each(|item| self.visit(item, rest)),
            // kustomize takes it for a key here.
            Part::Last => self.visit_key(node, "-", rest),
        }
    }

    fn visit_key(&mut self, node: &mut Node, key: &str, rest: &[Part]) -> Step {
        let span = self.written.span;
        let entries = match &mut node.value {
            Value::Mapping(entries) => entries,
            Value::Null => {
                // kustomize creates the field inside of the null, which stays one.
                self.is_found |= self.create != Create::Nothing;
                return Ok(());
            }
            other => {
                let found = other.type_name();
                return Err(self.misfit(node.span, format!("`{key}` needs a mapping, but this is {found}")));
            }
        };
        let at = match entries.iter().position(|entry| &*entry.key.text == key) {
            Some(at) => at,
            None if self.create == Create::Nothing => return Ok(()),
            None => {
                entries.push(Entry { key: Key { span, text: key.into() }, value: self.new_node(rest) });
                entries.len() - 1
            }
        };
        self.visit(&mut entries[at].value, rest)
    }

    fn visit_index(&mut self, node: &mut Node, index: i64, rest: &[Part]) -> Step {
        let (new, span) = (self.new_node(rest), node.span);
        let creates = self.create != Create::Nothing;
        let items = self.items(node)?;
        let length = items.len();
        if creates && usize::try_from(index) == Ok(length) {
            items.push(new);
        }
        match usize::try_from(index).ok().and_then(|at| items.get_mut(at)) {
            Some(item) => self.visit(item, rest),
            None => {
                let items = if length == 1 { "item" } else { "items" };
                Err(self.misfit(span, format!("the list has {length} {items}, so it has no item {index}")))
            }
        }
    }

    fn visit_entries(&mut self, node: &mut Node, name: &str, value: &str, rest: &[Part]) -> Step {
        let span = self.written.span;
        let Ok(regex) = Re2::unanchored(value) else {
            return Err(self.misfit(span, format!("`{value}` is not a valid regular expression")));
        };
        let creates = self.create != Create::Nothing;
        let fits = |item: &Node| {
            let found = if name.is_empty() { Some(item) } else { item.get(name) };
            found.and_then(scalar::text).is_some_and(|text| regex.matches(text.as_bytes()))
        };
        let items = self.items(node)?;
        if creates && !items.iter().any(fits) {
            let value = Node { span, value: plain(value) };
            items.push(if name.is_empty() {
                value
            } else {
                Node { span, value: Value::Mapping(vec![Entry { key: Key { span, text: name.into() }, value }].into()) }
            });
        }
        for item in items.iter_mut().filter(|item| fits(item)) {
            // A path to a scalar entry ends there, whatever follows.
            let rest = if name.is_empty() { &[] } else { rest };
            self.visit(item, rest)?;
        }
        Ok(())
    }

    fn items<'n>(&self, node: &'n mut Node) -> Step<&'n mut Vec<Node>> {
        let span = node.span;
        match &mut node.value {
            Value::Sequence(items) => Ok(items),
            other => {
                let found = other.type_name();
                Err(self.misfit(span, format!("the path needs a list, but this is {found}")))
            }
        }
    }

    /// A value on the way to `rest`, or the last one.
    fn new_node(&self, rest: &[Part]) -> Node {
        let value = match rest.first() {
            Some(Part::Entry(..) | Part::Index(_)) => Value::Sequence(SharedList::default()),
            Some(_) => Value::Mapping(SharedList::default()),
            None => match self.create {
                Create::Sequence => Value::Sequence(SharedList::default()),
                Create::Mapping => Value::Mapping(SharedList::default()),
                // The caller gives it a value.
                Create::Scalar | Create::Nothing => Value::Null,
            },
        };
        Node { span: self.written.span, value }
    }

    fn misfit(&self, object: Span, reason: String) -> Box<BuildProblem> {
        let message = format!("path `{}` does not fit the object: {reason}", self.written.value);
        BuildProblem::new(BuildProblemKind::NoMatch, self.written.span, message).related(object, "the object")
    }
}

/// The value of a plain scalar of YAML 1.2.
pub(super) fn plain(text: &str) -> Value {
    match yaml::resolve(text) {
        Value::Bool(_) if !matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE") => {
            Value::String(text.into())
        }
        value => value,
    }
}

/// A text in place of a scalar of a certain type, as that type. `None` if the text is not of that type.
pub(super) fn with_type_of(former: &Value, text: &str) -> Option<Value> {
    match (former, plain(text)) {
        (Value::String(_), _) => Some(Value::String(text.into())),
        (Value::Int(_), value @ Value::Int(_))
        | (Value::Float(_), value @ (Value::Int(_) | Value::Float(_)))
        | (Value::Bool(_), value @ Value::Bool(_))
        | (Value::Null, value @ Value::Null) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_yaml::node;
    use super::*;

    fn key(text: &str) -> Part {
        Part::Key(text.into())
    }

    #[test]
    fn splitting() {
        let entry = |name: &str, value: &str| Part::Entry(name.into(), value.into());
        for (path, parts) in [
            ("metadata.name", vec![key("metadata"), key("name")]),
            (".spec.hosts.0", vec![key("spec"), key("hosts"), Part::Index(0)]),
            ("metadata.annotations.[a.b/c]", vec![key("metadata"), key("annotations"), key("a.b/c")]),
            ("a.x\\.y.z", vec![key("a"), key("x.y"), key("z")]),
            ("a.[name=x.y].z", vec![key("a"), entry("name", "x.y"), key("z")]),
            ("a.[=x].*.-", vec![key("a"), entry("", "x"), Part::Every, Part::Last]),
        ] {
            assert_eq!(split(path), parts, "{path}");
        }
        assert_eq!(split_indexed("spec.ports[0].port"), [key("spec"), key("ports"), Part::Index(0), key("port")]);
    }

    #[test]
    fn looking_up() {
        let object = node("{a: {b: [{name: x, c: 1}, {name: xx, c: 2}], d: [p, q]}}");
        for (path, found) in [
            ("a.b.[name=x].c", Some("1")),
            ("a.b.1.c", Some("2")),
            ("a.b.-.c", Some("2")),
            ("a.d.[=q]", Some("q")),
            ("a.d.2", None),
            ("a.z.c", None),
        ] {
            assert_eq!(lookup(&object, &split(path)).and_then(scalar::text).as_deref(), found, "{path}");
        }
    }
}
