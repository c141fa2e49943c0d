//! Atoms: the texts of a part of requests, in classes that no condition tells apart.

use std::collections::{BTreeMap, BTreeSet};

use crate::re2::{Part, Pattern, partition};
use crate::routing::{MatchCondition, Matcher, RequestPart};

/// The number of plain conditions up to which it is faster to try texts than to build an automaton.
const MOST_TRIED: usize = 64;

/// The largest automaton of a part without conditions, in bytes.
const LARGEST: usize = 512 << 10;

/// The bytes that the automaton may grow by for each byte of the conditions.
const LARGEST_EACH: usize = 512;

/// The bytes of an automaton for each byte of its conditions. Each floating expression can double them.
const USUAL_EACH: usize = 64;

const USUAL_METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];
const USUAL_SCHEMES: [&str; 2] = ["http", "https"];
const USUAL_VALUES: [&str; 3] = ["1", "a", "x"];

/// The atoms of a part of requests.
#[derive(Debug)]
pub struct Atoms {
    /// A text of each atom.
    pub texts: Vec<Vec<u8>>,
    /// For each condition, the atoms that it takes.
    pub taken: Vec<Taken>,
}

/// How finely conditions may cut the texts at first. Each step leaves out more expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// By all conditions.
    Best,
    /// Without expressions before which anything can stand.
    Anchored,
    /// Without expressions.
    Plain,
    /// Not at all.
    None,
}

/// The atoms that a condition takes.
#[derive(Debug)]
pub struct Taken {
    /// The atoms.
    pub atoms: Vec<usize>,
    /// Whether the condition takes all texts of the atoms. If not, it takes some of them, and none of other atoms.
    pub is_exact: bool,
}

impl Atoms {
    /// Cuts the texts of a part by conditions on it. A few conditions that would multiply the atoms are left out.
    pub fn new(part: &RequestPart, conditions: &[&MatchCondition], precision: Precision) -> Self {
        if precision == Precision::Best
            && let Some(texts) = tried(part, conditions)
        {
            return Self::of_texts(part, conditions, texts);
        }
        let size: usize = conditions.iter().map(|condition| condition.matcher.key().1.len()).sum();
        let largest = LARGEST + LARGEST_EACH * size;
        let patterns: Vec<Pattern> = conditions.iter().map(|condition| condition.pattern()).collect();
        let floating = patterns.iter().filter(|pattern| pattern.floats()).count();
        // To find out that an automaton becomes too large can take seconds.
        let is_hopeless = size.saturating_mul(USUAL_EACH).saturating_mul(1 << floating.min(20)) > largest;
        let precision = if precision == Precision::Best && is_hopeless { Precision::Anchored } else { precision };
        let keeps = |precision: Precision, number: usize| match precision {
            Precision::Best => true,
            Precision::Anchored => !patterns[number].floats(),
            Precision::Plain => !matches!(conditions[number].matcher, Matcher::Regex(_)),
            Precision::None => false,
        };
        let cut = |precision| Self::cut(part, conditions, &patterns, &|number| keeps(precision, number), largest);
        let precisions = [Precision::Best, Precision::Anchored, Precision::Plain, Precision::None];
        let found = precisions.into_iter().skip_while(|it| *it != precision).find_map(cut);
        found.unwrap_or_else(|| Self::uncut(part, conditions))
    }

    /// Cuts the texts by the conditions that are kept, and by the literal prefixes of the others.
    fn cut(
        part: &RequestPart,
        conditions: &[&MatchCondition],
        patterns: &[Pattern],
        keep: &dyn Fn(usize) -> bool,
        largest: usize,
    ) -> Option<Self> {
        let hull = |number: usize| match &conditions[number].matcher {
            Matcher::Regex(regex) => Pattern::of_prefix(&regex.literal_prefix(), false),
            _ => Pattern::of_prefix(b"", false),
        };
        let kept: Vec<bool> = (0..conditions.len()).map(keep).collect();
        let cutting: Vec<Pattern> =
            (0..conditions.len()).map(|it| if kept[it] { patterns[it].clone() } else { hull(it) }).collect();
        let mut parts = partition(part.texts().pattern(), &cutting, largest)?;
        // Atoms under one prefix are then neighbours.
        parts.sort_by(|a, b| a.text.cmp(&b.text));
        let mut taken: Vec<Taken> =
            kept.iter().map(|is_exact| Taken { atoms: Vec::new(), is_exact: *is_exact }).collect();
        for (atom, found) in parts.iter().enumerate() {
            for number in &found.languages {
                taken[*number].atoms.push(atom);
            }
        }
        prefer_usual(&mut parts, part, conditions, &kept);
        Some(Self { texts: parts.into_iter().map(|found| found.text).collect(), taken })
    }

