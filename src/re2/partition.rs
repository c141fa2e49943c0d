//! The parts into which several languages cut the texts of one: one automaton for all of them.
//!
//! Texts are bytes, and each byte is a Latin-1 character, as in Envoy. Inside, characters are UTF-8.

use std::collections::{HashMap, HashSet, VecDeque};

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::{Anchored, MatchKind};
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Look};

use super::Re2;
use super::language::literal;

/// The largest program from which an automaton is made, in bytes.
const LARGEST_PROGRAM: usize = 64 << 20;

/// The first byte that no Latin-1 character has in UTF-8.
const FIRST_FOREIGN: u8 = 0xC4;

/// A set of texts, which can be cut by others.
#[derive(Debug, Clone)]
pub struct Pattern(Hir);

/// A part of the texts: all that are in the same languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// A shortest text of the part.
    pub text: Vec<u8>,
    /// The languages that have the texts, by number, in order.
    pub languages: Vec<usize>,
}

impl Pattern {
    /// The texts that an expression matches as a whole.
    pub fn of_regex(regex: &Re2) -> Self {
        Self(narrowed(regex.hir()))
    }

    /// One text.
    pub fn of_text(text: &[u8], ignores_case: bool) -> Self {
        Self(literal(&characters(text), ignores_case))
    }

    /// The texts that begin with a prefix.
    pub fn of_prefix(prefix: &[u8], ignores_case: bool) -> Self {
        Self(Hir::concat(vec![literal(&characters(prefix), ignores_case), anything()]))
    }

    /// A text, and all that continue it after a slash.
    pub fn of_segments(text: &[u8], ignores_case: bool) -> Self {
        let below = Hir::concat(vec![Hir::literal(*b"/"), anything()]);
        let rest = Hir::alternation(vec![Hir::empty(), below]);
        Self(Hir::concat(vec![literal(&characters(text), ignores_case), rest]))
    }

    /// Any text.
    pub fn anything() -> Self {
        Self(anything())
    }

    /// A text of each of some patterns, one after another.
    pub fn in_sequence(patterns: impl IntoIterator<Item = Self>) -> Self {
        Self(Hir::concat(patterns.into_iter().map(|pattern| pattern.0).collect()))
    }

    /// The texts of any of some patterns.
    pub fn any_of(patterns: impl IntoIterator<Item = Self>) -> Self {
        Self(Hir::alternation(patterns.into_iter().map(|pattern| pattern.0).collect()))
    }

    /// No text.
    pub fn of_nothing() -> Self {
        Self(Hir::fail())
    }

    /// Whether texts of any form can stand before something that is required, as in `.*x`. A few of such patterns
    /// multiply the states of an automaton.
    pub fn floats(&self) -> bool {
        floats(&self.0)
    }
}

/// Cuts the texts of `universe` by languages. Each part has other languages than the rest. `None` if the automaton would
/// have more than `largest` bytes.
pub fn partition(universe: &Pattern, languages: &[Pattern], largest: usize) -> Option<Vec<Part>> {
    let whole = |pattern: &Pattern| Hir::concat(vec![Hir::look(Look::Start), pattern.0.clone(), Hir::look(Look::End)]);
    let all: Vec<Hir> = std::iter::once(universe).chain(languages).map(whole).collect();
    let config = thompson::Config::new().utf8(false).nfa_size_limit(Some(LARGEST_PROGRAM));
    let nfa = thompson::Compiler::new().configure(config).build_many_from_hir(&all).ok()?;
    let config = dense::Config::new()
        .start_kind(StartKind::Anchored)
        .match_kind(MatchKind::All)
        .accelerate(false)
        .dfa_size_limit(Some(largest))
        .determinize_size_limit(Some(largest));
    let automaton = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
    walk(&automaton)
}

