//! Lists of localities, of which none may be within an earlier one (istio: `validateLocalities`).

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Span;
use crate::validate::Family;
use crate::validate::violation::Found;

/// The localities that were seen: regions, their zones, the subzones of these. `*` stands for all that there are.
type Seen<'a> = BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<&'a str>>>;

/// Checks a list. The first mistake ends that.
pub fn check<'a>(localities: impl Iterator<Item = (&'a str, Span)>, found: &mut Found<'_>) {
    let mut seen = Seen::new();
    for (locality, span) in localities {
        if let Err(wrong) = add(locality, &mut seen) {
            let message = format!("{locality:?} {}", wrong.message);
            found.error(wrong.id, wrong.family, span, message).help(wrong.help);
            return;
        }
    }
}

/// Why a locality is not taken.
#[derive(Debug, PartialEq, Eq)]
struct Wrong {
    id: &'static str,
    family: Family,
    message: &'static str,
    help: &'static str,
}

const WILDCARD: Wrong = Wrong {
    id: "LO-5",
    family: Family::InvalidReference,
    message: "has a wildcard that is not at its end",
    help: "write region/* or region/zone/*",
};
const AFTER_ALL: Wrong = Wrong {
    id: "LO-6",
    family: Family::DuplicateEntry,
    message: "comes after *, which stands for all localities",
    help: "put * at the end",
};
const EMPTY: Wrong = Wrong {
    id: "LO-7",
    family: Family::InvalidReference,
    message: "is no locality",
    help: "write region, region/zone or region/zone/subzone",
};
const OVERLAP: Wrong = Wrong {
    id: "LO-6",
    family: Family::DuplicateEntry,
    message: "overlaps an earlier locality",
    help: "let each locality be named once",
};

/// Adds a locality to those before it.
fn add<'a>(locality: &'a str, seen: &mut Seen<'a>) -> Result<(), Wrong> {
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
    // istiod does not see a wildcard that comes after what it covers.
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
    use super::{AFTER_ALL, EMPTY, OVERLAP, Seen, WILDCARD, Wrong, add};

    fn first_wrong(localities: &[&str]) -> Option<Wrong> {
        let mut seen = Seen::new();
        localities.iter().find_map(|locality| add(locality, &mut seen).err())
    }

    #[test]
    fn smaller_localities_and_wildcards_come_last() {
        for list in [&["a/b/c", "a/b/d", "a/e", "f", "*"][..], &["a/b", "a/*"], &["a/b/c", "a/b/*"], &["a", "b/*"]] {
            assert_eq!(first_wrong(list), None, "{list:?}");
        }
    }

    #[test]
    fn overlaps_are_found() {
        for list in [&["a", "a"][..], &["a/b", "a"], &["a/*", "a/b"], &["a/b", "a/b/c"], &["a/b/*", "a/b/c"]] {
            assert_eq!(first_wrong(list), Some(OVERLAP), "{list:?}");
        }
        assert_eq!(first_wrong(&["*", "a"]), Some(AFTER_ALL));
        assert_eq!(first_wrong(&["a*b"]), Some(WILDCARD));
        assert_eq!(first_wrong(&["a//b"]), Some(EMPTY));
    }
}
