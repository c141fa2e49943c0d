//! What is refused when a resource is applied: istiod's admission webhook and the API server, one resource at a time.
//!
//! Each kind has a file that goes through its fields and notes [`Violation`]s; what several kinds have in common is in
//! `common`, and `syntax` says what names, hosts and numbers look like. Problems are values here: the rules of `lint`
//! turn each [`Family`] of them into findings.

mod common;
mod peer_authentication;
pub mod syntax;
mod violation;
mod virtual_service;

pub use violation::{Family, Layer, Violation};

use crate::model::{Resource, Spec};
use crate::world::Settings;

/// What is wrong with a resource.
pub fn validate(resource: &Resource, settings: &Settings) -> Vec<Violation> {
    let mut found = violation::Found::new(resource, settings);
    match &resource.spec {
        Spec::PeerAuthentication(spec) => peer_authentication::check(spec, &mut found),
        Spec::VirtualService(spec) => virtual_service::check(spec, &mut found),
        _ => {}
    }
    found.into_violations()
}
