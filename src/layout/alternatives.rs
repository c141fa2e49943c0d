//! Alternatives: directories or files that define the same resources differently, so that they are not applied together.
//!
//! Environments (`envs/dev`, `envs/prod`), the steps of a tutorial and several versions of a file look the same in a
//! repository: at some directory, two entries below it define a resource of the same name. Such entries are *rivals*. Entries
//! that are linked by rivalry form a *set*, and the set is split into *classes* whose entries are not rivals. A file can be in
//! a class of several sets, one inside the other: these are its *chain*. A variant consists of a chain that no other one
//! continues, and of all files whose chain it continues, including the files that are in no set at all.

use std::collections::{BTreeMap, BTreeSet};

use crate::load::Manifests;
use crate::model::{Kind, KindScope, Resource};
use crate::source::{FileId, path};

/// Files that are applied together, as opposed to other variants.
#[derive(Debug)]
pub(super) struct Variant {
    /// The directory or file that is special to the variant. `None` if there are no alternatives.
    pub name: Option<String>,
    /// The files.
    pub files: Vec<FileId>,
    /// The files that not all variants have.
    pub own: BTreeSet<FileId>,
    /// The set of alternatives that the variant belongs to.
    pub set: usize,
    /// Whether the variant replaces the others of its set completely, as an environment does. Otherwise what the others
    /// define may still be there, as in the steps of a tutorial.
    pub is_exclusive: bool,
}

/// The identity of a resource, as far as its manifest says: without a namespace if none is written.
type Identity<'a> = (Kind, &'a str, &'a str);

/// The part of the resources that two directories must share to be alternatives, if the shared resources are in namespaces
/// that the manifests name. A few shared resources in a large tree are mistakes.
const SHARED_PART: f64 = 0.3;

/// The part from which one directory replaces the other.
const REPLACED_PART: f64 = 0.5;

/// The number of times that each resource may be checked on average, because it is in so many variants.
const MOST_TIMES: usize = 20;

/// The number of checks of resources that is fine in any case.
const ALWAYS_FINE: usize = 20_000;

/// Splits files into variants.
pub(super) fn split(manifests: &Manifests, files: &[FileId]) -> Vec<Variant> {
    let chains = Chains::new(manifests, files);
    let distinct: BTreeSet<&[Link]> = chains.of_file.values().map(Vec::as_slice).collect();
    let is_continued = |chain: &[Link]| distinct.iter().any(|it| it.len() > chain.len() && it.starts_with(chain));
    let leaves: Vec<&[Link]> = distinct.iter().copied().filter(|chain| !is_continued(chain)).collect();
    let variants: Vec<Variant> = leaves.iter().map(|leaf| chains.variant(leaf, files)).collect();
    let count = |files: &[FileId]| files.iter().map(|file| manifests.contents(*file).resources.len()).sum::<usize>();
    let total: usize = variants.iter().map(|variant| count(&variant.files)).sum();
    if total <= MOST_TIMES * count(files) + ALWAYS_FINE {
        return variants;
    }
    // The rest of a large repository has a variant of its own, and the others see only what is near.
    let near = leaves.iter().filter(|leaf| !leaf.is_empty()).map(|leaf| chains.near_variant(manifests, leaf, files));
    near.chain(std::iter::once(chains.variant(&[], files))).collect()
}

/// A class of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Link {
    set: usize,
    class: usize,
}

/// A set of alternatives at a directory.
struct AlternativeSet {
    /// The directory.
    directory: String,
    /// The entries of the directory in each class.
    classes: Vec<Vec<String>>,
    is_exclusive: bool,
}

struct Chains {
    sets: Vec<AlternativeSet>,
    of_file: BTreeMap<FileId, Vec<Link>>,
}

impl Chains {
    fn new(manifests: &Manifests, files: &[FileId]) -> Self {
        let mut chains = Self { sets: Vec::new(), of_file: files.iter().map(|file| (*file, Vec::new())).collect() };
        let tree = Tree::new(manifests, files);
        for (directory, rivalries) in tree.rivalries() {
            chains.add_sets(manifests, &tree, &directory, &rivalries);
        }
        chains
    }

