//! CEL rules of listeners and addresses.

use std::net::IpAddr;

use crate::advice::{Advice, Edit};
use crate::model::crd::schema::{present, text};
use crate::model::crd::structural::{Refusal, form, refuse};
use crate::model::problem::in_backticks;
use crate::source::Span;
use crate::yaml::Node;

fn protocol(listener: &Node) -> &str {
    text(listener, "protocol").unwrap_or_default()
}

/// HTTP, TCP and UDP listeners have no `tls`.
pub fn plain_listeners_have_no_tls(listener: &Node) -> Option<Refusal> {
    let help = match protocol(listener) {
        "HTTP" => "write `protocol: HTTPS`, or remove `tls`",
        "TCP" => "write `protocol: TLS`, or remove `tls`",
        "UDP" => "remove `tls`",
        _ => return None,
    };
    let tls = present(listener, "tls")?;
    Some(refuse(tls.span, format!("a listener with `protocol: {}` cannot have `tls`", protocol(listener)), help))
}

/// HTTPS listeners terminate TLS.
pub fn https_is_terminated(listener: &Node) -> Option<Refusal> {
    let mode = present(present(listener, "tls").filter(|_| protocol(listener) == "HTTPS")?, "mode")?;
    (mode.as_str() != Some("Terminate")).then(|| {
        let message = "a listener with `protocol: HTTPS` must terminate TLS, but `mode` is `Passthrough`";
        let help = "write `protocol: TLS` to pass connections through, or `mode: Terminate` with `certificateRefs`";
        refuse(mode.span, message, help)
    })
}

/// TLS listeners say how they handle TLS.
pub fn tls_has_mode(listener: &Node) -> Option<Refusal> {
    let has_mode = present(listener, "tls").and_then(|tls| present(tls, "mode")).is_some();
    let place = present(listener, "protocol").filter(|_| protocol(listener) == "TLS" && !has_mode)?;
    let help = "add `tls` with `mode: Passthrough`, or with `certificateRefs` to terminate TLS";
    Some(refuse(place.span, "a listener with `protocol: TLS` needs `tls`", help))
}

/// TCP and UDP listeners have no hostname.
pub fn streams_have_no_hostname(listener: &Node) -> Option<Refusal> {
    let hostname = present(listener, "hostname").filter(|_| ["TCP", "UDP"].contains(&protocol(listener)))?;
    let message = format!("a listener with `protocol: {}` cannot have a `hostname`", protocol(listener));
    Some(refuse(hostname.span, message, Advice::remove(Edit::remove(hostname.span).of("hostname"))))
}

/// Listeners have different names. The list also has the name as its key.
pub fn names_differ(listeners: &Node) -> Option<Refusal> {
    let (earlier, later) = first_pair(listeners.items(), |it| text(it, "name"))?;
    let message = format!("an earlier listener has the same name, `{}`", text(later, "name")?);
    Some(refuse(later.span, message, "give each listener another `name`").beside(earlier.span, "the earlier listener"))
}

/// Listeners differ in port, protocol or hostname.
pub fn listeners_differ(listeners: &Node) -> Option<Refusal> {
    let port = |it: &Node| present(it, "port").map(|port| port.value.clone());
    let items = listeners.items();
    let (earlier, later) = items.iter().enumerate().find_map(|(index, later)| {
        let is_equal = |earlier: &&Node| {
            port(earlier) == port(later)
                && protocol(earlier) == protocol(later)
                && text(earlier, "hostname") == text(later, "hostname")
        };
        items[..index].iter().find(is_equal).map(|earlier| (earlier, later))
    })?;
    let message = format!(
        "listener `{}` has the same port, protocol and hostname as listener `{}`",
        text(later, "name")?,
        text(earlier, "name")?
    );
    let help = match protocol(later) {
        "TCP" | "UDP" => "use another `port`, or remove one of them",
        _ => "use another `port` or `hostname`, or remove one of them",
    };
    Some(refuse(later.span, message, help).beside(earlier.span, "the earlier listener"))
}

/// A listener that terminates TLS has a certificate.
pub fn termination_has_certificate(tls: &Node) -> Option<Refusal> {
    if text(tls, "mode") != Some("Terminate") {
        return None;
    }
    let is_set = |field| present(tls, field).is_some_and(|it| !it.items().is_empty() || !it.entries().is_empty());
    (!is_set("certificateRefs") && !is_set("options")).then(|| {
        let help = "add `certificateRefs` with the name of a Secret";
        refuse(tls.span, "a listener that terminates TLS needs a certificate", help)
    })
}

