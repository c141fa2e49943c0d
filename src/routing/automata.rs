//! Texts that conditions take.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::LazyLock;

use super::predicate::{MatchCondition, Matcher};
use super::regex::EnvoyRegex;
use super::sample::is_path;
use crate::re2::{self, Language, Search, find_text};

/// Paths as clients send them: visible characters, without those that begin a query or a fragment.
static PATHS: LazyLock<Option<Language>> = LazyLock::new(|| language_of(r"/[!\x22\x24-\x3e\x40-~]*"));

/// Values of headers and parameters.
static VALUES: LazyLock<Option<Language>> = LazyLock::new(|| language_of(r"[\t -~\x80-\xff]*"));

fn language_of(expression: &str) -> Option<Language> {
    Language::of_regex(&re2::Re2::new(expression).ok()?)
}

/// The text of a matcher, and whether it ignores case.
type MatcherKey = (String, bool);

/// The automata of matchers, each built once. `None` if an automaton would be too large.
#[derive(Debug, Default)]
pub struct Automata {
    known: RefCell<HashMap<MatcherKey, Option<Rc<Language>>>>,
}

impl Automata {
    fn of(&self, matcher: &Matcher, ignores_case: bool) -> Option<Rc<Language>> {
        let mut known = self.known.borrow_mut();
        known.entry(key(matcher, ignores_case)).or_insert_with(|| language(matcher, ignores_case).map(Rc::new)).clone()
    }

    /// Searches for a path that one condition takes and the others do not.
    pub(super) fn find_path(&self, wanted: &MatchCondition, unwanted: &[&MatchCondition]) -> Search {
        let of = |condition: &MatchCondition| self.of(&condition.matcher, condition.ignores_case());
        let unwanted: Option<Vec<Rc<Language>>> = unwanted.iter().map(|condition| of(condition)).collect();
        match (of(wanted), unwanted, PATHS.as_ref()) {
            (Some(wanted), Some(unwanted), Some(paths)) => {
                let unwanted: Vec<&Language> = unwanted.iter().map(Rc::as_ref).collect();
                find_text(&[&wanted, paths], &unwanted)
            }
            _ => Search::Undecided,
        }
    }

    /// Searches for a path that all conditions take.
    pub(super) fn find_common_path(&self, conditions: &[&MatchCondition]) -> Search {
        let of = |condition: &&MatchCondition| self.of(&condition.matcher, condition.ignores_case());
        find_in(conditions.iter().map(of).collect(), PATHS.as_ref())
    }

    /// Searches for a value of a header or parameter that all matchers take.
    pub(super) fn find_common_value(&self, matchers: &[&Matcher]) -> Search {
        find_in(matchers.iter().map(|matcher| self.of(matcher, false)).collect(), VALUES.as_ref())
    }
}

/// Searches for a text of several languages among those that are possible at all.
fn find_in(languages: Option<Vec<Rc<Language>>>, possible: Option<&Language>) -> Search {
    let (Some(languages), Some(possible)) = (languages, possible) else { return Search::Undecided };
    let all: Vec<&Language> = languages.iter().map(Rc::as_ref).chain([possible]).collect();
    find_text(&all, &[])
}

/// Whether some path matches a regular expression. `None` if the automaton would be too large.
pub fn takes_some_path(regex: &EnvoyRegex) -> Option<bool> {
    if regex.sample().is_some_and(|text| is_path(&text)) {
        return Some(true);
    }
    match find_text(&[&regex.language()?, PATHS.as_ref()?], &[]) {
        Search::Empty => Some(false),
        Search::Text(_) => Some(true),
        Search::Undecided => None,
    }
}

fn key(matcher: &Matcher, ignores_case: bool) -> MatcherKey {
    let (kind, text) = matcher.key();
    (format!("{kind} {text}"), ignores_case)
}

/// The automaton of a matcher. Texts beyond ASCII have none, since automata read bytes as Latin-1.
fn language(matcher: &Matcher, ignores_case: bool) -> Option<Language> {
    match matcher {
        Matcher::Present => Language::of_prefix(b"", false),
        Matcher::Exact(text) => Language::of_text(text.as_bytes(), ignores_case).filter(|_| text.is_ascii()),
        Matcher::Prefix(prefix) => Language::of_prefix(prefix.as_bytes(), ignores_case).filter(|_| prefix.is_ascii()),
        Matcher::Regex(regex) => regex.language(),
        Matcher::PathPrefix(prefix) if ignores_case || !prefix.is_ascii() => None,
        Matcher::PathPrefix(prefix) if prefix == "/" => Language::of_prefix(prefix.as_bytes(), false),
        Matcher::PathPrefix(prefix) => language_of(&format!(r"{}(?:/(?s:.)*)?", re2::quote(prefix))),
        Matcher::Invalid { .. } => None,
    }
}
