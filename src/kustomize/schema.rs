//! The lists that a strategic merge joins, and the fields that identify their entries.
//!
//! kustomize: the OpenAPI document of Kubernetes 1.21 that is compiled in. A list is joined if its field has the patch
//! strategy `merge`; every other list is replaced, and so are all lists of kinds that the document does not have.

use crate::yaml::Node;

/// The part of a schema that matters to a merge, at one place of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Schema {
    /// No schema. An object with a kind and API version of its own brings one.
    Unknown,
    /// A schema without lists that are joined.
    Plain,
    /// An object of a known kind.
    Object(Shape),
    Metadata,
    Status,
    NodeSpec,
    ServiceSpec,
    PodTemplate,
    /// A `spec` with a `template` of pods.
    WorkloadSpec,
    CronJobSpec,
    JobTemplate,
    PodSpec,
    Container,
    /// A list of scalars without repetitions.
    Set,
    /// A list whose entries are identified by the values of these keys.
    Keyed(&'static [&'static str], Entry),
}

/// Kinds by their fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Service,
    ServiceAccount,
    Webhooks,
    Node,
    Pod,
    PodTemplate,
    Workload,
    CronJob,
    /// Only its conditions are a keyed list.
    Conditions,
    Other,
}

/// The kinds of entries of a keyed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    Container,
    Plain,
}

/// Groups and versions of the document.
const GROUP_VERSIONS: [&str; 34] = [
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
    "apiextensions.k8s.io/v1beta1",
    "apiregistration.k8s.io/v1",
    "apiregistration.k8s.io/v1beta1",
    "apps/v1",
    "autoscaling/v1",
    "autoscaling/v2beta1",
    "autoscaling/v2beta2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "coordination.k8s.io/v1beta1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "scheduling.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1beta1",
];

impl Schema {
    /// The schema of an object by its API version and kind.
    pub(super) fn of(object: &Node) -> Self {
        let field = |name| object.get(name).and_then(Node::as_str);
        let (Some(api_version), Some(kind)) = (field("apiVersion"), field("kind")) else { return Self::Unknown };
        if !GROUP_VERSIONS.contains(&api_version) {
            return Self::Unknown;
        }
        let shape = match (api_version, kind) {
            ("v1", "Service") => Shape::Service,
            ("v1", "ServiceAccount") => Shape::ServiceAccount,
            ("v1", "Node") => Shape::Node,
            ("v1", "Pod") => Shape::Pod,
            ("v1", "PodTemplate") => Shape::PodTemplate,
            ("v1", "ReplicationController")
            | ("apps/v1", "DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet")
            | ("batch/v1", "Job") => Shape::Workload,
            ("batch/v1" | "batch/v1beta1", "CronJob") => Shape::CronJob,
            (
                "admissionregistration.k8s.io/v1" | "admissionregistration.k8s.io/v1beta1",
                "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
            ) => Shape::Webhooks,
            ("v1", "Namespace" | "PersistentVolumeClaim")
            | ("policy/v1" | "policy/v1beta1", "PodDisruptionBudget")
            | ("apiregistration.k8s.io/v1" | "apiregistration.k8s.io/v1beta1", "APIService") => Shape::Conditions,
            _ => Shape::Other,
        };
        Self::Object(shape)
    }

    /// The schema of a field.
    pub(super) fn field(self, name: &str) -> Self {
        use Entry::Plain;
        match (self, name) {
            (Self::Unknown, _) => Self::Unknown,
            (Self::Object(_) | Self::PodTemplate | Self::JobTemplate, "metadata") => Self::Metadata,
            (Self::Object(shape), "status") if shape != Shape::Other => Self::Status,
            (Self::Object(Shape::Node), "spec") => Self::NodeSpec,
            (Self::Object(Shape::Service), "spec") => Self::ServiceSpec,
            (Self::Object(Shape::ServiceAccount), "secrets") => Self::Keyed(&["name"], Plain),
            (Self::Object(Shape::Webhooks), "webhooks") => Self::Keyed(&["name"], Plain),
            (Self::NodeSpec, "podCIDRs") => Self::Set,
            (Self::Object(Shape::Pod) | Self::PodTemplate, "spec") => Self::PodSpec,
            (Self::Object(Shape::PodTemplate) | Self::WorkloadSpec, "template") => Self::PodTemplate,
            (Self::Object(Shape::Workload) | Self::JobTemplate, "spec") => Self::WorkloadSpec,
            (Self::Object(Shape::CronJob), "spec") => Self::CronJobSpec,
            (Self::CronJobSpec, "jobTemplate") => Self::JobTemplate,
            (Self::Metadata, "finalizers") => Self::Set,
            (Self::Metadata, "ownerReferences") => Self::Keyed(&["uid"], Plain),
            (Self::Status, "conditions" | "addresses") => Self::Keyed(&["type"], Plain),
            (Self::ServiceSpec, "ports") => Self::Keyed(&["port", "protocol"], Plain),
            (Self::PodSpec, "containers" | "initContainers" | "ephemeralContainers") => {
                Self::Keyed(&["name"], Entry::Container)
            }
            (Self::PodSpec, "imagePullSecrets" | "volumes") => Self::Keyed(&["name"], Plain),
            (Self::PodSpec, "hostAliases") => Self::Keyed(&["ip"], Plain),
            (Self::PodSpec, "topologySpreadConstraints") => Self::Keyed(&["topologyKey", "whenUnsatisfiable"], Plain),
            (Self::Container, "env") => Self::Keyed(&["name"], Plain),
            (Self::Container, "volumeMounts") => Self::Keyed(&["mountPath"], Plain),
            (Self::Container, "volumeDevices") => Self::Keyed(&["devicePath"], Plain),
            (Self::Container, "ports") => Self::Keyed(&["containerPort", "protocol"], Plain),
            _ => Self::Plain,
        }
    }

    /// The schema of the entries of a list.
    pub(super) fn entry(self) -> Self {
        match self {
            Self::Keyed(_, Entry::Container) => Self::Container,
            Self::Unknown => Self::Unknown,
            _ => Self::Plain,
        }
    }

    /// The keys of a list that is joined; the empty key for a list of scalars. `None` for a list that is replaced.
    pub(super) fn keys(self) -> Option<&'static [&'static str]> {
        match self {
            Self::Keyed(keys, _) => Some(keys),
            Self::Set => Some(&[""]),
            _ => None,
        }
    }
}
