//! Ports that stand for all ports.

use std::collections::BTreeSet;

/// The ports that meshes mention, and one that they do not.
#[derive(Debug)]
pub struct Ports {
    mentioned: BTreeSet<u32>,
    other: Option<u32>,
}

impl Ports {
    /// The ports that meshes mention. What is not a port is left out.
    pub fn new(mentioned: impl IntoIterator<Item = u32>) -> Self {
        let is_port = |port: &u32| (1..=u32::from(u16::MAX)).contains(port);
        let mentioned: BTreeSet<u32> = mentioned.into_iter().filter(is_port).collect();
        let other = (1..=u32::from(u16::MAX)).rev().find(|port| !mentioned.contains(port));
        Self { mentioned, other }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = u32> {
        self.mentioned.iter().copied().chain(self.other)
    }

    /// The number of a port that is mentioned; `None` for the one that stands for all others.
    pub fn mentioned(&self, port: u32) -> Option<u32> {
        Some(port).filter(|port| self.mentioned.contains(port))
    }
}
