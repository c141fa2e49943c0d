//! References: to parents, backends and other objects, and the names in them.

use crate::model::crd::schema::{present, text};
use crate::model::crd::structural::form;
use crate::model::crd::structural::{
    CelRule, Channel, DefaultValue, FieldSchema, ListSchema, ObjectSchema, Refusal, TextForm, ValueSchema, defaulted,
    list, object, optional, refuse, required,
};
use crate::model::gateway_api;
use crate::yaml::Node;

pub const GROUP: ValueSchema = ValueSchema::Text(0, 253, TextForm::Pattern(&form::GROUP));
pub const KIND: ValueSchema = ValueSchema::Text(1, 63, TextForm::Pattern(&form::KIND));
pub const NAME: ValueSchema = ValueSchema::Text(1, 253, TextForm::Any);
pub const NAMESPACE: ValueSchema = ValueSchema::Text(1, 63, TextForm::Pattern(&form::NAMESPACE));
pub const SECTION: ValueSchema = ValueSchema::Text(1, 253, TextForm::Pattern(&form::SUBDOMAIN));
pub const HOSTNAME: ValueSchema = ValueSchema::Text(1, 253, TextForm::Pattern(&form::HOSTNAME));
pub const PRECISE_HOSTNAME: ValueSchema = ValueSchema::Text(1, 253, TextForm::Pattern(&form::PRECISE_HOSTNAME));
pub const PORT: ValueSchema = ValueSchema::Number(1, 65535);
pub const DURATION: ValueSchema = ValueSchema::Text(0, usize::MAX, TextForm::Pattern(&form::DURATION));
pub const ANY_TEXT: ValueSchema = ValueSchema::Text(0, usize::MAX, TextForm::Any);

pub const NAMED_GROUP: FieldSchema = required("group", GROUP);
pub const NAMED_KIND: FieldSchema = required("kind", KIND);
pub const REQUIRED_NAME: FieldSchema = required("name", NAME);
pub const OTHER_NAMESPACE: FieldSchema = optional("namespace", NAMESPACE);
pub const CORE_GROUP: FieldSchema = defaulted("group", DefaultValue::Text(""), GROUP);
pub const OWN_GROUP: FieldSchema = defaulted("group", DefaultValue::Text(gateway_api::GROUP), GROUP);
pub const GATEWAY_KIND: FieldSchema = defaulted("kind", DefaultValue::Text("Gateway"), KIND);
pub const SERVICE_KIND: FieldSchema = defaulted("kind", DefaultValue::Text("Service"), KIND);

/// The port of a backend.
pub const BACKEND_PORT: FieldSchema = optional("port", PORT);
/// The weight of a backend, which decides on its share of the requests.
pub const SHARE: FieldSchema = defaulted("weight", DefaultValue::Number(1), ValueSchema::Number(0, 1_000_000));

/// An object of the same namespace.
pub static LOCAL_OBJECT: ObjectSchema = object(&[NAMED_GROUP, NAMED_KIND, REQUIRED_NAME]);
/// An object of any namespace.
pub static ANY_OBJECT: ObjectSchema = object(&[NAMED_GROUP, NAMED_KIND, REQUIRED_NAME, OTHER_NAMESPACE]);
/// A Secret, or another object with a certificate.
pub static CERTIFICATE: ObjectSchema =
    object(&[CORE_GROUP, defaulted("kind", DefaultValue::Text("Secret"), KIND), REQUIRED_NAME, OTHER_NAMESPACE]);
/// A backend without a share of the requests.
pub static BACKEND: ObjectSchema = ObjectSchema {
    fields: &[CORE_GROUP, SERVICE_KIND, REQUIRED_NAME, OTHER_NAMESPACE, BACKEND_PORT],
    rules: &[CelRule::Check(services_have_ports)],
};
/// The rule of every backend.
pub const SERVICES_HAVE_PORTS: CelRule = CelRule::Check(services_have_ports);

fn services_have_ports(backend: &Node) -> Option<Refusal> {
    let is_service = text(backend, "group") == Some("") && text(backend, "kind") == Some("Service");
    (is_service && present(backend, "port").is_none()).then(|| {
        let place = present(backend, "name").unwrap_or(backend);
        refuse(place.span, "`port` is missing: a Service needs one", "add `port`, with a port of the Service")
    })
}

