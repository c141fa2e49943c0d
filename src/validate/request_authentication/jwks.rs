//! Key sets (RFC 7517), as the library reads them that istiod uses (lestrrat-go/jwx).

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};
use serde_json::{Map, Value};

/// What a text is as a key set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Jwks {
    /// Public keys only.
    Public,
    /// A private or symmetric key is among them.
    Secret,
    /// It is none, and why.
    Broken(String),
}

/// Reads a key or a set of keys.
pub fn read(text: &str) -> Jwks {
    let root: Map<String, Value> = match serde_json::from_str(text) {
        Ok(root) => root,
        Err(_) => return Jwks::Broken("it is no JSON object".to_owned()),
    };
    let keys: Vec<&Value> = match root.get("keys") {
        Some(Value::Array(keys)) => keys.iter().collect(),
        Some(_) => return Jwks::Broken("keys is no list".to_owned()),
        None => return read_key(&root).map_or_else(Jwks::Broken, of_key),
    };
    let mut result = Jwks::Public;
    for (index, key) in keys.into_iter().enumerate() {
        match key.as_object().ok_or_else(|| "it is no object".to_owned()).and_then(read_key) {
            Ok(is_secret) => result = if is_secret { Jwks::Secret } else { result },
            Err(fault) => return Jwks::Broken(format!("key {}: {fault}", index + 1)),
        }
    }
    result
}

fn of_key(is_secret: bool) -> Jwks {
    if is_secret { Jwks::Secret } else { Jwks::Public }
}

/// Whether a key is secret.
fn read_key(key: &Map<String, Value>) -> Result<bool, String> {
    let kind = key.get("kty").and_then(Value::as_str).ok_or("it has no kty")?;
    let (names, numbers): (&[&str], &[&str]) = match kind {
        "RSA" => (&[], &["n", "e"]),
        "EC" => (&["crv"], &["x", "y"]),
        "OKP" => (&["crv"], &["x"]),
        "oct" => (&[], &["k"]),
        other => return Err(format!("{other:?} is no kty that is known")),
    };
    for name in names.iter().chain(numbers) {
        let text = key.get(*name).and_then(Value::as_str).ok_or_else(|| format!("it has no {name}"))?;
        if numbers.contains(name) && !is_base64(text) {
            return Err(format!("{name} is not base64"));
        }
    }
    Ok(kind == "oct" || key.contains_key("d"))
}

/// Whether the library decodes a text, which it takes for the alphabet of URLs unless a `+` or `/` is in it.
fn is_base64(text: &str) -> bool {
    const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['+', '/']) { &alphabet::STANDARD } else { &alphabet::URL_SAFE };
    GeneralPurpose::new(alphabet, CONFIG).decode(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::{Jwks, read};

    #[test]
    fn keys_are_told_apart() {
        assert_eq!(read(r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#), Jwks::Public);
        assert_eq!(read(r#"{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ","d":"AQ"}"#), Jwks::Secret);
        assert_eq!(read(r#"{"keys":[{"kty":"oct","k":"AQ"},{"kty":"OKP","crv":"Ed25519","x":"AQ"}]}"#), Jwks::Secret);
        for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[{"kty":"RSA","n":"AQAB"}]}"#, r#"{"kty":"x"}"#] {
            assert!(matches!(read(text), Jwks::Broken(_)), "{text}");
        }
    }
}