    /// Adds the sets of a directory. Directories come after those that contain them.
    fn add_sets(&mut self, manifests: &Manifests, tree: &Tree<'_>, directory: &str, rivalries: &Rivalries) {
        for set in rivalries.sets() {
            let classes = rivalries.classes(&set);
            let is_exclusive = classes.iter().flatten().all(|entry| !is_step(entry))
                && rivalries
                    .pairs
                    .iter()
                    .all(|((a, b), rivalry)| !set.contains(a) || !set.contains(b) || rivalry.replaces);
            for (class, entries) in classes.iter().enumerate() {
                let link = Link { set: self.sets.len(), class };
                let places: Vec<String> = entries.iter().map(|entry| path::join(directory, entry)).collect();
                for file in tree.files.iter() {
                    let shown = manifests.sources.file(*file).path();
                    if places.iter().any(|place| path::is_within(shown, place)) {
                        self.of_file.entry(*file).or_default().push(link);
                    }
                }
            }
            let full = |entries: &Vec<String>| entries.iter().map(|entry| path::join(directory, entry)).collect();
            self.sets.push(AlternativeSet {
                directory: directory.to_owned(),
                classes: classes.iter().map(full).collect(),
                is_exclusive,
            });
        }
    }

    fn variant(&self, chain: &[Link], files: &[FileId]) -> Variant {
        let chain_of = |file: &FileId| self.of_file[file].as_slice();
        let files: Vec<FileId> = files.iter().copied().filter(|file| chain.starts_with(chain_of(file))).collect();
        let own = files.iter().copied().filter(|file| !chain_of(file).is_empty()).collect();
        let last = chain.last();
        Variant {
            name: last.map(|link| name(&self.sets[link.set].classes[link.class])),
            files,
            own,
            set: last.map_or(0, |link| link.set),
            is_exclusive: chain.iter().all(|link| self.sets[link.set].is_exclusive),
        }
    }
}

impl Chains {
    /// A variant without the files of no alternative that are outside of the directory of its own alternatives.
    fn near_variant(&self, manifests: &Manifests, chain: &[Link], files: &[FileId]) -> Variant {
        let mut variant = self.variant(chain, files);
        let directory = chain.last().map_or("", |link| &self.sets[link.set].directory);
        let is_near = |file: &FileId| path::is_within(manifests.sources.file(*file).path(), directory);
        variant.files.retain(|file| !self.of_file[file].is_empty() || is_near(file));
        variant
    }
}

/// The name of a class: its directory or file, or the directory of several, as in `extras/{istio,kubernetes}`.
fn name(entries: &[String]) -> String {
    const MOST: usize = 3;
    let [first, ..] = entries else { return String::new() };
    if entries.len() == 1 {
        return first.clone();
    }
    let directory = path::directory(first);
    let shown = entries.iter().take(MOST).map(|entry| entry.rsplit('/').next().unwrap_or_default());
    let mut shown = shown.collect::<Vec<_>>().join(",");
    if entries.len() > MOST {
        shown += &format!(" and {} more", entries.len() - MOST);
    }
    path::join(directory, &format!("{{{shown}}}"))
}

/// Whether a name is that of a step in a sequence: it starts with a number, or a word such as `step` is in it.
fn is_step(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "step", "lab", "exercise", "chapter", "part", "lesson", "stage-", "task", "cleanup", "solution", "demo",
        "example",
    ];
    let is_file = name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
    let lower = name.to_ascii_lowercase();
    let is_version = lower.strip_prefix('v').is_some_and(|rest| rest.starts_with(|it: char| it.is_ascii_digit()));
    is_file
        || is_version
        || lower.starts_with(|letter: char| letter.is_ascii_digit())
        || WORDS.iter().any(|word| lower.contains(word))
}

/// The definitions of the files.
struct Tree<'a> {
    files: Vec<FileId>,
    definitions: BTreeMap<Identity<'a>, Vec<(FileId, &'a Resource)>>,
    manifests: &'a Manifests,
}

/// The rivalries of the entries of a directory.
#[derive(Default)]
struct Rivalries {
    pairs: BTreeMap<(String, String), Rivalry>,
}

struct Rivalry {
    /// Whether the entries share so much that one replaces the other.
    replaces: bool,
}

/// The part that two entries of a directory share.
#[derive(Default)]
struct Shared {
    /// The resources that both define.
    resources: usize,
    /// Whether they define a resource differently.
    is_different: bool,
    /// Whether one of those has no written namespace. It may be applied to several.
    is_movable: bool,
}

impl<'a> Tree<'a> {
    fn new(manifests: &'a Manifests, files: &[FileId]) -> Self {
        let mut definitions: BTreeMap<Identity<'a>, Vec<_>> = BTreeMap::new();
        for &file in files {
            // Namespaces are repeated beside their contents.
            let resources = manifests.contents(file).resources.iter();
            for resource in resources.filter(|it| it.kind != Kind::Namespace && !it.name().is_empty()) {
                let namespace = resource.metadata.namespace.as_ref().map_or("", |namespace| namespace.as_str());
                definitions.entry((resource.kind, namespace, resource.name())).or_default().push((file, &**resource));
            }
        }
        Self { files: files.to_vec(), definitions, manifests }
    }

