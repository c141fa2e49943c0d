//! Tokens: which RequestAuthentications read them, and whether they accept them.

use super::policy_ref::PolicyRef;
use crate::routing::HttpRequest;
use crate::source::Span;
use crate::world::{RequestAuthentication, World};

/// The verdict on the token of a request.
#[derive(Debug)]
pub(super) enum TokenVerdict {
    /// The request has no token, or nothing reads it.
    Absent,
    /// The token is accepted; policies see these claims.
    Accepted(serde_json::Value),
    /// The proxy rejects the request.
    Rejected {
        /// The status.
        status: u32,
        /// The policy, and its rule for the issuer, if there is one.
        policy: PolicyRef,
        rule: Option<(usize, Span)>,
        /// The reason.
        reason: String,
    },
}

/// Checks a token by the RequestAuthentications of a workload. They allow requests without a token and CORS preflights.
/// The claims represent a token whose signature and times are valid; issuer and audience are compared with the rules.
pub(super) fn check(
    world: &World<'_>,
    policies: &[&RequestAuthentication<'_>],
    request: &HttpRequest<'_>,
) -> TokenVerdict {
    let claims = request.claims;
    if claims.is_null() || is_preflight(request) {
        return TokenVerdict::Absent;
    }
    let rules =
        || policies.iter().flat_map(|policy| policy.spec.jwt_rules.iter().enumerate().map(move |it| (*policy, it)));
    let Some((first, _)) = rules().next() else { return TokenVerdict::Absent };
    let issuers: Vec<&str> = rules().filter_map(|(_, (_, rule))| Some(rule.issuer.as_ref()?.as_str())).collect();
    let issuer = claims.get("iss").and_then(|issuer| issuer.as_str());
    // A valid token has an issuer. If all rules are for the same one, the request need not name it.
    let only = issuers.first().copied().filter(|first| issuers.iter().all(|issuer| issuer == first));
    let Some(issuer) = issuer.or(only) else { return TokenVerdict::Accepted(claims.clone()) };
    let of_issuer: Vec<_> =
        rules().filter(|(_, (_, rule))| rule.issuer.as_ref().is_none_or(|it| it.as_str() == issuer)).collect();
    let Some((policy, (index, rule))) = of_issuer.first() else {
        let reason = format!("no rule accepts the issuer `{issuer}`");
        return TokenVerdict::Rejected { status: 401, policy: PolicyRef::new(world, first), rule: None, reason };
    };
    let audiences = texts(claims.get("aud"));
    let takes = |wanted: &[crate::source::Spanned<String>]| {
        wanted.is_empty()
            || wanted.iter().any(|wanted| audiences.iter().any(|audience| same_audience(audience, wanted)))
    };
    // A missing `aud` does not reject a token that the request calls valid.
    if claims.get("aud").is_some() && !of_issuer.iter().any(|(_, (_, rule))| takes(&rule.audiences)) {
        let reason = format!("the rule does not accept the audience `{}`", audiences.join(", "));
        let rule = Some((*index, rule.span));
        return TokenVerdict::Rejected { status: 403, policy: PolicyRef::new(world, policy), rule, reason };
    }
    let mut claims = claims.clone();
    if let Some(object) = claims.as_object_mut() {
        object.entry("iss").or_insert_with(|| issuer.into());
    }
    TokenVerdict::Accepted(claims)
}

/// Compares audiences without scheme and final slash (Envoy: `CheckAudience`).
fn same_audience(seen: &str, wanted: &str) -> bool {
    fn bare(audience: &str) -> &str {
        let without = audience.strip_prefix("https://").or(audience.strip_prefix("http://")).unwrap_or(audience);
        without.strip_suffix('/').unwrap_or(without)
    }
    bare(seen) == bare(wanted)
}

fn texts(value: Option<&serde_json::Value>) -> Vec<&str> {
    match value {
        Some(serde_json::Value::Array(items)) => items.iter().filter_map(serde_json::Value::as_str).collect(),
        Some(value) => value.as_str().into_iter().collect(),
        None => Vec::new(),
    }
}

fn is_preflight(request: &HttpRequest<'_>) -> bool {
    let has = |name| request.header_values(name).next().is_some();
    request.method == "OPTIONS" && has("origin") && has("access-control-request-method")
}
