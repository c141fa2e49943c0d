//! `images`.

use regex_automata::meta::Regex;

use super::entries::{ImageEntry, Text};
use super::field_spec::{FieldSpec, Missing};
use super::fields::invalid;
use super::manifest::entries_mut;
use super::problem::Step;
use super::resource_set::ResourceSet;
use crate::source::Span;
use crate::yaml::{Node, Value};

const PODS: [FieldSpec; 4] = [
    FieldSpec::new("", "", "", "spec/containers[]/image"),
    FieldSpec::new("", "", "", "spec/initContainers[]/image"),
    FieldSpec::new("", "", "", "spec/template/spec/containers[]/image"),
    FieldSpec::new("", "", "", "spec/template/spec/initContainers[]/image"),
];

/// Replaces names, tags and digests of images in the containers of all objects but CustomResourceDefinitions.
pub(super) fn apply(set: &mut ResourceSet, image: &ImageEntry<'_>) -> Step {
    let Some(name) = image.name else { return Ok(()) };
    let Ok(matcher) = Regex::new(&format!("^{}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$", name.value))
    else {
        return Err(invalid(name.span, format!("image `{}` is not a valid regular expression", name.value)));
    };
    let parts = [image.new_name, image.new_tag, image.digest, image.tag_suffix];
    let Some(span) = parts.iter().flatten().next().map(|text| text.span) else { return Ok(()) };
    let mut extra: Vec<FieldSpec> = set.configuration.images.clone();
    // kustomize changes these twice, which matters for a suffix only.
    extra.extend(PODS.into_iter().filter(|_| image.tag_suffix.is_some()));
    let matches = |text: &str| matcher.is_match(text);
    for manifest in set.manifests.iter_mut().filter(|manifest| manifest.kind() != "CustomResourceDefinition") {
        if has_image(manifest.node(), &matches) {
            change_images(manifest.node_mut(), &matches, image, span);
        }
        for spec in &extra {
            manifest.visit(spec, Missing::Nothing, span, &mut |node| {
                change(node, &matches, image, span);
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// The images of containers below a node.
fn has_image(node: &Node, matches: &dyn Fn(&str) -> bool) -> bool {
    match &node.value {
        Value::Sequence(items) => items.iter().any(|item| has_image(item, matches)),
        Value::Mapping(entries) => entries.iter().any(|entry| {
            let is_container = is_list_of_containers(&entry.key.text)
                && entry.value.items().iter().any(|item| item.get("image").and_then(Node::as_str).is_some_and(matches));
            is_container || has_image(&entry.value, matches)
        }),
        _ => false,
    }
}

fn change_images(node: &mut Node, matches: &dyn Fn(&str) -> bool, image: &ImageEntry<'_>, span: Span) {
    match &mut node.value {
        Value::Sequence(items) => items.iter_mut().for_each(|item| change_images(item, matches, image, span)),
        Value::Mapping(entries) => {
            for entry in entries {
                if is_list_of_containers(&entry.key.text)
                    && let Value::Sequence(items) = &mut entry.value.value
                {
                    let containers = items.iter_mut().filter(|item| item.get("image").is_some());
                    for field in containers.flat_map(entries_mut).filter(|field| &*field.key.text == "image") {
                        change(&mut field.value, matches, image, span);
                    }
                }
                change_images(&mut entry.value, matches, image, span);
            }
        }
        _ => {}
    }
}

fn is_list_of_containers(key: &str) -> bool {
    matches!(key, "containers" | "initContainers")
}

fn change(node: &mut Node, matches: &dyn Fn(&str) -> bool, image: &ImageEntry<'_>, span: Span) {
    if let Some(text) = node.as_str().filter(|text| matches(text)) {
        *node = Node { span, value: Value::String(changed(text, image).into()) };
    }
}

/// The new text of an image.
fn changed(text: &str, image: &ImageEntry<'_>) -> String {
    let value = |text: Option<Text<'_>>| text.map(|text| text.value.to_owned());
    let (rest, mut digest) =
        text.split_once('@').map_or((text, None), |(rest, digest)| (rest, Some(digest.to_owned())));
    let after_host = rest.rfind('/').map_or(0, |at| at + 1);
    let colon = rest[after_host..].rfind(':').map(|at| after_host + at);
    let (old_name, mut tag) = match colon {
        Some(at) => (&rest[..at], Some(rest[at + 1..].to_owned())),
        None => (rest, None),
    };
    match (image.new_tag, image.digest) {
        (None, None) => {
            if let Some(suffix) = image.tag_suffix {
                tag = Some(tag.unwrap_or_default() + suffix.value);
                digest = None;
            }
        }
        (new_tag, new_digest) => (tag, digest) = (value(new_tag), value(new_digest)),
    }
    let mut name = value(image.new_name).unwrap_or_else(|| old_name.to_owned());
    for (separator, part) in [(':', tag), ('@', digest)] {
        if let Some(part) = part.filter(|part| !part.is_empty()) {
            name.push(separator);
            name.push_str(&part);
        }
    }
    name
}
