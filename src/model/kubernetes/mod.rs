//! The Kubernetes kinds that Istio's configuration refers to. The messages have only the fields that `mesh` uses; other
//! fields are skipped.

mod cluster;
mod config_map;
mod endpoint_slice;
mod ingress;
mod label_selector;
mod secret;
mod service;
mod webhook;
mod workload;

pub use cluster::{ClusterNode, CustomResourceDefinition, CustomResourceNames, ServiceAccount};
pub use config_map::{ConfigMap, IstioOperator};
pub use endpoint_slice::{Endpoint, EndpointSlice};
pub use ingress::{
    Ingress, IngressBackend, IngressClass, IngressHttp, IngressPath, IngressRule, IngressService, IngressServicePort,
    IngressTls,
};
pub use label_selector::{LabelSelector, LabelSelectorRequirement, common_labels};
pub use secret::{EncodedValue, PlainValue, Secret, SecretForm};
pub use service::{Service, ServicePort, TargetPort};
pub use webhook::{
    MutatingWebhookConfiguration, ValidatingWebhookConfiguration, Webhook, WebhookClientConfig, WebhookService,
};
pub use workload::{
    Container, ContainerPort, CronJob, DaemonSet, Deployment, EnvVar, Job, Pod, PodSpec, PodTemplate, ReplicaSet,
    Rollout, SecurityContext, StatefulSet, TemplateMetadata,
};

use super::macros::message;

message! {
    /// A namespace. Only its metadata is used.
    open struct Namespace {}
}
