//! WasmPlugin and TrafficExtension (istio: `ValidateWasmPlugin`, `ValidateTrafficExtension`).

use super::common::{target_refs, wasm};
use super::violation::{Family, Found};
use crate::model::extensions::{LuaConfig, TrafficExtension, WasmPlugin};

const LONGEST_SCRIPT: usize = 65536;

pub(super) fn check_plugin(plugin: &WasmPlugin, found: &mut Found<'_>) {
    let WasmPlugin { selector, target_ref, target_refs, .. } = plugin;
    target_refs::check_with_selector(selector.as_ref(), target_ref.as_ref(), target_refs, found);
    wasm::check(&plugin.into(), found);
    wasm::check_match(&plugin.r#match, found);
}

pub(super) fn check_extension(extension: &TrafficExtension, found: &mut Found<'_>) {
    target_refs::check_with_selector(extension.selector.as_ref(), None, &extension.target_refs, found);
    // Of several members of a one-of, istiod sees the last one.
    match (&extension.wasm, &extension.lua) {
        (_, Some(lua)) => check_lua(lua, found),
        (Some(module), None) => wasm::check(&module.into(), found),
        (None, None) => {
            found
                .error("TX-1", Family::MissingField, extension.span, "this extension has neither wasm nor lua")
                .help("add one of them");
        }
    }
    wasm::check_match(&extension.r#match, found);
}

fn check_lua(lua: &LuaConfig, found: &mut Found<'_>) {
    match lua.inline_code.as_ref().filter(|code| !code.is_empty()) {
        None => {
            let span = lua.inline_code.as_ref().map_or(lua.span, |code| code.span);
            found.error("TX-2", Family::MissingField, span, "this script is empty").help("add inlineCode");
        }
        Some(code) if code.len() > LONGEST_SCRIPT => {
            let message = format!("this script has {} bytes", code.len());
            found
                .error("TX-3", Family::OutOfRange, code.span, message)
                .help(format!("at most {LONGEST_SCRIPT} are taken"));
        }
        Some(_) => {}
    }
}
