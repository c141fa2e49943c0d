//! The rules of all hosts: the answers of `mesh simulate` without a URL.

use mesh::config::Config;
use mesh::load::Snapshot;
use mesh::simulate::{Answer, GatewayRef, HeaderValue, Request, RuleAnswer, Simulator, WorkloadRef};
use mesh::world::{Settings, World};

use super::{deployment, istio, service};

/// The rules that a request can take, as `host via gateway: when -> targets`.
fn rules(manifests: &str, template: &Request) -> Vec<String> {
    let snapshot = Snapshot::of_texts([("all.yaml", manifests)]);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let simulator = Simulator::new(&world);
    let rules = simulator.answer_every_rule(template);
    // Each answer is that of its request.
    for rule in &rules {
        let again = simulator.simulate(&rule.asked).map(|answer| answer.outcome);
        assert_eq!(again.ok(), rule.result.as_ref().ok().map(|answer| answer.outcome), "{rule:?}");
    }
    rules.iter().map(line).collect()
}

fn line(rule: &RuleAnswer) -> String {
    let via = match &rule.asked.gateway {
        Some(GatewayRef::Name(name)) => format!(" via {name}"),
        _ => String::new(),
    };
    let port = rule.asked.port.map(|port| format!(":{port}")).unwrap_or_default();
    let host = rule.host.strip_suffix(".shop.svc.cluster.local").unwrap_or(&rule.host);
    let targets = rule.result.as_ref().map_or_else(|error| error.error.clone(), targets);
    format!("{host}{port}{via}: {} -> {targets}", rule.when)
}

fn targets(answer: &Answer) -> String {
    let target = |it: &mesh::simulate::ReachedCluster| {
        let subset = it.subset.as_ref().map(|subset| format!(" {subset}")).unwrap_or_default();
        format!("{}% {}{subset}", it.weight, it.host.split('.').next().unwrap_or_default())
    };
    let targets: Vec<String> = answer.destinations.iter().map(target).collect();
    let status = answer.status.map(|status| format!(" {status}")).unwrap_or_default();
    if targets.is_empty() { format!("{}{status}", answer.outcome.as_str()) } else { targets.join(", ") }
}

fn virtual_service(name: &str, spec: &str) -> String {
    istio("VirtualService", name, &format!("{{{spec}}}"))
}

fn web() -> String {
    service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}")
}

#[test]
fn each_rule_that_a_request_can_take_has_an_answer() {
    let to = |subset: &str| format!("route: [{{destination: {{host: web, subset: {subset}}}}}]");
    let manifests = web()
        + &virtual_service(
            "web",
            &format!(
                "hosts: [web], http: [\
                 {{match: [{{headers: {{end-user: {{exact: jason}}}}}}], {}}}, \
                 {{match: [{{uri: {{prefix: /api}}}}, {{uri: {{regex: '/(a|b)[0-9]'}}, method: {{exact: POST}}}}], {}}}, \
                 {{match: [{{uri: {{prefix: /api/v1}}}}], {}}}, \
                 {{match: [{{withoutHeaders: {{x: {{}}}}}}], {}}}, \
                 {{match: [{{sourceLabels: {{app: tester}}}}], {}}}, \
                 {{match: [{{queryParams: {{q: {{exact: '1'}}}}}}], {}}}]",
                to("v1"),
                to("v2"),
                to("v3"),
                to("v4"),
                to("v5"),
                to("v6")
            ),
        );
    assert_eq!(
        rules(&manifests, &Request::default()),
        [
            "web: end-user is jason -> 100% web v1",
            "web: path starts with /api -> 100% web v2",
            "web: path matches /(a|b)[0-9] and method is POST -> 100% web v2",
            "web: no x -> 100% web v4",
            "web: client has app=tester -> 100% web v5",
            "web: query q is 1 -> 100% web v6",
            "web: otherwise -> no-route 404",
        ]
    );
    let jason = Request {
        headers: [("end-user".to_owned(), HeaderValue::One("jason".to_owned()))].into(),
        ..Request::default()
    };
    assert_eq!(rules(&manifests, &jason), ["web: every request -> 100% web v1"]);
    let get = Request { method: Some("GET".to_owned()), ..Request::default() };
    assert!(rules(&manifests, &get).iter().all(|rule| !rule.contains("POST")));
}

