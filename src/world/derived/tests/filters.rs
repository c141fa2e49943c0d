//! Filters, timeouts and retries.

use super::{GATEWAY, with_world};
use crate::model::networking::{DerivePort, HttpRoute};

/// The route derived from the only rule of an HTTPRoute.
fn rule(rule: &str) -> HttpRoute {
    let manifests = format!(
        "{GATEWAY}
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: r, namespace: edge}}
spec:
  parentRefs: [{{name: gw}}]
  rules: [{{{rule}}}]
"
    );
    with_world(&manifests, |world| world.derived.virtual_services[0].spec.http[0].clone())
}

const BACKEND: &str = "backendRefs: [{name: a, port: 1}]";

#[test]
fn of_headers_with_one_name_the_first_counts() {
    let rule = rule(&format!(
        "{BACKEND}, filters: [{{type: RequestHeaderModifier, requestHeaderModifier: {{set: [{{name: X-A, value: one}}, {{name: x-a, value: two}}], remove: [x-b]}}}}]"
    ));
    let request = rule.headers.unwrap().request.unwrap();
    assert_eq!((request.set.len(), request.set.get("x-a").unwrap().as_str()), (1, "one"));
    assert_eq!(request.remove[0].as_str(), "x-b");
}

#[test]
fn a_redirect_keeps_the_port_of_the_request_unless_it_changes_the_scheme() {
    let redirect = |fields: &str| {
        rule(&format!("filters: [{{type: RequestRedirect, requestRedirect: {{{fields}}}}}]")).redirect.unwrap()
    };
    let plain = redirect("hostname: b.com");
    assert_eq!(plain.derive_port.unwrap().value, DerivePort::FromRequestPort);
    assert_eq!(plain.redirect_code.unwrap().value, 302);
    let secure = redirect("scheme: https, statusCode: 301, path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}");
    assert_eq!(secure.derive_port.unwrap().value, DerivePort::FromProtocolDefault);
    assert_eq!((secure.redirect_code.unwrap().value, secure.prefix_rewrite.unwrap().value.as_str()), (301, "/b"));
    assert!(redirect("port: 8080").derive_port.is_none());
}

#[test]
fn a_rewrite_replaces_the_prefix_or_the_path() {
    let rewrite = |path: &str| {
        rule(&format!("{BACKEND}, filters: [{{type: URLRewrite, urlRewrite: {{path: {path}}}}}]")).rewrite.unwrap()
    };
    let prefix =
        |to: &str| rewrite(&format!("{{type: ReplacePrefixMatch, replacePrefixMatch: '{to}'}}")).uri.unwrap().value;
    assert_eq!([prefix("/b/"), prefix("/"), prefix("")], ["/b", "/", "/"]);
    let whole = rewrite("{type: ReplaceFullPath, replaceFullPath: /all}").uri_regex_rewrite.unwrap();
    assert_eq!((whole.r#match.unwrap().value.as_str(), whole.rewrite.unwrap().value.as_str()), ("/.*", "/all"));
}

#[test]
fn a_mirror_that_may_not_be_used_is_left_out() {
    let mirrors = |backend: &str| {
        rule(&format!("{BACKEND}, filters: [{{type: RequestMirror, requestMirror: {{backendRef: {backend}, fraction: {{numerator: 1, denominator: 4}}}}}}]"))
            .mirrors
    };
    let used = mirrors("{name: b, port: 2}");
    assert_eq!(used[0].percentage.as_ref().unwrap().value.unwrap().value, 25.0);
    assert!(mirrors("{name: b, namespace: other, port: 2}").is_empty());
}

#[test]
fn origins_with_wildcards_are_expressions() {
    let cors = rule(&format!(
        "{BACKEND}, filters: [{{type: CORS, cors: {{allowOrigins: ['https://a.com', 'https://a*', 'https://*.b.com']}}}}]"
    ));
    let origins = cors.cors_policy.unwrap().allow_origins;
    assert_eq!(origins[0].exact.as_ref().unwrap().as_str(), "https://a.com");
    assert_eq!(origins[1].prefix.as_ref().unwrap().as_str(), "https://a");
    assert_eq!(origins[2].regex.as_ref().unwrap().as_str(), r"^https://.*\.b\.com$");
}

#[test]
fn the_backend_s_timeout_is_that_of_a_try_if_there_are_several() {
    let timeouts = "timeouts: {request: 5s, backendRequest: 1s}";
    let single = rule(&format!("{BACKEND}, {timeouts}"));
    assert_eq!((single.timeout.unwrap().to_string().as_str(), single.retries.is_none()), ("1s", true));
    let several = rule(&format!("{BACKEND}, {timeouts}, retry: {{codes: [503]}}"));
    let retries = several.retries.unwrap();
    assert_eq!(several.timeout.unwrap().to_string(), "5s");
    assert_eq!(retries.per_try_timeout.unwrap().to_string(), "1s");
    assert_eq!(retries.attempts.unwrap().value, 2);
    assert!(retries.retry_on.unwrap().ends_with(",503"));
}
