//! Tokens: which RequestAuthentications read them, whether they accept them, and how the filter changes the request
//! (istiod: `convertToEnvoyJwtConfig`, Envoy: `jwt_authn`).

mod effect;
mod location;
mod presented;
mod time;

use std::fmt::Write as _;

pub use effect::TokenEffect;
use location::TokenLocation;
pub use presented::is_presented;
use presented::{PresentedToken, TokenSubstance};

use super::policy_ref::PolicyRef;
use crate::model::field::TextField;
use crate::model::security::JwtRule;
use crate::routing::HttpRequest;
use crate::source::{Span, Spanned};
use crate::world::{RequestAuthentication, World};

/// The verdict on the tokens of a request.
#[derive(Debug)]
pub(super) enum TokenVerdict {
    /// The request goes on: no rule finds a token, or a rule accepts all that it finds.
    Passed(TokenEffect),
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

/// A rule for the tokens of an issuer (Envoy: a provider).
#[derive(Debug, Clone, Copy)]
struct TokenRule<'w, 'a> {
    policy: &'w RequestAuthentication<'a>,
    index: usize,
    written: &'a JwtRule,
}

/// The status of a rule for a request (Envoy: `google::jwt_verify::Status`).
enum RuleStatus<'r> {
    /// The rule finds no token.
    Missed,
    /// The rule accepts all tokens that it finds.
    Accepted(Vec<(PresentedToken<'r>, TokenLocation<'r>)>),
    /// The token is of another issuer.
    OtherIssuer(String),
    /// The token is not acceptable: the status of the response, and the reason.
    Refused(u32, String),
}

/// Checks the tokens of a request by the RequestAuthentications of a workload. They allow requests without a token and
/// CORS preflights. With several rules, the first that accepts its tokens counts, and a token that no rule accepts is
/// rejected.
pub(super) fn check<'r>(
    world: &World<'_>,
    policies: &[&RequestAuthentication<'_>],
    request: &HttpRequest<'r>,
) -> TokenVerdict {
    let mut effect = TokenEffect::default();
    if is_preflight(request) {
        return TokenVerdict::Passed(effect);
    }
    let mut rules: Vec<TokenRule<'_, '_>> = Vec::new();
    for policy in policies {
        let written = policy.spec.jwt_rules.iter().enumerate();
        rules.extend(written.map(|(index, written)| TokenRule { policy, index, written }));
    }
    rules.sort_by_key(|rule| rule.issuer());
    let mut statuses = Vec::new();
    for rule in &rules {
        effect.sanitize(rule.written);
        match rule.status(request, &rules) {
            RuleStatus::Accepted(tokens) => {
                tokens.into_iter().for_each(|(token, location)| effect.accept(rule.written, token, &location));
                return TokenVerdict::Passed(effect);
            }
            status => statuses.push((rule, status)),
        }
    }
    rejection(world, &statuses).unwrap_or(TokenVerdict::Passed(effect))
}

