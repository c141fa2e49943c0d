//! The directories that Argo CD and Flux apply.

use std::collections::{BTreeMap, BTreeSet};

use globset::GlobBuilder;

use super::{Mesh, MeshSource, Plan, Plans, kustomizations, shown};
use crate::source::{FileId, path};
use crate::yaml::{self, Document, Node};

/// A directory that an Argo CD or Flux resource applies.
#[derive(Debug)]
struct Applied {
    /// The directory, relative to the root of the repository.
    path: String,
    source: MeshSource,
    /// The namespace of resources that do not name one (Argo CD), or of all (Flux).
    namespace: Option<String>,
    /// Whether the files of directories below it are applied, too.
    is_recursive: bool,
}

/// The values for the placeholders of an ApplicationSet.
type Parameters = BTreeMap<String, String>;

impl Plans<'_> {
    /// Takes the directories that Argo CD and Flux resources apply.
    pub(super) fn take_gitops(&mut self) {
        let mut taken = BTreeSet::new();
        let mut known = Vec::new();
        for (file, _) in self.manifests.sources.iter() {
            for applied in self.applied_by(file) {
                let Some(directory) = self.directory_of(file, &applied.path) else { continue };
                let namespace = applied.namespace.clone();
                if known.contains(&(directory.clone(), namespace.clone())) {
                    continue;
                }
                let is_here = |path: &str| match applied.is_recursive {
                    true => path::is_within(path, &directory),
                    false => path::directory(path) == directory,
                };
                // Flux does not move its own resources: the path is one of another repository.
                let is_elsewhere = namespace.is_some() && path::is_within(self.path(file), &directory);
                if applied.source == MeshSource::Flux && is_elsewhere {
                    continue;
                }
                let kustomization = kustomizations::file_of(self.manifests, &directory);
                let files: Vec<FileId> = match kustomization {
                    Some(_) => Vec::new(),
                    None => self.free.iter().copied().filter(|it| is_here(self.path(*it))).collect(),
                };
                let kustomizations: Vec<String> = match kustomization {
                    Some(_) => vec![directory.clone()],
                    // Flux includes the kustomizations below a directory without one.
                    None if applied.source == MeshSource::Flux => {
                        self.roots.iter().filter(|root| path::is_within(root, &directory)).cloned().collect()
                    }
                    None => Vec::new(),
                };
                // An Application of Applications has no resources of its own to check.
                if files.is_empty() && kustomizations.is_empty() {
                    continue;
                }
                let is_first = known.iter().all(|(other, _)| *other != directory);
                let name = match &namespace {
                    Some(namespace) if !is_first => format!("{} in {namespace}", shown(&directory)),
                    _ => shown(&directory).to_owned(),
                };
                known.push((directory.clone(), namespace.clone()));
                taken.extend(files.iter().copied());
                self.roots.retain(|root| !kustomizations.contains(root));
                let replaces_all = applied.source == MeshSource::Flux;
                let mesh = Mesh {
                    name,
                    source: applied.source,
                    file: Some(file),
                    namespace: namespace.clone(),
                    ..Mesh::default()
                };
                let target_namespace = namespace.filter(|_| replaces_all);
                self.meshes.push(Plan { mesh, files, kustomizations, target_namespace });
            }
        }
        self.free.retain(|file| !taken.contains(file));
    }

    /// The directories that the resources of a file apply.
    fn applied_by(&self, file: FileId) -> Vec<Applied> {
        let text = self.manifests.sources.file(file).text();
        if !text.contains("argoproj.io/") && !text.contains("kustomize.toolkit.fluxcd.io/") {
            return Vec::new();
        }
        let documents: Vec<Document> = yaml::split(file, text).iter().map(|chunk| yaml::parse(chunk, text)).collect();
        documents
            .iter()
            .filter_map(|document| document.root.as_ref())
            .flat_map(|root| self.applied_by_node(root))
            .collect()
    }

    fn applied_by_node(&self, root: &Node) -> Vec<Applied> {
        let Some(kind) = text_at(root, &["kind"]) else { return Vec::new() };
        let group = text_at(root, &["apiVersion"]).and_then(|version| version.split('/').next()).unwrap_or_default();
        match (group, kind) {
            ("kustomize.toolkit.fluxcd.io", "Kustomization") => {
                let path = text_at(root, &["spec", "path"]).unwrap_or("./");
                let namespace = text_at(root, &["spec", "targetNamespace"]).map(str::to_owned);
                vec![Applied { path: path.to_owned(), source: MeshSource::Flux, namespace, is_recursive: true }]
            }
            ("argoproj.io", "Application") => {
                root.get("spec").map(|spec| of_application(spec, &Parameters::new())).unwrap_or_default()
            }
            ("argoproj.io", "ApplicationSet") => {
                let Some(template) = root.get("spec").and_then(|it| it.get("template")).and_then(|it| it.get("spec"))
                else {
                    return Vec::new();
                };
                let generators = root.get("spec").and_then(|spec| spec.get("generators"));
                let generators = generators.map_or(&[] as &[Node], Node::items);
                let parameters = generators.iter().flat_map(|generator| self.parameters_of(generator));
                parameters.flat_map(|parameters| of_application(template, &parameters)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The parameters that a generator of an ApplicationSet yields. Only lists and directories of this repository are in the files.
    fn parameters_of(&self, generator: &Node) -> Vec<Parameters> {
        if let Some(elements) = generator.get("list").and_then(|list| list.get("elements")) {
            return elements.items().iter().map(|element| parameters_in("", element)).collect();
        }
        let Some(directories) = generator.get("git").and_then(|git| git.get("directories")) else { return Vec::new() };
        let pattern = |entry: &Node| {
            let glob = GlobBuilder::new(text_at(entry, &["path"])?).literal_separator(true).build().ok()?;
            let excludes = entry.get("exclude").is_some_and(|it| it.value == yaml::Value::Bool(true));
            Some((glob.compile_matcher(), excludes))
        };
        let patterns: Vec<_> = directories.items().iter().filter_map(pattern).collect();
        let selects = |directory: &str, excludes: bool| {
            patterns.iter().any(|(glob, it)| *it == excludes && glob.is_match(directory))
        };
        let selected = self.directories().into_iter().filter(|it| selects(it, false) && !selects(it, true));
        let parameters = |directory: String| {
            let basename = directory.rsplit('/').next().unwrap_or_default().to_owned();
            let pairs = [
                ("path", directory.clone()),
                ("path.path", directory),
                ("path.basename", basename.clone()),
                ("path.basenameNormalized", basename),
            ];
            pairs.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
        };
        selected.map(parameters).collect()
    }

    /// All directories that contain files.
    fn directories(&self) -> BTreeSet<String> {
        let ancestors = |path: &str| {
            let parents = std::iter::successors(Some(path::directory(path).to_owned()), |it| {
                Some(path::directory(it).to_owned()).filter(|parent| !it.is_empty() && parent != it)
            });
            parents.filter(|it| !it.is_empty()).collect::<Vec<_>>()
        };
        self.manifests.sources.iter().flat_map(|(_, file)| ancestors(file.path())).collect()
    }

    /// The directory that a path in a resource means. The root of the repository is a directory above the resource, or the
    /// working directory.
    fn directory_of(&self, resource: FileId, written: &str) -> Option<String> {
        use crate::kustomize::Files;
        let mut root = String::new();
        let of_resource = path::directory(self.path(resource));
        let mut parts = of_resource.split('/').filter(|part| !part.is_empty());
        loop {
            let directory = path::join(&root, written.trim_start_matches('/'));
            if self.manifests.is_directory(&directory) {
                return Some(directory);
            }
            root = path::join(&root, parts.next()?);
        }
    }
}

/// The directories that the `spec` of an Application applies. Charts and placeholders without a value are left out.
fn of_application(spec: &Node, parameters: &Parameters) -> Vec<Applied> {
    let namespace = text_at(spec, &["destination", "namespace"]).and_then(|text| fill(text, parameters));
    let one = spec.get("source").into_iter();
    let sources = one.chain(spec.get("sources").map_or(&[] as &[Node], Node::items));
    let applied = sources.filter(|source| source.get("chart").is_none()).filter_map(|source| {
        let path = fill(text_at(source, &["path"])?, parameters)?;
        let recurse = source.get("directory").and_then(|directory| directory.get("recurse"));
        let is_recursive = recurse.is_some_and(|recurse| recurse.value == yaml::Value::Bool(true));
        Some(Applied { path, source: MeshSource::ArgoCd, namespace: namespace.clone(), is_recursive })
    });
    applied.collect()
}

/// The texts of an element of a list generator, by their paths.
fn parameters_in(prefix: &str, node: &Node) -> Parameters {
    let mut parameters = Parameters::new();
    for entry in node.entries() {
        let name = if prefix.is_empty() { entry.key.text.to_string() } else { format!("{prefix}.{}", entry.key.text) };
        match &entry.value.value {
            yaml::Value::String(text) => drop(parameters.insert(name, text.to_string())),
            yaml::Value::Int(number) => drop(parameters.insert(name, number.to_string())),
            yaml::Value::Mapping(_) => parameters.extend(parameters_in(&name, &entry.value)),
            _ => {}
        }
    }
    parameters
}

/// Replaces `{{name}}` and `{{.name}}`. `None` if a placeholder has no value.
fn fill(text: &str, parameters: &Parameters) -> Option<String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}")?;
        filled += before;
        filled += parameters.get(name.trim().trim_start_matches('.'))?;
        rest = after;
    }
    Some(filled + rest)
}

