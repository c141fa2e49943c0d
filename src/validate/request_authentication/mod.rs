//! RequestAuthentication (istio: `ValidateRequestAuthentication`).

mod jwks;

use self::jwks::Jwks;
use super::fields::{duration, target_refs};
use super::policy_syntax::is_strict_header_name;
use super::violation::{Mistake, Violations};
use crate::model::field::{PlacedField, TextField};
use crate::model::security::{ClaimToHeader, JwtRule, RequestAuthentication};
use crate::source::Spanned;
use crate::uri::go::{Scheme, request_uri};
use crate::validate::quoted;

pub(super) fn check(request_authentication: &RequestAuthentication, violations: &mut Violations<'_>) {
    target_refs::check_with_selector(
        request_authentication.selector.as_ref(),
        request_authentication.target_ref.as_ref(),
        &request_authentication.target_refs,
        violations,
    );
    request_authentication.jwt_rules.iter().for_each(|jwt_rule| check_rule(jwt_rule, violations));
}

fn check_rule(jwt_rule: &JwtRule, violations: &mut Violations<'_>) {
    check_filled("RA-1", "the audience is empty", &jwt_rule.audiences, violations);
    let uri = jwt_rule.jwks_uri.filled();
    if jwt_rule.issuer.filled().is_none() && uri.is_none() {
        let span = jwt_rule.issuer.place(jwt_rule.span);
        let message = "the JWT rule has no issuer";
        violations
            .error("RA-2", Mistake::MissingField, span, message)
            .help("add `issuer`, the value of `iss` in the tokens");
    }
    if let Some((uri, fault)) = uri.and_then(|uri| Some((uri, fault_of(uri)?))) {
        let message = format!("`jwksUri` {} {fault}", quoted(uri));
        violations.error("RA-3", Mistake::InvalidUri, uri.span, message).help("write an `https://` URL");
    }
    if let Some(keys) = jwt_rule.jwks.filled() {
        check_keys(keys, violations);
    }
    for header in &jwt_rule.from_headers {
        if header.name.filled().is_none() {
            let span = header.name.place(header.span);
            violations.error("RA-6", Mistake::InvalidHeader, span, "the header has no name").help("add `name`");
        }
    }
    check_filled("RA-7", "the parameter name is empty", &jwt_rule.from_params, violations);
    check_filled("RA-8", "the cookie name is empty", &jwt_rule.from_cookies, violations);
    jwt_rule.output_claim_to_headers.iter().for_each(|output| check_output(output, violations));
    duration::check(jwt_rule.timeout, "RA-11", violations);
}

/// Checks the URL of a key set (istio: `security.ParseJwksURI`).
fn fault_of(uri: &str) -> Option<&'static str> {
    let before_fragment = uri.split_once('#').map_or(uri, |(uri, _)| uri);
    match request_uri(before_fragment) {
        Some(Scheme(scheme)) if scheme == "http" || scheme == "https" => None,
        Some(_) => Some("is not an HTTP or HTTPS URL"),
        None => Some("is not a valid URL"),
    }
}

fn check_filled(id: &'static str, message: &str, texts: &[Spanned<String>], violations: &mut Violations<'_>) {
    for text in texts.iter().filter(|text| text.is_empty()) {
        violations.error(id, Mistake::InvalidPolicy, text.span, message).help("remove it, or write a value");
    }
}

fn check_keys(keys: &Spanned<String>, violations: &mut Violations<'_>) {
    match jwks::read(keys) {
        Jwks::Public => {}
        Jwks::Secret => {
            let message = "the key set contains a private or symmetric key: everyone who can read it can sign tokens";
            let help = "replace the key, and write only the public part";
            violations.warning("RA-5", Mistake::InvalidJwks, keys.span, message).help(help);
        }
        Jwks::Broken(fault) => {
            let message = format!("`jwks` is not a valid key set: {fault}");
            let help = "write a JSON Web Key Set, `{\"keys\": […]}`, or use `jwksUri`";
            violations.error("RA-4", Mistake::InvalidJwks, keys.span, message).help(help);
        }
    }
}

fn check_output(output: &ClaimToHeader, violations: &mut Violations<'_>) {
    let header = output.header.filled();
    for (name, field) in [("header", &output.header), ("claim", &output.claim)] {
        if field.filled().is_none() {
            let message = format!("the output has no {name}");
            let help = format!("add `{name}`");
            violations.error("RA-9", Mistake::MissingField, field.place(output.span), message).help(help);
        }
    }
    if let Some(header) = header.filter(|header| !is_strict_header_name(header)) {
        let message = format!("{} is not a valid header name for a claim", quoted(header));
        let help = "use letters, digits, dashes and underscores";
        violations.error("RA-10", Mistake::InvalidHeader, header.span, message).help(help);
    }
}
