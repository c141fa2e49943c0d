//! The one table of kinds: which group and versions each is served in, and which message describes it.

use super::decode::{Decode, Decoder};
use super::{kubernetes, networking, security};
use crate::yaml::Node;

/// Where the described message of a kind stands in its resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// Under `spec`.
    Spec,
    /// In the resource itself.
    Root,
}

/// Whether a kind lives in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// In the cluster.
    Cluster,
}

macro_rules! kinds {
    ($($group:literal $versions:tt { $($kind:ident : $message:path, $body:ident, $scope:ident;)* })*) => {
        /// A kind that is read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the names are those of the API")]
        pub enum Kind { $($($kind,)*)* }

        /// What a resource says, by kind.
        #[derive(Debug, Clone)]
        #[allow(missing_docs, reason = "the names are those of the API")]
        #[allow(clippy::large_enum_variant, reason = "resources are kept in one list and rarely moved")]
        pub enum Spec { $($($kind($message),)*)* }

        impl Kind {
            /// All kinds, in the order of the table.
            pub const ALL: &'static [Kind] = &[$($(Kind::$kind,)*)*];

            /// The name as manifests write it.
            pub fn name(self) -> &'static str {
                match self { $($(Kind::$kind => stringify!($kind),)*)* }
            }

            /// The API group; empty for the core of Kubernetes.
            pub fn group(self) -> &'static str {
                match self { $($(Kind::$kind => $group,)*)* }
            }

            /// The versions in which the API serves the kind, the newest first.
            pub fn versions(self) -> &'static [&'static str] {
                match self { $($(Kind::$kind => &$versions,)*)* }
            }

            /// Where the described message stands.
            pub fn body(self) -> Body {
                match self { $($(Kind::$kind => Body::$body,)*)* }
            }

            /// Whether resources of the kind live in a namespace.
            pub fn scope(self) -> Scope {
                match self { $($(Kind::$kind => Scope::$scope,)*)* }
            }

            /// Reads the described message.
            pub fn decode(self, node: &Node, decoder: &mut Decoder<'_>) -> Option<Spec> {
                match self { $($(Kind::$kind => Decode::decode(node, decoder).map(Spec::$kind),)*)* }
            }
        }
    };
}

kinds! {
    "networking.istio.io" ["v1", "v1beta1", "v1alpha3"] {
        VirtualService: networking::VirtualService, Spec, Namespaced;
        DestinationRule: networking::DestinationRule, Spec, Namespaced;
        Gateway: networking::Gateway, Spec, Namespaced;
        ServiceEntry: networking::ServiceEntry, Spec, Namespaced;
        Sidecar: networking::Sidecar, Spec, Namespaced;
        WorkloadEntry: networking::WorkloadEntry, Spec, Namespaced;
    }
    "security.istio.io" ["v1", "v1beta1"] {
        PeerAuthentication: security::PeerAuthentication, Spec, Namespaced;
        RequestAuthentication: security::RequestAuthentication, Spec, Namespaced;
        AuthorizationPolicy: security::AuthorizationPolicy, Spec, Namespaced;
    }
    "" ["v1"] {
        Service: kubernetes::Service, Spec, Namespaced;
        Namespace: kubernetes::Namespace, Root, Cluster;
        Pod: kubernetes::Pod, Spec, Namespaced;
        ConfigMap: kubernetes::ConfigMap, Root, Namespaced;
    }
    "apps" ["v1", "v1beta2", "v1beta1"] {
        Deployment: kubernetes::Deployment, Spec, Namespaced;
        StatefulSet: kubernetes::StatefulSet, Spec, Namespaced;
        DaemonSet: kubernetes::DaemonSet, Spec, Namespaced;
        ReplicaSet: kubernetes::ReplicaSet, Spec, Namespaced;
    }
    "batch" ["v1", "v1beta1"] {
        Job: kubernetes::Job, Spec, Namespaced;
        CronJob: kubernetes::CronJob, Spec, Namespaced;
    }
    "discovery.k8s.io" ["v1", "v1beta1"] {
        EndpointSlice: kubernetes::EndpointSlice, Root, Namespaced;
    }
    "argoproj.io" ["v1alpha1"] {
        Rollout: kubernetes::Rollout, Spec, Namespaced;
    }
    "install.istio.io" ["v1alpha1"] {
        IstioOperator: kubernetes::IstioOperator, Spec, Namespaced;
    }
}

/// The group of Istio's traffic kinds.
const ISTIO_NETWORKING: &str = "networking.istio.io";

/// Whether a group is one of Istio's API, whose versions, kinds and resource keys are checked.
pub fn is_istio(group: &str) -> bool {
    group == ISTIO_NETWORKING || group == "security.istio.io"
}

/// Kinds of [`ISTIO_NETWORKING`] that exist but are not read yet.
const UNREAD: [&str; 3] = ["EnvoyFilter", "ProxyConfig", "WorkloadGroup"];

/// What an `apiVersion` and a `kind` stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// A kind that is read.
    Known(Kind),
    /// A kind that is not read.
    Foreign,
    /// A kind of Istio's in a version that no release serves.
    UnservedVersion(Kind),
    /// A kind that Istio's group does not have.
    UnknownKind {
        /// The nearest one that it has.
        suggestion: Option<&'static str>,
    },
}

/// Looks up a resource's type.
pub fn lookup(api_version: &str, kind: &str) -> Lookup {
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    // Until Kubernetes 1.16 the workloads were served here as well.
    let group = if group == "extensions" { "apps" } else { group };
    let of_group = |candidate: &&Kind| candidate.group() == group;
    let unread = if group == ISTIO_NETWORKING { UNREAD.as_slice() } else { &[] };
    match Kind::ALL.iter().filter(of_group).find(|candidate| candidate.name() == kind) {
        Some(found) if !is_istio(group) || found.versions().contains(&version) => Lookup::Known(*found),
        Some(found) => Lookup::UnservedVersion(*found),
        None if is_istio(group) && !unread.contains(&kind) => {
            let names =
                Kind::ALL.iter().filter(of_group).map(|candidate| candidate.name()).chain(unread.iter().copied());
            Lookup::UnknownKind { suggestion: super::decode::nearest(kind, names) }
        }
        None => Lookup::Foreign,
    }
}
