//! Expressions of `mistaken-match-type`: what RE2 reads as something else than it looks like.

use super::match_texts::{MatchApi, MatchText};
use super::mistaken_match_type::{
    DELIMITED_REGEX, EMPTY_VALUE, ESCAPED_PATTERN, GLOB_AS_REGEX, OPEN_REGEX, TEXT_AS_REGEX, as_regex, is_any,
    is_plain, pattern_in_path, pattern_in_value,
};
use crate::advice::{Advice, Edit};
use crate::lint::Diagnostics;
use crate::re2::{Re2, from_glob, from_javascript};
use crate::routing::EnvoyRegex;
use crate::source::Spanned;

/// Headers whose values have many parts, one of which is usually meant.
const OF_MANY_PARTS: [&str; 4] = ["cookie", "user-agent", "referer", "via"];

/// Checks an expression that some requests meet.
pub(super) fn check_regex(part: MatchText<'_>, regex: &Spanned<String>, api: MatchApi, diagnostics: &mut Diagnostics) {
    // istiod tests for presence (istiod: `canBeConvertedToPresentMatch`).
    if regex.as_str() == "*" {
        return;
    }
    let Ok(compiled) = EnvoyRegex::new(regex) else { return };
    if let Some(meant) = from_javascript(regex, part.can_have_slashes()) {
        let message = format!(
            "regular expressions have no delimiters here: Envoy compares `/` and flags of `{}` as text",
            regex.value
        );
        diagnostics.report(&DELIMITED_REGEX, regex.span, message).write(meant);
        return;
    }
    if is_plain(regex) {
        return check_plain_regex(part, regex, api, diagnostics);
    }
    let only = compiled.only_text();
    if let Some(only) = only.as_deref().filter(|only| !part.can_be_pattern(only)) {
        return check_only_text(part, regex, only, api, diagnostics);
    }
    if needs_asterisk(&compiled) && !part.can_be_pattern("*") {
        let message = format!("`{}` matches only texts that contain `*`, {}", regex.value, effect(part));
        let meant = from_glob(&regex.replace("\\*", "*")).map(|glob| glob.expression);
        diagnostics.report(&ESCAPED_PATTERN, regex.span, message).help(match meant {
            Some(meant) => Advice::write(Edit::set(regex.span, meant)),
            None => "write `.*` in place of `\\*`".into(),
        });
        return;
    }
    // `https*` matches both schemes.
    let can_be_glob = only.is_none() && !matches!(part, MatchText::Scheme | MatchText::Method);
    if let Some(glob) = from_glob(regex).filter(|_| can_be_glob) {
        let missed = glob.missed.and_then(|text| String::from_utf8(text).ok());
        let message = match missed {
            Some(missed) => format!(
                "a regular expression is not a glob: `{}` does not match `{missed}`, because `*` repeats the character before it",
                regex.value
            ),
            None => {
                format!("a regular expression is not a glob: `*` in `{}` repeats the character before it", regex.value)
            }
        };
        diagnostics.report(&GLOB_AS_REGEX, regex.span, message).write(glob.expression);
    }
}

/// Reports an expression that matches only one text, if that text is a pattern, or empty.
fn check_only_text(
    part: MatchText<'_>,
    regex: &Spanned<String>,
    only: &str,
    api: MatchApi,
    diagnostics: &mut Diagnostics,
) {
    if only.is_empty() {
        return check_empty(part, regex, diagnostics);
    }
    let pattern = match part {
        MatchText::Path => pattern_in_path(only),
        _ => pattern_in_value(part, only),
    };
    if pattern.is_none() {
        // An author who writes only `^` wants what begins with the text.
        if regex.starts_with('^') && !regex.ends_with('$') {
            let message =
                format!("a regular expression must match the whole text: `{}` matches only `{only}`", regex.value);
            diagnostics.report(&OPEN_REGEX, regex.span, message).help(format!("write `{}.*`", regex.value));
        }
        return;
    }
    let message = format!("`{}` matches only the text `{only}`, {}", regex.value, effect(part));
    let meant = as_regex(part, false, only);
    let help = match part {
        MatchText::WithoutHeader(_) if is_any(only) => "write `{}` to match requests without the header".to_owned(),
        _ if part.may_be_missing() && is_any(only) => api.presence(),
        _ if Re2::new(&meant).is_ok() => format!("write `{meant}`"),
        _ => "write the pattern without `\\`".to_owned(),
    };
    diagnostics.report(&ESCAPED_PATTERN, regex.span, message).help(help);
}

/// The effect of a condition that almost no value meets.
fn effect(part: MatchText<'_>) -> &'static str {
    match part {
        MatchText::WithoutHeader(_) => "so almost every request meets the condition",
        _ => "so almost no request meets the condition",
    }
}

/// Whether an expression matches only texts with an asterisk.
fn needs_asterisk(regex: &EnvoyRegex) -> bool {
    EnvoyRegex::new("[^*]*").ok().and_then(|others| regex.meets(&others)) == Some(false)
}

/// Reports a condition that only an empty value meets.
pub(super) fn check_empty(part: MatchText<'_>, value: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let (message, help) = match part {
        MatchText::Header(name) => (
            format!("the condition matches only an empty header `{name}`: requests without the header do not meet it"),
            format!(
                "write `withoutHeaders: {{{name}: {{}}}}` in place of the condition to match requests without the header"
            ),
        ),
        MatchText::Query(name) => (
            format!(
                "the condition matches only an empty parameter `{name}`: requests without the parameter do not meet it"
            ),
            "use `exact: \"\"` to match the empty value, or a later route without the condition".to_owned(),
        ),
        _ => return,
    };
    diagnostics.report(&EMPTY_VALUE, value.span, message).help(help);
}

/// An expression without special characters, which must equal the whole text.
fn check_plain_regex(part: MatchText<'_>, regex: &Spanned<String>, api: MatchApi, diagnostics: &mut Diagnostics) {
    let text = regex.as_str();
    let (message, help) = match part {
        MatchText::Path => (
            format!("a regular expression must match the whole path, so this matches only `{text}`"),
            match api {
                MatchApi::Istio => "write `exact` to match this path only, or `prefix` to match the paths below it too",
                MatchApi::GatewayApi => "use type `Exact`, or `PathPrefix` to match the paths below it too",
            }
            .to_owned(),
        ),
        MatchText::Header(name) | MatchText::WithoutHeader(name)
            if OF_MANY_PARTS.contains(&name.to_ascii_lowercase().as_str()) =>
        {
            (
                format!("a regular expression must match the whole header `{name}`, so this matches only `{text}`"),
                format!("write `.*{text}.*` to match headers that contain it"),
            )
        }
        _ => return,
    };
    diagnostics.report(&TEXT_AS_REGEX, regex.span, message).help(help);
}
