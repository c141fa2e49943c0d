//! Values that a tool or a person fills in before the manifests are applied.

use super::mesh::{Run, mesh_in};

fn run(arguments: &[&str], manifests: &str) -> Run {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("a.yaml"), manifests).unwrap();
    mesh_in(directory.path(), arguments, "", &[])
}

fn notes(host: &str, manifests: &str) -> (String, Vec<String>) {
    let run = run(&["simulate", host, "--format", "json"], manifests);
    let json = run.json();
    let answer = &json["results"][0];
    let mut notes = Vec::new();
    let lists = std::iter::once(answer).chain(answer["arrivals"].as_array().into_iter().flatten());
    for list in lists.filter_map(|it| it["notes"].as_array()) {
        notes.extend(list.iter().map(|note| note.as_str().unwrap().to_owned()));
    }
    (answer["outcome"].as_str().unwrap_or_default().to_owned(), notes)
}

const CART: &str = "
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: cart, namespace: shop, labels: {app: cart}}
spec: {containers: [{name: cart, image: cart, ports: [{containerPort: 80}]}]}
---
";

const HOST: &str = "http://cart.shop.svc.cluster.local/";

#[test]
fn a_policy_with_a_placeholder_matches_nobody_and_says_so() {
    let manifests = format!(
        "{CART}
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: office, namespace: shop}}
spec: {{rules: [{{from: [{{source: {{notIpBlocks: ['<<OFFICE>>']}}}}]}}]}}
"
    );
    let run = run(&["simulate", HOST, "--format", "json"], &manifests);
    let arrival = run.json()["results"][0]["arrivals"][0].clone();
    assert_eq!(arrival["outcome"], "denied", "{run:?}");
    let expected = "AuthorizationPolicy `shop/office`, `rules[0]` has placeholders: the answer assumes that the rule \
                    matches no request";
    assert_eq!(notes(HOST, &manifests).1, [expected]);
}

#[test]
fn a_policy_with_an_unknown_selector_is_noted() {
    let manifests = format!(
        "{CART}
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {{name: closed, namespace: shop}}
spec: {{selector: {{matchLabels: {{app: '${{APP}}'}}}}}}
"
    );
    let (outcome, notes) = notes(HOST, &manifests);
    assert_eq!(outcome, "forward");
    assert_eq!(
        notes,
        [
            "AuthorizationPolicy `shop/closed` has placeholders in its selector: the answer assumes that it does not apply"
        ]
    );
}

#[test]
fn a_match_with_a_placeholder_is_noted_unless_another_condition_decides() {
    let manifests = format!(
        "{CART}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: cart, namespace: shop}}
spec:
  hosts: [cart]
  http:
  - match: [{{uri: {{prefix: '/${{VERSION}}/'}}}}]
    route: [{{destination: {{host: cart}}}}]
  - match: [{{uri: {{prefix: '/${{VERSION}}/'}}, method: {{exact: POST}}}}]
    route: [{{destination: {{host: cart}}}}]
  - route: [{{destination: {{host: cart}}}}]
"
    );
    let (outcome, notes) = notes(HOST, &manifests);
    assert_eq!(outcome, "forward");
    assert_eq!(
        notes,
        ["a match of `http[0]` of VirtualService `shop/cart` has placeholders, so it is unknown whether it matches"]
    );
}

#[test]
fn a_route_with_a_placeholder_is_noted() {
    let manifests = format!(
        "{CART}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: cart, namespace: shop}}
spec:
  hosts: [cart]
  http:
  - timeout: ${{TIMEOUT}}
    route: [{{destination: {{host: cart}}}}]
"
    );
    let (outcome, notes) = notes(HOST, &manifests);
    assert_eq!(outcome, "forward");
    let expected = "`http[0]` of VirtualService `shop/cart` has placeholders, so a part of the answer is unknown";
    assert_eq!(notes, [expected]);
}

#[test]
fn a_virtual_service_with_an_unknown_host_is_noted() {
    let manifests = format!(
        "{CART}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: any, namespace: shop}}
spec:
  hosts: ['${{HOST}}']
  http: [{{route: [{{destination: {{host: books}}}}]}}]
"
    );
    let (outcome, notes) = notes(HOST, &manifests);
    assert_eq!(outcome, "forward");
    assert_eq!(notes, ["VirtualServices with placeholders may route this host: `any`"]);
}

#[test]
fn a_resource_of_an_unknown_namespace_is_left_out() {
    let manifests = format!(
        "{CART}
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: public, namespace: '${{NAMESPACE}}'}}
spec: {{selector: {{istio: ingressgateway}}, servers: []}}
"
    );
    let run = run(&["simulate", HOST], &manifests);
    let expected = "has a placeholder as its namespace; its resources are not considered";
    assert!(run.stderr.contains(expected), "{run:?}");
}

