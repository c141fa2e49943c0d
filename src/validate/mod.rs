//! What is refused when a resource is applied: istiod's admission webhook and the API server, one resource at a time.
//!
//! Each kind has a file that goes through its fields and notes [`Violation`]s; what several kinds have in common is in
//! `common`, and `syntax` says what names, hosts and numbers look like. Problems are values here: the rules of `lint`
//! turn each [`Family`] of them into findings.

pub mod cel;
mod common;
mod envoy_filter;
mod extensions;
mod peer_authentication;
mod proxy_config;
pub mod syntax;
mod telemetry;
mod violation;

pub use violation::{Family, Layer, Violation};

use crate::model::{Resource, Spec};
use crate::world::Settings;

/// What is wrong with a resource.
pub fn validate(resource: &Resource, settings: &Settings) -> Vec<Violation> {
    let mut found = violation::Found::new(resource, settings);
    match &resource.spec {
        Spec::PeerAuthentication(spec) => peer_authentication::check(spec, &mut found),
        Spec::EnvoyFilter(spec) => envoy_filter::check(spec, &mut found),
        Spec::ProxyConfig(spec) => proxy_config::check(spec, &mut found),
        Spec::Telemetry(spec) => telemetry::check(spec, &mut found),
        Spec::WasmPlugin(spec) => extensions::check_plugin(spec, &mut found),
        Spec::TrafficExtension(spec) => extensions::check_extension(spec, &mut found),
        _ => {}
    }
    found.into_violations()
}
