//! Tests of proofs about policies, against the code that evaluates them.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{PolicyRules, Reachability};
use crate::config::Config;
use crate::load::Snapshot;
use crate::model::LabelSet;
use crate::policy::{Attributes, CompiledPolicies, Identity, Ruling};
use crate::routing::HttpRequest;
use crate::world::{Settings, World};

const SOURCES: [&str; 14] = [
    "namespaces: [a]",
    "namespaces: [a, 'b*']",
    "notNamespaces: [a]",
    "principals: ['*']",
    "principals: [cluster.local/ns/a/sa/x]",
    "principals: ['*/sa/x']",
    "notPrincipals: ['cluster.local/ns/*']",
    "serviceAccounts: [a/x]",
    "trustDomains: ['other*']",
    "ipBlocks: [10.0.0.0/8]",
    "ipBlocks: [10.1.0.0/16, '2001:db8::/32']",
    "notIpBlocks: [10.0.0.0/9]",
    "remoteIpBlocks: [10.0.0.0/8]",
    "namespaces: [a], notIpBlocks: [10.1.0.0/16]",
];

const OPERATIONS: [&str; 14] = [
    "paths: [/a]",
    "paths: ['/a*']",
    "paths: ['*b', /a]",
    "paths: ['/a/{*}']",
    "paths: ['/{**}/b']",
    "notPaths: ['/a/*']",
    "methods: [GET]",
    "notMethods: ['G*']",
    "hosts: ['*.Example.com']",
    "notHosts: [a.example.com]",
    "ports: ['80']",
    "notPorts: ['80', '443']",
    "methods: [GET, POST], paths: ['/a*']",
    "paths: ['*']",
];

const CONDITIONS: [&str; 9] = [
    "key: 'request.headers[x]', values: [a]",
    "key: 'request.headers[x]', values: ['*']",
    "key: 'request.headers[x]', notValues: ['a*']",
    "key: 'request.headers[X]', values: ['*b'], notValues: [b]",
    "key: 'request.headers[user-agent]', values: ['a*']",
    "key: 'request.headers[host]', values: [a.example.com]",
    "key: connection.sni, values: ['*.com']",
    "key: connection.sni, notValues: ['*']",
    "key: destination.port, notValues: ['80']",
];

fn entries(field: &'static str, inside: &'static str, texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    vec(select(texts), 0..3).prop_map(move |all| {
        let entries: Vec<String> = all.iter().map(|it| format!("{{{inside}: {{{it}}}}}")).collect();
        if entries.is_empty() { String::new() } else { format!("{field}: [{}]", entries.join(", ")) }
    })
}

/// A rule in YAML.
fn rule() -> impl Strategy<Value = String> {
    let when = prop::option::weighted(0.4, select(&CONDITIONS[..]));
    let when = when.prop_map(|it| it.map(|it| format!("when: [{{{it}}}]")).unwrap_or_default());
    (entries("from", "source", &SOURCES), entries("to", "operation", &OPERATIONS), when).prop_map(|(from, to, when)| {
        let parts: Vec<String> = [from, to, when].into_iter().filter(|it| !it.is_empty()).collect();
        format!("{{{}}}", parts.join(", "))
    })
}

/// The parts of a request besides those of HTTP.
#[derive(Debug, Clone)]
struct Connection {
    identity: Option<Identity>,
    source_ip: Option<IpAddr>,
    remote_ip: Option<IpAddr>,
    port: u32,
    sni: &'static str,
}

fn connection() -> impl Strategy<Value = Connection> {
    let identity = (select(vec!["cluster.local", "other"]), select(vec!["a", "b", "bc"]), select(vec!["x", "y"]));
    let identity = identity.prop_map(|(trust_domain, namespace, service_account)| Identity {
        trust_domain: trust_domain.to_owned(),
        namespace: namespace.to_owned(),
        service_account: service_account.to_owned(),
    });
    let address = || {
        let all = ["10.0.0.1", "10.1.0.1", "10.200.0.1", "11.0.0.1", "2001:db8::1", "::1", "::ffff:10.1.0.1"];
        prop::option::of(select(all.map(|it| it.parse::<IpAddr>().unwrap()).to_vec()))
    };
    let port = select(vec![80, 443, 9080]);
    let sni = select(vec!["", "a.com", "b.org"]);
    (prop::option::of(identity), address(), address(), port, sni).prop_map(
        |(identity, source_ip, remote_ip, port, sni)| Connection { identity, source_ip, remote_ip, port, sni },
    )
}

fn request() -> impl Strategy<Value = HttpRequest<'static>> {
    let paths = select(vec!["/", "/a", "/ab", "/a/b", "/a/", "/b", "/a/b/c", "/a/c/b"]);
    let authorities = select(vec!["a.example.com", "A.example.com", "b.example.com", "x"]);
    let lines = vec((Just("x"), select(vec!["", "a", "ab", "b", "c"])), 0..3);
    let agent = prop::option::of(select(vec!["a1", "b"]));
    (paths, authorities, select(vec!["GET", "POST", "PUT"]), lines, agent).prop_map(
        |(path, authority, method, lines, agent)| {
            let lines = lines.into_iter().chain(agent.map(|agent| ("user-agent", agent)));
            HttpRequest {
                path: path.as_bytes().into(),
                authority: authority.into(),
                method: method.into(),
                headers: lines.map(|(name, value)| (name.into(), value.as_bytes().into())).collect(),
                ..HttpRequest::default()
            }
        },
    )
}

