//! What the injector of each revision is told, as far as it is among the manifests.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{Resource, Spec};
use crate::source::Span;

/// The ConfigMaps of the injector, by name.
#[derive(Debug, Default)]
pub struct Injectors(BTreeMap<String, Injector>);

/// What the injector of a revision is told.
#[derive(Debug)]
pub struct Injector {
    /// Where it is told.
    pub span: Span,
    /// The image of the proxies.
    pub image: Option<String>,
    /// Whether pods are injected in namespaces that say nothing.
    pub by_default: bool,
}

/// The ConfigMap of the default revision; those of others end with a dash and the revision.
const NAME: &str = "istio-sidecar-injector";

impl Injectors {
    pub(super) fn new(resources: &[&Resource]) -> Self {
        let injector = |resource: &&Resource| Some((resource.name().to_owned(), read(resource)?));
        Self(resources.iter().filter(|resource| resource.name().starts_with(NAME)).filter_map(injector).collect())
    }

    /// The injector of a revision; `default` is that without a name.
    pub fn of_revision(&self, revision: &str) -> Option<&Injector> {
        match revision {
            "" | "default" => self.0.get(NAME),
            revision => self.0.get(&format!("{NAME}-{revision}")),
        }
    }
}

fn read(resource: &Resource) -> Option<Injector> {
    let Spec::ConfigMap(map) = &resource.spec else { return None };
    let values: Value = serde_json::from_str(map.data.get("values")?.text.as_deref()?).ok()?;
    let by_default = values["sidecarInjectorWebhook"]["enableNamespacesByDefault"] == true;
    Some(Injector { span: resource.name_span(), image: image(&values["global"]), by_default })
}

/// A whole name of an image, or one that is put together (istio: the injector's template).
fn image(global: &Value) -> Option<String> {
    let name = global["proxy"]["image"].as_str()?;
    if name.contains('/') {
        return Some(name.to_owned());
    }
    let tag = match &global["tag"] {
        Value::String(tag) => tag.clone(),
        Value::Number(tag) => tag.to_string(),
        _ => return None,
    };
    Some(format!("{}/{name}:{tag}", global["hub"].as_str()?))
}
