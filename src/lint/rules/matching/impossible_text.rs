//! Conditions of `impossible-match` that compare texts of the request.

use super::impossible_match::{METHOD_CASE, Obstacle};
use super::match_texts::{MatchText, match_texts, plain_text};
use crate::advice::{Advice, Edit};
use crate::model::networking::{HttpMatchRequest, StringMatch};
use crate::model::wording::list;
use crate::re2::from_javascript;
use crate::routing::{EnvoyRegex, Matcher, takes_some_path};
use crate::source::Spanned;
use crate::uri::split_port;
use crate::world::{VirtualService, host};

/// The texts that a method can be (RFC 9110: token).
const METHOD: &str = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

/// The schemes that requests have in Envoy.
const SCHEMES: [&str; 2] = ["http", "https"];

/// The conditions of a match that no request meets.
pub(super) fn obstacles_of_texts(virtual_service: &VirtualService<'_>, http_match: &HttpMatchRequest) -> Vec<Obstacle> {
    let texts = match_texts(http_match).into_iter();
    texts.filter_map(|(part, value)| obstacle_of_text(part, value, virtual_service)).collect()
}

/// Why no request meets a condition on a text.
pub(super) fn obstacle_of_text(
    part: MatchText<'_>,
    value: &StringMatch,
    virtual_service: &VirtualService<'_>,
) -> Option<Obstacle> {
    match &value.regex {
        Some(regex) => obstacle_of_regex(part, regex, virtual_service),
        None => obstacle_of_plain(part, value, virtual_service),
    }
}

fn obstacle_of_plain(
    part: MatchText<'_>,
    value: &StringMatch,
    virtual_service: &VirtualService<'_>,
) -> Option<Obstacle> {
    let (kind, text) = plain_text(value)?;
    match part {
        MatchText::Path => obstacle_of_path(kind, text),
        MatchText::Method if text.bytes().any(|byte| byte.is_ascii_lowercase()) => {
            let message = format!("HTTP methods are case-sensitive, and clients do not send `{}`", text.value);
            let help = Advice::write(Edit::set(text.span, text.to_ascii_uppercase()));
            Some(Obstacle { finding: &METHOD_CASE, ..Obstacle::new(text.span, message, help) })
        }
        MatchText::Scheme if !has_scheme(&Matcher::new(value)) => {
            let message = match kind {
                "prefix" => format!("no request has a scheme that starts with `{}`", text.value),
                _ => format!("no request has scheme `{}`", text.value),
            };
            Some(Obstacle::new(text.span, message, "write `http` or `https`"))
        }
        MatchText::Authority if kind == "exact" => obstacle_of_authority(text, virtual_service),
        MatchText::Authority => obstacle_of_authority_prefix(text, virtual_service),
        _ => None,
    }
}

fn has_scheme(matcher: &Matcher) -> bool {
    SCHEMES.iter().any(|scheme| matcher.matches(scheme.as_bytes()))
}

fn obstacle_of_path(kind: &str, text: &Spanned<String>) -> Option<Obstacle> {
    let is_pattern = text.contains(['*', '^']);
    if kind == "prefix" && text.is_empty() || is_pattern {
        return None;
    }
    let (reason, help) = match text.as_str() {
        path if !path.starts_with('/') => {
            ("a path starts with `/`", Advice::write(Edit::set(text.span, format!("/{path}"))))
        }
        path if path.contains('?') => {
            ("the query is not part of the path", "match query parameters with `queryParams`".into())
        }
        path if path.contains('#') => {
            let bare = path.split('#').next().unwrap_or_default();
            let help =
                Advice::new("remove the `#` and everything after it").fix([Edit::set(text.span, bare).unshown()]);
            ("clients do not send fragments", help)
        }
        path if path.contains(' ') => {
            ("clients escape spaces", Advice::write(Edit::set(text.span, path.replace(' ', "%20"))))
        }
        _ => return None,
    };
    Some(Obstacle::new(text.span, format!("`{}` does not match any path: {reason}", text.value), help))
}

/// A Gateway passes on only requests for the hosts of the VirtualService.
fn obstacle_of_authority(authority: &Spanned<String>, virtual_service: &VirtualService<'_>) -> Option<Obstacle> {
    if virtual_service.is_delegate() || virtual_service.binds_mesh() {
        return None;
    }
    let (name, _) = split_port(authority);
    let lower = name.to_ascii_lowercase();
    let is_own = |host: &Spanned<String>| host::overlap(&host.to_ascii_lowercase(), &lower);
    if name.contains('*') || virtual_service.hosts.iter().any(is_own) {
        return None;
    }
    Some(Obstacle::new(
        authority.span,
        format!("no request for `{name}` reaches {}", described(virtual_service)),
        format!("add `{name}` to `spec.hosts`, or remove the condition"),
    ))
}

/// The same for the start of the authority.
fn obstacle_of_authority_prefix(prefix: &Spanned<String>, virtual_service: &VirtualService<'_>) -> Option<Obstacle> {
    if prefix.contains('*') || virtual_service.is_delegate() || virtual_service.binds_mesh() {
        return None;
    }
    let starting = EnvoyRegex::new(&format!("{}.*", regex_syntax::escape(prefix))).ok()?;
    let possible = EnvoyRegex::new(&authorities_of(virtual_service)).ok()?;
    (starting.meets(&possible) == Some(false)).then(|| {
        let message =
            format!("no request for a host that starts with `{}` reaches {}", prefix.value, described(virtual_service));
        Obstacle::new(prefix.span, message, "match a host of the VirtualService, or remove the condition")
    })
}

