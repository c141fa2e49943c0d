//! Rules of policies: whether some request meets a rule, and none of some others.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;

use super::bits::Bits;
use super::dimension::Dimension;
use super::escape::{Escape, MOST_COMPARISONS};
use super::reach::{MOST_COMPARISONS_TOGETHER, MOST_PRUNED, Reachability};
use super::region::{ABSENT, Literal, Region};
use super::space::{Axis, RequestBox, Space};
use crate::policy::{Test, TestForm, TestSubject, TestValue, ValueSet};
use crate::re2::{Pattern, partition};

/// The largest automaton of a subject without conditions, in bytes, and what it may grow by for each value.
const LARGEST: usize = 512 << 10;
const LARGEST_EACH: usize = 16 << 10;

/// Rules of policies, which can be compared. Each rule is one or several boxes.
#[derive(Debug)]
pub struct PolicyRules {
    space: Space,
    /// The boxes of each rule; `None` if its requests are not known.
    rules: Vec<Option<Range<usize>>>,
    /// The comparisons that are left for all searches.
    left: Cell<u64>,
}

impl PolicyRules {
    /// Rules that can be compared.
    pub fn new<'t>(forms: &[&'t TestForm<'t>]) -> Self {
        let alternatives = |form: &&'t TestForm<'t>| match form {
            TestForm::Alternatives(all) => all.as_slice(),
            TestForm::Void | TestForm::Unknown => &[],
        };
        let mut builder = Builder::new(forms.iter().flat_map(alternatives).flatten().copied());
        let all = forms.iter().flat_map(alternatives);
        let literals: Vec<Vec<Literal>> =
            all.map(|tests| tests.iter().map(|test| builder.literal(*test)).collect()).collect();
        let all = Region::all(builder.axes.iter().map(|axis| axis.possible.clone()));
        let boxes: Vec<RequestBox> = literals.into_iter().map(|it| RequestBox::new(it, &all)).collect();
        let mut next = 0;
        let rules = forms.iter().map(|form| {
            let first = next;
            next += alternatives(form).len();
            (!matches!(form, TestForm::Unknown)).then_some(first..next)
        });
        let rules = rules.collect();
        Self { space: Space::of_boxes(builder.axes, boxes), rules, left: Cell::new(MOST_COMPARISONS_TOGETHER) }
    }

    /// Says whether some request meets a rule, and none of some others. A rule whose requests are not known is never among
    /// those that take others.
    pub fn reach(&self, rule: usize, others: &[usize]) -> Reachability {
        let Some(own) = self.rules[rule].clone() else { return Reachability::Undecided };
        if own.clone().all(|number| self.space.region(number).is_none()) {
            return Reachability::Impossible;
        }
        // One rule that takes all of them is the proof that people understand best.
        let takes_all = |other: &usize| {
            let wide = self.rules[*other].clone().unwrap_or_default();
            own.clone()
                .filter_map(|number| self.space.region(number))
                .all(|region| wide.clone().any(|number| self.space.request_box(number).covers(region)))
        };
        if let Some(alone) = others.iter().find(|other| takes_all(other)) {
            return Reachability::TakenBy(vec![*alone]);
        }
        match self.covers(&own, others) {
            Ok(Some(covers)) => Reachability::TakenBy(self.fewest(&own, covers)),
            Ok(None) => Reachability::Reached,
            Err(Undecided) => Reachability::Undecided,
        }
    }

    /// The rules that take all requests of some boxes, if they do.
    fn covers(&self, own: &Range<usize>, others: &[usize]) -> Result<Option<Vec<usize>>, Undecided> {
        let of = |other: &usize| self.rules[*other].clone().unwrap_or_default();
        let boxes: Vec<usize> = others.iter().flat_map(of).collect();
        let mut used = BTreeSet::new();
        for region in own.clone().filter_map(|number| self.space.region(number)) {
            let budget = self.left.get().min(MOST_COMPARISONS);
            let mut left = budget;
            let escape = self.space.escape(region.clone(), &boxes, &mut left);
            self.left.set(self.left.get() - (budget - left));
            match escape {
                Escape::Covered(covers) => used.extend(covers),
                Escape::Found(_) => return Ok(None),
                Escape::Undecided => return Err(Undecided),
            }
        }
        Ok(Some(others.iter().copied().filter(|other| used.iter().any(|number| of(other).contains(number))).collect()))
    }

    /// Leaves out what a proof does not need, the last ones first.
    fn fewest(&self, own: &Range<usize>, mut kept: Vec<usize>) -> Vec<usize> {
        for at in (0..kept.len()).rev().take(MOST_PRUNED) {
            let mut fewer = kept.clone();
            fewer.remove(at);
            if let Ok(Some(_)) = self.covers(own, &fewer) {
                kept = fewer;
            }
        }
        kept
    }
}

