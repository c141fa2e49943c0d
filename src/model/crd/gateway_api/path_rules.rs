//! CEL rules of path matches and of rules with redirects and rewrites.

use crate::advice::{Advice, Edit};
use crate::model::Duration;
use crate::model::crd::schema::{present, text};
use crate::model::crd::structural::{Refusal, form, refuse};
use crate::model::problem::in_backticks;
use crate::yaml::Node;

/// The HTTP methods of CORS, where `*` means all of them.
pub const METHODS: [&str; 10] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"];

/// The rules of a path match. Those of the type are true for every valid type; the others concern Exact and PathPrefix.
pub const PATH_RULES: [fn(&Node) -> Option<Refusal>; 11] = [
    starts_with_slash,
    |path| without(path, "//", "/"),
    |path| without(path, "/./", "/"),
    |path| without(path, "/../", "/"),
    |path| without(path, "%2f", "/"),
    |path| without(path, "%2F", "/"),
    |path| without(path, "#", "%23"),
    |path| ends_with(path, "/.."),
    |path| ends_with(path, "/."),
    type_exists,
    has_valid_characters,
];

/// The value of a path match that is not a regular expression, and its text.
fn literal(path: &Node) -> Option<(&Node, &str)> {
    let value = present(path, "value").filter(|_| text(path, "type") != Some("RegularExpression"))?;
    Some((value, value.as_str()?))
}

fn starts_with_slash(path: &Node) -> Option<Refusal> {
    let (value, written) = literal(path).filter(|(_, written)| !written.starts_with('/'))?;
    let message = format!("path {} does not start with a slash", in_backticks(written));
    Some(refuse(value.span, message, Advice::write(Edit::set(value.span, format!("/{written}")))))
}

fn without(path: &Node, part: &str, replacement: &str) -> Option<Refusal> {
    let (value, written) = literal(path).filter(|(_, written)| written.contains(part))?;
    let message = format!("path {} contains `{part}`, which the API server does not allow", in_backticks(written));
    let mut repaired = written.to_owned();
    while repaired.contains(part) {
        repaired = repaired.replace(part, replacement);
    }
    let is_valid = form::is_path(&repaired) && !repaired.contains("//");
    let help = match is_valid {
        true => Advice::write(Edit::set(value.span, repaired)),
        false => format!("remove `{part}`").into(),
    };
    Some(refuse(value.span, message, help))
}

fn ends_with(path: &Node, part: &str) -> Option<Refusal> {
    let (value, written) = literal(path).filter(|(_, written)| written.ends_with(part))?;
    let message = format!("path {} ends with a relative segment", in_backticks(written));
    Some(refuse(value.span, message, format!("remove `{}` at its end", part.trim_start_matches('/'))))
}

fn type_exists(path: &Node) -> Option<Refusal> {
    let kind = present(path, "type")?;
    let is_known = ["Exact", "PathPrefix", "RegularExpression"].contains(&kind.as_str().unwrap_or_default());
    (!is_known).then(|| refuse(kind.span, "the type of the match does not exist", "write `type: PathPrefix`"))
}

fn has_valid_characters(path: &Node) -> Option<Refusal> {
    let (value, written) = literal(path)?;
    let letter = form::invalid_in_path(written)?;
    let shown = in_backticks(&letter.to_string());
    let message = format!("path {} contains {shown}, which a URL path cannot contain", in_backticks(written));
    let help = match letter {
        '?' => "remove the query, and match it with `queryParams`".into(),
        '%' => "write two hexadecimal digits after `%`, or `%25` for a percent sign".into(),
        '^' | '[' | ']' | '{' | '}' | '|' | '\\' => {
            "set `type: RegularExpression` if it is a pattern, or write a path without it".into()
        }
        letter => {
            let repaired = written.replace(letter, &percent_encoded(letter));
            let encoded = format!("write it percent-encoded, as `{}`", percent_encoded(letter));
            match form::is_path(&repaired) {
                true => Advice::new(encoded).fix([Edit::set(value.span, repaired).unshown()]),
                false => encoded.into(),
            }
        }
    };
    Some(refuse(value.span, message, help))
}

