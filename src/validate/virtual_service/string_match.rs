//! How texts are compared (istio: `validateStringMatch`).

use crate::model::networking::StringMatch;
use crate::re2::Re2;
use crate::source::Spanned;
use crate::validate::Family;
use crate::validate::violation::Found;

/// The longest expression that istiod takes.
const LONGEST: usize = 1024;

/// What a match compares with: of several members the last one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Text<'a> {
    Present,
    Exact(&'a str),
    Prefix(&'a str),
    Regex(&'a str),
}

impl<'a> Text<'a> {
    pub fn of(text: &'a StringMatch) -> Self {
        match (&text.regex, &text.prefix, &text.exact) {
            (Some(regex), _, _) => Self::Regex(regex),
            (None, Some(prefix), _) => Self::Prefix(prefix),
            (None, None, Some(exact)) => Self::Exact(exact),
            (None, None, None) => Self::Present,
        }
    }
}

/// Checks a match of anything but a path.
pub fn check(text: &StringMatch, found: &mut Found<'_>) {
    let prefix = text.prefix.as_ref().filter(|_| Text::of(text) == Text::Prefix(""));
    if let Some(prefix) = prefix {
        found
            .error("SM-1", Family::MissingField, prefix.span, "this prefix is empty")
            .help("write what it begins with, or {} for anything");
    }
    check_path(text, found);
}

/// Checks the match of a path, whose prefix may be empty.
pub fn check_path(text: &StringMatch, found: &mut Found<'_>) {
    let Some(regex) = &text.regex else { return };
    if regex.is_empty() {
        found.error("SM-2", Family::InvalidRegex, regex.span, "this expression is empty").help("write .* for anything");
    } else {
        check_regex(regex, found);
    }
}

/// Checks an expression for its length and its syntax.
pub fn check_regex(regex: &Spanned<String>, found: &mut Found<'_>) {
    if regex.len() > LONGEST {
        let message = format!("this expression has {} bytes, {LONGEST} are the most", regex.len());
        found.error("SM-3", Family::InvalidRegex, regex.span, message).help("split it into several matches");
    } else if let Err(error) = Re2::new(regex) {
        found.error("SM-4", Family::InvalidRegex, regex.span, error.message).part(error.range).help(RE2_HELP);
    }
}

/// What to do about an expression that RE2 refuses.
pub const RE2_HELP: &str = "expressions are RE2's, which has neither look-around nor back-references";
