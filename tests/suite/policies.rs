//! The evaluation of policies, field by field.

use mesh::config::Config;
use mesh::load::Snapshot;
use mesh::simulate::{Answer, Outcome, Request, Simulator, Verdict};
use mesh::world::{Settings, World};
use serde_json::{Value, json};

/// A Service with an HTTP port, 80, for port 8080 of its workload, and a TCP port, 9000.
const WORKLOAD: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: shop, namespace: shop}\nspec:\n  selector: {app: shop}\n  ports:\n  - {name: http, port: 80, targetPort: 8080}\n  - {name: tcp, port: 9000}\n---\n";

/// A RequestAuthentication that validates the tokens of two issuers.
const TOKENS: &str = "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: tokens, namespace: shop}\nspec: {jwtRules: [{issuer: 'https://id.example/tenant', jwksUri: 'https://id.example/keys', audiences: [shop]}, {issuer: other}]}\n---\n";

fn policy(name: &str, spec: &str) -> String {
    policy_in("shop", name, "", spec)
}

fn policy_in(namespace: &str, name: &str, metadata: &str, spec: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: {name}, namespace: {namespace}{metadata}}}\nspec: {spec}\n---\n"
    )
}

/// The answer to a request to the workload. The fields of `request` replace the defaults.
fn ask(manifests: &str, request: &Value) -> Answer {
    let mut question = json!({
        "to": {"namespace": "shop", "labels": {"app": "shop"}},
        "from": {"namespace": "web", "serviceAccount": "front"},
        "tls": "mtls", "port": 8080, "host": "shop.example:80", "path": "/orders/7?x=1", "trace": true,
    });
    question.as_object_mut().unwrap().extend(request.as_object().unwrap().clone());
    let snapshot = Snapshot::of_texts([("all.yaml", format!("{WORKLOAD}{manifests}").as_str())]);
    assert!(snapshot.problems.is_empty(), "{:?}", snapshot.problems);
    let world = World::new(&snapshot, Settings::new(&Config::default(), &snapshot));
    let question: Request = serde_json::from_value(question).unwrap();
    let mut answer = Simulator::new(&world).at(1_700_000_000).simulate(&question).unwrap();
    // The manifests have no workload, so every answer says that only its labels are known.
    answer.remarks.retain(|note| !note.starts_with("no workload of the manifests"));
    answer
}

fn is_denied(manifests: &str, request: &Value) -> bool {
    ask(manifests, request).outcome == Outcome::Denied
}

/// Checks whether each rule matches its request: a policy with the action DENY then denies it.
fn check(rows: &[(&str, Value, bool)]) {
    for (rule, request, expected) in rows {
        let manifests = format!("{TOKENS}{}", policy("p", &format!("{{action: DENY, rules: [{rule}]}}")));
        assert_eq!(is_denied(&manifests, request), *expected, "{rule} {request}");
    }
}

