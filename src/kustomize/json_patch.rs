//! JSON patches (RFC 6902), with the deviations of kustomize's library: `replace` adds a missing key, negative indices
//! count from the end, a path without its slash loses its first part.

use super::problem::{BuildProblem, BuildProblemKind, Step};
use crate::source::{Span, Spanned};
use crate::yaml::{Entry, Key, Node, SharedList, Value};

/// One operation of a patch.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operation<'p> {
    /// The place of the operation.
    span: Span,
    kind: OperationKind,
    path: Spanned<&'p str>,
    from: Option<Spanned<&'p str>>,
    value: Node,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OperationKind {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
}

/// A part of an object that a path leads to.
enum Slot<'n> {
    Field(&'n mut Vec<Entry>, String),
    Item(&'n mut Vec<Node>, String),
}

/// Reads the operations of a patch.
pub(super) fn read(patch: &Node) -> Step<Vec<Operation<'_>>> {
    patch.items().iter().map(Operation::read).collect()
}

/// Applies a patch. With `has_annotations`, `metadata.annotations` exists even if the object has none, because
/// kustomize keeps its own there.
pub(super) fn apply(object: &mut Node, patch: &[Operation<'_>], has_annotations: bool) -> Step {
    let is_added = has_annotations && add_annotations(object);
    for operation in patch {
        operation.apply(object)?;
    }
    if is_added {
        remove_empty_annotations(object);
    }
    Ok(())
}

impl<'p> Operation<'p> {
    fn read(node: &'p Node) -> Step<Self> {
        if !matches!(node.value, Value::Mapping(_)) {
            let message = format!("an operation must be a mapping, but this is {}", node.value.type_name());
            return Err(problem(node.span, message));
        }
        let text = |name: &str| {
            let value = node.get(name)?;
            Some(Spanned::new(value.as_str()?, value.span))
        };
        let Some(op) = text("op") else {
            return Err(problem(node.span, "kustomize rejects an operation without `op`"));
        };
        let kind = match op.value {
            "add" => OperationKind::Add,
            "remove" => OperationKind::Remove,
            "replace" => OperationKind::Replace,
            "move" => OperationKind::Move,
            "copy" => OperationKind::Copy,
            "test" => OperationKind::Test,
            other => {
                return Err(problem(op.span, format!("kustomize rejects operation `{other}`"))
                    .help("use `add`, `remove`, `replace`, `move`, `copy` or `test`"));
            }
        };
        let Some(path) = text("path") else {
            return Err(problem(node.span, format!("operation `{}` needs a `path`", op.value)));
        };
        let from = text("from");
        if from.is_none() && matches!(kind, OperationKind::Move | OperationKind::Copy) {
            return Err(problem(node.span, format!("operation `{}` needs `from`", op.value)));
        }
        let value = node.get("value").cloned().unwrap_or(Node { span: path.span, value: Value::Null });
        Ok(Self { span: node.span, kind, path, from, value })
    }

    /// The place of the whole operation.
    pub(super) fn span(&self) -> Span {
        self.span
    }

    /// The path, and the fact that kustomize ignores its first part if the slash is missing.
    pub(super) fn path_without_slash(&self) -> Option<Spanned<&'p str>> {
        Some(self.path).filter(|path| !path.value.is_empty() && !path.value.starts_with('/'))
    }

    fn apply(&self, object: &mut Node) -> Step {
        match self.kind {
            OperationKind::Add => self.slot(object, self.path)?.add(self.value.clone(), self.value.span, self.path),
            OperationKind::Replace if self.path.value.is_empty() => {
                *object = self.value.clone();
                Ok(())
            }
            OperationKind::Replace => {
                self.slot(object, self.path)?.replace(self.value.clone(), self.value.span, self.path)
            }
            OperationKind::Remove => self.slot(object, self.path)?.remove(self.path).map(drop),
            OperationKind::Test => self.test(object),
            OperationKind::Move => {
                let from = self.from.unwrap_or(self.path);
                let value = self.slot(object, from)?.remove(from)?;
                self.slot(object, self.path)?.add(value, self.path.span, self.path)
            }
            OperationKind::Copy => {
                let from = self.from.unwrap_or(self.path);
                let null = Node { span: from.span, value: Value::Null };
                let value = self.slot(object, from)?.get(from)?.cloned().unwrap_or(null);
                self.slot(object, self.path)?.add(value, self.path.span, self.path)
            }
        }
    }

    fn test(&self, object: &mut Node) -> Step {
        let path = self.path;
        let is_same = if path.value.is_empty() {
            is_same(object, &self.value)
        } else {
            match self.slot(object, path)?.get(path)? {
                Some(found) => is_same(found, &self.value),
                None => self.value.is_null(),
            }
        };
        if is_same {
            return Ok(());
        }
        Err(problem(path.span, format!("test of `{}` fails: the value of the object differs", path.value)))
    }

    /// The place that a path leads to, which may not exist; all before its last part must.
    fn slot<'n>(&self, object: &'n mut Node, path: Spanned<&str>) -> Step<Slot<'n>> {
        let missing = || problem(path.span, format!("path `{}` does not exist in the object", path.value));
        let mut parts: Vec<String> = path.value.split('/').skip(1).map(unescape).collect();
        let last = parts.pop().ok_or_else(missing)?;
        let mut node = object;
        for part in &parts {
            let next = match &mut node.value {
                Value::Mapping(entries) => {
                    entries.iter_mut().find(|entry| &*entry.key.text == part).map(|entry| &mut entry.value)
                }
                Value::Sequence(items) => index(part, items.len()).and_then(|at| items.get_mut(at)),
                _ => None,
            };
            node = next.ok_or_else(missing)?;
        }
        match &mut node.value {
            Value::Mapping(entries) => Ok(Slot::Field(entries, last)),
            Value::Sequence(items) => Ok(Slot::Item(items, last)),
            _ => Err(missing()),
        }
    }
}