/// A search would take too long.
struct Undecided;

/// The axes during construction.
struct Builder<'t> {
    axes: Vec<Axis>,
    subjects: BTreeMap<TestSubject, SubjectAxis<'t>>,
    /// The axes of conditions that the atoms of their subject do not show, by the values of the condition. They count as
    /// independent of all else. So more requests seem possible than there are, and what is proven of all of them is true.
    expressions: BTreeMap<(TestSubject, Vec<TestValue<'t>>), usize>,
}

/// The axis of a subject.
struct SubjectAxis<'t> {
    axis: usize,
    /// For each value, the atoms that it takes; `None` if the atoms do not show them.
    taken: BTreeMap<TestValue<'t>, Option<Vec<usize>>>,
}

impl<'t> Builder<'t> {
    fn new(tests: impl Iterator<Item = Test<'t>>) -> Self {
        let mut values: BTreeMap<TestSubject, BTreeSet<TestValue<'t>>> = BTreeMap::new();
        for test in tests {
            values.entry(test.subject()).or_default().extend(test.values());
        }
        let mut builder = Self { axes: Vec::new(), subjects: BTreeMap::new(), expressions: BTreeMap::new() };
        for (subject, values) in values {
            let values: Vec<TestValue<'t>> = values.into_iter().collect();
            let (texts, taken) = cut(&subject, &values);
            let first = if subject.is_optional() { ABSENT } else { ABSENT + 1 };
            let possible = Bits::from(first, texts.len() + 1);
            let dimension = match &subject {
                TestSubject::Request(part) => Dimension::Part(part.clone()),
                other => Dimension::Attribute(other.clone()),
            };
            builder.axes.push(Axis { dimension, possible, texts });
            let taken = values.into_iter().zip(taken).collect();
            builder.subjects.insert(subject, SubjectAxis { axis: builder.axes.len() - 1, taken });
        }
        builder
    }

    /// The literal that expresses a condition. A missing subject has no value, so it meets what is negated.
    fn literal(&mut self, test: Test<'t>) -> Literal {
        let subject = test.subject();
        let known = &self.subjects[&subject];
        let taken: Option<Vec<usize>> = test.values().try_fold(Vec::new(), |mut all, value| {
            all.extend(known.taken[&value].as_ref()?);
            Some(all)
        });
        let Some(taken) = taken else { return self.expression(test, subject) };
        let Axis { possible, texts, .. } = &self.axes[known.axis];
        let taken = Bits::of(texts.len() + 1, taken.into_iter().map(|atom| atom + 1)).and(possible);
        let rest = possible.without(&taken);
        let is_single = !subject.repeats();
        let (taken, rest) = if test.is_negated() { (rest, taken) } else { (taken, rest) };
        Literal { axis: known.axis, is_single, is_for_all: is_single || test.is_negated(), taken, rest }
    }

    fn expression(&mut self, test: Test<'t>, subject: TestSubject) -> Literal {
        let mut values: Vec<TestValue<'t>> = test.values().collect();
        values.sort();
        values.dedup();
        let axis = *self.expressions.entry((subject.clone(), values)).or_insert_with(|| {
            let texts = vec![Vec::new(); 2];
            self.axes.push(Axis { dimension: Dimension::Attribute(subject), possible: Bits::from(1, 3), texts });
            self.axes.len() - 1
        });
        let (holds, fails) = (Bits::of(3, [1]), Bits::of(3, [2]));
        let (taken, rest) = if test.is_negated() { (fails, holds) } else { (holds, fails) };
        Literal { axis, is_single: true, is_for_all: true, taken, rest }
    }
}

