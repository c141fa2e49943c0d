//! Translates a clause to the Envoy route that istiod would send for it.

use mesh::model::networking::{
    HeaderOperations, Headers, HttpFaultInjection, HttpRedirect, HttpRewrite, HttpRouteDestination, Percent,
};
use mesh::routing::{Clause, ClauseAction, CompiledRoute, MatchCondition, MatchSubject, Matcher};
use mesh::source::Spanned;
use serde_json::{Map, Value, json};

/// The context of a route.
pub struct RouteContext<'p> {
    /// The names of the clusters of a clause, with their weights.
    pub clusters: &'p dyn Fn(&Clause<'_>) -> Vec<(String, u32)>,
}

/// The route of a clause.
pub fn route(name: &str, clause: &Clause<'_>, context: &RouteContext<'_>) -> Value {
    let mut route = json!({ "name": name, "match": conditions(&clause.conditions) });
    match &clause.action {
        ClauseAction::Service(_) => {
            let cluster = (context.clusters)(clause).into_iter().next().map(|(name, _)| name).unwrap_or_default();
            route["route"] = json!({ "cluster": cluster, "timeout": "0s" });
        }
        ClauseAction::Route(compiled_route) => by_route(&mut route, compiled_route, clause, context),
    }
    route
}

fn conditions(conditions: &[MatchCondition]) -> Value {
    let mut headers = Vec::new();
    let mut parameters = Vec::new();
    let mut matched = json!({ "prefix": "/" });
    for condition in conditions {
        let text = |name: &str| matcher(name, &condition.matcher);
        match &condition.subject {
            MatchSubject::Path { ignore_case } => {
                matched = match &condition.matcher {
                    Matcher::Exact(exact) => json!({ "path": exact }),
                    Matcher::Prefix(prefix) => json!({ "prefix": prefix }),
                    Matcher::PathPrefix(prefix) if prefix == "/" => json!({ "prefix": prefix }),
                    Matcher::PathPrefix(prefix) => json!({ "path_separated_prefix": prefix }),
                    Matcher::Regex(regex) => json!({ "safe_regex": { "regex": regex.as_str() } }),
                    Matcher::Invalid { source, .. } => json!({ "safe_regex": { "regex": source } }),
                    Matcher::Present => matched,
                };
                matched["case_sensitive"] = json!(!ignore_case);
            }
            MatchSubject::Method => headers.push(text(":method")),
            MatchSubject::Scheme => headers.push(text(":scheme")),
            MatchSubject::Authority => headers.push(text(":authority")),
            MatchSubject::Header(name) => headers.push(text(name)),
            MatchSubject::WithoutHeader(name) => {
                let mut header = text(name);
                header["invert_match"] = json!(true);
                if !matches!(condition.matcher, Matcher::Present) {
                    header["treat_missing_header_as_empty"] = json!(true);
                }
                headers.push(header);
            }
            MatchSubject::Query(name) => parameters.push(text(name)),
            MatchSubject::Claim(_) | MatchSubject::WithoutClaim(_) => unimplemented!("claims need a JWT filter"),
        }
    }
    matched["headers"] = json!(headers);
    matched["query_parameters"] = json!(parameters);
    matched
}

/// A matcher of a header or of a query parameter, which have the same form.
fn matcher(name: &str, matcher: &Matcher) -> Value {
    match matcher {
        Matcher::Present => json!({ "name": name, "present_match": true }),
        Matcher::Exact(exact) => json!({ "name": name, "string_match": { "exact": exact } }),
        Matcher::Prefix(prefix) | Matcher::PathPrefix(prefix) => {
            json!({ "name": name, "string_match": { "prefix": prefix } })
        }
        Matcher::Regex(regex) => json!({ "name": name, "string_match": { "safe_regex": { "regex": regex.as_str() } } }),
        Matcher::Invalid { source, .. } => {
            json!({ "name": name, "string_match": { "safe_regex": { "regex": source } } })
        }
    }
}

fn by_route(route: &mut Value, compiled_route: &CompiledRoute<'_>, clause: &Clause<'_>, context: &RouteContext<'_>) {
    let of_route = Operations::new(compiled_route.headers);
    let mut all = of_route.clone();
    if let Some(redirect) = compiled_route.redirect {
        route["redirect"] = redirection(redirect, clause.port);
    } else if let Some(response) = compiled_route.direct_response {
        let body = response.body.as_ref().and_then(|body| text(body.string.as_ref())).unwrap_or_default();
        let status = response.status.map_or(200, |status| status.value);
        route["direct_response"] = json!({ "status": status, "body": { "inline_string": body } });
    } else {
        let mut action = json!({ "timeout": "0s" });
        let own = compiled_route.rewrite.and_then(|rewrite| text(rewrite.authority.as_ref()));
        let mut authority = own.map(str::to_owned).or(of_route.authority);
        let clusters = (context.clusters)(clause);
        if let [only] = compiled_route.route {
            let of_destination = Operations::new(only.headers.as_ref());
            all.add.extend(of_destination.add);
            all.remove.extend(of_destination.remove);
            authority = authority.or(of_destination.authority);
            action["cluster"] = json!(clusters[0].0);
        } else {
            // The clusters are those of the destinations with a weight.
            let has_weight = |it: &&HttpRouteDestination| it.weight.is_some_and(|weight| weight.value > 0);
            let kept = compiled_route.route.iter().filter(has_weight).zip(clusters);
            let weighted = kept.map(|(destination, (name, weight))| {
                let operations = Operations::new(destination.headers.as_ref());
                let mut cluster = json!({ "name": name, "weight": weight });
                operations.write(&mut cluster);
                cluster
            });
            action["weighted_clusters"] = json!({ "clusters": weighted.collect::<Vec<_>>() });
        }
        if let Some(authority) = authority {
            action["host_rewrite_literal"] = json!(authority);
        }
        if let Some(rewrite) = compiled_route.rewrite {
            set_rewrite(&mut action, rewrite);
        }
        route["route"] = action;
    }
    all.write(route);
    if let Some(fault) = compiled_route.fault {
        route["typed_per_filter_config"] = json!({ "envoy.filters.http.fault": abort(fault) });
    }
}

