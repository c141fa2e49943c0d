//! `extensions.istio.io`: extensions that run inside proxies. Messages and fields are those of
//! <https://istio.io/latest/docs/reference/config/proxy_extensions/>.

mod traffic_extension;
mod wasm_plugin;

pub use traffic_extension::{ExecutionPhase, LuaConfig, TrafficExtension, WasmConfig};
pub use wasm_plugin::{
    EnvValueSource, FailStrategy, PluginPhase, PluginType, PullPolicy, TrafficMode, TrafficPortSelector,
    TrafficSelector, VmConfig, VmEnvVar, WasmPlugin,
};
