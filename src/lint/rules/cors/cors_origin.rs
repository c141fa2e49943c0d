//! `cors-origin`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::networking::CorsPolicy;
use crate::source::Spanned;
use crate::uri::Url;

pub static RULE: Rule = rule! {
    name: "cors-origin",
    aliases: [],
    severity: Warning,
    summary: "an origin of a CORS policy that no browser sends, or that lets in more than it says",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let rules = context.world.virtual_services.iter().flat_map(|service| &service.spec.http);
    for policy in rules.filter_map(|rule| rule.cors_policy.as_ref()) {
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

/// Browsers send scheme, host and a port that is not the scheme's own, in small letters.
fn check_exact(origin: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let text = origin.as_str();
    if ["*", "null", ""].contains(&text) {
        return;
    }
    if !text.contains("://") {
        diagnostics
            .report_default(origin.span, "an origin begins with a scheme, so no browser sends this")
            .help(format!("write https://{text}"));
        return;
    }
    let Some(url) = Url::parse(text) else { return };
    let own_port = match url.scheme().as_deref() {
        Some("http") => 80,
        Some("https") => 443,
        _ => return,
    };
    let scheme = url.scheme().unwrap_or_default();
    let host = url.authority();
    let (message, help) = if !url.rest().is_empty() {
        (
            "an origin has no path, not even a slash at its end, so no browser sends this",
            format!("write {scheme}://{host}"),
        )
    } else if host.contains('*') {
        let pattern = host.replace('.', "\\.").replace('*', "[^.]+");
        ("a wildcard has no special meaning in an origin", format!("write regex: {scheme}://{pattern}"))
    } else if url.port() == Some(own_port) {
        ("browsers leave out the scheme's own port, so none sends this", format!("write {scheme}://{}", url.host()))
    } else if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        ("browsers write origins in small letters, so none sends this", format!("write {}", text.to_ascii_lowercase()))
    } else {
        return;
    };
    diagnostics.report_default(origin.span, message).help(help);
}

/// A prefix that ends within a name has no end.
fn check_prefix(prefix: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let Some(url) = Url::parse(prefix).filter(|url| url.scheme().is_some()) else { return };
    let host = url.authority();
    if !url.rest().is_empty() {
        diagnostics
            .report_default(prefix.span, "an origin has no path, not even a slash at its end, so no browser sends this")
            .help("write exact, without the slash");
    } else if host.contains('.') && host.ends_with(|last: char| last.is_ascii_alphanumeric()) {
        diagnostics
            .report_default(prefix.span, format!("this also allows {}.evil.example", prefix.value))
            .help(format!("write exact: {}; regex if its port varies", prefix.value));
    }
}

/// In a host name a dot is meant as one.
fn check_regex(context: &Context<'_>, regex: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let Some(at) = unescaped_dot(regex) else { return };
    let example = format!("{}x{}", &regex[..at], &regex[at + 1..]);
    diagnostics
        .report_default(
            context.part_of(regex.span, at..at + 1),
            "this dot stands for any character, so other hosts are allowed as well",
        )
        .help(format!("write \\. for a dot: with this one {example} would do as well"));
}

/// A dot between two names of a host: behind a letter or digit and before one, or before a group of names.
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
                let ends_name = before.is_some_and(|it| it.is_ascii_alphanumeric() || b")]*+".contains(&it));
                let is_escape = at >= 2 && bytes[at - 2] == b'\\';
                if ends_name && !is_escape && after.is_some_and(|it| it.is_ascii_alphanumeric() || *it == b'(') {
                    return Some(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}
