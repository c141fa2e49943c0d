//! The table of annotations.

use super::OnInvalid::{ProxyFails, Rejected};
use super::Values::{
    Boolean, CaselessWords, Interfaces, Json, Networks, NetworksOrAll, Number, Percentage, Port, Ports, PortsOrAll,
    ProxyConfig, Quantity, Words,
};
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

const fn service_like(name: &'static str) -> KnownKey {
    KnownKey::new(name, &[Kind::Namespace, Kind::Service, Kind::ServiceEntry])
}

const fn gateway(name: &'static str) -> KnownKey {
    KnownKey::new(name, &[Kind::KubernetesGateway])
}

const fn entry(name: &'static str) -> KnownKey {
    KnownKey::new(name, &[Kind::WorkloadEntry])
}

const STATS: &str = "use `proxyStatsMatcher` in annotation `proxy.istio.io/config`";
const MIXER: &str = "remove it: it configured Mixer, which Istio 1.8 removed";
const GENERATED: &str = "remove it: no component reads it";

pub(super) static ALL: &[KnownKey] = &[
    any("galley.istio.io/analyze-suppress"),
    any("gateway.istio.io/controller-version"),
    any("install.operator.istio.io/chart-owner"),
    any("install.operator.istio.io/owner-generation"),
    any("install.operator.istio.io/owning-resource"),
    any("install.operator.istio.io/version"),
    any("internal.istio.io/parent-namespace"),
    any("internal.istio.io/parents"),
    any("internal.istio.io/webhook-always-reject"),
    any("istio.io/connect-strategy"),
    any("istio.io/ignore-policy-attachment"),
    any("istio.io/dry-run"),
    KnownKey::new("envoyfilter.istio.io/referenced-services", &[Kind::EnvoyFilter]),
    KnownKey::new("kubernetes.io/ingress.class", &[Kind::Ingress]),
    KnownKey::new("topology.istio.io/controlPlaneClusters", &[Kind::Namespace]),
    service("networking.istio.io/exportTo"),
    service("traffic.istio.io/nodeSelector").takes(Json),
    service("alpha.istio.io/kubernetes-serviceaccounts")
        .deprecated("remove it: istiod takes the service accounts from the pods"),
    service("alpha.istio.io/canonical-serviceaccounts")
        .deprecated("remove it: istiod takes the service accounts from the pods"),
    service_like("networking.istio.io/traffic-distribution").takes(CaselessWords(&[
        "PreferClose",
        "PreferSameZone",
        "PreferSameNode",
        "Any",
    ])),
    service_like("istio.io/use-waypoint-canary-weight").takes(Percentage),
    gateway("ambient.istio.io/xfcc-include-client-identity"),
    gateway("gateway.istio.io/name-override"),
    gateway("gateway.istio.io/service-account"),
    gateway("networking.istio.io/address-type"),
    gateway("networking.istio.io/service-type"),
    KnownKey::new("ambient.istio.io/waypoint-inbound-binding", &[Kind::GatewayClass, Kind::KubernetesGateway]),
    KnownKey::new("gateway.istio.io/agentgatewayImage", &[Kind::KubernetesGateway, Kind::Pod]),
    entry("istio.io/autoRegistrationGroup"),
    entry("istio.io/connectedAt"),
    entry("istio.io/disconnectedAt"),
    entry("istio.io/workloadController"),
    entry("proxy.istio.io/health-checks-enabled"),
    // Sidecar injection.
    pod("inject.istio.io/templates"),
    pod("istio.io/rev"),
    pod("sidecar.istio.io/inject")
        .takes(Words(&["true", "false"]))
        .deprecated("use the label of the same name, which webhooks can select pods by"),
    pod("sidecar.istio.io/nativeSidecar").takes(Boolean),
    pod("sidecar.istio.io/status"),
    pod("proxy.istio.io/config").takes(ProxyConfig).on_invalid(Rejected),
    pod("proxy.istio.io/overrides"),
    // The container of the sidecar.
    pod("sidecar.istio.io/bootstrapOverride"),
    pod("sidecar.istio.io/capNetBindService"),
    pod("sidecar.istio.io/proxyCPU").takes(Quantity).on_invalid(Rejected),
    pod("sidecar.istio.io/proxyCPULimit").takes(Quantity).on_invalid(Rejected),
    pod("sidecar.istio.io/proxyImage"),
    pod("sidecar.istio.io/proxyImageType"),
    pod("sidecar.istio.io/proxyMemory").takes(Quantity).on_invalid(Rejected),
    pod("sidecar.istio.io/proxyMemoryLimit").takes(Quantity).on_invalid(Rejected),
    pod("sidecar.istio.io/userVolume").takes(Json).on_invalid(Rejected),
    pod("sidecar.istio.io/userVolumeMount").takes(Json).on_invalid(Rejected),
    // Metrics, readiness and logs of the sidecar.
    pod("prometheus.istio.io/merge-metrics").takes(Boolean).on_invalid(Rejected),
    pod("prometheus.istio.io/secure-port"),
    pod("readiness.status.sidecar.istio.io/applicationPorts"),
    pod("readiness.status.sidecar.istio.io/failureThreshold").takes(Number).on_invalid(Rejected),
    pod("readiness.status.sidecar.istio.io/initialDelaySeconds").takes(Number).on_invalid(Rejected),
    pod("readiness.status.sidecar.istio.io/periodSeconds").takes(Number).on_invalid(Rejected),
    pod("sidecar.istio.io/agentLogLevel"),
    pod("sidecar.istio.io/componentLogLevel"),
    pod("sidecar.istio.io/logLevel")
        .takes(Words(&["trace", "debug", "info", "warning", "warn", "error", "critical", "off"]))
        .on_invalid(ProxyFails),
    pod("sidecar.istio.io/rewriteAppHTTPProbers").takes(Boolean),
    pod("sidecar.istio.io/statsEvictionInterval"),
    pod("sidecar.istio.io/statsFlushInterval"),
    pod("sidecar.istio.io/statsHistogramBins"),
    pod("sidecar.istio.io/statsHistogramBuckets").takes(Json),
    pod("sidecar.istio.io/statsCompression").deprecated("use `statsCompression` in annotation `proxy.istio.io/config`"),
    pod("sidecar.istio.io/statsInclusionPrefixes").deprecated(STATS),
    pod("sidecar.istio.io/statsInclusionRegexps").deprecated(STATS),
    pod("sidecar.istio.io/statsInclusionSuffixes").deprecated(STATS),
    pod("sidecar.istio.io/extraStatTags").deprecated("use `extraStatTags` in annotation `proxy.istio.io/config`"),
    pod("sidecar.istio.io/discoveryAddress").deprecated("use `discoveryAddress` in annotation `proxy.istio.io/config`"),
    pod("status.sidecar.istio.io/port").takes(Port).on_invalid(Rejected),
    // Traffic capture.
    pod("ambient.istio.io/bypass-inbound-capture").takes(Boolean),
    pod("ambient.istio.io/dns-capture").takes(Boolean),
    pod("ambient.istio.io/redirection"),
    pod("istio.io/reroute-virtual-interfaces").takes(Interfaces).on_invalid(Rejected),
    pod("sidecar.istio.io/interceptionMode").takes(Words(&["REDIRECT", "TPROXY", "NONE"])).on_invalid(Rejected),
    pod("traffic.sidecar.istio.io/excludeInboundPorts").takes(Ports).on_invalid(Rejected),
    pod("traffic.sidecar.istio.io/excludeInterfaces").takes(Interfaces).on_invalid(Rejected),
    pod("traffic.sidecar.istio.io/excludeOutboundIPRanges").takes(Networks).on_invalid(Rejected),
    pod("traffic.sidecar.istio.io/excludeOutboundPorts").takes(Ports).on_invalid(Rejected),
    pod("traffic.sidecar.istio.io/includeInboundPorts").takes(PortsOrAll).on_invalid(Rejected),
    pod("traffic.sidecar.istio.io/includeOutboundIPRanges").takes(NetworksOrAll).on_invalid(Rejected),
    pod("traffic.sidecar.istio.io/includeOutboundPorts").takes(PortsOrAll).on_invalid(ProxyFails),
    pod("traffic.sidecar.istio.io/kubevirtInterfaces")
        .takes(Interfaces)
        .on_invalid(Rejected)
        .deprecated("use annotation `istio.io/reroute-virtual-interfaces`"),
    // Annotations of earlier releases.
    any("alpha.istio.io/identity").removed(GENERATED),
    any("istio.io/service-account").removed("use annotation `gateway.istio.io/service-account`"),
    any("networking.alpha.istio.io/endpointsVersion").removed(GENERATED),
    any("networking.alpha.istio.io/notReadyEndpoints").removed(GENERATED),
    any("networking.alpha.istio.io/serviceVersion").removed(GENERATED),
    any("policy.istio.io/check").removed(MIXER),
    any("policy.istio.io/checkBaseRetryWaitTime").removed(MIXER),
    any("policy.istio.io/checkMaxRetryWaitTime").removed(MIXER),
    any("policy.istio.io/checkRetries").removed(MIXER),
    any("policy.istio.io/lang").removed(MIXER),
    any("security.istio.io/autoMTLS").removed("use `enableAutoMtls` in the MeshConfig"),
    any("sidecar.istio.io/controlPlaneAuthPolicy")
        .removed("remove it: proxies always use mutual TLS to the control plane"),
    any("sidecar.istio.io/enableCoreDump")
        .removed("set `values.global.proxy.enableCoreDump` in the installation of Istio"),
];
