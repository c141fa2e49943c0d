//! WorkloadGroup.

use super::WorkloadEntry;
use crate::model::macros::message;
use crate::model::map::Labels;
use crate::source::Spanned;

message! {
    /// The template for WorkloadEntries of workloads that register themselves, such as virtual machines.
    struct WorkloadGroup {
        metadata: Option<WorkloadGroupMetadata>,
        template: Option<WorkloadEntry>,
        probe: Option<ReadinessProbe>,
    }
}

message! {
    /// The metadata of the WorkloadEntries. (Istio: `WorkloadGroup.ObjectMeta`.)
    struct WorkloadGroupMetadata {
        labels: Labels,
        annotations: Labels,
    }
}

message! {
    /// The readiness check of a workload by its sidecar. Of several methods, the last one applies.
    struct ReadinessProbe {
        initial_delay_seconds: Option<Spanned<i32>>,
        timeout_seconds: Option<Spanned<i32>>,
        period_seconds: Option<Spanned<i32>>,
        success_threshold: Option<Spanned<i32>>,
        failure_threshold: Option<Spanned<i32>>,
        http_get: Option<HttpHealthCheck>,
        tcp_socket: Option<TcpHealthCheck>,
        exec: Option<ExecHealthCheck>,
        grpc: Option<GrpcHealthCheck>,
    }
}

message! {
    /// An HTTP request that must succeed.
    struct HttpHealthCheck {
        path: Option<Spanned<String>>,
        port: Option<Spanned<u32>>,
        host: Option<Spanned<String>>,
        scheme: Option<Spanned<String>>,
        http_headers: Vec<HttpHeader>,
    }
}

message! {
    /// A header of the HTTP request.
    struct HttpHeader {
        name: Option<Spanned<String>>,
        value: Option<Spanned<String>>,
    }
}

message! {
    /// A port that must accept connections.
    struct TcpHealthCheck {
        host: Option<Spanned<String>>,
        port: Option<Spanned<u32>>,
    }
}

message! {
    /// A command that must succeed.
    struct ExecHealthCheck {
        command: Vec<Spanned<String>>,
    }
}

message! {
    /// A service that implements the gRPC health checking protocol.
    struct GrpcHealthCheck {
        port: Option<Spanned<u32>>,
        service: Option<Spanned<String>>,
    }
}
