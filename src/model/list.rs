//! Lists that know their place, even if they are empty.

use std::ops::Deref;

use super::decode::{Decode, DecodeField, Decoder};
use crate::source::Span;
use crate::yaml::Entry;

/// A list with its place. Null and an absent field are the empty list.
#[derive(Debug, Clone)]
pub struct List<T> {
    /// The place of the list; `None` if the field is absent.
    pub span: Option<Span>,
    items: Vec<T>,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { span: None, items: Vec::new() }
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(items: Vec<T>) -> Self {
        Self { span: None, items }
    }
}

impl<T> Deref for List<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Vec<T> {
        &self.items
    }
}

impl<'l, T> IntoIterator for &'l List<T> {
    type Item = &'l T;
    type IntoIter = std::slice::Iter<'l, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<T: Decode> DecodeField for List<T> {
    fn read(entry: Option<&Entry>, decoder: &mut Decoder<'_>) -> Self {
        Self { span: entry.map(|entry| entry.value.span), items: DecodeField::read(entry, decoder) }
    }
}
