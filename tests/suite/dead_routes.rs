//! Routes that `lint` calls dead, in meshes made at random: no request of `simulate` takes them, and without them every
//! request is answered the same, and `diff` proves it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use mesh::config::Config;
use mesh::lint;
use mesh::load::Snapshot;
use mesh::proof::diff::Diff;
use mesh::simulate::{Request, Simulator};
use mesh::world::{Settings, World};
use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::{Value, json};

const PATHS: [&str; 7] = ["/", "/a", "/a/b", "/ab", "/b", "/b/c", "/c"];
const URIS: [&str; 9] = [
    "prefix: /",
    "prefix: /a",
    "prefix: /a/",
    "exact: /a",
    "exact: /a/b",
    "prefix: /b",
    "regex: '/.*'",
    "regex: '/[ab].*'",
    "regex: '.*'",
];
const CONDITIONS: [&str; 9] = [
    "method: {exact: GET}",
    "headers: {x: {exact: a}}",
    "headers: {x: {}}",
    "withoutHeaders: {x: {}}",
    "withoutHeaders: {x: {exact: a}}",
    "queryParams: {q: {exact: a}}",
    "port: 80",
    "gateways: [edge]",
    "authority: {prefix: shop}",
];

/// The matches of delegating routes. None of them conflicts with a match of the delegate, which istiod would drop.
const DELEGATING: [&str; 2] = ["method: {exact: GET}", "queryParams: {q: {exact: a}}"];

const GATEWAYS: &str = "apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  selector: {app: edge}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}
  - {port: {number: 8080, name: http-alt, protocol: HTTP}, hosts: [shop.example.com]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: inner, namespace: shop}
spec:
  selector: {app: inner}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ['shop/shop.example.com', '*.example.com']}
";

/// A route: its matches, and the status that it answers with. Without a status, it delegates.
#[derive(Debug, Clone)]
struct Route {
    matches: Vec<String>,
    status: Option<u32>,
}

/// A VirtualService. One without hosts is the delegate of the others.
#[derive(Debug, Clone)]
struct VirtualService {
    name: &'static str,
    /// The month in which it was created.
    month: Option<u8>,
    is_private: bool,
    hosts: Vec<&'static str>,
    gateways: Vec<&'static str>,
    routes: Vec<Route>,
}

fn one_match() -> impl Strategy<Value = String> {
    let uri = prop::option::weighted(0.8, select(&URIS[..]));
    let rest = prop_oneof![3 => Just(0..=0usize), 2 => Just(1..=1), 1 => Just(2..=2)]
        .prop_flat_map(|size| subsequence(&CONDITIONS[..], size));
    (uri, rest).prop_filter_map("a match has conditions", |(uri, rest)| {
        let is_twice =
            ["headers", "withoutHeaders"].iter().any(|name| rest.iter().filter(|it| it.starts_with(name)).count() > 1);
        let uri = uri.map(|uri| format!("uri: {{{uri}}}"));
        let all: Vec<String> = uri.into_iter().chain(rest.iter().map(|it| (*it).to_owned())).collect();
        (!all.is_empty() && !is_twice).then(|| all.join(", "))
    })
}

fn routes() -> impl Strategy<Value = Vec<Route>> {
    vec(vec(one_match(), 0..3).prop_map(|matches| Route { matches, status: Some(0) }), 1..4)
}

fn virtual_service(name: &'static str) -> impl Strategy<Value = VirtualService> {
    let hosts = btree_set(select(vec!["shop.example.com", "www.example.com"]), 1..3);
    let gateways = btree_set(select(vec!["edge", "edge", "inner", "mesh"]), 1..3);
    let delegating = prop::option::weighted(0.3, (any::<Index>(), vec(select(&DELEGATING[..]), 0..2)));
    let month = prop::option::weighted(0.8, 1..4u8);
    (month, prop::bool::weighted(0.1), hosts, gateways, routes(), delegating).prop_map(
        move |(month, is_private, hosts, gateways, mut routes, delegating)| {
            if let Some((at, matches)) = delegating {
                let matches = matches.into_iter().map(str::to_owned).collect();
                routes.insert(at.index(routes.len() + 1), Route { matches, status: None });
            }
            let (hosts, gateways) = (hosts.into_iter().collect(), gateways.into_iter().collect());
            VirtualService { name, month, is_private, hosts, gateways, routes }
        },
    )
}

/// Several VirtualServices, the last of which is a delegate.
fn mesh() -> impl Strategy<Value = Vec<VirtualService>> {
    let names = ["a", "b", "c"].map(virtual_service);
    (names, 1..4usize, routes()).prop_map(|(all, count, of_leaf)| {
        let mut all: Vec<VirtualService> = all.into_iter().take(count).collect();
        all.push(VirtualService {
            name: "leaf",
            month: None,
            is_private: false,
            hosts: Vec::new(),
            gateways: Vec::new(),
            routes: of_leaf,
        });
        let statuses = all.iter_mut().flat_map(|it| &mut it.routes).filter_map(|route| route.status.as_mut());
        statuses.zip(250..).for_each(|(status, number)| *status = number);
        all
    })
}

impl VirtualService {
    fn write(&self, text: &mut String) {
        let created = self.month.map_or(String::new(), |it| format!(", creationTimestamp: '2024-0{it}-01T00:00:00Z'"));
        let _ = write!(
            text,
            "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: {}, namespace: shop{created}}}\nspec:\n",
            self.name
        );
        if !self.hosts.is_empty() {
            let _ = write!(text, "  hosts: {:?}\n  gateways: {:?}\n", self.hosts, self.gateways);
        }
        if self.is_private {
            text.push_str("  exportTo: ['.']\n");
        }
        text.push_str("  http:\n");
        text.extend(self.routes.iter().map(Route::line));
    }
}