fn text_at<'n>(node: &'n Node, path: &[&str]) -> Option<&'n str> {
    path.iter().try_fold(node, |node, key| node.get(key))?.as_str()
}

#[cfg(test)]
mod tests {
    use crate::layout::{self, MeshSource};
    use crate::load::Manifests;

    const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 80}]}\n";

    /// The meshes of the GitOps resource and one Service in each directory: name, source, namespace, number of resources.
    fn meshes(resource: &str, directories: &[&str]) -> Vec<(String, MeshSource, Option<String>, usize)> {
        let mut texts = vec![("bootstrap/app.yaml".to_owned(), resource.to_owned())];
        texts.extend(directories.iter().map(|it| {
            (format!("{it}/service.yaml"), SERVICE.replace("name: a", &format!("name: {}", it.replace('/', "-"))))
        }));
        texts.sort();
        let manifests = Manifests::of_texts(texts);
        let found = layout::find(&manifests, &[]).into_iter();
        found.map(|it| (it.name, it.source, it.namespace, it.snapshot.resources.len())).collect()
    }

    fn mesh(
        name: &str,
        source: MeshSource,
        namespace: Option<&str>,
        count: usize,
    ) -> (String, MeshSource, Option<String>, usize) {
        (name.to_owned(), source, namespace.map(str::to_owned), count)
    }

    #[test]
    fn an_application_applies_one_directory() {
        let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec:\n  source: {repoURL: x, path: apps/a}\n  destination: {namespace: shop}\n";
        assert_eq!(
            meshes(application, &["apps/a", "apps/a/deep", "apps/b"]),
            [mesh(".", MeshSource::Directory, None, 2), mesh("apps/a", MeshSource::ArgoCd, Some("shop"), 1)]
        );
    }

    #[test]
    fn an_application_set_applies_each_directory() {
        let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: a}\nspec:\n  generators:\n  - git:\n      directories:\n      - {path: apps/*}\n      - {path: apps/c, exclude: true}\n  template:\n    spec:\n      source: {path: '{{path}}'}\n      destination: {namespace: '{{path.basename}}'}\n";
        assert_eq!(
            meshes(set, &["apps/a", "apps/b", "apps/c"]),
            [
                mesh(".", MeshSource::Directory, None, 1),
                mesh("apps/a", MeshSource::ArgoCd, Some("a"), 1),
                mesh("apps/b", MeshSource::ArgoCd, Some("b"), 1)
            ]
        );
    }

    #[test]
    fn a_flux_kustomization_moves_everything_below_its_path() {
        let flux = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\nspec: {path: ./apps, targetNamespace: shop}\n";
        assert_eq!(
            meshes(flux, &["apps/a", "apps/b"]),
            [mesh("apps", MeshSource::Flux, Some("shop"), 2), mesh("bootstrap", MeshSource::Directory, None, 0)]
        );
    }
}
