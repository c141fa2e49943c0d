//! ServiceEntry.

use super::{WorkloadEntry, WorkloadSelector};
use crate::model::macros::{enumeration, message};
use crate::source::Spanned;

message! {
    /// Services that are not in the platform's registry.
    struct ServiceEntry {
        hosts: Vec<Spanned<String>>,
        addresses: Vec<Spanned<String>>,
        ports: Vec<ServiceEntryPort>,
        location: Option<Spanned<Location>>,
        resolution: Option<Spanned<Resolution>>,
        endpoints: Vec<WorkloadEntry>,
        workload_selector: Option<WorkloadSelector>,
        export_to: Vec<Spanned<String>>,
        subject_alt_names: Vec<Spanned<String>>,
    }
}

message! {
    /// A port of a ServiceEntry.
    struct ServiceEntryPort {
        number: Option<Spanned<u32>>,
        protocol: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
        target_port: Option<Spanned<u32>>,
    }
}

enumeration! {
    /// Whether the service is part of the mesh.
    enum Location {
        MeshExternal = "MESH_EXTERNAL" / 0,
        MeshInternal = "MESH_INTERNAL" / 1,
    }
}

enumeration! {
    /// How proxies find the endpoints.
    enum Resolution {
        None = "NONE" / 0,
        Static = "STATIC" / 1,
        Dns = "DNS" / 2,
        DnsRoundRobin = "DNS_ROUND_ROBIN" / 3,
        DynamicDns = "DYNAMIC_DNS" / 4,
    }
}
