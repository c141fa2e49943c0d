//! Whether some request of a region escapes all of some boxes.
//!
//! The search takes a box away from the region at a time, as pieces that miss the box in one dimension each, and goes on
//! with the first piece. So it finds an escaping request early if there is one, and visits all pieces only for a proof.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::region::Region;
use super::space::{RequestBox, Space};

/// The comparisons of a region with a box after which a search gives up. The question is as hard as whether a formula
/// holds for all values, so there are tables for which no method is fast.
pub(super) const MOST_COMPARISONS: u64 = 2_000_000;

/// The result of a search.
#[derive(Debug)]
pub(super) enum Escape {
    /// Boxes, by number, that take all requests of the region together.
    Covered(BTreeSet<usize>),
    /// Requests that escape all boxes.
    Found(Region),
    /// The search would take too long.
    Undecided,
}

/// The relation of a region to a box.
enum Relation {
    /// They have no request in common.
    Apart,
    /// The literals of the box, by number, that not all requests of the region meet. Without any, the box takes all.
    Open(Vec<usize>),
}

fn relate(region: &Region, request_box: &RequestBox) -> Relation {
    if request_box.is_empty || !request_box.literals.iter().all(|literal| region.meets(literal)) {
        return Relation::Apart;
    }
    if request_box.has_related && request_box.within(region).is_none() {
        return Relation::Apart;
    }
    let literals = request_box.literals.iter().enumerate();
    Relation::Open(literals.filter(|(_, literal)| !region.is_within(literal)).map(|(number, _)| number).collect())
}

impl Space {
    /// Searches for requests of a region that escape all of some boxes. `budget` is the number of comparisons that it
    /// may take, and becomes what is left of them.
    pub(super) fn escape(&self, region: Region, boxes: &[usize], budget: &mut u64) -> Escape {
        let mut covers: BTreeSet<usize> = BTreeSet::new();
        let mut regions: Vec<(Region, Rc<[usize]>)> = vec![(region, boxes.into())];
        'regions: while let Some((mut region, mut live)) = regions.pop() {
            loop {
                let mut near: Vec<usize> = Vec::new();
                let mut nearest: Option<(usize, Vec<usize>)> = None;
                let mut has_changed = false;
                for &number in live.iter() {
                    if *budget == 0 {
                        return Escape::Undecided;
                    }
                    *budget -= 1;
                    let request_box = self.request_box(number);
                    match relate(&region, request_box) {
                        Relation::Apart => {}
                        Relation::Open(open) => match open.as_slice() {
                            [] => {
                                covers.insert(number);
                                continue 'regions;
                            }
                            [only] => {
                                covers.insert(number);
                                region.remove(&request_box.literals[*only]);
                                has_changed = true;
                            }
                            _ => {
                                near.push(number);
                                if nearest.as_ref().is_none_or(|(_, fewest)| open.len() < fewest.len()) {
                                    nearest = Some((number, open));
                                }
                            }
                        },
                    }
                }
                let Some((number, open)) = nearest else { return Escape::Found(region) };
                if has_changed {
                    live = near.into();
                    continue;
                }
                covers.insert(number);
                let rest: Rc<[usize]> = near.into_iter().filter(|other| *other != number).collect();
                for literal in open.into_iter().map(|at| &self.request_box(number).literals[at]) {
                    let mut missing = region.clone();
                    missing.remove(literal);
                    if missing.is_possible_on(literal.axis) {
                        regions.push((missing, Rc::clone(&rest)));
                    }
                    region.keep(literal);
                    if !region.is_possible_on(literal.axis) {
                        break;
                    }
                }
                continue 'regions;
            }
        }
        Escape::Covered(covers)
    }
}
