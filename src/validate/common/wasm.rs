//! WebAssembly modules: of a WasmPlugin, of a TrafficExtension (istio: `validateWasmPluginURL` and its neighbours).

use std::collections::BTreeSet;

use crate::model::extensions::{EnvValueSource, TrafficSelector, VmConfig, WasmConfig, WasmPlugin};
use crate::source::{Span, Spanned};
use crate::uri::go::{self, Scheme};
use crate::validate::Family;
use crate::validate::syntax::is_port;
use crate::validate::violation::Found;

const LONGEST_SECRET: usize = 253;
const LONGEST_NAME: usize = 256;

/// What both kinds say of a module.
pub struct Module<'a> {
    span: Span,
    url: Option<&'a Spanned<String>>,
    sha256: Option<&'a Spanned<String>>,
    image_pull_secret: Option<&'a Spanned<String>>,
    plugin_name: Option<&'a Spanned<String>>,
    vm_config: Option<&'a VmConfig>,
}

macro_rules! module_of {
    ($($message:ident),*) => {$(
        impl<'a> From<&'a $message> for Module<'a> {
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
pub fn check(module: &Module<'_>, found: &mut Found<'_>) {
    check_url(module, found);
    let is_digest = |text: &str| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if let Some(digest) = module.sha256.filter(|digest| !digest.is_empty() && !is_digest(digest)) {
        found
            .error("WP-4", Family::InvalidPolicy, digest.span, "this is no SHA-256 digest")
            .help("it takes 64 hexadecimal digits in lower case");
    }
    check_length("WP-5", "the name of the secret", module.image_pull_secret, LONGEST_SECRET, found);
    check_length("WP-6", "the name of the plugin", module.plugin_name, LONGEST_NAME, found);
    if let Some(machine) = module.vm_config {
        check_environment(machine, found);
    }
}

fn check_url(module: &Module<'_>, found: &mut Found<'_>) {
    let Some(url) = module.url.filter(|url| !url.is_empty()) else {
        let span = module.url.map_or(module.span, |url| url.span);
        found.error("WP-1", Family::MissingField, span, "there is no url to load the module from").help("add url");
        return;
    };
    let scheme = go::request_uri(url).or_else(|| go::request_uri(&format!("http://{}", url.value)));
    match scheme {
        None => {
            found.error("WP-2", Family::InvalidUri, url.span, "this is no URL");
        }
        Some(Scheme(scheme)) if !["", "file", "http", "https", "oci"].contains(&scheme.as_str()) => {
            found
                .error("WP-3", Family::InvalidUri, url.span, format!("modules are not loaded by {scheme}:"))
                .help("write oci://, https://, http:// or file:// before it");
        }
        Some(_) => {}
    }
}

fn check_length(id: &'static str, what: &str, text: Option<&Spanned<String>>, most: usize, found: &mut Found<'_>) {
    if let Some(text) = text.filter(|text| text.len() > most) {
        let message = format!("{what} has {} bytes", text.len());
        found.error(id, Family::OutOfRange, text.span, message).help(format!("at most {most} are taken"));
    }
}

fn check_environment(machine: &VmConfig, found: &mut Found<'_>) {
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for variable in &machine.env {
        let name = variable.name.as_ref().filter(|name| !name.is_empty());
        let span = variable.name.as_ref().map_or(variable.span, |name| name.span);
        match name {
            None => {
                found.error("WP-7", Family::MissingField, span, "this variable has no name").help("add name");
            }
            Some(name) => {
                check_length("WP-8", "the name of the variable", Some(name), LONGEST_NAME, found);
                if !names.insert(name.as_str()) {
                    found.error("WP-9", Family::DuplicateEntry, span, format!("{} is set twice", name.value));
                }
            }
        }
        let from_host = variable.value_from.as_ref().is_some_and(|source| source.value == EnvValueSource::Host);
        if let Some(value) = variable.value.as_ref().filter(|value| from_host && !value.is_empty()) {
            found
                .error("WP-10", Family::ConflictingFields, value.span, "this variable is taken from the proxy (HOST)")
                .help("remove value, or valueFrom");
        }
    }
}

/// Checks the ports of which traffic a module or script sees.
pub fn check_match(selectors: &[TrafficSelector], found: &mut Found<'_>) {
    for port in selectors.iter().flat_map(|selector| &selector.ports) {
        let number = port.number.as_ref();
        if !number.is_some_and(|number| is_port(number.value)) {
            let span = number.map_or(port.span, |number| number.span);
            found
                .error("WP-11", Family::InvalidPort, span, "this is no port")
                .help("number takes a number from 1 to 65535");
        }
    }
}
