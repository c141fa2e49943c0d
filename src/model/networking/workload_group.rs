//! WorkloadGroup.

use super::WorkloadEntry;
use crate::model::macros::message;
use crate::model::map::Labels;
use crate::source::Spanned;

message! {
    /// What the entries are like that workloads get which register themselves, as virtual machines do.
    struct WorkloadGroup {
        metadata: Option<WorkloadGroupMetadata>,
        template: Option<WorkloadEntry>,
        probe: Option<ReadinessProbe>,
    }
}

message! {
    /// The metadata of the entries.
    struct WorkloadGroupMetadata {
        labels: Labels,
        annotations: Labels,
    }
}

message! {
    /// How the sidecar finds out whether its workload is ready. Of several methods the last one counts.
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
    /// A request that has to be answered with success.
    struct HttpHealthCheck {
        path: Option<Spanned<String>>,
        port: Option<Spanned<u32>>,
        host: Option<Spanned<String>>,
        scheme: Option<Spanned<String>>,
        http_headers: Vec<HttpHeader>,
    }
}

message! {
    /// A header of that request.
    struct HttpHeader {
        name: Option<Spanned<String>>,
        value: Option<Spanned<String>>,
    }
}

message! {
    /// A port that has to take connections.
    struct TcpHealthCheck {
        host: Option<Spanned<String>>,
        port: Option<Spanned<u32>>,
    }
}

message! {
    /// A command that has to succeed.
    struct ExecHealthCheck {
        command: Vec<Spanned<String>>,
    }
}

message! {
    /// A service of gRPC's health checking protocol.
    struct GrpcHealthCheck {
        port: Option<Spanned<u32>>,
        service: Option<Spanned<String>>,
    }
}