impl<'n> Slot<'n> {
    fn add(self, value: Node, span: Span, path: Spanned<&str>) -> Step {
        match self {
            Self::Field(entries, key) => set(entries, &key, value, span),
            Self::Item(items, part) if part == "-" => items.push(value),
            Self::Item(items, part) => {
                // The new item counts for a negative index.
                let at = index(&part, items.len() + 1).filter(|at| *at <= items.len());
                let at = at.ok_or_else(|| no_item(path, items.len()))?;
                items.insert(at, value);
            }
        }
        Ok(())
    }

    fn replace(self, value: Node, span: Span, path: Spanned<&str>) -> Step {
        match self {
            Self::Field(entries, key) => set(entries, &key, value, span),
            Self::Item(items, part) => {
                let at = index(&part, items.len()).filter(|at| *at < items.len());
                let at = at.ok_or_else(|| no_item(path, items.len()))?;
                items[at] = value;
            }
        }
        Ok(())
    }

    fn remove(self, path: Spanned<&str>) -> Step<Node> {
        match self {
            Self::Field(entries, key) => {
                let at = entries.iter().position(|entry| *entry.key.text == *key);
                let missing = || problem(path.span, format!("path `{}` does not exist in the object", path.value));
                Ok(entries.remove(at.ok_or_else(missing)?).value)
            }
            Self::Item(items, part) => {
                let at = index(&part, items.len()).filter(|at| *at < items.len());
                Ok(items.remove(at.ok_or_else(|| no_item(path, items.len()))?))
            }
        }
    }

    /// The value; `None` for a missing key of a mapping.
    fn get(self, path: Spanned<&str>) -> Step<Option<&'n Node>> {
        match self {
            Self::Field(entries, key) => {
                Ok(entries.iter().find(|entry| *entry.key.text == *key).map(|entry| &entry.value))
            }
            Self::Item(items, part) => {
                let at = index(&part, items.len()).filter(|at| *at < items.len());
                Ok(Some(&items[at.ok_or_else(|| no_item(path, items.len()))?]))
            }
        }
    }
}

/// Sets a key. Key and value of a new value have the place of the patch.
fn set(entries: &mut Vec<Entry>, key: &str, value: Node, span: Span) {
    let key = Key { span, text: key.into() };
    match entries.iter_mut().find(|entry| entry.key.text == key.text) {
        Some(entry) => *entry = Entry { key, value },
        None => entries.push(Entry { key, value }),
    }
}

