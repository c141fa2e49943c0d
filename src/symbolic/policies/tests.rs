//! Properties of proofs about policies, on random policies and requests.

#![allow(clippy::disallowed_methods, reason = "tests measure time")]

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::table::{Decision, PolicyReach, PolicyTable, PolicyVerdict};
use super::{PolicyWitness, differences};
use crate::load::Snapshot;
use crate::model::LabelSet;
use crate::policy::{Attributes, CompiledPolicies, Identity, Ruling, WorkloadPolicies};
use crate::routing::HttpRequest;
use crate::world::{Settings, World};

const SOURCES: [&str; 13] = [
    "principals: ['cluster.local/ns/a/sa/x']",
    "principals: ['*']",
    "principals: ['*/sa/x']",
    "principals: ['cluster.local/ns/a/*']",
    "notPrincipals: ['cluster.local/ns/a/sa/x']",
    "namespaces: [a]",
    "namespaces: ['a*', b]",
    "notNamespaces: [a]",
    "serviceAccounts: [a/x]",
    "trustDomains: [cluster.local]",
    "ipBlocks: ['10.0.0.0/8']",
    "notIpBlocks: ['10.1.0.0/16']",
    "remoteIpBlocks: ['10.1.0.0/16', '2001:db8::/32']",
];

const OPERATIONS: [&str; 14] = [
    "methods: [GET]",
    "methods: ['*']",
    "notMethods: [GET, POST]",
    "paths: [/a]",
    "paths: ['/a*']",
    "paths: ['*/b', '/a/*']",
    "paths: ['/{*}/b']",
    "paths: ['/a/{**}']",
    "notPaths: ['/a/*']",
    "hosts: ['*.Example.com']",
    "notHosts: [api.example.com]",
    "ports: ['80']",
    "notPorts: ['80', '8080']",
    "ports: ['80'], paths: ['/a*'], methods: [GET]",
];

const CONDITIONS: [&str; 8] = [
    "{key: 'request.headers[X]', values: [a]}",
    "{key: 'request.headers[x]', values: ['a*', '*b']}",
    "{key: 'request.headers[x]', notValues: [a]}",
    "{key: 'request.headers[user-agent]', notValues: ['*']}",
    "{key: connection.sni, values: ['*.example.com']}",
    "{key: source.namespace, values: [b], notValues: [a]}",
    "{key: source.principal, notValues: ['*/ns/a/*']}",
    "{key: 'request.auth.claims[role]', values: [a]}",
];

/// Some policies for all workloads.
fn policies() -> impl Strategy<Value = String> {
    let part = |name: &'static str, inner: &'static str, all: &'static [&'static str]| {
        vec(select(all), 0..3).prop_map(move |chosen| {
            let entries: Vec<String> = chosen.iter().map(|it| format!("{{{inner}: {{{it}}}}}")).collect();
            if entries.is_empty() { String::new() } else { format!("{name}: [{}], ", entries.join(", ")) }
        })
    };
    let when = vec(select(&CONDITIONS[..]), 0..2).prop_map(|chosen| match chosen.is_empty() {
        true => String::new(),
        false => format!("when: [{}], ", chosen.join(", ")),
    });
    let rule = (part("from", "source", &SOURCES), part("to", "operation", &OPERATIONS), when)
        .prop_map(|(from, to, when)| format!("  - {{{from}{to}{when}}}\n"));
    let action = select(vec!["ALLOW", "ALLOW", "DENY", "DENY", "CUSTOM, provider: {name: ext}", "AUDIT"]);
    vec((action, vec(rule, 0..4)), 0..4).prop_map(|all| {
        let mut text = String::new();
        for (number, (action, rules)) in all.iter().enumerate() {
            let rules = if rules.is_empty() { String::new() } else { format!("  rules:\n{}", rules.concat()) };
            text += &format!(
                "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: p{number}, namespace: a}}\n\
                 spec:\n  action: {}\n{rules}---\n",
                action.replace(", ", "\n  ")
            );
        }
        text
    })
}

#[derive(Debug, Clone)]
struct Sent {
    identity: Option<Identity>,
    addresses: (IpAddr, IpAddr),
    port: u32,
    sni: &'static str,
    http: Option<HttpRequest<'static>>,
}

fn sent() -> impl Strategy<Value = Sent> {
    let identity = select(vec![
        None,
        Some(("cluster.local", "a", "x")),
        Some(("cluster.local", "a", "y")),
        Some(("other", "ab", "x")),
        Some(("cluster.local", "b", "z")),
    ]);
    let address = || select(vec!["10.1.2.3", "10.2.0.1", "192.168.0.1", "2001:db8::1", "::1"]);
    let path = select(vec!["/", "/a", "/ab", "/a/b", "/c/b", "/a/b/c"]);
    let lines = vec((select(vec!["x", "user-agent"]), select(vec!["a", "ab", "b", ""])), 0..3);
    let http =
        (path, select(vec!["GET", "POST", "PUT"]), select(vec!["api.example.com", "WWW.example.com", "x"]), lines);
    let http = http.prop_map(|(path, method, authority, lines)| {
        let mut headers: Vec<(std::borrow::Cow<'static, str>, std::borrow::Cow<'static, [u8]>)> = Vec::new();
        for (name, value) in lines {
            if name == "x" || !headers.iter().any(|(other, _)| other == name) {
                headers.push((name.into(), value.as_bytes().into()));
            }
        }
        HttpRequest {
            path: path.as_bytes().into(),
            method: method.into(),
            authority: authority.into(),
            headers,
            ..HttpRequest::default()
        }
    });
    let sni = select(vec!["", "api.example.com", "x"]);
    (identity, address(), address(), select(vec![80, 8080, 9]), sni, prop::option::weighted(0.8, http)).prop_map(
        |(identity, source, remote, port, sni, http)| Sent {
            identity: identity.map(|(domain, namespace, account)| Identity {
                trust_domain: domain.to_owned(),
                namespace: namespace.to_owned(),
                service_account: account.to_owned(),
            }),
            addresses: (source.parse().unwrap(), remote.parse().unwrap()),
            port,
            sni,
            http,
        },
    )
}

