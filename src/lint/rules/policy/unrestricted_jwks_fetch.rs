//! `unrestricted-jwks-fetch`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::kubernetes::{Container, EnvVar};
use crate::model::{Kind, Resource};
use crate::world::{Workload, World};

pub static RULE: Rule = rule! {
    name: "unrestricted-jwks-fetch",
    aliases: ["IST0175"],
    severity: Info,
    summary: "an istiod that fetches keys from any address that a RequestAuthentication names",
    check: check,
};

/// The variable by which istiod is kept from fetching keys from some networks.
const BLOCKED: &str = "BLOCKED_CIDRS_IN_JWKS_URIS";

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let fetched = world
        .policies
        .request_authentications()
        .iter()
        .find(|policy| policy.spec.jwt_rules.iter().any(|rule| rule.jwks.is_none()));
    let Some(fetched) = fetched else { return };
    for workload in istiods(world) {
        let is_set = |variable: &EnvVar| {
            let is_named = variable.name.as_ref().is_some_and(|name| name.as_str() == BLOCKED);
            // A value from elsewhere is as good.
            is_named && variable.value.as_ref().is_none_or(|value| !value.is_empty())
        };
        let is_blocked = |container: &Container| container.env.iter().any(is_set);
        if workload.pod.is_some_and(|pod| !pod.containers.iter().any(is_blocked)) {
            diagnostics
                .report_default(
                    workload.resource.name_span(),
                    "istiod fetches keys of tokens from any address, also inside the cluster",
                )
                .related(fetched.resource.name_span(), "who may write such a policy chooses the address")
                .help(format!("set {BLOCKED} in its environment to the networks that hold no keys"));
        }
    }
}

fn istiods<'w, 'a>(world: &'w World<'a>) -> impl Iterator<Item = &'w Workload<'a>> {
    let is_istiod = |resource: &Resource| {
        resource.kind == Kind::Deployment
            && resource.metadata.labels.get("app").is_some_and(|value| value.as_str() == "istiod")
    };
    world.workloads.iter().filter(move |workload| is_istiod(workload.resource))
}
