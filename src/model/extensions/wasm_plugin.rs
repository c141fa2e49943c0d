//! WasmPlugin, and the messages that it shares with TrafficExtension.

use crate::model::macros::{enumeration, message};
use crate::model::networking::MatchLabelsSelector;
use crate::model::security::PolicyTargetReference;
use crate::model::untyped::Untyped;
use crate::source::Spanned;

message! {
    /// A WebAssembly module that proxies run.
    struct WasmPlugin {
        selector: Option<MatchLabelsSelector>,
        target_ref: Option<PolicyTargetReference>,
        target_refs: Vec<PolicyTargetReference>,
        url: Option<Spanned<String>>,
        sha256: Option<Spanned<String>>,
        image_pull_policy: Option<Spanned<PullPolicy>>,
        image_pull_secret: Option<Spanned<String>>,
        verification_key: Option<Spanned<String>>,
        plugin_config: Option<Untyped>,
        plugin_name: Option<Spanned<String>>,
        phase: Option<Spanned<PluginPhase>>,
        priority: Option<Spanned<i32>>,
        fail_strategy: Option<Spanned<FailStrategy>>,
        vm_config: Option<VmConfig>,
        r#match: Vec<TrafficSelector>,
        r#type: Option<Spanned<PluginType>>,
    }
}

message! {
    /// The traffic that an extension applies to.
    struct TrafficSelector {
        mode: Option<Spanned<TrafficMode>>,
        ports: Vec<TrafficPortSelector>,
    }
}

message! {
    /// A port: of the workload for inbound traffic, of the called service for outbound traffic.
    struct TrafficPortSelector {
        number: Option<Spanned<u32>>,
    }
}

message! {
    /// The virtual machine that runs the module.
    struct VmConfig {
        env: Vec<VmEnvVar>,
    }
}

message! {
    /// An environment variable of the module.
    struct VmEnvVar {
        name: Option<Spanned<String>>,
        value_from: Option<Spanned<EnvValueSource>>,
        value: Option<Spanned<String>>,
    }
}

enumeration! {
    /// The position of a plugin among Istio's filters.
    enum PluginPhase {
        Unspecified = "UNSPECIFIED_PHASE" / 0,
        Authn = "AUTHN" / 1,
        Authz = "AUTHZ" / 2,
        Stats = "STATS" / 3,
    }
}

enumeration! {
    /// When Istio pulls the image.
    enum PullPolicy {
        Unspecified = "UNSPECIFIED_POLICY" / 0,
        IfNotPresent = "IfNotPresent" / 1,
        Always = "Always" / 2,
    }
}

enumeration! {
    /// The handling of requests after the module fails.
    enum FailStrategy {
        FailClose = "FAIL_CLOSE" / 0,
        FailOpen = "FAIL_OPEN" / 1,
        FailReload = "FAIL_RELOAD" / 2,
    }
}

enumeration! {
    /// The kind of Envoy filter.
    enum PluginType {
        Unspecified = "UNSPECIFIED_PLUGIN_TYPE" / 0,
        Http = "HTTP" / 1,
        Network = "NETWORK" / 2,
    }
}

enumeration! {
    /// The direction of traffic: as a client, as a server, or both. (Istio: `WorkloadMode`.)
    enum TrafficMode {
        Unset = "UNDEFINED" / 0,
        Client = "CLIENT" / 1,
        Server = "SERVER" / 2,
        ClientAndServer = "CLIENT_AND_SERVER" / 3,
    }
}

enumeration! {
    /// The source of the value of an environment variable.
    enum EnvValueSource {
        Inline = "INLINE" / 0,
        Host = "HOST" / 1,
    }
}
