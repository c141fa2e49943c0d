//! Which meshes of two versions of manifests belong together.

use std::collections::BTreeMap;
use std::path::Path;

use crate::source::path;

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
    /// Pairs meshes by their names below the arguments, which are the second ones. One that is left on each side is the same
    /// mesh under another name.
    pub fn of(old: &[(String, String)], new: &[(String, String)]) -> Self {
        let below = |names: &[(String, String)]| names.iter().map(|(_, name)| name.clone()).collect::<Vec<_>>();
        let (old, new) = (below(old), below(new));
        let places: BTreeMap<&String, usize> = new.iter().enumerate().map(|(place, name)| (name, place)).collect();
        let paired = |(place, name): (usize, &String)| Some((name.clone(), place, *places.get(name)?));
        let mut both: Vec<_> = old.iter().enumerate().filter_map(paired).collect();
        let lone = |names: &[String], is_paired: &dyn Fn(usize) -> bool| -> Vec<usize> {
            (0..names.len()).filter(|place| !is_paired(*place)).collect()
        };
        let before = lone(&old, &|place| both.iter().any(|(_, it, _)| *it == place));
        let after = lone(&new, &|place| both.iter().any(|(_, _, it)| *it == place));
        if let ([one], [other]) = (before.as_slice(), after.as_slice()) {
            both.push((new[*other].clone(), *one, *other));
            return Self { both, ..Self::default() };
        }
        let named = |names: &[String], places: Vec<usize>| places.into_iter().map(|it| names[it].clone()).collect();
        Self { both, appeared: named(&new, after), vanished: named(&old, before) }
    }

    /// The names of the old and the new meshes, with those that both sides use in the second place.
    pub fn common_names(&self, names: [Vec<(String, String)>; 2]) -> [Vec<(String, String)>; 2] {
        let [mut old, mut new] = names;
        for (name, before, after) in &self.both {
            old[*before].1.clone_from(name);
            new[*after].1.clone_from(name);
        }
        [old, new]
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

/// The path of a file from the argument under which it was found: `../base/a.yaml` for `old/base/a.yaml` and the argument
/// `old/dev`. `.` is the argument itself.
pub fn path_from(root: &Path, file: &str) -> String {
    let root = path::join("", &root.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"));
    let parts = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (parts(&root), parts(file));
    if root.starts_with('/') != file.starts_with('/') {
        return file.to_owned();
    }
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    // The names of directories above the working directory are not known.
    if from[shared..].iter().any(|part| part == "..") {
        return file.to_owned();
    }
    let ups = from[shared..].iter().map(|_| "..".to_owned());
    let path = ups.chain(to[shared..].iter().cloned()).collect::<Vec<_>>().join("/");
    if path.is_empty() { ".".to_owned() } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meshes_are_paired_by_their_names_below_the_arguments() {
        let names = |root: &str, names: &[&str]| -> Vec<(String, String)> {
            names.iter().map(|name| ((*name).to_owned(), relative(Path::new(root), name))).collect()
        };
        let old = names("./old/", &["old/dev", "old/prod", "old/gone"]);
        let new = names("new", &["new/prod", "new/dev", "new/a", "new/b"]);
        assert_eq!(old.iter().map(|(_, name)| name).collect::<Vec<_>>(), ["dev", "prod", "gone"]);
        let pairs = Pairs::of(&old, &new);
        assert_eq!(pairs.both, [("dev".to_owned(), 0, 1), ("prod".to_owned(), 1, 0)]);
        assert_eq!((pairs.appeared, pairs.vanished), (vec!["a".to_owned(), "b".to_owned()], vec!["gone".to_owned()]));
        let renamed = Pairs::of(&names("old", &["old"]), &names("new.yaml", &["new.yaml"]));
        assert_eq!(renamed.both, [(".".to_owned(), 0, 0)]);
        let (one, other) = (names("", &["a"]), names("", &["b"]));
        let pairs = Pairs::of(&one, &other);
        assert_eq!(pairs.both, [("b".to_owned(), 0, 0)]);
        let common = pairs.common_names([one, other]);
        assert_eq!(common, [[("a".to_owned(), "b".to_owned())], [("b".to_owned(), "b".to_owned())]]);
    }

    #[test]
    fn files_outside_of_an_argument_have_a_path_from_it() {
        for (root, file, path) in [
            ("old", "old/a.yaml", "a.yaml"),
            ("./old/dev/", "old/base/a.yaml", "../base/a.yaml"),
            ("old.yaml", "old.yaml", "."),
            (".", "a/b.yaml", "a/b.yaml"),
            ("dev", "../base/a.yaml", "../../base/a.yaml"),
            ("..", "a.yaml", "a.yaml"),
            ("../old", "../base/a.yaml", "../base/a.yaml"),
            ("/srv/old", "/srv/old/a.yaml", "a.yaml"),
            ("old", "/srv/a.yaml", "/srv/a.yaml"),
        ] {
            assert_eq!(path_from(Path::new(root), file), path, "{root} {file}");
        }
    }
}