#[test]
fn sources_are_compared_with_the_identity_of_the_client() {
    let plaintext = || json!({"tls": "plaintext"});
    let account = |name: &str| json!({"from": {"namespace": "shop", "serviceAccount": name}});
    check(&[
        ("{from: [{source: {principals: [cluster.local/ns/web/sa/front]}}]}", json!({}), true),
        ("{from: [{source: {principals: [cluster.local/ns/web/*]}}]}", json!({}), true),
        ("{from: [{source: {principals: ['*/sa/front']}}]}", json!({}), true),
        ("{from: [{source: {principals: ['*']}}]}", json!({}), true),
        ("{from: [{source: {principals: ['*']}}]}", plaintext(), false),
        ("{from: [{source: {principals: [cluster.local/ns/web/sa/fron]}}]}", json!({}), false),
        ("{from: [{source: {principals: ['spiffe://cluster.local/ns/web/sa/front']}}]}", json!({}), false),
        ("{from: [{source: {notPrincipals: [cluster.local/ns/web/sa/front]}}]}", json!({}), false),
        ("{from: [{source: {notPrincipals: [cluster.local/ns/web/sa/front]}}]}", plaintext(), true),
        ("{from: [{source: {namespaces: [web]}}]}", json!({}), true),
        ("{from: [{source: {namespaces: ['w*b']}}]}", json!({}), true),
        ("{from: [{source: {namespaces: [we]}}]}", json!({}), false),
        ("{from: [{source: {namespaces: [web]}}]}", plaintext(), false),
        ("{from: [{source: {notNamespaces: [web]}}]}", plaintext(), true),
        ("{from: [{source: {serviceAccounts: [web/front]}}]}", json!({}), true),
        ("{from: [{source: {serviceAccounts: [front]}}]}", json!({}), false),
        ("{from: [{source: {serviceAccounts: [back]}}]}", account("back"), true),
        ("{from: [{source: {serviceAccounts: ['b*']}}]}", account("back"), false),
        ("{from: [{source: {notServiceAccounts: [web/front]}}]}", json!({}), false),
        ("{from: [{source: {trustDomains: [cluster.local]}}]}", json!({}), true),
        ("{from: [{source: {trustDomains: ['*.local']}}]}", json!({}), true),
        ("{from: [{source: {trustDomains: [other]}}]}", json!({}), false),
        ("{from: [{source: {notTrustDomains: [other]}}]}", plaintext(), true),
        // All fields of a source must match; one value of a field and one of the sources is enough.
        ("{from: [{source: {namespaces: [web, x], trustDomains: [other]}}]}", json!({}), false),
        ("{from: [{source: {namespaces: [x]}}, {source: {namespaces: [v, web]}}]}", json!({}), true),
    ]);
}

#[test]
fn ip_blocks_use_the_connection_and_remote_ip_blocks_the_forwarded_address() {
    let from = |address: &str| json!({"sourceIp": address});
    let forwarded = |list: &str| json!({"sourceIp": "10.0.0.1", "headers": {"X-Forwarded-For": list}});
    check(&[
        ("{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}", from("10.1.2.3"), true),
        ("{from: [{source: {ipBlocks: [10.1.2.3]}}]}", from("10.1.2.4"), false),
        ("{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}", json!({}), false),
        ("{from: [{source: {notIpBlocks: [10.0.0.0/8]}}]}", from("11.1.2.3"), true),
        ("{from: [{source: {ipBlocks: [1.1.1.1]}}]}", forwarded("1.1.1.1"), false),
        ("{from: [{source: {remoteIpBlocks: [1.1.1.1]}}]}", forwarded("9.9.9.9, 1.1.1.1"), true),
        ("{from: [{source: {remoteIpBlocks: [10.0.0.1]}}]}", from("10.0.0.1"), true),
        ("{from: [{source: {notRemoteIpBlocks: [1.1.1.1]}}]}", forwarded("1.1.1.1"), false),
    ]);
    let without_address =
        ask(&policy("p", "{action: DENY, rules: [{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}]}"), &json!({}));
    assert!(without_address.notes()[0].contains("sourceIp"), "{:?}", without_address.notes());
}

#[test]
fn operations_are_compared_with_the_request() {
    check(&[
        ("{to: [{operation: {hosts: ['Shop.Example:80']}}]}", json!({}), true),
        ("{to: [{operation: {hosts: [shop.example]}}]}", json!({}), false),
        ("{to: [{operation: {hosts: ['shop.example*']}}]}", json!({}), true),
        ("{to: [{operation: {hosts: ['*.example:80']}}]}", json!({}), true),
        ("{to: [{operation: {notHosts: ['*']}}]}", json!({}), false),
        ("{to: [{operation: {methods: [GET]}}]}", json!({}), true),
        ("{to: [{operation: {methods: [get]}}]}", json!({}), false),
        ("{to: [{operation: {methods: ['P*']}}]}", json!({"method": "POST"}), true),
        ("{to: [{operation: {notMethods: [POST]}}]}", json!({}), true),
        ("{to: [{operation: {paths: [/orders/7]}}]}", json!({}), true),
        ("{to: [{operation: {paths: ['/orders/7?x=1']}}]}", json!({}), false),
        ("{to: [{operation: {paths: [/Orders/7]}}]}", json!({}), false),
        ("{to: [{operation: {paths: ['/orders/*']}}]}", json!({}), true),
        ("{to: [{operation: {paths: ['*/7']}}]}", json!({}), true),
        ("{to: [{operation: {paths: ['/{*}/7']}}]}", json!({}), true),
        ("{to: [{operation: {paths: ['/orders/{**}']}}]}", json!({"path": "/orders"}), false),
        ("{to: [{operation: {paths: [/orders/7]}}]}", json!({"path": "/x/../orders/%37"}), true),
        ("{to: [{operation: {notPaths: [/health]}}]}", json!({}), true),
        // `ports` are those of the workload, not of the Service.
        ("{to: [{operation: {ports: ['8080']}}]}", json!({}), true),
        ("{to: [{operation: {ports: ['80']}}]}", json!({}), false),
        ("{to: [{operation: {notPorts: ['8080']}}]}", json!({}), false),
        ("{to: [{operation: {methods: [GET], paths: [/x]}}]}", json!({}), false),
        ("{to: [{operation: {paths: [/x]}}, {operation: {methods: [GET]}}]}", json!({}), true),
        ("{from: [{source: {namespaces: [x]}}], to: [{operation: {methods: [GET]}}]}", json!({}), false),
        ("{}", json!({}), true),
    ]);
}

