//! Tokens: which RequestAuthentications look for them, and whether they take one.

use super::policy_ref::PolicyRef;
use crate::routing::Request;
use crate::source::Span;
use crate::world::{RequestAuthentication, World};

/// What became of a request's token.
#[derive(Debug)]
pub(super) enum Token {
    /// There is none, or nothing looks for it.
    Absent,
    /// It is taken, and policies see these claims.
    Accepted(serde_json::Value),
    /// The request is answered with a status.
    Rejected {
        /// The status.
        status: u32,
        /// The policy, and its rule for the issuer, if there is one.
        policy: PolicyRef,
        rule: Option<(usize, Span)>,
        /// Why.
        reason: String,
    },
}

/// Asks the RequestAuthentications of a workload. A request without a token is let through, and so is a CORS preflight.
/// Claims stand for a token whose signature and times are right; issuer and audience are held against the rules.
pub(super) fn check(world: &World<'_>, policies: &[&RequestAuthentication<'_>], request: &Request<'_>) -> Token {
    let claims = request.claims;
    if claims.is_null() || is_preflight(request) {
        return Token::Absent;
    }
    let rules =
        || policies.iter().flat_map(|policy| policy.spec.jwt_rules.iter().enumerate().map(move |it| (*policy, it)));
    let Some((first, _)) = rules().next() else { return Token::Absent };
    let issuers: Vec<&str> = rules().filter_map(|(_, (_, rule))| Some(rule.issuer.as_ref()?.as_str())).collect();
    let issuer = claims.get("iss").and_then(|issuer| issuer.as_str());
    // A valid token has an issuer. If there is only one it can be, it need not be said.
    let only = issuers.first().copied().filter(|first| issuers.iter().all(|issuer| issuer == first));
    let Some(issuer) = issuer.or(only) else { return Token::Accepted(claims.clone()) };
    let of_issuer: Vec<_> =
        rules().filter(|(_, (_, rule))| rule.issuer.as_ref().is_none_or(|it| it.as_str() == issuer)).collect();
    let Some((policy, (index, rule))) = of_issuer.first() else {
        let reason = format!("no rule is for the issuer {issuer}");
        return Token::Rejected { status: 401, policy: PolicyRef::new(world, first), rule: None, reason };
    };
    let audiences = texts(claims.get("aud"));
    let takes = |wanted: &[crate::source::Spanned<String>]| {
        wanted.is_empty()
            || wanted.iter().any(|wanted| audiences.iter().any(|audience| same_audience(audience, wanted)))
    };
    // A claim that the question does not name is no reason to reject what it calls valid.
    if claims.get("aud").is_some() && !of_issuer.iter().any(|(_, (_, rule))| takes(&rule.audiences)) {
        let reason = format!("the audience {} is not among the rule's", audiences.join(", "));
        let rule = Some((*index, rule.span));
        return Token::Rejected { status: 403, policy: PolicyRef::new(world, policy), rule, reason };
    }
    let mut claims = claims.clone();
    if let Some(object) = claims.as_object_mut() {
        object.entry("iss").or_insert_with(|| issuer.into());
    }
    Token::Accepted(claims)
}

/// Scheme and a slash at the end do not count (Envoy: `CheckAudience`).
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

fn is_preflight(request: &Request<'_>) -> bool {
    let has = |name| request.header_values(name).next().is_some();
    request.method == "OPTIONS" && has("origin") && has("access-control-request-method")
}