/// The parents of a route.
pub const PARENTS: FieldSchema = optional("parentRefs", ValueSchema::List(&PARENT_LIST));
/// Whether the route also attaches to the default Gateways.
pub const DEFAULT_GATEWAYS: FieldSchema = FieldSchema {
    is_experimental: true,
    ..optional("useDefaultGateways", ValueSchema::Text(0, usize::MAX, TextForm::Words(&["All", "None"])))
};
static PARENT_LIST: ListSchema = ListSchema {
    rules: &[
        CelRule::InChannel(Channel::Standard, standard_sections),
        CelRule::InChannel(Channel::Standard, standard_repetition),
        CelRule::InChannel(Channel::Experimental, experimental_sections),
        CelRule::InChannel(Channel::Experimental, experimental_repetition),
    ],
    ..list(ValueSchema::Object(&PARENT), 0, 32)
};
static PARENT: ObjectSchema = object(&[
    OWN_GROUP,
    GATEWAY_KIND,
    OTHER_NAMESPACE,
    REQUIRED_NAME,
    optional("sectionName", SECTION),
    optional("port", PORT),
]);
/// The hostnames of a route for HTTP.
pub const HOSTNAMES: FieldSchema = optional("hostnames", ValueSchema::List(&HOSTNAME_LIST));
static HOSTNAME_LIST: ListSchema = list(HOSTNAME, 0, 16);

/// The first pair of references to the same object for which a test holds.
pub fn pair<'n>(
    references: &'n Node,
    fields: &[&str],
    test: impl Fn(&Node, &Node) -> bool,
) -> Option<(&'n Node, &'n Node)> {
    let items = references.items();
    let is_same = |a: &Node, b: &Node| fields.iter().all(|field| text(a, field) == text(b, field));
    items.iter().enumerate().find_map(|(index, later)| {
        let earlier = items[..index].iter().find(|earlier| is_same(earlier, later) && test(earlier, later))?;
        Some((earlier, later))
    })
}

const OBJECT: [&str; 4] = ["group", "kind", "name", "namespace"];

fn differ_in_presence(a: &Node, b: &Node, field: &str) -> bool {
    present(a, field).is_some() != present(b, field).is_some()
}

fn same(a: &Node, b: &Node, field: &str) -> bool {
    present(a, field).map(|node| &node.value) == present(b, field).map(|node| &node.value)
}

/// The name of a referenced object: `` Gateway `public` ``.
pub fn object_name(reference: &Node) -> String {
    format!("{} `{}`", text(reference, "kind").unwrap_or_default(), text(reference, "name").unwrap_or_default())
}

/// The refusal of two references to one object, of which only one names a part.
pub fn partly_named((earlier, later): (&Node, &Node), part: &str) -> Refusal {
    let message = format!("of several references to {}, either all or none have `{part}`", object_name(later));
    let label = if present(later, part).is_some() { "the reference without it" } else { "the reference with it" };
    refuse(later.span, message, format!("add `{part}` to each of them, or keep only the one without it"))
        .beside(earlier.span, label)
}

/// The refusal of a reference that repeats an earlier one.
pub fn repeated((earlier, later): (&Node, &Node), part: &str) -> Refusal {
    let message = format!("the reference to {} repeats an earlier one", object_name(later));
    refuse(later.span, message, format!("remove it, or give each reference another `{part}`"))
        .beside(earlier.span, "the earlier reference")
}

fn standard_sections(parents: &Node) -> Option<Refusal> {
    let pair = pair(parents, &OBJECT, |a, b| differ_in_presence(a, b, "sectionName"))?;
    Some(partly_named(pair, "sectionName"))
}

fn standard_repetition(parents: &Node) -> Option<Refusal> {
    let (earlier, later) = pair(parents, &OBJECT, |a, b| same(a, b, "sectionName"))?;
    if same(earlier, later, "port") {
        return Some(repeated((earlier, later), "sectionName"));
    }
    let message = format!(
        "the references to {} differ only in `port`, which the standard channel of the Gateway API rejects",
        object_name(later)
    );
    Some(refuse(later.span, message, "tell them apart by `sectionName`, the name of a listener"))
}

fn experimental_sections(parents: &Node) -> Option<Refusal> {
    let by = |part: &'static str| {
        let pair = pair(parents, &OBJECT, |a, b| differ_in_presence(a, b, part))?;
        Some(partly_named(pair, part))
    };
    by("sectionName").or_else(|| by("port"))
}

fn experimental_repetition(parents: &Node) -> Option<Refusal> {
    let is_repeated = |a: &Node, b: &Node| same(a, b, "sectionName") && same(a, b, "port");
    Some(repeated(pair(parents, &OBJECT, is_repeated)?, "sectionName"))
}