#[test]
fn tokens_count_only_with_a_request_authentication() {
    let claims = |claims: Value| json!({ "claims": claims });
    let own = |more: Value| {
        let mut claims = json!({"iss": "https://id.example/tenant", "sub": "ann", "aud": "shop"});
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "claims": claims })
    };
    let source = |field: &str| format!("{{from: [{{source: {{{field}}}}}]}}");
    let when = |key: &str, values: &str| format!("{{when: [{{key: '{key}', values: {values}}}]}}");
    let rows = [
        (source("requestPrincipals: ['https://id.example/tenant/ann']"), own(json!({})), true),
        (source("requestPrincipals: ['https://id.example/tenant/*']"), own(json!({})), true),
        (source("requestPrincipals: ['https://id.example/*']"), own(json!({})), false),
        (source("requestPrincipals: ['*/ann']"), own(json!({})), true),
        (source("requestPrincipals: ['https:*']"), own(json!({})), true),
        (source("requestPrincipals: ['*']"), own(json!({})), true),
        (source("requestPrincipals: ['*']"), claims(Value::Null), false),
        (source("notRequestPrincipals: ['*']"), claims(Value::Null), true),
        (when("request.auth.principal", "['*/ann']"), own(json!({})), true),
        (when("request.auth.audiences", "[shop]"), own(json!({"aud": ["x", "shop"]})), true),
        (when("request.auth.audiences", "[shop]"), own(json!({"aud": "shop"})), true),
        (when("request.auth.presenter", "['client*']"), own(json!({"azp": "client-1"})), true),
        (when("request.auth.claims[groups]", "[admin]"), own(json!({"groups": ["user", "admin"]})), true),
        (when("request.auth.claims[groups]", "[admin]"), own(json!({"groups": "admin"})), true),
        (when("request.auth.claims[a][b.c]", "['x*']"), own(json!({"a": {"b.c": "xyz"}})), true),
        (when("request.auth.claims[age]", "['42']"), own(json!({"age": 42})), false),
        (when("request.auth.claims[scope]", "[write]"), own(json!({"scope": "read write"})), true),
    ];
    for (rule, request, expected) in rows {
        check(&[(rule.as_str(), request, expected)]);
    }
    // No RequestAuthentication validates tokens, so requests have no principal.
    let any = policy("p", "{action: DENY, rules: [{from: [{source: {requestPrincipals: ['*']}}]}]}");
    let unread = ask(&any, &own(json!({})));
    assert_eq!(unread.outcome, Outcome::Forward);
    assert!(unread.notes()[0].contains("ignores tokens"), "{:?}", unread.notes());
}

