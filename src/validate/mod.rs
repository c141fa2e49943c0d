//! What istiod's admission webhook refuses when a resource is applied, one resource at a time. (What the API server
//! refuses by the schemas of the CRDs is found while a resource is read: see `model`.)
//!
//! Each kind has a file that goes through its fields and notes [`Violation`]s; what several kinds have in common is in
//! `common`, and `syntax` says what names, hosts and numbers look like. Problems are values here: the rules of `lint`
//! turn each [`Family`] of them into findings.

mod authorization_policy;
pub mod cel;
mod common;
mod destination_rule;
mod envoy_filter;
mod extensions;
mod gateway;
mod metadata;
mod peer_authentication;
pub mod policy_syntax;
mod proxy_config;
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

pub use violation::{Family, Layer, Violation};

use crate::model::{Resource, Spec};
use crate::world::Settings;

/// What is wrong with a resource.
pub fn validate(resource: &Resource, settings: &Settings) -> Vec<Violation> {
    let mut found = violation::Found::new(resource, settings);
    if metadata::check(resource, &mut found) {
        return found.into_violations();
    }
    match &resource.spec {
        Spec::AuthorizationPolicy(spec) => authorization_policy::check(spec, &mut found),
        Spec::DestinationRule(spec) => destination_rule::check(spec, &mut found),
        Spec::Gateway(spec) => gateway::check(spec, &mut found),
        Spec::PeerAuthentication(spec) => peer_authentication::check(spec, &mut found),
        Spec::RequestAuthentication(spec) => request_authentication::check(spec, &mut found),
        Spec::ServiceEntry(spec) => service_entry::check(spec, &mut found),
        Spec::Sidecar(spec) => sidecar::check(spec, &mut found),
        Spec::VirtualService(spec) => virtual_service::check(spec, &mut found),
        Spec::WorkloadEntry(spec) => workload_entry::check(spec, &mut found),
        Spec::WorkloadGroup(spec) => workload_group::check(spec, &mut found),
        Spec::EnvoyFilter(spec) => envoy_filter::check(spec, &mut found),
        Spec::ProxyConfig(spec) => proxy_config::check(spec, &mut found),
        Spec::Telemetry(spec) => telemetry::check(spec, &mut found),
        Spec::WasmPlugin(spec) => extensions::check_plugin(spec, &mut found),
        Spec::TrafficExtension(spec) => extensions::check_extension(spec, &mut found),
        _ => {}
    }
    found.into_violations()
}