#[test]
fn each_gateway_and_the_mesh_have_their_rules() {
    let gateway = |name: &str, port: u32| {
        let server = format!("{{port: {{number: {port}, name: http, protocol: HTTP}}, hosts: ['*']}}");
        istio("Gateway", name, &format!("{{selector: {{app: {name}}}, servers: [{server}]}}"))
    };
    let manifests = web()
        + &gateway("one", 80)
        + &gateway("two", 8080)
        + &virtual_service(
            "web",
            "hosts: [web.example.com], gateways: [one, two], http: [{match: [{uri: {prefix: /a}, gateways: [one]}], \
             route: [{destination: {host: web}}]}, {match: [{uri: {prefix: /b}}], route: [{destination: {host: web}}]}]",
        );
    let one = [
        "web.example.com:80 via shop/one: path starts with /a -> 100% web",
        "web.example.com:80 via shop/one: path starts with /b -> 100% web",
        "web.example.com:80 via shop/one: otherwise -> no-route 404",
    ];
    let two = [
        "web.example.com:8080 via shop/two: path starts with /b -> 100% web",
        "web.example.com:8080 via shop/two: otherwise -> no-route 404",
    ];
    assert_eq!(rules(&manifests, &Request::default()), [&one[..], &two[..]].concat());
    let wanted = Request { gateway: Some(GatewayRef::Name("shop/two".to_owned())), ..Request::default() };
    assert_eq!(rules(&manifests, &wanted), two);
}

#[test]
fn routes_for_connections_have_their_conditions() {
    let route = "route: [{destination: {host: db}}]";
    let manifests = service("shop", "db", "{selector: {app: db}, ports: [{name: tcp, port: 5432}]}")
        + &virtual_service("db", &format!("hosts: [db], tcp: [{{match: [{{port: 5432}}], {route}}}]"))
        + &virtual_service(
            "pass",
            &format!(
                "hosts: ['*.example.com'], gateways: [edge], tls: [{{match: [{{sniHosts: [a.example.com]}}], {route}}}, \
                 {{match: [{{sniHosts: ['*.example.com']}}], {route}}}]"
            ),
        )
        + &istio(
            "Gateway",
            "edge",
            "{selector: {app: edge}, servers: [{port: {number: 443, name: tls, protocol: TLS}, \
             tls: {mode: PASSTHROUGH}, hosts: ['*.example.com']}]}",
        );
    assert_eq!(
        rules(&manifests, &Request::default()),
        [
            "db:5432: port is 5432 -> 100% db",
            "*.example.com:443 via shop/edge: server name is a.example.com -> 100% db",
            "*.example.com:443 via shop/edge: server name is *.example.com -> 100% db",
        ]
    );
}

fn workload(name: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  selector: \
         {{matchLabels: {{app: {name}}}}}\n  template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: []}}}}\n---\n"
    )
}

/// A Gateway for all hosts.
fn edge() -> String {
    istio(
        "Gateway",
        "edge",
        "{selector: {app: edge}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}",
    )
}

/// A gateway with the rules `/a` and `/b`, and a policy for it.
fn guarded(policy: &str) -> String {
    web()
        + &workload("edge")
        + &edge()
        + &virtual_service(
            "web",
            "hosts: [web.example.com], gateways: [edge], http: [{match: [{uri: {prefix: /a}}], \
             route: [{destination: {host: web}}]}, {match: [{uri: {prefix: /b}}], redirect: {uri: /c}}]",
        )
        + &format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: guard, namespace: shop}}\nspec: \
             {{selector: {{matchLabels: {{app: edge}}}}, {policy}}}\n---\n"
        )
}