#[test]
fn tokens_of_unknown_issuers_are_rejected() {
    let status = |claims: Value| ask(TOKENS, &json!({ "claims": claims })).status;
    assert_eq!(status(json!({"iss": "nobody", "sub": "x"})), Some(401));
    assert_eq!(status(json!({"iss": "other", "sub": "x"})), None);
    assert_eq!(status(json!({"iss": "https://id.example/tenant", "aud": "elsewhere"})), Some(403));
    assert_eq!(status(json!({"iss": "https://id.example/tenant", "aud": "https://shop/"})), None);
    assert_eq!(status(json!({"iss": "https://id.example/tenant"})), Some(403));
    assert_eq!(status(Value::Null), None);
    let preflight = |origin: &str| {
        json!({
            "method": "OPTIONS", "claims": {"iss": "nobody"},
            "headers": {origin: "https://a", "access-control-request-method": "GET"},
        })
    };
    assert_eq!(ask(TOKENS, &preflight("origin")).outcome, Outcome::Forward);
    assert_eq!(ask(TOKENS, &preflight("x-origin")).status, Some(401));
}

#[test]
fn a_token_is_described_by_its_state_issuer_and_audiences() {
    let tenant = "https://id.example/tenant";
    for (request, expected) in [
        (json!({"token": "valid"}), None),
        (json!({"token": "none", "headers": {"authorization": "Bearer x"}}), None),
        (json!({"token": "invalid"}), Some(401)),
        (json!({"token": "expired", "issuer": "other"}), Some(401)),
        (json!({"token": "expired", "issuer": tenant, "audiences": ["elsewhere"]}), Some(401)),
        (json!({"issuer": "other"}), None),
        (json!({"issuer": "nobody"}), Some(401)),
        (json!({"issuer": tenant}), Some(403)),
        (json!({"issuer": tenant, "audiences": ["a", "shop"]}), None),
        (json!({"audiences": ["a"], "claims": {"iss": tenant, "aud": "shop"}}), Some(403)),
    ] {
        assert_eq!(ask(TOKENS, &request).status, expected, "{request}");
    }
    let assumed = ask(TOKENS, &json!({"token": "valid"}));
    assert!(assumed.notes()[0].contains("does not name the issuer"), "{:?}", assumed.notes());
    let by_issuer = policy("p", "{action: DENY, rules: [{from: [{source: {requestPrincipals: ['other/ann']}}]}]}");
    let manifests = format!("{TOKENS}{by_issuer}");
    assert!(is_denied(&manifests, &json!({"issuer": "other", "claims": {"sub": "ann"}})));
    assert!(!is_denied(&manifests, &json!({"token": "none", "claims": {"sub": "ann"}})));
}

/// The text of a token with some claims.
fn jwt(claims: &Value) -> String {
    let encode = |json: &str| base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, json);
    format!("{}.{}.{}", encode("{\"alg\":\"RS256\"}"), encode(&claims.to_string()), encode("signature"))
}

#[test]
fn tokens_in_headers_are_read() {
    let bearer = |token: &str| json!({"headers": {"authorization": format!("Bearer {token}")}});
    let status = |token: &str| ask(TOKENS, &bearer(token)).status;
    assert_eq!(status("deadbeef"), Some(401));
    assert_eq!(status("some.invalid.token"), Some(401));
    assert_eq!(status(&jwt(&json!({"iss": "nobody"}))), Some(401));
    assert_eq!(status(&jwt(&json!({}))), Some(401));
    assert_eq!(status(&jwt(&json!({"iss": "other", "exp": 1_562_182_722}))), Some(401));
    assert_eq!(status(&jwt(&json!({"iss": "https://id.example/tenant"}))), Some(403));
    let good = ask(TOKENS, &bearer(&jwt(&json!({"iss": "other"}))));
    assert_eq!((good.status, good.notes().len()), (None, 1));
    assert!(good.notes()[0].contains("signature of the token is not checked"), "{:?}", good.notes());
    assert_eq!(ask(TOKENS, &json!({"headers": {"authorization": "Basic YTpi"}})).status, None);
    assert_eq!(ask(TOKENS, &json!({"path": "/?access_token=deadbeef"})).status, Some(401));
    // Nothing reads a token without a RequestAuthentication.
    assert_eq!(ask("", &bearer("deadbeef")).status, None);
    // The request says more of its token than the header.
    let stated = |state: &str| {
        let mut request = bearer("deadbeef");
        request["token"] = json!(state);
        request["issuer"] = json!("other");
        ask(TOKENS, &request).status
    };
    assert_eq!((stated("valid"), stated("expired")), (None, Some(401)));
}

