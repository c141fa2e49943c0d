//! Languages of expressions, as automata that can be compared.

use std::collections::{HashMap, HashSet, VecDeque};

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, Look};

use super::Re2;

/// The largest automaton of one expression, in bytes. Usual expressions need a hundredth of it.
const LARGEST: usize = 1 << 20;

/// The number of product states after which a search gives up.
const MOST_STATES: usize = 20_000;

/// A set of texts: those that an expression matches as a whole.
#[derive(Debug, Clone)]
pub struct Language {
    automaton: dense::DFA<Vec<u32>>,
}

/// The result of a search for a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// No text exists.
    Empty,
    /// A shortest text.
    Text(Vec<u8>),
    /// The search would take too long.
    Undecided,
}

impl Search {
    /// The text that was found, if it is UTF-8.
    pub fn into_utf8(self) -> Option<String> {
        match self {
            Self::Text(text) => String::from_utf8(text).ok(),
            Self::Empty | Self::Undecided => None,
        }
    }
}

impl Language {
    /// The texts that an expression matches as a whole. `None` if its automaton would be too large.
    pub fn of_regex(regex: &Re2) -> Option<Self> {
        Self::of(regex.hir().clone())
    }

    /// The language of one text.
    pub fn of_text(text: &[u8], ignores_case: bool) -> Option<Self> {
        Self::of(literal(text, ignores_case))
    }

    /// The texts that begin with a prefix.
    pub fn of_prefix(prefix: &[u8], ignores_case: bool) -> Option<Self> {
        let any = Hir::class(Class::Bytes(ClassBytes::new([ClassBytesRange::new(0, u8::MAX)])));
        let rest =
            Hir::repetition(regex_syntax::hir::Repetition { min: 0, max: None, greedy: true, sub: Box::new(any) });
        Self::of(Hir::concat(vec![literal(prefix, ignores_case), rest]))
    }

    fn of(hir: Hir) -> Option<Self> {
        let whole = Hir::concat(vec![Hir::look(Look::Start), hir, Hir::look(Look::End)]);
        let config = thompson::Config::new().utf8(false).nfa_size_limit(Some(LARGEST));
        let nfa = thompson::Compiler::new().configure(config).build_from_hir(&whole).ok()?;
        let config = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .match_kind(MatchKind::All)
            .accelerate(false)
            .dfa_size_limit(Some(LARGEST))
            .determinize_size_limit(Some(LARGEST));
        let automaton = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
        Some(Self { automaton })
    }

    /// The only text of the language. `None` if it has none or several, or the search would take too long.
    pub fn only_text(&self) -> Option<Vec<u8>> {
        let Search::Text(text) = find_text(&[self], &[]) else { return None };
        let own = Self::of_text(&text, false)?;
        (find_text(&[self], &[&own]) == Search::Empty).then_some(text)
    }

    fn start(&self) -> Option<StateID> {
        self.automaton.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()
    }

    /// Whether a text that ends in a state is in the language.
    fn ends(&self, state: StateID) -> bool {
        self.automaton.is_match_state(self.automaton.next_eoi_state(state))
    }
}

/// Searches for a shortest text that is in all languages of one list and in no language of the other.
pub fn find_text(all: &[&Language], none: &[&Language]) -> Search {
    let languages: Vec<&Language> = all.iter().chain(none).copied().collect();
    let Some(start) = languages.iter().map(|it| it.start()).collect::<Option<Vec<StateID>>>() else {
        return Search::Undecided;
    };
    let letters = letters(&languages);
    let is_dead = |states: &[StateID]| {
        let wanted = states.iter().zip(&languages).take(all.len());
        wanted.into_iter().any(|(state, language)| language.automaton.is_dead_state(*state))
    };
    let is_found = |states: &[StateID]| {
        let ends = |(state, language): (&StateID, &&Language)| language.ends(*state);
        let (wanted, unwanted) = states.split_at(all.len());
        wanted.iter().zip(&languages).all(ends) && !unwanted.iter().zip(&languages[all.len()..]).any(ends)
    };
    let mut seen: HashSet<Vec<StateID>> = HashSet::from([start.clone()]);
    // For each state, the number of its predecessor and the letter between them.
    let mut reached: Vec<Option<(usize, u8)>> = vec![None];
    let mut queue: VecDeque<(usize, Vec<StateID>)> = VecDeque::from([(0, start)]);
    while let Some((number, states)) = queue.pop_front() {
        if is_found(&states) {
            return Search::Text(path_to(number, &reached));
        }
        if seen.len() > MOST_STATES {
            return Search::Undecided;
        }
        for &letter in &letters {
            let step = states.iter().zip(&languages).map(|(state, it)| it.automaton.next_state(*state, letter));
            let next: Vec<StateID> = step.collect();
            if !is_dead(&next) && seen.insert(next.clone()) {
                reached.push(Some((number, letter)));
                queue.push_back((reached.len() - 1, next));
            }
        }
    }
    Search::Empty
}

