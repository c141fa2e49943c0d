//! The connections that a change concerns, in words.

use std::collections::{BTreeMap, BTreeSet};

use super::change::Requests;
use crate::model::wording;

/// Kinds of connections, each with its ports.
#[derive(Debug, Default)]
pub struct Connections(BTreeMap<String, BTreeSet<Option<u32>>>);

impl Connections {
    pub fn add(&mut self, requests: Requests<'_>) {
        if let Requests::On(kind, port) = requests {
            self.0.entry(kind.to_owned()).or_default().insert(port);
        }
    }

    /// `HTTP without TLS and TLS to ports 80 and 443`.
    pub fn words(&self) -> String {
        let mut kinds: Vec<(Vec<&str>, &BTreeSet<Option<u32>>)> = Vec::new();
        for (kind, ports) in &self.0 {
            match kinds.iter_mut().find(|(_, known)| *known == ports) {
                Some((known, _)) => known.push(kind),
                None => kinds.push((vec![kind], ports)),
            }
        }
        let words = |(kinds, ports): &(Vec<&str>, &BTreeSet<Option<u32>>)| {
            let kinds = wording::enumeration(kinds.iter().map(|it| (*it).to_owned()).collect(), "and");
            format!("{kinds} to {}", port_words(ports))
        };
        kinds.iter().map(words).collect::<Vec<_>>().join("; ")
    }
}

fn port_words(ports: &BTreeSet<Option<u32>>) -> String {
    let named: Vec<String> = ports.iter().flatten().map(u32::to_string).collect();
    let noun = if named.len() == 1 { "port" } else { "ports" };
    match (named.is_empty(), ports.contains(&None)) {
        (true, _) => "other ports".to_owned(),
        (false, true) => format!("{noun} {} and all others", named.join(", ")),
        (false, false) => format!("{noun} {}", wording::enumeration(named, "and")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_with_the_same_ports_are_named_together() {
        let mut connections = Connections::default();
        for (kind, port) in
            [("TLS", Some(443)), ("HTTP", Some(443)), ("HTTP", Some(80)), ("TLS", Some(80)), ("bytes", None)]
        {
            connections.add(Requests::On(kind, port));
        }
        assert_eq!(connections.words(), "HTTP and TLS to ports 80 and 443; bytes to other ports");
    }
}