fn authentication(name: &str, rules: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{jwtRules: [{rules}]}}\n---\n"
    )
}

#[test]
fn a_rule_looks_for_tokens_where_it_says() {
    let rules = authentication(
        "ra",
        "{issuer: a, fromHeaders: [{name: X-Jwt-Token, prefix: 'Value '}, {name: auth-token}], fromParams: [token, second], fromCookies: [session]}",
    );
    let needs_token = policy("p", "{rules: [{from: [{source: {requestPrincipals: ['a/ann']}}]}]}");
    let manifests = format!("{rules}{needs_token}");
    let status = |request: Value| ask(&manifests, &request).status;
    let good = jwt(&json!({"iss": "a", "sub": "ann"}));
    let expired = jwt(&json!({"iss": "a", "sub": "ann", "exp": 1}));
    let header = |name: &str, value: String| json!({"headers": {name: value}});
    assert_eq!(status(header("x-jwt-token", format!("Value {good}"))), None);
    assert_eq!(status(header("x-jwt-token", format!("Bearer {good}"))), Some(403));
    assert_eq!(status(header("auth-token", good.clone())), None);
    assert_eq!(status(header("authorization", format!("Bearer {good}"))), Some(403));
    assert_eq!(status(header("cookie", format!("a=b; session={good}"))), None);
    assert_eq!(status(header("cookie", format!("sessions={good}"))), Some(403));
    assert_eq!(status(json!({"path": format!("/?token={good}")})), None);
    assert_eq!(status(json!({"path": format!("/?tokens={good}")})), Some(403));
    // All tokens must be valid.
    assert_eq!(status(json!({"path": format!("/?token={good}&second={expired}")})), Some(401));
    // The request does not say where its token is, so it is where the rule looks.
    assert_eq!(status(json!({"claims": {"iss": "a", "sub": "ann"}})), None);
}

#[test]
fn of_several_rules_one_must_accept_the_token() {
    let status = |rules: &str, claims: Value| ask(&authentication("ra", rules), &json!({ "claims": claims })).status;
    let by_audience = "{issuer: a, audiences: [x]}, {issuer: b, audiences: [w]}, {issuer: b}";
    assert_eq!(status(by_audience, json!({"iss": "a", "aud": "x"})), None);
    assert_eq!(status(by_audience, json!({"iss": "a", "aud": "w"})), Some(403));
    assert_eq!(status(by_audience, json!({"iss": "b"})), None);
    assert_eq!(status(by_audience, json!({"iss": "c"})), Some(401));
    assert_eq!(status("{audiences: [x]}, {issuer: a, audiences: [w]}", json!({"iss": "a", "aud": "x"})), None);
    // Rules of all policies count.
    let two =
        format!("{}{}", authentication("one", "{issuer: a, audiences: [x]}"), authentication("two", "{issuer: b}"));
    assert_eq!(ask(&two, &json!({"claims": {"iss": "b"}})).status, None);
}

#[test]
fn policies_see_the_request_after_its_token_is_checked() {
    let rules = authentication(
        "ra",
        "{issuer: a, spaceDelimitedClaims: [roles], outputClaimToHeaders: [{header: X-Sub, claim: sub}, {header: x-deep, claim: a.b}], outputPayloadToHeader: x-payload}",
    );
    let matches = |condition: &str, request: &Value| {
        let deny = policy("p", &format!("{{action: DENY, rules: [{{when: [{{{condition}}}]}}]}}"));
        is_denied(&format!("{rules}{deny}"), request)
    };
    let request = json!({
        "claims": {"iss": "a", "sub": "ann", "a": {"b": 7}, "roles": "admin user", "scope": "read", "other": "v w"},
        "headers": {"x-sub": "forged", "authorization": "Bearer t"},
    });
    assert!(matches("key: 'request.headers[x-sub]', values: [ann]", &request));
    assert!(!matches("key: 'request.headers[x-sub]', values: [forged]", &request));
    assert!(matches("key: 'request.headers[x-deep]', values: ['7']", &request));
    assert!(matches("key: 'request.headers[x-payload]', values: ['ey*']", &request));
    assert!(!matches("key: 'request.headers[authorization]', values: ['*']", &request));
    assert!(matches("key: 'request.auth.claims[roles]', values: [user]", &request));
    assert!(!matches("key: 'request.auth.claims[roles]', values: ['admin user']", &request));
    assert!(!matches("key: 'request.auth.claims[other]', values: [w]", &request));
    // Without a token, clients cannot forge the headers either.
    assert!(!matches("key: 'request.headers[x-sub]', values: [forged]", &json!({"headers": {"x-sub": "forged"}})));
}

