//! String matches (istio: `validateStringMatch`).

use crate::advice::{Advice, Edit};
use crate::model::networking::StringMatch;
use crate::re2::{InvalidRegex, Re2, from_glob};
use crate::source::Spanned;
use crate::validate::Mistake;
use crate::validate::quoted;
use crate::validate::violation::Violations;

/// The longest regular expression that istiod accepts, in bytes.
const LONGEST: usize = 1024;

/// The comparison of a string match. If several members are set, istiod uses the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison<'a> {
    Present,
    Exact(&'a str),
    Prefix(&'a str),
    Regex(&'a str),
}

impl<'a> Comparison<'a> {
    pub fn of(text: &'a StringMatch) -> Self {
        match (&text.regex, &text.prefix, &text.exact) {
            (Some(regex), _, _) => Self::Regex(regex),
            (None, Some(prefix), _) => Self::Prefix(prefix),
            (None, None, Some(exact)) => Self::Exact(exact),
            (None, None, None) => Self::Present,
        }
    }
}

/// Checks a match of any text but a path.
pub fn check(text: &StringMatch, violations: &mut Violations<'_>) {
    let prefix = text.prefix.as_ref().filter(|_| Comparison::of(text) == Comparison::Prefix(""));
    if let Some(prefix) = prefix {
        violations
            .error("SM-1", Mistake::MissingField, prefix.span, "the prefix is empty")
            .help("write a prefix, or use `{}` to test for presence");
    }
    check_path(text, violations);
}

/// Checks the match of a path, which can have an empty prefix.
pub fn check_path(text: &StringMatch, violations: &mut Violations<'_>) {
    let Some(regex) = &text.regex else { return };
    if regex.is_empty() {
        violations.error("SM-2", Mistake::InvalidRegex, regex.span, "the regular expression is empty").help({
            let edit = Edit::set(regex.span, ".*");
            Advice::new(format!("write {edit} to match any text")).fix([edit])
        });
    } else {
        check_regex(regex, violations);
    }
}

/// Checks the length and the syntax of a regular expression.
pub fn check_regex(regex: &Spanned<String>, violations: &mut Violations<'_>) {
    if regex.len() > LONGEST {
        let message = format!("the regular expression has {} bytes, but at most {LONGEST} are allowed", regex.len());
        violations.error("SM-3", Mistake::InvalidRegex, regex.span, message).help("split it into several matches");
    } else if let Err(error) = Re2::new(regex) {
        violations
            .error("SM-4", Mistake::InvalidRegex, regex.span, rejection(&error))
            .part(error.range)
            .help(re2_help(regex));
    }
}

/// The message for a regular expression that RE2 rejects.
pub fn rejection(error: &InvalidRegex) -> String {
    format!("RE2 rejects the regular expression: {}", quoted(&error.message))
}

/// The help for a regular expression that RE2 rejects.
pub fn re2_help(regex: &str) -> String {
    match from_glob(regex) {
        Some(glob) => format!("write `{}`, because `*` repeats what is before it", glob.expression),
        None => "write an RE2 expression, without look-around and back-references".to_owned(),
    }
}