#[test]
fn a_mistake_beside_placeholders_is_reported() {
    let manifests = "
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ${APP}
  namespace: %NAMESPACE%
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: '${APP}', namespace: shop}
spec:
  hosts: ['${HOST}', cart..shop]
  http:
  - timeout: 5
    retries: {attempts: '__ATTEMPTS__'}
    route:
    - destination: {host: '[[ .host ]]', port: {number: '((port))'}}
      weight: '#{Weight}'
";
    let run = run(&["lint", "--format", "json"], manifests);
    assert_eq!(
        run.findings(),
        [
            "error invalid-host VirtualService shop/${APP} spec.hosts[1]",
            "error wrong-type VirtualService shop/${APP} spec.http[0].timeout"
        ]
    );
    let reasons = run.json()["unchecked"].to_string();
    for notation in ["%NAME%", "${NAME}", "__NAME__", "[[ NAME ]]", "((NAME))", "#{NAME}"] {
        assert_eq!(reasons.matches(&format!("such as `{notation}`")).count(), 1, "{notation}: {reasons}");
    }
}

#[test]
fn valid_values_that_look_like_placeholders_are_checked() {
    let manifests = r#"
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop} # {"$kpt-set": "name"}
spec:
  hosts: [cart.example.com]
  http:
  - match:
    - uri: {regex: '^/(?P<version>v\d{1,2})/.*$'}
    - uri: {prefix: '/{id}'}
    headers:
      request: {set: {x-ip: '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%', x-id: '%REQ(X-ID?:PATH)%'}}
    rewrite: {uriRegexRewrite: {match: '^/a/([^/]+)$', rewrite: '\1'}}
    route: [{destination: {host: cart.example.com}}]
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: cart, namespace: shop}
spec:
  rules:
  - to: [{operation: {paths: ['/shops/{*}/orders/{**}'], methods: [GET]}}]
    when: [{key: 'request.auth.claims[sub]', values: [a]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: scripts, namespace: shop}
data: {run.sh: 'echo ${HOME} $(date) [[ -z "$X" ]]', rules: '{{ $labels.pod }}'}
---
apiVersion: telemetry.istio.io/v1
kind: Telemetry
metadata: {name: logs, namespace: shop}
spec:
  accessLogging:
  - providers: [{name: envoy}]
    filter: {expression: 'response.code >= 400 && request.headers["x"] < "5"'}
"#;
    let run = run(&["lint", "--format", "json"], manifests);
    assert!(!run.json()["unchecked"].to_string().contains("placeholder"), "{run:?}");
}

#[test]
fn a_kustomization_is_built_without_the_documents_that_are_not_yaml_yet() {
    let directory = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| std::fs::write(directory.path().join(path), text).unwrap();
    write("kustomization.yaml", "namespace: shop\nresources: [service.yaml, broken.yaml, route.yaml]\n");
    write(
        "service.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: '${NAMESPACE}'}\nspec: {ports: [{port: 80}]}\n",
    );
    write("broken.yaml", "apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata:\n  name: %NAME%\n");
    write(
        "route.yaml",
        "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: cart}\nspec:\n  hosts: [cart]\n  \
         http: [{route: [{destination: {host: card}}]}]\n",
    );
    let run = mesh_in(directory.path(), &["lint", "--format", "json"], "", &[]);
    // The kustomization replaces the placeholder of the namespace.
    let findings = run.findings();
    let errors: Vec<&String> = findings.iter().filter(|finding| finding.starts_with("error")).collect();
    assert_eq!(errors, ["error unknown-host VirtualService shop/cart spec.http[0].route[0].destination.host"]);
    let reasons = run.json()["unchecked"].to_string();
    assert!(reasons.contains("`%NAME%`") && !reasons.contains("${NAME}"), "{reasons}");
}

/// Two overlays with their own placeholders are one line, which counts the files of both.
#[test]
fn a_notation_is_one_reason_for_all_meshes() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["dev", "prod"] {
        let overlay = directory.path().join(name);
        std::fs::create_dir(&overlay).unwrap();
        std::fs::write(overlay.join("kustomization.yaml"), "resources: [a.yaml]\n").unwrap();
        let service =
            "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: a}, spec: {clusterIP: \"${IP}\"}}\n";
        std::fs::write(overlay.join("a.yaml"), service).unwrap();
    }
    let run = mesh_in(directory.path(), &["lint", "--format", "json"], "", &[]);
    let json = run.json();
    assert_eq!(json["meshes"].as_array().map(Vec::len), Some(2), "{run:?}");
    let unchecked = json["unchecked"].as_array().unwrap();
    let of_notation: Vec<_> = unchecked.iter().filter(|it| it["rule"] == "yaml-syntax").collect();
    let [only] = of_notation.as_slice() else { panic!("{unchecked:?}") };
    assert_eq!(only["count"], 2);
    assert!(only["reason"].as_str().unwrap().contains("(dev/a.yaml and 1 more)"), "{only:?}");
}
