//! The requests that some shapes tell apart: a shape is a list of conditions, and becomes a box of atoms.

use std::collections::BTreeMap;

use super::atoms::{Atoms, Precision, Taken};
use super::bits::Bits;
use super::dimension::{Dimension, ProxyCondition, ProxyProperty};
use super::region::{ABSENT, Literal, Region};
use crate::routing::{MatchCondition, Matcher, RequestPart};

/// The conditions of a match, which must all hold.
#[derive(Debug, Default)]
pub struct Shape<'c> {
    /// The conditions on the request.
    pub conditions: Vec<&'c MatchCondition>,
    /// The conditions on the proxy.
    pub proxy: Vec<ProxyCondition>,
}

/// The requests that shapes tell apart.
#[derive(Debug)]
pub struct Space {
    pub(super) axes: Vec<Axis>,
    boxes: Vec<RequestBox>,
    regions: Vec<Option<Region>>,
}

/// One dimension, cut into atoms. The atom [`ABSENT`] is for requests without the part; the others follow.
#[derive(Debug)]
pub(super) struct Axis {
    pub dimension: Dimension,
    /// The possible atoms.
    pub possible: Bits,
    /// A text of each atom but the first.
    pub texts: Vec<Vec<u8>>,
}

/// The requests of a shape.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestBox {
    pub literals: Vec<Literal>,
    /// Whether several of the literals concern the same axis.
    pub has_related: bool,
    /// Whether a proxy rejects the conditions, so that no request meets them.
    pub is_empty: bool,
}

/// The axes during construction, and for each condition the literals that express it.
#[derive(Default)]
struct Builder<'c> {
    axes: Vec<Axis>,
    parts: BTreeMap<RequestPart, PartAxis<'c>>,
    proxy: BTreeMap<ProxyProperty, (usize, Vec<String>)>,
}

/// The axis of a part of requests.
struct PartAxis<'c> {
    axis: usize,
    /// The numbers of the conditions.
    numbers: BTreeMap<ConditionKey<'c>, usize>,
    taken: Vec<Taken>,
    /// The axes of conditions that the atoms do not show.
    expressions: BTreeMap<(usize, bool), usize>,
}

/// Conditions on one part with the same key are equal: the kind of the comparison, its text, and whether it ignores case.
type ConditionKey<'c> = (&'static str, &'c str, bool);

fn key(condition: &MatchCondition) -> ConditionKey<'_> {
    let (kind, text) = condition.matcher.key();
    (kind, text, condition.ignores_case())
}

impl Space {
    /// Cuts the requests by some shapes. `closed` has the properties of which all possible values are known.
    pub fn new(shapes: &[Shape<'_>], closed: &[ProxyCondition], precision: Precision) -> Self {
        let mut builder = Builder::default();
        builder.add_parts(shapes, precision);
        builder.add_proxy(shapes, closed);
        let boxes: Vec<RequestBox> = shapes.iter().map(|shape| builder.request_box(shape)).collect();
        Self::of_boxes(builder.axes, boxes)
    }

    /// The requests that boxes on some axes tell apart.
    pub(super) fn of_boxes(axes: Vec<Axis>, boxes: Vec<RequestBox>) -> Self {
        let all = Region::all(axes.iter().map(|axis| axis.possible.clone()));
        let regions = boxes.iter().map(|it| it.within(&all)).collect();
        Self { axes, boxes, regions }
    }

    pub(super) fn shape_count(&self) -> usize {
        self.boxes.len()
    }

    pub(super) fn request_box(&self, number: usize) -> &RequestBox {
        &self.boxes[number]
    }

    /// The requests of a shape; `None` if there are none.
    pub(super) fn region(&self, number: usize) -> Option<&Region> {
        self.regions[number].as_ref()
    }

    /// All requests.
    pub(super) fn all(&self) -> Region {
        Region::all(self.axes.iter().map(|axis| axis.possible.clone()))
    }
}

impl RequestBox {
    /// The requests of `all` that meet some literals.
    pub fn new(mut literals: Vec<Literal>, all: &Region) -> Self {
        // A condition that always holds decides nothing.
        literals.retain(|literal| !all.is_within(literal));
        let mut axes: Vec<usize> = literals.iter().map(|literal| literal.axis).collect();
        axes.sort_unstable();
        let has_related = axes.windows(2).any(|pair| pair[0] == pair[1]);
        Self { literals, has_related, is_empty: false }
    }

    /// The requests of a region that are in the box; `None` if there are none.
    pub fn within(&self, region: &Region) -> Option<Region> {
        if self.is_empty {
            return None;
        }
        let mut common = region.clone();
        self.literals.iter().for_each(|literal| common.keep(literal));
        self.literals.iter().all(|literal| common.is_possible_on(literal.axis)).then_some(common)
    }