/// A text for each atom, and the atoms that each value takes.
type Cut = (Vec<Vec<u8>>, Vec<Option<Vec<usize>>>);

/// Cuts what a subject can be by values.
fn cut(subject: &TestSubject, values: &[TestValue<'_>]) -> Cut {
    let sets: Vec<ValueSet> = values.iter().map(TestValue::set).collect();
    let uncut = || (vec![Vec::new()], vec![None; values.len()]);
    match subject {
        TestSubject::SourceIp | TestSubject::RemoteIp | TestSubject::DestinationIp => cut_addresses(&sets),
        TestSubject::Port => cut_ports(&sets),
        TestSubject::Metadata(_) => uncut(),
        _ => {
            let Some(universe) = subject.texts() else { return uncut() };
            let plain = |number: usize| values[number].is_plain();
            cut_texts(universe, &sets, &|_| true).or_else(|| cut_texts(universe, &sets, &plain)).unwrap_or_else(uncut)
        }
    }
}

/// Cuts texts by the values that are kept. `None` if the automaton would be too large.
fn cut_texts(universe: &Pattern, sets: &[ValueSet], keeps: &dyn Fn(usize) -> bool) -> Option<Cut> {
    let kept: Vec<(usize, Pattern)> = sets
        .iter()
        .enumerate()
        .filter(|(number, _)| keeps(*number))
        .filter_map(|(number, set)| match set {
            ValueSet::Texts(pattern) => Some((number, pattern.clone())),
            _ => None,
        })
        .collect();
    let patterns: Vec<Pattern> = kept.iter().map(|(_, pattern)| pattern.clone()).collect();
    let mut parts = partition(universe, &patterns, LARGEST + LARGEST_EACH * patterns.len())?;
    // Atoms under one prefix are then neighbours.
    parts.sort_by(|a, b| a.text.cmp(&b.text));
    let mut taken: Vec<Option<Vec<usize>>> = vec![None; sets.len()];
    kept.iter().for_each(|(number, _)| taken[*number] = Some(Vec::new()));
    for (atom, part) in parts.iter().enumerate() {
        for language in &part.languages {
            if let Some(atoms) = &mut taken[kept[*language].0] {
                atoms.push(atom);
            }
        }
    }
    Some((parts.into_iter().map(|part| part.text).collect(), taken))
}

/// Cuts the addresses of both families at the ends of blocks. An atom is the addresses from its text to the next.
fn cut_addresses(sets: &[ValueSet]) -> Cut {
    let mut starts: BTreeSet<IpAddr> = BTreeSet::from([IpAddr::from([0_u8; 4]), IpAddr::from([0_u16; 8])]);
    for set in sets {
        let ValueSet::Block(block) = set else { continue };
        starts.insert(block.network());
        starts.extend(after(block.broadcast()));
    }
    let starts: Vec<IpAddr> = starts.into_iter().collect();
    let taken = |set: &ValueSet| match set {
        ValueSet::Block(block) => Some((0..starts.len()).filter(|atom| block.contains(&starts[*atom])).collect()),
        _ => None,
    };
    (starts.iter().map(|start| start.to_string().into_bytes()).collect(), sets.iter().map(taken).collect())
}

/// The next address of the same family.
fn after(address: IpAddr) -> Option<IpAddr> {
    match address {
        IpAddr::V4(address) => Some(IpAddr::from(u32::from(address).checked_add(1)?.to_be_bytes())),
        IpAddr::V6(address) => Some(IpAddr::from(u128::from(address).checked_add(1)?.to_be_bytes())),
    }
}

/// Cuts the ports into those that are named, and all others.
fn cut_ports(sets: &[ValueSet]) -> Cut {
    let ports = sets.iter().filter_map(|set| if let ValueSet::Port(port) = set { Some(*port) } else { None });
    let ports: Vec<u32> = ports.collect::<BTreeSet<u32>>().into_iter().collect();
    let other = (1..).find(|port| !ports.contains(port)).unwrap_or_default();
    let taken = |set: &ValueSet| match set {
        ValueSet::Port(port) => Some(ports.binary_search(port).into_iter().collect()),
        _ => None,
    };
    let texts = ports.iter().chain([&other]).map(|port| port.to_string().into_bytes());
    (texts.collect(), sets.iter().map(taken).collect())
}
