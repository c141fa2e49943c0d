//! Answers that do not depend on earlier requests, whose results the simulator keeps.

use mesh::config::Config;
use mesh::load::Snapshot;
use mesh::simulate::{Answer, Request, Simulator};
use mesh::world::{Settings, World};
use serde_json::{Value, json};

use super::{deployment, istio_in, service};

/// A service with a workload, and a VirtualService for it.
fn web(route: &str) -> String {
    service("shop", "web", "{selector: {app: web}, ports: [{name: http, port: 80}]}")
        + &deployment("shop", "web", "{app: web}", "[{containerPort: 80}]")
        + &istio_in(
            "shop",
            "VirtualService",
            "web",
            &format!("{{hosts: [web], http: [{{{route}, route: [{{destination: {{host: web}}}}]}}]}}"),
        )
}

/// The answers for two requests, asked in both orders, which are equal.
fn in_both_orders(manifests: &str, questions: [&Value; 2]) -> [Answer; 2] {
    let snapshot = Snapshot::of_texts([("all.yaml", manifests)]);
    assert!(snapshot.problems.is_empty(), "{:?}", snapshot.problems);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let requests = questions.map(|question| serde_json::from_value::<Request>(question.clone()).unwrap());
    let forward = Simulator::new(&world);
    let answers = requests.each_ref().map(|request| forward.simulate(request).unwrap());
    let backward = Simulator::new(&world);
    let second = backward.simulate(&requests[1]).unwrap();
    assert_eq!([backward.simulate(&requests[0]).unwrap(), second], answers);
    answers
}

fn request(more: &Value) -> Value {
    let mut request = json!({"host": "web", "port": 80, "from": {"namespace": "shop"}});
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

#[test]
fn servers_reject_only_the_requests_that_a_route_makes_unreadable() {
    let [a, b] = ["/a", "/b"].map(|path| request(&json!({"path": path, "headers": {"x": "one"}})));
    let outcomes = |route: &str| {
        in_both_orders(&web(route), [&a, &b])
            .map(|answer| (answer.arrivals[0].outcome.as_str(), answer.arrivals[0].status))
    };
    assert_eq!(
        outcomes("rewrite: {uriRegexRewrite: {match: b, rewrite: \"#\"}}"),
        [("forward", None), ("direct-response", Some(400))]
    );
    assert_eq!(outcomes("rewrite: {uri: /c}"), [("forward", None), ("forward", None)]);
}

#[test]
fn servers_note_only_the_tokens_that_requests_carry() {
    let questions = [request(&json!({})), request(&json!({"token": "valid"}))];
    let notes =
        in_both_orders(&web("name: all"), [&questions[0], &questions[1]]).map(|it| it.arrivals[0].notes.join(" "));
    assert_eq!(notes[0], "");
    assert!(notes[1].contains("ignores tokens"), "{}", notes[1]);
}

#[test]
fn policies_of_one_workload_do_not_depend_on_earlier_requests() {
    let policy = istio_in(
        "shop",
        "AuthorizationPolicy",
        "get",
        "{selector: {matchLabels: {app: web}}, rules: [{to: [{operation: {methods: [GET]}}]}]}",
    )
    .replace("networking.istio.io", "security.istio.io");
    let questions = [request(&json!({})), request(&json!({"method": "POST"}))];
    let answers = in_both_orders(&(web("name: all") + &policy), [&questions[0], &questions[1]]);
    assert_eq!(answers.map(|it| it.arrivals[0].outcome.as_str()), ["forward", "denied"]);
}