    /// Whether the box has all requests of a region.
    pub fn covers(&self, region: &Region) -> bool {
        !self.is_empty && self.literals.iter().all(|literal| region.is_within(literal))
    }
}

impl<'c> Builder<'c> {
    fn add_parts(&mut self, shapes: &[Shape<'c>], precision: Precision) {
        let mut by_part: BTreeMap<RequestPart, Vec<&'c MatchCondition>> = BTreeMap::new();
        for condition in shapes.iter().flat_map(|shape| &shape.conditions) {
            by_part.entry(condition.subject.part()).or_default().push(condition);
        }
        for (part, all) in by_part {
            let mut numbers = BTreeMap::new();
            let mut distinct = Vec::new();
            for condition in all {
                numbers.entry(key(condition)).or_insert_with(|| {
                    distinct.push(condition);
                    distinct.len() - 1
                });
            }
            let atoms = Atoms::new(&part, &distinct, precision);
            let first = if part.is_optional() { ABSENT } else { ABSENT + 1 };
            let possible = Bits::from(first, atoms.texts.len() + 1);
            let axis = self.add_axis(Axis { dimension: Dimension::Part(part.clone()), possible, texts: atoms.texts });
            self.parts.insert(part, PartAxis { axis, numbers, taken: atoms.taken, expressions: BTreeMap::new() });
        }
    }

    fn add_proxy(&mut self, shapes: &[Shape<'c>], closed: &[ProxyCondition]) {
        let mut by_property: BTreeMap<ProxyProperty, Vec<String>> = BTreeMap::new();
        for condition in shapes.iter().flat_map(|shape| &shape.proxy) {
            by_property.entry(condition.property.clone()).or_default().extend(condition.one_of.iter().cloned());
        }
        for (property, mut values) in by_property {
            let known = closed.iter().find(|it| it.property == property && !it.one_of.is_empty());
            if let Some(known) = known {
                values.clone_from(&known.one_of);
            }
            values.sort();
            values.dedup();
            // Unless all values are known, the first atom is for any other one.
            let first = if known.is_some() { ABSENT + 1 } else { ABSENT };
            let possible = Bits::from(first, values.len() + 1);
            let texts = values.iter().map(|value| value.clone().into_bytes()).collect();
            let axis = self.add_axis(Axis { dimension: Dimension::Proxy(property.clone()), possible, texts });
            self.proxy.insert(property, (axis, values));
        }
    }

    fn add_axis(&mut self, axis: Axis) -> usize {
        self.axes.push(axis);
        self.axes.len() - 1
    }

    fn request_box(&mut self, shape: &Shape<'c>) -> RequestBox {
        // A proxy rejects an invalid expression, and with it the whole configuration.
        if shape.conditions.iter().any(|it| matches!(it.matcher, Matcher::Invalid { .. })) {
            return RequestBox { is_empty: true, ..RequestBox::default() };
        }
        let mut literals = Vec::new();
        for condition in shape.conditions.iter().copied() {
            self.add_literals(condition, &mut literals);
        }
        for condition in &shape.proxy {
            let (axis, values) = &self.proxy[&condition.property];
            let taken = condition.one_of.iter().filter_map(|value| values.binary_search(value).ok());
            literals.push(self.literal(*axis, true, taken.map(|at| at + 1)));
        }
        RequestBox::new(literals, &Region::all(self.axes.iter().map(|axis| axis.possible.clone())))
    }

    /// The literals that express a condition.
    fn add_literals(&mut self, condition: &'c MatchCondition, literals: &mut Vec<Literal>) {
        let part = condition.subject.part();
        let known = &self.parts[&part];
        let (axis, number) = (known.axis, known.numbers[&key(condition)]);
        let taken = &known.taken[number];
        let present = 1..=self.axes[axis].texts.len();
        let of_texts = taken.atoms.iter().map(|atom| atom + 1);
        if !condition.subject.is_negative() {
            let literal = self.literal(axis, !part.repeats(), of_texts);
            let is_exact = taken.is_exact;
            literals.push(literal);
            if !is_exact {
                literals.push(self.expression(&part, number, condition, true));
            }
            return;
        }
        if matches!(condition.matcher, Matcher::Present) {
            literals.push(self.literal(axis, true, [ABSENT]));
        } else if taken.is_exact {
            let takes_missing = !(condition.subject.reads_missing_as_empty() && condition.matcher.matches(b""));
            let missing = takes_missing.then_some(ABSENT);
            let taken: Vec<usize> = of_texts.collect();
            let others = present.filter(|atom| taken.binary_search(atom).is_err());
            literals.push(self.literal(axis, true, missing.into_iter().chain(others)));
        } else {
            literals.push(self.expression(&part, number, condition, false));
        }
    }

    /// The literal of a condition that the atoms of its part do not show.
    fn expression(&mut self, part: &RequestPart, number: usize, condition: &MatchCondition, holds: bool) -> Literal {
        // A missing value can fail both the condition and its negation. Then they are independent.
        let is_apart = !holds && condition.subject.reads_missing_as_empty() && condition.matcher.matches(b"");
        let known = self.parts[part].expressions.get(&(number, is_apart)).copied();
        let axis = known.unwrap_or_else(|| {
            let dimension = Dimension::Expression(part.clone(), number);
            let axis = self.add_axis(Axis { dimension, possible: Bits::from(1, 3), texts: vec![Vec::new(); 2] });
            if let Some(it) = self.parts.get_mut(part) {
                it.expressions.insert((number, is_apart), axis);
            }
            axis
        });
        self.literal(axis, true, [if holds { 1 } else { 2 }])
    }

    fn literal(&self, axis: usize, is_for_all: bool, taken: impl IntoIterator<Item = usize>) -> Literal {
        let Axis { dimension, possible, texts } = &self.axes[axis];
        let is_single = !matches!(dimension, Dimension::Part(part) if part.repeats());
        let taken = Bits::of(texts.len() + 1, taken).and(possible);
        let rest = possible.without(&taken);
        Literal { axis, is_single, is_for_all, taken, rest }
    }
}
