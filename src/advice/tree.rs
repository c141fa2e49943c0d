//! The effect of an edit on the tree of a document.

use super::edit::Change;
use super::literal::{Literal, key_node};
use crate::source::Span;
use crate::yaml::{Entry, Node, Value};

/// Where a place is in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// The index of the item or entry in each collection from the root down.
    pub path: Vec<usize>,
    /// Whether the place is that of the key, not of the value.
    pub is_key: bool,
}

impl Address {
    /// The address of the key or value at a place. `None` if nothing is exactly there, or if aliases repeat it.
    pub fn of(root: &Node, place: Span) -> Option<Self> {
        Self::only(root, place, |_| true)
    }

    /// The address of the value at a place.
    pub fn of_value(root: &Node, place: Span) -> Option<Self> {
        Self::only(root, place, |address| !address.is_key)
    }

    /// The address of the key at a place.
    pub fn of_key(root: &Node, place: Span) -> Option<Self> {
        Self::only(root, place, |address| address.is_key)
    }

    fn only(root: &Node, place: Span, is_wanted: impl Fn(&Self) -> bool) -> Option<Self> {
        let mut found = Vec::new();
        collect(root, place, &mut Vec::new(), &mut found);
        found.retain(is_wanted);
        found.pop().filter(|_| found.is_empty())
    }

    /// The value at the address, or that of the key.
    pub fn value<'n>(&self, root: &'n Node) -> Option<&'n Node> {
        node_at(root, &self.path)
    }
}

fn collect(node: &Node, place: Span, path: &mut Vec<usize>, found: &mut Vec<Address>) {
    if node.span == place {
        found.push(Address { path: path.clone(), is_key: false });
    }
    for (index, entry) in node.entries().iter().enumerate() {
        path.push(index);
        if entry.key.span == place {
            found.push(Address { path: path.clone(), is_key: true });
        }
        collect(&entry.value, place, path, found);
        path.pop();
    }
    for (index, item) in node.items().iter().enumerate() {
        path.push(index);
        collect(item, place, path, found);
        path.pop();
    }
}

/// The node at a path.
pub(super) fn node_at<'n>(root: &'n Node, path: &[usize]) -> Option<&'n Node> {
    path.iter().try_fold(root, |node, &index| match &node.value {
        Value::Mapping(entries) => entries.get(index).map(|entry| &entry.value),
        Value::Sequence(items) => items.get(index),
        _ => None,
    })
}

fn node_at_mut<'n>(root: &'n mut Node, path: &[usize]) -> Option<&'n mut Node> {
    path.iter().try_fold(root, |node, &index| match &mut node.value {
        Value::Mapping(entries) => entries.get_mut(index).map(|entry| &mut entry.value),
        Value::Sequence(items) => items.get_mut(index),
        _ => None,
    })
}

/// Carries out an edit. `None` if that is not possible: nothing is at its place, or a key exists already.
pub(super) fn carry_out(change: &Change, root: &mut Node) -> Option<()> {
    let file = root.span.file;
    match change {
        Change::Set { value, literal } => {
            let address = Address::of(root, *value)?;
            match (address.is_key, literal) {
                (false, _) => node_at_mut(root, &address.path)?.value = literal.node(file).value,
                (true, Literal::Text(name)) => rename(root, &address.path, name)?,
                (true, _) => return None,
            }
        }
        Change::Rename { key, name } => {
            let address = Address::of_key(root, *key)?;
            rename(root, &address.path, name)?;
        }
        Change::RenameEntry { value, name } => {
            let address = Address::of_value(root, *value)?;
            rename(root, &address.path, name)?;
        }
        Change::Replace { value, name, literal } => {
            let address = Address::of_value(root, *value)?;
            rename(root, &address.path, name)?;
            node_at_mut(root, &address.path)?.value = literal.node(file).value;
        }
        Change::Remove { place } => {
            let address = Address::of(root, *place)?;
            let (index, parent) = removed(root, &address.path)?;
            remove(node_at_mut(root, parent)?, index);
        }
        Change::RemoveAround { place } => {
            let address = Address::of(root, *place)?;
            let (index, parent) = removed(root, address.path.split_last()?.1)?;
            remove(node_at_mut(root, parent)?, index);
        }
        Change::Add { mapping, path, literal } => {
            let address = Address::of_value(root, *mapping)?;
            let (depth, path_of_parent) = existing(root, &address.path, path)?;
            let parent = node_at_mut(root, &path_of_parent)?;
            let nested = literal.clone().nested(&path[depth + 1..]).node(file);
            let entry = Entry { key: key_node(&path[depth], file), value: nested };
            match &mut parent.value {
                Value::Mapping(entries) => entries.push(entry),
                Value::Null => parent.value = Value::Mapping(vec![entry].into()),
                _ => return None,
            }
        }
        Change::Append { list, literal } => {
            let address = Address::of_value(root, *list)?;
            let list = node_at_mut(root, &address.path)?;
            match &mut list.value {
                Value::Sequence(items) => items.push(literal.node(file)),
                Value::Null => list.value = Literal::List(vec![literal.clone()]).node(file).value,
                _ => return None,
            }
        }
    }
    Some(())
}

fn rename(root: &mut Node, path: &[usize], name: &str) -> Option<()> {
    let (index, parent) = path.split_last()?;
    let Value::Mapping(entries) = &mut node_at_mut(root, parent)?.value else { return None };
    let exists = entries.iter().enumerate().any(|(other, entry)| other != *index && &*entry.key.text == name);
    entries.get_mut(*index).filter(|_| !exists)?.key.text = name.into();
    Some(())
}

/// The part that a removal at a path removes: the index in the collection at the second path. A list that would be empty goes
/// away with its key, as an empty list means the same as an absent one.
pub(super) fn removed<'p>(root: &Node, path: &'p [usize]) -> Option<(usize, &'p [usize])> {
    let (&index, parent) = path.split_last()?;
    let is_only_item = node_at(root, parent)?.items().len() == 1;
    match parent.split_last() {
        Some((_, above)) if is_only_item && !node_at(root, above)?.entries().is_empty() => removed(root, parent),
        _ => Some((index, parent)),
    }
}

fn remove(parent: &mut Node, index: usize) {
    match &mut parent.value {
        Value::Mapping(entries) => drop(entries.remove(index)),
        Value::Sequence(items) => drop(items.remove(index)),
        _ => {}
    }
}

/// The part of a path of names that exists below a node: the number of names, and the path of the last node. `None` if the
/// whole path exists, or leads into a scalar.
pub(super) fn existing(root: &Node, path: &[usize], names: &[String]) -> Option<(usize, Vec<usize>)> {
    let mut path = path.to_vec();
    for (depth, name) in names.iter().enumerate() {
        let node = node_at(root, &path)?;
        match &node.value {
            Value::Null => return Some((depth, path)),
            Value::Mapping(entries) => match entries.iter().position(|entry| *entry.key.text == **name) {
                Some(index) => path.push(index),
                None => return Some((depth, path)),
            },
            _ => return None,
        }
    }
    None
}

/// Whether two trees have the same values, wherever they are.
pub(super) fn are_equal(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Mapping(a), Value::Mapping(b)) => {
            let are_equal = |(a, b): (&Entry, &Entry)| a.key.text == b.key.text && are_equal(&a.value, &b.value);
            a.len() == b.len() && a.iter().zip(b).all(are_equal)
        }
        (Value::Sequence(a), Value::Sequence(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| are_equal(a, b)),
        (a, b) => a == b,
    }
}