impl Sent {
    fn attributes(&self) -> Attributes<'_> {
        Attributes {
            identity: self.identity.as_ref(),
            source_ip: Some(self.addresses.0),
            is_from_gateway: false,
            remote_ip: Some(self.addresses.1),
            destination_ip: None,
            destination_port: self.port,
            sni: self.sni,
            http: self.http.as_ref(),
        }
    }
}

fn with<T>(text: &str, then: impl FnOnce(&WorkloadPolicies<'_>) -> T) -> T {
    let snapshot = Snapshot::of_texts([("a.yaml", text.to_owned())]);
    let world = World::new(&snapshot, Settings::default());
    let compiled = CompiledPolicies::new(&world);
    then(&compiled.of_workload("a", &LabelSet::new()))
}

fn verdict(policies: &WorkloadPolicies<'_>, attributes: &Attributes<'_>) -> PolicyVerdict {
    let found = policies.evaluate(attributes, false);
    match found.ruling {
        Ruling::Allowed => PolicyVerdict::Allowed,
        Ruling::Denied => PolicyVerdict::Denied,
        Ruling::External => PolicyVerdict::External(found.provider.unwrap().0),
    }
}

/// The decision of a table on a request, clause by clause.
fn decided(table: &PolicyTable<'_, '_>, attributes: &Attributes<'_>) -> (Decision, PolicyVerdict) {
    let takes = |decision: &Decision| match decision {
        Decision::Clause(number) => table.clauses[*number].matches(attributes),
        Decision::Default => true,
    };
    let decision = table.decisions().into_iter().find(takes).unwrap();
    let verdict = table.verdict(decision);
    let asked = table.with(|effect| matches!(effect, crate::policy::ClauseEffect::Asks(_)));
    match asked.iter().find(|number| table.clauses[**number].matches(attributes)) {
        Some(_) if verdict == PolicyVerdict::Allowed => (decision, PolicyVerdict::External("ext".to_owned())),
        _ => (decision, verdict),
    }
}

fn attributes<'r>(witness: &'r PolicyWitness, http: Option<&'r HttpRequest<'r>>) -> Attributes<'r> {
    let usual = || Some("127.0.0.9".parse().unwrap());
    let attributes = witness.attributes(http);
    Attributes {
        source_ip: attributes.source_ip.or_else(usual),
        remote_ip: attributes.remote_ip.or_else(usual),
        ..attributes
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// The table says of a request what the evaluation says, and each decision that is reached has a witness for it.
    /// No random request reaches a decision that is not reached.
    #[test]
    fn a_table_decides_like_the_evaluation(text in policies(), requests in vec(sent(), 30), is_tcp in any::<bool>()) {
        with(&text, |policies| {
            let table = PolicyTable::new(policies, is_tcp);
            for request in requests.iter().filter(|it| it.http.is_none() == is_tcp) {
                let attributes = request.attributes();
                let (decision, expected) = decided(&table, &attributes);
                prop_assert_eq!(verdict(policies, &attributes), expected);
                prop_assert!(matches!(table.reach(decision), PolicyReach::Reached(_)), "{decision:?} {request:?}");
            }
            for decision in table.decisions() {
                if let PolicyReach::Reached(witness) = table.reach(decision) {
                    let witness = witness.unwrap();
                    let http = witness.sample.request();
                    let attributes = attributes(&witness, (!is_tcp).then_some(&http));
                    prop_assert_eq!(decided(&table, &attributes).0, decision, "{:?}", witness);
                }
            }
            Ok(())
        })?;
    }

    /// Policies equal themselves; witnesses of differences show them; a random request that shows one is found.
    #[test]
    fn all_differences_are_found(old in policies(), new in policies(), requests in vec(sent(), 30), is_tcp in any::<bool>()) {
        with(&old, |before| with(&new, |after| {
            let tables = (PolicyTable::new(before, is_tcp), PolicyTable::new(after, is_tcp));
            prop_assert_eq!(differences(&tables.0, &tables.0), []);
            let found = differences(&tables.0, &tables.1);
            for difference in &found {
                prop_assert!(difference.is_certain);
                let witness = difference.witness.as_ref().unwrap();
                let http = witness.sample.request();
                let attributes = attributes(witness, (!is_tcp).then_some(&http));
                prop_assert_eq!(&decided(&tables.0, &attributes), &difference.old);
                prop_assert_eq!(&decided(&tables.1, &attributes), &difference.new);
            }
            for request in requests.iter().filter(|it| it.http.is_none() == is_tcp) {
                let (one, other) = (decided(&tables.0, &request.attributes()), decided(&tables.1, &request.attributes()));
                let is_found = found.iter().any(|it| it.old == one && it.new == other);
                prop_assert_eq!(one.1 != other.1, is_found, "{:?}", request);
            }
            Ok(())
        }))?;
    }
}
