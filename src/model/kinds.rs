//! The table of all kinds: the API group and versions that serve each of them, and the message that describes it.

use super::decode::{Decode, Decoder};
use super::{extensions, gateway_api, kubernetes, networking, security, telemetry};
use crate::yaml::Node;

/// The part of a resource that the message of its kind describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// The value of `spec`.
    Spec,
    /// The resource as a whole.
    Root,
}

/// The scope of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KindScope {
    /// Resources belong to a namespace.
    Namespaced,
    /// Resources belong to the cluster.
    Cluster,
}

macro_rules! kinds {
    (@name $kind:ident) => { stringify!($kind) };
    (@name $kind:ident $name:literal) => { $name };
    ($($group:literal $versions:tt {
        $($kind:ident $(as $name:literal)? : $message:path, $body:ident, $scope:ident;)*
    })*) => {
        /// A kind that `mesh` reads. Where Istio and Kubernetes have a kind of the same name, `Kubernetes` in the name
        /// marks the other one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the names are those of the API")]
        pub enum Kind { $($($kind,)*)* }

        /// The decoded content of a resource, by kind.
        #[derive(Debug, Clone)]
        #[allow(missing_docs, reason = "the names are those of the API")]
        #[allow(clippy::large_enum_variant, reason = "resources are kept in one list and rarely moved")]
        pub enum Spec { $($($kind($message),)*)* }

        impl Kind {
            /// All kinds, in the order of the table.
            pub const ALL: &'static [Kind] = &[$($(Kind::$kind,)*)*];

            /// The name in manifests.
            pub fn name(self) -> &'static str {
                match self { $($(Kind::$kind => kinds!(@name $kind $($name)?),)*)* }
            }

            /// The API group. Empty for the core group of Kubernetes.
            pub fn group(self) -> &'static str {
                match self { $($(Kind::$kind => $group,)*)* }
            }

            /// The versions that serve the kind, newest first.
            pub fn versions(self) -> &'static [&'static str] {
                match self { $($(Kind::$kind => &$versions,)*)* }
            }

            /// The part of a resource that the message describes.
            pub fn body(self) -> Body {
                match self { $($(Kind::$kind => Body::$body,)*)* }
            }

            /// The scope of the kind.
            pub fn scope(self) -> KindScope {
                match self { $($(Kind::$kind => KindScope::$scope,)*)* }
            }

            /// Decodes the message of the kind.
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
        Node: kubernetes::ClusterNode, Root, Cluster;
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
    "gateway.networking.k8s.io" ["v1", "v1beta1", "v1alpha2"] {
        KubernetesGateway as "Gateway": gateway_api::KubernetesGateway, Spec, Namespaced;
        GatewayClass: gateway_api::GatewayClass, Spec, Cluster;
        HttpRoute as "HTTPRoute": gateway_api::KubernetesHttpRoute, Spec, Namespaced;
        ReferenceGrant: gateway_api::ReferenceGrant, Spec, Namespaced;
    }
    "gateway.networking.k8s.io" ["v1", "v1alpha3", "v1alpha2"] {
        TlsRoute as "TLSRoute": gateway_api::KubernetesTlsRoute, Spec, Namespaced;
    }
    "gateway.networking.k8s.io" ["v1", "v1alpha2"] {
        GrpcRoute as "GRPCRoute": gateway_api::GrpcRoute, Spec, Namespaced;
        TcpRoute as "TCPRoute": gateway_api::KubernetesTcpRoute, Spec, Namespaced;
        UdpRoute as "UDPRoute": gateway_api::KubernetesTcpRoute, Spec, Namespaced;
    }
    "gateway.networking.k8s.io" ["v1", "v1alpha3"] {
        BackendTlsPolicy as "BackendTLSPolicy": gateway_api::BackendTlsPolicy, Spec, Namespaced;
    }
    "gateway.networking.k8s.io" ["v1"] {
        ListenerSet: gateway_api::ListenerSet, Spec, Namespaced;
    }
    "install.istio.io" ["v1alpha1"] {
        IstioOperator: kubernetes::IstioOperator, Spec, Namespaced;
    }
}

/// The API group of Istio's traffic management kinds.
pub const ISTIO_NETWORKING: &str = "networking.istio.io";

/// Whether an API group is one of Istio's. Versions, kinds and top-level fields are checked for these groups only.
pub fn is_istio(group: &str) -> bool {
    matches!(group, ISTIO_NETWORKING | "security.istio.io" | "telemetry.istio.io" | "extensions.istio.io")
}

/// Groups whose unlisted versions have other fields.
const UNLIKE_OLDER_VERSIONS: [&str; 2] = ["networking.k8s.io", gateway_api::GROUP];

