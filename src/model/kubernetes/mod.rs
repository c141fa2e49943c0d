//! The Kubernetes kinds that a mesh refers to. Only the parts that matter to routing are described;
//! other keys are passed over.

mod config_map;
mod custom_resource;
mod endpoint_slice;
mod ingress;
mod service;
mod workload;

pub use config_map::{ConfigMap, IstioOperator};
pub use custom_resource::{CustomResourceDefinition, CustomResourceNames};
pub use endpoint_slice::{Endpoint, EndpointSlice};
pub use ingress::{
    Ingress, IngressBackend, IngressClass, IngressHttp, IngressPath, IngressRule, IngressService, IngressServicePort,
    IngressTls,
};
pub use service::{Service, ServicePort, TargetPort};
pub use workload::{
    Container, ContainerPort, CronJob, DaemonSet, Deployment, Job, Pod, PodSpec, PodTemplate, ReplicaSet, Rollout,
    StatefulSet, TemplateMetadata,
};

use super::macros::message;

message! {
    /// A namespace; all that matters of it is in its metadata.
    open struct Namespace {}
}
