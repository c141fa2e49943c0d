//! EnvoyFilter.

use super::WorkloadSelector;
use crate::model::macros::{enumeration, message};
use crate::model::map::Map;
use crate::model::security::PolicyTargetReference;
use crate::model::untyped::Untyped;
use crate::source::Spanned;

message! {
    /// Changes to what proxies are told. What is merged or added is Envoy's configuration and not looked into.
    struct EnvoyFilter {
        workload_selector: Option<WorkloadSelector>,
        target_refs: Vec<PolicyTargetReference>,
        config_patches: Vec<EnvoyConfigPatch>,
        priority: Option<Spanned<i32>>,
    }
}

message! {
    /// One change.
    struct EnvoyConfigPatch {
        apply_to: Option<Spanned<ApplyTo>>,
        r#match: Option<EnvoyConfigMatch>,
        patch: Option<EnvoyPatch>,
    }
}

message! {
    /// What is changed: at most one of the objects is named.
    struct EnvoyConfigMatch {
        context: Option<Spanned<PatchContext>>,
        proxy: Option<ProxyMatch>,
        listener: Option<ListenerMatch>,
        route_configuration: Option<RouteConfigurationMatch>,
        cluster: Option<ClusterMatch>,
        waypoint: Option<WaypointMatch>,
    }
}

message! {
    /// Which proxies are changed.
    struct ProxyMatch {
        proxy_version: Option<Spanned<String>>,
        metadata: Map<Spanned<String>>,
    }
}

message! {
    /// Which listener is changed.
    struct ListenerMatch {
        port_number: Option<Spanned<u32>>,
        port_name: Option<Spanned<String>>,
        filter_chain: Option<FilterChainMatch>,
        listener_filter: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
    }
}

message! {
    /// Which filter chain of a listener is changed.
    struct FilterChainMatch {
        name: Option<Spanned<String>>,
        sni: Option<Spanned<String>>,
        transport_protocol: Option<Spanned<String>>,
        application_protocols: Option<Spanned<String>>,
        filter: Option<FilterMatch>,
        destination_port: Option<Spanned<u32>>,
    }
}

message! {
    /// Which network filter is changed, or which filter in it.
    struct FilterMatch {
        name: Option<Spanned<String>>,
        sub_filter: Option<SubFilterMatch>,
    }
}

message! {
    /// Which HTTP filter is changed.
    struct SubFilterMatch {
        name: Option<Spanned<String>>,
    }
}

message! {
    /// Which route configuration is changed.
    struct RouteConfigurationMatch {
        port_number: Option<Spanned<u32>>,
        port_name: Option<Spanned<String>>,
        gateway: Option<Spanned<String>>,
        vhost: Option<VirtualHostMatch>,
        name: Option<Spanned<String>>,
    }
}

message! {
    /// Which virtual host is changed.
    struct VirtualHostMatch {
        name: Option<Spanned<String>>,
        route: Option<RouteMatch>,
        domain_name: Option<Spanned<String>>,
    }
}

message! {
    /// Which route is changed.
    struct RouteMatch {
        name: Option<Spanned<String>>,
        action: Option<Spanned<RouteMatchAction>>,
    }
}

message! {
    /// Which cluster is changed.
    struct ClusterMatch {
        port_number: Option<Spanned<u32>>,
        service: Option<Spanned<String>>,
        subset: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
    }
}

message! {
    /// What is changed in a waypoint.
    struct WaypointMatch {
        port_number: Option<Spanned<u32>>,
        filter: Option<FilterMatch>,
        route: Option<WaypointRouteMatch>,
    }
}

message! {
    /// Which route of a waypoint is changed.
    struct WaypointRouteMatch {
        name: Option<Spanned<String>>,
    }
}

message! {
    /// How it is changed.
    struct EnvoyPatch {
        operation: Option<Spanned<PatchOperation>>,
        value: Option<Untyped>,
        filter_class: Option<Spanned<FilterClass>>,
    }
}

enumeration! {
    /// The sort of object that is changed.
    enum ApplyTo {
        Invalid = "INVALID" / 0,
        Listener = "LISTENER" / 1,
        FilterChain = "FILTER_CHAIN" / 2,
        NetworkFilter = "NETWORK_FILTER" / 3,
        HttpFilter = "HTTP_FILTER" / 4,
        RouteConfiguration = "ROUTE_CONFIGURATION" / 5,
        VirtualHost = "VIRTUAL_HOST" / 6,
        HttpRoute = "HTTP_ROUTE" / 7,
        Cluster = "CLUSTER" / 8,
        ExtensionConfig = "EXTENSION_CONFIG" / 9,
        Bootstrap = "BOOTSTRAP" / 10,
        ListenerFilter = "LISTENER_FILTER" / 11,
    }
}

enumeration! {
    /// The sort of proxy and the direction that is changed.
    enum PatchContext {
        Any = "ANY" / 0,
        SidecarInbound = "SIDECAR_INBOUND" / 1,
        SidecarOutbound = "SIDECAR_OUTBOUND" / 2,
        Gateway = "GATEWAY" / 3,
        Waypoint = "WAYPOINT" / 4,
    }
}

enumeration! {
    /// The sort of route that is changed.
    enum RouteMatchAction {
        Any = "ANY" / 0,
        Route = "ROUTE" / 1,
        Redirect = "REDIRECT" / 2,
        DirectResponse = "DIRECT_RESPONSE" / 3,
    }
}

enumeration! {
    /// The sort of change.
    enum PatchOperation {
        Invalid = "INVALID" / 0,
        Merge = "MERGE" / 1,
        Add = "ADD" / 2,
        Remove = "REMOVE" / 3,
        InsertBefore = "INSERT_BEFORE" / 4,
        InsertAfter = "INSERT_AFTER" / 5,
        InsertFirst = "INSERT_FIRST" / 6,
        Replace = "REPLACE" / 7,
        MergeAndReplaceList = "MERGE_AND_REPLACE_LIST" / 8,
    }
}

enumeration! {
    /// Where among Istio's own filters an added one stands.
    enum FilterClass {
        Unspecified = "UNSPECIFIED" / 0,
        Authn = "AUTHN" / 1,
        Authz = "AUTHZ" / 2,
        Stats = "STATS" / 3,
    }
}
