//! A case: manifests, a proxy and requests to it. Regressions are cases in files.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// Manifests, and requests to one proxy.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// The proxy that gets the requests.
    pub proxy: Proxy,
    /// Whether requests to unknown hosts are blocked (`REGISTRY_ONLY`).
    #[serde(default)]
    pub registry_only: bool,
    /// The manifests, as one YAML stream.
    pub manifests: String,
    /// The requests.
    pub requests: Vec<ClientRequest>,
}

/// A proxy, which gets the requests on port 80.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proxy {
    /// A sidecar in the namespace `default`.
    Sidecar,
    /// A gateway in the namespace `default` with the label `app: gateway`.
    Gateway,
}

/// A request, byte for byte. In files, `\xNN` is a byte that is not printable ASCII.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientRequest {
    /// The method.
    pub method: String,
    /// The `Host` header.
    pub host: String,
    /// Path and query.
    #[serde(with = "escaped")]
    pub target: Vec<u8>,
    /// Header lines.
    #[serde(default)]
    pub headers: Vec<Header>,
}

/// A header line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// The name as it is sent.
    pub name: String,
    /// The value as it is sent.
    #[serde(with = "escaped")]
    pub value: Vec<u8>,
}

impl fmt::Debug for ClientRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.method, self.host, self.target.escape_ascii())?;
        self.headers.iter().try_for_each(|header| write!(f, ", {}: {}", header.name, header.value.escape_ascii()))
    }
}

impl Case {
    /// Reads a file.
    pub fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The text of a file.
    pub fn to_yaml(&self) -> String {
        serde_yaml::to_string(self).unwrap()
    }
}

/// Serializes bytes as readable text.
mod escaped {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        let letter = |byte: &u8| match byte {
            b'\\' => "\\x5c".to_owned(),
            b' '..=b'~' => char::from(*byte).to_string(),
            other => format!("\\x{other:02x}"),
        };
        serializer.serialize_str(&bytes.iter().map(letter).collect::<String>())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut parts = text.split("\\x");
        let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
        for part in parts {
            let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
            bytes.push(byte.ok_or_else(|| serde::de::Error::custom("\\x without two digits"))?);
            bytes.extend(part[2..].bytes());
        }
        Ok(bytes)
    }
}