fn percent_encoded(letter: char) -> String {
    letter.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// All rules of a route have at most 128 matches.
pub fn matches_in_all(rules: &Node) -> Option<Refusal> {
    let count = |rule: &Node| present(rule, "matches").map_or(0, |matches| matches.items().len());
    let sum: usize = rules.items().iter().map(count).sum();
    (sum > 128).then(|| {
        refuse(rules.span, format!("the rules have {sum} matches in all"), "use at most 128, or split the route in two")
    })
}

/// A rule that redirects has no backends.
pub fn redirects_have_no_backends(rule: &Node) -> Option<Refusal> {
    let backends = present(rule, "backendRefs").filter(|backends| !backends.items().is_empty())?;
    let filters = present(rule, "filters")?.items();
    let redirect = filters.iter().find(|filter| present(filter, "requestRedirect").is_some())?;
    let message = "a rule that redirects cannot have `backendRefs`: it forwards no requests";
    let help = "remove `backendRefs`, or move them to a rule without the RequestRedirect filter";
    Some(refuse(redirect.span, message, help).beside(backends.span, "the backends"))
}

/// A redirect of a rule that replaces the prefix has a prefix to replace.
pub fn redirect_has_prefix(rule: &Node) -> Option<Refusal> {
    prefix_of(rule, prefix_replacement(rule, "requestRedirect")?)
}

/// A rewrite of a rule that replaces the prefix has a prefix to replace.
pub fn rewrite_has_prefix(rule: &Node) -> Option<Refusal> {
    prefix_of(rule, prefix_replacement(rule, "urlRewrite")?)
}

/// The same for the redirects of backends.
pub fn backend_redirect_has_prefix(rule: &Node) -> Option<Refusal> {
    prefix_of(rule, only(present(rule, "backendRefs")?, |it| prefix_replacement(it, "requestRedirect"))?)
}

/// The same for the rewrites of backends.
pub fn backend_rewrite_has_prefix(rule: &Node) -> Option<Refusal> {
    prefix_of(rule, only(present(rule, "backendRefs")?, |it| prefix_replacement(it, "urlRewrite"))?)
}

/// The result of a function for the items of a list, if it has one for exactly one of them.
fn only<'n>(list: &'n Node, find: impl Fn(&'n Node) -> Option<&'n Node>) -> Option<&'n Node> {
    let mut found = list.items().iter().filter_map(find);
    found.next().filter(|_| found.next().is_none())
}

/// The `type` that replaces the prefix of the path, if exactly one filter of `owner` does.
fn prefix_replacement<'n>(owner: &'n Node, field: &str) -> Option<&'n Node> {
    only(present(owner, "filters")?, |filter| {
        let path = present(present(filter, field)?, "path")?;
        present(path, "replacePrefixMatch")?;
        present(path, "type").filter(|kind| kind.as_str() == Some("ReplacePrefixMatch"))
    })
}

fn prefix_of(rule: &Node, replacement: &Node) -> Option<Refusal> {
    let matches = present(rule, "matches").map(Node::items).unwrap_or_default();
    let kind = |it: &Node| present(it, "path").and_then(|path| text(path, "type").map(str::to_owned));
    let (message, help) = match matches {
        [one] if kind(one).as_deref() == Some("PathPrefix") => return None,
        [one] => {
            let kind = kind(one).unwrap_or_default();
            let message = format!("`ReplacePrefixMatch` replaces a prefix, but the match is of type {kind}");
            (message, "set `type: PathPrefix` in the match, or use `ReplaceFullPath`")
        }
        _ => (
            format!("`ReplacePrefixMatch` needs a rule with 1 match, and this rule has {}", matches.len()),
            "keep one match, and move the others to rules of their own",
        ),
    };
    Some(refuse(replacement.span, message, help))
}

/// The timeout of one attempt is within that of the request.
pub fn attempts_fit_request(timeouts: &Node) -> Option<Refusal> {
    let attempt = present(timeouts, "backendRequest")?;
    let limit = text(timeouts, "request")?;
    let (request, backend) = (Duration::parse(limit)?, Duration::parse(attempt.as_str()?)?);
    (request != Duration::default() && backend > request).then(|| {
        let message = format!("`backendRequest` is longer than `request`, which is `{limit}`");
        refuse(attempt.span, message, format!("write `{limit}` or less, or raise `request`"))
    })
}