#[test]
fn conditions_compare_the_attribute_of_their_key() {
    let header = |value: Value| json!({"headers": {"X-Team": value}});
    check(&[
        ("{when: [{key: 'request.headers[x-team]', values: [blue]}]}", header(json!("blue")), true),
        ("{when: [{key: 'request.headers[X-Team]', values: ['b*', x]}]}", header(json!(["red", "blue"])), true),
        ("{when: [{key: 'request.headers[x-team]', values: ['*']}]}", header(json!("")), true),
        ("{when: [{key: 'request.headers[x-team]', values: ['*']}]}", json!({}), false),
        ("{when: [{key: 'request.headers[x-team]', notValues: ['*']}]}", json!({}), true),
        ("{when: [{key: source.ip, values: [10.0.0.0/8]}]}", json!({"sourceIp": "10.0.0.9"}), true),
        ("{when: [{key: remote.ip, notValues: [10.0.0.0/8]}]}", json!({"sourceIp": "10.0.0.9"}), false),
        ("{when: [{key: source.namespace, values: [web]}]}", json!({}), true),
        ("{when: [{key: source.principal, values: ['*/front']}]}", json!({}), true),
        ("{when: [{key: source.serviceAccount, values: [web/front]}]}", json!({}), true),
        ("{when: [{key: source.trustDomain, values: [cluster.local]}]}", json!({}), true),
        ("{when: [{key: destination.ip, values: [10.2.0.0/16]}]}", json!({"address": "10.2.3.4"}), true),
        ("{when: [{key: destination.port, values: ['8080']}]}", json!({}), true),
        ("{when: [{key: connection.sni, values: ['*.example']}]}", json!({"sni": "shop.example"}), true),
        ("{when: [{key: 'experimental.envoy.filters.a[b]', values: [x]}]}", json!({}), false),
        // An unknown key disables the rule, even if it denies.
        ("{when: [{key: source.nothing, values: [x]}]}", json!({}), false),
        ("{when: [{key: source.namespace, values: [web]}, {key: destination.port, values: ['1']}]}", json!({}), false),
    ]);
}

#[test]
fn actions_are_evaluated_in_order() {
    let get = "rules: [{to: [{operation: {methods: [GET]}}]}]";
    let decision = |manifests: &[String], request: Value| {
        let answer = ask(&manifests.concat(), &request);
        let policy = answer.policy.as_ref().map(|it| format!("{} {} {:?}", it.name, it.action, it.rule));
        (answer.outcome.as_str(), policy.unwrap_or_default())
    };
    let is = |outcome: &'static str, policy: &str| (outcome, policy.to_owned());
    let post = || json!({"method": "POST"});
    let allow = policy("a", &format!("{{{get}}}"));
    let deny = policy("d", &format!("{{action: DENY, {get}}}"));
    let audit = policy("u", &format!("{{action: AUDIT, {get}}}"));
    assert_eq!(decision(&[], json!({})), is("forward", ""));
    assert_eq!(decision(std::slice::from_ref(&audit), json!({})), is("forward", ""));
    assert_eq!(decision(std::slice::from_ref(&allow), json!({})), is("forward", "shop/a ALLOW Some(0)"));
    assert_eq!(decision(std::slice::from_ref(&allow), post()), is("denied", "shop/a ALLOW None"));
    assert_eq!(decision(&[allow.clone(), deny.clone()], json!({})), is("denied", "shop/d DENY Some(0)"));
    assert_eq!(decision(std::slice::from_ref(&deny), post()), is("forward", ""));
    // A policy without rules matches no requests: with ALLOW all requests are denied, with DENY none.
    assert_eq!(decision(&[policy("e", "{}")], json!({})), is("denied", "shop/e ALLOW None"));
    assert_eq!(decision(&[policy("e", "{action: DENY}")], json!({})), is("forward", ""));
    assert_eq!(decision(&[policy("e", "{rules: [{}]}")], json!({})), is("forward", "shop/e ALLOW Some(0)"));
    let root = policy_in("istio-system", "r", "", "{action: DENY, rules: [{}]}");
    assert_eq!(decision(&[root], json!({})), is("denied", "istio-system/r DENY Some(0)"));
    let dry = ", annotations: {istio.io/dry-run: 'true'}";
    assert_eq!(decision(&[policy_in("shop", "e", dry, "{}")], json!({})), is("forward", ""));
    assert_eq!(decision(&[policy_in("shop", "e", dry, "{action: DENY, rules: [{}]}")], json!({})), is("forward", ""));
}

