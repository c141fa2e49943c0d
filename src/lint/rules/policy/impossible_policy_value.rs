//! `impossible-policy-value`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::security::Operation;
use crate::source::Spanned;
use crate::uri::Url;

pub static RULE: Rule = rule! {
    name: "impossible-policy-value",
    summary: "a path or host of an AuthorizationPolicy matches no request that it is written for",
    findings: [&REGEX, &ASTERISK, &COVERED, &QUERY, &NO_SLASH, &HOST],
    check: check,
};

static REGEX: Finding = finding! {
    "regex", Lost, Certain, [],
    "a path ends with `.*`, which is not read as a regular expression",
};
static ASTERISK: Finding = finding! {
    "asterisk", Lost, Certain, [],
    "a path has an asterisk in the middle, where it has no special meaning",
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
    "a host has a scheme or a path",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for policy in context.world.policies.authorization_policies() {
        let operations = policy.spec.rules.iter().flat_map(|rule| &rule.to).filter_map(|to| to.operation.as_ref());
        operations.for_each(|operation| check_operation(operation, context, diagnostics));
    }
}

fn check_operation(operation: &Operation, context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for paths in [&operation.paths, &operation.not_paths] {
        for path in paths.iter().filter(|path| !context.is_refused(path.span)) {
            check_path(path, paths, diagnostics);
        }
    }
    for host in operation.hosts.iter().chain(&operation.not_hosts).filter(|host| host.contains('/')) {
        let help = Url::parse(host)
            .map_or_else(|| "write the host only".to_owned(), |url| format!("write `{}`", url.authority()));
        diagnostics
            .report(
                &HOST,
                host.span,
                format!("no request has the host `{}`: hosts have neither scheme nor path", host.value),
            )
            .help(help);
    }
}

/// A proxy compares the whole path, or the part that an asterisk at one end leaves; `{*}` and `{**}` make it a template
/// (istiod: `matcher.PathMatcher`).
fn check_path(path: &Spanned<String>, all: &[Spanned<String>], diagnostics: &mut Diagnostics) {
    let text = path.as_str();
    if text == "*" || text.contains('{') {
        return;
    }
    let compared = text.strip_prefix('*').or(text.strip_suffix('*')).unwrap_or(text);
    let covering = covering(text, all);
    if let Some(prefix) = text.strip_suffix(".*").filter(|prefix| !prefix.contains('*')) {
        diagnostics
            .report(
                if covering.is_some() { &COVERED } else { &REGEX },
                path.span,
                format!("`{text}` is not read as a regular expression: it matches paths that start with `{prefix}.`"),
            )
            .help(match covering {
                Some(covering) => format!("remove it: `{covering}` matches these paths"),
                None => format!("write `{prefix}*`"),
            });
    } else if compared.contains('*') {
        diagnostics
            .report(
                if covering.is_some() { &COVERED } else { &ASTERISK },
                path.span,
                format!("`{text}` is not a pattern: `*` is special only at one end of a path"),
            )
            .help(match (covering, template(text)) {
                (Some(covering), _) => format!("remove it: `{covering}` matches these paths"),
                (None, Some(template)) => format!("write `{template}`"),
                (None, None) => "list the paths, or keep only a `*` at one end".to_owned(),
            });
    } else if compared.contains('?') {
        let path_only = text.split('?').next().unwrap_or_default();
        diagnostics
            .report(&QUERY, path.span, format!("no request matches `{text}`: paths are compared without the query"))
            .help(format!("write `{path_only}`"));
    } else if !text.starts_with(['/', '*']) && !text.is_empty() {
        diagnostics
            .report(&NO_SLASH, path.span, format!("no request has the path `{text}`: paths start with a slash"))
            .help(format!("write `/{text}`"));
    }
}

/// The prefix in a list of paths that matches all requests for which a path with asterisks is written: `/dex/*` for
/// `/dex/**`.
fn covering<'p>(path: &str, all: &'p [Spanned<String>]) -> Option<&'p str> {
    let start = path.split('*').next().unwrap_or_default();
    let start = if path.ends_with(".*") { start.trim_end_matches('.') } else { start };
    let covers = |prefix: &str| !prefix.contains(['*', '{']) && start.starts_with(prefix);
    all.iter().map(|other| other.as_str()).find(|other| other.strip_suffix('*').is_some_and(covers))
}

/// The path template that says what a path with asterisks seems to say. Placeholders are whole segments, and `{**}` is
/// the last one.
fn template(path: &str) -> Option<String> {
    let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    let last = segments.len() - 1;
    let placeholder = |(index, segment): (usize, &&str)| match *segment {
        "*" if index == last => Some("{**}".to_owned()),
        "*" | ".*" | ".+" => Some("{*}".to_owned()),
        segment => (!segment.is_empty() && !segment.contains('*')).then(|| segment.to_owned()),
    };
    let segments: Option<Vec<String>> = segments.iter().enumerate().map(placeholder).collect();
    Some(format!("/{}", segments?.join("/")))
}
