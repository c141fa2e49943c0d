//! Properties of differences, on random meshes.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Change, ChangeKind, Diff};
use crate::load::Snapshot;
use crate::simulate::{HeaderValue, Request, Simulator, answer_differences};
use crate::source::Span;
use crate::world::{Settings, World};

/// A Service with two subsets, a Gateway, and workloads.
const SURROUNDINGS: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-v1, namespace: shop, labels: {app: web, version: v1}}
---
apiVersion: v1
kind: Pod
metadata: {name: web-v2, namespace: shop, labels: {app: web, version: v2}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec: {host: web, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: ['*.example.com', web.shop.svc.cluster.local]}
---
";

const MATCHES: [&str; 16] = [
    "uri: {prefix: /a}",
    "uri: {prefix: /a/b}",
    "uri: {exact: /a}",
    "uri: {exact: /a/b}",
    "uri: {regex: '/[ab]/.*'}",
    "uri: {prefix: /}",
    "uri: {prefix: /A}, ignoreUriCase: true",
    "headers: {x: {exact: a}}",
    "headers: {x: {prefix: a}}",
    "headers: {x: {regex: '.*b.*'}}",
    "withoutHeaders: {x: {}}",
    "method: {exact: POST}",
    "queryParams: {q: {exact: '1'}}",
    "authority: {prefix: api}",
    "uri: {prefix: /a}, headers: {x: {exact: a}}",
    "uri: {prefix: /b}, method: {exact: GET}, gateways: [mesh]",
];

const ACTIONS: [&str; 9] = [
    "route: [{destination: {host: web, subset: v1}}]",
    "route: [{destination: {host: web, subset: v2}}]",
    "route: [{destination: {host: web, subset: v1}, weight: 90}, {destination: {host: web, subset: v2}, weight: 10}]",
    "route: [{destination: {host: web, subset: gone}}]",
    "route: [{destination: {host: web}}], timeout: 3s",
    "route: [{destination: {host: web}}], rewrite: {uri: /b}",
    "route: [{destination: {host: web}}], headers: {response: {set: {y: '1'}}}",
    "redirect: {uri: /b}",
    "directResponse: {status: 503}",
];

/// Two VirtualServices with some rules each.
fn manifests() -> impl Strategy<Value = String> {
    let route = (vec(select(&MATCHES[..]), 0..3), select(&ACTIONS[..])).prop_map(|(matches, action)| {
        let matches: Vec<String> = matches.iter().map(|it| format!("{{{it}}}")).collect();
        let matches = if matches.is_empty() { String::new() } else { format!("match: [{}], ", matches.join(", ")) };
        format!("  - {{{matches}{action}}}\n")
    });
    let routes = || vec(route.clone(), 1..5);
    let hosts = || select(vec!["[web]", "['*.example.com']", "[api.example.com, web]", "[api.example.com]"]);
    let gateways = || select(vec!["[public]", "[mesh]", "[mesh, public]"]);
    vec((routes(), hosts(), gateways()), 1..3).prop_map(|all| {
        let mut text = SURROUNDINGS.to_owned();
        for (number, (routes, hosts, gateways)) in all.iter().enumerate() {
            text += &format!(
                "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{name: v{number}, namespace: shop}}\n\
                 spec:\n  hosts: {hosts}\n  gateways: {gateways}\n  http:\n{}---\n",
                routes.concat()
            );
        }
        text
    })
}

fn request() -> impl Strategy<Value = Request> {
    let host = select(vec!["web.shop", "web.shop.svc.cluster.local", "api.example.com", "b.example.com", "other.com"]);
    let path = select(vec!["/", "/a", "/a/b", "/a/bc", "/ab", "/A", "/b/c", "/b", "/a?q=1", "/c?q=2&q=1"]);
    let header = select(vec![None, Some("a"), Some("ab"), Some("b"), Some("")]);
    (host, path, select(vec!["GET", "POST"]), header, any::<bool>()).prop_map(
        |(host, path, method, header, at_gateway)| {
            let headers = header.map(|value| ("x".to_owned(), HeaderValue::One(value.to_owned())));
            Request {
                gateway: at_gateway.then(|| crate::simulate::GatewayRef::Name("shop/public".to_owned())),
                host: Some(host.to_owned()),
                port: Some(80),
                path: Some(path.to_owned()),
                method: Some(method.to_owned()),
                headers: headers.into_iter().collect(),
                ..Request::default()
            }
        },
    )
}

/// Compares two sets of manifests, whether they are equal or not.
fn compared<T>(old: &str, new: &str, then: impl FnOnce(&Diff, &Simulator<'_>, &Simulator<'_>) -> T) -> T {
    let snapshots = [old, new].map(|text| Snapshot::of_texts([("a.yaml", text.to_owned())]));
    let worlds = snapshots.each_ref().map(|snapshot| World::new(snapshot, Settings::default()));
    let (before, after) = (Simulator::new(&worlds[0]), Simulator::new(&worlds[1]));
    then(&Diff::by_rules(&before, &after), &before, &after)
}

/// The kinds and places of changes, as they are or mirrored.
fn outline(diff: &Diff, is_mirrored: bool) -> BTreeSet<(ChangeKind, Option<Span>, Option<Span>, String)> {
    let place = |answer: &crate::simulate::Answer| answer.route.as_ref().map(|route| route.span);
    let outline = |change: &Change| {
        let places = (place(&change.before), place(&change.after));
        let mirrored = match change.kind {
            ChangeKind::NowReachable => ChangeKind::NowUnreachable,
            ChangeKind::NowUnreachable => ChangeKind::NowReachable,
            other => other,
        };
        let (kind, old, new) = match is_mirrored {
            true => (mirrored, places.1, places.0),
            false => (change.kind, places.0, places.1),
        };
        change.hosts.iter().map(move |host| (kind, old, new, host.clone())).collect::<Vec<_>>()
    };
    diff.changes.iter().flat_map(outline).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Nothing differs from itself, and that is proven.
    #[test]
    fn a_mesh_equals_itself(text in manifests()) {
        compared(&text, &text, |diff, _, _| {
            prop_assert!(diff.is_proof_of_equivalence(), "{diff:#?}");
            Ok(())
        })?;
    }

    /// A request that two meshes treat differently is in one of the classes, and each witness shows what is claimed.
    #[test]
    fn every_difference_is_found(old in manifests(), new in manifests(), requests in vec(request(), 30)) {
        compared(&old, &new, |diff, before, after| {
            for change in &diff.changes {
                prop_assert_eq!(&before.simulate(&change.witness).unwrap(), &change.before);
                prop_assert_eq!(&after.simulate(&change.witness).unwrap(), &change.after);
            }
            for request in &requests {
                let (Ok(one), Ok(other)) = (before.simulate(request), after.simulate(request)) else { continue };
                let aspects = answer_differences(&one, &other);
                let place = |answer: &crate::simulate::Answer| answer.route.as_ref().map(|route| route.span);
                let has_places = |change: &&Change| {
                    (place(&change.before), place(&change.after)) == (place(&one), place(&other))
                };
                let is_found = diff.changes.iter().find(has_places).is_some();
                prop_assert!(aspects.is_empty() || is_found || !diff.incomplete.is_empty(), "{request:?} {one:?} {other:?}");
            }
            Ok(())
        })?;
    }

    /// The difference in the other direction is the same, mirrored.
    #[test]
    fn differences_can_be_mirrored(old in manifests(), new in manifests()) {
        let there = compared(&old, &new, |diff, _, _| outline(diff, false));
        let back = compared(&new, &old, |diff, _, _| outline(diff, true));
        prop_assert_eq!(there, back);
    }

    /// Other names and another order of resources change nothing.
    #[test]
    fn names_do_not_matter(text in manifests()) {
        let renamed = text.replace("{name: v0,", "{name: v00,").replace("{name: public,", "{name: public, labels: {a: b},");
        compared(&text, &renamed, |diff, _, _| {
            prop_assert!(diff.is_proof_of_equivalence(), "{diff:#?}");
            Ok(())
        })?;
    }
}
