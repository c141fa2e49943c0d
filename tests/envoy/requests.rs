//! Generated client requests. Requests that Envoy's HTTP parser rejects with 400 are not generated: control characters,
//! `#`, spaces and non-ASCII bytes in a target, `%00` in a path, and unknown methods. Neither is a `Referer` that is not
//! a URL, which Envoy drops.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

use crate::case::{ClientRequest, Header};

/// Any request.
pub fn client_request() -> impl Strategy<Value = ClientRequest> {
    let method = prop_oneof![
        6 => Just("GET"),
        3 => select(vec!["POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS"]),
    ];
    let line = prop_oneof![
        60 => (method, target()),
        1 => Just(("OPTIONS", b"*".to_vec())),
    ];
    let headers = (vec(header(), 0..4), vec(forwarded_proto(), 0..3).prop_flat_map(|all| weighted(0.1, Just(all))));
    (line, host(), headers).prop_map(|((method, target), host, (mut headers, proto))| {
        headers.extend(proto.into_iter().flatten());
        ClientRequest { method: method.to_owned(), host, target, headers }
    })
}

/// An `X-Forwarded-Proto` header, as a proxy in front sets it.
fn forwarded_proto() -> impl Strategy<Value = Header> {
    let scheme = select(vec!["http", "https", "HTTPS", "ftp"]);
    scheme.prop_map(|scheme| Header { name: "X-Forwarded-Proto".to_owned(), value: scheme.as_bytes().to_vec() })
}

fn host() -> impl Strategy<Value = String> {
    let name = select(vec![
        "a",
        "ext.example.com",
        "a.default.svc.cluster.local",
        "b.default",
        "b",
        "b.default.svc",
        "b.default.svc.cluster.local",
        "x.example.com",
        "y.foo.example.com",
        "other.example.com",
        "example.com",
        "unknown",
    ]);
    let form = prop_oneof![8 => Just(0), 8 => 1..9];
    (name, form).prop_map(|(name, form)| match form {
        1 => format!("{name}:80"),
        2 => format!("{name}:8080"),
        3 => format!("{name}:abc"),
        4 => name.to_ascii_uppercase(),
        5 => format!("{name}."),
        6 => format!("sub.{name}"),
        7 => format!(".{name}"),
        8 => format!("{name}:443"),
        _ => name.to_owned(),
    })
}

fn target() -> impl Strategy<Value = Vec<u8>> {
    let known = select(vec!["/a", "/", "/a/b", "/foo", "/foo/a", "/FOO", "/a.b", "/a/", "/b", "/ab"]);
    let path = prop_oneof![
        5 => known.prop_map(|path| path.as_bytes().to_vec()),
        5 => vec(segment(), 0..5).prop_map(|segments| [b"/", segments.join(&b'/').as_slice()].concat()),
    ];
    (path, weighted(0.4, query())).prop_map(|(mut path, query)| {
        if let Some(query) = query {
            path.push(b'?');
            path.extend(query.bytes());
        }
        path
    })
}

/// A segment of a path, which is often plain, and sometimes has escapes and dots.
fn segment() -> impl Strategy<Value = Vec<u8>> {
    let special: Vec<&[u8]> = vec![
        b"A", b"", b".", b"..", b"%61", b"%2F", b"%2f", b"%2e%2e", b"%2E", b"%zz", b"a%", b"a%4", b"a\\b", b"a;b",
        b"a+b", b"~", b"%7E", b"a:b", b"a@b", b"a=b&c", b"a,b", b"(a)", b"!$*'", b"%C3%A9", b"%c3%a9", b"%FF", b"...",
        b".a", b"a.", b"%20", b"%5C", b"%5c", b"%25", b"%2561", b"%3F", b"%23", b"[a]", b"a|b", b"a^b", b"{a}", b"`",
        b"\"", b"<a>", b"%30", b"%2D%5F", b"..%2F", b"%2e.", b"\\..",
    ];
    prop_oneof![
        6 => select(vec![&b"a"[..], b"b", b"foo", b"FOO", b"a.b"]),
        5 => select(special),
    ]
    .prop_map(<[u8]>::to_vec)
}

fn query() -> impl Strategy<Value = String> {
    let pair = select(vec![
        "q=1", "q=x", "q", "q=", "p=1", "Q=1", "q=%31", "a%20b=1", "q=1=2", "=1", "", "p=+", "q=a/../b", "q=1;p=1",
        "q=?", "%71=1", "q=xy\\",
    ]);
    vec(pair, 0..4).prop_map(|pairs| pairs.join("&"))
}

fn header() -> impl Strategy<Value = Header> {
    let name = prop_oneof![
        6 => select(vec!["x-a", "X-B", "X-A", "x-c"]),
        2 => select(vec!["user-agent", "cookie", "Cookie", "accept", "authorization", "accept-language"]),
    ];
    let plain = select(vec!["v1", "v2", "v12", "", "V1", "v1,v2", "  v1 ", "a=b; user=jason", "user=jason;a", "v 1"]);
    let bytes: Vec<&[u8]> = vec![b"\xc3\xa9", b"\xff", b"v\xff1", b"v\xc3\xa9", b"\xe2\x82", b"v1\xa0"];
    let value = prop_oneof![
        8 => plain.prop_map(|value| value.as_bytes().to_vec()),
        1 => select(bytes).prop_map(<[u8]>::to_vec),
    ];
    (name, value).prop_map(|(name, value)| Header { name: name.to_owned(), value })
}