    /// The rivalries at each directory that has some.
    fn rivalries(&self) -> BTreeMap<String, Rivalries> {
        let mut shared: BTreeMap<(String, String, String), Shared> = BTreeMap::new();
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for (identity, definitions) in &self.definitions {
            let places: Vec<(&str, &Resource)> = definitions
                .iter()
                .map(|(file, resource)| (self.manifests.sources.file(*file).path(), *resource))
                .collect();
            for place in places.iter().flat_map(|(place, _)| ancestors(place)).collect::<BTreeSet<_>>() {
                *counts.entry(place.to_owned()).or_default() += 1;
            }
            self.compare(identity, &places, &mut shared);
        }
        let mut rivalries: BTreeMap<String, Rivalries> = BTreeMap::new();
        let mut copies = Vec::new();
        for ((directory, one, other), shared) in shared {
            let count = |entry: &str| counts.get(&path::join(&directory, entry)).copied().unwrap_or(1);
            let part = shared.resources as f64 / count(&one).min(count(&other)) as f64;
            let rivalry = Rivalry { replaces: part >= REPLACED_PART };
            if shared.is_different && (shared.is_movable || part >= SHARED_PART) {
                rivalries.entry(directory).or_default().pairs.insert((one, other), rivalry);
            } else if rivalry.replaces {
                copies.push((directory, one, other));
            }
        }
        // Two steps of a tutorial can have the same files, as long as others differ.
        let sets: BTreeMap<String, Vec<BTreeSet<String>>> =
            rivalries.iter().map(|(directory, known)| (directory.clone(), known.sets())).collect();
        for (directory, one, other) in copies {
            let of_directory = sets.get(&directory).into_iter().flatten();
            if of_directory.into_iter().any(|set| set.contains(&one) && set.contains(&other)) {
                let known = rivalries.entry(directory).or_default();
                known.pairs.insert((one, other), Rivalry { replaces: true });
            }
        }
        rivalries
    }

    /// Notes the entries at which the definitions of a resource part.
    fn compare(
        &self,
        (kind, namespace, _): &Identity<'_>,
        places: &[(&str, &Resource)],
        shared: &mut BTreeMap<(String, String, String), Shared>,
    ) {
        let mut seen: BTreeMap<(String, String, String), bool> = BTreeMap::new();
        for (index, (place, resource)) in places.iter().enumerate() {
            for (other_place, other) in &places[..index] {
                let Some((directory, one, another)) = parting(other_place, place) else { continue };
                let key = (directory.to_owned(), one.to_owned(), another.to_owned());
                let is_different = seen.entry(key).or_default();
                *is_different |= self.manifests.sources.text(resource.span).trim_end()
                    != self.manifests.sources.text(other.span).trim_end();
            }
        }
        for (key, is_different) in seen {
            let shared = shared.entry(key).or_default();
            shared.resources += 1;
            shared.is_different |= is_different;
            shared.is_movable |= is_different && namespace.is_empty() && kind.scope() == KindScope::Namespaced;
        }
    }
}

impl Rivalries {
    fn are_rivals(&self, one: &str, other: &str) -> bool {
        let (first, second) = if one < other { (one, other) } else { (other, one) };
        self.pairs.contains_key(&(first.to_owned(), second.to_owned()))
    }

    /// The sets of entries that are linked by rivalry.
    fn sets(&self) -> Vec<BTreeSet<String>> {
        let mut sets: Vec<BTreeSet<String>> = Vec::new();
        for (one, other) in self.pairs.keys() {
            let set_of = |entry: &str| sets.iter().position(|set| set.contains(entry));
            match (set_of(one), set_of(other)) {
                (Some(first), Some(second)) if first == second => {}
                (Some(first), Some(second)) => {
                    let merged = sets.remove(first.max(second));
                    sets[first.min(second)].extend(merged);
                }
                (Some(at), None) => drop(sets[at].insert(other.clone())),
                (None, Some(at)) => drop(sets[at].insert(one.clone())),
                (None, None) => sets.push(BTreeSet::from([one.clone(), other.clone()])),
            }
        }
        sets.sort();
        sets
    }

    /// The entries of a set, in classes without rivals.
    fn classes(&self, set: &BTreeSet<String>) -> Vec<Vec<String>> {
        let mut classes: Vec<Vec<String>> = Vec::new();
        for entry in set {
            let fits = |class: &&mut Vec<String>| class.iter().all(|other| !self.are_rivals(entry, other));
            match classes.iter_mut().find(fits) {
                Some(class) => class.push(entry.clone()),
                None => classes.push(vec![entry.clone()]),
            }
        }
        classes
    }
}

