//! `telemetry.istio.io`: metrics, traces and access logs. Messages and fields are those of
//! <https://istio.io/latest/docs/reference/config/telemetry/>.

use super::duration::Duration;
use super::macros::{enumeration, message};
use super::map::Map;
use super::networking::MatchLabelsSelector;
use super::security::PolicyTargetReference;
use crate::source::Spanned;

message! {
    /// The telemetry of workloads.
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
    /// A reference to an extension provider in the MeshConfig.
    struct ProviderRef {
        name: Option<Spanned<String>>,
    }
}

message! {
    /// The direction of traffic that settings apply to.
    struct WorkloadModeMatch {
        mode: Option<Spanned<WorkloadMode>>,
    }
}

message! {
    /// The settings of tracing.
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
    /// A tag of spans. One of the fields gives the source of its value.
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
    /// The settings of metrics.
    struct Metrics {
        providers: Vec<ProviderRef>,
        overrides: Vec<MetricsOverrides>,
        reporting_interval: Option<Spanned<Duration>>,
    }
}

message! {
    /// An override of metrics.
    struct MetricsOverrides {
        r#match: Option<MetricSelector>,
        disabled: Option<Spanned<bool>>,
        tag_overrides: Map<TagOverride>,
    }
}

message! {
    /// The metric to override: one of Istio's, or a custom metric by name.
    struct MetricSelector {
        metric: Option<Spanned<IstioMetric>>,
        custom_metric: Option<Spanned<String>>,
        mode: Option<Spanned<WorkloadMode>>,
    }
}

message! {
    /// An override of a tag of metrics.
    struct TagOverride {
        operation: Option<Spanned<TagOperation>>,
        value: Option<Spanned<String>>,
    }
}

message! {
    /// The settings of access logs.
    struct AccessLogging {
        r#match: Option<WorkloadModeMatch>,
        providers: Vec<ProviderRef>,
        disabled: Option<Spanned<bool>>,
        filter: Option<AccessLogFilter>,
    }
}

message! {
    /// The requests to log, as a CEL expression.
    struct AccessLogFilter {
        expression: Option<Spanned<String>>,
    }
}

enumeration! {
    /// The direction of traffic: as a client, as a server, or both.
    enum WorkloadMode {
        ClientAndServer = "CLIENT_AND_SERVER" / 0,
        Client = "CLIENT" / 1,
        Server = "SERVER" / 2,
    }
}

enumeration! {
    /// Istio's standard metrics.
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
    /// The operation on a tag.
    enum TagOperation {
        Upsert = "UPSERT" / 0,
        Remove = "REMOVE" / 1,
    }
}
