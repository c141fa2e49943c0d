//! Schemas of TLSRoute, TCPRoute and UDPRoute.

use std::net::IpAddr;

use super::reference::{
    BACKEND_PORT, CORE_GROUP, DEFAULT_GATEWAYS, HOSTNAME, OTHER_NAMESPACE, PARENTS, REQUIRED_NAME, SECTION,
    SERVICE_KIND, SERVICES_HAVE_PORTS, SHARE,
};
use crate::model::crd::structural::{
    CelRule, Channel, ListSchema, ObjectSchema, Refusal, ValueSchema, form, list, object, optional, refuse, required,
};
use crate::yaml::Node;

pub static TCP_ROUTE: ObjectSchema =
    object(&[PARENTS, DEFAULT_GATEWAYS, required("rules", ValueSchema::List(&ONE_RULE))]);
pub static OLDER_TCP_ROUTE: ObjectSchema =
    object(&[PARENTS, DEFAULT_GATEWAYS, required("rules", ValueSchema::List(&RULES))]);
pub static TLS_ROUTE: ObjectSchema = object(&[
    PARENTS,
    DEFAULT_GATEWAYS,
    required("hostnames", ValueSchema::List(&SERVER_NAMES)),
    required("rules", ValueSchema::List(&ONE_RULE)),
]);
pub static OLDER_TLS_ROUTE: ObjectSchema = object(&[
    PARENTS,
    DEFAULT_GATEWAYS,
    optional("hostnames", ValueSchema::List(&OLDER_SERVER_NAMES)),
    required("rules", ValueSchema::List(&RULES)),
]);

static ONE_RULE: ListSchema = list(ValueSchema::Object(&RULE), 1, 1);
static RULES: ListSchema = ListSchema {
    rules: &[CelRule::InChannel(Channel::Experimental, names_differ)],
    ..list(ValueSchema::Object(&RULE), 1, 16)
};
static RULE: ObjectSchema = object(&[optional("name", SECTION), required("backendRefs", ValueSchema::List(&BACKENDS))]);
static BACKENDS: ListSchema = list(ValueSchema::Object(&BACKEND), 1, 16);
static BACKEND: ObjectSchema = ObjectSchema {
    fields: &[CORE_GROUP, SERVICE_KIND, REQUIRED_NAME, OTHER_NAMESPACE, BACKEND_PORT, SHARE],
    rules: &[SERVICES_HAVE_PORTS],
};

static SERVER_NAMES: ListSchema = ListSchema {
    rules: &[CelRule::Check(no_addresses), CelRule::FirstOf(&[dns_names, wildcards_lead])],
    ..list(HOSTNAME, 1, 1024)
};
static OLDER_SERVER_NAMES: ListSchema = list(HOSTNAME, 0, 1024);

fn no_addresses(names: &Node) -> Option<Refusal> {
    let is_address = |name: &&Node| name.as_str().is_some_and(|name| name.parse::<IpAddr>().is_ok());
    let address = names.items().iter().find(is_address)?;
    let message = "the host is an IP address, which clients never send as SNI";
    Some(refuse(address.span, message, "write a DNS name, or use a TCPRoute to route connections to an address"))
}

fn dns_names(names: &Node) -> Option<Refusal> {
    let is_invalid = |name: &&Node| name.as_str().is_some_and(|name| !name.contains('*') && !form::is_subdomain(name));
    not_a_host(names.items().iter().find(is_invalid)?)
}

fn wildcards_lead(names: &Node) -> Option<Refusal> {
    let is_invalid = |name: &&Node| name.as_str().is_some_and(|name| name.contains('*') && !form::is_hostname(name));
    not_a_host(names.items().iter().find(is_invalid)?)
}

fn not_a_host(name: &Node) -> Option<Refusal> {
    let message = format!("`{}` is not a valid host", name.as_str()?);
    Some(refuse(name.span, message, form::HOSTNAME.help))
}

/// The names of rules are different (experimental channel only).
pub fn names_differ(rules: &Node) -> Option<Refusal> {
    let names: Vec<&Node> = rules.items().iter().filter_map(|rule| rule.get("name")).collect();
    names.iter().enumerate().find_map(|(index, later)| {
        let earlier = names[..index].iter().find(|earlier| earlier.value == later.value)?;
        let message = format!("an earlier rule has the same name, `{}`", later.as_str()?);
        Some(refuse(later.span, message, "give each rule another `name`").beside(earlier.span, "the earlier rule"))
    })
}
