//! Parts of an expression during construction: their HIR, and the quantities that RE2 limits.

use regex_syntax::hir::{Capture, Class, ClassBytes, ClassBytesRange, Hir, Look, Repetition};

use super::charset::{CharSet, encoded};

/// A part of an expression.
#[derive(Debug, Clone)]
pub(super) struct Fragment {
    /// The expression.
    pub hir: Hir,
    /// The largest product of nested repeat counts.
    pub copies: u64,
    /// An estimate of the instructions that RE2 compiles the fragment to.
    pub instructions: u64,
    /// The depth of nesting.
    pub depth: u32,
    /// The set of code points, if the fragment matches exactly one of a set.
    single: Option<CharSet>,
}

impl Fragment {
    fn leaf(hir: Hir, instructions: u64) -> Self {
        Self { hir, copies: 1, instructions, depth: 0, single: None }
    }

    /// Matches the empty text.
    pub fn empty() -> Self {
        Self::leaf(Hir::empty(), 1)
    }

    /// Matches a code point, in either case if `fold` is set.
    pub fn literal(code: u32, fold: bool) -> Self {
        if fold {
            let set = CharSet::of(&[(code, code)]).folded();
            if set.only().is_none() {
                return Self::class(&set);
            }
        }
        let bytes = encoded(code);
        let instructions = bytes.len() as u64;
        Self { single: Some(CharSet::of(&[(code, code)])), ..Self::leaf(Hir::literal(bytes), instructions) }
    }

    /// Matches one member of a set.
    pub fn class(set: &CharSet) -> Self {
        match set.only() {
            Some(code) => Self::literal(code, false),
            None => Self { single: Some(set.clone()), ..Self::leaf(set.to_hir(), set.instructions()) },
        }
    }

    /// Matches any one byte.
    pub fn any_byte() -> Self {
        Self::leaf(Hir::class(Class::Bytes(ClassBytes::new([ClassBytesRange::new(0, 0xFF)]))), 1)
    }

    /// Matches a position, such as the start of the text.
    pub fn look(look: Look) -> Self {
        Self::leaf(Hir::look(look), 1)
    }

    /// A sequence.
    pub fn sequence(fragments: Vec<Self>) -> Self {
        Self::joined(fragments, Hir::concat, 0)
    }

    /// Alternatives in order of preference. As in RE2, neighbours that match one code point become one class, which matters
    /// if that class then contains everything beyond ASCII (see `charset`).
    pub fn alternatives(fragments: Vec<Self>) -> Self {
        let mut kept: Vec<Self> = Vec::with_capacity(fragments.len());
        // The sets of the run at the end of `kept`.
        let mut run: Vec<CharSet> = Vec::new();
        for mut fragment in fragments {
            match fragment.single.take() {
                Some(set) if run.is_empty() => {
                    run.push(set);
                    kept.push(fragment);
                }
                Some(set) => run.push(set),
                None => {
                    Self::end_run(&mut run, &mut kept);
                    kept.push(fragment);
                }
            }
        }
        Self::end_run(&mut run, &mut kept);
        Self::joined(kept, Hir::alternation, 1)
    }

    /// Replaces the first member of a run with the class of the whole run.
    fn end_run(run: &mut Vec<CharSet>, kept: &mut [Self]) {
        let ranges: Vec<(u32, u32)> = run.drain(..).flat_map(|set| set.ranges().to_vec()).collect();
        if let (Some(last), false) = (kept.last_mut(), ranges.is_empty()) {
            *last = Self::class(&CharSet::of(&ranges));
        }
    }

    fn joined(mut fragments: Vec<Self>, join: impl FnOnce(Vec<Hir>) -> Hir, each_costs: u64) -> Self {
        if fragments.len() < 2 {
            return fragments.pop().unwrap_or_else(Self::empty);
        }
        let copies = fragments.iter().map(|fragment| fragment.copies).max().unwrap_or(1);
        let between = each_costs * (fragments.len() as u64 - 1);
        let instructions = fragments.iter().fold(between, |sum, fragment| sum.saturating_add(fragment.instructions));
        let depth = fragments.iter().map(|fragment| fragment.depth).max().unwrap_or(0) + 1;
        let hir = join(fragments.into_iter().map(|fragment| fragment.hir).collect());
        Self { hir, copies, instructions, depth, single: None }
    }

    /// A capturing group. It has no name, since RE2 allows repeated names, and groups are only used by number.
    pub fn captured(self, index: u32) -> Self {
        let hir = Hir::capture(Capture { index, name: None, sub: Box::new(self.hir) });
        Self { hir, instructions: self.instructions.saturating_add(2), depth: self.depth + 1, single: None, ..self }
    }

    /// A repetition by `*`, `+` or `?`.
    pub fn repeated(self, least: u32, most: Option<u32>, greedy: bool) -> Self {
        let instructions = self.repeated_instructions(least, most);
        let hir = Hir::repetition(Repetition { min: least, max: most, greedy, sub: Box::new(self.hir) });
        Self { hir, instructions, depth: self.depth + 1, single: None, ..self }
    }

    /// A repetition by a count. Nested counts multiply.
    pub fn counted(self, least: u32, most: Option<u32>, greedy: bool) -> Self {
        let copies = self.copies.saturating_mul(u64::from(most.unwrap_or(least).max(1)));
        Self { copies, ..self.repeated(least, most, greedy) }
    }

    /// RE2 unrolls counts, but copies an empty-width fragment only once.
    fn repeated_instructions(&self, least: u32, most: Option<u32>) -> u64 {
        let takes_nothing = self.hir.properties().maximum_len() == Some(0);
        let can_be_empty = self.hir.properties().minimum_len() == Some(0);
        let cap = |count: u32| u64::from(if takes_nothing { count.min(1) } else { count });
        let star = self.instructions.saturating_add(if can_be_empty { 2 } else { 1 });
        match most {
            None if least < 2 => star,
            None => (cap(least) - 1).saturating_mul(self.instructions).saturating_add(star),
            Some(0) => 1,
            Some(most) => {
                let optional = cap(most) - cap(least);
                cap(most).saturating_mul(self.instructions).saturating_add(optional)
            }
        }
    }
}
