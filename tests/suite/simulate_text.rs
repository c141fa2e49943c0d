//! The text of `mesh simulate`: cells, hints and errors.

use std::fs;

use super::mesh::{Run, mesh_in};

const SHOP: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: cart}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp, port: 81, targetPort: 8081}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: strict, namespace: shop}
spec: {selector: {matchLabels: {app: cart}}, mtls: {mode: STRICT}}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: side, namespace: side}
spec:
  workloadSelector: {labels: {app: side}}
  ingress: [{port: {number: 9000, protocol: HTTP, name: http}, defaultEndpoint: '127.0.0.1:8080'}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: side, namespace: side}
spec:
  template:
    metadata: {labels: {app: side, sidecar.istio.io/inject: 'true'}}
    spec: {containers: [{name: side}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
  - match: [{uri: {prefix: /abort}}]
    fault: {abort: {httpStatus: 503, percentage: {value: 30}}}
    route: [{destination: {host: web}}]
  - match: [{uri: {prefix: /none}}]
    fault: {abort: {httpStatus: 503, percentage: {value: 100}}}
    route: [{destination: {host: web}}]
  - mirror: {host: ghost.shop.svc.cluster.local, port: {number: 80}}
    headers: {request: {add: {a: '2'}}}
    route: [{destination: {host: web}}]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  selector: {app: edge}
  servers:
  - {port: {number: 443, name: https, protocol: HTTPS}, hosts: [web.example.com], tls: {mode: MUTUAL, credentialName: web}}
";

fn simulate(arguments: &[&str]) -> Run {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("shop")).unwrap();
    fs::write(directory.path().join("shop/all.yaml"), SHOP).unwrap();
    mesh_in(directory.path(), &[&["simulate"], arguments].concat(), "", &[])
}

/// The output with single spaces between its words.
fn unwrapped(run: &Run) -> String {
    let words: Vec<&str> = run.stdout.split_whitespace().chain(run.stderr.split_whitespace()).collect();
    words.join(" ")
}

#[test]
fn cells_and_hints_name_what_happens() {
    for (arguments, expected) in [
        (&["--to", "shop/web", "--port", "80", "--mtls"][..], &["shop/web:80", "write `--port 8080`"][..]),
        (&["--to", "shop/web"], &["web.shop:8080"]),
        (&["--to", "side/side", "--port", "9000"], &["┆ 127.0.0.1:8080 ┆ 100% ┆ │"]),
        (
            &["--to", "shop/cart", "--port", "8080"],
            &["connection closed: requires mutual TLS (NR)", "add `--mtls` for a client that has one"],
        ),
        (&["http://web.shop/abort"], &["30% of the requests end here", "100% of the others to web.shop"]),
        (
            &["http://web.shop/x", "-H", "a: 1"],
            &["header sent: a: 1,2", "mirror: 100% to ghost.shop:80, no such cluster"],
        ),
        (&["https://web.example.com/", "--gateway"], &["the TLS handshake fails"]),
        (&["https://web.shop:80/"], &["is an HTTP port, and the client sends TLS"]),
        (&["--to", "shop/web", "--protocol", "tcp"], &["400 bad request (DPE)"]),
        (&["http://nowhere.shop/", "--from-kind", "none"], &["nowhere: DNS does not know the host"]),
    ] {
        let run = simulate(&[&["shop/"], arguments].concat());
        for text in expected {
            assert!(unwrapped(&run).contains(text), "{arguments:?}: {text}: {}{}", run.stdout, run.stderr);
        }
        assert!(!run.stdout.contains("authority: \n"), "{arguments:?}: {}", run.stdout);
    }
    let none = simulate(&["shop/", "http://web.shop/none"]).stdout;
    assert!(none.contains("100% of the requests end here") && !none.contains("100% to"), "{none}");
}

#[test]
fn errors_name_options_and_fit_the_width() {
    let run = simulate(&["shop/", "--to", "shop/cart"]);
    assert!(unwrapped(&run).contains("so the request needs `--port`"), "{run:?}");
    let run = simulate(&["shop/", "http://web.shop/", "--from", "shop/wep-of-a-very-long-name-that-wraps"]);
    let text = format!("{}{}", run.stdout, run.stderr);
    assert!(unwrapped(&run).contains("write `-n NAMESPACE` and `--from-label"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}

#[test]
fn a_directory_beside_a_url_is_a_place_of_manifests() {
    let answer = |arguments: &[&str]| simulate(arguments).stdout;
    assert!(answer(&["-f", "shop/all.yaml", "shop", "http://web.shop/x"]).contains("web.shop:80"));
    // Alone, the word is the URL.
    assert!(answer(&["-f", "shop/all.yaml", "shop"]).contains("no service has host `shop`"));
}
