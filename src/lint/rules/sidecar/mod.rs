//! Sidecar resources: the hosts and ports that they import and serve.

mod implicit_registry_only;
mod sidecar_hides_route;
mod sidecar_hides_service;
mod sidecar_ingress_port;
mod sidecar_unknown_host;
mod sidecar_unserved_port;

use crate::lint::Family;

pub static FAMILY: Family = Family {
    name: "sidecar",
    about: "Hosts and ports of Sidecars",
    rules: &[
        &sidecar_unknown_host::RULE,
        &sidecar_unserved_port::RULE,
        &sidecar_hides_route::RULE,
        &sidecar_hides_service::RULE,
        &sidecar_ingress_port::RULE,
        &implicit_registry_only::RULE,
    ],
};
