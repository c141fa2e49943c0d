//! Requests that Envoy rejects before it looks at filters and routes.

use super::answer::{Decision, Outcome};
use super::request::RequestProtocol;
use crate::routing::HttpRequest;
use crate::world::PathNormalization;

/// The methods of HTTP/1.1 that Envoy knows (Envoy: `BalsaParser`, `isMethodValid`).
const METHODS: [&str; 35] = [
    "ACL",
    "BIND",
    "CHECKOUT",
    "CONNECT",
    "COPY",
    "DELETE",
    "GET",
    "HEAD",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MOVE",
    "MSEARCH",
    "NOTIFY",
    "OPTIONS",
    "PATCH",
    "POST",
    "PROPFIND",
    "PROPPATCH",
    "PURGE",
    "PUT",
    "QUERY",
    "REBIND",
    "REPORT",
    "SEARCH",
    "SOURCE",
    "SUBSCRIBE",
    "TRACE",
    "UNBIND",
    "UNLINK",
    "UNLOCK",
    "UNSUBSCRIBE",
];

/// The bytes that the name of a header may have.
const IN_NAMES: [bool; 256] = alphanumeric_and(b"!#$%&'*+-.^_`|~");

/// The bytes that a host may have.
const IN_HOSTS: [bool; 256] = alphanumeric_and(b"!$%&'()*+,-.:;=@[]_~");

/// A table of the letters and digits of ASCII, and some other bytes.
const fn alphanumeric_and(others: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    let mut index = 0;
    while index < others.len() {
        table[others[index] as usize] = true;
        index += 1;
    }
    table
}

/// The decision for a request that Envoy rejects with status 400; `None` for others.
pub(super) fn rejection(
    request: &HttpRequest<'_>,
    protocol: RequestProtocol,
    normalization: PathNormalization,
) -> Option<Decision> {
    let of_codec = match protocol {
        RequestProtocol::Http => by_parser(request),
        RequestProtocol::Http2 | RequestProtocol::Grpc | RequestProtocol::Tcp => by_headers(request),
    };
    if let Some(reason) = of_codec {
        return Some(unreadable(reason));
    }
    let reason = by_connection_manager(request, normalization)?;
    let notes = vec![reason.to_owned()];
    Some(Decision { status: Some(400), notes, ..Decision::new(Outcome::DirectResponse) })
}

/// The decision for bytes that Envoy cannot read as HTTP: it answers 400 and closes the connection.
pub(super) fn unreadable(reason: &str) -> Decision {
    let notes = vec![reason.to_owned()];
    Decision { status: Some(400), flag: Some("DPE"), notes, ..Decision::new(Outcome::Refused) }
}

/// The reason why the parser of HTTP/1.1 rejects a request.
fn by_parser(request: &HttpRequest<'_>) -> Option<&'static str> {
    if request.method != "GET" && !METHODS.contains(&request.method.as_ref()) {
        return Some("Envoy does not know the method of the HTTP/1.1 request");
    }
    let query = request.query.as_deref().unwrap_or_default();
    if has(&request.path, |byte| !byte.is_ascii_graphic()) || has(query, |byte| !byte.is_ascii_graphic()) {
        return Some("the path has a character that Envoy rejects in HTTP/1.1");
    }
    let is_absolute = || request.path.windows(3).any(|window| window == b"://");
    let is_server = request.method == "OPTIONS" && request.path.as_ref() == b"*";
    if request.method != "CONNECT" && !request.path.starts_with(b"/") && !is_server && !is_absolute() {
        return Some("the path of an HTTP/1.1 request begins with a slash");
    }
    by_headers(request)
}

/// The reason why a codec rejects the headers of a request.
fn by_headers(request: &HttpRequest<'_>) -> Option<&'static str> {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|byte| IN_NAMES[usize::from(byte)]);
    let is_control = |byte: u8| (byte < 0x20 && byte != b'\t') || byte == 0x7f;
    if !request.headers.iter().all(|(name, _)| is_name(name)) {
        return Some("the name of a header has a character that HTTP does not allow");
    }
    if request.headers.iter().any(|(_, value)| has(value, is_control)) {
        return Some("the value of a header has a control character");
    }
    if !request.authority.bytes().all(|byte| IN_HOSTS[usize::from(byte)]) {
        return Some("the host has a character that Envoy rejects");
    }
    None
}

/// Whether bytes have one of a kind. It looks at all of them, several at a time, which is faster than to stop at the first.
fn has(bytes: &[u8], is_wanted: impl Fn(u8) -> bool) -> bool {
    bytes.iter().fold(false, |found, byte| found | is_wanted(*byte))
}

/// The reason why the HTTP connection manager rejects a request.
fn by_connection_manager(request: &HttpRequest<'_>, normalization: PathNormalization) -> Option<&'static str> {
    let has_fragment = |bytes: &[u8]| bytes.contains(&b'#');
    if has_fragment(&request.path) || request.query.as_deref().is_some_and(has_fragment) {
        return Some("Envoy rejects a path with a fragment");
    }
    let has_null = || request.path.windows(3).any(|window| window == b"%00");
    let is_normalized = normalization != PathNormalization::None;
    (is_normalized && request.path.contains(&b'%') && has_null()).then_some("Envoy rejects a path with `%00`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_requests_are_rejected() {
        let rejected = |request: HttpRequest<'_>, protocol| {
            let decision = rejection(&request, protocol, PathNormalization::Base)?;
            Some((decision.outcome.as_str(), decision.flag))
        };
        let with_path = |path: &'static str| HttpRequest { path: path.as_bytes().into(), ..HttpRequest::default() };
        let with_method = |method: &'static str| HttpRequest { method: method.into(), ..HttpRequest::default() };
        let with_header = |name: &'static str, value: &'static [u8]| HttpRequest {
            headers: vec![(name.into(), value.into())],
            ..HttpRequest::default()
        };
        let unreadable = Some(("refused", Some("DPE")));
        let answered = Some(("direct-response", None));
        for (request, expected, expected_of_http2) in [
            (with_path("/a%20b"), None, None),
            (with_path("*"), unreadable, None),
            (with_path("/a%00b"), answered, answered),
            (with_path("/a#b"), answered, answered),
            (with_path("/a b"), unreadable, None),
            (with_path("/ä"), unreadable, None),
            (with_path("a/b"), unreadable, None),
            (HttpRequest { method: "OPTIONS".into(), ..with_path("*") }, None, None),
            (with_method("get"), unreadable, None),
            (with_method("BREW"), unreadable, None),
            (with_method("PURGE"), None, None),
            (with_header("x y", b"1"), unreadable, unreadable),
            (with_header("x", b"a\x01"), unreadable, unreadable),
            (with_header("x", b"a\tb\xff"), None, None),
            (HttpRequest { authority: "a b".into(), ..HttpRequest::default() }, unreadable, unreadable),
            (HttpRequest { authority: "[::1]:80".into(), ..HttpRequest::default() }, None, None),
        ] {
            assert_eq!(rejected(request.clone(), RequestProtocol::Http), expected, "{request:?}");
            assert_eq!(rejected(request.clone(), RequestProtocol::Http2), expected_of_http2, "{request:?}");
        }
        let null = with_path("/a%00b");
        assert!(rejection(&null, RequestProtocol::Http, PathNormalization::None).is_none());
    }
}
