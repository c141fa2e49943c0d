//! Lists of localities, none of which can be within an earlier one (istio: `validateLocalities`).

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Span;
use crate::validate::Mistake;
use crate::validate::quoted;
use crate::validate::violation::Violations;

/// The localities seen so far: regions, their zones, and the subzones of these. `*` means all.
type Seen<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<&'a str>>>;

/// Checks a list, up to the first violation.
pub fn check<'a>(localities: impl Iterator<Item = (&'a str, Span)>, violations: &mut Violations<'_>) {
    let mut seen = Seen::new();
    for (locality, span) in localities {
        if let Err(fault) = add(locality, &mut seen) {
            let message = format!("locality {} {}", quoted(locality), fault.message);
            violations.error(fault.id, fault.mistake, span, message).help(fault.help);
            return;
        }
    }
}

/// The reason why a locality is rejected.
#[derive(Debug, PartialEq, Eq)]
struct LocalityFault {
    id: &'static str,
    mistake: Mistake,
    message: &'static str,
    help: &'static str,
}

const WILDCARD: LocalityFault = LocalityFault {
    id: "LO-5",
    mistake: Mistake::InvalidReference,
    message: "has a wildcard that is not at the end",
    help: "write `region/*` or `region/zone/*`",
};
const AFTER_ALL: LocalityFault = LocalityFault {
    id: "LO-6",
    mistake: Mistake::DuplicateEntry,
    message: "follows `*`, which covers all localities",
    help: "move `*` to the end",
};
const EMPTY: LocalityFault = LocalityFault {
    id: "LO-7",
    mistake: Mistake::InvalidReference,
    message: "is not valid",
    help: "write `region`, `region/zone` or `region/zone/subzone`",
};
const OVERLAP: LocalityFault = LocalityFault {
    id: "LO-6",
    mistake: Mistake::DuplicateEntry,
    message: "overlaps an earlier locality",
    help: "list each locality only once",
};

/// Adds a locality to the earlier ones.
fn add<'a>(locality: &'a str, seen: &mut Seen<'a>) -> Result<(), LocalityFault> {
    if locality.strip_suffix('*').unwrap_or(locality).contains('*') {
        return Err(WILDCARD);
    }
    if seen.contains_key("*") {
        return Err(AFTER_ALL);
    }
    let mut parts = locality.splitn(3, '/');
    let (region, zone, subzone) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    if region.is_empty() || zone == Some("") || subzone == Some("") {
        return Err(EMPTY);
    }
    let is_known = seen.contains_key(region);
    let zones = seen.entry(region).or_default();
    // istiod does not detect a wildcard after a locality that it covers.
    let overlaps = match (zone, subzone) {
        (None, _) => is_known,
        (Some(zone), None) => zones.contains_key("*") || zones.contains_key(zone),
        (Some(zone), Some(subzone)) => {
            let covers = |subzones: &BTreeSet<&str>| subzones.contains("*") || subzones.contains(subzone);
            zones.contains_key("*") || zones.get(zone).is_some_and(covers)
        }
    };
    zones.entry(zone.unwrap_or("*")).or_default().insert(subzone.unwrap_or("*"));
    if overlaps { Err(OVERLAP) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::{AFTER_ALL, EMPTY, LocalityFault, OVERLAP, Seen, WILDCARD, add};

    fn first_fault(localities: &[&str]) -> Option<LocalityFault> {
        let mut seen = Seen::new();
        localities.iter().find_map(|locality| add(locality, &mut seen).err())
    }

    #[test]
    fn smaller_localities_and_wildcards_come_last() {
        for list in [&["a/b/c", "a/b/d", "a/e", "f", "*"][..], &["a/b", "a/*"], &["a/b/c", "a/b/*"], &["a", "b/*"]] {
            assert_eq!(first_fault(list), None, "{list:?}");
        }
    }

    #[test]
    fn overlaps_are_found() {
        for list in [&["a", "a"][..], &["a/b", "a"], &["a/*", "a/b"], &["a/b", "a/b/c"], &["a/b/*", "a/b/c"]] {
            assert_eq!(first_fault(list), Some(OVERLAP), "{list:?}");
        }
        assert_eq!(first_fault(&["*", "a"]), Some(AFTER_ALL));
        assert_eq!(first_fault(&["a*b"]), Some(WILDCARD));
        assert_eq!(first_fault(&["a//b"]), Some(EMPTY));
    }
}
