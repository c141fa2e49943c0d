//! `image-without-injection`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::Kind;
use crate::model::kubernetes::Container;
use crate::source::Spanned;
use crate::world::{Gap, Workload};

pub static RULE: Rule = rule! {
    name: "image-without-injection",
    aliases: ["IST0146", "IST0147"],
    severity: Error,
    summary: "a proxy with the image auto in pods that are not injected: the image cannot be pulled",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    for workload in &world.workloads {
        let Some(image) = workload.containers().find_map(auto) else { continue };
        let namespace = &workload.name.namespace;
        let severity = match world.namespaces.injection(workload) {
            Some(true) => continue,
            Some(false) => Severity::Error,
            // It has no labels as far as the manifests tell.
            None if world.inventory.namespaces().is_ok() => Severity::Warning,
            None => {
                diagnostics.unchecked(Gap::NoNamespace(namespace.to_string()));
                continue;
            }
        };
        report(workload, image, severity, diagnostics);
    }
}

fn auto(container: &Container) -> Option<&Spanned<String>> {
    container.image.as_ref().filter(|image| container.is_proxy() && image.as_str() == "auto")
}

fn report(workload: &Workload<'_>, image: &Spanned<String>, severity: Severity, diagnostics: &mut Diagnostics) {
    let message = format!("nothing puts an image in the place of auto: pods of {} are not injected", workload.name);
    let diagnostic = diagnostics.report_default(image.span, message);
    diagnostic.severity(severity);
    diagnostic.help("label the pods sidecar.istio.io/inject: \"true\", or their Namespace istio-injection: enabled");
    diagnostic.aliases = if workload.resource.kind == Kind::Pod { &["IST0147"] } else { &["IST0146"] };
}
