//! The table of labels.

use super::OnInvalid::ReadAs;
use super::Values::{Port, Words};
use super::{Kind, KnownKey};

const fn any(name: &'static str) -> KnownKey {
    KnownKey::new(name, &[])
}

const fn pod(name: &'static str) -> KnownKey {
    KnownKey::new(name, &[Kind::Pod])
}

const fn service(name: &'static str) -> KnownKey {
    KnownKey::new(name, &[Kind::Service])
}

/// The kinds that may use a waypoint.
const BEHIND_WAYPOINT: &[Kind] = &[Kind::Namespace, Kind::Pod, Kind::Service, Kind::ServiceEntry, Kind::WorkloadEntry];

/// The kinds that may use a canary waypoint.
const BEHIND_CANARY: &[Kind] = &[Kind::Namespace, Kind::Service, Kind::ServiceEntry];

pub(super) static ALL: &[KnownKey] = &[
    // Membership of pods in the mesh.
    KnownKey::new("istio-injection", &[Kind::Namespace])
        .takes(Words(&["enabled", "disabled"]))
        .on_invalid(ReadAs("disabled")),
    KnownKey::new("istio.io/dataplane-mode", &[Kind::Namespace, Kind::Pod])
        .takes(Words(&["ambient", "none"]))
        .on_invalid(ReadAs("none")),
    any("istio.io/rev"),
    pod("sidecar.istio.io/inject").takes(Words(&["true", "false"])),
    // Waypoints.
    KnownKey::new("istio.io/ingress-use-waypoint", &[Kind::Namespace, Kind::Service, Kind::ServiceEntry])
        .takes(Words(&["true", "false"])),
    KnownKey::new("istio.io/use-waypoint", BEHIND_WAYPOINT),
    KnownKey::new("istio.io/use-waypoint-namespace", BEHIND_WAYPOINT),
    KnownKey::new("istio.io/use-waypoint-canary", BEHIND_CANARY),
    KnownKey::new("istio.io/use-waypoint-canary-namespace", BEHIND_CANARY),
    KnownKey::new("istio.io/waypoint-for", &[Kind::KubernetesGateway, Kind::GatewayClass])
        .takes(Words(&["service", "workload", "all", "none"])),
    KnownKey::new("networking.istio.io/enable-autoallocate-ip", &[Kind::ServiceEntry]).takes(Words(&["true", "false"])),
    // Identity and location of workloads.
    any("istio-locality"),
    any("istio.io/gateway-name"),
    any("service.istio.io/canonical-name"),
    any("service.istio.io/canonical-revision"),
    any("service.istio.io/workload-name"),
    any("topology.istio.io/cluster"),
    any("topology.istio.io/locality"),
    any("topology.istio.io/network"),
    any("topology.istio.io/subzone"),
    any("security.istio.io/tlsMode"),
    any("networking.istio.io/tunnel"),
    // Behaviour of services.
    service("experimental.istio.io/disable-gateway-port-translation"),
    service("istio.io/persistent-session"),
    service("istio.io/persistent-session-header"),
    service("networking.istio.io/gatewayPort").takes(Port),
    // Labels that Istio's controllers and charts write.
    any("cni.istio.io/not-ready"),
    any("gateway.istio.io/defaults-for-class"),
    any("gateway.istio.io/managed"),
    any("install.operator.istio.io/owning-resource"),
    any("install.operator.istio.io/owning-resource-namespace"),
    any("internal.istio.io/always-push"),
    any("istio.io/config"),
    any("istio.io/draining"),
    any("istio.io/tag"),
    any("istio.io/test-vm"),
    any("istio.io/test-vm-version"),
    any("operator.istio.io/component"),
    any("operator.istio.io/managed"),
    any("operator.istio.io/version"),
];
