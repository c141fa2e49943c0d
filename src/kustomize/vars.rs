//! `vars`: values for `$(NAME)`.
//!
//! kustomize: `MergeVars` finds the object of a var when its kustomization is built, and the transformer `refvar` writes
//! its final value after all layers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::field_path;
use super::field_spec::{self, FieldSpec, split_path};
use super::fields::{Fields, invalid};
use super::kustomization::Kustomization;
use super::manifest::{CLUSTER, Manifest, ManifestId, effective, is_cluster_scoped, split_api_version};
use super::problem::{BuildProblem, BuildProblemKind, Step};
use super::resource_set::ResourceSet;
use super::scalar;
use super::var_fields;
use crate::source::Span;
use crate::yaml::{Node, Value};

/// A var. All layers share their names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Var {
    name: Arc<str>,
    /// Where the name is declared.
    span: Span,
    /// The field of its object, and where it is written.
    field_path: String,
    field_span: Span,
}

/// Adds the vars of a base.
pub(super) fn append(vars: &mut Vec<Var>, others: &[Var]) -> Step {
    others.iter().try_for_each(|var| add(vars, var.clone()))
}

fn add(vars: &mut Vec<Var>, var: Var) -> Step {
    if let Some(known) = vars.iter().find(|known| known.name == var.name) {
        let message = format!("var `{}` is declared twice, which kustomize rejects", var.name);
        return Err(BuildProblem::new(BuildProblemKind::DuplicateResource, var.span, message)
            .help("remove one of them: all layers share the names of vars")
            .related(known.span, "first declared here"));
    }
    vars.push(var);
    Ok(())
}

/// Notes the `vars` of a kustomization.
pub(super) fn declare(set: &mut ResourceSet, kustomization: &Kustomization<'_>) -> Step {
    for node in kustomization.vars.iter().filter(|node| !node.is_null()) {
        let fields = Fields::read(node, &["name", "objref", "fieldref"], "a var")?;
        let Some(name) = fields.text("name")? else { return Err(invalid(node.span, "a var needs `name`")) };
        let Some(object) = fields.get("objref") else { return Err(invalid(node.span, "a var needs `objref`")) };
        let field = match fields.get("fieldref") {
            Some(node) => Fields::read(node, &["fieldPath"], "`fieldref`")?.text("fieldPath")?,
            None => None,
        };
        let name: Arc<str> = name.value.into();
        if let Some(at) = find(set, object, &name)? {
            set.manifests[at].vars.push(name.clone());
        }
        let var = Var {
            name,
            span: fields.get("name").map_or(node.span, |name| name.span),
            field_path: field.map_or("metadata.name", |field| field.value).to_owned(),
            field_span: field.map_or(object.span, |field| field.span),
        };
        add(&mut set.vars, var)?;
    }
    Ok(())
}

/// The object of a var, by any identity that it had. Group and version must be given.
fn find(set: &ResourceSet, object: &Node, var: &str) -> Step<Option<usize>> {
    let known = ["apiVersion", "group", "version", "kind", "name", "namespace"];
    let fields = Fields::read(object, &known, "`objref`")?;
    let text = |name: &str| fields.text(name).map(|text| text.map_or("", |text| text.value));
    let (mut group, mut version) = (text("group")?, text("version")?);
    match split_api_version(text("apiVersion")?) {
        ("", "") => {}
        ("", only) => version = only,
        (first, second) => (group, version) = (first, second),
    }
    let (kind, name, namespace) = (text("kind")?, text("name")?, text("namespace")?);
    let any_namespace = namespace.is_empty() && !is_cluster_scoped(group, version, kind);
    let namespace = if is_cluster_scoped(group, version, kind) { CLUSTER } else { effective(namespace) };
    let wanted = ManifestId { group, version, kind, name, namespace };
    let found =
        set.find(|id| id == ManifestId { namespace: if any_namespace { id.namespace } else { namespace }, ..wanted });
    match *found.as_slice() {
        [] => Ok(None),
        [at] => Ok(Some(at)),
        [first, second, ..] => {
            let message = format!("{} objects fit var `{var}`: {kind} `{name}`", found.len());
            Err(BuildProblem::new(BuildProblemKind::SeveralMatches, object.span, message)
                .help("add `namespace` to `objref`")
                .related(set.manifests[first].written_in, "the first one")
                .related(set.manifests[second].written_in, "the second one"))
        }
    }
}

/// Replaces `$(NAME)` in all objects, once, after all layers.
pub(super) fn apply(set: &mut ResourceSet) -> Step {
    let values = values(set)?;
    if set.vars.is_empty() {
        return Ok(());
    }
    let fields: Vec<(&FieldSpec, Vec<String>)> =
        var_fields::DEFAULT.iter().chain(&set.configuration.vars).map(|spec| (spec, split_path(&spec.path))).collect();
    for manifest in &mut set.manifests {
        for (spec, keys) in &fields {
            let (group, version) = manifest.group_version();
            if spec.fits(group, version, manifest.kind()) && has_dollar(manifest.node(), keys) {
                replace(manifest, keys, &values)?;
            }
        }
    }
    Ok(())
}

