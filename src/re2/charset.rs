//! Sets of code points, and their encoding as bytes.
//!
//! RE2 matches bytes, and does not require that a text is UTF-8. This has two consequences that Rust's classes cannot
//! express. Surrogates are ordinary code points, encoded as if UTF-8 allowed them. And a class that contains everything
//! from U+0080 on (`.`, `[^a]`) matches any lead byte with the number of continuation bytes that it announces, including
//! overlong forms.

use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir};
use regex_syntax::utf8::Utf8Sequences;

use super::escape::LAST;
use super::unicode;

const FIRST_SURROGATE: u32 = 0xD800;
const LAST_SURROGATE: u32 = 0xDFFF;

/// Bytes that continue a character.
const CONTINUATION: (u8, u8) = (0x80, 0xBF);

/// A set of code points.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CharSet {
    /// Inclusive ranges. Sorted and apart after [`CharSet::tidy`].
    ranges: Vec<(u32, u32)>,
}

impl CharSet {
    /// The set of the code points in the ranges.
    pub fn of(ranges: &[(u32, u32)]) -> Self {
        let mut set = Self { ranges: ranges.to_vec() };
        set.tidy();
        set
    }

    /// The set of the characters of a class.
    pub fn of_class(class: &ClassUnicode) -> Self {
        Self { ranges: class.iter().map(|range| (range.start().into(), range.end().into())).collect() }
    }

    /// The ranges, sorted.
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    /// Whether a code point belongs to the set.
    pub fn contains(&self, code: u32) -> bool {
        let after = self.ranges.partition_point(|range| range.0 <= code);
        after > 0 && self.ranges[after - 1].1 >= code
    }

    /// Adds all code points of another set.
    pub fn add(&mut self, other: &Self) {
        self.ranges.extend_from_slice(&other.ranges);
        self.tidy();
    }

    /// The complement.
    #[must_use]
    pub fn negated(&self) -> Self {
        let mut ranges = Vec::with_capacity(self.ranges.len() + 1);
        let mut next = 0;
        for (low, high) in &self.ranges {
            if next < *low {
                ranges.push((next, low - 1));
            }
            next = high + 1;
        }
        if next <= LAST {
            ranges.push((next, LAST));
        }
        Self { ranges }
    }

    /// The intersection.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut ranges = Vec::new();
        for (low, high) in &self.ranges {
            let first = other.ranges.partition_point(|range| range.1 < *low);
            let overlapping = other.ranges[first..].iter().take_while(|range| range.0 <= *high);
            ranges.extend(overlapping.map(|range| (range.0.max(*low), range.1.min(*high))));
        }
        Self { ranges }
    }

    /// The set with all code points that differ from its members only by case.
    #[must_use]
    pub fn folded(&self) -> Self {
        unicode::folded(self)
    }

    /// The characters of the set: all code points except surrogates.
    pub fn to_class(&self) -> ClassUnicode {
        let without = self.ranges.iter().flat_map(|(low, high)| {
            [(*low, (*high).min(FIRST_SURROGATE - 1)), ((*low).max(LAST_SURROGATE + 1), *high)]
        });
        ClassUnicode::new(without.filter_map(|(low, high)| {
            (low <= high).then_some(())?;
            Some(ClassUnicodeRange::new(char::from_u32(low)?, char::from_u32(high)?))
        }))
    }

    /// The member of a set that has just one.
    pub fn only(&self) -> Option<u32> {
        match self.ranges.as_slice() {
            [(low, high)] if low == high => Some(*low),
            _ => None,
        }
    }

    /// An expression that matches one member of the set.
    pub fn to_hir(&self) -> Hir {
        if let Some((0..=0x80, LAST)) = self.ranges.last() {
            let ascii = self.and(&Self { ranges: vec![(0, 0x7F)] });
            let mut any = vec![Hir::class(Class::Unicode(ascii.to_class()))];
            for (lead, more) in [((0xC2, 0xDF), 1), ((0xE0, 0xEF), 2), ((0xF0, 0xF4), 3)] {
                let tail = std::iter::repeat_n(bytes(CONTINUATION), more);
                any.push(Hir::concat(std::iter::once(bytes(lead)).chain(tail).collect()));
            }
            return Hir::alternation(any);
        }
        let characters = Hir::class(Class::Unicode(self.to_class()));
        let surrogates = self.surrogates();
        if surrogates.is_empty() {
            return characters;
        }
        let encoded = surrogates
            .into_iter()
            .map(|rest| Hir::concat([(0xED, 0xED), rest.0, rest.1].into_iter().map(bytes).collect()));
        Hir::alternation(std::iter::once(characters).chain(encoded).collect())
    }

    /// The second and third bytes of the surrogates. The first byte is always the same.
    fn surrogates(&self) -> Vec<((u8, u8), (u8, u8))> {
        let mut found = Vec::new();
        for (low, high) in &self.ranges {
            let (mut low, high) = ((*low).max(FIRST_SURROGATE), (*high).min(LAST_SURROGATE));
            while low <= high {
                let end = high.min(low | 0x3F);
                let second = continuation(low >> 6);
                found.push(((second, second), (continuation(low), continuation(end))));
                low = end + 1;
            }
        }
        found
    }

    /// An estimate of the instructions that RE2 needs for one member: bytes, and the branches between them. Encodings share
    /// their first bytes, and their last ones.
    pub fn instructions(&self) -> u64 {
        if let Some((0..=0x80, LAST)) = self.ranges.last() {
            return 10 + self.ranges.len() as u64;
        }
        let mut needed = 0;
        let mut last_bytes = std::collections::HashSet::new();
        let mut before: Vec<(u8, u8)> = Vec::new();
        let ignores_case = self.ignores_ascii_case();
        for range in self.to_class().iter() {
            if ignores_case && range.start() >= 'A' && range.end() <= 'Z' {
                continue;
            }
            for sequence in Utf8Sequences::new(range.start(), range.end()) {
                let now: Vec<(u8, u8)> = sequence.as_slice().iter().map(|part| (part.start, part.end)).collect();
                let shared = now.iter().zip(&before).take_while(|(a, b)| a == b).count().min(now.len() - 1);
                let is_new = now.len() == 1 || last_bytes.insert(now[now.len() - 1]);
                needed += (now.len() - 1 - shared) as u64 + u64::from(is_new) + u64::from(!before.is_empty());
                before = now;
            }
        }
        needed + 2 * self.surrogates().len() as u64
    }

    /// Whether the set holds each ASCII letter in both cases or in none. RE2 compares such letters once.
    fn ignores_ascii_case(&self) -> bool {
        (0x41..=0x5A).all(|upper| self.contains(upper) == self.contains(upper + 0x20))
    }

    fn tidy(&mut self) {
        self.ranges.sort_unstable();
        let mut kept: Vec<(u32, u32)> = Vec::with_capacity(self.ranges.len());
        for (low, high) in self.ranges.drain(..) {
            match kept.last_mut() {
                Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
                _ => kept.push((low, high)),
            }
        }
        self.ranges = kept;
    }
}

/// The bytes of a code point, which may be a surrogate.
pub(super) fn encoded(code: u32) -> Vec<u8> {
    match char::from_u32(code) {
        Some(letter) => letter.to_string().into_bytes(),
        None => vec![0xED, continuation(code >> 6), continuation(code)],
    }
}

fn continuation(bits: u32) -> u8 {
    0x80 | (bits & 0x3F) as u8
}

fn bytes((low, high): (u8, u8)) -> Hir {
    Hir::class(Class::Bytes(ClassBytes::new([ClassBytesRange::new(low, high)])))
}