#[test]
fn rules_behind_policies_have_a_row_each() {
    let names = ["path starts with /a -> 100% web", "path starts with /b -> redirect 301", "otherwise -> no-route 404"];
    let all = names.map(|name| format!("web.example.com:80 via shop/edge: {name}"));
    let policies = [
        "rules: [{from: [{source: {remoteIpBlocks: [1.2.3.0/24]}}]}]",
        "action: DENY, rules: [{from: [{source: {notIpBlocks: [1.2.3.0/24]}}]}]",
        "rules: [{to: [{operation: {methods: [PUT], paths: ['/a/*', '/b*', '/c/{*}']}}]}]",
        "action: DENY, rules: [{to: [{operation: {notPaths: ['/a/x', '/b/x', '/c*']}}]}]",
        "action: DENY, rules: [{when: [{key: 'request.headers[x-token]', notValues: [secret]}]}]",
        "rules: [{to: [{operation: {paths: ['*']}}], when: [{key: 'request.headers[x-token]', values: ['s*']}]}]",
    ];
    for policy in policies {
        assert_eq!(rules(&guarded(policy), &Request::default()), all, "{policy}");
    }
    // Two policies in a row.
    let second = guarded("action: DENY, rules: [{to: [{operation: {notMethods: [PUT]}}]}]")
        .replace("name: guard,", "name: put,");
    assert_eq!(rules(&(second + &guarded(policies[3])), &Request::default()), all);
}

#[test]
fn a_policy_that_denies_everything_has_one_row() {
    let one = ["web.example.com:80 via shop/edge: every request -> denied 403"];
    for policy in ["action: ALLOW", "action: DENY, rules: [{}]", "rules: [{to: [{operation: {ports: ['9']}}]}]"] {
        assert_eq!(rules(&guarded(policy), &Request::default()), one, "{policy}");
    }
    // A given part can settle it as well.
    let get = Request { method: Some("GET".to_owned()), ..Request::default() };
    assert_eq!(rules(&guarded("rules: [{to: [{operation: {methods: [PUT]}}]}]"), &get), one);
    // Whether a client has an identity is not known.
    let of_identity = rules(&guarded("rules: [{from: [{source: {principals: ['*']}}]}]"), &Request::default());
    assert_eq!(of_identity.len(), 3);
}

#[test]
fn rules_for_other_clients_name_them() {
    let to = |subset: &str| format!("route: [{{destination: {{host: db, subset: {subset}}}}}]");
    let db = service("shop", "db", "{selector: {app: db}, ports: [{name: tcp, port: 5432}]}");
    let tcp = format!(
        "hosts: [db], tcp: [{{match: [{{sourceLabels: {{app: reports}}}}], {}}}, {{match: [{{port: 5432, sourceNamespace: \
         bank}}], {}}}, {{{}}}]",
        to("ro"),
        to("bank"),
        to("rw")
    );
    assert_eq!(
        rules(&(db + &virtual_service("db", &tcp)), &Request::default()),
        [
            "db:5432: client has app=reports -> 100% db ro",
            "db:5432: client is in bank and port is 5432 -> 100% db bank",
            "db:5432: otherwise -> 100% db rw",
        ]
    );
    let tls = service("shop", "db", "{selector: {app: db}, ports: [{name: tls, port: 443}]}")
        + &virtual_service(
            "db",
            &format!(
                "hosts: [db], tls: [{{match: [{{sniHosts: [db], sourceLabels: {{app: x}}}}], {}}}, {{match: [{{sniHosts: \
                 [db]}}], {}}}]",
                to("ro"),
                to("rw")
            ),
        );
    assert_eq!(
        rules(&tls, &Request::default()),
        ["db: client has app=x and server name is db -> 100% db ro", "db: server name is db -> 100% db rw"]
    );
    // All rules are for other clients.
    let own = web()
        + &virtual_service(
            "web",
            "hosts: [web], http: [{match: [{sourceLabels: {app: tester}}], redirect: {uri: /t}}, {match: [{sourceNamespace: \
             bank, uri: {prefix: /x}}], redirect: {uri: /b}}]",
        );
    assert_eq!(
        rules(&own, &Request::default()),
        [
            "web: client has app=tester -> redirect 301",
            "web: client is in bank and path starts with /x -> redirect 301",
            "web: otherwise -> 100% web",
        ]
    );
}

