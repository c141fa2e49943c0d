//! `impossible-policy-value`

use std::collections::BTreeSet;

use super::policy_notation::{listed, notation_in_host, notation_in_path, policy_host, policy_path, without_anchors};
use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::wording::list;
use crate::policy::{Attribute, literal_parts, requirements};
use crate::source::Spanned;
use crate::uri::Url;

pub static RULE: Rule = rule! {
    name: "impossible-policy-value",
    summary: "a value of a policy matches no request that it is written for",
    findings: [
        &REGEX, &ASTERISK, &QUERY, &NO_SLASH, &HOST, &TOKEN, &NOTATION, &ISSUER, &VALUE, &AUDIENCE, &COVERED,
    ],
    check: check,
};

static REGEX: Finding = finding! {
    "regex", Lost, Certain, [],
    "a path or host is a regular expression, which is not read as one",
};
static ASTERISK: Finding = finding! {
    "asterisk", Lost, Certain, [],
    "a path or host has an asterisk in the middle, where it has no special meaning",
};
static COVERED: Finding = finding! {
    "covered", Surprising, Certain, [],
    "a path has asterisks without special meaning, and the list has a prefix that matches the same requests",
};
static QUERY: Finding = finding! {
    "query", Lost, Certain, [],
    "a path has a query, which is not compared",
};
static NO_SLASH: Finding = finding! {
    "no-slash", Lost, Certain, [],
    "a path does not start with a slash",
};
static HOST: Finding = finding! {
    "host", Lost, Certain, [],
    "a host has a scheme or a path, or a server name has a port",
};
static TOKEN: Finding = finding! {
    "request-principal", Lost, Certain, [],
    "a request principal has an asterisk where it has no special meaning",
};
static NOTATION: Finding = finding! {
    "notation", Lost, Likely, [],
    "a path looks like a regular expression or a list, and is compared as text",
};
static ISSUER: Finding = finding! {
    "issuer", Lost, Likely, [],
    "a request principal is split at its last slash, and the part before the slash is not the issuer",
};
static VALUE: Finding = finding! {
    "value", Lost, Likely, [],
    "a value of a header or claim looks like a pattern, and is compared as text",
};
static AUDIENCE: Finding = finding! {
    "audience", Lost, Likely, [],
    "an issuer or audience of a RequestAuthentication has an asterisk, which has no special meaning",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let policies = &context.world.policies;
    let rules = policies.request_authentications().iter().flat_map(|it| &it.spec.jwt_rules);
    let issuers: BTreeSet<&str> = rules.filter_map(|rule| rule.issuer.as_ref()).map(|it| it.as_str()).collect();
    for policy in policies.authorization_policies() {
        for requirement in policy.spec.rules.iter().flat_map(requirements) {
            for value in requirement.values.iter().filter(|value| !context.is_refused(value.span)) {
                match &requirement.attribute {
                    Attribute::Path => check_path(value, requirement.values, diagnostics),
                    Attribute::Host => check_host(value, requirement.values, diagnostics),
                    Attribute::RequestPrincipal => {
                        // `missing-request-authentication` compares the issuers of known workloads.
                        let are_known = context.world.workloads_of_policy(policy).is_some_and(|it| !it.is_empty());
                        check_token(value, issuers.iter().filter(|_| !are_known).copied().collect(), diagnostics);
                    }
                    Attribute::Sni => check_sni(value, diagnostics),
                    Attribute::Header(name) if !compares_patterns(name) => {
                        check_value(&requirement.attribute, value, diagnostics);
                    }
                    Attribute::Claim(_) => check_value(&requirement.attribute, value, diagnostics),
                    _ => {}
                }
            }
        }
    }
    for authentication in policies.request_authentications() {
        for rule in &authentication.spec.jwt_rules {
            for value in rule.issuer.iter().chain(&rule.audiences).filter(|value| value.contains('*')) {
                let is_audience = rule.issuer.as_ref().is_none_or(|issuer| issuer.span != value.span);
                report_token_value(value, is_audience, diagnostics);
            }
        }
    }
}

