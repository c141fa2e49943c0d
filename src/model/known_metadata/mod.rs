//! The labels and annotations that Istio reads: the resources that they belong on, and the values that they accept.
//! (istio/api: `annotation/annotations.yaml`, `label/labels.yaml`; in addition those that istiod and its templates read.)

mod annotations;
mod labels;

use super::Kind;

/// A label or an annotation that Istio defines.
#[derive(Debug, Clone, Copy)]
pub struct KnownKey {
    /// The key.
    pub name: &'static str,
    /// The kinds that Istio reads it on; empty for all kinds. [`Kind::Pod`] includes templates of pods.
    pub on: &'static [Kind],
    /// The values that it accepts.
    pub values: Values,
    /// The treatment of all other values.
    pub on_invalid: OnInvalid,
    /// Whether Istio still reads it.
    pub standing: Standing,
}

/// The values that a label or an annotation accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Any value.
    Any,
    /// One of the words.
    Words(&'static [&'static str]),
    /// One of the words, in upper or lower case.
    CaselessWords(&'static [&'static str]),
    /// A boolean, as Go parses it.
    Boolean,
    /// A whole number from 0 to 2^32 - 1.
    Number,
    /// A whole number from 0 to 100.
    Percentage,
    /// A port number. 0 is valid.
    Port,
    /// A comma-separated list of ports.
    Ports,
    /// A comma-separated list of ports, or `*`.
    PortsOrAll,
    /// A comma-separated list of networks in CIDR notation.
    Networks,
    /// A comma-separated list of networks in CIDR notation, or `*`.
    NetworksOrAll,
    /// A comma-separated list of network interfaces.
    Interfaces,
    /// A Kubernetes quantity: `100m`, `128Mi`.
    Quantity,
    /// JSON.
    Json,
    /// A ProxyConfig of the mesh configuration, as YAML.
    ProxyConfig,
}

/// The treatment of a value that is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnInvalid {
    /// Istio ignores it.
    Ignored,
    /// Istio treats it as another value.
    ReadAs(&'static str),
    /// The sidecar injector rejects the pod.
    Rejected,
    /// The proxy does not start.
    ProxyFails,
}

/// Whether Istio still reads a label or an annotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Istio reads it.
    Current,
    /// Istio reads it, but advises against it. The text is the help: what to use instead.
    Deprecated(&'static str),
    /// Istio no longer reads it. The text is the help: what to use instead.
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

    /// The treatment of a value that is not accepted, as a clause of a message.
    pub fn consequence(&self) -> String {
        match self.on_invalid {
            OnInvalid::Ignored => "Istio ignores it".to_owned(),
            OnInvalid::ReadAs(value) => format!("Istio treats it as `{value}`"),
            OnInvalid::Rejected => "the sidecar injector rejects the pod".to_owned(),
            OnInvalid::ProxyFails => "the sidecar does not start".to_owned(),
        }
    }

    /// Whether Istio reads the key on resources of a kind.
    pub fn belongs_on(&self, kind: Kind) -> bool {
        self.on.is_empty() || self.on.contains(&kind)
    }
}

/// The annotation with a key.
pub fn annotation(name: &str) -> Option<&'static KnownKey> {
    annotations::ALL.iter().find(|known| known.name == name)
}

/// The label with a key.
pub fn label(name: &str) -> Option<&'static KnownKey> {
    labels::ALL.iter().find(|known| known.name == name)
}

/// All annotations, including deprecated and removed ones.
pub fn annotations() -> impl Iterator<Item = &'static KnownKey> {
    annotations::ALL.iter()
}

/// All labels, including deprecated and removed ones.
pub fn labels() -> impl Iterator<Item = &'static KnownKey> {
    labels::ALL.iter()
}

/// Whether the prefix of a key is a domain of Istio.
pub fn is_of_istio(key: &str) -> bool {
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    domain == "istio.io" || domain.ends_with(".istio.io")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_are_unique() {
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
