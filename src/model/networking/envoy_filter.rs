//! EnvoyFilter.

use super::WorkloadSelector;
use crate::model::macros::{enumeration, message};
use crate::model::map::Map;
use crate::model::security::PolicyTargetReference;
use crate::model::untyped::Untyped;
use crate::source::Spanned;

message! {
    /// Patches to the configuration that istiod generates for Envoy. The patched values are not decoded.
    struct EnvoyFilter {
        workload_selector: Option<WorkloadSelector>,
        target_refs: Vec<PolicyTargetReference>,
        config_patches: Vec<EnvoyConfigPatch>,
        priority: Option<Spanned<i32>>,
    }
}

message! {
    /// A patch and the objects that it applies to.
    struct EnvoyConfigPatch {
        apply_to: Option<Spanned<ApplyTo>>,
        r#match: Option<EnvoyConfigMatch>,
        patch: Option<EnvoyPatch>,
    }
}

message! {
    /// The objects to patch. At most one of the object fields is set.
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
    /// The proxies to patch.
    struct ProxyMatch {
        proxy_version: Option<Spanned<String>>,
        metadata: Map<Spanned<String>>,
    }
}

message! {
    /// The listeners to patch.
    struct ListenerMatch {
        port_number: Option<Spanned<u32>>,
        port_name: Option<Spanned<String>>,
        filter_chain: Option<FilterChainMatch>,
        listener_filter: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
    }
}

message! {
    /// The filter chains of a listener to patch.
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
    /// The network filter to patch, or a filter inside of it.
    struct FilterMatch {
        name: Option<Spanned<String>>,
        sub_filter: Option<SubFilterMatch>,
    }
}

message! {
    /// The HTTP filter to patch.
    struct SubFilterMatch {
        name: Option<Spanned<String>>,
    }
}

message! {
    /// The route configurations to patch.
    struct RouteConfigurationMatch {
        port_number: Option<Spanned<u32>>,
        port_name: Option<Spanned<String>>,
        gateway: Option<Spanned<String>>,
        vhost: Option<VirtualHostMatch>,
        name: Option<Spanned<String>>,
    }
}

message! {
    /// The virtual hosts to patch.
    struct VirtualHostMatch {
        name: Option<Spanned<String>>,
        route: Option<EnvoyRouteMatch>,
        domain_name: Option<Spanned<String>>,
    }
}

message! {
    /// The routes to patch.
    struct EnvoyRouteMatch {
        name: Option<Spanned<String>>,
        action: Option<Spanned<RouteMatchAction>>,
    }
}

message! {
    /// The clusters to patch.
    struct ClusterMatch {
        port_number: Option<Spanned<u32>>,
        service: Option<Spanned<String>>,
        subset: Option<Spanned<String>>,
        name: Option<Spanned<String>>,
    }
}

message! {
    /// The objects of a waypoint to patch.
    struct WaypointMatch {
        port_number: Option<Spanned<u32>>,
        filter: Option<FilterMatch>,
        route: Option<WaypointRouteMatch>,
    }
}

message! {
    /// The routes of a waypoint to patch.
    struct WaypointRouteMatch {
        name: Option<Spanned<String>>,
    }
}

message! {
    /// The operation and the value of a patch.
    struct EnvoyPatch {
        operation: Option<Spanned<PatchOperation>>,
        value: Option<Untyped>,
        filter_class: Option<Spanned<FilterClass>>,
    }
}

enumeration! {
    /// The kind of object to patch.
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
    /// The kind of proxy and the direction of traffic.
    enum PatchContext {
        Any = "ANY" / 0,
        SidecarInbound = "SIDECAR_INBOUND" / 1,
        SidecarOutbound = "SIDECAR_OUTBOUND" / 2,
        Gateway = "GATEWAY" / 3,
        Waypoint = "WAYPOINT" / 4,
    }
}

enumeration! {
    /// The action of the routes to patch.
    enum RouteMatchAction {
        Any = "ANY" / 0,
        Route = "ROUTE" / 1,
        Redirect = "REDIRECT" / 2,
        DirectResponse = "DIRECT_RESPONSE" / 3,
    }
}

enumeration! {
    /// The operation of a patch.
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
    /// The position of an added filter among Istio's filters.
    enum FilterClass {
        Unspecified = "UNSPECIFIED" / 0,
        Authn = "AUTHN" / 1,
        Authz = "AUTHZ" / 2,
        Stats = "STATS" / 3,
    }
}
