//! The request that a URL describes.

use crate::simulate::{HeaderValue, Request, RequestProtocol, Tls};
use crate::uri::Url;

/// The protocols that the schemes of URLs stand for.
const SCHEMES: [(&str, Option<RequestProtocol>, Option<Tls>); 12] = [
    ("http", None, None),
    ("https", None, Some(Tls::Tls)),
    ("ws", None, None),
    ("wss", None, Some(Tls::Tls)),
    ("http2", Some(RequestProtocol::Http2), None),
    ("h2c", Some(RequestProtocol::Http2), None),
    ("h2", Some(RequestProtocol::Http2), Some(Tls::Tls)),
    ("grpc", Some(RequestProtocol::Grpc), None),
    ("grpcs", Some(RequestProtocol::Grpc), Some(Tls::Tls)),
    ("tcp", Some(RequestProtocol::Tcp), None),
    ("tls", Some(RequestProtocol::Tcp), Some(Tls::Tls)),
    ("mtls", Some(RequestProtocol::Tcp), Some(Tls::Mtls)),
];

/// Fills a request with `scheme://host:port/path?query`. Only the host is required. Returns the host that the client dials.
pub fn apply(text: &str, request: &mut Request) -> Result<String, String> {
    let Some(url) = Url::parse(text) else { return Err(not_a_url(text)) };
    let scheme = url.scheme().unwrap_or_else(|| "http".to_owned());
    let Some((_, protocol, tls)) = SCHEMES.iter().find(|(known, ..)| *known == scheme) else {
        return Err(unknown_scheme(&scheme, &url));
    };
    request.host = Some(url.authority());
    request.path = url.target().map(Into::into);
    (request.protocol, request.tls) = (*protocol, *tls);
    let mut header = |name: &str, value: &str| {
        request.headers.insert(name.to_owned(), HeaderValue::One(value.to_owned()));
    };
    match scheme.as_str() {
        "grpc" | "grpcs" => {
            header("content-type", "application/grpc");
            header("te", "trailers");
            request.method = Some("POST".to_owned());
        }
        "ws" | "wss" => {
            header("connection", "Upgrade");
            header("upgrade", "websocket");
        }
        _ => {}
    }
    Ok(url.host().trim_start_matches('[').trim_end_matches(']').to_owned())
}

fn unknown_scheme(scheme: &str, url: &Url<'_>) -> String {
    let address = url.authority();
    match url.port() {
        Some(_) => format!(
            "scheme `{scheme}` is not supported: write `tcp://{address}`, or `tls://{address}` for a client that uses TLS"
        ),
        None => format!("scheme `{scheme}` is not supported: use `http`, `https`, `grpc`, `tcp` or `tls`"),
    }
}

/// The reason why a text is not a URL, as far as it is one of the usual mistakes.
fn not_a_url(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let port = authority.rsplit_once(':').map(|(_, port)| port).filter(|_| !authority.ends_with(']'));
    let whole = |authority: &str| format!("{}://{authority}", scheme.unwrap_or("http"));
    let reason = if text.is_empty() {
        "write `http://host:port/path`".to_owned()
    } else if rest.contains(char::is_whitespace) {
        match authority.contains(char::is_whitespace) {
            true => "a host has no spaces".to_owned(),
            false => format!("a space in a path is `%20`: write `{}`", text.replace(' ', "%20")),
        }
    } else if authority.is_empty() {
        "it has no host; write `http://host:port/path`".to_owned()
    } else if authority.matches(':').count() > 1 && !authority.starts_with('[') {
        let (address, port) = authority.rsplit_once(':').unwrap_or((authority, ""));
        match authority.parse::<std::net::IpAddr>() {
            Ok(_) => format!("an IPv6 address stands in brackets: write `{}`", whole(&format!("[{authority}]"))),
            Err(_) => format!("a host has one port: found `{port}` after `{address}`"),
        }
    } else if let Some(port) = port.filter(|port| port.parse::<u16>().is_err()) {
        format!("`{port}` is not a port: ports are 1 to 65535")
    } else {
        "write `http://host:port/path`".to_owned()
    };
    format!("`{text}` is not a valid URL: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_mistakes_are_explained() {
        for (text, reason) in [
            ("", "write `http://host:port/path`"),
            ("http://", "it has no host; write `http://host:port/path`"),
            ("http:///path", "it has no host; write `http://host:port/path`"),
            ("http://web/a b", "a space in a path is `%20`: write `http://web/a%20b`"),
            ("http://we b/", "a host has no spaces"),
            ("http://::1/", "an IPv6 address stands in brackets: write `http://[::1]`"),
            ("http://web:80:90/", "a host has one port: found `90` after `web:80`"),
            ("web:70000", "`70000` is not a port: ports are 1 to 65535"),
            ("http://web:http/", "`http` is not a port: ports are 1 to 65535"),
        ] {
            let error = apply(text, &mut Request::default()).unwrap_err();
            assert_eq!(error, format!("`{text}` is not a valid URL: {reason}"));
        }
        assert!(apply("redis://cache:6379", &mut Request::default()).unwrap_err().contains("`tcp://cache:6379`"));
    }

    #[test]
    fn schemes_stand_for_protocols() {
        let read = |text: &str| {
            let mut request = Request::default();
            let dialled = apply(text, &mut request).unwrap();
            (dialled, request)
        };
        let (dialled, grpc) = read("grpc://Cart:7070/shop.Cart/AddItem");
        assert_eq!((dialled.as_str(), grpc.host.as_deref()), ("Cart", Some("Cart:7070")));
        assert_eq!((grpc.protocol, grpc.method.as_deref()), (Some(RequestProtocol::Grpc), Some("POST")));
        assert_eq!((grpc.path.as_deref(), grpc.tls), (Some("/shop.Cart/AddItem"), None));
        assert_eq!(read("[::1]:80/x").0, "::1");
        let (_, wss) = read("wss://chat/");
        assert_eq!((wss.tls, wss.headers.contains_key("upgrade")), (Some(Tls::Tls), true));
    }
}
