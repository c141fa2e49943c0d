//! Files of Kubernetes objects, as kustomize reads them.

use std::sync::Arc;

use super::InputFile;
use super::metadata_texts;
use super::problem::{BuildProblem, BuildProblemKind, Step};
use crate::source::Span;
use crate::yaml::{Document, Node, Value, YamlProblemKind};

/// An object of a file.
#[derive(Debug, Clone)]
pub(super) struct Written {
    /// The whole object.
    pub node: Arc<Node>,
    /// The document, or the item of a List.
    pub span: Span,
    /// Whether kustomize reads a scalar in another way than Kubernetes: `yes` is a string.
    pub is_converted: bool,
}

/// The objects of a file. Lists are replaced by their items, which follow the other documents. Each object has a kind and
/// a name.
pub(super) fn read(file: InputFile<'_>) -> Step<Vec<Written>> {
    read_documents(file.documents, file.text)
}

/// The objects of some documents of a file with this text.
pub(super) fn read_documents(documents: &[Document], text: &str) -> Step<Vec<Written>> {
    let mut objects = Vec::new();
    let mut items = Vec::new();
    for document in documents {
        if let Some(problem) = document.problems.iter().find(|problem| problem.kind == YamlProblemKind::Syntax) {
            let message = problem.message.clone();
            return Err(BuildProblem::new(BuildProblemKind::Yaml, problem.span, message));
        }
        let Some(root) = document.root.as_ref().filter(|root| !root.is_null()) else { continue };
        add(root, document.span, text, &mut objects, &mut items)?;
    }
    objects.append(&mut items);
    Ok(objects)
}

fn add(root: &Node, span: Span, text: &str, objects: &mut Vec<Written>, items: &mut Vec<Written>) -> Step {
    let not_resource = |span: Span, message: String| BuildProblem::new(BuildProblemKind::NotResource, span, message);
    if !matches!(root.value, Value::Mapping(_)) {
        let message = format!("a Kubernetes object must be a mapping, not {}", root.value.type_name());
        return Err(not_resource(root.span, message));
    }
    let kind = root.get("kind").and_then(Node::as_str).filter(|kind| !kind.is_empty());
    let Some(kind) = kind else {
        let problem = not_resource(root.span, "this object has no `kind`, so kustomize rejects it".to_owned());
        return Err(problem.help("add `kind`, or remove the file from `resources`"));
    };
    if kind.ends_with("List")
        && let Some(list) = root.get("items")
    {
        for item in list.items().iter().filter(|item| !item.is_null()) {
            let mut nested = Vec::new();
            add(item, item.span, text, items, &mut nested)?;
            items.append(&mut nested);
        }
        return Ok(());
    }
    let has_name =
        root.get("metadata").and_then(|metadata| metadata.get("name")).is_some_and(|name| match &name.value {
            Value::String(text) => !text.is_empty(),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => true,
            _ => false,
        });
    if !has_name && !kind.ends_with("List") {
        let problem = not_resource(root.span, format!("this {kind} has no `metadata.name`, so kustomize rejects it"));
        return Err(problem.help("add `metadata.name`; kustomize ignores `generateName`"));
    }
    let mut node = root.clone();
    let is_converted = convert_to_yaml_1_2(&mut node, text) | metadata_texts::read_annotations(&mut node, text);
    objects.push(Written { node: Arc::new(node), span, is_converted });
    Ok(())
}

/// Turns a tree of YAML 1.1, as [`crate::yaml::parse`] reads it, into what a parser of YAML 1.2 reads: `yes` is a string,
/// and a date is a point in time. `text` is the whole text of the file. Returns whether anything is different.
pub(super) fn convert_to_yaml_1_2(node: &mut Node, text: &str) -> bool {
    let source = text.get(node.span.range()).unwrap_or_default();
    match &mut node.value {
        Value::Bool(_) if is_word_of_yaml_1_1(source) => node.value = Value::String(source.into()),
        Value::String(value) => match date(value).filter(|_| &**value == source) {
            Some(time) => node.value = Value::String(time.into()),
            None => return false,
        },
        Value::Sequence(items) => {
            return items.iter_mut().fold(false, |is_different, item| convert_to_yaml_1_2(item, text) | is_different);
        }
        Value::Mapping(entries) => {
            return entries.iter_mut().fold(false, |is_different, entry| {
                let mut is_renamed = false;
                if matches!(&*entry.key.text, "true" | "false") {
                    let source = text.get(entry.key.span.range()).unwrap_or_default();
                    is_renamed = is_word_of_yaml_1_1(source);
                    if is_renamed {
                        entry.key.text = source.into();
                    }
                }
                convert_to_yaml_1_2(&mut entry.value, text) | is_renamed | is_different
            });
        }
        _ => return false,
    }
    true
}

fn is_word_of_yaml_1_1(source: &str) -> bool {
    ["y", "n", "yes", "no", "on", "off"].iter().any(|word| word.eq_ignore_ascii_case(source))
}

/// The time that a date such as `2020-1-31` means.
fn date(text: &str) -> Option<String> {
    if !(8..=10).contains(&text.len()) || !text.as_bytes()[0].is_ascii_digit() {
        return None;
    }
    let mut parts = text.split('-').map(|part| {
        let all_digits = part.bytes().all(|byte| byte.is_ascii_digit());
        all_digits.then(|| part.parse::<u32>().ok().map(|number| (part.len(), number))).flatten()
    });
    let ((4, year), (1..=2, month), (1..=2, day)) = (parts.next()??, parts.next()??, parts.next()??) else {
        return None;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (parts.next().is_none() && (1..=days).contains(&day)).then(|| format!("{year:04}-{month:02}-{day:02}T00:00:00Z"))
}