/// Visits all states in the order of the texts that lead to them, the shortest first.
fn walk(automaton: &dense::DFA<Vec<u32>>) -> Option<Vec<Part>> {
    let start = automaton.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
    let letters = letters(automaton);
    let mut parts: Vec<Part> = Vec::new();
    let mut known: HashSet<Vec<usize>> = HashSet::new();
    let mut seen: HashSet<StateID> = HashSet::from([start]);
    // For each state, the number of its predecessor and the letter between them.
    let mut reached: Vec<Option<(usize, u8)>> = vec![None];
    let mut queue: VecDeque<(usize, StateID)> = VecDeque::from([(0, start)]);
    while let Some((number, state)) = queue.pop_front() {
        let end = automaton.next_eoi_state(state);
        if automaton.is_match_state(end) {
            let matched = (0..automaton.match_len(end)).map(|at| automaton.match_pattern(end, at).as_usize());
            let mut matched: Vec<usize> = matched.collect();
            matched.sort_unstable();
            // The first pattern is the universe.
            if matched.first() == Some(&0) {
                let languages: Vec<usize> = matched[1..].iter().map(|number| number - 1).collect();
                if known.insert(languages.clone()) {
                    parts.push(Part { text: text_to(number, &reached), languages });
                }
            }
        }
        for &letter in &letters {
            let next = automaton.next_state(state, letter);
            if !automaton.is_dead_state(next) && seen.insert(next) {
                reached.push(Some((number, letter)));
                queue.push_back((reached.len() - 1, next));
            }
        }
    }
    Some(parts)
}

/// One byte of each class that the automaton treats alike. Letters and digits come first, so that texts are readable.
fn letters(automaton: &dense::DFA<Vec<u32>>) -> Vec<u8> {
    let readable = (b'a'..=b'z').chain(b'0'..=b'9').chain(*b"/-._").chain(b'A'..=b'Z').chain(b'!'..=b'~');
    let mut classes: HashMap<u8, ()> = HashMap::new();
    let is_new = |letter: &u8| classes.insert(automaton.byte_classes().get(*letter), ()).is_none();
    readable.chain(0..FIRST_FOREIGN).filter(is_new).collect()
}

fn text_to(mut number: usize, reached: &[Option<(usize, u8)>]) -> Vec<u8> {
    let mut text = Vec::new();
    while let Some((from, letter)) = reached[number] {
        text.push(letter);
        number = from;
    }
    text.reverse();
    match std::str::from_utf8(&text) {
        Ok(characters) if !characters.is_ascii() => {
            characters.chars().filter_map(|letter| u8::try_from(letter).ok()).collect()
        }
        _ => text,
    }
}

/// The Latin-1 characters of a text, in UTF-8.
fn characters(text: &[u8]) -> Vec<u8> {
    match text.is_ascii() {
        true => text.to_vec(),
        false => text.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes(),
    }
}

/// All texts.
fn anything() -> Hir {
    let any = Hir::class(Class::Unicode(ClassUnicode::new([ClassUnicodeRange::new('\0', '\u{FF}')])));
    Hir::repetition(regex_syntax::hir::Repetition { min: 0, max: None, greedy: true, sub: Box::new(any) })
}

/// An expression without the characters beyond Latin-1, which no text has. Most of the states of `.` are for them.
fn narrowed(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Look(look) => Hir::look(*look),
        HirKind::Literal(literal) if literal.0.iter().any(|byte| *byte >= FIRST_FOREIGN) => Hir::fail(),
        HirKind::Literal(literal) => Hir::literal(literal.0.clone()),
        HirKind::Class(Class::Unicode(class)) => {
            let mut class = class.clone();
            class.intersect(&ClassUnicode::new([ClassUnicodeRange::new('\0', '\u{FF}')]));
            Hir::class(Class::Unicode(class))
        }
        HirKind::Class(Class::Bytes(class)) => {
            let mut class = class.clone();
            class.intersect(&ClassBytes::new([ClassBytesRange::new(0, FIRST_FOREIGN - 1)]));
            Hir::class(Class::Bytes(class))
        }
        HirKind::Repetition(repetition) => Hir::repetition(repetition.with(narrowed(&repetition.sub))),
        HirKind::Capture(capture) => narrowed(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(narrowed).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(narrowed).collect()),
    }
}

