//! Sample texts and literal prefixes of expressions, found without an automaton.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::Re2;

/// The longest sample, in bytes.
const LONGEST: usize = 4096;

impl Re2 {
    /// A short text that the expression matches as a whole. `None` if the simple search does not find one.
    pub fn sample(&self) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        append(self.hir(), &mut text)?;
        self.matches(&text).then_some(text)
    }

    /// The longest known prefix of all texts that the expression matches as a whole.
    pub fn literal_prefix(&self) -> Vec<u8> {
        let mut prefix = Vec::new();
        append_prefix(self.hir(), &mut prefix);
        prefix
    }
}

/// Appends the fixed start of a part. Returns whether the whole part is fixed.
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

/// Appends a text that a part matches: the first alternative, the fewest repetitions, a letter of a class.
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
    fn all_texts_begin_with_the_prefix() {
        for (source, prefix) in [("^/api/(v1)/x*", "/api/v1/"), ("/a|/ab", ""), ("(?i)/a", "/"), ("/x?", "/")] {
            assert_eq!(Re2::new(source).unwrap().literal_prefix(), prefix.as_bytes(), "{source}");
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
            let found = Re2::new(source).unwrap().sample();
            assert_eq!(found.as_deref(), sample.map(str::as_bytes), "{source}");
        }
    }
}
