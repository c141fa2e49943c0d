//! TrafficExtension.

use super::wasm_plugin::{FailStrategy, PluginType, PullPolicy, TrafficSelector, VmConfig};
use crate::model::macros::{enumeration, message};
use crate::model::networking::MatchLabelsSelector;
use crate::model::security::PolicyTargetReference;
use crate::model::untyped::Untyped;
use crate::source::Spanned;

message! {
    /// A WebAssembly module or a Lua script that proxies run.
    struct TrafficExtension {
        selector: Option<MatchLabelsSelector>,
        target_refs: Vec<PolicyTargetReference>,
        phase: Option<Spanned<ExecutionPhase>>,
        priority: Option<Spanned<i32>>,
        r#match: Vec<TrafficSelector>,
        wasm: Option<WasmConfig>,
        lua: Option<LuaConfig>,
    }
}

message! {
    /// A WebAssembly module.
    struct WasmConfig {
        url: Option<Spanned<String>>,
        sha256: Option<Spanned<String>>,
        image_pull_policy: Option<Spanned<PullPolicy>>,
        image_pull_secret: Option<Spanned<String>>,
        verification_key: Option<Spanned<String>>,
        plugin_config: Option<Untyped>,
        plugin_name: Option<Spanned<String>>,
        fail_strategy: Option<Spanned<FailStrategy>>,
        vm_config: Option<VmConfig>,
        r#type: Option<Spanned<PluginType>>,
    }
}

message! {
    /// A Lua script.
    struct LuaConfig {
        inline_code: Option<Spanned<String>>,
    }
}

enumeration! {
    /// The position of an extension among Istio's filters.
    enum ExecutionPhase {
        Unspecified = "UNSPECIFIED" / 0,
        Authn = "AUTHN" / 1,
        Authz = "AUTHZ" / 2,
        Stats = "STATS" / 3,
    }
}
