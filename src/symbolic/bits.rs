//! Sets of atoms.

/// A set of numbers below a fixed length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bits {
    words: Box<[u64]>,
    /// The words before this one are zero.
    first: usize,
    /// The words from this one on are zero.
    end: usize,
}

impl Bits {
    /// A set of numbers below `length`.
    pub fn of(length: usize, numbers: impl IntoIterator<Item = usize>) -> Self {
        let mut words = vec![0; length.div_ceil(64)].into_boxed_slice();
        for number in numbers {
            words[number / 64] |= 1 << (number % 64);
        }
        Self::new(words)
    }

    /// All numbers from `first` to `length`.
    pub fn from(first: usize, length: usize) -> Self {
        Self::of(length, first..length)
    }

    fn new(words: Box<[u64]>) -> Self {
        let first = words.iter().position(|word| *word != 0).unwrap_or(words.len());
        let end = words.iter().rposition(|word| *word != 0).map_or(first, |last| last + 1);
        Self { words, first, end }
    }

    /// Whether the set has a number.
    pub fn has(&self, number: usize) -> bool {
        self.words[number / 64] >> (number % 64) & 1 == 1
    }

    /// Whether the sets have a number above zero in common.
    pub fn meets_above_zero(&self, other: &Self) -> bool {
        let (first, end) = (self.first.max(other.first), self.end.min(other.end));
        (first..end).any(|at| self.words[at] & other.words[at] & !u64::from(at == 0) != 0)
    }

    /// Removes the numbers that are not in the other set.
    pub fn keep(&mut self, other: &Self) {
        let words = self.words.iter().zip(&other.words).map(|(a, b)| a & b).collect();
        *self = Self::new(words);
    }

    /// The numbers of both sets.
    pub fn and(mut self, other: &Self) -> Self {
        self.keep(other);
        self
    }

    /// The numbers of this set that are not in the other one.
    pub fn without(&self, other: &Self) -> Self {
        Self::new(self.words.iter().zip(&other.words).map(|(a, b)| a & !b).collect())
    }

    /// The numbers, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        (self.first * 64..self.end * 64).filter(|number| self.has(*number))
    }
}