/// One byte of each class that all automata treat alike. Letters and digits come first, so that texts are readable.
fn letters(languages: &[&Language]) -> Vec<u8> {
    let readable = (b'a'..=b'z').chain(b'0'..=b'9');
    let mut groups: HashMap<Vec<u8>, u8> = HashMap::new();
    let mut letters = Vec::new();
    for letter in readable.chain(0..=u8::MAX) {
        let group = languages.iter().map(|it| it.automaton.byte_classes().get(letter)).collect();
        groups.entry(group).or_insert_with(|| {
            letters.push(letter);
            letter
        });
    }
    letters
}

fn path_to(mut number: usize, reached: &[Option<(usize, u8)>]) -> Vec<u8> {
    let mut text = Vec::new();
    while let Some((from, letter)) = reached[number] {
        text.push(letter);
        number = from;
    }
    text.reverse();
    text
}

pub(super) fn literal(text: &[u8], ignores_case: bool) -> Hir {
    if !ignores_case {
        return Hir::literal(text);
    }
    let either = |byte: &u8| {
        let cases = [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
        Hir::class(Class::Bytes(ClassBytes::new(cases.map(|byte| ClassBytesRange::new(byte, byte)))))
    };
    Hir::concat(text.iter().map(either).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: &str) -> Language {
        Language::of_regex(&Re2::new(source).unwrap()).unwrap()
    }

    fn covers(wide: &str, narrow: &str) -> bool {
        find_text(&[&of(narrow)], &[&of(wide)]) == Search::Empty
    }

    #[test]
    fn one_expression_covers_another_if_it_matches_all_its_texts() {
        for (wide, narrow, expected) in [
            ("^/.+$", "^/try01/.+$", true),
            ("^/try01/.+$", "^/.+$", false),
            ("/a|/b|/c.*", "/(b|cd)", true),
            ("[a-z]+", "[a-m]{2,}", true),
            ("[a-m]+", "[a-z]{2,}", false),
            ("(?i)/api", "/API", true),
            (".*", "(?s).", false),
            (r"\d+", r"[0-9]{3}", true),
            ("a*?", "a+", true),
            ("", "^$", true),
            (r"a\b.*", "a", true),
            (r"a\b.*", "ab", false),
        ] {
            assert_eq!(covers(wide, narrow), expected, "{wide} of {narrow}");
        }
    }

    #[test]
    fn several_cover_together() {
        let (a, b, both) = (of("/a/.*"), of("/b/.*"), of("/[ab]/x"));
        assert_eq!(find_text(&[&both], &[&a]), Search::Text(b"/b/x".to_vec()));
        assert_eq!(find_text(&[&both], &[&a, &b]), Search::Empty);
    }

    #[test]
    fn texts_and_prefixes_are_languages_too() {
        let prefix = |text: &str, ignores_case| Language::of_prefix(text.as_bytes(), ignores_case).unwrap();
        let text = Language::of_text(b"/Api/x", false).unwrap();
        assert_eq!(find_text(&[&text], &[&prefix("/api", true)]), Search::Empty);
        assert_eq!(find_text(&[&text], &[&prefix("/api", false)]), Search::Text(b"/Api/x".to_vec()));
        assert_eq!(find_text(&[&prefix("/a", false), &of("/b.*")], &[]), Search::Empty);
    }

    #[test]
    fn some_expressions_match_one_text() {
        for (source, expected) in [
            (r"\*", Some("*")),
            ("^/api$", Some("/api")),
            ("(a|a)b{2}", Some("abb")),
            ("^$", Some("")),
            ("a?", None),
            ("(?i)a", None),
            ("a^", None),
        ] {
            assert_eq!(of(source).only_text().as_deref(), expected.map(str::as_bytes), "{source}");
        }
    }

    #[test]
    fn automata_are_limited() {
        assert!(Language::of_regex(&Re2::new("(a|b)*a(a|b){30}").unwrap()).is_none());
    }
}
