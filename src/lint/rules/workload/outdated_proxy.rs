//! `outdated-proxy`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::Kind;

pub static RULE: Rule = rule! {
    name: "outdated-proxy",
    aliases: ["IST0158"],
    severity: Warning,
    summary: "a Pod whose proxy has another image than the injector would write",
    check: check,
};

/// With it pods choose an image for themselves.
const IMAGE: &str = "sidecar.istio.io/proxyImage";

/// What may stand behind the image: which sort of it is meant. Several resources and annotations have a say in that.
const TYPES: [&str; 4] = ["", "-default", "-debug", "-distroless"];

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let namespaces = &context.world.namespaces;
    let pods = context.world.workloads.iter().filter(|workload| workload.resource.kind == Kind::Pod);
    for pod in pods.filter(|pod| namespaces.injection(pod) == Some(true) && !pod.annotations.contains_key(IMAGE)) {
        let Some(injector) = namespaces.injector(pod) else { continue };
        let image = pod.containers().find(|container| container.is_proxy()).and_then(|proxy| proxy.image.as_ref());
        let (Some(wanted), Some(image)) = (&injector.image, image) else { continue };
        let is_wanted = image.strip_prefix(wanted.as_str()).is_some_and(|rest| TYPES.contains(&rest));
        if !is_wanted && image.as_str() != "auto" {
            diagnostics
                .report_default(image.span, format!("the injector would give {} the image {wanted}", pod.name.name))
                .related(injector.span, "what the injector is told")
                .help("pods get the image when they are created: restart them");
        }
    }
}