fn policy(rules: &[String]) -> Snapshot {
    let rules: String = rules.iter().map(|rule| format!("  - {rule}\n")).collect();
    let text = format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: p, namespace: bank}}\n\
         spec:\n  action: DENY\n  rules:\n{rules}"
    );
    Snapshot::of_texts([("p.yaml".to_owned(), text)])
}

/// Whether a proxy denies each request by some rules.
fn verdicts(rules: &[String], requests: &[(HttpRequest<'static>, Connection)], is_tcp: bool) -> Vec<bool> {
    let snapshot = policy(rules);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let policies = CompiledPolicies::new(&world).of_workload("bank", &LabelSet::default());
    let is_denied = |(request, connection): &(HttpRequest<'static>, Connection)| {
        let attributes = Attributes {
            identity: connection.identity.as_ref(),
            source_ip: connection.source_ip,
            is_from_gateway: false,
            remote_ip: connection.remote_ip,
            destination_ip: None,
            destination_port: connection.port,
            sni: connection.sni,
            http: (!is_tcp).then_some(request),
        };
        policies.evaluate(&attributes, false).ruling == Ruling::Denied
    };
    requests.iter().map(is_denied).collect()
}

/// How each rule is reached if all others come first.
fn reached(rules: &[String], is_tcp: bool) -> Vec<Reachability> {
    let snapshot = policy(rules);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let compiled = CompiledPolicies::new(&world);
    let tests = compiled.tests(&world.policies.authorization_policies()[0], is_tcp);
    assert_eq!(tests.len(), rules.len(), "{rules:?}");
    let proofs = PolicyRules::new(&tests.iter().map(|it| &it.form).collect::<Vec<_>>());
    let others = |own: usize| (0..rules.len()).filter(|other| *other != own).collect::<Vec<_>>();
    (0..rules.len()).map(|own| proofs.reach(own, &others(own))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// A rule that others take decides nothing: each request that it matches is matched by one of them. No request matches
    /// an impossible rule.
    #[test]
    fn shadowed_rules_decide_nothing(
        rules in vec(rule(), 2..6),
        requests in vec((request(), connection()), 80),
        is_tcp in any::<bool>(),
    ) {
        let reached = reached(&rules, is_tcp);
        let alone: Vec<Vec<bool>> =
            rules.iter().map(|rule| verdicts(std::slice::from_ref(rule), &requests, is_tcp)).collect();
        for (number, reached) in reached.iter().enumerate() {
            let covers: &[usize] = match reached {
                Reachability::Reached => continue,
                Reachability::Impossible => &[],
                Reachability::TakenBy(covers) => covers,
                Reachability::Undecided => return Err(TestCaseError::fail("the tables are small")),
            };
            for (at, request) in requests.iter().enumerate().filter(|(at, _)| alone[number][*at]) {
                let is_taken = covers.iter().any(|cover| alone[*cover][at]);
                prop_assert!(is_taken, "{} is called {reached:?} of {rules:?}, and decides {request:?}", rules[number]);
            }
        }
    }
}

#[test]
fn rules_take_each_other_as_values_say() {
    for (narrow, wide, is_taken) in [
        ("{from: [{source: {principals: [cluster.local/ns/a/sa/x]}}]}", "{from: [{source: {namespaces: [a]}}]}", true),
        ("{from: [{source: {namespaces: [a]}}]}", "{from: [{source: {principals: ['*']}}]}", true),
        ("{from: [{source: {serviceAccounts: [a/x]}}]}", "{from: [{source: {principals: ['*/sa/x']}}]}", true),
        ("{from: [{source: {notNamespaces: [a]}}]}", "{from: [{source: {principals: ['*']}}]}", false),
        ("{from: [{source: {ipBlocks: [10.1.0.0/16]}}]}", "{from: [{source: {notIpBlocks: [11.0.0.0/8]}}]}", true),
        ("{from: [{source: {ipBlocks: ['0.0.0.0/0']}}]}", "{from: [{source: {notIpBlocks: ['::/0']}}]}", true),
        ("{from: [{source: {requestPrincipals: [i/s]}}]}", "{from: [{source: {requestPrincipals: ['i*']}}]}", true),
        ("{from: [{source: {requestPrincipals: [i/s]}}]}", "{from: [{source: {requestPrincipals: ['*/s']}}]}", true),
        ("{to: [{operation: {paths: ['/a/{*}']}}]}", "{to: [{operation: {paths: ['/a/*']}}]}", true),
        ("{to: [{operation: {paths: ['/a/*']}}]}", "{to: [{operation: {paths: ['/a/{**}']}}]}", false),
        ("{to: [{operation: {hosts: [A.b]}}]}", "{to: [{operation: {hosts: ['*.B']}}]}", true),
        ("{when: [{key: 'request.headers[host]', values: [a.b]}]}", "{to: [{operation: {hosts: [A.b]}}]}", true),
        ("{to: [{operation: {hosts: [a.b]}}]}", "{when: [{key: 'request.headers[host]', values: [a.b]}]}", false),
    ] {
        let rules = [narrow.to_owned(), wide.to_owned()];
        assert_eq!(reached(&rules, false)[0] == Reachability::TakenBy(vec![1]), is_taken, "{narrow} {wide}");
    }
}
