//! RequestAuthentication.

use super::PolicyTargetReference;
use crate::model::duration::Duration;
use crate::model::macros::{enumeration, message};
use crate::model::networking::MatchLabelsSelector;
use crate::source::Spanned;

message! {
    /// Which tokens are accepted.
    struct RequestAuthentication {
        selector: Option<MatchLabelsSelector>,
        target_ref: Option<PolicyTargetReference>,
        target_refs: Vec<PolicyTargetReference>,
        jwt_rules: Vec<JwtRule>,
    }
}

message! {
    /// The tokens of an issuer, and where they are looked for.
    struct JwtRule {
        issuer: Option<Spanned<String>>,
        audiences: Vec<Spanned<String>>,
        jwks_uri: Option<Spanned<String>>,
        jwks: Option<Spanned<String>>,
        from_headers: Vec<JwtHeader>,
        from_params: Vec<Spanned<String>>,
        from_cookies: Vec<Spanned<String>>,
        output_payload_to_header: Option<Spanned<String>>,
        output_claim_to_headers: Vec<ClaimToHeader>,
        forward_original_token: Option<Spanned<bool>>,
        timeout: Option<Spanned<Duration>>,
        space_delimited_claims: Vec<Spanned<String>>,
        presence: Option<Spanned<TokenPresence>>,
    }
}

enumeration! {
    /// Whether a request without a token of the rule is let through.
    enum TokenPresence {
        Optional = "OPTIONAL" / 0,
        Required = "REQUIRED" / 1,
    }
}

message! {
    /// A header that holds a token behind a prefix.
    struct JwtHeader {
        name: Option<Spanned<String>>,
        prefix: Option<Spanned<String>>,
    }
}

message! {
    /// A claim that the upstream gets as a header.
    struct ClaimToHeader {
        header: Option<Spanned<String>>,
        claim: Option<Spanned<String>>,
    }
}
