//! How the policies of a workload differ from others.

use super::table::{ClauseSpace, Decision, PolicyTable, PolicyVerdict, Search};
use super::witness::PolicyWitness;
use crate::policy::{ClauseEffect, PolicyClause};

/// Requests on which two sets of policies give different verdicts, or may do.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyDifference {
    /// The clause that decides in the old policies, and its verdict.
    pub old: (Decision, PolicyVerdict),
    /// The clause that decides in the new ones, and its verdict.
    pub new: (Decision, PolicyVerdict),
    /// One of the requests, if one is easily found; `None` as well if the search would take too long.
    pub witness: Option<Box<PolicyWitness>>,
    /// Whether there is such a request.
    pub is_certain: bool,
}

/// Compares policies. An empty result is a proof that their verdicts are equal for all requests that have no token, or one
/// that both accept.
pub fn differences(old: &PolicyTable<'_, '_>, new: &PolicyTable<'_, '_>) -> Vec<PolicyDifference> {
    if is_same(old, new) {
        return Vec::new();
    }
    let mut known = old.known().clone();
    known.issuers = known.issuers.zip(new.known().issuers.clone()).map(|(one, other)| [one, other].concat());
    let space = ClauseSpace::new(old.alternatives.iter().chain(&new.alternatives), &known);
    let (before, after) = (paths(old, 0), paths(new, old.clauses.len()));
    let mut found = Vec::new();
    for one in &before {
        for other in after.iter().filter(|other| other.verdict != one.verdict) {
            let all: Vec<usize> = one.all.iter().chain(&other.all).copied().collect();
            let none: Vec<usize> = one.none.iter().chain(&other.none).copied().collect();
            let (witness, is_certain) = match space.meet(&all, &none) {
                Search::None(_) => continue,
                Search::Found(witness) => (witness, true),
                Search::Undecided => (None, false),
            };
            let [old, new] = [one, other].map(|path| (path.decision, path.verdict.clone()));
            found.push(PolicyDifference { old, new, witness, is_certain });
        }
    }
    found
}

/// Whether two tables say the same, wherever they are written.
fn is_same(old: &PolicyTable<'_, '_>, new: &PolicyTable<'_, '_>) -> bool {
    let effects = |table: &PolicyTable<'_, '_>| -> Vec<ClauseEffect> {
        table.clauses.iter().map(|clause| clause.effect.clone()).collect()
    };
    let is_known = |table: &PolicyTable<'_, '_>| !table.clauses.iter().any(PolicyClause::is_unknown);
    is_known(old)
        && is_known(new)
        && old.denies_by_default == new.denies_by_default
        && effects(old) == effects(new)
        && old.alternatives.iter().all(Option::is_some)
        && old.alternatives == new.alternatives
}

/// A way to a verdict: clauses that take the requests, and clauses that do not.
struct Path {
    decision: Decision,
    verdict: PolicyVerdict,
    all: Vec<usize>,
    none: Vec<usize>,
}

/// All ways to a verdict. The numbers of clauses start at `first`.
fn paths(table: &PolicyTable<'_, '_>, first: usize) -> Vec<Path> {
    let custom = table.with(|effect| matches!(effect, ClauseEffect::Asks(_) | ClauseEffect::Refuses));
    let others = table.with(|effect| matches!(effect, ClauseEffect::Denies | ClauseEffect::Allows));
    let shifted = |numbers: &[usize]| -> Vec<usize> { numbers.iter().map(|number| number + first).collect() };
    let mut found = Vec::new();
    for at in 0..=custom.len() {
        let (own, earlier) = (custom.get(at).copied(), &custom[..at]);
        let effect = own.map(|number| &table.clauses[number].effect);
        if let (Some(number), Some(ClauseEffect::Refuses)) = (own, effect) {
            found.push(Path {
                decision: Decision::Clause(number),
                verdict: PolicyVerdict::Denied,
                all: vec![number + first],
                none: shifted(earlier),
            });
            continue;
        }
        for (position, decision) in others.iter().copied().map(Decision::Clause).chain([Decision::Default]).enumerate()
        {
            let verdict = match (table.verdict(decision), effect) {
                (PolicyVerdict::Allowed, Some(ClauseEffect::Asks(provider))) => {
                    PolicyVerdict::External(provider.clone())
                }
                (verdict, _) => verdict,
            };
            let mut all: Vec<usize> = own.into_iter().collect();
            if let Decision::Clause(number) = decision {
                all.push(number);
            }
            let none = [earlier, &others[..position]].concat();
            found.push(Path { decision, verdict, all: shifted(&all), none: shifted(&none) });
        }
    }
    found
}