#[test]
fn custom_policies_leave_the_decision_to_the_authorizer() {
    let custom = |name: &str, provider: &str| {
        policy(
            name,
            &format!(
                "{{action: CUSTOM, provider: {{name: {provider}}}, rules: [{{to: [{{operation: {{paths: [/orders/7]}}}}]}}]}}"
            ),
        )
    };
    let one = ask(&custom("c", "opa"), &json!({}));
    assert_eq!((one.outcome, one.policy.as_ref().unwrap().action), (Outcome::Forward, "CUSTOM"));
    assert!(one.notes()[0].contains("opa"), "{:?}", one.notes());
    assert_eq!(ask(&custom("c", "opa"), &json!({"path": "/"})).notes(), Vec::<String>::new());
    // Envoy evaluates DENY rules after the authorizer, whatever it decides.
    let deny = policy("d", "{action: DENY, rules: [{}]}");
    assert_eq!(ask(&format!("{}{deny}", custom("c", "opa")), &json!({})).policy.as_ref().unwrap().name, "shop/d");
    assert!(is_denied(&format!("{}{}", custom("c", "opa"), custom("d", "other")), &json!({})));
    let config = |provider: &str| {
        format!(
            "extensionProviders: [{{name: {provider}, envoyExtAuthzGrpc: {{service: shop.shop.svc.cluster.local, port: 9000}}}}]\n---\n"
        )
    };
    assert!(is_denied(&format!("{}{}", custom("c", "opa"), config("other")), &json!({})));
    assert!(!is_denied(&format!("{}{}", custom("c", "opa"), config("opa")), &json!({})));
    // An authorizer that speaks HTTP has no effect on TCP ports.
    let tcp = json!({"port": 9000, "protocol": "tcp"});
    let by_port = "{action: CUSTOM, provider: {name: opa}, rules: [{to: [{operation: {ports: ['9000']}}]}]}";
    let of_kind = |kind: &str| {
        let config = format!(
            "extensionProviders: [{{name: opa, {kind}: {{service: shop.shop.svc.cluster.local, port: 9000}}}}]\n---\n"
        );
        ask(&format!("{}{config}", policy("c", by_port)), &tcp)
    };
    assert_eq!(of_kind("envoyExtAuthzGrpc").policy.as_ref().unwrap().action, "CUSTOM");
    let ignored = of_kind("envoyExtAuthzHttp");
    assert!(ignored.policy.is_none() && ignored.notes()[0].contains("on TCP ports"), "{:?}", ignored.notes());
    // Envoy evaluates CUSTOM policies before it validates tokens, so they see no claims.
    let by_claim = "{action: CUSTOM, provider: {name: opa}, rules: [{from: [{source: {requestPrincipals: ['*']}}]}]}";
    let request = json!({"claims": {"iss": "other", "sub": "x"}});
    assert!(ask(&format!("{TOKENS}{}", policy("c", by_claim)), &request).policy.is_none());
}

