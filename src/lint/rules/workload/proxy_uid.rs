//! `proxy-uid`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::kubernetes::{Pod, SecurityContext};
use crate::source::Spanned;
use crate::world::DataPlane;

pub static RULE: Rule = rule! {
    name: "proxy-uid",
    aliases: ["IST0144"],
    severity: Warning,
    summary: "an application that runs as the user of the sidecar, so that what it sends is not captured",
    check: check,
};

/// Whom sidecars run as; what this user sends goes past the sidecar (istio: `istio-iptables`).
const PROXY: i64 = 1337;

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for workload in &context.world.workloads {
        let Some(pod) = workload.pod.filter(|_| !workload.is_gateway()) else { continue };
        if !matches!(context.world.namespaces.data_plane(workload), None | Some(DataPlane::Sidecar)) {
            continue;
        }
        for user in users(pod).filter(|user| user.value == PROXY) {
            diagnostics
                .report_default(user.span, format!("{} runs as user {PROXY}, as the sidecar does", workload.name.name))
                .help("use another user: connections that this one opens are not captured by the sidecar");
        }
    }
}

/// Whom the containers of the application run as. That of the pod counts for those that do not say. Containers that run
/// first may be this user on purpose: they need the network before the sidecar is there.
fn users(pod: &Pod) -> impl Iterator<Item = &Spanned<i64>> {
    let applications = || pod.containers.iter().filter(|container| !container.is_proxy());
    let follows_pod = applications().any(|it| user(it.security_context.as_ref()).is_none());
    let of_pod = user(pod.security_context.as_ref()).filter(|_| follows_pod);
    of_pod.into_iter().chain(applications().filter_map(|it| user(it.security_context.as_ref())))
}

fn user(context: Option<&SecurityContext>) -> Option<&Spanned<i64>> {
    context?.run_as_user.as_ref()
}
