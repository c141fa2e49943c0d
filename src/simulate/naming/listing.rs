//! Errors about names that the manifests do not have. They list what there is, with the nearest name.

use std::collections::BTreeSet;

use crate::model::spelling::nearest;
use crate::model::wording;

/// The most names in an error.
const MOST: usize = 8;

/// Says that something does not exist, which name is the nearest, and which there are. `subject` names the thing, as in
/// "workload `shop/wbe`", and `wanted` is the name in the form of the known ones.
pub(super) fn missing(subject: &str, wanted: &str, known: &BTreeSet<String>) -> String {
    missing_near(subject, wanted, known, known)
}

/// [`missing`], where only some of the known names are listed.
pub(super) fn missing_near(subject: &str, wanted: &str, near: &BTreeSet<String>, known: &BTreeSet<String>) -> String {
    format!("{subject} does not exist{}", instead(wanted, near, known))
}

/// The nearest of the known names, and those of them that are near, as the end of an error.
fn instead(wanted: &str, near: &BTreeSet<String>, known: &BTreeSet<String>) -> String {
    let own = |full: &str| full.rsplit('/').next().unwrap_or_default().to_owned();
    // The same name in another namespace is nearer than a similar one.
    let elsewhere = || known.iter().find(|full| wanted.contains('/') && own(full) == own(wanted)).map(String::as_str);
    let by_own_name = || {
        let close = nearest(wanted, known.iter().map(|full| full.rsplit('/').next().unwrap_or_default()))?;
        known.iter().find(|full| own(full) == close).map(String::as_str)
    };
    let close = nearest(wanted, near.iter().map(String::as_str)).or_else(elsewhere);
    let close = close.or_else(|| nearest(wanted, known.iter().map(String::as_str)));
    let close = close.or_else(|| if wanted.contains('/') { None } else { by_own_name() });
    match (close, known.len()) {
        (_, 0) => String::new(),
        (Some(close), 1) => format!("; did you mean `{close}`?"),
        (Some(close), _) => format!("; did you mean `{close}`? The manifests have {}", shown(near)),
        (None, _) => format!("; the manifests have {}", shown(near)),
    }
}

/// Some names, and the number of the others.
pub(super) fn shown(names: &BTreeSet<String>) -> String {
    wording::first(&names.iter().collect::<Vec<_>>(), MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_comes_first() {
        let known: BTreeSet<String> = ["shop/web", "shop/cart", "bank/ledger"].map(str::to_owned).into();
        let all = "The manifests have `bank/ledger`, `shop/cart` and `shop/web`";
        assert_eq!(instead("shop/wbe", &known, &known), format!("; did you mean `shop/web`? {all}"));
        assert_eq!(instead("shop/ledger", &known, &known), format!("; did you mean `bank/ledger`? {all}"));
        assert_eq!(instead("ledgr", &known, &known), format!("; did you mean `bank/ledger`? {all}"));
        assert_eq!(instead("orders", &known, &known), format!("; {}", all.replace("The", "the")));
        assert_eq!(instead("orders", &BTreeSet::new(), &BTreeSet::new()), "");
    }
}