/// Headers with values such as `*/*`.
fn compares_patterns(header: &str) -> bool {
    let name = header.to_ascii_lowercase();
    name.starts_with("accept") || name == "content-type" || name == "if-match" || name == "if-none-match"
}

/// A proxy compares the whole path, or the part that an asterisk at one end leaves; `{*}` and `{**}` make it a template
/// (istiod: `matcher.PathMatcher`).
fn check_path(path: &Spanned<String>, all: &[Spanned<String>], diagnostics: &mut Diagnostics) {
    let text = path.as_str();
    let parts = literal_parts(&Attribute::Path, text);
    let Some(compared) = parts.first().copied().filter(|_| text != "*" && !text.contains('{')) else { return };
    let covering = covering(text, all);
    let advice = || match (covering, policy_path(text), listed(text)) {
        (Some(covering), ..) => {
            Advice::new(format!("remove it: `{covering}` matches these paths")).fix([Edit::remove(path.span)])
        }
        (None, Some(meant), _) => Advice::write(Edit::set(path.span, meant)),
        (None, None, Some(values)) if !text.contains('*') && values.iter().all(|it| it.starts_with('/')) => {
            format!("write {} as separate values", list(values, "and")).into()
        }
        (None, None, _) => "list the paths, or keep only a `*` at one end".into(),
    };
    let sign = notation_in_path(compared);
    let prefix = text.strip_suffix(".*").filter(|prefix| notation_in_path(prefix).is_none());
    let (finding, message, help) = if let Some(prefix) = prefix {
        let message =
            format!("`{text}` is not read as a regular expression: it matches paths that start with `{prefix}.`");
        (if covering.is_some() { &COVERED } else { &REGEX }, message, advice())
    } else if let Some(sign) = sign {
        match (sign.text, sign.is_certain) {
            ("*", _) => {
                let message = format!("`{text}` is not a pattern: `*` is special only at one end of a path");
                (if covering.is_some() { &COVERED } else { &ASTERISK }, message, advice())
            }
            (_, true) => {
                let message = format!("no request has the path `{text}`: paths are not regular expressions");
                (&REGEX, message, advice())
            }
            (sign, false) => {
                let message = format!("`{sign}` has no special meaning in a path: proxies compare `{text}` as text");
                (&NOTATION, message, advice())
            }
        }
    } else if compared.contains('?') {
        let path_only = text.split('?').next().unwrap_or_default();
        let message = format!("no request matches `{text}`: paths are compared without the query");
        (&QUERY, message, Advice::write(Edit::set(path.span, path_only)))
    } else if !text.starts_with(['/', '*']) && !text.is_empty() {
        let message = format!("no request has the path `{text}`: paths start with a slash");
        (&NO_SLASH, message, Advice::write(Edit::set(path.span, format!("/{text}"))))
    } else {
        return;
    };
    diagnostics.report(finding, path.span, message).help(help);
}

/// The prefix in a list of paths that matches all requests for which a path with asterisks is written: `/dex/*` for
/// `/dex/**`.
fn covering<'p>(path: &str, all: &'p [Spanned<String>]) -> Option<&'p str> {
    let start = path.split('*').next().unwrap_or_default();
    let start = if path.ends_with(".*") { start.trim_end_matches('.') } else { start };
    let covers = |prefix: &str| !prefix.contains(['*', '{']) && start.starts_with(prefix);
    all.iter().map(|other| other.as_str()).find(|other| other.strip_suffix('*').is_some_and(covers))
}

