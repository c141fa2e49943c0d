//! WebAssembly modules: of a WasmPlugin, of a TrafficExtension (istio: `validateWasmPluginURL` and its siblings).

use std::collections::BTreeSet;

use crate::model::extensions::{EnvValueSource, TrafficSelector, VmConfig, WasmConfig, WasmPlugin};
use crate::model::field::{PlacedField, TextField};
use crate::source::{Span, Spanned};
use crate::uri::go::{self, Scheme};
use crate::validate::Mistake;
use crate::validate::quoted;
use crate::validate::syntax::is_port;
use crate::validate::violation::Violations;

const LONGEST_SECRET: usize = 253;
const LONGEST_NAME: usize = 256;

/// The fields of a module that both kinds have.
pub struct WasmModule<'a> {
    span: Span,
    url: Option<&'a Spanned<String>>,
    sha256: Option<&'a Spanned<String>>,
    image_pull_secret: Option<&'a Spanned<String>>,
    plugin_name: Option<&'a Spanned<String>>,
    vm_config: Option<&'a VmConfig>,
}

macro_rules! module_of {
    ($($message:ident),*) => {$(
        impl<'a> From<&'a $message> for WasmModule<'a> {
            fn from(of: &'a $message) -> Self {
                Self {
                    span: of.span,
                    url: of.url.as_ref(),
                    sha256: of.sha256.as_ref(),
                    image_pull_secret: of.image_pull_secret.as_ref(),
                    plugin_name: of.plugin_name.as_ref(),
                    vm_config: of.vm_config.as_ref(),
                }
            }
        }
    )*};
}

module_of!(WasmPlugin, WasmConfig);

/// Checks a module.
pub fn check(module: &WasmModule<'_>, violations: &mut Violations<'_>) {
    check_url(module, violations);
    let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if let Some(digest) = module.sha256.filter(|digest| !digest.is_empty() && !is_digest(digest)) {
        violations
            .error("WP-4", Mistake::InvalidExtension, digest.span, "`sha256` is not a valid SHA-256 digest")
            .help("write 64 hexadecimal digits in lower case");
    }
    check_length("WP-5", "imagePullSecret", module.image_pull_secret, LONGEST_SECRET, violations);
    check_length("WP-6", "pluginName", module.plugin_name, LONGEST_NAME, violations);
    if let Some(machine) = module.vm_config {
        check_environment(machine, violations);
    }
}

fn check_url(module: &WasmModule<'_>, violations: &mut Violations<'_>) {
    let Some(url) = module.url.filter(|url| !url.is_empty()) else {
        let span = module.url.map_or(module.span, |url| url.span);
        violations.error("WP-1", Mistake::MissingField, span, "the module has no URL").help("add `url`");
        return;
    };
    let scheme = go::request_uri(url).or_else(|| go::request_uri(&format!("http://{}", url.value)));
    match scheme {
        None => {
            violations
                .error("WP-2", Mistake::InvalidUri, url.span, format!("{} is not a valid URL", quoted(url)))
                .help("write an `oci://`, `https://`, `http://` or `file://` URL");
        }
        Some(Scheme(scheme)) if !["", "file", "http", "https", "oci"].contains(&scheme.as_str()) => {
            violations
                .error(
                    "WP-3",
                    Mistake::InvalidUri,
                    url.span,
                    format!("istiod does not load modules from {} URLs", quoted(&scheme)),
                )
                .help("write an `oci://`, `https://`, `http://` or `file://` URL");
        }
        Some(_) => {}
    }
}

fn check_length(
    id: &'static str,
    field: &str,
    text: Option<&Spanned<String>>,
    most: usize,
    violations: &mut Violations<'_>,
) {
    if let Some(text) = text.filter(|text| text.len() > most) {
        let message = format!("`{field}` has {} bytes, but at most {most} are allowed", text.len());
        violations.error(id, Mistake::OversizedValue, text.span, message).help("shorten it");
    }
}

fn check_environment(machine: &VmConfig, violations: &mut Violations<'_>) {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for variable in &machine.env {
        let name = variable.name.filled();
        let span = variable.name.place(variable.span);
        match name {
            None => {
                violations
                    .error("WP-7", Mistake::MissingField, span, "the environment variable has no name")
                    .help("add `name`");
            }
            Some(name) => {
                check_length("WP-8", "name", Some(name), LONGEST_NAME, violations);
                if !names.insert(name.as_str()) {
                    violations
                        .error(
                            "WP-9",
                            Mistake::DuplicateEntry,
                            span,
                            format!("environment variable {} is set twice", quoted(name)),
                        )
                        .help("remove one of the two");
                }
            }
        }
        let from_host = variable.value_from.as_ref().is_some_and(|source| source.value == EnvValueSource::Host);
        if let Some(value) = variable.value.as_ref().filter(|value| from_host && !value.is_empty()) {
            violations
                .error(
                    "WP-10",
                    Mistake::ConflictingFields,
                    value.span,
                    "`value` contradicts `valueFrom: HOST`, which takes the value from the proxy",
                )
                .help("remove `value` or `valueFrom`");
        }
    }
}

/// Checks the ports in the match of a module or a script.
pub fn check_match(selectors: &[TrafficSelector], violations: &mut Violations<'_>) {
    for port in selectors.iter().flat_map(|selector| &selector.ports) {
        let number = port.number.as_ref();
        if !number.is_some_and(|number| is_port(number.value)) {
            let span = number.map_or(port.span, |number| number.span);
            violations
                .error(
                    "WP-11",
                    Mistake::InvalidPort,
                    span,
                    match number {
                        Some(number) => format!("{} is not a valid port number", number.value),
                        None => "the port has no number".to_owned(),
                    },
                )
                .help("use a number from 1 to 65535");
        }
    }
}
