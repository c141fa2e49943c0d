//! `outdated-proxy`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;

pub static RULE: Rule = rule! {
    name: "outdated-proxy",
    summary: "the proxy of a Pod has another image than the one that the injector sets today",
    findings: [&OTHER_IMAGE],
    check: check,
};

static OTHER_IMAGE: Finding = finding! {
    "other-image", Surprising, Certain, ["IST0158"],
    "the image of a proxy is not the one in the configuration of the injector",
};

/// The annotation with which pods choose an image.
const IMAGE: &str = "sidecar.istio.io/proxyImage";

/// The suffixes of images for their type. Several resources and annotations can set the type, so any of them is right.
const TYPES: [&str; 4] = ["", "-default", "-debug", "-distroless"];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let namespaces = &context.world.namespaces;
    let workloads = context.world.workloads.iter().filter(|workload| workload.resource.kind == Kind::Pod);
    for workload in workloads.filter(|it| namespaces.injection(it) == Some(true) && !it.annotations.contains_key(IMAGE))
    {
        let Some(injector) = namespaces.injector(workload) else { continue };
        let image = workload.containers().find(|container| container.is_proxy()).and_then(|proxy| proxy.image.as_ref());
        let (Some(wanted), Some(image)) = (&injector.image, image) else { continue };
        let is_wanted = image.strip_prefix(wanted.as_str()).is_some_and(|rest| TYPES.contains(&rest));
        if !is_wanted && image.as_str() != "auto" {
            let message = format!(
                "the proxy of Pod `{}` does not use the image that the injector sets, `{wanted}`",
                workload.name.name
            );
            diagnostics
                .report(&OTHER_IMAGE, image.span, message)
                .related(injector.span, "the configuration of the injector")
                .help("recreate the Pod: the injector sets the image when a Pod is created");
        }
    }
}
