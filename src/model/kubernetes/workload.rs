//! The kinds that run pods.

use super::service::transport;
use crate::model::Spec;
use crate::model::macros::message;
use crate::model::map::Labels;
use crate::source::Spanned;

message! {
    /// Replaceable pods.
    open struct Deployment {
        replicas: Option<Spanned<i32>>,
        template: Option<PodTemplate>,
    }
}

message! {
    /// Pods with an identity.
    open struct StatefulSet {
        replicas: Option<Spanned<i32>>,
        template: Option<PodTemplate>,
        service_name: Option<Spanned<String>>,
    }
}

message! {
    /// One pod on each node.
    open struct DaemonSet {
        template: Option<PodTemplate>,
    }
}

message! {
    /// A number of equal pods.
    open struct ReplicaSet {
        replicas: Option<Spanned<i32>>,
        template: Option<PodTemplate>,
    }
}

message! {
    /// Argo's Deployment.
    open struct Rollout {
        replicas: Option<Spanned<i32>>,
        template: Option<PodTemplate>,
    }
}

message! {
    /// Pods that run to completion.
    open struct Job {
        template: Option<PodTemplate>,
    }
}

message! {
    /// Jobs by the clock.
    open struct CronJob {
        job_template: Option<JobTemplate>,
    }
}

message! {
    /// What a CronJob makes jobs from.
    open struct JobTemplate {
        spec: Option<Job>,
    }
}

message! {
    /// What pods are made from.
    open struct PodTemplate {
        metadata: Option<TemplateMetadata>,
        spec: Option<PodSpec>,
    }
}

message! {
    /// The metadata that pods get.
    open struct TemplateMetadata {
        labels: Labels,
        annotations: Labels,
    }
}

message! {
    /// One pod.
    open struct Pod {
        service_account_name: Option<Spanned<String>>,
        host_network: Option<Spanned<bool>>,
        node_name: Option<Spanned<String>>,
        security_context: Option<SecurityContext>,
        init_containers: Vec<Container>,
        containers: Vec<Container>,
    }
}

/// What a pod runs.
pub type PodSpec = Pod;

message! {
    /// A container of a pod.
    open struct Container {
        name: Option<Spanned<String>>,
        image: Option<Spanned<String>>,
        env: Vec<EnvVar>,
        ports: Vec<ContainerPort>,
        security_context: Option<SecurityContext>,
    }
}

message! {
    /// A variable of a container's environment, if its value is written down.
    open struct EnvVar {
        name: Option<Spanned<String>>,
        value: Option<Spanned<String>>,
    }
}

message! {
    /// As whom a pod or container runs.
    open struct SecurityContext {
        run_as_user: Option<Spanned<i64>>,
    }
}

message! {
    /// A port that a container listens on.
    open struct ContainerPort {
        name: Option<Spanned<String>>,
        container_port: Option<Spanned<u32>>,
        protocol: Option<Spanned<String>>,
    }
}

impl Container {
    /// Whether it is the proxy of a sidecar or a gateway.
    pub fn is_proxy(&self) -> bool {
        self.name.as_ref().is_some_and(|name| name.as_str() == "istio-proxy")
    }
}

impl ContainerPort {
    /// The transport protocol: TCP unless it says something else.
    pub fn transport(&self) -> &str {
        transport(&self.protocol)
    }
}

impl Spec {
    /// What pods are made from, if the resource makes any.
    pub fn pod_template(&self) -> Option<&PodTemplate> {
        match self {
            Self::Deployment(it) => it.template.as_ref(),
            Self::StatefulSet(it) => it.template.as_ref(),
            Self::ReplicaSet(it) => it.template.as_ref(),
            Self::Rollout(it) => it.template.as_ref(),
            Self::DaemonSet(it) => it.template.as_ref(),
            Self::Job(it) => it.template.as_ref(),
            Self::CronJob(it) => it.job_template.as_ref()?.spec.as_ref()?.template.as_ref(),
            _ => None,
        }
    }
}
