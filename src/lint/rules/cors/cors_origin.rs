//! `cors-origin`

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::networking::CorsPolicy;
use crate::re2::{find_text, from_glob, from_javascript};
use crate::routing::EnvoyRegex;
use crate::source::Spanned;
use crate::uri::Url;

pub static RULE: Rule = rule! {
    name: "cors-origin",
    summary: "an origin of a CORS policy matches no site, or also sites that it should not match",
    findings: [&OPEN_PREFIX, &UNESCAPED_DOT, &GLOB, &NEVER_SENT],
    check: check,
};

static OPEN_PREFIX: Finding = finding! {
    "open-prefix", Exposed, Likely, [],
    "a prefix ends within a host name, so other sites match too",
};
static UNESCAPED_DOT: Finding = finding! {
    "unescaped-dot", Exposed, Likely, [],
    "a dot in a regular expression matches any character, so other sites can match too",
};
static GLOB: Finding = finding! {
    "glob", Lost, Likely, [],
    "a regular expression is a glob, whose `*` repeats the character before it",
};
static NEVER_SENT: Finding = finding! {
    "never-sent", Surprising, Certain, [],
    "no browser sends the origin",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let routes = context.world.virtual_services.iter().flat_map(|virtual_service| &virtual_service.spec.http);
    for policy in routes.filter_map(|route| route.cors_policy.as_ref()) {
        check_policy(context, policy, diagnostics);
    }
}

fn check_policy(context: &Context<'_>, policy: &CorsPolicy, diagnostics: &mut Diagnostics) {
    policy.allow_origin.iter().for_each(|origin| check_exact(origin, diagnostics));
    for origin in &policy.allow_origins {
        match (&origin.regex, &origin.prefix, &origin.exact) {
            (Some(regex), ..) => check_regex(context, regex, diagnostics),
            (None, Some(prefix), _) => check_prefix(prefix, diagnostics),
            (None, None, Some(exact)) => check_exact(exact, diagnostics),
            (None, None, None) => {}
        }
    }
}

/// Browsers send the scheme, the host, and the port unless it is the default of the scheme, all in lower case.
fn check_exact(origin: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let text = origin.as_str();
    if ["*", "null", ""].contains(&text) {
        return;
    }
    if !text.contains("://") {
        diagnostics
            .report(
                &NEVER_SENT,
                origin.span,
                format!("no browser sends origin `{text}`: an origin starts with a scheme"),
            )
            .help(Advice::write(Edit::set(origin.span, sent(&format!("https://{text}")))));
        return;
    }
    let Some(url) = Url::parse(text) else { return };
    let default_port = match url.scheme().as_deref() {
        Some("http") => 80,
        Some("https") => 443,
        _ => return,
    };
    let scheme = url.scheme().unwrap_or_default();
    let host = url.authority();
    let (reason, help) = if !url.rest().is_empty() {
        ("an origin has no path, not even a final slash", Advice::write(Edit::set(origin.span, sent(text))))
    } else if host.contains('*') {
        let edit = Edit::replace(origin.span, "regex", wildcard(&scheme, &host));
        let help = Advice::new(format!("write {edit} in `allowOrigins`")).fix([edit]);
        ("a wildcard has no special meaning", help)
    } else if url.port() == Some(default_port) {
        ("browsers leave out the default port", Advice::write(Edit::set(origin.span, sent(text))))
    } else if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        ("browsers send lower case", Advice::write(Edit::set(origin.span, sent(text))))
    } else {
        return;
    };
    let message = format!("no browser sends origin `{text}`: {reason}");
    diagnostics.report(&NEVER_SENT, origin.span, message).help(help);
}

/// The origin as a browser sends it: in lower case, without a path and the default port.
fn sent(text: &str) -> String {
    let text = text.to_ascii_lowercase();
    let Some((scheme, url)) = Url::parse(&text).and_then(|url| Some((url.scheme()?, url))) else {
        return text;
    };
    let is_default = matches!((scheme.as_str(), url.port()), ("http", Some(80)) | ("https", Some(443)));
    format!("{scheme}://{}", if is_default { url.host().to_owned() } else { url.authority() })
}

/// The expression for the origins that a host with wildcards means.
fn wildcard(scheme: &str, host: &str) -> String {
    let ports = host.strip_suffix(":*").map(|name| (name, "(:[0-9]+)?"));
    let (name, port) = ports.unwrap_or((host, ""));
    format!("{scheme}://{}{port}", name.replace('.', "\\.").replace('*', "[^.]+"))
}

