//! Generated entries of `http` in VirtualServices.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::route_matches;

/// An object with the fields that have a value.
pub fn object(fields: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let present = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    Value::Object(present.collect::<Map<_, _>>())
}

/// A route that matches every request.
pub fn plain_http_route() -> impl Strategy<Value = Value> {
    destination().prop_map(|destination| json!({ "route": [{ "destination": destination }] }))
}

/// Any route.
pub fn http_route() -> impl Strategy<Value = Value> {
    (vec(route_matches::route_match(), 0..4), action()).prop_map(|(matches, mut http_route)| {
        if !matches.is_empty() {
            http_route["match"] = json!(matches);
        }
        http_route
    })
}

fn action() -> impl Strategy<Value = Value> {
    let direct = select(vec![200_u32, 204, 404, 418, 503]).prop_map(|status| {
        let body = (status != 204).then(|| json!({ "string": "direct" }));
        json!({ "directResponse": object([("status", Some(json!(status))), ("body", body)]) })
    });
    prop_oneof![
        6 => forwarding(),
        2 => redirect().prop_map(|redirect| json!({ "redirect": redirect })),
        1 => direct,
    ]
}

fn forwarding() -> impl Strategy<Value = Value> {
    let fault = select(vec![None, Some(json!({ "value": 0 })), Some(json!({ "value": 100 }))])
        .prop_map(|share| json!({ "abort": object([("httpStatus", Some(json!(429))), ("percentage", share)]) }));
    let parts = (routes(), weighted(0.4, rewrite()), weighted(0.3, headers("x-r")), weighted(0.1, fault));
    parts.prop_map(|(route, rewrite, headers, fault)| {
        object([("route", Some(route)), ("rewrite", rewrite), ("headers", headers), ("fault", fault)])
    })
}

/// One destination with any weight, or several of which at least one has a weight.
fn routes() -> impl Strategy<Value = Value> {
    let single = (destination(), weighted(0.3, select(vec![0, 100])), weighted(0.3, headers("x-d"))).prop_map(
        |(destination, weight, headers)| {
            json!([object([
                ("destination", Some(destination)),
                ("weight", weight.map(|weight| json!(weight))),
                ("headers", headers)
            ])])
        },
    );
    let one = || (destination(), weighted(0.3, headers("x-d")));
    let several = (vec((one(), select(vec![0, 1, 30, 70])), 1..3), one()).prop_map(|(some, last)| {
        let all = some.into_iter().chain([(last, 50)]);
        let entry = |((destination, headers), weight): ((Value, Option<Value>), i32)| {
            object([("destination", Some(destination)), ("weight", Some(json!(weight))), ("headers", headers)])
        };
        Value::Array(all.map(entry).collect())
    });
    prop_oneof![3 => single, 1 => several]
}

fn destination() -> impl Strategy<Value = Value> {
    select(vec![
        json!({ "host": "b" }),
        json!({ "host": "a", "subset": "v1" }),
        json!({ "host": "a" }),
        json!({ "host": "a", "port": { "number": 9080 } }),
        json!({ "host": "b.default.svc.cluster.local", "port": { "number": 80 } }),
        json!({ "host": "a", "subset": "v2" }),
        json!({ "host": "a", "subset": "v9" }),
        json!({ "host": "b", "port": { "number": 81 } }),
        json!({ "host": "missing" }),
    ])
}

fn rewrite() -> impl Strategy<Value = Value> {
    let by_regex = (
        select(vec!["a", "^/[^/]+", "/(a|b)", "(.)b", "o+", "/a(/?)(.*)", "x*", "$"]),
        select(vec!["z", "/n", "<\\1>", "\\1\\1", "\\0!", "", "\\\\"]),
    )
        .prop_filter("the group exists", |(pattern, substitution)| {
            !substitution.contains("\\1") || pattern.contains('(')
        })
        .prop_map(|(pattern, substitution)| json!({ "match": pattern, "rewrite": substitution }));
    let by_text = select(vec!["/", "/new", "/new/", "/n%20w"]);
    let uri = prop_oneof![
        3 => by_text.prop_map(|uri| json!({ "uri": uri })),
        2 => by_regex.prop_map(|regex| json!({ "uriRegexRewrite": regex })),
    ];
    (weighted(0.8, uri), weighted(0.4, select(vec!["new.example.com", "New.example.com:81"]))).prop_map(
        |(uri, authority)| {
            let mut rewrite = uri.unwrap_or_else(|| json!({}));
            if let Some(authority) = authority {
                rewrite["authority"] = json!(authority);
            }
            rewrite
        },
    )
}

/// Header operations on the header `own`, which requests never have, and on headers that requests can have.
fn headers(own: &'static str) -> impl Strategy<Value = Value> {
    let name = || select(vec![own, "x-a", "X-B", "host"]);
    let value = || select(vec!["one", "two", ""]);
    let filled = |(name, value): (&str, &str)| {
        let value = if name == "host" { "set.example.com" } else { value };
        json!({ name: value })
    };
    let pair = move || weighted(0.5, (name(), value()).prop_map(filled));
    let remove = weighted(0.4, vec(select(vec!["x-b", own, "X-A"]), 1..3));
    (pair(), pair(), remove).prop_map(|(set, add, remove)| {
        let remove = remove.map(|names| json!(names));
        json!({ "request": object([("set", set), ("add", add), ("remove", remove)]) })
    })
}

fn redirect() -> impl Strategy<Value = Value> {
    let port = prop_oneof![
        4 => Just(None),
        2 => select(vec![80_u32, 443, 8080]).prop_map(|port| Some(("port", json!(port)))),
        1 => select(vec!["FROM_REQUEST_PORT", "FROM_PROTOCOL_DEFAULT"])
            .prop_map(|from| Some(("derivePort", json!(from)))),
    ];
    (
        weighted(0.5, select(vec!["/new", "/new?x=1", "/"])),
        weighted(0.5, select(vec!["new.example.com", "new.example.com:99"])),
        weighted(0.4, select(vec!["https", "http"])),
        weighted(0.5, select(vec![301_u32, 302, 303, 307, 308])),
        port,
    )
        .prop_map(|(uri, authority, scheme, code, port)| {
            let text = |value: Option<&str>| value.map(|value| json!(value));
            let fields = [
                ("uri", text(uri)),
                ("authority", text(authority)),
                ("scheme", text(scheme)),
                ("redirectCode", code.map(|code| json!(code))),
            ];
            object(fields.into_iter().chain(port.map(|(name, value)| (name, Some(value)))))
        })
}
