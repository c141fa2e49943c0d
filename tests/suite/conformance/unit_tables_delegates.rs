//! Compares routes joined with their delegates with the tables of istiod.
//!
//! The test builds resources from the root route, the delegate and the expected routes of a row. The route table of the
//! sidecar must have the same clauses for the joined and for the expected routes.

use std::collections::BTreeMap;
use std::sync::Arc;

use mesh::load::Snapshot;
use mesh::model::networking::StringMatch;
use mesh::routing::{Clause, ClauseAction, CompiledRoute, HttpMatch, Proxy, Role, Table, outbound};
use mesh::source::Span;
use mesh::world::{Settings, World};
use serde_json::{Value, json};

use super::unit_tables::same;

/// The port on which hosts without a service have routes.
const PORT: u32 = 80;

/// The name of the last route of each host, so that the host exists even if all other routes are dropped.
const LAST: &str = "last";

pub fn merged_routes(row: &Value) -> Result<(), String> {
    let routes = |value: &Value| value.as_array().cloned().unwrap_or_default();
    compare(&row["root"], &routes(&row["delegate"]), &routes(&row["expected"]))
}

pub fn merged_matches(row: &Value) -> Result<(), String> {
    let route = |matches: &Value| json!({"match": matches, "route": [destination()]});
    let expected = if row["expected"].is_null() { Vec::new() } else { vec![route(&row["expected"])] };
    compare(&delegating(&row["root"]), &[route(&row["delegate"])], &expected)
}

pub fn conflict(row: &Value) -> Result<(), String> {
    let leaf = json!({"match": [row["leaf"]], "route": [destination()]});
    let virtual_services = pair(&delegating(&json!([row["root"]])), &[leaf]);
    with_clauses(&virtual_services, |tables| {
        let is_dropped = tables.routes("merged.example").is_empty();
        same(is_dropped.into(), row["expected"].clone())
    })
}

pub fn destination() -> Value {
    json!({"destination": {"host": "server.example"}})
}

pub fn virtual_service(name: &str, hosts: &[&str], routes: &[Value]) -> Value {
    json!({
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"hosts": hosts, "http": routes},
    })
}

fn delegating(matches: &Value) -> Value {
    json!({"match": matches, "delegate": {"name": "delegate"}})
}

fn last_route() -> Value {
    json!({"name": LAST, "route": [destination()]})
}

fn pair(root: &Value, delegate: &[Value]) -> [Value; 2] {
    let root = virtual_service("root", &["merged.example"], &[root.clone(), last_route()]);
    [root, virtual_service("delegate", &[], delegate)]
}

fn compare(root: &Value, delegate: &[Value], expected: &[Value]) -> Result<(), String> {
    let expected: Vec<Value> = expected.iter().cloned().chain([last_route()]).collect();
    let mut virtual_services = pair(root, delegate).to_vec();
    virtual_services.push(virtual_service("expected", &["expected.example"], &expected));
    with_clauses(&virtual_services, |tables| {
        let theirs = tables.routes("expected.example");
        same(theirs.len() + 1, expected.len())?;
        same(tables.routes("merged.example"), theirs)
    })
}

/// The route table of a client.
pub struct Tables<'t, 'a> {
    snapshot: &'a Snapshot,
    proxy: &'t Proxy<'a>,
    table: &'t Table<'a>,
}

