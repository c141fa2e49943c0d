//! Tests of whole builds. A tree of files is one text, in which `-- path --` starts a file.

mod accumulation;
mod gaps;
mod generators;
mod places;
mod reading;
mod shared_bases;
mod transformers;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::test_yaml::json;
use super::*;
use crate::source::Sources;
use crate::yaml::{parse, split};

/// Files in memory.
#[derive(Default)]
struct Tree {
    sources: Sources,
    files: BTreeMap<String, (FileId, Vec<Document>)>,
    directories: BTreeSet<String>,
    ignored: BTreeSet<String>,
}

impl Tree {
    fn new(text: &str) -> Self {
        let mut tree = Self::default();
        let mut open: Option<(String, String)> = None;
        for line in text.lines().chain(["-- end --"]) {
            if let Some(path) = line.strip_prefix("-- ").and_then(|line| line.strip_suffix(" --")) {
                let closed = open.replace((path.to_owned(), String::new()));
                closed.into_iter().for_each(|(path, text)| tree.add(&path, text));
            } else if let Some((_, text)) = &mut open {
                *text += line;
                text.push('\n');
            }
        }
        tree
    }

    fn add(&mut self, path: &str, text: String) {
        let id = self.sources.add(path, text);
        let text = self.sources.file(id).text();
        let documents = split(id, text).iter().map(|chunk| parse(chunk, text)).collect();
        let parents = path.match_indices('/').map(|(at, _)| path[..at].to_owned());
        self.directories.extend(parents);
        self.files.insert(path.to_owned(), (id, documents));
    }

    fn build(&self, directory: &str) -> Build {
        Renderer::new(self).build(directory)
    }

    /// The resources of a build without errors, as `kind namespace/name`, sorted.
    fn names(&self, directory: &str) -> Vec<String> {
        let mut names: Vec<String> = self.resources(directory).iter().map(name_of).collect();
        names.sort();
        names
    }

    /// The resources of a build without errors.
    fn resources(&self, directory: &str) -> Vec<Json> {
        let build = self.build(directory);
        let errors: Vec<_> = build.problems.iter().filter(|problem| problem.kind.stops_build()).collect();
        assert!(errors.is_empty(), "{errors:?}");
        build.resources.iter().map(|resource| json(&resource.node)).collect()
    }

    /// The resource with a name.
    fn resource(&self, directory: &str, name: &str) -> Json {
        let found = self.resources(directory).into_iter().find(|resource| resource["metadata"]["name"] == name);
        found.unwrap_or_else(|| panic!("no resource `{name}`: {:?}", self.names(directory)))
    }

    /// `path:line` of a span.
    fn line(&self, span: Span) -> String {
        format!("{}:{}", self.sources.file(span.file).path(), self.sources.start(span).line)
    }

    /// The problems of a build: kind, place and message, with the other places.
    fn problems(&self, directory: &str) -> Vec<String> {
        let build = self.build(directory);
        let describe = |problem: &BuildProblem| {
            let related = problem.related.iter().map(|(span, label)| format!("; {} {label}", self.line(*span)));
            let related: String = related.collect();
            format!("{:?} {} {}{related}", problem.kind, self.line(problem.span), problem.message)
        };
        build.problems.iter().map(describe).collect()
    }

    /// The only problem of a build that renders nothing.
    fn error(&self, directory: &str) -> String {
        assert!(self.build(directory).resources.is_empty());
        let problems = self.problems(directory);
        assert_eq!(problems.len(), 1, "{problems:?}");
        problems.concat()
    }
}

fn name_of(resource: &Json) -> String {
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let metadata = &resource["metadata"];
    format!("{} {}/{}", text(&resource["kind"]), text(&metadata["namespace"]), text(&metadata["name"]))
}

impl Files for Tree {
    fn file(&self, path: &str) -> Option<InputFile<'_>> {
        let (id, documents) = self.files.get(path)?;
        Some(InputFile { id: *id, text: self.sources.file(*id).text(), documents })
    }

    fn is_directory(&self, path: &str) -> bool {
        path.is_empty() || self.directories.contains(path)
    }

    fn is_ignored(&self, path: &str) -> bool {
        self.ignored.contains(path)
    }
}

/// The value of a path such as `spec/http/0`, with a slash between its parts.
fn value<'n>(node: &'n Node, path: &str) -> &'n Node {
    path.split('/').fold(node, |node, part| {
        let item = part.parse().ok().and_then(|at: usize| node.items().get(at));
        item.or_else(|| node.get(part)).unwrap_or_else(|| panic!("no `{part}` in {path}"))
    })
}
