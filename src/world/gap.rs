//! Reasons why the manifests do not decide a check.

use std::fmt;

use crate::model::Kind;

/// A reason why a reference is unchecked: something that the manifests lack. The text output lists the reasons under "Not
/// checked (needs manifests or settings that were not given)".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gap {
    /// The manifests have no resource of a kind in a namespace.
    NoResources(Kind, String),
    /// The manifests have no resource of a kind in a namespace, except the one that refers.
    NoOtherResources(Kind, String),
    /// The manifests may lack resources of a kind in a namespace: the inventory is `partial`.
    NotAllResources(Kind, String),
    /// Nothing shows that the resources of a kind are applied together with one that refers to them, and none of these names
    /// a namespace. Workloads of all kinds count as [`Kind::Pod`].
    NoneNear(Kind),
    /// A resource does not name its namespace, and nothing shows that it is the assumed one.
    AssumedNamespace(Kind, String),
    /// The manifests have no resource of a kind in any namespace.
    NoneOfKind(Kind),
    /// The manifests may lack resources of a kind.
    NotAllOfKind(Kind),
    /// The manifests do not have a Namespace.
    NoNamespace(String),
    /// The manifests have no MeshConfig.
    NoMeshConfig,
    /// The MeshConfig of another mesh defines an extension provider.
    ProviderElsewhere(String),
    /// The manifests have no workload in a namespace.
    NoWorkloads(String),
    /// The manifests may lack workloads in a namespace.
    NotAllWorkloads(String),
    /// The manifests may lack workloads of the mesh.
    NotAllWorkloadsOfMesh,
    /// The manifests have no workload that a resource selects or applies to.
    NoWorkloadsOf(Kind, String),
    /// The manifests have no workload in a namespace that has the label keys of a selector.
    NoWorkloadsWithKeys(String),
    /// A Gateway has no selector, so it applies to gateway workloads that the manifests do not name.
    NoSelector(Kind, String),
    /// The manifests do not have the Gateway of a ListenerSet.
    NoGatewayOfListenerSet(String),
    /// The manifests have no gateway workloads, which are usually installed separately.
    GatewaysInstalledElsewhere,
    /// istiod creates the workloads of a Gateway API Gateway.
    ManagedWorkloads,
    /// The manifests have neither ServiceAccounts nor workloads in a namespace.
    NoServiceAccountsOrWorkloads(String),
    /// The manifests have no Service for a DestinationRule, or for the workloads of another resource.
    NoServicesOf(Kind, String),
    /// The manifests have neither a DestinationRule nor a service for a host.
    NoRuleOrService(String),
    /// The manifests have no service that matches a wildcard host.
    NoServicesCovered(String),
    /// A Service targets a port by a name that no container of the given workloads has.
    UnknownTargetPort(Kind, String),
    /// A service has no selector, so the manifests do not have its endpoints.
    UnknownEndpoints(String),
    /// A label that istiod adds to endpoints: from their Node, locality or cluster.
    AddedLabel(String),
    /// A service is outside the cluster.
    ExternalService(String),
    /// istiod routes to an InferencePool only if an option enables it.
    InferenceExtension,
    /// The manifests have no Secret with a certificate in a namespace.
    NoCertificates(String),
    /// The manifests have no VirtualService that delegates.
    NoDelegation,
    /// A resource has several definitions that differ.
    SeveralDefinitions(Kind, String),
    /// Resources of a kind have placeholders in their names, hosts or labels: in a namespace, or in any.
    Placeholders(Kind, Option<String>),
    /// A resource has placeholders in the part that references lead to.
    PlaceholdersIn(Kind, String),
    /// The name of a namespace has a placeholder.
    PlaceholderAsNamespace(String),
    /// A resource has no `spec`.
    NoSpec,
    /// The conditions of a resource's routes, or of routes on the same listener, or of policies take too long to compare.
    TooManyMatches(Kind, String),
    /// A controller may make resources of a kind in a namespace. The first text names its resource.
    MayMake(String, Kind, String),
    /// A controller may make pods in a namespace.
    MayMakePods(String, String),
    /// A controller may make a Service, as its name ends like those of a known one. The texts are its name and the end.
    LikeMade(String, &'static str),
    /// Another mesh of the repository defines a resource.
    DefinedElsewhere(Kind, String, String),
    /// Another mesh of the repository has a ServiceEntry for a host.
    HostDefinedElsewhere(String, String),
    /// Another mesh of the repository has a DestinationRule for a host.
    RuleElsewhere(String, String),
    /// Another mesh of the repository has workloads with the labels in a namespace.
    WorkloadsElsewhere(String, String),
    /// The user declares that something exists. The text is its kind and name.
    Known(String),
    /// The installation of Istio or Kubernetes makes a Service.
    Installed(String),
    /// Something that was not given may exist, for the reason that the text describes.
    NotGiven(String),
    /// A tool must render files first. The text is that of [`crate::load::Template::describe`].
    NotRendered(String),
}