fn set_rewrite(action: &mut Value, rewrite: &HttpRewrite) {
    if let Some(regex_rewrite) = &rewrite.uri_regex_rewrite {
        let pattern = text(regex_rewrite.r#match.as_ref()).unwrap_or_default();
        let substitution = text(regex_rewrite.rewrite.as_ref()).unwrap_or_default();
        action["regex_rewrite"] = json!({ "pattern": { "regex": pattern }, "substitution": substitution });
    } else if let Some(uri) = text(rewrite.uri.as_ref()) {
        action["prefix_rewrite"] = json!(uri);
    }
}

fn redirection(redirect: &HttpRedirect, listener: u32) -> Value {
    let mut fields = Map::new();
    let mut set = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            fields.insert(name.to_owned(), json!(value));
        }
    };
    set("host_redirect", text(redirect.authority.as_ref()));
    set("path_redirect", text(redirect.uri.as_ref()));
    set("scheme_redirect", text(redirect.scheme.as_ref()));
    set(
        "response_code",
        Some(match redirect.redirect_code.map(|code| code.value) {
            Some(302) => "FOUND",
            Some(303) => "SEE_OTHER",
            Some(307) => "TEMPORARY_REDIRECT",
            Some(308) => "PERMANENT_REDIRECT",
            _ => "MOVED_PERMANENTLY",
        }),
    );
    let is_derived = redirect.derive_port.is_some_and(|it| format!("{:?}", it.value) == "FromRequestPort");
    let port = redirect.port.map(|port| port.value).or(is_derived.then_some(listener));
    let scheme = text(redirect.scheme.as_ref()).unwrap_or("http");
    if let Some(port) = port.filter(|port| !matches!((scheme, port), ("http", 80) | ("https", 443))) {
        fields.insert("port_redirect".to_owned(), json!(port));
    }
    Value::Object(fields)
}

fn abort(fault: &HttpFaultInjection) -> Value {
    let mut config = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
    });
    if let Some(abort) = &fault.abort {
        let value = |percent: &Percent| percent.value.map_or(0.0, |value| value.value);
        let percentage = abort.percentage.as_ref().map_or(0.0, value);
        config["abort"] =
            json!({ "percentage": { "numerator": (percentage * 10_000.0) as u32, "denominator": "MILLION" } });
        config["abort"]["http_status"] = json!(abort.http_status.map_or(500, |status| status.value));
    }
    config
}

/// Header operations in Envoy's form. `add` has the headers to overwrite, sorted, and then those to append, sorted.
#[derive(Clone, Default)]
struct Operations {
    add: Vec<Value>,
    remove: Vec<String>,
    authority: Option<String>,
}

impl Operations {
    fn new(headers: Option<&Headers>) -> Self {
        let Some(request) = headers.and_then(|headers| headers.request.as_ref()) else { return Self::default() };
        let mut operations = Self::default();
        operations.extend(request);
        operations
    }

    fn extend(&mut self, request: &HeaderOperations) {
        let is_authority = |name: &str| name.eq_ignore_ascii_case("host") || name.eq_ignore_ascii_case(":authority");
        for (written, how) in [(&request.set, "OVERWRITE_IF_EXISTS_OR_ADD"), (&request.add, "APPEND_IF_EXISTS_OR_ADD")]
        {
            let mut sorted: Vec<_> = written.iter().collect();
            sorted.sort_by_key(|(name, _)| name.as_str());
            for (name, value) in sorted {
                if is_authority(name) {
                    self.authority.get_or_insert(value.value.clone());
                } else if !name.starts_with(':') {
                    let header = json!({ "key": name.value, "value": value.value });
                    self.add.push(json!({ "header": header, "append_action": how }));
                }
            }
        }
        let removed = request.remove.iter().map(|name| name.value.clone());
        self.remove.extend(removed.filter(|name| !is_authority(name) && !name.starts_with(':')));
    }

    fn write(self, target: &mut Value) {
        target["request_headers_to_add"] = json!(self.add);
        target["request_headers_to_remove"] = json!(self.remove);
        if let Some(authority) = self.authority.filter(|_| target.get("weight").is_some()) {
            target["host_rewrite_literal"] = json!(authority);
        }
    }
}

fn text(field: Option<&Spanned<String>>) -> Option<&str> {
    field.map(|value| value.as_str()).filter(|value| !value.is_empty())
}
