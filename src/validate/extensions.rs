//! WasmPlugin and TrafficExtension (istio: `ValidateWasmPlugin`, `ValidateTrafficExtension`).

use super::fields::{target_refs, wasm};
use super::violation::{Mistake, Violations};
use crate::model::extensions::{LuaConfig, TrafficExtension, WasmPlugin};
use crate::model::field::{PlacedField, TextField};

const LONGEST_SCRIPT: usize = 65536;

pub(super) fn check_plugin(wasm_plugin: &WasmPlugin, violations: &mut Violations<'_>) {
    let WasmPlugin { selector, target_ref, target_refs, .. } = wasm_plugin;
    target_refs::check_with_selector(selector.as_ref(), target_ref.as_ref(), target_refs, violations);
    wasm::check(&wasm_plugin.into(), violations);
    wasm::check_match(&wasm_plugin.r#match, violations);
}

pub(super) fn check_extension(traffic_extension: &TrafficExtension, violations: &mut Violations<'_>) {
    target_refs::check_with_selector(
        traffic_extension.selector.as_ref(),
        None,
        &traffic_extension.target_refs,
        violations,
    );
    // istiod sees only the last member of a one-of.
    match (&traffic_extension.wasm, &traffic_extension.lua) {
        (_, Some(lua)) => check_lua(lua, violations),
        (Some(module), None) => wasm::check(&module.into(), violations),
        (None, None) => {
            violations
                .error(
                    "TX-1",
                    Mistake::MissingField,
                    traffic_extension.span,
                    "the extension has neither `wasm` nor `lua`",
                )
                .help("add one of the two");
        }
    }
    wasm::check_match(&traffic_extension.r#match, violations);
}

fn check_lua(lua: &LuaConfig, violations: &mut Violations<'_>) {
    match lua.inline_code.filled() {
        None => {
            let span = lua.inline_code.place(lua.span);
            violations.error("TX-2", Mistake::MissingField, span, "the script is empty").help("add `inlineCode`");
        }
        Some(code) if code.len() > LONGEST_SCRIPT => {
            let message = format!("the script has {} bytes, but at most {LONGEST_SCRIPT} are allowed", code.len());
            violations.error("TX-3", Mistake::OversizedValue, code.span, message).help("shorten it");
        }
        Some(_) => {}
    }
}
