//! `inventory`: which of the manifests are complete.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// The name that stands for all namespaces without an entry.
const OTHERS: &str = "*";

/// Whether the manifests are complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InventoryMode {
    /// The manifests are complete: a resource that they do not define does not exist.
    Complete,
    /// The manifests are a part: a resource that they do not define may exist elsewhere.
    Partial,
}

/// Whether the manifests are complete, by namespace.
///
/// In the file it is a word for all namespaces, or a mapping.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InventorySetting {
    /// For the namespaces without an entry of their own. `None` if the manifests decide.
    pub others: Option<InventoryMode>,
    /// For single namespaces.
    pub namespaces: BTreeMap<String, InventoryMode>,
}

impl InventorySetting {
    /// The mode that is declared for a namespace.
    pub fn of(&self, namespace: &str) -> Option<InventoryMode> {
        self.namespaces.get(namespace).copied().or(self.others)
    }

    /// Whether a mode is declared for all namespaces.
    pub fn is_everywhere(&self, mode: InventoryMode) -> bool {
        self.others == Some(mode) && self.namespaces.values().all(|it| *it == mode)
    }

    /// Whether a mode is declared for any namespace.
    pub fn is_anywhere(&self, mode: InventoryMode) -> bool {
        self.others == Some(mode) || self.namespaces.values().any(|it| *it == mode)
    }
}

impl From<InventoryMode> for InventorySetting {
    fn from(mode: InventoryMode) -> Self {
        Self { others: Some(mode), namespaces: BTreeMap::new() }
    }
}

impl<'de> Deserialize<'de> for InventorySetting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InventoryVisitor)
    }
}

/// Accepts both forms.
struct InventoryVisitor;

impl<'de> Visitor<'de> for InventoryVisitor {
    type Value = InventorySetting;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`complete`, `partial`, or a mapping from namespaces to them")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<InventorySetting, E> {
        InventoryMode::deserialize(StrDeserializer::new(word)).map(InventorySetting::from)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<InventorySetting, A::Error> {
        let mut namespaces = BTreeMap::<String, InventoryMode>::deserialize(MapAccessDeserializer::new(map))?;
        let others = namespaces.remove(OTHERS);
        Ok(InventorySetting { others, namespaces })
    }
}
