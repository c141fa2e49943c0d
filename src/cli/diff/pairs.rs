//! Which meshes of two versions of manifests belong together.

use std::collections::BTreeMap;
use std::path::Path;

/// The meshes of both sides.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    /// The name of each mesh that both sides have, with its places.
    pub both: Vec<(String, usize, usize)>,
    /// The meshes that only the new side has.
    pub appeared: Vec<String>,
    /// The meshes that only the old side has.
    pub vanished: Vec<String>,
}

impl Pairs {
    /// Pairs meshes by their names. One that is left on each side is the same mesh under another name.
    pub fn of(old: &[String], new: &[String]) -> Self {
        let places: BTreeMap<&String, usize> = new.iter().enumerate().map(|(place, name)| (name, place)).collect();
        let paired = |(place, name): (usize, &String)| Some((name.clone(), place, *places.get(name)?));
        let mut both: Vec<_> = old.iter().enumerate().filter_map(paired).collect();
        let lone = |names: &[String], is_paired: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..names.len()).filter(|place| !is_paired(*place)).collect()
        };
        let before = lone(old, &|place| both.iter().any(|(_, it, _)| *it == place));
        let after = lone(new, &|place| both.iter().any(|(_, _, it)| *it == place));
        if let ([one], [other]) = (before.as_slice(), after.as_slice()) {
            both.push((new[*other].clone(), *one, *other));
            return Self { both, ..Self::default() };
        }
        let named = |names: &[String], places: Vec<usize>| places.into_iter().map(|it| names[it].clone()).collect();
        Self { both, appeared: named(new, after), vanished: named(old, before) }
    }
}

/// The name of a mesh relative to the argument under which it was found: `overlays/dev` for `old/overlays/dev`.
pub fn relative(root: &Path, name: &str) -> String {
    let root = root.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/");
    let root = root.trim_start_matches("./").trim_end_matches('/');
    let rest =
        name.strip_prefix(root).filter(|rest| !root.is_empty() && (rest.is_empty() || rest.starts_with(['/', ' '])));
    match rest.map(|rest| rest.trim_start_matches('/')) {
        Some("") => ".".to_owned(),
        Some(rest) => rest.to_owned(),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meshes_are_paired_by_their_names_below_the_arguments() {
        let names = |root: &str, names: &[&str]| -> Vec<String> {
            names.iter().map(|name| relative(Path::new(root), name)).collect()
        };
        let old = names("./old/", &["old/dev", "old/prod", "old/gone"]);
        let new = names("new", &["new/prod", "new/dev", "new/a", "new/b"]);
        assert_eq!(old, ["dev", "prod", "gone"]);
        let pairs = Pairs::of(&old, &new);
        assert_eq!(pairs.both, [("dev".to_owned(), 0, 1), ("prod".to_owned(), 1, 0)]);
        assert_eq!((pairs.appeared, pairs.vanished), (vec!["a".to_owned(), "b".to_owned()], vec!["gone".to_owned()]));
        let renamed = Pairs::of(&names("old", &["old"]), &names("new.yaml", &["new.yaml"]));
        assert_eq!(renamed.both, [(".".to_owned(), 0, 0)]);
        assert_eq!(Pairs::of(&["a".to_owned()], &["b".to_owned()]).both, [("b".to_owned(), 0, 0)]);
    }
}
