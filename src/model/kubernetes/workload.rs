//! Pods and the kinds that create pods.

use super::service::transport;
use crate::model::Spec;
use crate::model::macros::message;
use crate::model::map::Labels;
use crate::source::Spanned;

message! {
    /// A set of interchangeable pods.
    open struct Deployment {
        replicas: Option<Spanned<i32>>,
        template: Option<PodTemplate>,
    }
}

message! {
    /// A set of pods with stable identities.
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
    /// A fixed number of pods, usually created by a Deployment.
    open struct ReplicaSet {
        replicas: Option<Spanned<i32>>,
        template: Option<PodTemplate>,
    }
}

message! {
    /// A Deployment of Argo Rollouts.
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
    /// A Job on a schedule.
    open struct CronJob {
        job_template: Option<JobTemplate>,
    }
}

message! {
    /// The template for the Jobs of a CronJob.
    open struct JobTemplate {
        spec: Option<Job>,
    }
}

message! {
    /// A template for pods.
    open struct PodTemplate {
        metadata: Option<TemplateMetadata>,
        spec: Option<PodSpec>,
    }
}

message! {
    /// The metadata of pods that a template creates.
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

/// The spec of a pod.
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
    /// An environment variable of a container. `value` is absent if the value comes from elsewhere.
    open struct EnvVar {
        name: Option<Spanned<String>>,
        value: Option<Spanned<String>>,
    }
}

message! {
    /// The user that a pod or a container runs as.
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
    /// Whether the container is Istio's proxy, in a sidecar or a gateway.
    pub fn is_proxy(&self) -> bool {
        self.name.as_ref().is_some_and(|name| name.as_str() == "istio-proxy")
    }
}

impl ContainerPort {
    /// The transport protocol. The default is TCP.
    pub fn transport(&self) -> &str {
        transport(&self.protocol)
    }
}

impl Spec {
    /// The template of the pods that the resource creates, if it creates pods.
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
