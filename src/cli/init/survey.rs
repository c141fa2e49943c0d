//! Suggestions for the configuration, from the manifests of a directory.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::istio_version;
use crate::cli::program;
use crate::cli::project::Project;
use crate::config::Suggestion;
use crate::model::wording;
use crate::source::path;

/// The most names of a list.
const MOST: usize = 10;

/// The longest time that `helm` gets to say that it is installed.
const LIMIT: Duration = Duration::from_secs(10);

/// The contents of a directory.
pub struct Survey {
    /// The directories with manifests, relative to it. Empty if its own files are manifests.
    directories: Vec<String>,
    resources: usize,
    /// The meshes, if there are several.
    meshes: Vec<String>,
    /// The namespaces of which the manifests have Services.
    given: Vec<String>,
    /// The other ones that resources are in.
    partial: Vec<String>,
    charts: Vec<String>,
    has_helm: bool,
    versions: Vec<String>,
}

impl Survey {
    /// Looks at the manifests of a project, which are those of a directory.
    pub fn of(project: &Project, directory: &Path) -> Self {
        let base = project.directory_of(&directory.join("file"));
        let relative = |shown: &str| project.relative_to(&base, shown).unwrap_or_else(|| shown.to_owned());
        let worlds = project.worlds(None);
        let mut files = BTreeSet::new();
        let (mut given, mut named) = (BTreeSet::new(), BTreeSet::new());
        let mut meshes = BTreeSet::new();
        let mut charts = BTreeSet::new();
        let mut resources = BTreeSet::new();
        for (mesh, world) in &worlds {
            for resource in mesh.snapshot.resources() {
                files.insert(relative(mesh.snapshot.sources.file(resource.span.file).path()));
                resources.insert(resource.span);
                let namespace = world.settings.namespace_of(resource);
                // A namespace can have a placeholder as its name.
                let is_name = namespace.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
                if is_name && !namespace.is_empty() && !resource.has_no_namespace() {
                    named.insert(namespace.to_owned());
                }
            }
            if mesh.snapshot.resources().len() > 0 {
                let name = relative(&mesh.name);
                meshes.insert(if name.is_empty() { ".".to_owned() } else { name });
            }
            given.extend(world.services.iter().filter(|it| it.is_kubernetes()).map(|it| it.namespace.clone()));
            charts.extend(mesh.snapshot.charts.iter().map(|chart| relative(chart)));
        }
        let manifests = &project.manifests;
        files.extend(manifests.kustomizations().map(|(file, _)| relative(manifests.sources.file(file).path())));
        let has_helm = !charts.is_empty() && program::run(Command::new("helm").arg("version"), LIMIT).is_ok();
        let rendered = charts.iter().filter(|_| has_helm).map(|chart| format!("{chart}/Chart.yaml"));
        let tops: BTreeSet<String> = files.into_iter().chain(rendered).map(|file| top(&file)).collect();
        Self {
            directories: if tops.contains("") { Vec::new() } else { tops.into_iter().collect() },
            resources: resources.len(),
            meshes: meshes.into_iter().collect(),
            partial: named.difference(&given).cloned().collect(),
            given: given.intersection(&named).cloned().collect(),
            charts: charts.into_iter().collect(),
            has_helm,
            versions: istio_version::find(&manifests.sources),
        }
    }

    /// The entries and remarks for the keys of the configuration.
    pub fn suggestions(&self) -> Vec<Suggestion> {
        let mut suggestions = vec![self.manifests(), self.inventory()];
        if self.meshes.len() > 1 {
            let names = wording::first(&self.meshes, MOST);
            let remark = format!("These were found: {names}. `mesh meshes` lists them.");
            suggestions.push(Suggestion { key: "meshes", remarks: vec![remark], entry: None });
        }
        if !self.charts.is_empty() {
            let mut remarks = vec![format!("There are charts: {}.", wording::first(&self.charts, MOST))];
            if !self.has_helm {
                remarks.push("`helm` is not installed here.".to_owned());
            }
            let entry = self.has_helm.then(|| "helm: true".to_owned());
            suggestions.push(Suggestion { key: "helm", remarks, entry });
        }
        if !self.versions.is_empty() {
            suggestions.push(Suggestion { key: "mesh", remarks: vec![self.istio()], entry: None });
        }
        suggestions
    }

    fn manifests(&self) -> Suggestion {
        let list: String = self.directories.iter().map(|directory| format!("\n- {}", quoted(directory))).collect();
        let entry = (!self.directories.is_empty()).then(|| format!("manifests:{list}"));
        let remarks = match self.resources {
            0 => vec!["No manifests were found.".to_owned()],
            _ if entry.is_none() => {
                vec!["Manifests are in this directory itself, so nothing has to be set.".to_owned()]
            }
            _ => Vec::new(),
        };
        Suggestion { key: "manifests", remarks, entry }
    }

    fn inventory(&self) -> Suggestion {
        let mut remarks = Vec::new();
        if !self.given.is_empty() {
            let names = wording::first(&self.given, MOST);
            remarks.push(format!("There are Services in {names}: `complete` there finds more, if they are all."));
        }
        if !self.partial.is_empty() {
            let names = wording::first(&self.partial, MOST);
            remarks.push(format!("There are no Services in {names}: references to them are unchecked."));
        }
        Suggestion { key: "inventory", remarks, entry: None }
    }

    fn istio(&self) -> String {
        format!("The manifests install Istio {}.", wording::enumeration(self.versions.clone(), "and"))
    }

    /// The findings of the survey, for the terminal.
    pub fn facts(&self) -> Vec<String> {
        let mut facts = Vec::new();
        match (self.resources, self.directories.as_slice()) {
            (0, _) => facts.push("no manifests were found, so everything is a comment".to_owned()),
            (_, []) => facts.push("manifests: in the directory itself".to_owned()),
            (_, directories) => facts.push(format!("manifests: {}", wording::first(directories, MOST))),
        }
        if self.meshes.len() > 1 {
            facts.push(format!("meshes: {}", wording::first(&self.meshes, MOST)));
        }
        if !self.partial.is_empty() {
            facts.push(format!("namespaces without Services: {}", wording::first(&self.partial, MOST)));
        }
        if !self.charts.is_empty() {
            let how = if self.has_helm { "`helm` renders them" } else { "not rendered, as `helm` is not installed" };
            facts.push(format!("charts: {} ({how})", wording::first(&self.charts, MOST)));
        }
        if !self.versions.is_empty() {
            facts.push(format!("Istio: {}", wording::enumeration(self.versions.clone(), "and")));
        }
        facts
    }
}

/// The topmost directory of a file; empty for a file of the directory itself.
fn top(file: &str) -> String {
    match path::directory(file) {
        "" => String::new(),
        directory => directory.split('/').next().unwrap_or_default().to_owned(),
    }
}

/// A path as a scalar of YAML.
fn quoted(path: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
    match path.chars().all(is_plain) && path.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        true => path.to_owned(),
        false => serde_json::Value::from(path).to_string(),
    }
}
