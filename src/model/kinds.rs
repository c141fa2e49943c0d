//! The one table of kinds: which group and versions each is served in, and which message describes it.

use super::decode::{Decode, Decoder};
use super::{extensions, gateway_api, kubernetes, networking, security, telemetry};
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
    (@name $kind:ident) => { stringify!($kind) };
    (@name $kind:ident $name:literal) => { $name };
    ($($group:literal $versions:tt {
        $($kind:ident $(as $name:literal)? : $message:path, $body:ident, $scope:ident;)*
    })*) => {
        /// A kind that is read. A name that several groups have is Istio's here; the other one says whose it is.
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
                match self { $($(Kind::$kind => kinds!(@name $kind $($name)?),)*)* }
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
        WorkloadGroup: networking::WorkloadGroup, Spec, Namespaced;
    }
    "networking.istio.io" ["v1alpha3"] {
        EnvoyFilter: networking::EnvoyFilter, Spec, Namespaced;
    }
    "networking.istio.io" ["v1beta1"] {
        ProxyConfig: networking::ProxyConfig, Spec, Namespaced;
    }
    "security.istio.io" ["v1", "v1beta1"] {
        PeerAuthentication: security::PeerAuthentication, Spec, Namespaced;
        RequestAuthentication: security::RequestAuthentication, Spec, Namespaced;
        AuthorizationPolicy: security::AuthorizationPolicy, Spec, Namespaced;
    }
    "telemetry.istio.io" ["v1", "v1alpha1"] {
        Telemetry: telemetry::Telemetry, Spec, Namespaced;
    }
    "extensions.istio.io" ["v1alpha1"] {
        WasmPlugin: extensions::WasmPlugin, Spec, Namespaced;
        TrafficExtension: extensions::TrafficExtension, Spec, Namespaced;
    }
    "" ["v1"] {
        Service: kubernetes::Service, Spec, Namespaced;
        Namespace: kubernetes::Namespace, Root, Cluster;
        Pod: kubernetes::Pod, Spec, Namespaced;
        ConfigMap: kubernetes::ConfigMap, Root, Namespaced;
        Secret: kubernetes::Secret, Root, Namespaced;
        ServiceAccount: kubernetes::ServiceAccount, Root, Namespaced;
        Node: kubernetes::Node, Root, Cluster;
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
    "apiextensions.k8s.io" ["v1", "v1beta1"] {
        CustomResourceDefinition: kubernetes::CustomResourceDefinition, Spec, Cluster;
    }
    "admissionregistration.k8s.io" ["v1", "v1beta1"] {
        MutatingWebhookConfiguration: kubernetes::MutatingWebhookConfiguration, Root, Cluster;
        ValidatingWebhookConfiguration: kubernetes::ValidatingWebhookConfiguration, Root, Cluster;
    }
    "argoproj.io" ["v1alpha1"] {
        Rollout: kubernetes::Rollout, Spec, Namespaced;
    }
    "networking.k8s.io" ["v1"] {
        Ingress: kubernetes::Ingress, Spec, Namespaced;
        IngressClass: kubernetes::IngressClass, Spec, Cluster;
    }
    "gateway.networking.k8s.io" ["v1", "v1beta1", "v1alpha3", "v1alpha2"] {
        KubernetesGateway as "Gateway": gateway_api::Gateway, Spec, Namespaced;
        GatewayClass: gateway_api::GatewayClass, Spec, Cluster;
        ListenerSet: gateway_api::ListenerSet, Spec, Namespaced;
        HttpRoute as "HTTPRoute": gateway_api::HttpRoute, Spec, Namespaced;
        GrpcRoute as "GRPCRoute": gateway_api::GrpcRoute, Spec, Namespaced;
        TlsRoute as "TLSRoute": gateway_api::TlsRoute, Spec, Namespaced;
        TcpRoute as "TCPRoute": gateway_api::TcpRoute, Spec, Namespaced;
        ReferenceGrant: gateway_api::ReferenceGrant, Spec, Namespaced;
    }
    "install.istio.io" ["v1alpha1"] {
        IstioOperator: kubernetes::IstioOperator, Spec, Namespaced;
    }
}

/// The group of Istio's traffic kinds.
pub const ISTIO_NETWORKING: &str = "networking.istio.io";

/// Whether a group is one of Istio's API, whose versions, kinds and resource keys are checked.
pub fn is_istio(group: &str) -> bool {
    matches!(group, ISTIO_NETWORKING | "security.istio.io" | "telemetry.istio.io" | "extensions.istio.io")
}

/// Groups of which versions that are not listed have other fields.
const UNLIKE_OLDER_VERSIONS: [&str; 2] = ["networking.k8s.io", gateway_api::GROUP];

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
    match Kind::ALL.iter().filter(of_group).find(|candidate| candidate.name() == kind) {
        Some(found) if found.versions().contains(&version) => Lookup::Known(*found),
        Some(found) if is_istio(group) => Lookup::UnservedVersion(*found),
        // Older versions say other things under the same names.
        Some(found) if UNLIKE_OLDER_VERSIONS.contains(&found.group()) => Lookup::Foreign,
        Some(found) => Lookup::Known(*found),
        None if is_istio(group) => {
            let names = Kind::ALL.iter().filter(of_group).map(|candidate| candidate.name());
            Lookup::UnknownKind { suggestion: super::nearest(kind, names) }
        }
        None => Lookup::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_of_two_groups_is_told_apart_by_the_version() {
        assert_eq!(lookup("networking.istio.io/v1", "Gateway"), Lookup::Known(Kind::Gateway));
        assert_eq!(lookup("gateway.networking.k8s.io/v1beta1", "Gateway"), Lookup::Known(Kind::KubernetesGateway));
        assert_eq!(Kind::KubernetesGateway.name(), "Gateway");
    }

    #[test]
    fn versions_with_other_fields_are_not_read() {
        assert_eq!(lookup("networking.k8s.io/v1beta1", "Ingress"), Lookup::Foreign);
        assert_eq!(lookup("gateway.networking.k8s.io/v1alpha1", "HTTPRoute"), Lookup::Foreign);
        assert_eq!(lookup("extensions/v1beta1", "Ingress"), Lookup::Foreign);
    }
}
