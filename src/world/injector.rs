//! The configuration of the sidecar injectors.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{Resource, Spec};
use crate::source::Span;

/// The injectors that the manifests configure, by the name of their ConfigMap.
#[derive(Debug, Default)]
pub struct Injectors(BTreeMap<String, Injector>);

/// The configuration of the injector of a revision.
#[derive(Debug)]
pub struct Injector {
    /// The place of the ConfigMap's name.
    pub span: Span,
    /// The proxy image.
    pub image: Option<String>,
    /// Whether pods are injected in namespaces without a label for injection.
    pub by_default: bool,
}

/// The ConfigMap of the default revision. The names of other ConfigMaps end with a dash and the revision.
const NAME: &str = "istio-sidecar-injector";

impl Injectors {
    pub(super) fn new(resources: &[&Resource]) -> Self {
        let injector = |resource: &&Resource| Some((resource.name().to_owned(), read(resource)?));
        Self(resources.iter().filter(|resource| resource.name().starts_with(NAME)).filter_map(injector).collect())
    }

    /// The injector of a revision. `default` and the empty name mean the one without a revision.
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

/// The proxy image: `proxy.image`, with `hub` and `tag` unless it is a full reference (istio: the injection template).
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