/// The values of all vars. A var whose object could not be rendered has none.
fn values(set: &ResourceSet) -> Step<BTreeMap<Arc<str>, Value>> {
    let mut values = BTreeMap::new();
    for var in &set.vars {
        let object = set.manifests.iter().find(|manifest| manifest.vars.contains(&var.name));
        let Some(manifest) = object else {
            if set.is_partial() {
                continue;
            }
            let message = format!("the object of var `{}` does not exist", var.name);
            return Err(BuildProblem::new(BuildProblemKind::NoMatch, var.span, message)
                .help("give `apiVersion`, `kind` and `name` as in the file of the object"));
        };
        let path = field_path::split_indexed(&var.field_path);
        let Some(value) = field_path::lookup(manifest.node(), &path) else {
            let message =
                format!("{} has no field `{}` for var `{}`", manifest.id().describe(), var.field_path, var.name);
            return Err(BuildProblem::new(BuildProblemKind::NoMatch, var.field_span, message)
                .related(manifest.written_in, "the object"));
        };
        // Lists and mappings are not replaced.
        if scalar::text(value).is_some() {
            values.insert(var.name.clone(), value.value.clone());
        }
    }
    Ok(values)
}

/// Whether a text at the end of a path has a `$`. A scalar on the way is left to [`replace`].
fn has_dollar(node: &Node, keys: &[String]) -> bool {
    let is_affected = |node: &Node| node.as_str().is_some_and(|text| text.contains('$'));
    let Some((first, rest)) = keys.split_first() else {
        return match &node.value {
            Value::Sequence(items) => {
                items.iter().any(|item| is_affected(item) || !matches!(item.value, Value::String(_)))
            }
            Value::Mapping(entries) => entries.iter().any(|entry| is_affected(&entry.value)),
            _ => is_affected(node),
        };
    };
    match &node.value {
        Value::Null => false,
        Value::Sequence(items) => items.iter().any(|item| has_dollar(item, keys)),
        Value::Mapping(_) => {
            node.get(first.strip_suffix("[]").unwrap_or(first)).is_some_and(|value| has_dollar(value, rest))
        }
        _ => true,
    }
}

fn replace(manifest: &mut Manifest, keys: &[String], values: &BTreeMap<Arc<str>, Value>) -> Step {
    let span = manifest.written_in;
    field_spec::walk(manifest.node_mut(), keys, field_spec::Missing::Nothing, span, &mut |node| {
        match &mut node.value {
            Value::Sequence(items) => {
                for item in items {
                    if !matches!(item.value, Value::String(_)) {
                        let message = format!(
                            "kustomize replaces vars in this list, and rejects {} in it",
                            item.value.type_name()
                        );
                        return Err(
                            BuildProblem::new(BuildProblemKind::NotResource, item.span, message).help("quote the item")
                        );
                    }
                    expand(item, values);
                }
            }
            Value::Mapping(entries) => entries.iter_mut().for_each(|entry| expand(&mut entry.value, values)),
            _ => expand(node, values),
        }
        Ok(())
    })
}

/// Replaces the vars in a text. A var alone keeps the type of its value. The place stays that of the text.
fn expand(node: &mut Node, values: &BTreeMap<Arc<str>, Value>) {
    if let Value::String(text) = &node.value
        && text.contains('$')
    {
        node.value = expanded(text, values);
    }
}

/// kustomize: `DoReplacements`. `$$` is a dollar, and unknown names stay.
fn expanded(text: &str, values: &BTreeMap<Arc<str>, Value>) -> Value {
    let whole = text.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')')).filter(|name| !name.contains(')'));
    if let Some(value) = whole.and_then(|name| values.get(name)) {
        return value.clone();
    }
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        result.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let mut chars = after.chars();
        match chars.next() {
            None => {
                result.push('$');
                rest = "";
            }
            Some('$') => {
                result.push('$');
                rest = chars.as_str();
            }
            Some('(') => match after.find(')') {
                Some(end) => {
                    let name = &after[1..end];
                    match values.get(name) {
                        Some(value) => result.push_str(&shown(value)),
                        None => result.push_str(&rest[at..at + end + 2]),
                    }
                    rest = &after[end + 1..];
                }
                None => {
                    result.push_str("$(");
                    rest = chars.as_str();
                }
            },
            Some(other) => {
                result.push('$');
                result.push(other);
                rest = chars.as_str();
            }
        }
    }
    result.push_str(rest);
    Value::String(result.into())
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Null | Value::Sequence(_) | Value::Mapping(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_with_vars() {
        let values = BTreeMap::from([("HOST".into(), Value::String("web".into())), ("PORT".into(), Value::Int(80))]);
        let string = |text: &str| Value::String(text.into());
        for (text, expected) in [
            ("$(HOST)", string("web")),
            ("$(PORT)", Value::Int(80)),
            ("http://$(HOST):$(PORT)/", string("http://web:80/")),
            ("$$(HOST)", string("$(HOST)")),
            ("$(NONE) $(HOST", string("$(NONE) $(HOST")),
            ("5$ or $5 $", string("5$ or $5 $")),
            ("é$é", string("é$é")),
        ] {
            assert_eq!(expanded(text, &values), expected, "{text}");
        }
    }
}
