//! JSON Web Key Sets (RFC 7517), with the checks of the library that istiod uses (lestrrat-go/jwx).

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};
use serde_json::{Map, Value};

use crate::validate::quoted;

/// The result of reading a key set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Jwks {
    /// All keys are public.
    Public,
    /// At least one key is private or symmetric.
    Secret,
    /// The text is not a key set, for this reason.
    Broken(String),
}

/// Reads a key or a set of keys.
pub fn read(text: &str) -> Jwks {
    let root: Map<String, Value> = match serde_json::from_str(text) {
        Ok(root) => root,
        Err(_) => return Jwks::Broken("the text is not a JSON object".to_owned()),
    };
    let keys: Vec<&Value> = match root.get("keys") {
        Some(Value::Array(keys)) => keys.iter().collect(),
        Some(_) => return Jwks::Broken("`keys` is not a list".to_owned()),
        None if !root.contains_key("kty") => return Jwks::Broken("`keys` is missing".to_owned()),
        None => return read_key(&root).map_or_else(Jwks::Broken, of_key),
    };
    let mut result = Jwks::Public;
    for (index, key) in keys.into_iter().enumerate() {
        match key.as_object().ok_or_else(|| "the value is not an object".to_owned()).and_then(read_key) {
            Ok(is_secret) => result = if is_secret { Jwks::Secret } else { result },
            Err(fault) => return Jwks::Broken(format!("in key {}, {fault}", index + 1)),
        }
    }
    result
}

fn of_key(is_secret: bool) -> Jwks {
    if is_secret { Jwks::Secret } else { Jwks::Public }
}

/// Reads a key. Returns whether it is secret.
fn read_key(key: &Map<String, Value>) -> Result<bool, String> {
    let kind = key.get("kty").and_then(Value::as_str).ok_or("`kty` is missing")?;
    let (names, numbers): (&[&str], &[&str]) = match kind {
        "RSA" => (&[], &["n", "e"]),
        "EC" => (&["crv"], &["x", "y"]),
        "OKP" => (&["crv"], &["x"]),
        "oct" => (&[], &["k"]),
        other => return Err(format!("`kty` is {}, which is not supported", quoted(other))),
    };
    for name in names.iter().chain(numbers) {
        let text = key.get(*name).and_then(Value::as_str).ok_or_else(|| format!("`{name}` is missing"))?;
        if numbers.contains(name) && !is_base64(text) {
            return Err(format!("`{name}` is not base64"));
        }
    }
    Ok(kind == "oct" || key.contains_key("d"))
}

/// Whether the library decodes a text. It uses the URL-safe alphabet, unless the text has a `+` or `/`.
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
