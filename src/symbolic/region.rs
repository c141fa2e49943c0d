//! Sets of requests: for each axis, the atoms that a request may have.

use std::rc::Rc;

use super::bits::Bits;

/// The atom of requests that lack the part.
pub const ABSENT: usize = 0;

/// A condition on the atoms of one axis.
#[derive(Debug, Clone)]
pub struct Literal {
    /// The axis.
    pub axis: usize,
    /// Whether each request has one atom on the axis.
    pub is_single: bool,
    /// Whether all atoms of a request must be taken, not just one of them.
    pub is_for_all: bool,
    /// The atoms that the condition takes.
    pub taken: Bits,
    /// The other atoms of the axis.
    pub rest: Bits,
}

/// The sets of atoms that a request may have on one axis: it has the atom [`ABSENT`] alone, or others, of which it may
/// have several.
#[derive(Debug, Clone)]
struct Values {
    /// The atoms that it may have.
    allowed: Bits,
    /// It has one atom of each of these sets. Empty on an axis of which each request has one atom.
    required: Vec<Bits>,
}

/// A set of requests.
#[derive(Debug, Clone)]
pub struct Region {
    axes: Vec<Rc<Values>>,
}

impl Literal {
    /// Whether the condition, or its negation, only leaves fewer atoms. Otherwise it requires one of a set.
    fn narrows(&self, is_negated: bool) -> bool {
        self.is_single || self.is_for_all != is_negated
    }

    fn atoms(&self, is_negated: bool) -> &Bits {
        if is_negated { &self.rest } else { &self.taken }
    }
}

impl Values {
    /// Whether some set of atoms is possible, if requests also have one of `required`, and only some of `allowed`.
    fn is_possible(&self, allowed: Option<&Bits>, required: Option<&Bits>) -> bool {
        let may_have = |atom: usize| self.allowed.has(atom) && allowed.is_none_or(|it| it.has(atom));
        let all_required = || self.required.iter().chain(required);
        if may_have(ABSENT) && all_required().all(|one| one.has(ABSENT)) {
            return true;
        }
        match allowed {
            None if self.required.is_empty() => match required {
                None => self.allowed.meets_above_zero(&self.allowed),
                Some(one) => self.allowed.meets_above_zero(one),
            },
            None => all_required().all(|one| self.allowed.meets_above_zero(one)),
            Some(allowed) if self.required.is_empty() && required.is_none() => self.allowed.meets_above_zero(allowed),
            Some(allowed) => {
                let both = self.allowed.clone().and(allowed);
                all_required().all(|one| both.meets_above_zero(one))
            }
        }
    }
}

impl Region {
    /// The requests with any of the atoms of each axis.
    pub fn all(axes: impl Iterator<Item = Bits>) -> Self {
        Self { axes: axes.map(|allowed| Rc::new(Values { allowed, required: Vec::new() })).collect() }
    }

    /// Whether some request of the region meets a condition, or does not meet it.
    fn has_some(&self, literal: &Literal, is_negated: bool) -> bool {
        let (values, atoms) = (&self.axes[literal.axis], literal.atoms(is_negated));
        match literal.narrows(is_negated) {
            true => values.is_possible(Some(atoms), None),
            false => values.is_possible(None, Some(atoms)),
        }
    }

    /// Leaves only the requests that meet a condition, or that do not meet it.
    fn restrict(&mut self, literal: &Literal, is_negated: bool) {
        let (values, atoms) = (Rc::make_mut(&mut self.axes[literal.axis]), literal.atoms(is_negated));
        match literal.narrows(is_negated) {
            true => values.allowed.keep(atoms),
            false => values.required.push(atoms.clone()),
        }
    }

    /// Leaves only the requests that meet a condition.
    pub fn keep(&mut self, literal: &Literal) {
        self.restrict(literal, false);
    }

    /// Leaves only the requests that do not meet a condition.
    pub fn remove(&mut self, literal: &Literal) {
        self.restrict(literal, true);
    }

    /// Whether some request of the region meets a condition.
    pub fn meets(&self, literal: &Literal) -> bool {
        self.has_some(literal, false)
    }

    /// Whether all requests of the region meet a condition.
    pub fn is_within(&self, literal: &Literal) -> bool {
        !self.has_some(literal, true)
    }

    /// Whether the region has requests, as far as one axis says.
    pub fn is_possible_on(&self, axis: usize) -> bool {
        self.axes[axis].is_possible(None, None)
    }

    /// The atoms that requests of the region may have on an axis, and sets of which they have one.
    pub fn on(&self, axis: usize) -> (&Bits, &[Bits]) {
        (&self.axes[axis].allowed, &self.axes[axis].required)
    }

    /// Leaves only the requests that have exactly these atoms on an axis.
    #[cfg(test)]
    pub fn fix(&mut self, axis: usize, atoms: &[usize]) {
        let length = self.axes[axis].allowed.iter().last().map_or(0, |last| last + 1);
        let of = |atoms: &[usize]| Bits::of(length, atoms.iter().copied());
        let required = atoms.iter().map(|atom| of(&[*atom])).collect();
        self.axes[axis] = Rc::new(Values { allowed: of(atoms), required });
    }
}