/// Compiles VirtualServices for a client that has the labels of the rows, and calls `check` with its route table.
pub fn with_clauses<T>(
    virtual_services: &[Value],
    check: impl FnOnce(&Tables<'_, '_>) -> Result<T, String>,
) -> Result<T, String> {
    let texts: Vec<String> = virtual_services.iter().map(|it| as_json(it.clone()).to_string()).collect();
    let snapshot = Snapshot::of_texts(texts.iter().map(|text| ("virtual-service.yaml", text.as_str())));
    let world = World::new(&snapshot, Settings::default());
    let labels = [("app", "test"), ("version", "v1")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    let proxy = Proxy::sidecar(&world, "default", &BTreeMap::from(labels));
    let Role::Sidecar(scope) = &proxy.role else { return Err("the proxy is not a sidecar".to_owned()) };
    let port = outbound::OutboundPort::new(&proxy, scope, PORT);
    let table = super::shared_table(&port).ok_or("the port has no route table")?;
    check(&Tables { snapshot: &snapshot, proxy: &proxy, table })
}

/// Converts durations: the rows have them in Go's form.
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

    /// The routes of a host as text, each with its clauses.
    fn routes(&self, host: &str) -> Vec<Vec<String>> {
        let mut described: Vec<Vec<String>> = Vec::new();
        let mut last: Option<&Arc<CompiledRoute<'_>>> = None;
        for clause in self.clauses(host) {
            let ClauseAction::Route(route) = &clause.action else { continue };
            if route.name == LAST {
                continue;
            }
            if !last.is_some_and(|last| Arc::ptr_eq(last, route)) {
                described.push(self.route(route));
                last = Some(route);
            }
            described.last_mut().unwrap().push(self.clause(clause));
        }
        described
    }

    /// A clause as text: its conditions, whose order does not matter, and its clusters.
    fn clause(&self, clause: &Clause<'a>) -> String {
        let conditions = clause.conditions.iter();
        let mut conditions: Vec<_> = conditions.map(|it| format!("{:?} is {}", it.subject, it.wanted())).collect();
        conditions.sort_unstable();
        let clusters: Vec<String> =
            clause.clusters(self.proxy).iter().map(|it| format!("{}×{}", it.weight, it.cluster.name())).collect();
        format!("{conditions:?} {:?} → {clusters:?}", clause.exclusion)
    }

    /// The fields of a route, as written.
    fn route(&self, route: &CompiledRoute<'_>) -> Vec<String> {
        let mirrors = route.mirrors.iter().map(|mirror| mirror.span);
        let fields: [(&str, Vec<Span>); 12] = [
            ("route", route.route.iter().map(|it| it.span).collect()),
            ("redirect", route.redirect.iter().map(|it| it.span).collect()),
            ("directResponse", route.direct_response.iter().map(|it| it.span).collect()),
            ("rewrite", route.rewrite.iter().map(|it| it.span).collect()),
            ("timeout", route.timeout.iter().map(|it| it.span).collect()),
            ("retries", route.retries.iter().map(|it| it.span).collect()),
            ("fault", route.fault.iter().map(|it| it.span).collect()),
            ("mirror", route.mirror.iter().map(|it| it.span).collect()),
            ("mirrorPercentage", route.mirror_percentage.iter().map(|it| it.span).collect()),
            ("mirrors", mirrors.collect()),
            ("corsPolicy", route.cors_policy.iter().map(|it| it.span).collect()),
            ("headers", route.headers.iter().map(|it| it.span).collect()),
        ];
        let written = fields.into_iter().filter(|(_, spans)| !spans.is_empty()).map(|(name, spans)| {
            let texts: Vec<&str> = spans.into_iter().map(|span| self.text(span)).collect();
            format!("{name}: {}", texts.join(" "))
        });
        let matches = route.matches.iter().map(|route_match| self.route_match(route_match));
        [format!("name: {}", route.name)].into_iter().chain(written).chain(matches).collect()
    }

    fn route_match(&self, route_match: &HttpMatch<'_>) -> String {
        let text = |written: Option<&StringMatch>| written.map(|written| self.text(written.span));
        let named = |list: &[(&str, &StringMatch)]| -> BTreeMap<String, &str> {
            list.iter().map(|(name, written)| ((*name).to_owned(), self.text(written.span))).collect()
        };
        format!(
            "match: {:?} {:?} {:?} {:?} {:?}",
            (
                text(route_match.uri),
                route_match.ignore_uri_case,
                text(route_match.scheme),
                text(route_match.method),
                text(route_match.authority)
            ),
            (named(&route_match.headers), named(&route_match.without_headers), named(&route_match.query_params)),
            (&route_match.name, route_match.port.map(|port| port.value)),
            (&route_match.source_labels, route_match.source_namespace),
            &route_match.gateways,
        )
    }

    fn text(&self, span: Span) -> &str {
        self.snapshot.sources.text(span)
    }
}