fn is_ip(address: &Node) -> bool {
    text(address, "type") == Some("IPAddress")
}

fn is_hostname(address: &Node) -> bool {
    text(address, "type") == Some("Hostname")
}

/// An address of type IPAddress is one.
pub fn ip_is_valid(address: &Node) -> Option<Refusal> {
    let value = present(address, "value").filter(|_| is_ip(address))?;
    let written = value.as_str().filter(|written| written.parse::<IpAddr>().is_err())?;
    let message = format!("{} is not an IP address", in_backticks(written));
    let is_name = |text: &str| text.split('.').next_back().is_some_and(|it| it.contains(|it: char| it.is_alphabetic()));
    let help = if form::is_subdomain(written) && is_name(written) {
        "write `type: Hostname` beside it, or an IP address"
    } else {
        "write an IPv4 or IPv6 address, without a port and a prefix length"
    };
    Some(refuse(value.span, message, help))
}

/// An address of type Hostname is one.
pub fn hostname_is_valid(address: &Node) -> Option<Refusal> {
    let value = present(address, "value").filter(|_| is_hostname(address))?;
    let written = value.as_str().filter(|written| !form::is_hostname(written))?;
    Some(refuse(value.span, format!("{} is not a valid host", in_backticks(written)), form::HOSTNAME.help))
}

pub fn ip_addresses_differ(addresses: &Node) -> Option<Refusal> {
    addresses_differ(addresses, is_ip)
}

pub fn hostnames_differ(addresses: &Node) -> Option<Refusal> {
    addresses_differ(addresses, is_hostname)
}

fn addresses_differ(addresses: &Node, is_of_type: fn(&Node) -> bool) -> Option<Refusal> {
    let of_type: Vec<&Node> = addresses.items().iter().filter(|address| is_of_type(address)).collect();
    let (earlier, later) = first_pair(of_type, |it| text(it, "value"))?;
    let message = format!("address {} is requested twice", in_backticks(text(later, "value")?));
    Some(refuse(later.span, message, "remove one of them").beside(earlier.span, "the earlier address"))
}

/// Ports have one TLS configuration. The list also has the port as its key.
pub fn ports_differ(settings: &Node) -> Option<Refusal> {
    let items = settings.items();
    let port = |it: &Node| present(it, "port").map(|port| port.value.clone());
    let (index, later) = items
        .iter()
        .enumerate()
        .find(|(index, later)| items[..*index].iter().any(|earlier| port(earlier) == port(later)))?;
    let earlier = items[..index].iter().find(|earlier| port(earlier) == port(later))?;
    let refusal = refuse(later.span, "an earlier item has the same port", "give each item another `port`");
    Some(refusal.beside(earlier.span, "the earlier item"))
}

/// The first two items with the same key.
fn first_pair<'n>(
    items: impl IntoIterator<Item = &'n Node>,
    key: impl Fn(&'n Node) -> Option<&'n str>,
) -> Option<(&'n Node, &'n Node)> {
    let mut seen: Vec<(&str, &Node)> = Vec::new();
    for item in items {
        let Some(key) = key(item) else { continue };
        if let Some((_, earlier)) = seen.iter().find(|(other, _)| *other == key) {
            return Some((earlier, item));
        }
        seen.push((key, item));
    }
    None
}

/// The keys of labels and annotations have the form `prefix/name`.
pub fn keys_are_valid(map: &Node) -> Option<Refusal> {
    let (span, key) = first_key(map, |key| !form::is_tag_key(key))?;
    let help = "use an optional DNS name with a slash, and a name of at most 63 letters, digits, `-`, `_` and `.`";
    Some(refuse(span, format!("{} is not a valid key", in_backticks(key)), help))
}

/// The prefixes of keys are shorter than 253 characters.
pub fn prefixes_are_short(map: &Node) -> Option<Refusal> {
    let is_long = |key: &str| key.split('/').next().is_some_and(|prefix| prefix.chars().count() >= 253);
    let (span, key) = first_key(map, is_long)?;
    Some(refuse(span, format!("the prefix of {} is too long", in_backticks(key)), "use at most 252 characters"))
}

fn first_key(map: &Node, is_wrong: impl Fn(&str) -> bool) -> Option<(Span, &str)> {
    map.entries().iter().map(|entry| (entry.key.span, &*entry.key.text)).find(|(_, key)| is_wrong(key))
}
