//! Reasons for which the manifests cannot decide something.

use std::fmt;

use crate::model::Kind;

/// A reason why a reference is unchecked: the manifests lack something that would decide it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// No resource of a kind in a namespace.
    NoResources(Kind, String),
    /// No resource of a kind in a namespace besides the one that refers.
    NoOtherResources(Kind, String),
    /// Resources of a kind in a namespace, but perhaps not all: the inventory is `partial`.
    NotAllResources(Kind, String),
    /// No resource of a kind in any namespace.
    NoneOfKind(Kind),
    /// Resources of a kind, but perhaps not all of the mesh.
    NotAllOfKind(Kind),
    /// The Namespace of a name.
    NoNamespace(String),
    /// The MeshConfig.
    NoMeshConfig,
    /// No workload in a namespace.
    NoWorkloads(String),
    /// Workloads in a namespace, but perhaps not all.
    NotAllWorkloads(String),
    /// Workloads, but perhaps not all of the mesh.
    NotAllWorkloadsOfMesh,
    /// None of the workloads that a resource is for.
    NoWorkloadsOf(Kind, String),
    /// No workload in a namespace that has the keys of a selector.
    NoWorkloadsWithKeys(String),
    /// No workload that looks like a gateway.
    NoGatewayWorkloads,
    /// Gateway workloads, which installations bring along.
    GatewaysInstalledElsewhere,
    /// The workloads that istiod runs for a Gateway of the Gateway API.
    ManagedWorkloads,
    /// Neither ServiceAccounts nor workloads in a namespace.
    NoServiceAccountsOrWorkloads(String),
    /// No Service that belongs to a resource.
    NoServicesOf(Kind, String),
    /// No service that a wildcard host covers.
    NoServicesCovered(String),
    /// The endpoints of a service that has no selector.
    UnknownEndpoints(String),
    /// A label that istiod adds to endpoints: from their Node, locality or cluster.
    AddedLabel(String),
    /// A service outside the cluster.
    ExternalService(String),
    /// No Secret with a certificate in a namespace.
    NoCertificates(String),
    /// No VirtualService that delegates.
    NoDelegation,
    /// A resource that is defined more than once, in different ways.
    SeveralDefinitions(Kind, String),
    /// A resource without `spec`.
    NoSpec,
    /// Files that need a tool before they can be read, in the words of [`crate::load::Template::describe`].
    NotRendered(String),
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoResources(kind, namespace) => {
                write!(f, "no {} of namespace `{namespace}` was given", described(*kind))
            }
            Self::NoOtherResources(kind, namespace) => {
                write!(f, "no other {} of namespace `{namespace}` was given", described(*kind))
            }
            Self::NotAllResources(kind, namespace) => {
                write!(f, "not every {} of namespace `{namespace}` was given", described(*kind))
            }
            Self::NoneOfKind(kind) => write!(f, "no {} was given", described(*kind)),
            Self::NotAllOfKind(kind) => write!(f, "not every {} was given", described(*kind)),
            Self::NoNamespace(namespace) => write!(f, "Namespace `{namespace}` was not given"),
            Self::NoMeshConfig => f.write_str("no MeshConfig was given"),
            Self::NoWorkloads(namespace) => write!(f, "no workload of namespace `{namespace}` was given"),
            Self::NotAllWorkloads(namespace) => write!(f, "not every workload of namespace `{namespace}` was given"),
            Self::NotAllWorkloadsOfMesh => f.write_str("not every workload of the mesh was given"),
            Self::NoWorkloadsOf(kind, name) => write!(f, "no workload of {} `{name}` was given", kind.name()),
            Self::NoWorkloadsWithKeys(namespace) => {
                write!(f, "no workload of namespace `{namespace}` with these label keys was given")
            }
            Self::NoGatewayWorkloads => f.write_str("no gateway workload was given"),
            Self::GatewaysInstalledElsewhere => {
                f.write_str("gateway workloads are usually installed from other manifests")
            }
            Self::ManagedWorkloads => f.write_str("istiod runs the workloads of Gateway API Gateways"),
            Self::NoServiceAccountsOrWorkloads(namespace) => {
                write!(f, "neither a ServiceAccount nor a workload of namespace `{namespace}` was given")
            }
            Self::NoServicesOf(kind, name) => write!(f, "no Service of {} `{name}` was given", kind.name()),
            Self::NoServicesCovered(host) => write!(f, "no service that host `{host}` covers was given"),
            Self::UnknownEndpoints(host) => write!(f, "the endpoints of `{host}` are not part of the manifests"),
            Self::AddedLabel(key) => write!(f, "label `{key}` of an endpoint comes from its Node or cluster"),
            Self::ExternalService(host) => write!(f, "host `{host}` is outside the cluster"),
            Self::NoCertificates(namespace) => {
                write!(f, "no Secret with a certificate of namespace `{namespace}` was given")
            }
            Self::NoDelegation => f.write_str("no VirtualService that delegates was given"),
            Self::SeveralDefinitions(kind, name) => write!(f, "{} `{name}` has several definitions", kind.name()),
            Self::NoSpec => f.write_str("a manifest has no `spec`"),
            Self::NotRendered(description) => f.write_str(description),
        }
    }
}

/// The name of a kind, where two APIs use the same one with the API.
fn described(kind: Kind) -> &'static str {
    match kind {
        Kind::KubernetesGateway => "Gateway API Gateway",
        kind => kind.name(),
    }
}
