//! Generated entries of `match`, from the same vocabulary as the requests.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::http_routes::object;

const PATH_REGEXES: &[&str] = &[
    "/a.*",
    "/.*",
    ".*",
    "/[ab]+",
    "/foo/[^/]+",
    "/(a|b)/.*",
    "/a/?",
    ".+b",
    "/\\w+",
    "/\\S*",
    "/a\\.b",
    "/[^a]*",
    "(?i)/FOO.*",
    "/.",
    "/a(?:/.*)?",
    "/\\Qa.b\\E",
    "/[[:lower:]]+",
    "/\\D*",
    "^/a$",
    "/..",
    "/[^/]*/?",
    "(?U)/a.*b",
];

const VALUE_REGEXES: &[&str] = &[
    "v[0-9]+",
    ".*",
    "*",
    ".+",
    "v1|v2",
    "[^v].*",
    ".*v1.*",
    "(?s).*",
    "v\\d",
    "\\s*",
    "[[:alpha:]]+\\d",
    "é",
    ".",
    "[^a]",
    "\\W*",
    "(?i)V1",
    "^(.*?;)?(user=jason)(;.*)?$",
    "v\\b.*",
    "\\pL+",
    "[^\\pL]*",
];

/// One entry of `match`.
pub fn route_match() -> impl Strategy<Value = Value> {
    let conditions = (
        weighted(0.6, path()),
        weighted(0.15, select(vec![json!({ "exact": "GET" }), json!({ "regex": "P.*" }), json!({ "prefix": "P" })])),
        weighted(0.1, scheme()),
        weighted(0.15, authority()),
        weighted(0.3, mapping(header())),
        weighted(0.2, mapping(header())),
        weighted(0.2, mapping((select(vec!["q", "p", "Q", "a%20b"]), query_value()))),
        weighted(0.3, prop::bool::ANY),
    );
    conditions.prop_map(|(uri, method, scheme, authority, headers, without_headers, query, ignore_case)| {
        object([
            ("uri", uri),
            ("method", method),
            ("scheme", scheme),
            ("authority", authority),
            ("headers", headers),
            ("withoutHeaders", without_headers),
            ("queryParams", query),
            ("ignoreUriCase", ignore_case.map(|ignore| json!(ignore))),
        ])
    })
}

fn mapping(pair: impl Strategy<Value = (&'static str, Value)>) -> impl Strategy<Value = Value> {
    vec(pair, 1..3)
        .prop_map(|pairs| Value::Object(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()))
}

fn path() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => select(vec!["/", "/a", "/a/", "/foo", "/A", "", "/a/b", "/foo/", "//", "/%2F", "/a%2fb", "/é"])
            .prop_map(|prefix| json!({ "prefix": prefix })),
        3 => select(vec!["/a", "/", "/a/b", "/FOO", "/a.b", "/a/", "/b", "//a", "/a%2Fb", "/a;b", "/é", "/%C3%A9"])
            .prop_map(|exact| json!({ "exact": exact })),
        3 => select(PATH_REGEXES).prop_map(|regex| json!({ "regex": regex })),
        1 => Just(json!({})),
    ]
}

fn scheme() -> impl Strategy<Value = Value> {
    select(vec![json!({ "exact": "http" }), json!({ "exact": "https" }), json!({ "prefix": "http" })])
}

fn authority() -> impl Strategy<Value = Value> {
    select(vec![
        json!({ "exact": "a" }),
        json!({ "prefix": "a" }),
        json!({ "exact": "ext.example.com" }),
        json!({ "regex": ".*:80" }),
        json!({ "regex": "[a-z.]*" }),
    ])
}

/// A header with a match of its value. Matches of pseudo-headers are possible ones.
fn header() -> impl Strategy<Value = (&'static str, Value)> {
    let pseudo = vec![
        (":path", json!({ "exact": "/a?q=1" })),
        (":path", json!({ "prefix": "/a" })),
        (":path", json!({ "regex": ".*q=1" })),
        (":method", json!({ "exact": "POST" })),
        ("host", json!({ "exact": "a" })),
        ("x-forwarded-proto", json!({ "exact": "http" })),
        (":scheme", json!({ "prefix": "https" })),
    ];
    prop_oneof![6 => (header_name(), value()), 1 => select(pseudo)]
}

fn header_name() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        6 => select(vec!["x-a", "X-B", "x-c"]),
        2 => select(vec!["user-agent", "cookie", "accept", "authorization", "accept-language"]),
        1 => select(vec!["host", ":authority", ":path", ":method", ":scheme", "Host", "x-forwarded-proto"]),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => select(vec!["v1", "v2", "", "V1", "v1,v2", "a=b; user=jason", "é"]).prop_map(|it| json!({ "exact": it })),
        2 => select(vec!["v", "v1", "V"]).prop_map(|prefix| json!({ "prefix": prefix })),
        3 => select(VALUE_REGEXES).prop_map(|regex| json!({ "regex": regex })),
        2 => select(vec![json!({}), Value::Null]),
    ]
}

fn query_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => select(vec!["1", "", "x", "%31", "+", "1=2"]).prop_map(|exact| json!({ "exact": exact })),
        2 => select(vec!["1", "x"]).prop_map(|prefix| json!({ "prefix": prefix })),
        2 => select(vec!["[0-9]+", ".*", "*", "x.+", "."]).prop_map(|regex| json!({ "regex": regex })),
        1 => Just(json!({})),
    ]
}
