//! RequestAuthentication (istio: `ValidateRequestAuthentication`).

mod jwks;

use self::jwks::Jwks;
use super::common::field::{filled, place};
use super::common::{duration, target_refs};
use super::policy_syntax::is_strict_header_name;
use super::violation::{Family, Found};
use crate::model::security::{ClaimToHeader, JwtRule, RequestAuthentication};
use crate::source::Spanned;
use crate::uri::go::{Scheme, request_uri};

pub(super) fn check(policy: &RequestAuthentication, found: &mut Found<'_>) {
    target_refs::check_with_selector(policy.selector.as_ref(), policy.target_ref.as_ref(), &policy.target_refs, found);
    policy.jwt_rules.iter().for_each(|rule| check_rule(rule, found));
}

fn check_rule(rule: &JwtRule, found: &mut Found<'_>) {
    check_filled("RA-1", "this audience is empty", &rule.audiences, found);
    let uri = filled(&rule.jwks_uri);
    if filled(&rule.issuer).is_none() && uri.is_none() {
        let span = place(&rule.issuer, rule.span);
        let message = "this rule has no issuer";
        found.error("RA-2", Family::MissingField, span, message).help("add issuer, as tokens have it in iss");
    }
    if let Some((uri, fault)) = uri.and_then(|uri| Some((uri, fault_of(uri)?))) {
        let message = format!("{:?} {fault}", uri.value);
        found.error("RA-3", Family::InvalidUri, uri.span, message).help("write https://host/path");
    }
    if let Some(keys) = filled(&rule.jwks) {
        check_keys(keys, found);
    }
    for header in &rule.from_headers {
        if filled(&header.name).is_none() {
            let span = place(&header.name, header.span);
            found.error("RA-6", Family::InvalidHeader, span, "this header has no name").help("add name");
        }
    }
    check_filled("RA-7", "the name of this parameter is empty", &rule.from_params, found);
    check_filled("RA-8", "the name of this cookie is empty", &rule.from_cookies, found);
    rule.output_claim_to_headers.iter().for_each(|output| check_output(output, found));
    duration::check(rule.timeout, "RA-11", found);
}

/// What is wrong with the place of a key set (istio: `security.ParseJwksURI`).
fn fault_of(uri: &str) -> Option<&'static str> {
    let before_fragment = uri.split_once('#').map_or(uri, |(uri, _)| uri);
    match request_uri(before_fragment) {
        Some(Scheme(scheme)) if scheme == "http" || scheme == "https" => None,
        Some(_) => Some("is neither http nor https"),
        None => Some("is no URL"),
    }
}

fn check_filled(id: &'static str, message: &str, texts: &[Spanned<String>], found: &mut Found<'_>) {
    for text in texts.iter().filter(|text| text.is_empty()) {
        found.error(id, Family::InvalidPolicy, text.span, message).help("remove it, or write its name");
    }
}

fn check_keys(keys: &Spanned<String>, found: &mut Found<'_>) {
    match jwks::read(keys) {
        Jwks::Public => {}
        Jwks::Secret => {
            let message = "these keys are secret: whoever reads them can sign tokens";
            let help = "keep the public part only, and replace the key: it has been seen";
            found.warning("RA-5", Family::InvalidPolicy, keys.span, message).help(help);
        }
        Jwks::Broken(fault) => {
            let message = format!("jwks is no set of keys: {fault}");
            let help = "write a JSON Web Key Set, {\"keys\": […]}, or name its place by jwksUri";
            found.error("RA-4", Family::InvalidPolicy, keys.span, message).help(help);
        }
    }
}

fn check_output(output: &ClaimToHeader, found: &mut Found<'_>) {
    let header = filled(&output.header);
    for (name, field) in [("header", &output.header), ("claim", &output.claim)] {
        if filled(field).is_none() {
            let message = format!("this output has no {name}");
            let help = format!("add {name}");
            found.error("RA-9", Family::MissingField, place(field, output.span), message).help(help);
        }
    }
    if let Some(header) = header.filter(|header| !is_strict_header_name(header)) {
        let message = format!("{:?} is no name of a header that a claim is put into", header.value);
        let help = "it takes letters, digits, dashes and underscores";
        found.error("RA-10", Family::InvalidHeader, header.span, message).help(help);
    }
}