    /// One atom for all texts.
    fn uncut(part: &RequestPart, conditions: &[&MatchCondition]) -> Self {
        let texts = usual(part).iter().map(|text| text.as_bytes().to_vec()).chain([b"/".to_vec(), b"a".to_vec()]);
        let text = texts.into_iter().find(|text| part.texts().has(text)).unwrap_or_default();
        let taken = conditions.iter().map(|_| Taken { atoms: vec![0], is_exact: false }).collect();
        Self { texts: vec![text], taken }
    }

    /// The atoms that some texts show.
    fn of_texts(part: &RequestPart, conditions: &[&MatchCondition], texts: BTreeSet<Vec<u8>>) -> Self {
        // For each set of conditions that some text meets, the nicest such text.
        let mut found: BTreeMap<Vec<bool>, Vec<u8>> = BTreeMap::new();
        let rank = |text: &Vec<u8>| (usual(part).iter().position(|it| it.as_bytes() == text).unwrap_or(99), text.len());
        for text in texts {
            let verdicts: Vec<bool> = conditions.iter().map(|condition| condition.takes_text(&text)).collect();
            let known = found.entry(verdicts).or_insert_with(|| text.clone());
            if rank(&text) < rank(known) {
                *known = text;
            }
        }
        let mut atoms: Vec<(Vec<u8>, Vec<bool>)> = found.into_iter().map(|(verdicts, text)| (text, verdicts)).collect();
        atoms.sort();
        let of = |number: usize| atoms.iter().enumerate().filter(move |(_, atom)| atom.1[number]).map(|(at, _)| at);
        let taken = (0..conditions.len()).map(|it| Taken { atoms: of(it).collect(), is_exact: true }).collect();
        Self { texts: atoms.into_iter().map(|(text, _)| text).collect(), taken }
    }
}

/// Shows atoms by usual texts.
fn prefer_usual(parts: &mut [Part], part: &RequestPart, conditions: &[&MatchCondition], kept: &[bool]) {
    let mut is_settled = vec![false; parts.len()];
    for text in usual(part) {
        let met =
            (0..conditions.len()).filter(|number| kept[*number] && conditions[*number].takes_text(text.as_bytes()));
        let met: Vec<usize> = met.collect();
        let has = |found: &Part| found.languages.iter().copied().filter(|number| kept[*number]).eq(met.iter().copied());
        if let Some(at) = parts.iter().position(has).filter(|at| !is_settled[*at]) {
            is_settled[at] = true;
            parts[at].text = text.as_bytes().to_vec();
        }
    }
}

/// The texts of a part that are nice to read, the best first.
pub fn usual(part: &RequestPart) -> &'static [&'static str] {
    match part {
        RequestPart::Method => &USUAL_METHODS,
        RequestPart::Scheme => &USUAL_SCHEMES,
        RequestPart::Header(_) | RequestPart::Query(_) | RequestPart::Claim(_) => &USUAL_VALUES,
        RequestPart::Path | RequestPart::PathAndQuery | RequestPart::Authority => &[],
    }
}

/// Texts that show all atoms of a few plain conditions: each text of a condition, and ways to leave it. `None` if some
/// condition is not plain, or if there are too many.
fn tried(part: &RequestPart, conditions: &[&MatchCondition]) -> Option<BTreeSet<Vec<u8>>> {
    if conditions.len() > MOST_TRIED {
        return None;
    }
    let mut stems: BTreeSet<&[u8]> = BTreeSet::from([&b""[..]]);
    for condition in conditions {
        match &condition.matcher {
            Matcher::Present | Matcher::Invalid { .. } => {}
            Matcher::Exact(text) | Matcher::Prefix(text) | Matcher::PathPrefix(text) if !condition.ignores_case() => {
                stems.insert(text.as_bytes());
            }
            _ => return None,
        }
    }
    let mut all: BTreeSet<Vec<u8>> = BTreeSet::new();
    for stem in &stems {
        for after in [&b""[..], b"/"] {
            let stem = [stem, after].concat();
            // A letter that leaves all the texts that begin with the stem.
            let is_free = |letter: &u8| {
                let longer = [stem.as_slice(), &[*letter]].concat();
                !stems.iter().any(|other| other.starts_with(&longer)) && part.texts().has(&longer)
            };
            let readable = (b'a'..=b'z').chain(b'0'..=b'9').chain(b'A'..=b'Z').chain(*b"-._");
            // A text that can be longer must have such a letter.
            let can_be_longer = part.texts().has(&[stem.as_slice(), b"a"].concat());
            match readable.clone().find(is_free) {
                Some(letter) => {
                    all.insert([stem.as_slice(), &[letter]].concat());
                }
                None if can_be_longer => return None,
                None => {}
            }
            all.insert(stem);
        }
    }
    all.extend(usual(part).iter().map(|text| text.as_bytes().to_vec()));
    all.retain(|text| part.texts().has(text));
    Some(all)
}
