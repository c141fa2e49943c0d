//! The checks of istiod's admission webhook, for one resource at a time. (The constraints of the CRD schemas, which the
//! API server checks, are in `model`: they are checked while a resource is read.)
//!
//! Each kind has a module that checks its fields and adds [`Violation`]s. Fields that several kinds have in common are
//! checked in `fields`, and `syntax` defines the syntax of names, hosts and numbers. Violations are values: the rules of
//! `lint` turn each kind of [`Mistake`] into findings.

mod authorization_policy;
pub mod cel;
mod destination_rule;
mod envoy_filter;
mod extensions;
mod fields;
mod gateway;
mod metadata;
mod peer_authentication;
pub mod policy_syntax;
mod proxy_config;
mod quoted;
mod request_authentication;
mod service_entry;
mod sidecar;
pub mod syntax;
pub mod tag_value;
mod telemetry;
mod violation;
mod virtual_service;
mod workload_entry;
mod workload_group;

pub use envoy_filter::is_for_old_proxies;
pub use quoted::quoted;
pub use violation::{Layer, Mistake, Violation};
pub use virtual_service::{re2_help, rejection};

use crate::model::{Resource, Spec};
use crate::world::Settings;

/// Returns the violations of a resource, in the order of istiod's checks.
pub fn validate(resource: &Resource, settings: &Settings) -> Vec<Violation> {
    let mut violations = violation::Violations::new(resource, settings);
    if metadata::check(resource, &mut violations) {
        return violations.into_violations();
    }
    match &resource.spec {
        Spec::AuthorizationPolicy(spec) => authorization_policy::check(spec, &mut violations),
        Spec::DestinationRule(spec) => destination_rule::check(spec, &mut violations),
        Spec::Gateway(spec) => gateway::check(spec, &mut violations),
        Spec::PeerAuthentication(spec) => peer_authentication::check(spec, &mut violations),
        Spec::RequestAuthentication(spec) => request_authentication::check(spec, &mut violations),
        Spec::ServiceEntry(spec) => service_entry::check(spec, &mut violations),
        Spec::Sidecar(spec) => sidecar::check(spec, &mut violations),
        Spec::VirtualService(spec) => virtual_service::check(spec, &mut violations),
        Spec::WorkloadEntry(spec) => workload_entry::check(spec, &mut violations),
        Spec::WorkloadGroup(spec) => workload_group::check(spec, &mut violations),
        Spec::EnvoyFilter(spec) => envoy_filter::check(spec, &mut violations),
        Spec::ProxyConfig(spec) => proxy_config::check(spec, &mut violations),
        Spec::Telemetry(spec) => telemetry::check(spec, &mut violations),
        Spec::WasmPlugin(spec) => extensions::check_plugin(spec, &mut violations),
        Spec::TrafficExtension(spec) => extensions::check_extension(spec, &mut violations),
        _ => {}
    }
    violations.into_violations()
}