/// The proxy sees no requests on a TCP port: istiod drops an ALLOW rule with HTTP fields, and removes these fields from
/// other rules.
#[test]
fn http_fields_on_tcp_ports_drop_or_widen_rules() {
    let tcp = json!({"port": 9000, "protocol": "tcp"});
    let rule = |fields: &str| format!("{{from: [{{source: {{{fields}}}}}], to: [{{operation: {{paths: [/x]}}}}]}}");
    let with = |action: &str, rule: &str| policy("p", &format!("{{action: {action}, rules: [{rule}]}}"));
    let denied = |action: &str, rule: &str| is_denied(&with(action, rule), &tcp);
    assert!(denied("ALLOW", &rule("namespaces: [web]")));
    assert!(denied("DENY", &rule("namespaces: [web]")));
    assert!(!denied("DENY", &rule("namespaces: [other]")));
    assert!(!denied("ALLOW", "{from: [{source: {namespaces: [web]}}]}"));
    for http_only in ["hosts: [x]", "methods: [x]", "paths: [x]", "notPaths: [x]"] {
        assert!(denied("DENY", &format!("{{to: [{{operation: {{{http_only}}}}}]}}")), "{http_only}");
        assert!(denied("ALLOW", &format!("{{to: [{{operation: {{{http_only}}}}}]}}")), "{http_only}");
    }
    assert!(denied("DENY", "{from: [{source: {requestPrincipals: [x]}}]}"));
    assert!(denied("DENY", "{when: [{key: 'request.headers[x]', values: [v]}]}"));
    assert!(denied("ALLOW", "{when: [{key: 'request.auth.claims[x]', values: [v]}]}"));
    let no_sni = "{when: [{key: connection.sni, values: ['*']}, {key: destination.port, values: ['9000']}]}";
    assert!(!denied("DENY", no_sni));
    let widened = ask(&with("DENY", &rule("namespaces: [web]")), &tcp);
    assert_eq!((widened.status, widened.notes().len()), (None, 1), "{:?}", widened.notes());
    let dropped = ask(&with("ALLOW", &rule("namespaces: [web]")), &tcp);
    assert_eq!(dropped.trace[0].verdict, Verdict::Excluded);
    // istiod treats values that it cannot parse in the same way.
    assert!(is_denied(&with("DENY", "{from: [{source: {ipBlocks: [nonsense]}}]}"), &json!({})));
    assert!(is_denied(&with("ALLOW", "{from: [{source: {ipBlocks: [nonsense]}}]}"), &json!({})));
}

#[test]
fn principals_match_all_trust_domains_of_the_mesh() {
    let config = "trustDomain: new\ntrustDomainAliases: [old]\n---\n";
    let deny = |principal: &str| {
        policy("p", &format!("{{action: DENY, rules: [{{from: [{{source: {{principals: [{principal}]}}}}]}}]}}"))
    };
    for (principal, expected) in
        [("old/ns/web/sa/front", true), ("cluster.local/ns/web/sa/front", true), ("else/ns/web/sa/front", false)]
    {
        assert_eq!(is_denied(&format!("{config}{}", deny(principal)), &json!({})), expected, "{principal}");
    }
}

#[test]
fn a_trace_has_the_first_condition_that_fails() {
    let rules = "{rules: [{from: [{source: {namespaces: [x]}}, {source: {namespaces: [v]}}]}, {to: [{operation: {methods: [POST, PUT]}}]}, {from: [{source: {requestPrincipals: [z]}}]}]}";
    let answer = ask(&policy("p", rules), &json!({}));
    let steps: Vec<_> = answer
        .trace
        .iter()
        .map(|it| (it.condition.as_deref().unwrap(), it.seen.as_deref(), it.wanted.as_deref().unwrap()))
        .collect();
    assert_eq!(
        steps,
        [
            ("from[0].source.namespaces", Some("web"), "x or v"),
            ("to[0].operation.methods", Some("GET"), "POST or PUT"),
            ("from[0].source.requestPrincipals", None, "z"),
        ]
    );
    let lines: Vec<_> = answer.trace.iter().map(|it| it.policy.as_ref().unwrap().line).collect();
    assert_eq!((lines.len(), answer.status), (3, Some(403)));
}
