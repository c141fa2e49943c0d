//! Identities and data planes of clients, which are the same whichever way a request describes them.

use serde_json::{Value, json};

use super::{ask, deployment, service};

fn policy(principal: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: only, namespace: shop}}\n\
         spec: {{selector: {{matchLabels: {{app: web}}}}, rules: [{{from: [{{source: {{principals: [{principal}]}}}}]}}]}}\n---\n"
    )
}

fn client(name: &str, labels: &str, account: &str) -> String {
    let account = format!("spec: {{serviceAccountName: {account}, containers");
    deployment("clients", name, labels, "[]").replace("spec: {containers", &account)
}

#[test]
fn a_client_has_the_account_of_its_workload_at_both_ends() {
    let web = [
        service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}"),
        deployment("shop", "web", "{app: web}", "[{containerPort: 80}]"),
        policy("cluster.local/ns/clients/sa/client-sa"),
    ];
    let manifests = |clients: &[String]| web.concat() + &clients.concat();
    let outcomes = |manifests: &str, from: Value| {
        let at_server =
            json!({"to": {"namespace": "shop", "labels": {"app": "web"}}, "port": 80, "tls": "mtls", "from": from});
        let at_client = json!({"host": "web.shop", "from": from});
        let of_leg = ask(manifests, &at_client).unwrap().arrivals[0].outcome.as_str();
        (of_leg, ask(manifests, &at_server).unwrap().outcome.as_str())
    };
    let from = |labels: Value| json!({"namespace": "clients", "labels": labels});
    let one = manifests(&[client("one", "{app: client, version: v1}", "client-sa")]);
    assert_eq!(outcomes(&one, from(json!({"app": "client", "version": "v1"}))), ("forward", "forward"));
    assert_eq!(outcomes(&one, from(json!({"app": "client"}))), ("forward", "forward"));
    assert_eq!(outcomes(&one, from(json!({"app": "other"}))), ("denied", "denied"));
    let named = json!({"namespace": "clients", "labels": {"app": "client"}, "serviceAccount": "other"});
    assert_eq!(outcomes(&one, named), ("denied", "denied"));
    let differing =
        [client("one", "{app: client, version: v1}", "client-sa"), client("two", "{app: client, version: v2}", "x")];
    assert_eq!(outcomes(&manifests(&differing), from(json!({"app": "client"}))), ("denied", "denied"));
}

#[test]
fn clients_get_sidecars_as_workloads_do() {
    let notes = |namespace_labels: &str, labels: Value| {
        let manifests = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: clients, labels: {namespace_labels}}}\n---\n{}",
            service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}"),
        );
        let question = json!({"host": "web.shop", "from": {"namespace": "clients", "labels": labels}});
        ask(&manifests, &question).unwrap().notes().join("; ")
    };
    let asks = || json!({"sidecar.istio.io/inject": "true"});
    assert!(notes("{istio-injection: disabled}", asks()).contains("has no sidecar"));
    assert!(!notes("{istio.io/dataplane-mode: none}", asks()).contains("has no sidecar"));
    assert!(notes("{istio.io/dataplane-mode: ambient}", json!({"app": "a"})).contains("ambient mesh"));
    assert!(!notes("{istio.io/dataplane-mode: ambient}", asks()).contains("ambient mesh"));
    let out = json!({"istio.io/dataplane-mode": "none"});
    assert!(notes("{istio.io/dataplane-mode: ambient}", out).contains("has no sidecar"));
}
