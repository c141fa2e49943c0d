//! `telemetry.istio.io`: what proxies tell about requests. Messages and fields are those of
//! <https://istio.io/latest/docs/reference/config/telemetry/>.

use super::duration::Duration;
use super::macros::{enumeration, message};
use super::map::Map;
use super::networking::MatchLabelsSelector;
use super::security::PolicyTargetReference;
use crate::source::Spanned;

message! {
    /// Which metrics, spans and access logs are made.
    struct Telemetry {
        selector: Option<MatchLabelsSelector>,
        target_ref: Option<PolicyTargetReference>,
        target_refs: Vec<PolicyTargetReference>,
        tracing: Vec<Tracing>,
        metrics: Vec<Metrics>,
        access_logging: Vec<AccessLogging>,
    }
}

message! {
    /// The provider that something is sent to, by its name in the mesh configuration.
    struct ProviderRef {
        name: Option<Spanned<String>>,
    }
}

message! {
    /// Which calls settings are for.
    struct WorkloadModeMatch {
        mode: Option<Spanned<WorkloadMode>>,
    }
}

message! {
    /// Which spans are made.
    struct Tracing {
        r#match: Option<WorkloadModeMatch>,
        providers: Vec<ProviderRef>,
        random_sampling_percentage: Option<Spanned<f64>>,
        disable_span_reporting: Option<Spanned<bool>>,
        custom_tags: Map<CustomTag>,
        use_request_id_for_trace_sampling: Option<Spanned<bool>>,
        enable_istio_tags: Option<Spanned<bool>>,
        disable_context_propagation: Option<Spanned<bool>>,
    }
}

message! {
    /// A tag of spans: one of the sources of its value is named.
    struct CustomTag {
        literal: Option<LiteralTag>,
        environment: Option<NamedTag>,
        header: Option<NamedTag>,
        formatter: Option<FormatterTag>,
    }
}

message! {
    /// A constant.
    struct LiteralTag {
        value: Option<Spanned<String>>,
    }
}

message! {
    /// An environment variable or a header.
    struct NamedTag {
        name: Option<Spanned<String>>,
        default_value: Option<Spanned<String>>,
    }
}

message! {
    /// A format string of Envoy's access log.
    struct FormatterTag {
        value: Option<Spanned<String>>,
    }
}

message! {
    /// Which metrics are made.
    struct Metrics {
        providers: Vec<ProviderRef>,
        overrides: Vec<MetricsOverrides>,
        reporting_interval: Option<Spanned<Duration>>,
    }
}

message! {
    /// A change to metrics.
    struct MetricsOverrides {
        r#match: Option<MetricSelector>,
        disabled: Option<Spanned<bool>>,
        tag_overrides: Map<TagOverride>,
    }
}

message! {
    /// Which metric is changed: one of Istio's own, or another one by its name.
    struct MetricSelector {
        metric: Option<Spanned<IstioMetric>>,
        custom_metric: Option<Spanned<String>>,
        mode: Option<Spanned<WorkloadMode>>,
    }
}

message! {
    /// A change to a tag of metrics.
    struct TagOverride {
        operation: Option<Spanned<TagOperation>>,
        value: Option<Spanned<String>>,
    }
}

message! {
    /// Which access logs are written.
    struct AccessLogging {
        r#match: Option<WorkloadModeMatch>,
        providers: Vec<ProviderRef>,
        disabled: Option<Spanned<bool>>,
        filter: Option<AccessLogFilter>,
    }
}

message! {
    /// Which requests are logged.
    struct AccessLogFilter {
        expression: Option<Spanned<String>>,
    }
}

enumeration! {
    /// The side of a call that a workload is on.
    enum WorkloadMode {
        ClientAndServer = "CLIENT_AND_SERVER" / 0,
        Client = "CLIENT" / 1,
        Server = "SERVER" / 2,
    }
}

enumeration! {
    /// Istio's own metrics.
    enum IstioMetric {
        AllMetrics = "ALL_METRICS" / 0,
        RequestCount = "REQUEST_COUNT" / 1,
        RequestDuration = "REQUEST_DURATION" / 2,
        RequestSize = "REQUEST_SIZE" / 3,
        ResponseSize = "RESPONSE_SIZE" / 4,
        TcpOpenedConnections = "TCP_OPENED_CONNECTIONS" / 5,
        TcpClosedConnections = "TCP_CLOSED_CONNECTIONS" / 6,
        TcpSentBytes = "TCP_SENT_BYTES" / 7,
        TcpReceivedBytes = "TCP_RECEIVED_BYTES" / 8,
        GrpcRequestMessages = "GRPC_REQUEST_MESSAGES" / 9,
        GrpcResponseMessages = "GRPC_RESPONSE_MESSAGES" / 10,
    }
}

enumeration! {
    /// What happens to a tag.
    enum TagOperation {
        Upsert = "UPSERT" / 0,
        Remove = "REMOVE" / 1,
    }
}
