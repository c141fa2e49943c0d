//! Secret. Only the form of its values is kept, and values of a wrong type are not reported, so that no output can
//! contain them.

use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};

use crate::model::decode::{Decode, Decoder};
use crate::model::macros::message;
use crate::model::map::Map;
use crate::yaml::{Node, Value};

message! {
    /// Confidential values by key.
    open struct Secret {
        data: Map<EncodedValue>,
        string_data: Map<PlainValue>,
    }
}

/// The form of a value of a Secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretForm {
    /// Empty or white space.
    Empty,
    /// A value of `data` that is not base64.
    NotBase64,
    /// Certificates in PEM format.
    Certificate,
    /// A private key in PEM format.
    PrivateKey,
    /// Anything else.
    Other,
}

/// A value in `data`, encoded as base64.
#[derive(Debug, Clone, Copy)]
pub struct EncodedValue(SecretForm);

/// A value in `stringData`, without encoding.
#[derive(Debug, Clone, Copy)]
pub struct PlainValue(SecretForm);

impl Secret {
    /// The form of the value of a key. `stringData` takes precedence over `data`, as in Kubernetes.
    pub fn get(&self, key: &str) -> Option<SecretForm> {
        let plain = self.string_data.get(key).map(|value| value.0);
        plain.or_else(|| self.data.get(key).map(|value| value.0))
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let encoded = self.data.iter().map(|(key, _)| key.as_str());
        encoded.chain(self.string_data.iter().map(|(key, _)| key.as_str()))
    }
}

impl Decode for EncodedValue {
    fn decode(node: &Node, _: &mut Decoder<'_>) -> Option<Self> {
        let bytes = from_base64(text(node)?);
        Some(Self(bytes.map_or(SecretForm::NotBase64, |bytes| SecretForm::of(&bytes))))
    }
}

impl Decode for PlainValue {
    fn decode(node: &Node, _: &mut Decoder<'_>) -> Option<Self> {
        Some(Self(SecretForm::of(text(node)?.as_bytes())))
    }
}

fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::String(text) => Some(text),
        Value::Null => Some(""),
        _ => None,
    }
}

impl SecretForm {
    fn of(value: &[u8]) -> Self {
        let text = String::from_utf8_lossy(value);
        if text.trim().is_empty() {
            return Self::Empty;
        }
        match frame(&text).as_deref() {
            Some("CERTIFICATE") => Self::Certificate,
            Some(label) if label.ends_with("PRIVATE KEY") => Self::PrivateKey,
            _ => Self::Other,
        }
    }
}

/// The label of the first PEM block, if that is complete and holds anything. The parameters that OpenSSL writes before a
/// key of an elliptic curve are skipped, as proxies do.
fn frame(text: &str) -> Option<String> {
    const CURVE_END: &str = "-----END EC PARAMETERS-----";
    let text = text.split_once(CURVE_END).map_or(text, |(_, rest)| rest);
    let block = pem::parse(text).ok()?;
    (!block.contents().is_empty()).then(|| block.tag().to_owned())
}

/// The bytes of a base64 text. Like Go's decoder, this skips line breaks and accepts set trailing bits.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
    let letters: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    STANDARD.decode(letters.trim_ascii()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_as_kubernetes_reads_it() {
        assert_eq!(from_base64("ZHVtbXk=").as_deref(), Some(&b"dummy"[..]));
        assert_eq!(from_base64("YWJj\nZGVm\n").as_deref(), Some(&b"abcdef"[..]));
        assert_eq!(from_base64("").as_deref(), Some(&b""[..]));
        assert_eq!(from_base64("YR==").as_deref(), Some(&b"a"[..]));
        for wrong in ["ZHVtbXk", "<certificate>", "YQ=a", "====", "YW Jj"] {
            assert_eq!(from_base64(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_first_block_decides_the_form() {
        let block = |label: &str, content: &str| format!("-----BEGIN {label}-----\n{content}\n-----END {label}-----\n");
        let form = |text: &str| SecretForm::of(text.as_bytes());
        assert_eq!(form(&block("CERTIFICATE", "YWJj")), SecretForm::Certificate);
        assert_eq!(form(&block("EC PRIVATE KEY", "YWJj")), SecretForm::PrivateKey);
        assert_eq!(form(&block("CERTIFICATE", "…")), SecretForm::Other);
        assert_eq!(form(&format!("issuer: a\n{}", block("CERTIFICATE", "YWJj\r\nYWJj"))), SecretForm::Certificate);
        let key = format!("{}{}", block("EC PARAMETERS", "BggqhkjOPQMBBw=="), block("EC PRIVATE KEY", "YWJj"));
        assert_eq!(form(&key), SecretForm::PrivateKey);
        let encrypted = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nYWJj";
        assert_eq!(form(&block("RSA PRIVATE KEY", encrypted)), SecretForm::PrivateKey);
        assert_eq!(form(&block("CERTIFICATE", "")), SecretForm::Other);
        assert_eq!(form("-----BEGIN CERTIFICATE-----\nYWJj"), SecretForm::Other);
        assert_eq!((form("dummy"), form("\n")), (SecretForm::Other, SecretForm::Empty));
    }
}
