//! `proxy-uid`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::kubernetes::{Pod, SecurityContext};
use crate::source::Spanned;
use crate::world::DataPlane;

pub static RULE: Rule = rule! {
    name: "proxy-uid",
    summary: "an application runs as the user of the sidecar, so its connections bypass the sidecar",
    findings: [&SAME_USER],
    check: check,
};

static SAME_USER: Finding = finding! {
    "same-user", Exposed, Likely, ["IST0144"],
    "`runAsUser` of an application is 1337, the user of the sidecar",
};

/// The user of sidecars. Connections of this user bypass the sidecar (istio: `istio-iptables`).
const PROXY: i64 = 1337;

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for workload in &context.world.workloads {
        let Some(pod) = workload.pod.filter(|_| !workload.is_gateway()) else { continue };
        let namespaces = &context.world.namespaces;
        let has_no_sidecar = || namespaces.injection(workload) == Some(false) && !workload.has_proxy();
        if !matches!(namespaces.data_plane(workload), None | Some(DataPlane::Sidecar)) || has_no_sidecar() {
            continue;
        }
        for user in users(pod).filter(|user| user.value == PROXY) {
            let message = format!(
                "workload `{}` runs as user {PROXY}, like the sidecar, so its connections bypass the sidecar",
                workload.name.name
            );
            diagnostics.report(&SAME_USER, user.span, message).help("set `runAsUser` to another user");
        }
    }
}

/// The users of the application's containers: the pod's user applies to containers without their own. Init containers
/// may be this user on purpose, to reach the network before the sidecar is ready.
fn users(pod: &Pod) -> impl Iterator<Item = &Spanned<i64>> {
    let applications = || pod.containers.iter().filter(|container| !container.is_proxy());
    let follows_pod = applications().any(|it| user(it.security_context.as_ref()).is_none());
    let of_pod = user(pod.security_context.as_ref()).filter(|_| follows_pod);
    of_pod.into_iter().chain(applications().filter_map(|it| user(it.security_context.as_ref())))
}

fn user(context: Option<&SecurityContext>) -> Option<&Spanned<i64>> {
    context?.run_as_user.as_ref()
}
