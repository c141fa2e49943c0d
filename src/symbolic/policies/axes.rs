//! The facets of requests that conditions of policies tell apart, cut into atoms.

use std::collections::BTreeMap;

use super::super::bits::Bits;
use super::super::dimension::Dimension;
use super::super::region::{ABSENT, Literal};
use super::super::space::Axis;
use super::witness;
use crate::policy::{Facet, FacetCondition};
use crate::re2::{Pattern, Re2, partition};

/// The largest automaton of a facet without conditions, in bytes.
const LARGEST: usize = 4 << 20;

/// The bytes that the automaton may grow by for each byte of the expressions.
const LARGEST_EACH: usize = 1024;

/// Facts about all requests.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The issuers of tokens, if they are known.
    pub issuers: Option<Vec<String>>,
    /// The trust domain of the mesh, which witnesses have if they can.
    pub trust_domain: String,
}

/// The axes, and for each condition its literal.
#[derive(Debug, Default)]
pub struct Axes {
    pub axes: Vec<Axis>,
    literals: BTreeMap<FacetCondition, Literal>,
}

impl Axes {
    /// Cuts the facets of some conditions.
    pub fn new<'c>(conditions: impl IntoIterator<Item = &'c FacetCondition>, known: &Known) -> Self {
        let mut by_facet: BTreeMap<&Facet, BTreeMap<&[String], Vec<&FacetCondition>>> = BTreeMap::new();
        for condition in conditions {
            let same = by_facet.entry(&condition.facet).or_default().entry(&condition.expressions).or_default();
            if !same.contains(&condition) {
                same.push(condition);
            }
        }
        let mut axes = Self::default();
        for (facet, sets) in by_facet {
            let sets: Vec<Vec<&FacetCondition>> = sets.into_values().collect();
            axes.add_facet(facet, &sets, known);
        }
        axes
    }

    /// The literal of a condition.
    pub fn literal(&self, condition: &FacetCondition) -> Option<&Literal> {
        self.literals.get(condition)
    }

    /// Adds the axes of a facet. The conditions of a set have the same texts.
    fn add_facet(&mut self, facet: &Facet, sets: &[Vec<&FacetCondition>], known: &Known) {
        let patterns: Vec<Option<Pattern>> = sets.iter().map(|set| pattern(&set[0].expressions)).collect();
        let universe = universe(facet, known);
        let size: usize = sets.iter().flat_map(|set| &set[0].expressions).map(String::len).sum();
        let cut = |keeps: &dyn Fn(&Pattern) -> bool| {
            let kept: Vec<usize> =
                (0..sets.len()).filter(|number| patterns[*number].as_ref().is_some_and(keeps)).collect();
            let mut languages: Vec<Pattern> = kept.iter().filter_map(|number| patterns[*number].clone()).collect();
            // A text that a witness should rather have is told apart, so that it can have it.
            let own = || Pattern::of_prefix(format!("{}/", known.trust_domain).as_bytes(), false);
            languages.extend((*facet == Facet::Principal).then(own));
            languages.extend(witness::usual(facet).iter().map(|text| Pattern::of_text(text.as_bytes(), false)));
            let parts = partition(universe.as_ref()?, &languages, LARGEST + LARGEST_EACH * size)?;
            Some((kept, parts))
        };
        let found = cut(&|_| true).or_else(|| cut(&|pattern| !pattern.floats()));
        let kept = found.map(|(kept, mut parts)| {
            parts.sort_by(|a, b| a.text.cmp(&b.text));
            let mut taken: Vec<Vec<usize>> = vec![Vec::new(); kept.len()];
            for (atom, part) in parts.iter().enumerate() {
                for number in part.languages.iter().filter(|number| **number < kept.len()) {
                    taken[*number].push(atom + 1);
                }
            }
            let texts: Vec<Vec<u8>> = parts.into_iter().map(|part| part.text).collect();
            let first = if facet.is_optional() { ABSENT } else { ABSENT + 1 };
            let possible = Bits::from(first, texts.len() + 1);
            let axis = self.add(Axis { dimension: Dimension::Facet(facet.clone()), possible, texts });
            for (number, taken) in kept.iter().zip(&taken) {
                for condition in &sets[*number] {
                    let literal = self.of_texts(axis, facet, condition.is_negated, taken);
                    self.literals.insert((*condition).clone(), literal);
                }
            }
            kept
        });
        let kept = kept.unwrap_or_default();
        for (number, set) in sets.iter().enumerate().filter(|(number, _)| !kept.contains(number)) {
            let dimension = Dimension::FacetCondition(facet.clone(), number);
            let axis = self.add(Axis { dimension, possible: Bits::from(1, 3), texts: vec![Vec::new(); 2] });
            for condition in set {
                let (taken, rest) =
                    (if condition.is_negated { 2 } else { 1 }, if condition.is_negated { 1 } else { 2 });
                let literal = Literal {
                    axis,
                    is_single: true,
                    is_for_all: true,
                    taken: Bits::of(3, [taken]),
                    rest: Bits::of(3, [rest]),
                };
                self.literals.insert((*condition).clone(), literal);
            }
        }
    }

    fn add(&mut self, axis: Axis) -> usize {
        self.axes.push(axis);
        self.axes.len() - 1
    }

    fn of_texts(&self, axis: usize, facet: &Facet, is_negated: bool, taken: &[usize]) -> Literal {
        let Axis { possible, texts, .. } = &self.axes[axis];
        let taken = Bits::of(texts.len() + 1, taken.iter().copied());
        let (taken, rest) = match is_negated {
            true => (possible.without(&taken), taken.and(possible)),
            false => (taken.clone().and(possible), possible.without(&taken)),
        };
        Literal { axis, is_single: !facet.repeats(), is_for_all: is_negated || !facet.repeats(), taken, rest }
    }
}

/// The texts that one of some expressions matches; `None` if one is too large, or there are none.
fn pattern(expressions: &[String]) -> Option<Pattern> {
    let all: Option<Vec<Pattern>> =
        expressions.iter().map(|it| Re2::new(it).ok()).map(|regex| Some(Pattern::of_regex(&regex?))).collect();
    all.filter(|all| !all.is_empty()).map(Pattern::any_of)
}

fn universe(facet: &Facet, known: &Known) -> Option<Pattern> {
    if let (Facet::Token, Some(issuers)) = (facet, &known.issuers) {
        let below = |issuer: &String| {
            let subject = Pattern::of_prefix(&[issuer.as_bytes(), b"\0"].concat(), false);
            [Pattern::of_text(issuer.as_bytes(), false), subject]
        };
        return Some(Pattern::any_of(issuers.iter().flat_map(below)));
    }
    let texts = facet.texts();
    (!texts.is_empty()).then(|| Re2::new(texts).ok()).flatten().map(|regex| Pattern::of_regex(&regex))
}
