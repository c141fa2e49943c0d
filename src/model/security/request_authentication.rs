//! RequestAuthentication.

use super::PolicyTargetReference;
use crate::model::duration::Duration;
use crate::model::macros::{enumeration, message};
use crate::model::networking::MatchLabelsSelector;
use crate::source::Spanned;

message! {
    /// The tokens that workloads accept.
    struct RequestAuthentication {
        selector: Option<MatchLabelsSelector>,
        target_ref: Option<PolicyTargetReference>,
        target_refs: Vec<PolicyTargetReference>,
        jwt_rules: Vec<JwtRule>,
    }
}

message! {
    /// The tokens of an issuer, and their location in a request.
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
    /// Whether a request must have a token of the rule.
    enum TokenPresence {
        Optional = "OPTIONAL" / 0,
        Required = "REQUIRED" / 1,
    }
}

message! {
    /// A header that contains a token after a prefix.
    struct JwtHeader {
        name: Option<Spanned<String>>,
        prefix: Option<Spanned<String>>,
    }
}

message! {
    /// A claim that Envoy copies to a header for the upstream.
    struct ClaimToHeader {
        header: Option<Spanned<String>>,
        claim: Option<Spanned<String>>,
    }
}
