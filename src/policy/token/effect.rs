//! The changes that the filter for tokens makes to a request.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::location::TokenLocation;
use super::presented::{PresentedToken, TokenSubstance};
use super::time;
use crate::model::field::TextField;
use crate::model::security::JwtRule;
use crate::routing::HttpRequest;

/// The changes of a request by the filter for tokens, and the claims that policies and routes see.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TokenEffect {
    /// The claims of the accepted token, with lists for claims that are separated by spaces; null without a token.
    pub claims: Value,
    /// The names of the headers that the filter removes, in lower case.
    pub removed_headers: Vec<String>,
    /// The headers that the filter adds.
    pub added_headers: Vec<(String, String)>,
    /// The query parameters that the filter removes.
    pub removed_parameters: Vec<String>,
    /// Whether the token does not go on to the upstream.
    pub consumes_token: bool,
    /// Remarks for people.
    pub notes: Vec<String>,
}

/// The claims that are always lists separated by spaces (istiod: `buildSpaceDelimitedClaims`).
const SPACE_DELIMITED: [&str; 2] = ["permission", "scope"];

impl TokenEffect {
    /// Removes the headers that a rule writes, so that clients cannot forge them.
    pub(super) fn sanitize(&mut self, rule: &JwtRule) {
        let of_claims = rule.output_claim_to_headers.iter().map(|output| output.header.text());
        let written = std::iter::once(rule.output_payload_to_header.text()).chain(of_claims);
        self.removed_headers.extend(written.filter(|name| !name.is_empty()).map(str::to_ascii_lowercase));
    }

    /// Applies what a rule does with a token that it accepts.
    pub(super) fn accept(&mut self, rule: &JwtRule, token: PresentedToken<'_>, location: &TokenLocation<'_>) {
        self.note_assumptions(rule, &token);
        let TokenSubstance::Good(claims) = &token.substance else { return };
        let mut claims = claims.clone().into_owned();
        let issuer = rule.issuer.text();
        if token.leaves_issuer_open && !issuer.is_empty() {
            if claims.is_null() {
                claims = Value::Object(serde_json::Map::new());
            }
            if let Some(object) = claims.as_object_mut() {
                object.insert("iss".to_owned(), issuer.into());
            }
        }
        if let Some(name) = rule.output_payload_to_header.as_ref().filter(|name| !name.is_empty()) {
            self.added_headers.push((name.to_ascii_lowercase(), token.encoded_claims(&claims)));
        }
        for output in &rule.output_claim_to_headers {
            if let Some(text) = claim_text(&claims, output.claim.text()) {
                self.added_headers.push((output.header.text().to_ascii_lowercase(), text));
            }
        }
        if !rule.forward_original_token.is_some_and(|forwards| forwards.value) {
            self.consumes_token = true;
            match location {
                TokenLocation::Header(name) => {
                    self.removed_headers.push(name.to_string());
                    self.added_headers.retain(|(added, _)| added != name.as_ref());
                }
                TokenLocation::Parameter(name) => self.removed_parameters.push((*name).to_owned()),
                TokenLocation::Cookie | TokenLocation::Anywhere => {}
            }
        }
        split_lists(&mut claims, rule);
        self.claims = claims;
    }

    fn note_assumptions(&mut self, rule: &JwtRule, token: &PresentedToken<'_>) {
        let issuer = rule.issuer.text();
        if token.is_unverified {
            self.notes.push(format!(
                "the signature of the token is not checked: the answer assumes that a key of issuer `{issuer}` verifies it"
            ));
        } else if token.leaves_issuer_open && !issuer.is_empty() {
            self.notes
                .push(format!("the request does not name the issuer of its token: the answer assumes `{issuer}`"));
        }
        if let Some(end) = token.expires {
            let end = time::written(end);
            self.notes.push(format!("the answer depends on the time: the token expires at {end}"));
        }
        if token.leaves_audience_open && !rule.audiences.is_empty() {
            self.notes.push(
                "the request does not name the audience of its token: the answer assumes one that the rule accepts"
                    .to_owned(),
            );
        }
    }

    /// Whether a rule accepted a token.
    pub fn has_token(&self) -> bool {
        !self.claims.is_null()
    }

    /// Whether the filter changes the request.
    pub fn changes_request(&self) -> bool {
        self.has_token() || !self.removed_headers.is_empty()
    }

    /// The request after the filter.
    pub fn apply<'s>(&'s self, request: &HttpRequest<'s>) -> HttpRequest<'s> {
        let kept = request.headers.iter().filter(|(name, _)| !self.removed_headers.iter().any(|it| it == name));
        let added = self
            .added_headers
            .iter()
            .map(|(name, value)| (Cow::Borrowed(name.as_str()), Cow::Borrowed(value.as_bytes())));
        HttpRequest {
            headers: kept.cloned().chain(added).collect(),
            query: self.remaining_query(request),
            token: request.token.filter(|_| !self.consumes_token),
            claims: &self.claims,
            ..request.without_headers()
        }
    }

    fn remaining_query<'s>(&self, request: &HttpRequest<'s>) -> Option<Cow<'s, [u8]>> {
        let query = request.query.as_ref()?;
        if self.removed_parameters.is_empty() {
            return Some(query.clone());
        }
        let is_kept = |pair: &&[u8]| {
            let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
            !self.removed_parameters.iter().any(|removed| removed.as_bytes() == name)
        };
        let kept: Vec<&[u8]> = query.split(|byte| *byte == b'&').filter(is_kept).collect();
        (!kept.is_empty()).then(|| Cow::Owned(kept.join(&b'&')))
    }
}

/// The text of a claim by its path, whose names are separated by dots. Lists and objects are encoded JSON (Envoy:
/// `addJWTClaimToHeader`).
fn claim_text(claims: &Value, path: &str) -> Option<String> {
    let found = path.split('.').try_fold(claims, |claims, name| claims.get(name))?;
    let text = match found {
        Value::String(text) => text.clone(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => match (number.as_u64(), number.as_f64()) {
            (Some(whole), _) => whole.to_string(),
            (None, Some(decimal)) => format!("{decimal:.6}"),
            (None, None) => return None,
        },
        Value::Array(_) | Value::Object(_) => STANDARD.encode(found.to_string()),
        Value::Null => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// Turns the claims that hold lists in one text into lists.
fn split_lists(claims: &mut Value, rule: &JwtRule) {
    let Some(object) = claims.as_object_mut() else { return };
    let own = rule.space_delimited_claims.iter().map(|name| name.as_str());
    for name in own.chain(SPACE_DELIMITED) {
        if let Some(value) = object.get_mut(name)
            && let Some(text) = value.as_str()
        {
            *value = text.split(' ').filter(|word| !word.is_empty()).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_become_texts() {
        let claims = serde_json::json!({
            "a": {"b": "x"}, "n": 42, "d": 1.5, "t": true, "l": ["x"], "e": "", "exp": 4_715_782_722_u64, "neg": -3
        });
        let text = |path| claim_text(&claims, path);
        assert_eq!(text("a.b").unwrap(), "x");
        assert_eq!(text("n").unwrap(), "42");
        assert_eq!(text("exp").unwrap(), "4715782722");
        assert_eq!(text("d").unwrap(), "1.500000");
        assert_eq!(text("neg").unwrap(), "-3.000000");
        assert_eq!(text("t").unwrap(), "true");
        assert_eq!(text("l").unwrap(), "WyJ4Il0=");
        assert_eq!(text("e"), None);
        assert_eq!(text("a.c"), None);
    }
}
