//! `namePrefix` and `nameSuffix`.

use std::sync::Arc;

use super::entries::Text;
use super::field_spec::{FieldSpec, Missing};
use super::manifest::Manifest;
use super::problem::Step;
use super::resource_set::ResourceSet;
use crate::yaml::{Node, Value};

/// A prefix or a suffix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Affix {
    Prefix,
    Suffix,
}

const NAME: FieldSpec = FieldSpec::new("", "", "", "metadata/name");

/// Adds a prefix or suffix to the names of all objects.
pub(super) fn apply(set: &mut ResourceSet, affix: Affix, text: Text<'_>) -> Step {
    let mut fields = vec![NAME];
    fields.extend(match affix {
        Affix::Prefix => set.configuration.name_prefix.iter().cloned(),
        Affix::Suffix => set.configuration.name_suffix.iter().cloned(),
    });
    rename(set, affix, text, &fields)
}

/// Adds a prefix or suffix to some fields of all objects.
pub(super) fn rename(set: &mut ResourceSet, affix: Affix, text: Text<'_>, fields: &[FieldSpec]) -> Step {
    for manifest in set.manifests.iter_mut().filter(|manifest| !is_skipped(manifest)) {
        let (group, version) = manifest.group_version();
        let kind = manifest.original_id().kind;
        let fields: Vec<&FieldSpec> = fields.iter().filter(|spec| spec.fits(group, version, kind)).collect();
        for spec in fields {
            if spec.path == NAME.path {
                note(manifest, affix, text);
            }
            manifest.visit(spec, Missing::Nothing, text.span, &mut |node| {
                if let Some(name) = node.as_str() {
                    let name = match affix {
                        Affix::Prefix => format!("{}{name}", text.value),
                        Affix::Suffix => format!("{name}{}", text.value),
                    };
                    *node = Node { span: node.span, value: Value::String(name.into()) };
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}

/// Remembers the name before, and what changes it.
fn note(manifest: &mut Manifest, affix: Affix, text: Text<'_>) {
    manifest.remember();
    let value: Arc<str> = text.value.into();
    match affix {
        Affix::Prefix => {
            manifest.prefixes.push(value);
            manifest.causes.push((text.span, format!("renamed by `namePrefix: {}`", text.value)));
        }
        Affix::Suffix => {
            manifest.suffixes.push(value);
            manifest.causes.push((text.span, format!("renamed by `nameSuffix: {}`", text.value)));
        }
    }
}

/// Whether the names of a kind stay. The kind is the one that is written in the file.
fn is_skipped(manifest: &Manifest) -> bool {
    let id = manifest.original_id();
    match id.kind {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => id.group == "apiregistration.k8s.io",
        _ => false,
    }
}
