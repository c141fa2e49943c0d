//! Names that DNS resolves, and addresses in place of names.

use mesh::config::Config;
use mesh::load::Snapshot;
use mesh::simulate::{Request, Simulator};
use mesh::world::{Settings, World};
use serde_json::json;

use super::{ask, deployment, goes_to, istio, service};

/// ExternalName Services for a client without a sidecar.
#[test]
fn dns_follows_aliases_without_regard_to_visibility() {
    let alias =
        |name: &str, target: &str| service("shop", name, &format!("{{type: ExternalName, externalName: {target}}}"));
    let hidden = service("bank", "ledger", "{selector: {app: ledger}, ports: [{name: http, port: 80}]}")
        .replace("namespace: bank", "namespace: bank, annotations: {networking.istio.io/exportTo: .}");
    let manifests = [
        hidden,
        deployment("bank", "ledger", "{app: ledger}", "[{containerPort: 80}]"),
        alias("direct", "ledger.bank.svc.cluster.local."),
        alias("through", "direct.shop.svc.cluster.local"),
        alias("one", "two.shop.svc.cluster.local"),
        alias("two", "one.shop.svc.cluster.local"),
        alias("ghost", "missing.bank.svc.cluster.local"),
        alias("outside", "api.example.com"),
    ]
    .concat();
    let end = |name: &str| {
        let question = json!({"host": name, "port": 80, "from": {"namespace": "shop", "kind": "none"}});
        let answer = ask(&manifests, &question).unwrap();
        let first = answer.destinations.first().map(|it| format!("{} {}", it.host, it.workloads.join(",")));
        format!("{} {}", answer.outcome.as_str(), first.unwrap_or_default())
    };
    for name in ["direct", "through"] {
        assert_eq!(end(name), "forward ledger.bank.svc.cluster.local bank/ledger");
    }
    for name in ["one", "ghost"] {
        assert_eq!(end(name), "refused ");
    }
    assert_eq!(end("outside"), "passthrough api.example.com ");
}

#[test]
fn an_ipv6_address_is_a_whole_host() {
    let entry = "{hosts: [six.example.com], addresses: ['fd00::1'], resolution: STATIC, endpoints: [{address: 'fd00::2'}], \
                 ports: [{number: 80, name: http, protocol: HTTP}]}";
    let manifests = istio("ServiceEntry", "six", entry);
    for question in [json!({"address": "fd00::1"}), json!({"host": "[fd00::1]"}), json!({"host": "[fd00::1]:80"})] {
        assert_eq!(goes_to(&manifests, &question), "outbound|80||six.example.com", "{question}");
    }
    assert_eq!(ask(&manifests, &json!({"address": "fd00::1"})).unwrap().host, "[fd00::1]");
    let without_sidecar = json!({"host": "[fd00::9]:80", "from": {"namespace": "shop", "kind": "none"}});
    assert_eq!(goes_to(&manifests, &without_sidecar), "[fd00::9]:80");
}

#[test]
fn a_server_name_chooses_a_port_for_tls() {
    let manifests = service("shop", "web2", "{ports: [{name: http, port: 80}, {name: tls, port: 8443}]}");
    let snapshot = Snapshot::of_texts([("all.yaml", manifests)]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let request = Request {
        address: Some("web2".to_owned()),
        sni: Some("web".to_owned()),
        is_informal: true,
        ..Request::default()
    };
    let answer = Simulator::new(&world).simulate(&request).unwrap();
    assert_eq!(answer.destinations[0].port, Some(8443), "{answer:?}");
}
