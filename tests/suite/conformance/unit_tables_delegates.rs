//! What comes of a rule and its delegate, against the tables of istiod.
//!
//! The rule and the delegate of a row are resources here, and so is what the row expects: the sidecar's table has to
//! have the same clauses for both.

use std::collections::BTreeMap;
use std::sync::Arc;

use mesh::load::Snapshot;
use mesh::model::networking::StringMatch;
use mesh::routing::{Clause, ClauseAction, CompiledRoute, HttpMatch, Proxy, Role, Table, outbound};
use mesh::source::Span;
use mesh::world::{Settings, World};
use serde_json::{Value, json};

use super::unit_tables::same;

/// The port on which hosts that are no services have routes.
const PORT: u32 = 80;

/// The rule behind all others. It is there for a host to have a route, whatever becomes of the others.
const REST: &str = "rest";

pub fn merged_routes(row: &Value) -> Result<(), String> {
    let rules = |value: &Value| value.as_array().cloned().unwrap_or_default();
    compare(&row["root"], &rules(&row["delegate"]), &rules(&row["expected"]))
}

pub fn merged_matches(row: &Value) -> Result<(), String> {
    let rule = |matches: &Value| json!({"match": matches, "route": [destination()]});
    let expected = if row["expected"].is_null() { Vec::new() } else { vec![rule(&row["expected"])] };
    compare(&delegating(&row["root"]), &[rule(&row["delegate"])], &expected)
}

pub fn conflict(row: &Value) -> Result<(), String> {
    let leaf = json!({"match": [row["leaf"]], "route": [destination()]});
    let services = pair(&delegating(&json!([row["root"]])), &[leaf]);
    with_clauses(&services, |tables| {
        let is_dropped = tables.rules("merged.example").is_empty();
        same(is_dropped.into(), row["expected"].clone())
    })
}

pub fn destination() -> Value {
    json!({"destination": {"host": "server.example"}})
}

pub fn virtual_service(name: &str, hosts: &[&str], rules: &[Value]) -> Value {
    json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"hosts": hosts, "http": rules},
    })
}

fn delegating(matches: &Value) -> Value {
    json!({"match": matches, "delegate": {"name": "delegate"}})
}

fn rest() -> Value {
    json!({"name": REST, "route": [destination()]})
}

fn pair(root: &Value, delegate: &[Value]) -> [Value; 2] {
    let root = virtual_service("root", &["merged.example"], &[root.clone(), rest()]);
    [root, virtual_service("delegate", &[], delegate)]
}

fn compare(root: &Value, delegate: &[Value], expected: &[Value]) -> Result<(), String> {
    let expected: Vec<Value> = expected.iter().cloned().chain([rest()]).collect();
    let mut services = pair(root, delegate).to_vec();
    services.push(virtual_service("expected", &["expected.example"], &expected));
    with_clauses(&services, |tables| {
        let theirs = tables.rules("expected.example");
        same(theirs.len() + 1, expected.len())?;
        same(tables.rules("merged.example"), theirs)
    })
}

/// The route table of a client.
pub struct Tables<'t, 'a> {
    snapshot: &'a Snapshot,
    proxy: &'t Proxy<'a>,
    table: &'t Table<'a>,
}

/// Asks for clauses of VirtualServices. The client has the labels that rows ask for.
pub fn with_clauses<T>(
    services: &[Value],
    ask: impl FnOnce(&Tables<'_, '_>) -> Result<T, String>,
) -> Result<T, String> {
    let texts: Vec<String> = services.iter().map(|service| as_json(service.clone()).to_string()).collect();
    let snapshot = Snapshot::of_texts(texts.iter().map(|text| ("service.yaml", text.as_str())));
    let world = World::new(&snapshot, Settings::default());
    let labels = [("app", "test"), ("version", "v1")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    let proxy = Proxy::sidecar(&world, "default", &BTreeMap::from(labels));
    let Role::Sidecar(scope) = &proxy.role else { return Err("no sidecar".to_owned()) };
    let port = outbound::OutboundPort::new(&proxy, scope, PORT);
    let table = super::shared_table(&port).ok_or("no table")?;
    ask(&Tables { snapshot: &snapshot, proxy: &proxy, table })
}

/// The rows have durations as Go has them.
fn as_json(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                *field = match (name.as_str(), field["seconds"].as_u64()) {
                    ("timeout", Some(seconds)) => format!("{seconds}s").into(),
                    _ => as_json(field.take()),
                };
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = as_json(item.take())),
        _ => {}
    }
    value
}

