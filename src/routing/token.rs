//! The token that a request is said to carry.

use serde::Deserialize;

/// The state of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenState {
    /// The keys of the issuer verify it, and it is within its time.
    Valid,
    /// No key verifies it, or it is no token at all.
    Invalid,
    /// Its time is over.
    Expired,
    /// There is no token.
    None,
}

/// The token that a request is said to carry, in place of one that its headers show.
#[derive(Debug, Clone, Copy)]
pub struct CarriedToken<'r> {
    /// Whether a proxy can accept it.
    pub state: TokenState,
    /// The claims; null if only the other fields describe the token.
    pub claims: &'r serde_json::Value,
    /// The issuer (`iss`), if it is not among the claims.
    pub issuer: Option<&'r str>,
    /// The audiences (`aud`), if they are not among the claims.
    pub audiences: &'r [String],
}