/// Checks that a prefix does not end within a host name, where any text can follow.
fn check_prefix(prefix: &Spanned<String>, diagnostics: &mut Diagnostics) {
    // The text `*` allows every origin (Envoy: `isOriginAllowed`).
    if prefix.as_str() != "*" && !prefix.contains("://") && prefix.contains(['.', '*']) {
        let message =
            format!("no browser sends an origin with prefix `{}`: an origin starts with a scheme", prefix.value);
        diagnostics.report(&NEVER_SENT, prefix.span, message).help(match prefix.contains('*') {
            true => Advice::write(Edit::replace(prefix.span, "regex", wildcard("https", prefix))),
            false => Advice::write(Edit::replace(prefix.span, "exact", sent(&format!("https://{}", prefix.value)))),
        });
        return;
    }
    let Some(url) = Url::parse(prefix).filter(|url| url.scheme().is_some()) else { return };
    let host = url.authority();
    if host.contains('*') && url.rest().is_empty() {
        let message =
            format!("no browser sends an origin with prefix `{}`: a wildcard has no special meaning", prefix.value);
        let pattern = wildcard(&url.scheme().unwrap_or_default(), &host);
        let help = Advice::write(Edit::replace(prefix.span, "regex", pattern));
        diagnostics.report(&NEVER_SENT, prefix.span, message).help(help);
    } else if !url.rest().is_empty() {
        diagnostics
            .report(
                &NEVER_SENT,
                prefix.span,
                format!("no browser sends an origin with prefix `{}`: an origin has no path", prefix.value),
            )
            .help(Advice::write(Edit::replace(prefix.span, "exact", sent(prefix))));
    } else if host.contains('.') && prefix.ends_with(|last: char| last.is_ascii_alphanumeric()) {
        diagnostics
            .report(
                &OPEN_PREFIX,
                prefix.span,
                format!("prefix `{0}` also allows origin `{0}.evil.example`", prefix.value),
            )
            .help({
                let edit = Edit::replace(prefix.span, "exact", sent(prefix));
                Advice::new(format!("write {edit}, or a `regex` if the port varies")).option([edit])
            });
    }
}

/// The origins that browsers send for web sites.
const ORIGINS: &str = r"https?://[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9-]+)*(:[0-9]+)?";

/// Checks an expression: that some browser sends an origin that it matches, and that dots between the labels of a host are
/// escaped.
fn check_regex(context: &Context<'_>, regex: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let Ok(compiled) = EnvoyRegex::new(regex) else { return };
    // The text `*` allows every origin (Envoy: `isOriginAllowed`). Applications and extensions have schemes of their own.
    let is_of_site = !regex.contains("://") || regex.contains("http") || regex.contains('^');
    let origins = EnvoyRegex::new(ORIGINS).ok().filter(|_| is_of_site && !compiled.matches(b"*"));
    if origins.and_then(|origins| compiled.meets(&origins)) == Some(false) && !compiled.matches(b"null") {
        let message = format!("no browser sends an origin that `{}` matches as a whole", regex.value);
        diagnostics.report(&NEVER_SENT, regex.span, message).help(regex_advice(regex));
        return;
    }
    if let Some(glob) = from_glob(regex).filter(|glob| glob.missed.is_some() && !compiled.matches(b"*")) {
        let message =
            format!("a regular expression is not a glob: `*` in `{}` repeats the character before it", regex.value);
        let expression = glob.expression.replace("://.*", "://[^.]+");
        diagnostics.report(&GLOB, regex.span, message).write(expression);
        return;
    }
    let Some(at) = unescaped_dot(regex) else { return };
    let message = match unwanted_origin(regex, at) {
        Some(origin) => format!("this `.` matches any character, so the expression also matches `{origin}`"),
        None => "this `.` matches any character, so the expression also matches other hosts".to_owned(),
    };
    let mut escaped = regex.value.clone();
    while let Some(at) = unescaped_dot(&escaped) {
        escaped.insert(at, '\\');
    }
    let edit = Edit::set(regex.span, escaped).shown("\\.");
    diagnostics
        .report(&UNESCAPED_DOT, context.part_of(regex.span, at..at + 1), message)
        .help(Advice::new(format!("write {edit} to match a dot")).fix([edit]));
}

/// The advice for an expression that matches no origin.
fn regex_advice(regex: &Spanned<String>) -> Advice {
    if let Some(meant) = from_javascript(regex, false) {
        let edit = Edit::set(regex.span, meant);
        return Advice::new(format!("write {edit}, without delimiters and flags")).fix([edit]);
    }
    match regex.trim_start_matches('^') {
        rest if !rest.contains("://") && !rest.starts_with("http") => {
            let edit = Edit::set(regex.span, format!("https://{rest}"));
            Advice::new(format!("start the expression with a scheme: {edit}")).fix([edit])
        }
        _ => "write an expression for a scheme, a host and a port, without a path".into(),
    }
}

/// An origin that an expression matches only because it does not escape the dot at an offset.
fn unwanted_origin(regex: &str, at: usize) -> Option<String> {
    let mut literal = format!("{}x{}", &regex[..at], &regex[at + 1..]);
    while let Some(at) = unescaped_dot(&literal) {
        literal.insert(at, '\\');
    }
    let language = |source: &str| EnvoyRegex::new(source).ok()?.language();
    find_text(&[&language(&literal)?, &language(ORIGINS)?], &[]).into_utf8()
}

/// The offset of a dot between two labels of a host: after a letter, a digit or the end of a group, and before a letter, a
/// digit or a group.
fn unescaped_dot(regex: &str) -> Option<usize> {
    let bytes = regex.as_bytes();
    let mut is_in_class = false;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' => is_in_class = true,
            b']' => is_in_class = false,
            b'.' if !is_in_class => {
                let before = at.checked_sub(1).map(|before| bytes[before]);
                let after = bytes.get(at + 1);
                let ends_label = before.is_some_and(|it| it.is_ascii_alphanumeric() || b")]*+".contains(&it));
                let is_escape = at >= 2 && bytes[at - 2] == b'\\';
                if ends_label && !is_escape && after.is_some_and(|it| it.is_ascii_alphanumeric() || *it == b'(') {
                    return Some(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}
