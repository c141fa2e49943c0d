//! `generators` and `transformers`: configurations of plugins. Those that are built into kustomize run here, with the
//! fields that they list. Others are [`super::Unrendered`].

use super::affixes::{self, Affix};
use super::build::unrendered;
use super::entries::{GeneratorEntry, GeneratorOptions, ImageEntry, PatchEntry, ReplicasEntry, Text};
use super::fields::Fields;
use super::generators::{self, Generated};
use super::inline::Inline;
use super::kustomization::Kustomization;
use super::namespace::{self, Subjects};
use super::place::Place;
use super::problem::Step;
use super::resource_set::ResourceSet;
use super::{InputFile, Unrendered, UnrenderedReason, configurations, images, labels, patches, paths, replacements};
use super::{replicas, resources};
use crate::source::path;
use crate::yaml::Node;

/// Adds what `generators` make.
pub(super) fn generate(set: &mut ResourceSet, kustomization: &Kustomization<'_>, place: Place<'_>) -> Step {
    for entry in &kustomization.generators {
        each(set, *entry, kustomization, place, &mut |set, plugin| {
            let generated = match plugin.kind {
                "ConfigMapGenerator" => Generated::ConfigMap,
                "SecretGenerator" => Generated::Secret,
                _ => return Ok(false),
            };
            let entry = GeneratorEntry::of_plugin(plugin.node)?;
            generators::generate(set, &entry, generated, &GeneratorOptions::default(), place).map(|()| true)
        })?;
    }
    Ok(())
}

/// Applies `transformers`.
pub(super) fn transform(set: &mut ResourceSet, kustomization: &Kustomization<'_>, place: Place<'_>) -> Step {
    for entry in &kustomization.transformers {
        each(set, *entry, kustomization, place, &mut |set, plugin| plugin.transform(set, place))?;
        set.drop_deleted();
    }
    Ok(())
}

/// The configuration of a plugin.
struct Plugin<'p> {
    kind: &'p str,
    node: &'p Node,
    file: InputFile<'p>,
}

/// Runs each plugin that an entry configures. `run` returns whether it can run the plugin.
fn each(
    set: &mut ResourceSet,
    entry: Text<'_>,
    kustomization: &Kustomization<'_>,
    place: Place<'_>,
    run: &mut dyn FnMut(&mut ResourceSet, &Plugin<'_>) -> Step<bool>,
) -> Step {
    let inline;
    let file = if paths::is_inline(entry.value) {
        inline = Inline::parse(entry, kustomization.text);
        inline.as_file()
    } else if place.gap(entry.value).is_some() || place.files.is_directory(&path::join(place.directory, entry.value)) {
        set.unrendered.push(unrendered(entry.span, UnrenderedReason::Plugin));
        return Ok(());
    } else {
        place.read(set, entry)?
    };
    for written in resources::read(file)? {
        let text = |field: &str| written.node.get(field).and_then(Node::as_str).unwrap_or_default();
        let plugin = Plugin { kind: text("kind"), node: &written.node, file };
        let runs = text("apiVersion") == "builtin" && run(set, &plugin)?;
        if !runs {
            let kind = (plugin.kind == "ksops").then_some("Secret");
            set.unrendered.push(Unrendered { kind, ..unrendered(entry.span, UnrenderedReason::Plugin) });
        }
    }
    Ok(())
}

impl Plugin<'_> {
    /// Runs a transformer. Returns whether it is a known one.
    fn transform(&self, set: &mut ResourceSet, place: Place<'_>) -> Step<bool> {
        let fields = Fields { node: self.node };
        let specs = fields.list("fieldSpecs")?.iter().map(configurations::field_spec).collect::<Step<Vec<_>>>()?;
        let affix = |field: &str| fields.text(field);
        match self.kind {
            "NamespaceTransformer" => {
                let metadata = self.node.get("metadata").map(|node| Fields { node });
                let Some(name) = metadata.map(|fields| fields.text("namespace")).transpose()?.flatten() else {
                    return Ok(true);
                };
                let subjects = match fields.text("setRoleBindingSubjects")?.map(|text| text.value) {
                    Some("none") => Subjects::Nothing,
                    Some("allServiceAccounts") => Subjects::ServiceAccounts,
                    _ => Subjects::Default,
                };
                namespace::move_to(set, name, &specs, subjects, fields.flag("unsetOnly")?)?;
            }
            "PrefixTransformer" | "SuffixTransformer" | "PrefixSuffixTransformer" => {
                for (kind, text) in [(Affix::Prefix, affix("prefix")?), (Affix::Suffix, affix("suffix")?)] {
                    if let Some(text) = text {
                        affixes::rename(set, kind, text, &specs)?;
                    }
                }
            }
            "LabelTransformer" => labels::add_pairs(set, &fields.pairs("labels")?, &specs)?,
            "AnnotationsTransformer" => labels::add_pairs(set, &fields.pairs("annotations")?, &specs)?,
            "ImageTagTransformer" => {
                if let Some(image) = fields.get("imageTag") {
                    images::apply(set, &ImageEntry::read(image)?)?;
                }
            }
            "ReplicaCountTransformer" => {
                if let Some(replica) = fields.get("replica") {
                    replicas::set_count(set, &ReplicasEntry::read(replica)?, &specs)?;
                }
            }
            "PatchTransformer" => {
                let patches = vec![PatchEntry::of_plugin(self.node, "patch")?];
                patches::patches(set, &Kustomization { patches, ..self.kustomization() }, place)?;
            }
            "PatchJson6902Transformer" => {
                let patches_json6902 = vec![PatchEntry::of_plugin(self.node, "jsonOp")?];
                patches::json_patches(set, &Kustomization { patches_json6902, ..self.kustomization() }, place)?;
            }
            "PatchStrategicMergeTransformer" => {
                let mut patches_strategic_merge = fields.texts("paths")?;
                patches_strategic_merge.extend(fields.text("patches")?);
                let kustomization = Kustomization { patches_strategic_merge, ..self.kustomization() };
                patches::strategic_merges(set, &kustomization, place)?;
            }
            "ReplacementTransformer" => {
                let replacements = fields.list("replacements")?;
                replacements::apply(set, &Kustomization { replacements, ..self.kustomization() }, place)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// A kustomization without fields, to fill with the only one that the plugin has.
    fn kustomization(&self) -> Kustomization<'_> {
        Kustomization::bare(self.file.id, self.file.text)
    }
}

impl<'f> GeneratorEntry<'f> {
    /// Reads the configuration of a built-in generator, whose name is in its metadata.
    fn of_plugin(node: &'f Node) -> Step<Self> {
        let fields = Fields { node };
        let metadata = fields.get("metadata").map(|node| Fields { node });
        Self::with_name(fields, |field| metadata.map(|fields| fields.text(field)).transpose().map(Option::flatten))
    }
}

impl<'f> PatchEntry<'f> {
    /// Reads the configuration of a built-in transformer. `patch` is the field that holds the patch itself.
    fn of_plugin(node: &'f Node, patch: &str) -> Step<Self> {
        let fields = Fields { node };
        Ok(Self {
            span: node.span,
            path: fields.text("path")?,
            patch: fields.text(patch)?,
            target: fields.get("target").map(super::select::Target::read).transpose()?,
            allow_name_change: false,
            allow_kind_change: false,
        })
    }
}
