//! Traffic policies of DestinationRules: load balancing, connection pools, outlier detection and TLS.

use super::virtual_service::PortSelector;
use crate::model::duration::Duration;
use crate::model::macros::{enumeration, message};
use crate::model::map::Map;
use crate::source::Spanned;

message! {
    /// The policy of a host or a subset.
    plain struct TrafficPolicy {
        load_balancer: Option<LoadBalancerSettings>,
        connection_pool: Option<ConnectionPoolSettings>,
        outlier_detection: Option<OutlierDetection>,
        tls: Option<ClientTlsSettings>,
        port_level_settings: Vec<PortTrafficPolicy>,
        tunnel: Option<TunnelSettings>,
        proxy_protocol: Option<ProxyProtocol>,
        retry_budget: Option<RetryBudget>,
    }
}

message! {
    /// The policy of one port. It replaces the policy of the host as a whole.
    plain struct PortTrafficPolicy {
        port: Option<PortSelector>,
        load_balancer: Option<LoadBalancerSettings>,
        connection_pool: Option<ConnectionPoolSettings>,
        outlier_detection: Option<OutlierDetection>,
        tls: Option<ClientTlsSettings>,
    }
}

message! {
    /// The choice of an endpoint.
    plain struct LoadBalancerSettings {
        simple: Option<Spanned<SimpleLb>>,
        consistent_hash: Option<ConsistentHashLb>,
        backend_utilization: Option<BackendUtilization>,
        locality_lb_setting: Option<LocalityLbSetting>,
        zone_aware_lb_setting: Option<ZoneAwareLbSetting>,
        warmup_duration_secs: Option<Spanned<Duration>>,
        warmup: Option<WarmupConfiguration>,
    }
}

enumeration! {
    /// Load balancing without session affinity.
    enum SimpleLb {
        Unspecified = "UNSPECIFIED" / 0,
        LeastConn = "LEAST_CONN" / 1,
        Random = "RANDOM" / 2,
        Passthrough = "PASSTHROUGH" / 3,
        RoundRobin = "ROUND_ROBIN" / 4,
        LeastRequest = "LEAST_REQUEST" / 5,
    }
}

message! {
    /// Load balancing with session affinity.
    plain struct ConsistentHashLb {
        http_header_name: Option<Spanned<String>>,
        http_cookie: Option<HttpCookie>,
        use_source_ip: Option<Spanned<bool>>,
        http_query_parameter_name: Option<Spanned<String>>,
        ring_hash: Option<RingHash>,
        maglev: Option<MagLev>,
        minimum_ring_size: Option<Spanned<u64>>,
    }
}

message! {
    /// A cookie to hash on.
    plain struct HttpCookie {
        name: Option<Spanned<String>>,
        path: Option<Spanned<String>>,
        ttl: Option<Spanned<Duration>>,
        attributes: Vec<CookieAttribute>,
    }
}

message! {
    /// An attribute of a cookie that Envoy generates.
    plain struct CookieAttribute {
        name: Option<Spanned<String>>,
        value: Option<Spanned<String>>,
    }
}

message! {
    /// Consistent hashing with a ring.
    plain struct RingHash {
        minimum_ring_size: Option<Spanned<u64>>,
    }
}

message! {
    /// Consistent hashing with Maglev tables.
    plain struct MagLev {
        table_size: Option<Spanned<u64>>,
    }
}

message! {
    /// Load balancing by the load that endpoints report. Its fields are not described yet.
    open struct BackendUtilization {}
}

