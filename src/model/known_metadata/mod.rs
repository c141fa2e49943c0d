//! The labels and annotations that Istio reads: where they belong, and which values they take.
//! (istio/api: `annotation/annotations.yaml`, `label/labels.yaml`; what istiod and its templates read besides.)

mod annotations;
mod labels;

use super::Kind;

/// A label or an annotation.
#[derive(Debug, Clone, Copy)]
pub struct KnownKey {
    /// Its key.
    pub name: &'static str,
    /// What it belongs on: any resource if there is none. [`Kind::Pod`] stands for what pods are made from as well.
    pub on: &'static [Kind],
    /// What it takes.
    pub values: Values,
    /// What becomes of another value.
    pub on_invalid: OnInvalid,
    /// Whether it is still to be used.
    pub standing: Standing,
}

/// What a label or an annotation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Whatever there is to say.
    Any,
    /// One of some words.
    Words(&'static [&'static str]),
    /// One of some words, in any case.
    CaselessWords(&'static [&'static str]),
    /// What Go reads as a boolean.
    Boolean,
    /// A number of 32 bits.
    Number,
    /// A number from 0 to 100.
    Percentage,
    /// A port; 0 is one.
    Port,
    /// Ports with commas between.
    Ports,
    /// Ports with commas between, or `*`.
    PortsOrAll,
    /// Networks with commas between.
    Networks,
    /// Networks with commas between, or `*`.
    NetworksOrAll,
    /// Names of network interfaces with commas between.
    Interfaces,
    /// An amount as Kubernetes writes it: `100m`, `128Mi`.
    Quantity,
    /// JSON.
    Json,
    /// A ProxyConfig of the mesh configuration, as YAML.
    ProxyConfig,
}

/// What becomes of a value that is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnInvalid {
    /// It is as if nothing were said.
    Ignored,
    /// It is as if it were another one.
    ReadAs(&'static str),
    /// The injector refuses the pod.
    Rejected,
    /// The proxy does not start.
    ProxyFails,
}

/// Whether a label or an annotation is still to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is.
    Current,
    /// It works, but something else is to be used: what.
    Deprecated(&'static str),
    /// Istio reads it no more: what is to be used.
    Removed(&'static str),
}

impl KnownKey {
    const fn new(name: &'static str, on: &'static [Kind]) -> Self {
        Self { name, on, values: Values::Any, on_invalid: OnInvalid::Ignored, standing: Standing::Current }
    }

    const fn takes(self, values: Values) -> Self {
        Self { values, ..self }
    }

    const fn on_invalid(self, on_invalid: OnInvalid) -> Self {
        Self { on_invalid, ..self }
    }

    const fn deprecated(self, instead: &'static str) -> Self {
        Self { standing: Standing::Deprecated(instead), ..self }
    }

    const fn removed(self, instead: &'static str) -> Self {
        Self { standing: Standing::Removed(instead), ..self }
    }

    /// What becomes of a value that is not taken, as the rest of a sentence.
    pub fn consequence(&self) -> String {
        match self.on_invalid {
            OnInvalid::Ignored => "it counts for nothing".to_owned(),
            OnInvalid::ReadAs(value) => format!("it is read as {value}"),
            OnInvalid::Rejected => "the injector refuses the pod".to_owned(),
            OnInvalid::ProxyFails => "the sidecar does not start".to_owned(),
        }
    }

    /// Whether it belongs on a resource of a kind.
    pub fn belongs_on(&self, kind: Kind) -> bool {
        self.on.is_empty() || self.on.contains(&kind)
    }
}

/// The annotation of a key.
pub fn annotation(name: &str) -> Option<&'static KnownKey> {
    annotations::ALL.iter().find(|known| known.name == name)
}

/// The label of a key.
pub fn label(name: &str) -> Option<&'static KnownKey> {
    labels::ALL.iter().find(|known| known.name == name)
}

/// The annotations that are still to be used, or were.
pub fn annotations() -> impl Iterator<Item = &'static KnownKey> {
    annotations::ALL.iter()
}

/// The labels that are still to be used, or were.
pub fn labels() -> impl Iterator<Item = &'static KnownKey> {
    labels::ALL.iter()
}

/// Whether a key is in Istio's name space.
pub fn is_of_istio(key: &str) -> bool {
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    domain == "istio.io" || domain.ends_with(".istio.io")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_key_stands_once() {
        for table in [annotations::ALL, labels::ALL] {
            let names: BTreeSet<&str> = table.iter().map(|known| known.name).collect();
            assert_eq!(names.len(), table.len());
        }
    }

    #[test]
    fn keys_are_istios_by_their_domain() {
        assert!(is_of_istio("istio.io/rev") && is_of_istio("traffic.sidecar.istio.io/includeInboundPorts"));
        assert!(!is_of_istio("istio-injection") && !is_of_istio("myistio.io/a") && !is_of_istio("kiali.io/istio.io"));
    }
}