impl Gap {
    /// The namespace that lacks something, if it is one.
    pub(super) fn namespace(&self) -> Option<&str> {
        match self {
            Self::NoResources(_, namespace)
            | Self::NoOtherResources(_, namespace)
            | Self::NotAllResources(_, namespace)
            | Self::NoNamespace(namespace)
            | Self::NoWorkloads(namespace)
            | Self::NotAllWorkloads(namespace)
            | Self::NoWorkloadsWithKeys(namespace)
            | Self::NoServiceAccountsOrWorkloads(namespace)
            | Self::NoCertificates(namespace) => Some(namespace),
            _ => None,
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoResources(kind, namespace) => {
                write!(f, "no {} in namespace `{namespace}` was given", described(*kind))
            }
            Self::NoOtherResources(kind, namespace) => {
                write!(f, "no other {} in namespace `{namespace}` was given", described(*kind))
            }
            Self::NotAllResources(kind, namespace) => {
                write!(f, "the manifests may not have every {} in namespace `{namespace}`", described(*kind))
            }
            Self::NoneNear(kind) => {
                let noun = if *kind == Kind::Pod { "workload" } else { described(*kind) };
                write!(f, "no {noun} is known to be in the namespace of a resource that names none")
            }
            Self::AssumedNamespace(kind, name) => {
                write!(f, "{} `{name}` does not name its namespace", described(*kind))
            }
            Self::NoneOfKind(kind) => write!(f, "no {} was given", described(*kind)),
            Self::NotAllOfKind(kind) => write!(f, "the manifests may not have every {}", described(*kind)),
            Self::NoNamespace(namespace) => write!(f, "Namespace `{namespace}` was not given"),
            Self::NoMeshConfig => f.write_str("no MeshConfig was given"),
            Self::ProviderElsewhere(name) => write!(f, "another MeshConfig of the manifests defines provider `{name}`"),
            Self::NoWorkloads(namespace) => write!(f, "no workload in namespace `{namespace}` was given"),
            Self::NotAllWorkloads(namespace) => {
                write!(f, "the manifests may not have every workload in namespace `{namespace}`")
            }
            Self::NotAllWorkloadsOfMesh => f.write_str("the manifests may not have every workload of the mesh"),
            Self::NoWorkloadsOf(kind, name) => {
                let verb = match kind {
                    Kind::Service | Kind::ServiceEntry | Kind::Gateway => "selects",
                    _ => "applies to",
                };
                write!(f, "no workload that {} `{name}` {verb} was given", kind.name())
            }
            Self::NoWorkloadsWithKeys(namespace) => {
                write!(f, "no workload in namespace `{namespace}` with the label keys of the selector was given")
            }
            Self::NoSelector(kind, name) => {
                write!(f, "{} `{name}` has no selector, so its workloads are not known", kind.name())
            }
            Self::NoGatewayOfListenerSet(name) => write!(f, "the Gateway of ListenerSet `{name}` was not given"),
            Self::GatewaysInstalledElsewhere => {
                f.write_str("gateway workloads are usually installed from other manifests")
            }
            Self::ManagedWorkloads => f.write_str("istiod creates the workloads of Gateway API Gateways"),
            Self::NoServiceAccountsOrWorkloads(namespace) => {
                write!(f, "neither a ServiceAccount nor a workload in namespace `{namespace}` was given")
            }
            Self::NoServicesOf(Kind::DestinationRule, name) => {
                write!(f, "no Service that DestinationRule `{name}` applies to was given")
            }
            Self::NoServicesOf(kind, name) => {
                write!(f, "no Service that selects the workloads of {} `{name}` was given", kind.name())
            }
            Self::NoServicesCovered(host) => write!(f, "no service that matches host `{host}` was given"),
            Self::NoRuleOrService(host) => {
                write!(f, "neither a DestinationRule nor a Service for host `{host}` was given")
            }
            Self::UnknownTargetPort(kind, name) => {
                write!(
                    f,
                    "a Service of the workloads of {} `{name}` targets a port that no container names",
                    kind.name()
                )
            }
            Self::UnknownEndpoints(host) => write!(f, "the manifests do not have the endpoints of `{host}`"),
            Self::AddedLabel(key) => write!(f, "label `{key}` of an endpoint comes from its Node or cluster"),
            Self::ExternalService(host) => write!(f, "host `{host}` is outside the cluster"),
            Self::InferenceExtension => {
                f.write_str("istiod routes to an InferencePool only if its inference extension is enabled")
            }
            Self::NoCertificates(namespace) => {
                write!(f, "no Secret with a certificate in namespace `{namespace}` was given")
            }
            Self::NoDelegation => f.write_str("no VirtualService that delegates was given"),
            Self::SeveralDefinitions(kind, name) => write!(f, "{} `{name}` has several definitions", kind.name()),
            Self::Placeholders(kind, namespace) => {
                let noun = if *kind == Kind::Pod { "workload" } else { described(*kind) };
                let article = if noun.starts_with(['A', 'E', 'H', 'I']) { "an" } else { "a" };
                match namespace {
                    Some(namespace) => write!(f, "{article} {noun} in namespace `{namespace}` has placeholders"),
                    None => write!(f, "{article} {noun} has placeholders"),
                }
            }
            Self::PlaceholdersIn(kind, name) => write!(f, "{} `{name}` has placeholders", kind.name()),
            Self::PlaceholderAsNamespace(namespace) => {
                write!(f, "the name of namespace `{namespace}` has a placeholder")
            }
            Self::NoSpec => f.write_str("a manifest has no `spec`"),
            Self::TooManyMatches(kind, name) => {
                let parts = if *kind == Kind::AuthorizationPolicy { "rules" } else { "matches" };
                write!(f, "the {parts} of {} `{name}` take too long to compare", kind.name())
            }
            Self::MayMake(maker, kind, namespace) => {
                write!(f, "{maker} may create {} in namespace `{namespace}`", plural(*kind))
            }
            Self::MayMakePods(maker, namespace) => write!(f, "{maker} may create pods in namespace `{namespace}`"),
            Self::LikeMade(name, ending) => {
                write!(f, "a controller may create Service `{name}`, whose name ends in `{ending}`")
            }
            Self::DefinedElsewhere(kind, name, mesh) => {
                let kind = described(*kind);
                write!(f, "mesh `{mesh}` defines {kind} `{name}`, and may be applied to the same cluster")
            }
            Self::HostDefinedElsewhere(host, mesh) => {
                write!(f, "mesh `{mesh}` has a ServiceEntry for host `{host}`, and may be applied to the same cluster")
            }
            Self::RuleElsewhere(host, mesh) => {
                write!(
                    f,
                    "mesh `{mesh}` has a DestinationRule for host `{host}`, and may be applied to the same cluster"
                )
            }
            Self::WorkloadsElsewhere(namespace, mesh) => {
                write!(
                    f,
                    "mesh `{mesh}` has workloads with the labels in namespace `{namespace}`, and may be applied to the same cluster"
                )
            }
            Self::Known(name) => write!(f, "the configuration says that {name} exists"),
            Self::Installed(name) => write!(f, "an installation of Istio may create Service `{name}`"),
            Self::NotGiven(reason) => f.write_str(reason),
            Self::NotRendered(description) => f.write_str(description),
        }
    }
}

/// The name of a kind, with its API if two APIs use the same name.
fn described(kind: Kind) -> &'static str {
    match kind {
        Kind::KubernetesGateway => "Gateway API Gateway",
        kind => kind.name(),
    }
}

fn plural(kind: Kind) -> String {
    match described(kind).strip_suffix('y') {
        Some(stem) if kind != Kind::KubernetesGateway && kind != Kind::Gateway => format!("{stem}ies"),
        _ => format!("{}s", described(kind)),
    }
}