/// Two of them may differ in what is not described.
impl PartialEq for BackendUtilization {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

message! {
    /// The distribution of traffic over localities.
    plain struct LocalityLbSetting {
        distribute: Vec<LocalityDistribute>,
        failover: Vec<LocalityFailover>,
        failover_priority: Vec<Spanned<String>>,
        enabled: Option<Spanned<bool>>,
    }
}

impl LocalityLbSetting {
    /// Whether it says which localities serve which clients.
    pub fn names_localities(&self) -> bool {
        let is_empty = self.distribute.is_empty() && self.failover.is_empty() && self.failover_priority.is_empty();
        !is_empty && self.enabled.is_none_or(|enabled| enabled.value)
    }
}

message! {
    /// The shares of destination localities for clients in one locality.
    plain struct LocalityDistribute {
        from: Option<Spanned<String>>,
        to: Map<Spanned<u32>>,
    }
}

message! {
    /// The region that takes over when another region fails.
    plain struct LocalityFailover {
        from: Option<Spanned<String>>,
        to: Option<Spanned<String>>,
    }
}

message! {
    /// The preference for endpoints in the client's zone.
    plain struct ZoneAwareLbSetting {
        enabled: Option<Spanned<bool>>,
        failover: Vec<LocalityFailover>,
        failover_priority: Vec<Spanned<String>>,
        min_cluster_size: Option<Spanned<u32>>,
    }
}

message! {
    /// The slow start of new endpoints.
    plain struct WarmupConfiguration {
        duration: Option<Spanned<Duration>>,
        minimum_percent: Option<Spanned<f64>>,
        aggression: Option<Spanned<f64>>,
    }
}

message! {
    /// Limits on connections and requests.
    plain struct ConnectionPoolSettings {
        tcp: Option<TcpSettings>,
        http: Option<HttpSettings>,
    }
}

message! {
    /// Limits on connections.
    plain struct TcpSettings {
        max_connections: Option<Spanned<i32>>,
        connect_timeout: Option<Spanned<Duration>>,
        tcp_keepalive: Option<TcpKeepalive>,
        max_connection_duration: Option<Spanned<Duration>>,
        idle_timeout: Option<Spanned<Duration>>,
    }
}

message! {
    /// TCP keepalive probes.
    plain struct TcpKeepalive {
        probes: Option<Spanned<u32>>,
        time: Option<Spanned<Duration>>,
        interval: Option<Spanned<Duration>>,
    }
}

message! {
    /// Limits on requests.
    plain struct HttpSettings {
        http1_max_pending_requests: Option<Spanned<i32>>,
        http2_max_requests: Option<Spanned<i32>>,
        max_requests_per_connection: Option<Spanned<i32>>,
        max_retries: Option<Spanned<i32>>,
        idle_timeout: Option<Spanned<Duration>>,
        h2_upgrade_policy: Option<Spanned<H2UpgradePolicy>>,
        use_client_protocol: Option<Spanned<bool>>,
        max_concurrent_streams: Option<Spanned<i32>>,
        http2_keep_alive: Option<Http2KeepAlive>,
    }
}

message! {
    /// HTTP/2 keepalive pings.
    plain struct Http2KeepAlive {
        interval: Option<Spanned<Duration>>,
        timeout: Option<Spanned<Duration>>,
    }
}

enumeration! {
    /// Whether Envoy upgrades HTTP/1.1 connections to HTTP/2.
    enum H2UpgradePolicy {
        Default = "DEFAULT" / 0,
        DoNotUpgrade = "DO_NOT_UPGRADE" / 1,
        Upgrade = "UPGRADE" / 2,
    }
}

message! {
    /// When an endpoint is ejected from the load balancing pool.
    plain struct OutlierDetection {
        consecutive_errors: Option<Spanned<i32>>,
        split_external_local_origin_errors: Option<Spanned<bool>>,
        consecutive_local_origin_failures: Option<Spanned<u32>>,
        consecutive_gateway_errors: Option<Spanned<u32>>,
        consecutive_5xx_errors: Option<Spanned<u32>>,
        interval: Option<Spanned<Duration>>,
        base_ejection_time: Option<Spanned<Duration>>,
        max_ejection_percent: Option<Spanned<i32>>,
        min_health_percent: Option<Spanned<i32>>,
        outlier_detection_http_error_codes: Vec<Spanned<u32>>,
    }
}

message! {
    /// The TLS settings for connections to the upstream.
    plain struct ClientTlsSettings {
        mode: Option<Spanned<ClientTlsMode>>,
        client_certificate: Option<Spanned<String>>,
        private_key: Option<Spanned<String>>,
        ca_certificates: Option<Spanned<String>>,
        credential_name: Option<Spanned<String>>,
        subject_alt_names: Vec<Spanned<String>>,
        sni: Option<Spanned<String>>,
        insecure_skip_verify: Option<Spanned<bool>>,
        ca_crl: Option<Spanned<String>>,
    }
}

impl ClientTlsSettings {
    /// The mode; without one the first value, as in all of protobuf.
    pub fn effective_mode(&self) -> ClientTlsMode {
        self.mode.map_or(ClientTlsMode::Disable, |mode| mode.value)
    }

    /// Whether the proxy originates TLS that is not the mutual TLS of the mesh.
    pub fn originates(&self) -> bool {
        matches!(self.effective_mode(), ClientTlsMode::Simple | ClientTlsMode::Mutual)
    }
}

enumeration! {
    /// The TLS mode for connections to the upstream.
    enum ClientTlsMode {
        Disable = "DISABLE" / 0,
        Simple = "SIMPLE" / 1,
        Mutual = "MUTUAL" / 2,
        IstioMutual = "ISTIO_MUTUAL" / 3,
    }
}

message! {
    /// A tunnel for TCP over HTTP.
    plain struct TunnelSettings {
        protocol: Option<Spanned<String>>,
        target_host: Option<Spanned<String>>,
        target_port: Option<Spanned<u32>>,
    }
}

message! {
    /// The PROXY protocol header for the upstream.
    plain struct ProxyProtocol {
        version: Option<Spanned<ProxyProtocolVersion>>,
    }
}

enumeration! {
    /// Versions of the PROXY protocol.
    enum ProxyProtocolVersion {
        V1 = "V1" / 0,
        V2 = "V2" / 1,
    }
}

message! {
    /// A limit on retries, as a share of the active requests.
    plain struct RetryBudget {
        percent: Option<Spanned<f64>>,
        min_retry_concurrency: Option<Spanned<u32>>,
        budget_interval: Option<Spanned<Duration>>,
    }
}