impl<'a> Tables<'_, 'a> {
    /// The clauses for a host.
    pub fn clauses(&self, host: &str) -> &[Clause<'a>] {
        let name = format!("{host}:{PORT}");
        let found = self.table.virtual_hosts().iter().find(|host| host.name == name);
        found.map(|host| host.clauses.as_slice()).unwrap_or_default()
    }

    /// The rules for a host in words: each with its clauses.
    fn rules(&self, host: &str) -> Vec<Vec<String>> {
        let mut described: Vec<Vec<String>> = Vec::new();
        let mut last: Option<&Arc<CompiledRoute<'_>>> = None;
        for clause in self.clauses(host) {
            let ClauseAction::Route(rule) = &clause.action else { continue };
            if rule.name == REST {
                continue;
            }
            if !last.is_some_and(|last| Arc::ptr_eq(last, rule)) {
                described.push(self.rule(rule));
                last = Some(rule);
            }
            described.last_mut().unwrap().push(self.clause(clause));
        }
        described
    }

    /// What a clause asks for and does. The order of its conditions means nothing.
    fn clause(&self, clause: &Clause<'a>) -> String {
        let conditions = clause.conditions.iter();
        let mut conditions: Vec<_> = conditions.map(|it| format!("{:?} is {}", it.subject, it.wanted())).collect();
        conditions.sort_unstable();
        let clusters: Vec<String> =
            clause.clusters(self.proxy).iter().map(|it| format!("{}×{}", it.weight, it.cluster.name())).collect();
        format!("{conditions:?} {:?} → {clusters:?}", clause.exclusion)
    }

    /// What a rule says, as it is written.
    fn rule(&self, rule: &CompiledRoute<'_>) -> Vec<String> {
        let mirrors = rule.mirrors.iter().map(|mirror| mirror.span);
        let fields: [(&str, Vec<Span>); 12] = [
            ("route", rule.route.iter().map(|route| route.span).collect()),
            ("redirect", rule.redirect.iter().map(|it| it.span).collect()),
            ("directResponse", rule.direct_response.iter().map(|it| it.span).collect()),
            ("rewrite", rule.rewrite.iter().map(|it| it.span).collect()),
            ("timeout", rule.timeout.iter().map(|it| it.span).collect()),
            ("retries", rule.retries.iter().map(|it| it.span).collect()),
            ("fault", rule.fault.iter().map(|it| it.span).collect()),
            ("mirror", rule.mirror.iter().map(|it| it.span).collect()),
            ("mirrorPercentage", rule.mirror_percentage.iter().map(|it| it.span).collect()),
            ("mirrors", mirrors.collect()),
            ("corsPolicy", rule.cors_policy.iter().map(|it| it.span).collect()),
            ("headers", rule.headers.iter().map(|it| it.span).collect()),
        ];
        let written = fields.into_iter().filter(|(_, spans)| !spans.is_empty()).map(|(name, spans)| {
            let texts: Vec<&str> = spans.into_iter().map(|span| self.text(span)).collect();
            format!("{name}: {}", texts.join(" "))
        });
        let matches = rule.matches.iter().map(|entry| self.entry(entry));
        [format!("name: {}", rule.name)].into_iter().chain(written).chain(matches).collect()
    }

    fn entry(&self, entry: &HttpMatch<'_>) -> String {
        let text = |written: Option<&StringMatch>| written.map(|written| self.text(written.span));
        let named = |list: &[(&str, &StringMatch)]| -> BTreeMap<String, &str> {
            list.iter().map(|(name, written)| ((*name).to_owned(), self.text(written.span))).collect()
        };
        format!(
            "match: {:?} {:?} {:?} {:?} {:?}",
            (text(entry.uri), entry.ignore_uri_case, text(entry.scheme), text(entry.method), text(entry.authority)),
            (named(&entry.headers), named(&entry.without_headers), named(&entry.query_params)),
            (&entry.name, entry.port.map(|port| port.value)),
            (&entry.source_labels, entry.source_namespace),
            &entry.gateways,
        )
    }

    fn text(&self, span: Span) -> &str {
        self.snapshot.sources.text(span)
    }
}