fn check_host(host: &Spanned<String>, all: &[Spanned<String>], diagnostics: &mut Diagnostics) {
    let text = host.as_str();
    if text.contains('/') && policy_host(text).is_none() {
        let help = Url::parse(text)
            .filter(|url| !url.authority().is_empty())
            .map_or_else(|| "write the host only".into(), |url| Advice::write(Edit::set(host.span, url.authority())));
        let message = format!("no request has the host `{text}`: hosts have neither scheme nor path");
        diagnostics.report(&HOST, host.span, message).help(help);
        return;
    }
    let Some(sign) = literal_parts(&Attribute::Host, text).into_iter().find_map(notation_in_host) else { return };
    let is_regex = sign != '*' || text != without_anchors(text) || text.starts_with(".*") || text.starts_with(".+");
    let (finding, message) = match (is_regex, listed(text).is_some()) {
        (false, _) => {
            (&ASTERISK, format!("no request has the host `{text}`: `*` is special only at one end of a host"))
        }
        (true, false) => (&REGEX, format!("no request has the host `{text}`: hosts are not regular expressions")),
        (true, true) => (&REGEX, format!("no request has the host `{text}`: each value is one host")),
    };
    diagnostics.report(finding, host.span, message).help(host_advice(host, all));
}

/// The advice for a host that is a pattern or a list.
fn host_advice(host: &Spanned<String>, all: &[Spanned<String>]) -> Advice {
    let text = host.as_str();
    if let Some(meant) = policy_host(text) {
        return Advice::write(Edit::set(host.span, meant));
    }
    if let Some(values) = listed(text).filter(|values| values.iter().all(|it| notation_in_host(it).is_none())) {
        return format!("write {} as separate values", list(values, "and")).into();
    }
    // `*.example.com:*`: a suffix with the port, or a prefix with the name.
    let any_port = text.strip_suffix(":*").filter(|name| notation_in_host(name.trim_start_matches('*')).is_none());
    match any_port {
        Some(name) if all.iter().any(|other| other.as_str() == name) => {
            format!("write `{name}:` with a port number for each port, or a name with `:*`").into()
        }
        Some(name) => format!("write `{name}`, and `{name}:` with a port number for each other port").into(),
        None => "list the hosts, or keep only a `*` at one end".into(),
    }
}

fn check_sni(name: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let text = name.as_str();
    let literal = literal_parts(&Attribute::Sni, text);
    if let Some((host, _)) = text.rsplit_once(':') {
        let message = format!("no connection has the server name `{text}`: server names have no port");
        let is_name = literal_parts(&Attribute::Sni, host).into_iter().all(|part| notation_in_host(part).is_none());
        let help = if is_name { Advice::write(Edit::set(name.span, host)) } else { "write the name only".into() };
        diagnostics.report(&HOST, name.span, message).help(help);
    } else if let Some(sign) = literal.into_iter().find_map(notation_in_host) {
        let (finding, reason) = match sign {
            '*' => (&ASTERISK, "`*` is special only at one end of a name"),
            _ => (&REGEX, "names are not regular expressions"),
        };
        let message = format!("no connection has the server name `{text}`: {reason}");
        diagnostics.report(finding, name.span, message).help(host_advice(name, &[]));
    }
}

fn check_token(principal: &Spanned<String>, issuers: BTreeSet<&str>, diagnostics: &mut Diagnostics) {
    let text = principal.as_str();
    let literal = literal_parts(&Attribute::RequestPrincipal, text);
    if !literal.iter().any(|part| part.contains('*')) {
        return check_issuer(principal, &issuers, diagnostics);
    }
    let help = match text.rsplit_once('/') {
        Some((issuer, subject)) if [issuer, subject].iter().all(|part| part.chars().all(|it| it == '*')) => {
            let edit = Edit::set(principal.span, "*");
            Advice::new(format!("write {edit} to match every token")).fix([edit])
        }
        Some((issuer, subject)) if !issuer.contains('*') && subject.trim_matches('*').is_empty() => {
            Advice::write(Edit::set(principal.span, format!("{issuer}/*")))
        }
        _ => "write issuer and subject in full, with a `*` only at the end of the value or at its start".into(),
    };
    let message = format!("no token has the principal `{text}`: `*` is special only at one end");
    diagnostics.report(&TOKEN, principal.span, message).help(help);
}

