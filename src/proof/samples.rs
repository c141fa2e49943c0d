//! Random meshes and requests for the tests of this module.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::simulate::{HeaderValue, Request};

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

/// A mesh with up to two VirtualServices, of some rules each.
pub fn manifests() -> impl Strategy<Value = String> {
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

pub fn request() -> impl Strategy<Value = Request> {
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