#[test]
fn options_choose_hosts_and_ports() {
    let gateway = "{selector: {app: edge}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ['*']}]}";
    let manifests = web()
        + &service("shop", "db", "{selector: {app: db}, ports: [{name: tcp, port: 5432}]}")
        + &istio("Gateway", "edge", gateway)
        + &virtual_service("web", "hosts: [web], http: [{route: [{destination: {host: web}}]}]")
        + &virtual_service("db", "hosts: [db], tcp: [{route: [{destination: {host: db}}]}]")
        + &virtual_service(
            "edge",
            "hosts: [web.example.com], gateways: [edge], http: [{route: [{destination: {host: web}}]}]",
        );
    let of_port = Request { port: Some(5432), ..Request::default() };
    assert_eq!(rules(&manifests, &of_port), ["db:5432: every request -> 100% db"]);
    let of_port = Request { port: Some(80), ..Request::default() };
    assert_eq!(
        rules(&manifests, &of_port),
        ["web.example.com:80 via shop/edge: every request -> 100% web", "web:80: every request -> 100% web"]
    );
    let client = Request { from: Some(WorkloadRef::default()), ..Request::default() };
    assert_eq!(rules(&manifests, &client), ["db:5432: every request -> 100% db", "web: every request -> 100% web"]);
}

#[test]
fn ambient_clients_have_the_rules_of_the_waypoint() {
    let manifests =
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio.io/dataplane-mode: ambient, \
         istio.io/use-waypoint: wp}}\n---\n"
            .to_owned()
            + &web()
            + "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: wp, namespace: shop}\nspec: \
           {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}\n---\n"
            + &virtual_service(
                "web",
                "hosts: [web], http: [{match: [{uri: {prefix: /x}}], route: [{destination: {host: web}}]}, {match: [{headers: \
             {beta: {exact: '1'}}}], redirect: {uri: /beta}}, {route: [{destination: {host: web}}]}]",
            );
    let all = ["web: path starts with /x -> 100% web", "web: beta is 1 -> redirect 301", "web: otherwise -> 100% web"];
    assert_eq!(rules(&manifests, &Request::default()), all);
    let policy = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: wp, namespace: shop}\nspec: \
                  {targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: wp}], action: DENY, rules: [{to: \
                  [{operation: {notMethods: [PUT]}}]}]}\n---\n";
    assert_eq!(rules(&(manifests + policy), &Request::default()), all);
}

#[test]
fn a_rule_for_other_clients_has_a_row_even_without_others() {
    let only = virtual_service(
        "web",
        "hosts: [web], http: [{match: [{sourceLabels: {app: admin}}], route: [{destination: {host: web, subset: v1}}]}]",
    );
    assert_eq!(
        rules(&(web() + &only), &Request::default()),
        ["web: client has app=admin -> 100% web v1", "web: otherwise -> 100% web"]
    );
    let elsewhere = virtual_service(
        "web",
        "hosts: [web], http: [{match: [{sourceNamespace: bank, uri: {prefix: /a}}], route: [{destination: {host: web}}]}]",
    );
    assert_eq!(
        rules(&(web() + &elsewhere), &Request::default()),
        ["web: client is in bank and path starts with /a -> 100% web", "web: otherwise -> 100% web"]
    );
}

#[test]
fn claims_of_the_template_choose_the_rules() {
    let manifests =
        "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: a, namespace: shop}\n\
         spec: {selector: {matchLabels: {app: edge}}, jwtRules: [{issuer: me, jwks: '{\"keys\":[]}'}]}\n---\n"
            .to_owned()
            + &deployment("shop", "edge", "{app: edge}", "[]")
            + &web()
            + &edge()
            + &virtual_service(
                "web",
                "hosts: [web.example.com], gateways: [edge], http: [{match: [{headers: {'@request.auth.claims.role': {exact: \
             admin}}}], route: [{destination: {host: web, subset: v2}}]}, {route: [{destination: {host: web}}]}]",
            );
    let template =
        |role: &str| Request { claims: serde_json::json!({"role": role, "iss": "me"}), ..Request::default() };
    let with = |role: &str| rules(&manifests, &template(role));
    assert_eq!(with("admin"), ["web.example.com:80 via shop/edge: every request -> 100% web v2"]);
    assert_eq!(with("user"), ["web.example.com:80 via shop/edge: every request -> 100% web"]);
}
