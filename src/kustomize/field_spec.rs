//! Fields by kind and path, as the tables of the transformers list them.

use std::borrow::Cow;

use super::manifest::{Manifest, entries_mut};
use super::problem::{BuildProblem, BuildProblemKind, Step};
use crate::source::Span;
use crate::yaml::{Entry, Node, SharedList, Value};

/// A field of the objects of some kinds. Empty parts of the kind fit all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FieldSpec {
    /// The group.
    pub group: Cow<'static, str>,
    /// The version.
    pub version: Cow<'static, str>,
    /// The kind.
    pub kind: Cow<'static, str>,
    /// The path: keys with `/` between them. Lists are passed through; `a[]` demands one.
    pub path: Cow<'static, str>,
    /// Whether missing mappings on the path are created.
    pub create: bool,
}

/// How a [`FieldSpec`] with `create` treats a field that it does not find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// It stays missing.
    Nothing,
    /// It becomes a null, which the caller replaces.
    Scalar,
    /// It becomes an empty mapping.
    Mapping,
}

impl FieldSpec {
    /// An entry of a built-in table.
    pub const fn new(group: &'static str, version: &'static str, kind: &'static str, path: &'static str) -> Self {
        Self {
            group: Cow::Borrowed(group),
            version: Cow::Borrowed(version),
            kind: Cow::Borrowed(kind),
            path: Cow::Borrowed(path),
            create: false,
        }
    }

    /// An entry of a built-in table whose field is created.
    pub const fn created(group: &'static str, version: &'static str, kind: &'static str, path: &'static str) -> Self {
        Self {
            group: Cow::Borrowed(group),
            version: Cow::Borrowed(version),
            kind: Cow::Borrowed(kind),
            path: Cow::Borrowed(path),
            create: true,
        }
    }

    /// Whether the spec is about objects of a kind.
    pub fn fits(&self, group: &str, version: &str, kind: &str) -> bool {
        let fits = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        fits(&self.kind, kind) && fits(&self.group, group) && fits(&self.version, version)
    }

    /// The keys of the path.
    pub fn keys(&self) -> Vec<String> {
        split_path(&self.path)
    }
}

/// The keys of a path: `/` separates them, and `\/` is a slash in a key.
pub(super) fn split_path(path: &str) -> Vec<String> {
    let path = path.trim_start_matches('/');
    if !path.contains('\\') {
        return path.split('/').map(str::to_owned).collect();
    }
    let mut keys = vec![String::new()];
    let mut rest = path.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\\' if rest.next_if_eq(&'/').is_some() => keys.last_mut().expect("there is one").push('/'),
            '/' => keys.push(String::new()),
            other => keys.last_mut().expect("there is one").push(other),
        }
    }
    keys
}

impl Manifest {
    /// Calls `change` for each value of a field of this object, if the object is of the kind. New mappings have the place
    /// `span`. This copies the tree only if the field exists or is created.
    pub fn visit(
        &mut self,
        spec: &FieldSpec,
        missing: Missing,
        span: Span,
        change: &mut dyn FnMut(&mut Node) -> Step,
    ) -> Step {
        let (group, version) = self.group_version();
        if !spec.fits(group, version, self.kind()) {
            return Ok(());
        }
        let keys = spec.keys();
        let missing = if spec.create { missing } else { Missing::Nothing };
        if !reaches(self.node(), &keys, missing) {
            return Ok(());
        }
        let is_identity = matches!(&*spec.path, "metadata/name" | "metadata/namespace");
        let root = if is_identity { self.identity_mut() } else { self.node_mut() };
        walk(root, &keys, missing, span, change)
    }
}

/// A key of a path and whether it demands a list.
fn key(written: &str) -> (&str, bool) {
    written.strip_suffix("[]").map_or((written, false), |name| (name, true))
}

/// Whether a walk finds or creates a field, or meets something that it cannot pass through.
fn reaches(node: &Node, keys: &[String], missing: Missing) -> bool {
    let Some((first, rest)) = keys.split_first() else { return true };
    match &node.value {
        Value::Null => false,
        Value::Sequence(items) => items.iter().any(|item| reaches(item, keys, missing)),
        Value::Mapping(_) => {
            let (name, demands_list) = key(first);
            match node.get(name) {
                None => missing != Missing::Nothing && !demands_list,
                Some(Node { value: Value::Null, .. }) => missing != Missing::Nothing || rest.is_empty(),
                Some(found) => reaches(found, rest, missing),
            }
        }
        _ => true,
    }
}

/// Calls `change` for each value of a field below `node`.
pub(super) fn walk(
    node: &mut Node,
    keys: &[String],
    missing: Missing,
    span: Span,
    change: &mut dyn FnMut(&mut Node) -> Step,
) -> Step {
    let Some((first, rest)) = keys.split_first() else { return change(node) };
    match &mut node.value {
        Value::Null => Ok(()),
        Value::Sequence(items) => items.iter_mut().try_for_each(|item| walk(item, keys, missing, span, change)),
        Value::Mapping(_) => {
            let (name, demands_list) = key(first);
            let creates = missing != Missing::Nothing && !demands_list;
            let new = || match missing {
                Missing::Scalar if rest.is_empty() => Value::Null,
                _ => Value::Mapping(SharedList::default()),
            };
            let entries = entries_mut(node);
            let at = match entries.iter().position(|entry| &*entry.key.text == name) {
                Some(at) => at,
                None if creates => {
                    entries.push(Entry::new(name, span, Node { span, value: new() }));
                    entries.len() - 1
                }
                None => return Ok(()),
            };
            let value = &mut entries[at].value;
            if value.is_null() && creates {
                value.value = new();
                value.span = span;
            }
            walk(value, rest, missing, span, change)
        }
        other => {
            let message =
                format!("kustomize needs a mapping or a list here to reach `{first}`, not {}", other.type_name());
            Err(BuildProblem::new(BuildProblemKind::NotResource, node.span, message))
        }
    }
}
