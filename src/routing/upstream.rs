//! The traffic policy towards a cluster: load balancing and TLS, by the DestinationRule that applies.

use crate::model::LabelSet;
use crate::model::field::TextField;
use crate::model::networking::{
    ClientTlsMode, ClientTlsSettings, ConnectionPoolSettings, LoadBalancerSettings, LocalityLbSetting,
    OutlierDetection, PortTrafficPolicy, SimpleLb, TrafficPolicy,
};
use crate::world::{BackendTls, MtlsMode, Service, Settings, Workload, World};

/// The traffic policy in force for a port of a service or subset.
#[derive(Debug, Clone, Copy, Default)]
pub struct Upstream<'a> {
    /// The load balancer.
    pub load_balancer: Option<&'a LoadBalancerSettings>,
    /// The connection pool.
    pub connection_pool: Option<&'a ConnectionPoolSettings>,
    /// The outlier detection.
    pub outlier_detection: Option<&'a OutlierDetection>,
    /// TLS towards the endpoints; `None` for auto mTLS.
    pub tls: Option<&'a ClientTlsSettings>,
}

impl<'a> Upstream<'a> {
    /// The policy with which clients of a namespace, with these labels, send requests to a port of a service or subset.
    pub fn towards(
        world: &'a World<'_>,
        (namespace, labels): (&str, Option<&LabelSet<'_>>),
        service: &Service<'_>,
        subset: &str,
        port: u32,
    ) -> Self {
        let destination_rules = &world.destination_rules;
        let merged = destination_rules.applying(namespace, &service.namespace, &service.hostname, labels);
        let of_subset = merged.and_then(|it| destination_rules.subset(it, subset)).filter(|_| !subset.is_empty());
        let of_subset = of_subset.and_then(|found| found.subset.traffic_policy.as_ref());
        let of_rule = merged.and_then(|it| destination_rules.traffic_policy(it));
        let host = (service.namespace.as_str(), service.hostname.as_str());
        let backend_tls = destination_rules.backend_tls(namespace, host, port, merged);
        Self::with_backend_tls(of_rule, of_subset, port, backend_tls)
    }

    /// Merges the policies of a DestinationRule and of a subset for a port. Settings of a port replace the others as a
    /// whole; a subset overrides field by field (istiod: `MergeTrafficPolicy`, `MergeSubsetTrafficPolicy`).
    pub fn new(of_rule: Option<&'a TrafficPolicy>, of_subset: Option<&'a TrafficPolicy>, port: u32) -> Self {
        Self::with_backend_tls(of_rule, of_subset, port, BackendTls::default())
    }

    /// Merges the policies of a DestinationRule, of a subset and of BackendTLSPolicies for a port.
    pub fn with_backend_tls(
        of_rule: Option<&'a TrafficPolicy>,
        of_subset: Option<&'a TrafficPolicy>,
        port: u32,
        backend_tls: BackendTls<'a>,
    ) -> Self {
        let mut base = of_rule.map(|policy| Self::of_policy(policy, port)).unwrap_or_default();
        let has_own_port = of_rule.is_some_and(|policy| of_port(policy, port).is_some());
        base.tls = match (backend_tls.of_port, has_own_port) {
            (Some(backend), true) => base.tls.or(Some(backend)),
            // The settings of a port replace those of the host.
            (Some(backend), false) => Some(backend),
            (None, true) => base.tls,
            (None, false) => base.tls.or(backend_tls.of_service),
        };
        let Some(subset) = of_subset else { return base };
        if let Some(settings) = of_port(subset, port) {
            return Self::of_port(settings);
        }
        Self {
            load_balancer: subset.load_balancer.as_ref().or(base.load_balancer),
            connection_pool: subset.connection_pool.as_ref().or(base.connection_pool),
            outlier_detection: subset.outlier_detection.as_ref().or(base.outlier_detection),
            tls: subset.tls.as_ref().or(base.tls),
        }
    }

    fn of_policy(policy: &'a TrafficPolicy, port: u32) -> Self {
        of_port(policy, port).map_or(
            Self {
                load_balancer: policy.load_balancer.as_ref(),
                connection_pool: policy.connection_pool.as_ref(),
                outlier_detection: policy.outlier_detection.as_ref(),
                tls: policy.tls.as_ref(),
            },
            Self::of_port,
        )
    }

    fn of_port(settings: &'a PortTrafficPolicy) -> Self {
        Self {
            load_balancer: settings.load_balancer.as_ref(),
            connection_pool: settings.connection_pool.as_ref(),
            outlier_detection: settings.outlier_detection.as_ref(),
            tls: settings.tls.as_ref(),
        }
    }

    /// The load balancing in the API's words. Default: `LEAST_REQUEST`.
    pub fn load_balancing(&self) -> String {
        let Some(settings) = self.load_balancer else { return SimpleLb::LeastRequest.as_str().to_owned() };
        if let Some(hash) = &settings.consistent_hash {
            let text = |key: &str, name: &str| format!("consistentHash({key} {name})");
            return match (&hash.http_header_name, &hash.http_cookie, &hash.http_query_parameter_name) {
                (Some(name), ..) => text("header", name),
                (None, Some(cookie), _) => text("cookie", cookie.name.text()),
                (None, None, Some(name)) => text("query parameter", name),
                (None, None, None) => "consistentHash(source IP)".to_owned(),
            };
        }
        match settings.simple.map(|simple| simple.value) {
            // `LEAST_CONN` is the older name of the default.
            None | Some(SimpleLb::Unspecified | SimpleLb::LeastConn) => SimpleLb::LeastRequest,
            Some(other) => other,
        }
        .as_str()
        .to_owned()
    }

    /// Whether requests go to the address that the client dialled, whatever the endpoints are.
    pub fn is_passthrough(&self) -> bool {
        let simple = self.load_balancer.and_then(|settings| settings.simple);
        simple.is_some_and(|simple| simple.value == SimpleLb::Passthrough)
    }

    /// Whether the proxy uses mutual TLS of the mesh to the addresses that clients dial, if no DestinationRule sets TLS. It
    /// does not know which pod has such an address, so all pods of the service must take mutual TLS, and the
    /// PeerAuthentications of the namespace decide (istiod: `BestEffortInferServiceMTLSMode`).
    pub fn has_mesh_tls_to_dialled(world: &World<'_>, service: &Service<'_>, workloads: &[&Workload<'_>]) -> bool {
        let is_off = || world.policies.mtls(&service.namespace, &LabelSet::new(), 0).mode == MtlsMode::Disable;
        !service.is_mesh_external()
            && !workloads.is_empty()
            && workloads.iter().all(|workload| world.takes_mesh_tls(workload))
            && !is_off()
    }

    /// Whether the locality of client and endpoint decides which endpoints get requests.
    pub fn is_by_locality(&self, settings: &Settings) -> bool {
        let own = self.load_balancer.and_then(|it| it.locality_lb_setting.as_ref());
        own.map_or(settings.by_locality, LocalityLbSetting::names_localities)
    }

    /// Whether the proxy originates TLS that is not the mutual TLS of the mesh.
    pub fn originates_tls(&self) -> bool {
        self.tls.is_some_and(ClientTlsSettings::originates)
    }

    /// The TLS in which the proxy wraps connections that are TLS already: the server gets TLS in TLS. The mutual TLS of the
    /// mesh wraps them too, and the proxy of the server unwraps them.
    pub fn tls_around_tls(&self) -> Option<&'a ClientTlsSettings> {
        self.tls.filter(|_| self.originates_tls())
    }

    /// The TLS mode towards the endpoints, if the DestinationRule sets one.
    pub fn tls_mode(&self) -> Option<ClientTlsMode> {
        self.tls.map(ClientTlsSettings::effective_mode)
    }
}

fn of_port(policy: &TrafficPolicy, port: u32) -> Option<&PortTrafficPolicy> {
    let is_for = |settings: &&PortTrafficPolicy| {
        settings.port.as_ref().and_then(|port| port.number).is_some_and(|number| number.value == port)
    };
    policy.port_level_settings.iter().find(is_for)
}
