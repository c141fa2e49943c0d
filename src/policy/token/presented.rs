//! The tokens that a request presents to a rule: those that it is said to carry, or those in its headers, parameters and
//! cookies.

use std::borrow::Cow;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::location::{self, TokenLocation};
use super::time;
use crate::model::security::JwtRule;
use crate::routing::{CarriedToken, HttpRequest, TokenState};

/// A token, as far as its check depends on it.
#[derive(Debug, Clone)]
pub(super) struct PresentedToken<'r> {
    pub(super) substance: TokenSubstance<'r>,
    /// The encoded claims; `None` if only the claims are known.
    pub(super) payload: Option<String>,
    /// The time at which the token expires, in seconds since 1970, if the request shows it.
    pub(super) expires: Option<u64>,
    /// Whether the request does not say who issued the token.
    pub(super) leaves_issuer_open: bool,
    /// Whether the request does not say anything about the content of the token.
    pub(super) leaves_audience_open: bool,
    /// Whether the token comes from the request itself, so that nobody checked its signature.
    pub(super) is_unverified: bool,
}

#[derive(Debug, Clone)]
pub(super) enum TokenSubstance<'r> {
    /// A token that a key of the issuer verifies, with its claims.
    Good(Cow<'r, Value>),
    /// A token whose time is over.
    Expired(Cow<'r, Value>),
    /// A token that is not valid before a time.
    TooEarly(u64),
    /// A token that no key verifies.
    Invalid,
    /// A text that is not a token, with the reason.
    Malformed(&'static str),
}

/// The time by which clocks may differ, in seconds (Envoy: `kClockSkewInSecond`).
const CLOCK_SKEW: u64 = 60;

/// The algorithms of signatures that Envoy verifies.
const ALGORITHMS: [&str; 13] = [
    "ES256", "ES384", "ES512", "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA",
];

const BASE64_URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Whether a request is said to carry a token.
pub fn is_presented(request: &HttpRequest<'_>) -> bool {
    request.token.is_some_and(|token| token.state != TokenState::None)
}

/// The tokens that a rule finds, of all rules of a workload. A token that the request is said to carry is where the rule
/// looks, unless the request shows it in another place.
pub(super) fn tokens<'r, 'a: 'r>(
    request: &HttpRequest<'r>,
    rule: &'a JwtRule,
    mut rules: impl Iterator<Item = &'a JwtRule>,
) -> Vec<(PresentedToken<'r>, TokenLocation<'r>)> {
    let found = location::found(request, rule);
    let Some(carried) = request.token else {
        return found
            .into_iter()
            .map(|(location, text)| (PresentedToken::of_text(&text, request.time), location))
            .collect();
    };
    if carried.state == TokenState::None {
        return Vec::new();
    }
    if let Some((location, text)) = found.into_iter().next() {
        return vec![(PresentedToken::of_carried(&carried, Some(&text)), location)];
    }
    let is_elsewhere = location::has_bearer_token(request) || rules.any(|it| !location::found(request, it).is_empty());
    match is_elsewhere {
        true => Vec::new(),
        false => vec![(PresentedToken::of_carried(&carried, None), TokenLocation::Anywhere)],
    }
}

impl<'r> PresentedToken<'r> {
    /// A token that the request is said to carry. `text` is its text, if the request has it.
    fn of_carried(carried: &CarriedToken<'r>, text: Option<&[u8]>) -> Self {
        let decoded = text.and_then(|text| decode(text).ok());
        let (payload, of_text) = decoded.map_or((None, None), |(payload, claims)| (Some(payload), Some(claims)));
        let is_described = !carried.claims.is_null() || carried.issuer.is_some() || !carried.audiences.is_empty();
        let mut claims = match of_text {
            Some(of_text) if carried.claims.is_null() => Cow::Owned(of_text),
            _ => Cow::Borrowed(carried.claims),
        };
        let mut set = |name: &str, value: Value| {
            let claims = claims.to_mut();
            if claims.is_null() {
                *claims = Value::Object(serde_json::Map::new());
            }
            if let Some(object) = claims.as_object_mut() {
                object.insert(name.to_owned(), value);
            }
        };
        if let Some(issuer) = carried.issuer {
            set("iss", issuer.into());
        }
        match carried.audiences {
            [] => {}
            [only] => set("aud", only.as_str().into()),
            several => set("aud", several.into()),
        }
        let payload = payload.filter(|_| !is_described);
        let leaves_issuer_open = claims.get("iss").is_none();
        let leaves_audience_open = !is_described && claims.is_null();
        let substance = match carried.state {
            TokenState::Expired => TokenSubstance::Expired(claims),
            TokenState::Invalid | TokenState::None => TokenSubstance::Invalid,
            TokenState::Valid => TokenSubstance::Good(claims),
        };
        Self { substance, payload, expires: None, leaves_issuer_open, leaves_audience_open, is_unverified: false }
    }

    /// A token in a request at a time. Manifests do not decide whether a key verifies it, so it is assumed to be genuine. If
    /// the time is not known, the token is assumed to be within its time.
    fn of_text(text: &[u8], now: Option<u64>) -> Self {
        let mut expires = None;
        let (payload, substance) = match decode(text) {
            Err(reason) => (None, TokenSubstance::Malformed(reason)),
            Ok((payload, claims)) => {
                let time = |name: &str| claims.get(name).and_then(time::seconds).filter(|time| *time > 0);
                expires = time("exp");
                let begins = time("nbf").filter(|start| now.is_some_and(|now| now.saturating_add(CLOCK_SKEW) < *start));
                let is_over = |end: u64| now.is_some_and(|now| now > end.saturating_add(CLOCK_SKEW));
                let substance = match begins {
                    Some(start) => TokenSubstance::TooEarly(start),
                    None if expires.is_some_and(is_over) => TokenSubstance::Expired(Cow::Owned(claims)),
                    None => TokenSubstance::Good(Cow::Owned(claims)),
                };
                (Some(payload), substance)
            }
        };
        let (leaves_issuer_open, leaves_audience_open) = (false, false);
        Self { substance, payload, expires, leaves_issuer_open, leaves_audience_open, is_unverified: true }
    }

    /// The claims as they are encoded in the token.
    pub(super) fn encoded_claims(&self, claims: &Value) -> String {
        self.payload.clone().unwrap_or_else(|| BASE64_URL.encode(claims.to_string()))
    }
}

/// Decodes a token: its encoded claims, and the claims. The error says why Envoy rejects it (Envoy:
/// `Jwt::parseFromString`).
fn decode(text: &[u8]) -> Result<(String, Value), &'static str> {
    let text = std::str::from_utf8(text).map_err(|_| "it is not text")?;
    let parts: Vec<&str> = text.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { return Err("it does not have 3 parts") };
    let object = |part: &str| {
        let json = BASE64_URL.decode(part).ok()?;
        serde_json::from_slice::<Value>(&json).ok().filter(Value::is_object)
    };
    let header = object(header).ok_or("its header is not encoded JSON")?;
    let algorithm = header.get("alg").and_then(Value::as_str).ok_or("its header names no algorithm")?;
    if !ALGORITHMS.contains(&algorithm) {
        return Err("Envoy does not know its algorithm");
    }
    let claims = object(payload).ok_or("its payload is not encoded JSON")?;
    let is_other = |name: &str, is_valid: fn(&Value) -> bool| claims.get(name).is_some_and(|value| !is_valid(value));
    if ["iss", "sub", "jti"].iter().any(|name| is_other(name, Value::is_string)) {
        return Err("its issuer, subject or ID is not a text");
    }
    if ["iat", "nbf", "exp"].iter().any(|name| is_other(name, |value| time::seconds(value).is_some())) {
        return Err("one of its times is not a positive number of 64 bits");
    }
    if is_other("aud", |value| {
        value.is_string() || value.as_array().is_some_and(|all| all.iter().all(Value::is_string))
    }) {
        return Err("its audience is neither a text nor a list of texts");
    }
    if BASE64_URL.decode(signature).is_err() {
        return Err("its signature is not encoded");
    }
    Ok(((*payload).to_owned(), claims))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(header: &str, payload: &str) -> String {
        format!("{}.{}.{}", BASE64_URL.encode(header), BASE64_URL.encode(payload), BASE64_URL.encode("signature"))
    }

    #[test]
    fn a_token_has_a_header_claims_and_a_signature() {
        let token = encoded("{\"alg\":\"RS256\"}", "{\"iss\":\"a\"}");
        assert_eq!(decode(token.as_bytes()).unwrap().1, serde_json::json!({"iss": "a"}));
        for text in [
            "deadbeef",
            "some.invalid.token",
            "a.b.c.d",
            "",
            &encoded("{\"alg\":\"none\"}", "{}"),
            &encoded("{}", "{}"),
            &encoded("{\"alg\":\"RS256\"}", "[]"),
            &encoded("{\"alg\":\"RS256\"}", "{\"iss\":1}"),
            &encoded("{\"alg\":\"RS256\"}", "{\"jti\":1}"),
            &encoded("{\"alg\":\"RS256\"}", "{\"aud\":[1]}"),
            &encoded("{\"alg\":\"RS256\"}", "{\"exp\":\"1\"}"),
            &encoded("{\"alg\":\"RS256\"}", "{\"exp\":-1}"),
            &encoded("{\"alg\":\"RS256\"}", "{\"iat\":2e200}"),
            &encoded("{\"alg\":\"RS256\"}", "{\"exp\":18446744073709551615}"),
        ] {
            assert!(decode(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_token_counts_only_within_its_time() {
        let at = |now: Option<u64>, claims: &str| {
            PresentedToken::of_text(encoded("{\"alg\":\"RS256\"}", claims).as_bytes(), now).substance
        };
        let of = |claims: &str| at(Some(1_700_000_000), claims);
        assert!(matches!(of("{\"exp\":1699999940}"), TokenSubstance::Good(_)));
        assert!(matches!(of("{\"exp\":1699999939}"), TokenSubstance::Expired(_)));
        assert!(matches!(of("{\"nbf\":1700000060}"), TokenSubstance::Good(_)));
        assert!(matches!(of("{\"nbf\":1700000061}"), TokenSubstance::TooEarly(1_700_000_061)));
        assert!(matches!(at(None, "{\"nbf\":9999999999,\"exp\":1}"), TokenSubstance::Good(_)));
        assert!(matches!(at(Some(u64::MAX), "{\"exp\":18446744073709549568}"), TokenSubstance::Expired(_)));
        assert!(matches!(of("{\"exp\":1562182722}"), TokenSubstance::Expired(_)));
        assert!(matches!(of("{\"exp\":9999999999}"), TokenSubstance::Good(_)));
        assert!(matches!(of("{\"exp\":18446744073709549568}"), TokenSubstance::Good(_)));
        assert!(matches!(of("{\"nbf\":18446744073709549568}"), TokenSubstance::TooEarly(_)));
        assert!(matches!(of("{\"exp\":1.5e9}"), TokenSubstance::Expired(_)));
        assert!(matches!(of("{\"nbf\":9999999999}"), TokenSubstance::TooEarly(_)));
        assert!(matches!(of("{}"), TokenSubstance::Good(_)));
    }
}