/// A kind whose older version has other fields.
const WITH_OTHER_FIELDS: [(&str, &str); 1] = [("BackendTLSPolicy", "v1alpha2")];

/// Versions of the Gateway API, each of which has some of its kinds.
const GATEWAY_API_VERSIONS: [&str; 4] = ["v1", "v1beta1", "v1alpha3", "v1alpha2"];

/// A kind of the Gateway API that is not in the table, and has a name like one that is.
const FORMER_GATEWAY_API_KIND: &str = "BackendLBPolicy";

/// The result of looking up an `apiVersion` and a `kind`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// A kind that `mesh` reads.
    Known(Kind),
    /// A kind that `mesh` does not read.
    Foreign,
    /// A kind of Istio or of the Gateway API in a version that no release serves.
    UnservedVersion(Kind),
    /// A kind that the API group does not define.
    UnknownKind {
        /// The kind of the group with the most similar name.
        suggestion: Option<&'static str>,
    },
}

/// Looks up the type of a resource.
pub fn lookup(api_version: &str, kind: &str) -> Lookup {
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    // Before Kubernetes 1.16, this group served workloads too.
    let group = if group == "extensions" { "apps" } else { group };
    let of_group = |candidate: &&Kind| candidate.group() == group;
    match Kind::ALL.iter().filter(of_group).find(|candidate| candidate.name() == kind) {
        Some(found) if found.versions().contains(&version) => Lookup::Known(*found),
        Some(found) if is_istio(group) => Lookup::UnservedVersion(*found),
        Some(found)
            if group == gateway_api::GROUP
                && GATEWAY_API_VERSIONS.contains(&version)
                && !WITH_OTHER_FIELDS.contains(&(kind, version)) =>
        {
            Lookup::UnservedVersion(*found)
        }
        // The same fields have another meaning in older versions.
        Some(found) if UNLIKE_OLDER_VERSIONS.contains(&found.group()) => Lookup::Foreign,
        Some(found) => Lookup::Known(*found),
        None if is_istio(group) => {
            let names = Kind::ALL.iter().filter(of_group).map(|candidate| candidate.name());
            Lookup::UnknownKind { suggestion: super::nearest(kind, names) }
        }
        // The Gateway API can get more kinds, so only misspelt ones are wrong.
        None if group == gateway_api::GROUP && kind != FORMER_GATEWAY_API_KIND => {
            let names = Kind::ALL.iter().filter(of_group).map(|candidate| candidate.name());
            match super::spelling::misspelt(kind, names) {
                Some(name) => Lookup::UnknownKind { suggestion: Some(name) },
                None => Lookup::Foreign,
            }
        }
        None => Lookup::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_the_same_name_differ_by_group() {
        assert_eq!(lookup("networking.istio.io/v1", "Gateway"), Lookup::Known(Kind::Gateway));
        assert_eq!(lookup("gateway.networking.k8s.io/v1beta1", "Gateway"), Lookup::Known(Kind::KubernetesGateway));
        assert_eq!(Kind::KubernetesGateway.name(), "Gateway");
    }

    #[test]
    fn versions_with_other_fields_are_not_read() {
        assert_eq!(lookup("networking.k8s.io/v1beta1", "Ingress"), Lookup::Foreign);
        assert_eq!(lookup("gateway.networking.k8s.io/v1alpha1", "HTTPRoute"), Lookup::Foreign);
        assert_eq!(lookup("extensions/v1beta1", "Ingress"), Lookup::Foreign);
        assert_eq!(lookup("gateway.networking.k8s.io/v1alpha2", "BackendTLSPolicy"), Lookup::Foreign);
    }

    #[test]
    fn kinds_and_versions_that_the_gateway_api_never_had() {
        let version = |text: &str| format!("gateway.networking.k8s.io/{text}");
        assert_eq!(lookup(&version("v1beta1"), "TLSRoute"), Lookup::UnservedVersion(Kind::TlsRoute));
        assert_eq!(lookup(&version("v1alpha2"), "HTTPRoute"), Lookup::Known(Kind::HttpRoute));
        assert_eq!(lookup(&version("v2"), "HTTPRoute"), Lookup::Foreign);
        assert_eq!(lookup(&version("v1"), "HttpRoute"), Lookup::UnknownKind { suggestion: Some("HTTPRoute") });
        assert_eq!(lookup(&version("v1alpha2"), "BackendLBPolicy"), Lookup::Foreign);
        assert_eq!(lookup(&version("v1"), "RetryPolicy"), Lookup::Foreign);
    }
}