/// The index of an item, which may be too large by any number. Negative ones count from the end.
fn index(part: &str, length: usize) -> Option<usize> {
    let number: i64 = part.parse().ok()?;
    match usize::try_from(number) {
        Ok(at) => Some(at),
        Err(_) => length.checked_sub(usize::try_from(number.unsigned_abs()).ok()?),
    }
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// Whether two values are the same in JSON.
pub(super) fn is_same(first: &Node, second: &Node) -> bool {
    match (&first.value, &second.value) {
        (Value::Mapping(first), Value::Mapping(second)) => {
            first.len() == second.len()
                && first.iter().all(|entry| {
                    let other = second.iter().find(|other| other.key.text == entry.key.text);
                    other.is_some_and(|other| is_same(&entry.value, &other.value))
                })
        }
        (Value::Sequence(first), Value::Sequence(second)) => {
            first.len() == second.len() && first.iter().zip(second).all(|(first, second)| is_same(first, second))
        }
        (Value::Int(int), Value::Float(float)) | (Value::Float(float), Value::Int(int)) => *int as f64 == *float,
        (first, second) => first == second,
    }
}

/// Adds an empty `metadata.annotations` if there is none.
fn add_annotations(object: &mut Node) -> bool {
    let Value::Mapping(entries) = &mut object.value else { return false };
    let Some(metadata) = entries.iter_mut().find(|entry| &*entry.key.text == "metadata") else { return false };
    let span = metadata.value.span;
    let Value::Mapping(metadata) = &mut metadata.value.value else { return false };
    match metadata.iter_mut().find(|entry| &*entry.key.text == "annotations") {
        Some(Entry { value: Node { value: Value::Mapping(_), .. }, .. }) => false,
        Some(entry) if !entry.value.is_null() => false,
        Some(entry) => {
            entry.value.value = Value::Mapping(SharedList::default());
            true
        }
        None => {
            metadata.push(Entry::new("annotations", span, Node { span, value: Value::Mapping(SharedList::default()) }));
            true
        }
    }
}

fn remove_empty_annotations(object: &mut Node) {
    let Value::Mapping(entries) = &mut object.value else { return };
    let Some(metadata) = entries.iter_mut().find(|entry| &*entry.key.text == "metadata") else { return };
    if let Value::Mapping(metadata) = &mut metadata.value.value {
        metadata.retain(|entry| {
            &*entry.key.text != "annotations"
                || entry.value != Node { span: entry.value.span, value: Value::Mapping(SharedList::default()) }
        });
    }
}

fn no_item(path: Spanned<&str>, length: usize) -> Box<BuildProblem> {
    let message = format!("path `{}` does not exist in the object", path.value);
    let items = if length == 1 { "item" } else { "items" };
    problem(path.span, message).help(format!("the list has {length} {items}; indices start at 0, and `-` appends"))
}

fn problem(span: Span, message: impl Into<String>) -> Box<BuildProblem> {
    BuildProblem::new(BuildProblemKind::Patch, span, message)
}

#[cfg(test)]
mod tests {
    use super::super::test_yaml::{Texts, json, node};
    use super::*;

    const SPEC: &str = "{hosts: [a, b, c], m: {x: 1}, z: null, s: text}";

    /// The object after an operation, or the message of the problem.
    fn patched(operation: &str) -> Result<serde_json::Value, String> {
        let mut object = node(&format!("{{metadata: {{name: v}}, spec: {SPEC}}}"));
        let patch = node(&format!("[{operation}]"));
        let operations = read(&patch).map_err(|problem| problem.message)?;
        apply(&mut object, &operations, false).map_err(|problem| problem.message)?;
        Ok(json(object.get("spec").unwrap_or(&object)))
    }

    #[test]
    fn operations_that_apply() {
        for (operation, expected) in [
            ("op: add, path: /spec/hosts/-, value: z", "hosts: [a, b, c, z], m: {x: 1}, z: null, s: text"),
            ("op: add, path: /spec/hosts/3, value: z", "hosts: [a, b, c, z], m: {x: 1}, z: null, s: text"),
            ("op: add, path: /spec/hosts/01, value: z", "hosts: [a, z, b, c], m: {x: 1}, z: null, s: text"),
            ("op: add, path: /spec/hosts/-2, value: z", "hosts: [a, b, z, c], m: {x: 1}, z: null, s: text"),
            ("op: replace, path: /spec/hosts/-1, value: z", "hosts: [a, b, z], m: {x: 1}, z: null, s: text"),
            ("op: remove, path: /spec/hosts/-3", "hosts: [b, c], m: {x: 1}, z: null, s: text"),
            ("op: add, path: /spec/m/-, value: z", "hosts: [a, b, c], m: {x: 1, '-': z}, z: null, s: text"),
            ("op: add, path: /spec/m/a~1b~0c, value: on", "hosts: [a, b, c], m: {x: 1, a/b~c: true}, z: null, s: text"),
            ("op: replace, path: /spec/new, value: 1", "hosts: [a, b, c], m: {x: 1}, z: null, s: text, new: 1"),
            ("op: add, path: /spec/m", "hosts: [a, b, c], m: null, z: null, s: text"),
            ("op: remove, path: /spec/z", "hosts: [a, b, c], m: {x: 1}, s: text"),
            ("op: move, from: /spec/hosts/0, path: /spec/hosts/-", "hosts: [b, c, a], m: {x: 1}, z: null, s: text"),
            ("op: copy, from: /spec/none, path: /spec/s", "hosts: [a, b, c], m: {x: 1}, z: null, s: null"),
            ("op: copy, from: /spec/m, path: /spec/s", "hosts: [a, b, c], m: {x: 1}, z: null, s: {x: 1}"),
            ("op: test, path: /spec/m, value: {x: 1}", &SPEC[1..SPEC.len() - 1]),
            ("op: test, path: /spec/none, value: null", &SPEC[1..SPEC.len() - 1]),
            ("op: replace, path: '', value: {a: 1}", "a: 1"),
        ] {
            assert_eq!(
                patched(&format!("{{{operation}}}")),
                Ok(json(&node(&format!("{{{expected}}}")))),
                "{operation}"
            );
        }
        // A path without a slash loses its first part.
        assert_eq!(patched("{op: add, path: x/spec, value: 1}"), Ok(1.into()));
    }

    #[test]
    fn operations_that_do_not_apply() {
        for operation in [
            "{op: add, path: /spec/no/such, value: 1}",
            "{op: add, path: /spec/z/x, value: 1}",
            "{op: add, path: /spec/s/x, value: 1}",
            "{op: add, path: /spec/hosts/4, value: 1}",
            "{op: add, path: /spec/hosts/-5, value: 1}",
            "{op: add, path: /spec/hosts/x, value: 1}",
            "{op: replace, path: /spec/hosts/3, value: 1}",
            "{op: replace, path: /spec/hosts/-, value: 1}",
            "{op: remove, path: /spec/none}",
            "{op: remove, path: /spec/hosts/3}",
            "{op: move, from: /spec/none, path: /spec/x}",
            "{op: move, from: /spec/hosts/0, path: /spec/hosts/3}",
            "{op: copy, from: /spec/hosts/9, path: /spec/x}",
            "{op: copy, path: /spec/x}",
            "{op: test, path: /spec/s, value: other}",
            "{op: test, path: /spec/hosts/9, value: null}",
            "{op: add, path: foo, value: 1}",
            "{op: add, path: '', value: 1}",
            "{op: add, value: 1}",
            "{op: merge, path: /spec, value: 1}",
            "{path: /spec, value: 1}",
            "add",
        ] {
            assert!(patched(operation).is_err(), "{operation}");
        }
    }

    #[test]
    fn annotations_of_kustomize() {
        let mut object = node("{metadata: {name: v}}");
        let patch = node("[{op: add, path: /metadata/annotations/x, value: '1'}]");
        let operations = read(&patch).expect("operations");
        assert!(apply(&mut object.clone(), &operations, false).is_err());
        apply(&mut object, &operations, true).expect("a patch that applies");
        assert_eq!(json(&object), json(&node("{metadata: {name: v, annotations: {x: '1'}}}")));
        let patch = node("[{op: replace, path: /metadata/name, value: w}]");
        let mut object = node("{metadata: {name: v}}");
        apply(&mut object, &read(&patch).expect("operations"), true).expect("a patch that applies");
        assert_eq!(json(&object), json(&node("{metadata: {name: w}}")));
    }

    #[test]
    fn places() {
        let mut texts = Texts::default();
        let mut object = texts.node("base.yaml", "spec:\n  hosts:\n  - a\n");
        let patch = texts.node(
            "patch.yaml",
            "- op: add\n  path: /spec/hosts/-\n  value: b\n- op: add\n  path: /spec/new\n  value:\n    x: 1\n- op: add\n  path: /spec/none\n",
        );
        apply(&mut object, &read(&patch).expect("operations"), false).expect("a patch that applies");
        let spec = object.get("spec").expect("a spec");
        let places: Vec<String> =
            spec.get("hosts").expect("hosts").items().iter().map(|host| texts.place(host.span)).collect();
        assert_eq!(places, ["base.yaml:3", "patch.yaml:3"]);
        let new = spec.entry("new").expect("new");
        assert_eq!([texts.place(new.key.span), texts.place(new.value.span)], ["patch.yaml:7", "patch.yaml:7"]);
        assert_eq!(texts.place(spec.get("none").expect("none").span), "patch.yaml:9");
    }
}