/// A VirtualService and its hosts.
fn described(virtual_service: &VirtualService<'_>) -> String {
    let are = if virtual_service.hosts.len() == 1 { "host is" } else { "hosts are" };
    let hosts = list(virtual_service.hosts.iter().map(|host| &host.value), "and");
    format!("VirtualService `{}`: its {are} {hosts}", virtual_service.name)
}

/// Whether no request meets a condition with an expression.
pub(super) fn is_impossible(
    part: MatchText<'_>,
    regex: &Spanned<String>,
    virtual_service: &VirtualService<'_>,
) -> bool {
    obstacle_of_regex(part, regex, virtual_service).is_some_and(|obstacle| obstacle.finding != &METHOD_CASE)
}

fn obstacle_of_regex(
    part: MatchText<'_>,
    regex: &Spanned<String>,
    virtual_service: &VirtualService<'_>,
) -> Option<Obstacle> {
    let compiled = EnvoyRegex::new(regex).ok()?;
    let written = regex.as_str();
    let misses_all = |texts: &str| EnvoyRegex::new(texts).ok().and_then(|it| compiled.meets(&it)) == Some(false);
    let message = match part {
        MatchText::Path if takes_some_path(&compiled) == Some(false) => {
            format!("`{written}` does not match any path as a whole")
        }
        MatchText::Method if misses_all(METHOD) => format!("`{written}` does not match any method as a whole"),
        MatchText::Method if misses_all("[^a-z]*") => {
            let message = format!("HTTP methods are case-sensitive, and `{written}` matches only lower-case ones");
            let upper_case = written.to_ascii_uppercase();
            let help = match written.contains('\\') {
                true => "write the methods in upper case".into(),
                false => Advice::write(Edit::set(regex.span, upper_case)),
            };
            return Some(Obstacle { finding: &METHOD_CASE, ..Obstacle::new(regex.span, message, help) });
        }
        MatchText::Scheme if !has_scheme(&Matcher::Regex(compiled.clone())) => {
            return Some(Obstacle::new(
                regex.span,
                format!("no request has a scheme that `{written}` matches"),
                "write `http`, `https` or `https?`",
            ));
        }
        MatchText::Authority if !virtual_service.is_delegate() && !virtual_service.binds_mesh() => {
            if !misses_all(&authorities_of(virtual_service)) {
                return None;
            }
            format!("no request for a host that `{written}` matches reaches {}", described(virtual_service))
        }
        MatchText::WithoutHeader(name) if covers_all(&compiled) => {
            let message = format!(
                "this condition is never true: Envoy treats a missing header `{name}` as empty, which `{written}` matches"
            );
            return Some(Obstacle::new(regex.span, message, "write `{}` to match requests without the header"));
        }
        MatchText::Header(name) if misses_all("(?s).*") => {
            format!("`{written}` does not match any value of header `{name}` as a whole")
        }
        MatchText::Query(name) if misses_all("(?s).*") => {
            format!("`{written}` does not match any value of parameter `{name}` as a whole")
        }
        _ => return None,
    };
    Some(Obstacle::new(regex.span, message, advice(part, regex, &compiled)))
}

/// Whether an expression matches every value of a header, and the empty text.
fn covers_all(regex: &EnvoyRegex) -> bool {
    EnvoyRegex::new(".*").ok().and_then(|values| regex.covers(&values)) == Some(true)
}

/// An expression for the authorities of requests that a Gateway passes on to a VirtualService.
fn authorities_of(virtual_service: &VirtualService<'_>) -> String {
    let escaped = |text: &str| text.replace('.', "\\.");
    let of_host = |host: &Spanned<String>| match host::wildcard_suffix(host) {
        Some(suffix) => format!(".*{}", escaped(suffix)),
        None => escaped(host),
    };
    let hosts: Vec<String> = virtual_service.hosts.iter().map(of_host).collect();
    format!("(?i)({})(:[0-9]*)?", hosts.join("|"))
}

/// The advice for an expression that matches nothing.
fn advice(part: MatchText<'_>, regex: &str, compiled: &EnvoyRegex) -> String {
    let can_match = |it: &EnvoyRegex| takes_some_path(it) != Some(false) || part != MatchText::Path;
    let meant = from_javascript(regex, part.can_have_slashes())
        .filter(|meant| EnvoyRegex::new(meant).is_ok_and(|it| can_match(&it)));
    let only = compiled.only_text();
    match (part, only.as_deref()) {
        (MatchText::Method, _) if meant.is_some() => "write `GET|POST`, without delimiters".to_owned(),
        _ if meant.is_some() => format!("write `{}`, without delimiters and flags", meant.unwrap_or_default()),
        (MatchText::Path, Some("*" | ".*")) => "write `prefix: /` to match every path".to_owned(),
        (MatchText::Path, Some("")) => "write `exact: /` to match the root path".to_owned(),
        (MatchText::Method, Some(list)) if list.contains(',') => {
            format!("write `{}`", list.replace(", ", "|").replace(',', "|").to_ascii_uppercase())
        }
        (MatchText::Method, _) => "write methods in upper case, such as `GET|POST`".to_owned(),
        (MatchText::Authority, _) => "match a host of the VirtualService, or remove the condition".to_owned(),
        _ if has_inner_anchor(regex) => "remove `^` and `$` from the middle of the expression".to_owned(),
        (MatchText::Path, _) => "start the expression with `/`, and leave out the query".to_owned(),
        _ => "correct the expression, or remove the condition".to_owned(),
    }
}

/// Whether an expression has an anchor that is not at its start or end.
fn has_inner_anchor(regex: &str) -> bool {
    let inner = regex.trim_start_matches('^').trim_end_matches('$');
    let mut before = ' ';
    inner.chars().any(|letter| {
        let is_anchor = (letter == '$' && before != '\\') || (letter == '^' && !"\\[".contains(before));
        before = letter;
        is_anchor
    })
}
