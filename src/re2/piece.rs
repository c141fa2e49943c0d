//! Parts of an expression while it is put together: the automaton's form, and what RE2's limits count.

use regex_syntax::hir::{Capture, Class, ClassBytes, ClassBytesRange, Hir, Look, Repetition};

use super::charset::{CharSet, encoded};

/// A part of an expression.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// What it means.
    pub hir: Hir,
    /// How often its innermost part is repeated by counts: the largest product of nested ones.
    pub copies: u64,
    /// About how many instructions RE2 compiles it to.
    pub instructions: u64,
    /// How deep it nests.
    pub depth: u32,
    /// What it takes, if that is one code point of a set.
    single: Option<CharSet>,
}

impl Piece {
    fn leaf(hir: Hir, instructions: u64) -> Self {
        Self { hir, copies: 1, instructions, depth: 0, single: None }
    }

    /// Matches the empty text.
    pub fn empty() -> Self {
        Self::leaf(Hir::empty(), 1)
    }

    /// Matches one code point, in either case if `fold` is set.
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

    /// Matches a place.
    pub fn look(look: Look) -> Self {
        Self::leaf(Hir::look(look), 1)
    }

    /// A sequence.
    pub fn sequence(pieces: Vec<Self>) -> Self {
        Self::joined(pieces, Hir::concat, 0)
    }

    /// Alternatives, earlier ones first. As in RE2, neighbours that take one code point become one class, which shows
    /// if it then holds everything beyond ASCII (see `charset`).
    pub fn alternatives(pieces: Vec<Self>) -> Self {
        let mut kept: Vec<Self> = Vec::with_capacity(pieces.len());
        // The members of the run that `kept` ends with.
        let mut run: Vec<CharSet> = Vec::new();
        for mut piece in pieces {
            match piece.single.take() {
                Some(set) if run.is_empty() => {
                    run.push(set);
                    kept.push(piece);
                }
                Some(set) => run.push(set),
                None => {
                    Self::end_run(&mut run, &mut kept);
                    kept.push(piece);
                }
            }
        }
        Self::end_run(&mut run, &mut kept);
        Self::joined(kept, Hir::alternation, 1)
    }

    /// Puts the class of a run in place of its first member.
    fn end_run(run: &mut Vec<CharSet>, kept: &mut [Self]) {
        let ranges: Vec<(u32, u32)> = run.drain(..).flat_map(|set| set.ranges().to_vec()).collect();
        if let (Some(last), false) = (kept.last_mut(), ranges.is_empty()) {
            *last = Self::class(&CharSet::of(&ranges));
        }
    }

    fn joined(mut pieces: Vec<Self>, join: impl FnOnce(Vec<Hir>) -> Hir, each_costs: u64) -> Self {
        if pieces.len() < 2 {
            return pieces.pop().unwrap_or_else(Self::empty);
        }
        let copies = pieces.iter().map(|piece| piece.copies).max().unwrap_or(1);
        let between = each_costs * (pieces.len() as u64 - 1);
        let instructions = pieces.iter().fold(between, |sum, piece| sum.saturating_add(piece.instructions));
        let depth = pieces.iter().map(|piece| piece.depth).max().unwrap_or(0) + 1;
        let hir = join(pieces.into_iter().map(|piece| piece.hir).collect());
        Self { hir, copies, instructions, depth, single: None }
    }

    /// A capturing group.
    ///
    /// It has no name: RE2 lets names repeat, and nobody here asks for a group by its name.
    pub fn captured(self, index: u32) -> Self {
        let hir = Hir::capture(Capture { index, name: None, sub: Box::new(self.hir) });
        Self { hir, instructions: self.instructions.saturating_add(2), depth: self.depth + 1, single: None, ..self }
    }

    /// A repetition by one of `*`, `+` and `?`.
    pub fn repeated(self, least: u32, most: Option<u32>, greedy: bool) -> Self {
        let instructions = self.repeated_instructions(least, most);
        let hir = Hir::repetition(Repetition { min: least, max: most, greedy, sub: Box::new(self.hir) });
        Self { hir, instructions, depth: self.depth + 1, single: None, ..self }
    }

    /// A repetition by a count, which multiplies with those inside.
    pub fn counted(self, least: u32, most: Option<u32>, greedy: bool) -> Self {
        let copies = self.copies.saturating_mul(u64::from(most.unwrap_or(least).max(1)));
        Self { copies, ..self.repeated(least, most, greedy) }
    }

    /// RE2 unfolds counts. A part that takes no text is not needed twice.
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