fn floats(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Concat(parts) => {
            let required = |part: &Hir| part.properties().minimum_len().is_some_and(|least| least > 0);
            let after = |at: usize| parts[at + 1..].iter().any(required);
            parts.iter().enumerate().any(|(at, part)| floats(part) || (is_anything(part) && after(at)))
        }
        HirKind::Alternation(parts) => parts.iter().any(floats),
        HirKind::Capture(capture) => floats(&capture.sub),
        HirKind::Repetition(repetition) => floats(&repetition.sub),
        _ => false,
    }
}

/// Whether an expression repeats a class of most characters, without limit.
fn is_anything(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Repetition(repetition) => repetition.max.is_none() && is_wide(&repetition.sub),
        HirKind::Capture(capture) => is_anything(&capture.sub),
        HirKind::Concat(parts) => parts.iter().any(is_anything),
        HirKind::Alternation(parts) => parts.iter().any(is_anything),
        _ => false,
    }
}

fn is_wide(hir: &Hir) -> bool {
    let takes = |letter: char| match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => {
            class.iter().any(|range| range.start() <= letter && letter <= range.end())
        }
        HirKind::Class(Class::Bytes(class)) => {
            class.iter().any(|range| char::from(range.start()) <= letter && letter <= char::from(range.end()))
        }
        HirKind::Alternation(parts) => parts.iter().any(is_wide),
        HirKind::Capture(capture) => is_wide(&capture.sub),
        _ => false,
    };
    ['a', '0', '-', '%', '='].into_iter().all(takes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regex(source: &str) -> Pattern {
        Pattern::of_regex(&Re2::new(source).unwrap())
    }

    #[test]
    fn languages_cut_the_universe_into_parts() {
        let languages = [
            Pattern::of_prefix(b"/a", false),
            Pattern::of_text(b"/A", true),
            Pattern::of_segments(b"/b", false),
            regex("/.*z"),
        ];
        let parts = partition(&regex("/[!-~]*"), &languages, 1 << 20).unwrap();
        let mut shown: Vec<(String, Vec<usize>)> =
            parts.into_iter().map(|part| (String::from_utf8(part.text).unwrap(), part.languages)).collect();
        shown.sort();
        let expected: [(&str, &[usize]); 8] = [
            ("/", &[]),
            ("/A", &[1]),
            ("/a", &[0, 1]),
            ("/aa", &[0]),
            ("/az", &[0, 3]),
            ("/b", &[2]),
            ("/b/z", &[2, 3]),
            ("/z", &[3]),
        ];
        assert_eq!(shown, expected.map(|(text, languages)| (text.to_owned(), languages.to_vec())));
    }

    #[test]
    fn bytes_beyond_ascii_are_characters() {
        let prefix = Pattern::of_prefix("é".as_bytes(), false);
        let parts = partition(&regex(r"[!-~\x80-\xff]*"), &[prefix], 1 << 20).unwrap();
        assert_eq!(parts.iter().find(|part| part.languages == [0]).unwrap().text, "é".as_bytes());
    }

    #[test]
    fn a_pattern_floats_if_anything_comes_first() {
        for (source, expected) in [
            (".*x", true),
            ("/a/.*", false),
            ("/.*/x", true),
            ("(.*;)?(user=x)(;.*)?", true),
            ("/[0-9]+/x", false),
            ("/[^/]+/x", true),
            (".*", false),
        ] {
            assert_eq!(regex(source).floats(), expected, "{source}");
        }
    }

    #[test]
    fn automata_are_limited() {
        assert!(partition(&regex(".*"), &[regex("(a|b)*a(a|b){30}")], 1 << 20).is_none());
    }
}
