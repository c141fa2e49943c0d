//! Requests that two matches both take.

use std::fmt;

use super::implication::Automata;
use super::predicate::{MatchCondition, MatchSubject};
use super::reach::Alternative;
use super::sample::Sample;

/// A request that shows that two matches overlap.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness(Sample);

/// A request that two alternatives of one VirtualService both take. `None` if no such request exists, or if none is
/// easily found. `method` is the usual method of requests. Conditions on the proxy are not compared.
pub fn overlap(one: &Alternative<'_>, other: &Alternative<'_>, method: &str, automata: &Automata) -> Option<Witness> {
    let conditions: Vec<&MatchCondition> = one.conditions.iter().chain(&other.conditions).collect();
    // A message names no other parts of a request.
    let is_shown = |subject: &MatchSubject| {
        use MatchSubject::{Header, Method, Path, Query};
        matches!(subject, Path { .. } | Method | Header(_) | Query(_))
    };
    let usual = Sample { method: method.to_owned(), ..Sample::default() };
    conditions.iter().all(|it| is_shown(&it.subject)).then(|| usual.meeting(&conditions, automata))?.map(Witness)
}

impl fmt::Display for Witness {
    /// For a message: the request in backticks, and its headers.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(sample) = self;
        write!(formatter, "`{} {}`", sample.method, sample.path_and_query())?;
        for (index, (name, value)) in sample.headers.iter().enumerate() {
            let word = if index == 0 { " with header" } else { " and" };
            write!(formatter, "{word} `{name}: {value}`")?;
        }
        Ok(())
    }
}
