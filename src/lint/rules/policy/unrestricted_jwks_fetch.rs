//! `unrestricted-jwks-fetch`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::kubernetes::{Container, EnvVar};
use crate::model::{Kind, Resource};
use crate::world::{Workload, World};

pub static RULE: Rule = rule! {
    name: "unrestricted-jwks-fetch",
    summary: "istiod fetches keys from any address that a RequestAuthentication names",
    findings: [&UNRESTRICTED],
    check: check,
};

static UNRESTRICTED: Finding = finding! {
    "unrestricted", Notable, Certain, ["IST0175"],
    "istiod fetches keys from any address, even inside the cluster",
};

/// The environment variable of istiod that lists networks from which it must not fetch keys.
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
            // A `valueFrom` sets it too.
            is_named && variable.value.as_ref().is_none_or(|value| !value.is_empty())
        };
        let is_blocked = |container: &Container| container.env.iter().any(is_set);
        if workload.pod.is_some_and(|pod| !pod.containers.iter().any(is_blocked)) {
            diagnostics
                .report(
                    &UNRESTRICTED,
                    workload.resource.name_span(),
                    "istiod fetches the keys of tokens from any address, even inside the cluster",
                )
                .related(fetched.resource.name_span(), "whoever writes such a policy chooses the address")
                .help(format!("set `{BLOCKED}` on istiod to the CIDR ranges that it must not fetch from"));
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
