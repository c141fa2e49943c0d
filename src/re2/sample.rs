//! A text that an expression matches, without an automaton.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::Regex;

/// The longest text that is made.
const LONGEST: usize = 4096;

impl Regex {
    /// Some short text that the expression matches as a whole. `None`: none is found so easily.
    pub fn sample(&self) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        append(self.hir(), &mut text)?;
        self.matches(&text).then_some(text)
    }

    /// What every text begins with that the expression matches as a whole.
    pub fn literal_prefix(&self) -> Vec<u8> {
        let mut prefix = Vec::new();
        append_prefix(self.hir(), &mut prefix);
        prefix
    }
}

/// Appends the text that a part begins with; false if what follows it is not fixed.
fn append_prefix(hir: &Hir, prefix: &mut Vec<u8>) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => {
            prefix.extend_from_slice(&literal.0);
            true
        }
        HirKind::Capture(capture) => append_prefix(&capture.sub, prefix),
        HirKind::Concat(parts) => parts.iter().all(|part| append_prefix(part, prefix)),
        HirKind::Class(_) | HirKind::Repetition(_) | HirKind::Alternation(_) => false,
    }
}

/// Appends what a part of an expression takes at the least: of alternatives the first, of characters a letter.
fn append(hir: &Hir, text: &mut Vec<u8>) -> Option<()> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.extend_from_slice(&literal.0),
        HirKind::Class(class) => append_character(class, text)?,
        HirKind::Repetition(repetition) => {
            for _ in 0..repetition.min {
                append(&repetition.sub, text)?;
            }
        }
        HirKind::Capture(capture) => append(&capture.sub, text)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| append(part, text))?,
        HirKind::Alternation(parts) => append(parts.first()?, text)?,
    }
    (text.len() <= LONGEST).then_some(())
}

fn append_character(class: &Class, text: &mut Vec<u8>) -> Option<()> {
    let readable = || ('a'..='z').chain('0'..='9');
    match class {
        Class::Unicode(class) => {
            let has = |letter: &char| class.ranges().iter().any(|range| (range.start()..=range.end()).contains(letter));
            let letter = readable().find(has).or_else(|| class.ranges().first().map(|range| range.start()))?;
            text.extend(letter.encode_utf8(&mut [0; 4]).bytes());
        }
        Class::Bytes(class) => {
            let has = |letter: &u8| class.ranges().iter().any(|range| (range.start()..=range.end()).contains(letter));
            let letter = readable().map(|letter| letter as u8).find(has);
            text.push(letter.or_else(|| class.ranges().first().map(|range| range.start()))?);
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_what_all_texts_begin_with() {
        for (source, prefix) in [("^/api/(v1)/x*", "/api/v1/"), ("/a|/ab", ""), ("(?i)/a", "/"), ("/x?", "/")] {
            assert_eq!(Regex::new(source).unwrap().literal_prefix(), prefix.as_bytes(), "{source}");
        }
    }

    #[test]
    fn a_sample_matches() {
        for (source, sample) in [
            ("^/api/v[0-9]+(/.*)?$", Some("/api/v0")),
            ("(?i)a|b", Some("a")),
            ("[^a-z]{2}", Some("00")),
            (r"a\bb", None),
        ] {
            let found = Regex::new(source).unwrap().sample();
            assert_eq!(found.as_deref(), sample.map(str::as_bytes), "{source}");
        }
    }
}