/// istiod splits a principal at its last slash, so subjects with slashes need another condition, and the slash at the end of
/// an issuer must be written too (istiod: `requestPrincipalGenerator`).
fn check_issuer(principal: &Spanned<String>, issuers: &BTreeSet<&str>, diagnostics: &mut Diagnostics) {
    let text = principal.as_str();
    let Some((issuer, subject)) = text.rsplit_once('/').filter(|(issuer, _)| !issuer.is_empty()) else { return };
    if text.starts_with('*') || issuers.contains(issuer) {
        return;
    }
    let with_slash = format!("{issuer}/");
    let help = if issuers.contains(with_slash.as_str()) {
        Advice::write(Edit::set(principal.span, format!("{with_slash}/{subject}")))
    } else if issuers.iter().any(|known| issuer.starts_with(&format!("{}/", known.trim_end_matches('/')))) {
        "match the subject by a condition in `when`, with key `request.auth.claims[sub]`".into()
    } else {
        return;
    };
    let message = format!("no token has the principal `{text}`: istiod reads `{issuer}` as the issuer");
    diagnostics.report(&ISSUER, principal.span, message).help(help);
}

/// A value of a header or claim can contain any character, so only what all of it looks like counts.
fn check_value(attribute: &Attribute<'_>, value: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let text = value.as_str();
    let bare = without_anchors(text);
    let is_any = [".*", ".+"].contains(&bare);
    let is_anchored = text.len() > 2 && text.starts_with('^') && text.ends_with('$');
    let has_asterisk = literal_parts(attribute, text).iter().any(|part| part.contains('*'));
    if !(is_any || is_anchored || has_asterisk) {
        return;
    }
    let meant = if is_any { Some("*".to_owned()) } else { value_pattern(bare) };
    let message = match has_asterisk && !is_any && !is_anchored {
        true => format!("`{text}` is not a pattern: `*` is special only at one end of a value"),
        false => format!("`{text}` is not a pattern: values are not regular expressions"),
    };
    diagnostics.report(&VALUE, value.span, message).help(match meant {
        Some(meant) => Advice::write(Edit::set(value.span, meant)),
        None => "list the values, or keep only a `*` at one end".into(),
    });
}

/// The value with an asterisk at one end, or none, that a regular expression means.
fn value_pattern(text: &str) -> Option<String> {
    let start = text.strip_suffix(".*").or(text.strip_suffix(".+"));
    let end = text.strip_prefix(".*").or(text.strip_prefix(".+"));
    let (literal, pattern) = match (start, end) {
        (Some(_), Some(_)) => return None,
        (Some(start), None) => (start, format!("{start}*")),
        (None, Some(end)) => (end, format!("*{end}")),
        (None, None) => (text, text.to_owned()),
    };
    let is_plain = !literal.is_empty() && !literal.contains(['*', '^', '$', '\\', '(', '[', '|', '+', '?']);
    is_plain.then_some(pattern)
}

/// Tokens are compared with issuers and audiences as they are written (Envoy: `jwt_authn`).
fn report_token_value(value: &Spanned<String>, is_audience: bool, diagnostics: &mut Diagnostics) {
    let text = value.as_str();
    let (message, help) = match is_audience {
        true => (
            format!(
                "`*` has no special meaning: only tokens with the audience `{text}` are accepted, and others get 403"
            ),
            match text {
                "*" => "remove `audiences` to accept tokens for any audience".to_owned(),
                _ => "list the audiences as they are in the claim `aud`".to_owned(),
            },
        ),
        false => (
            format!("`*` has no special meaning: only tokens of the issuer `{text}` are accepted, and others get 401"),
            "write the issuer as it is in the claim `iss`".to_owned(),
        ),
    };
    diagnostics.report(&AUDIENCE, value.span, message).help(help);
}