/// The verdict if no rule accepts a token; `None` if none finds one. The first rule that finds a token decides, unless
/// the token is only of another issuer and a later rule knows better (Envoy: `AnyVerifierImpl::onComplete`).
fn rejection(world: &World<'_>, statuses: &[(&TokenRule<'_, '_>, RuleStatus<'_>)]) -> Option<TokenVerdict> {
    let mut found = statuses.iter().filter(|(_, status)| !matches!(status, RuleStatus::Missed));
    let first = found.next()?;
    let is_refused = |(_, status): &&(&TokenRule<'_, '_>, RuleStatus<'_>)| matches!(status, RuleStatus::Refused(..));
    let (rule, status) = match &first.1 {
        RuleStatus::Refused(..) => first,
        _ => found.rfind(is_refused).unwrap_or(first),
    };
    let policy = PolicyRef::new(world, rule.policy);
    Some(match status {
        RuleStatus::Refused(status, reason) => TokenVerdict::Rejected {
            status: *status,
            policy,
            rule: Some((rule.index, rule.written.span)),
            reason: reason.clone(),
        },
        RuleStatus::OtherIssuer(issuer) => TokenVerdict::Rejected {
            status: 401,
            policy,
            rule: None,
            reason: format!("no rule accepts the issuer `{issuer}`"),
        },
        RuleStatus::Missed | RuleStatus::Accepted(_) => return None,
    })
}

impl<'a> TokenRule<'_, 'a> {
    /// The issuer; empty for a rule that accepts every one.
    fn issuer(&self) -> &'a str {
        self.written.issuer.text()
    }

    fn status<'r>(&self, request: &HttpRequest<'r>, rules: &[TokenRule<'_, 'a>]) -> RuleStatus<'r>
    where
        'a: 'r,
    {
        let tokens = presented::tokens(request, self.written, rules.iter().map(|rule| rule.written));
        if tokens.is_empty() {
            return RuleStatus::Missed;
        }
        // Envoy begins with the last token, and all must be acceptable.
        for (token, _) in tokens.iter().rev() {
            if let Some(status) = self.objection(token) {
                return status;
            }
        }
        RuleStatus::Accepted(tokens)
    }

    /// The status of a token that the rule does not accept; `None` if the rule accepts it.
    fn objection<'r>(&self, token: &PresentedToken<'_>) -> Option<RuleStatus<'r>> {
        let refused = |status, reason: String| Some(RuleStatus::Refused(status, reason));
        let claims = match &token.substance {
            TokenSubstance::Malformed(reason) => {
                return refused(401, format!("the token is not a valid JWT: {reason}"));
            }
            TokenSubstance::TooEarly(start) => {
                return refused(401, format!("the token is not valid before {}", time::written(*start)));
            }
            TokenSubstance::Invalid => return refused(401, "no key of the issuer verifies the token".to_owned()),
            TokenSubstance::Expired(claims) | TokenSubstance::Good(claims) => claims,
        };
        let issuer = claims.get("iss").and_then(|issuer| issuer.as_str());
        let own = self.issuer();
        match issuer {
            Some(issuer) if !own.is_empty() && issuer != own => {
                return Some(RuleStatus::OtherIssuer(issuer.to_owned()));
            }
            None if !own.is_empty() && !token.leaves_issuer_open => {
                return Some(RuleStatus::OtherIssuer(String::new()));
            }
            _ => {}
        }
        if matches!(token.substance, TokenSubstance::Expired(_)) {
            let at = token.expires.map(|end| format!("the token expired at {}", time::written(end)));
            return refused(401, at.unwrap_or_else(|| "the token has expired".to_owned()));
        }
        let audiences = texts(claims.get("aud"));
        if token.leaves_audience_open || takes_audience(&self.written.audiences, &audiences) {
            return None;
        }
        let mut reason = match audiences.as_slice() {
            [] => "the token names no audience".to_owned(),
            audiences => format!("the rule does not accept the audience `{}`", audiences.join(", ")),
        };
        if audiences.is_empty() {
            let wanted: Vec<&str> = self.written.audiences.iter().map(|it| it.as_str()).collect();
            let _ = write!(reason, ", and the rule wants `{}`", wanted.join("` or `"));
        }
        refused(403, reason)
    }
}

/// Whether the audiences of a token include one that a rule names. A rule that names none takes every token.
fn takes_audience(wanted: &[Spanned<String>], audiences: &[&str]) -> bool {
    wanted.is_empty() || wanted.iter().any(|wanted| audiences.iter().any(|audience| same_audience(audience, wanted)))
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

/// Whether a request is a CORS preflight, which never has a token (Envoy: `bypass_cors_preflight`).
pub fn is_preflight(request: &HttpRequest<'_>) -> bool {
    let has = |name| request.header_values(name).next().is_some_and(|value| !value.is_empty());
    request.method == "OPTIONS" && has("origin") && has("access-control-request-method")
}
