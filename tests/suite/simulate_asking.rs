//! The command `mesh simulate`: the ways to name manifests, workloads and gateways.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use mesh::simulate::Request;
use serde_json::{Value, json};

use super::mesh::{Run, mesh, mesh_in};

const SHOP: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web, tier: front}}
    spec: {serviceAccountName: web, containers: [{name: web, ports: [{containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart-v1, namespace: shop}
spec:
  template:
    metadata: {labels: {app: cart, version: v1}}
    spec: {containers: [{name: cart, ports: [{containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart-v2, namespace: shop}
spec:
  template:
    metadata: {labels: {app: cart, version: v2}}
    spec: {containers: [{name: cart, ports: [{containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: ledger, namespace: bank}
spec:
  template:
    metadata: {labels: {app: ledger}}
    spec: {containers: [{name: ledger, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: ledger, namespace: bank}
spec: {selector: {app: ledger}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: [cart]
  http:
  - match: [{sourceLabels: {tier: front}}]
    directResponse: {status: 299}
  - route: [{destination: {host: cart}}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: ledger, namespace: bank}
spec:
  selector: {matchLabels: {app: ledger}}
  rules:
  - from: [{source: {serviceAccounts: [shop/web]}}]
";

const GATEWAYS: &str = "\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: public, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - {port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: internal, namespace: edge}
spec:
  selector: {app: edge}
  servers:
  - {port: {number: 8080, name: http, protocol: HTTP}, hosts: [bank.example.com]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: shop, namespace: shop}
spec:
  hosts: [shop.example.com]
  gateways: [public]
  http: [{route: [{destination: {host: web}}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: bank, namespace: edge}
spec:
  hosts: [bank.example.com]
  gateways: [internal]
  http: [{route: [{destination: {host: ledger.bank.svc.cluster.local}}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: edge-proxy, namespace: edge}
spec:
  template:
    metadata: {labels: {app: edge}}
    spec: {containers: [{name: istio-proxy, image: auto}]}
---
apiVersion: v1
kind: Service
metadata: {name: edge, namespace: edge}
spec: {selector: {app: edge}, ports: [{name: http, port: 8080}]}
";

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("shop.yaml"), SHOP).unwrap();
    fs::write(directory.path().join("gateways.yaml"), GATEWAYS).unwrap();
    directory
}

fn run_in(directory: &Path, arguments: &[&str]) -> Run {
    mesh_in(directory, &[&["simulate"], arguments].concat(), "", &[])
}

fn ask(arguments: &[&str]) -> Value {
    let run = run_in(directory().path(), &[arguments, &["--format", "json"]].concat());
    assert!(run.stderr.is_empty(), "{run:?}");
    run.json()["results"][0].clone()
}

fn error(arguments: &[&str]) -> String {
    let result = ask(arguments);
    result["error"].as_str().unwrap_or_else(|| panic!("{arguments:?}: {result}")).to_owned()
}

/// The end of an answer: the status that a proxy gives, the first cluster, or the outcome.
fn end(arguments: &[&str]) -> String {
    let result = ask(arguments);
    let cluster = result["destinations"][0]["cluster"].as_str().map(str::to_owned);
    let status = result["status"].as_u64().map(|status| status.to_string());
    status.or(cluster).unwrap_or_else(|| panic!("{arguments:?}: {result}"))
}

const CART: &str = "outbound|80||cart.shop.svc.cluster.local";

#[test]
fn a_client_is_named_like_a_workload() {
    for from in
        ["shop/web", "deployment/web", "shop/deploy/web", "web", "pod/web-6d8f9c7b5d-x7k2p", "svc/web", "app=web"]
    {
        assert_eq!(end(&["http://cart.shop/", "--from", from]), "299", "{from}");
    }
    assert_eq!(end(&["http://cart.shop/", "--from", "web", "-n", "shop"]), "299");
    // The explanation is about the client that is named, too.
    assert!(ask(&["http://cart.shop/", "--from", "shop/web"])["way"].is_array());
    assert_eq!(end(&["http://cart.shop/", "--from-label", "app=web"]), "299");
    // A namespace alone leaves the labels open.
    for from in [&["--from", "shop"][..], &["-n", "shop"], &["--from", "bank"], &["--from", "ledger-0"]] {
        assert_eq!(end(&[&["http://cart.shop/"], from].concat()), CART, "{from:?}");
    }
}

#[test]
fn labels_that_no_workload_has_describe_the_client() {
    let answer = ask(&["http://cart.shop/", "--from-label", "tier=front", "--from-label", "app=other"]);
    assert_eq!(answer["status"], 299);
    assert_eq!(
        answer["notes"],
        json!(["no workload has `app=other,tier=front`, so only these labels of the client are known"])
    );
}

/// The account and the namespace of a client follow from its labels.
#[test]
fn the_identity_of_a_client_is_that_of_its_workload() {
    let outcome = |arguments: &[&str]| {
        let answer = ask(&[&["--to", "bank/ledger"], arguments].concat());
        answer["outcome"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    };
    assert_eq!(outcome(&["--from-label", "app=web", "--mtls"]), "forward");
    assert_eq!(outcome(&["--from", "shop/web", "--tls", "mtls"]), "forward");
    assert_eq!(outcome(&["--from", "shop/cart-v1", "--mtls"]), "denied");
    assert_eq!(outcome(&["--from", "shop/web"]), "denied");
    assert_eq!(outcome(&["--from", "shop/cart-v1", "--from-account", "web", "--mtls"]), "forward");
}

#[test]
fn a_server_is_named_like_a_workload() {
    for to in ["bank/ledger", "sts/ledger", "ledger", "bank", "bank/service/ledger", "app=ledger", "pod/ledger-0"] {
        let answer = ask(&["--to", to, "--from", "shop/web", "--mtls"]);
        assert_eq!(answer["destinations"][0]["workloads"], json!(["bank/ledger"]), "{to}");
    }
    assert_eq!(ask(&["--to", "ledger", "-n", "bank"])["outcome"], "denied");
    let answer = ask(&["--to", "shop", "--to-label", "app=cart"]);
    assert_eq!(answer["destinations"][0]["workloads"], json!(["shop/cart-v1"]));
    assert!(answer["notes"][0].as_str().unwrap().contains("this is the answer of `shop/cart-v1`"), "{answer}");
}

#[test]
fn names_of_nothing_list_what_there_is() {
    let cases: BTreeMap<&str, &[&str]> = [
        ("misspelt client", &["http://cart.shop/", "--from", "shop/wbe"][..]),
        ("client of another namespace", &["http://cart.shop/", "--from", "bank/web"]),
        ("misspelt namespace", &["--to", "shpo/web"]),
        ("misspelt namespace of a client", &["http://cart.shop/", "--from", "shpo/web"]),
        ("nothing near", &["--to", "shop/ledger-exporter"]),
        ("several workloads of a Service", &["http://cart.shop/", "--from", "shop/cart"]),
        ("several workloads with a label", &["http://cart.shop/", "--from-label", "app=cart"]),
        ("several workloads of a namespace", &["--to", "shop"]),
        ("no such label", &["--to", "shop", "--to-label", "app=crt"]),
        ("no such label anywhere", &["--to-label", "app=crt"]),
        ("no such server", &["--to", "nothing"]),
        ("not a name", &["--to", "a/b/c"]),
        ("misspelt gateway", &["http://shop.example.com/", "--gateway", "shop/publik"]),
        ("gateway of another namespace", &["http://shop.example.com/", "--gateway", "edge/public"]),
        ("workload that is not a gateway", &["http://shop.example.com/", "--gateway", "shop/web"]),
        ("several gateways", &["http://other.example.com/", "--gateway"]),
    ]
    .into();
    let told: Vec<String> = cases.iter().map(|(what, arguments)| format!("{what}: {}", error(arguments))).collect();
    insta::assert_snapshot!(told.join("\n"));
}

/// A selector that matches nothing must not look like success, in JSON either.
#[test]
fn unknown_servers_of_json_requests_are_errors_or_noted() {
    let directory = directory();
    let ask = |to: Value| -> Value {
        let line = format!("{}\n", json!({"to": to, "port": 8080}));
        let run = mesh_in(directory.path(), &["simulate", "--requests", "-"], &line, &[]);
        serde_json::from_str(&run.stdout).unwrap()
    };
    let known = ask(json!({"namespace": "shop", "labels": {"app": "cart", "version": "v2"}}));
    assert_eq!((&known["outcome"], &known["notes"]), (&"forward".into(), &Value::Null));
    let misspelt = ask(json!({"namespace": "shop", "labels": {"app": "crat"}}));
    assert!(misspelt["error"].as_str().unwrap().contains("did you mean `app=cart`?"), "{misspelt}");
    // The manifests have nothing of that namespace, so they cannot decide.
    let elsewhere = ask(json!({"namespace": "elsewhere", "labels": {"app": "crat"}}));
    assert!(elsewhere["notes"][0].as_str().unwrap().contains("no workload in namespace `elsewhere` was given"));
    let named = ask(json!({"name": "shop/cart-v2"}));
    assert_eq!(named["destinations"][0]["workloads"], json!(["shop/cart-v2"]));
}

#[test]
fn gateways_have_several_names() {
    let ledger = "outbound|80||ledger.bank.svc.cluster.local";
    let bank = "http://bank.example.com:8080/";
    for gateway in [
        "edge/internal",
        "internal",
        "gateway/internal",
        "edge/edge-proxy",
        "deploy/edge-proxy",
        "edge/edge",
        "edge.edge",
        "edge.edge.svc.cluster.local",
        "app=edge",
    ] {
        assert_eq!(end(&[bank, "--gateway", gateway]), ledger, "{gateway}");
    }
    assert_eq!(ask(&[bank, "--gateway", "edge/edge"])["gateway"], "edge/edge-proxy");
    let web = "outbound|80||web.shop.svc.cluster.local";
    let shop = "http://shop.example.com/";
    // The gateways of Istio's installation are seldom among the manifests.
    for gateway in ["istio-system/istio-ingressgateway", "istio-ingressgateway", "public"] {
        assert_eq!(end(&[shop, "--gateway", gateway]), web, "{gateway}");
    }
    // The host decides if none is named.
    assert_eq!(end(&[shop, "--gateway"]), web);
    assert_eq!(end(&["--gateway", shop]), web);
    assert_eq!(end(&[bank, "--gateway"]), ledger);
    assert_eq!(end(&[bank, "--direction", "gateway"]), ledger);
}

#[test]
fn a_host_that_only_a_gateway_serves_is_asked_for_there() {
    let answer = ask(&["http://bank.example.com/"]);
    assert_eq!((&answer["gateway"], &answer["outcome"]), (&"edge/internal".into(), &"forward".into()));
    let notes = answer["notes"].to_string();
    assert!(notes.contains("only `edge/internal` serves host") && notes.contains("port 8080"), "{notes}");
    // Unless the request says where it comes from.
    for from in [&["--gateway", "mesh"][..], &["--from", "shop"], &["-n", "shop"], &["--direction", "outbound"]] {
        let answer = ask(&[&["http://bank.example.com/"], from].concat());
        assert_eq!((&answer["gateway"], &answer["outcome"]), (&Value::Null, &"passthrough".into()), "{from:?}");
    }
    // `curl -H 'Host: …' http://localhost:8080/`
    let answer = ask(&["http://localhost:8080/", "-H", "Host: bank.example.com"]);
    assert_eq!((&answer["gateway"], &answer["host"]), (&"edge/internal".into(), &"bank.example.com".into()));
}

#[test]
fn json_requests_name_gateways_as_options_do() {
    let directory = directory();
    let requests = [
        json!({"host": "bank.example.com", "port": 8080, "gateway": "edge/edge-proxy"}),
        json!({"host": "bank.example.com", "port": 8080, "direction": "gateway"}),
        json!({"host": "cart.shop", "gateway": "mesh"}),
        json!({"host": "bank.example.com", "gateway": "edge/intenal"}),
    ];
    let lines: String = requests.iter().map(|request| format!("{request}\n")).collect();
    let run = mesh_in(directory.path(), &["simulate", "--requests", "-"], &lines, &[]);
    let answers: Vec<Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&answers[0]["outcome"], &answers[0]["gateway"]), (&"forward".into(), &"edge/edge-proxy".into()));
    assert_eq!((&answers[1]["outcome"], &answers[1]["gateway"]), (&"forward".into(), &"edge/internal".into()));
    assert_eq!(answers[2]["destinations"][0]["cluster"], CART);
    assert_eq!((&answers[3]["host"], &answers[3]["gateway"]), (&"bank.example.com".into(), &"edge/intenal".into()));
    assert!(answers[3]["error"].as_str().unwrap().contains("did you mean `edge/internal`?"));
}

#[test]
fn without_a_url_a_gateway_by_any_name_serves_its_hosts() {
    let hosts = |gateway: &[&str]| -> Vec<String> {
        let run = run_in(directory().path(), &[gateway, &["--format", "json"]].concat());
        let results = run.json()["results"].as_array().unwrap().clone();
        results.iter().map(|result| result["host"].as_str().unwrap().to_owned()).collect()
    };
    for gateway in ["edge/internal", "edge/edge-proxy", "edge/edge"] {
        let hosts = hosts(&["--gateway", gateway]);
        assert!(!hosts.is_empty() && hosts.iter().all(|host| host == "bank.example.com"), "{gateway}: {hosts:?}");
    }
    let run = run_in(directory().path(), &["--gateway", "edge/nothing"]);
    assert_eq!(run.status, 2);
    assert!(run.stdout.contains("Gateway `edge/nothing` does not exist"), "{run:?}");
}

/// istiod derives Gateways from those of the Gateway API and from Ingresses. They have the names of these.
#[test]
fn derived_gateways_have_the_names_of_their_resources() {
    let directory = tempfile::tempdir().unwrap();
    let gateway = "\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: shop}
spec:
  gatewayClassName: istio
  listeners:
  - {name: http, port: 80, protocol: HTTP, hostname: shop.example.com}
  - {name: other, port: 8080, protocol: HTTP}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: public, sectionName: http}]
  hostnames: [shop.example.com]
  rules: [{backendRefs: [{name: web, port: 80}]}]
---
";
    fs::write(directory.path().join("mesh.yaml"), format!("{gateway}{SHOP}")).unwrap();
    let first = |arguments: &[&str]| {
        let run = run_in(directory.path(), &[arguments, &["--format", "json"]].concat());
        run.json()["results"][0].clone()
    };
    for gateway in ["shop/public", "public", "gateway/public", ""] {
        let option = format!("--gateway={gateway}");
        let answer = first(&["http://shop.example.com/", &option]);
        let cluster = "outbound|80||web.shop.svc.cluster.local";
        assert_eq!(answer["destinations"][0]["cluster"], cluster, "{gateway}: {answer}");
        assert_eq!(first(&[&option])["host"], "shop.example.com", "{gateway}");
    }
    let ingress = "\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop, annotations: {kubernetes.io/ingress.class: istio}}
spec:
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
---
";
    fs::write(directory.path().join("mesh.yaml"), format!("{ingress}{SHOP}")).unwrap();
    let answer = first(&["http://shop.example.com/", "--gateway"]);
    assert_eq!((&answer["gateway"], &answer["outcome"]), (&"shop/web".into(), &"forward".into()), "{answer}");
}

#[test]
fn manifests_are_arguments_beside_the_url() {
    let directory = directory();
    let cluster = |arguments: &[&str]| {
        let run = run_in(directory.path(), &[arguments, &["--format", "json"]].concat());
        let json = run.json();
        json["results"][0]["destinations"][0]["cluster"].as_str().unwrap_or_else(|| panic!("{run:?}")).to_owned()
    };
    for arguments in [
        &["shop.yaml", "http://cart.shop/"][..],
        &["http://cart.shop/", "shop.yaml"],
        &["./shop.yaml", "cart.shop"],
        &["./shop.yaml", "gateways.yaml", "cart.shop"],
        &["-f", "shop.yaml", "cart.shop"],
        &[".", "cart.shop:80"],
        &["--expect", "./shop.yaml", "cart.shop"],
    ] {
        assert_eq!(cluster(arguments), CART, "{arguments:?}");
    }
    // Beside `-f`, a word is the URL.
    fs::create_dir(directory.path().join("cart")).unwrap();
    assert_eq!(cluster(&["-f", ".", "-n", "shop", "cart"]), CART);
    let stdin = mesh_in(directory.path(), &["simulate", "-", "cart.shop", "--format", "json"], SHOP, &[]);
    assert_eq!(stdin.json()["results"][0]["destinations"][0]["cluster"], CART);
}

#[test]
fn mistakes_in_arguments_are_explained() {
    let directory = directory();
    let told = |arguments: &[&str]| {
        let run = run_in(directory.path(), arguments);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{arguments:?}: {run:?}");
        run.stderr
    };
    for (arguments, message) in [
        (&["./nope.yaml", "cart.shop"][..], "cannot read `nope.yaml`"),
        (&["nope.yml", "cart.shop"], "cannot read `nope.yml`"),
        (&["cart.shop", "web.shop"], "one URL at a time"),
        (&["nope/manifests", "cart.shop"], "no file or directory `nope/manifests` exists"),
        (&["http://cart.shop/a b"], "write `http://cart.shop/a%20b`"),
        (&["redis://cache:6379"], "write `tcp://cache:6379`"),
        (&["cart.shop", "--header", "jason"], "`--header` needs `NAME=VALUE`, found `jason`"),
        (&["cart.shop", "--claim", "jason"], "`--claim` needs `NAME=VALUE`, found `jason`"),
        (&["cart.shop", "--port", "0"], "0 is not in 1..=65535"),
        (&["cart.shop", "--protocol", "udp"], "[possible values: http, http2, grpc, tcp]"),
        (&["cart.shop", "--expect", "a b"], "`a b` is not a destination"),
        (&["--expect", "reviews/v2"], "needs a URL"),
        (&["--requests", "-", "--path", "/x"], "`--requests` reads whole requests"),
        (&["--requests", "-", "cart.shop"], "`--requests` reads whole requests"),
        (&["--to", "shop/web", "--gateway", "shop/public"], "cannot be used with"),
        (&["cart.shop", "--address", "foo"], "`--address foo` is neither an IP address nor a host of the manifests"),
    ] {
        let told = told(arguments);
        assert!(told.contains(message), "{arguments:?}: {told}");
    }
    let run = run_in(directory.path(), &["cart.shop:0"]);
    assert!(run.status == 2 && run.stdout.contains("port 0 is not valid"), "{run:?}");
}

#[test]
fn headers_urls_and_hosts_are_those_of_curl() {
    assert_eq!(end(&["http://CART.shop/"]), CART);
    let answer = ask(&["http://cart.shop/", "-H", "Host: web.shop"]);
    // The client dials the one, and names the other.
    assert_eq!(
        (&answer["host"], &answer["destinations"][0]["host"]),
        (&"web.shop".into(), &"web.shop.svc.cluster.local".into())
    );
    let grpc = ask(&["grpc://cart.shop:80/shop.Cart/AddItem"]);
    assert_eq!((&grpc["request"]["path"], &grpc["outcome"]), (&"/shop.Cart/AddItem".into(), &"forward".into()));
    // Bytes that are not HTTP do not fit the port.
    assert_eq!(end(&["tcp://ledger.bank:80"]), "PassthroughCluster");
    // A sidecar has the port of the workload, a URL that of its Service.
    for port in ["80", "8080"] {
        assert_eq!(
            ask(&[&format!("http://cart.shop:{port}/"), "--to", "shop/cart-v1"])["destinations"][0]["port"],
            8080
        );
    }
}

/// Without the workloads of a namespace, its clients can be anything, and servers have the labels that are given.
#[test]
fn manifests_without_workloads_leave_clients_open() {
    let directory = tempfile::tempdir().unwrap();
    let routes = SHOP.split("---\n").filter(|it| !it.contains("kind: Deployment") && !it.contains("kind: StatefulSet"));
    fs::write(directory.path().join("routes.yaml"), routes.collect::<Vec<_>>().join("---\n")).unwrap();
    let ask = |arguments: &[&str]| {
        let run = run_in(directory.path(), &[arguments, &["--format", "json"]].concat());
        run.json()["results"][0].clone()
    };
    let client = ask(&["http://cart.shop/", "--from", "shop/wbe"]);
    let note = "only the namespace of client `shop/wbe` is known: no workload in namespace `shop` was given";
    assert_eq!((&client["destinations"][0]["cluster"], &client["notes"]), (&CART.into(), &json!([note])));
    let server = ask(&["--to", "bank/ledger"]);
    assert!(server["error"].as_str().unwrap().ends_with("describe it by its labels"), "{server}");
    let labelled = ask(&["--to", "app=ledger", "-n", "bank", "--port", "8080"]);
    assert_eq!(labelled["outcome"], "denied", "{labelled}");
    assert!(labelled["notes"][0].as_str().unwrap().contains("no workload in namespace `bank` was given"), "{labelled}");
}

#[test]
fn errors_of_several_meshes_name_them() {
    let directory = tempfile::tempdir().unwrap();
    for mesh in ["dev", "prod"] {
        let at = directory.path().join(mesh);
        fs::create_dir(&at).unwrap();
        fs::write(at.join("shop.yaml"), SHOP).unwrap();
        fs::write(at.join("kustomization.yaml"), "resources: [shop.yaml]\n").unwrap();
    }
    let run = run_in(directory.path(), &[".", "http://cart.shop/", "--from", "shop/wbe", "--format", "json"]);
    let results = run.json()["results"].as_array().unwrap().clone();
    let meshes: Vec<&str> = results.iter().filter_map(|it| it["mesh"].as_str()).collect();
    assert_eq!((run.status, meshes.as_slice()), (2, &["dev", "prod"][..]), "{run:?}");
    assert!(results.iter().all(|it| it["host"] == "cart.shop" && it["error"].is_string()));
    let text = run_in(directory.path(), &[".", "http://cart.shop/", "--from", "shop/wbe"]).stdout;
    assert!(text.starts_with("error: dev: cart.shop: workload `shop/wbe` does not exist"), "{text}");
    // No mesh has the server, and each says what it has.
    let run = run_in(directory.path(), &[".", "--to", "shop/wbe", "--format", "json"]);
    assert_eq!(run.json()["results"].as_array().unwrap().len(), 2, "{run:?}");
    let run = run_in(directory.path(), &[".", "http://cart.shop/", "--mesh", "prod", "--format", "json"]);
    assert_eq!(run.json()["results"].as_array().unwrap().len(), 1);
    let run = run_in(directory.path(), &[".", "http://cart.shop/", "--mesh", "prd"]);
    assert!(run.status == 2 && run.stderr.contains("the manifests have `dev` and `prod`"), "{run:?}");
}

/// The names in a message such as "expected one of `a`, `b`".
fn fields(line: &str) -> Vec<String> {
    let message = Request::from_json(line.as_bytes()).unwrap_err().to_string();
    let listed = message.split_once("expected one of ").unwrap_or_else(|| panic!("{message}")).1;
    listed.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_field_of_a_request_has_an_option() {
    let options: BTreeMap<&str, &str> = [
        ("id", "--id"),
        ("mesh", "--mesh"),
        ("direction", "--direction"),
        ("from", "--from"),
        ("gateway", "--gateway"),
        ("to", "--to"),
        ("protocol", "--protocol"),
        ("tls", "--tls"),
        ("host", "--host"),
        ("port", "--port"),
        ("address", "--address"),
        ("sni", "--sni"),
        ("alpn", "--alpn"),
        ("method", "--method"),
        ("scheme", "--scheme"),
        ("path", "--path"),
        ("headers", "--header"),
        ("claims", "--claim"),
        ("token", "--token"),
        ("issuer", "--issuer"),
        ("audiences", "--audience"),
        ("sourceIp", "--source-ip"),
        ("trace", "--trace"),
        ("from.kind", "--from-kind"),
        ("from.name", "--from"),
        ("from.namespace", "--namespace"),
        ("from.labels", "--from-label"),
        ("from.serviceAccount", "--from-account"),
        ("from.address", "--source-ip"),
    ]
    .into();
    let of_client = fields("{\"from\": {\"?\": 1}}").into_iter().map(|field| format!("from.{field}"));
    let mut known: Vec<String> = fields("{\"?\": 1}").into_iter().chain(of_client).collect();
    let mut covered: Vec<String> = options.keys().map(|field| (*field).to_owned()).collect();
    known.sort();
    covered.sort();
    assert_eq!(known, covered);
    let help = mesh(&["simulate", "--help"]).stdout;
    let missing: Vec<_> = options.values().filter(|option| !help.contains(&format!("{option} "))).collect();
    // Flags have no value.
    assert_eq!(missing, [&"--trace"], "{help}");
    assert!(help.contains("--trace\n") && help.lines().all(|line| line.chars().count() <= 80), "{help}");
}