/// A path and the directories that contain it.
fn ancestors(place: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(place), |place| Some(path::directory(place)).filter(|it| !it.is_empty() && *it != "/"))
}

/// The directory at which two paths part, with the entry of each, in order. `None` for equal paths.
fn parting<'p>(one: &'p str, other: &'p str) -> Option<(&'p str, &'p str, &'p str)> {
    if one == other {
        return None;
    }
    let common = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    let start = one[..one.floor_char_boundary(common)].rfind('/').map_or(0, |slash| slash + 1);
    let entry = |path: &'p str| path[start..].split('/').next().unwrap_or_default();
    let directory = if start == 1 { "/" } else { one[..start].trim_end_matches('/') };
    let (first, second) = (entry(one), entry(other));
    Some(if first < second { (directory, first, second) } else { (directory, second, first) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn virtual_service(name: &str, host: &str) -> String {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: {name}}}\nspec: {{hosts: [{host}]}}\n"
        )
    }

    /// The variants of some files, each with a VirtualService: its name, whether it is exclusive, and its files.
    fn variants(files: &[(&str, &str, &str)]) -> Vec<(Option<String>, bool, Vec<String>)> {
        let texts = files.iter().map(|(path, name, host)| (*path, virtual_service(name, host)));
        let manifests = Manifests::of_texts(texts);
        let all: Vec<FileId> = manifests.sources.iter().map(|(file, _)| file).collect();
        let shown = |file: &FileId| manifests.sources.file(*file).path().to_owned();
        let variants = split(&manifests, &all).into_iter();
        variants.map(|it| (it.name, it.is_exclusive, it.files.iter().map(shown).collect())).collect()
    }

    fn variant(name: &str, is_exclusive: bool, files: &[&str]) -> (Option<String>, bool, Vec<String>) {
        (Some(name.to_owned()), is_exclusive, files.iter().map(|it| (*it).to_owned()).collect())
    }

    #[test]
    fn files_without_clashes_are_together() {
        let found = variants(&[("a/x.yaml", "a", "a"), ("b/x.yaml", "b", "b"), ("c/x.yaml", "a", "a")]);
        assert_eq!(found.len(), 1, "equal definitions do not clash: {found:?}");
        assert_eq!(found[0].0, None);
    }

    #[test]
    fn environments_are_apart_and_share_the_rest() {
        let found = variants(&[
            ("common.yaml", "c", "c"),
            ("envs/dev/a.yaml", "a", "a"),
            ("envs/dev/b.yaml", "b", "b"),
            ("envs/prod/a.yaml", "a", "a2"),
        ]);
        assert_eq!(
            found,
            [
                variant("envs/dev", true, &["common.yaml", "envs/dev/a.yaml", "envs/dev/b.yaml"]),
                variant("envs/prod", true, &["common.yaml", "envs/prod/a.yaml"]),
            ]
        );
    }

    #[test]
    fn steps_build_on_each_other() {
        let found = variants(&[("01-all/a.yaml", "a", "a"), ("02-some/a.yaml", "a", "b"), ("app/a.yaml", "x", "x")]);
        assert_eq!(
            found,
            [
                variant("01-all", false, &["01-all/a.yaml", "app/a.yaml"]),
                variant("02-some", false, &["02-some/a.yaml", "app/a.yaml"]),
            ]
        );
    }

    #[test]
    fn alternatives_can_be_inside_alternatives() {
        let found = variants(&[
            ("dev/a.yaml", "a", "a"),
            ("dev/b.yaml", "a", "b"),
            ("dev/c.yaml", "c", "c"),
            ("prod/a.yaml", "a", "d"),
        ]);
        assert_eq!(
            found,
            [
                variant("dev/a.yaml", false, &["dev/a.yaml", "dev/c.yaml"]),
                variant("dev/b.yaml", false, &["dev/b.yaml", "dev/c.yaml"]),
                variant("prod", true, &["prod/a.yaml"]),
            ]
        );
    }

    #[test]
    fn a_file_with_everything_is_apart_from_its_parts() {
        let all = format!("{}---\n{}", virtual_service("a", "x"), virtual_service("b", "x"));
        let texts = [("all.yaml", all), ("a.yaml", virtual_service("a", "a")), ("b.yaml", virtual_service("b", "b"))];
        let mut texts = texts.to_vec();
        texts.sort();
        let manifests = Manifests::of_texts(texts);
        let files: Vec<FileId> = manifests.sources.iter().map(|(file, _)| file).collect();
        let names: Vec<_> =
            split(&manifests, &files).into_iter().map(|it| (it.name.unwrap(), it.files.len())).collect();
        assert_eq!(names, [("{a.yaml,b.yaml}".to_owned(), 2), ("all.yaml".to_owned(), 1)]);
    }
}