impl Route {
    fn line(&self) -> String {
        let matches: Vec<String> = self.matches.iter().map(|it| format!("{{{it}}}")).collect();
        let action = self
            .status
            .map_or("delegate: {name: leaf}".to_owned(), |status| format!("directResponse: {{status: {status}}}"));
        format!("  - {{match: [{}], {action}}}\n", matches.join(", "))
    }
}

fn text_of(mesh: &[VirtualService]) -> String {
    let mut text = GATEWAYS.to_owned();
    mesh.iter().for_each(|it| it.write(&mut text));
    text
}

fn request() -> impl Strategy<Value = Value> {
    let place = select(vec![
        json!({"gateway": "shop/edge", "port": 80}),
        json!({"gateway": "shop/edge", "port": 8080}),
        json!({"gateway": "shop/inner", "port": 80}),
        json!({"from": {"namespace": "shop"}}),
    ]);
    let host = select(vec!["shop.example.com", "shop.example.com:80", "Shop.example.com", "www.example.com"]);
    let header = select(vec![None, Some("a"), Some("b")]);
    (place, host, select(&PATHS[..]), select(vec!["", "?q=a", "?q=b"]), select(vec!["GET", "POST"]), header).prop_map(
        |(mut request, host, path, query, method, header)| {
            request["host"] = host.into();
            request["path"] = format!("{path}{query}").into();
            request["method"] = method.into();
            if let Some(value) = header {
                request["headers"] = json!({ "x": value });
            }
            request
        },
    )
}

/// For each request, the status of the answer.
fn answers(text: &str, requests: &[Value]) -> Vec<Option<u32>> {
    let snapshot = Snapshot::of_texts([("all.yaml", text)]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let simulator = Simulator::new(&world);
    let answer = |request: &Value| {
        let request: Request = serde_json::from_value(request.clone()).expect("the request is valid");
        simulator.simulate(&request).ok()?.status
    };
    requests.iter().map(answer).collect()
}

/// The dead routes and matches, by the numbers of the VirtualService, the route and the match.
fn dead(mesh: &[VirtualService], text: &str) -> BTreeSet<(usize, usize, Option<usize>)> {
    let snapshot = Snapshot::of_texts([("all.yaml", text)]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let is_about_dead = |rule: &str| ["unreachable-route", "shadowed-match"].contains(&rule);
    let mut found = BTreeSet::new();
    for diagnostic in lint::run(&world).diagnostics.into_iter().filter(|it| is_about_dead(it.rule.name)) {
        let subject = diagnostic.subject.expect("a route is in a resource");
        let at = mesh.iter().position(|it| it.name == subject.resource.name).expect("it is one of them");
        let (route, number) = match subject.field.split_once(".match[") {
            Some((route, number)) => (route.to_owned(), Some(number.trim_end_matches(']').parse().expect("a number"))),
            None => (subject.field, None),
        };
        let route = route.strip_prefix("spec.http[").and_then(|it| it.strip_suffix(']')).expect("it is a route");
        found.insert((at, route.parse().expect("a number"), number));
    }
    found
}

/// The classes of requests that two meshes treat differently, in words, and the reasons why there may be more.
fn differences(old: &str, new: &str) -> (Vec<String>, BTreeSet<String>) {
    let snapshots = [old, new].map(|text| Snapshot::of_texts([("all.yaml", text)]));
    let worlds = snapshots.each_ref().map(|it| World::new(it, Settings::new(&Config::default(), it)));
    let diff = Diff::of(&Simulator::new(&worlds[0]), &Simulator::new(&worlds[1]));
    (diff.changes.iter().map(|change| format!("{change:?}")).collect(), diff.incomplete)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn dead_routes_get_no_request_and_can_be_deleted(mesh in mesh(), requests in vec(request(), 60)) {
        let text = text_of(&mesh);
        let dead = dead(&mesh, &text);
        prop_assume!(!dead.is_empty());
        let before = answers(&text, &requests);
        for (at, route, _) in dead.iter().filter(|(_, _, number)| number.is_none()) {
            let status = mesh[*at].routes[*route].status;
            let taken = before.iter().position(|it| status.is_some() && *it == status);
            prop_assert!(taken.is_none(), "a dead route takes {}\n{text}{dead:?}", requests[taken.unwrap_or(0)]);
        }
        let mut without = mesh.clone();
        // The last ones first, so that the numbers stay true. A route without a number comes before its matches.
        for (at, route, number) in dead.iter().rev() {
            let routes = &mut without[*at].routes;
            match number {
                Some(number) => drop(routes[*route].matches.remove(*number)),
                None => drop(routes.remove(*route)),
            }
        }
        // A VirtualService without routes is another question: sidecars would use that of another one.
        prop_assume!(without.iter().all(|it| !it.routes.is_empty()));
        let trimmed = text_of(&without);
        let (changes, incomplete) = differences(&text, &trimmed);
        prop_assert_eq!((changes, incomplete), (Vec::new(), BTreeSet::new()), "{}\nwithout\n{:?}", text, dead);
        let after = answers(&trimmed, &requests);
        for ((request, before), after) in requests.iter().zip(before).zip(after) {
            prop_assert_eq!(before, after, "{}\n{}without\n{:?}", request, text, dead);
        }
    }
}
