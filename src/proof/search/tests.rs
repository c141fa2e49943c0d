//! Properties of searches, on random meshes.

use proptest::prelude::*;
use proptest::sample::select;

use super::{Aim, Hosts, Origins, Question, Target, search};
use crate::load::Snapshot;
use crate::proof::samples::{manifests, request};
use crate::simulate::{Expectation, Simulator};
use crate::world::{Settings, World};

const POLICIES: [&str; 6] = [
    "",
    "rules: [{to: [{operation: {paths: [/a*, /b]}}]}]",
    "rules: [{to: [{operation: {methods: [POST]}}]}, {from: [{source: {namespaces: [shop]}}]}]",
    "action: DENY, rules: [{to: [{operation: {paths: [/a/b, /b*], methods: [GET]}}]}]",
    "action: DENY, rules: [{when: [{key: 'request.headers[x]', values: [a]}]}]",
    "action: DENY, rules: [{to: [{operation: {notPaths: [/c*]}}]}]",
];

const DESTINATIONS: [&str; 8] = ["web", "web/v1", "web/v2", "404", "503", "301", "403", "denied"];

fn with_policy(text: &str, policy: &str) -> String {
    match policy {
        "" => text.to_owned(),
        policy => format!(
            "{text}---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
             metadata: {{name: p, namespace: shop}}\nspec: {{selector: {{matchLabels: {{app: web}}}}, {policy}}}\n"
        ),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Each witness ends at the destination, and without one no request does.
    #[test]
    fn what_is_not_reached_is_reached_by_no_request(
        text in manifests(),
        policy in select(&POLICIES[..]),
        destination in select(&DESTINATIONS[..]),
        requests in proptest::collection::vec(request(), 40),
    ) {
        let snapshot = Snapshot::of_texts([("a.yaml", with_policy(&text, policy))]);
        let world = World::new(&snapshot, Settings::default());
        let simulator = Simulator::new(&world);
        let end = Expectation::parse(destination).unwrap();
        let origins = Origins::of(&simulator);
        let aim = Aim::Ending(vec![Target::End(end.clone())]);
        let question = Question { aim, conditions: &[], hosts: Hosts::Any, port: None, wants_one: false };
        let found = search(&simulator, &origins.all, &question);
        for shown in &found.shown {
            let answer = simulator.simulate(&shown.request).unwrap();
            prop_assert!(end.is_met_by_some(&answer), "{:?}", shown.request);
        }
        if !found.undecided.is_empty() {
            return Ok(());
        }
        for request in requests {
            let Ok(answer) = simulator.simulate(&request) else { continue };
            if end.is_met_by_some(&answer) {
                let place = answer.route.as_ref().map(|route| route.span);
                prop_assert!(found.shown.iter().any(|shown| shown.place == place), "{request:?}");
            }
        }
    }
}
