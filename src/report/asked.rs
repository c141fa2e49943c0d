//! Requests as people write them: in a line, and as a command.

use crate::model::describe_labels;
use crate::simulate::{GatewayRef, Request, RequestProtocol, Tls, TokenState, WorkloadRef};

/// A request in a line: `GET http://shop.example.com/cart  x-user: a`.
pub(super) fn line(request: &Request) -> String {
    let port = request.port.map(|port| format!(", port {port}")).unwrap_or_default();
    let mut line = match (request.protocol(), &request.to) {
        (RequestProtocol::Tcp, Some(to)) => format!("{} at workload {}{port}", connection(request), workload(to)),
        (_, Some(to)) => {
            let (method, path) = (request.method.as_deref().unwrap_or("GET"), request.path.as_deref().unwrap_or("/"));
            let tls = match request.tls() {
                Tls::Plaintext => "",
                Tls::Tls => " in TLS",
                Tls::Mtls => " in mutual TLS",
            };
            format!("{method} {path}{tls} at workload {}{port}", workload(to))
        }
        (RequestProtocol::Tcp, None) => format!("{} to {}", connection(request), address(request)),
        (_, None) => format!("{} {}", request.method.as_deref().unwrap_or("GET"), url(request)),
    };
    for (name, value) in &request.headers {
        value.values().iter().for_each(|value| line.push_str(&format!("  {name}: {value}")));
    }
    if let Some(issuer) = request.issuer.as_ref().filter(|_| !request.claims.is_null()) {
        line.push_str(&format!("  with a token of {issuer}"));
    }
    if !request.claims.is_null() {
        line.push_str(&format!("  with claims {}", request.claims));
    }
    if let Some(state @ (TokenState::Invalid | TokenState::Expired)) = request.token {
        line.push_str(if state == TokenState::Invalid { "  with an invalid token" } else { "  with an expired token" });
    }
    if request.tls() == Tls::Mtls && request.to.is_none() {
        line.push_str("  with a client certificate");
    }
    if let Some(address) = &request.source_ip {
        line.push_str(&format!("  from {address}"));
    }
    line
}

fn connection(request: &Request) -> String {
    match (request.tls(), &request.sni) {
        (Tls::Plaintext, _) => "a TCP connection".to_owned(),
        (_, Some(name)) => format!("a TLS connection (server name {name})"),
        (_, None) => "a TLS connection".to_owned(),
    }
}

/// A workload by its name, else by its namespace and labels.
fn workload(to: &WorkloadRef) -> String {
    let namespace = to.namespace.as_deref().unwrap_or_default();
    match (&to.name, describe_labels(&to.labels).as_str()) {
        (Some(name), _) => name.clone(),
        (None, "") => format!("in {namespace}"),
        (None, labels) => format!("{labels} in {namespace}"),
    }
}

/// The host or address that a request is for, with its port.
fn address(request: &Request) -> String {
    let host = request.host.as_deref().or(request.address.as_deref()).unwrap_or_default();
    match request.port {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The URL of a request. The usual port of its scheme is left out.
fn url(request: &Request) -> String {
    let (scheme, usual) = match request.tls() {
        Tls::Plaintext => ("http", 80),
        Tls::Tls | Tls::Mtls => ("https", 443),
    };
    let with_port = Request { port: request.port.filter(|port| *port != usual), ..request.clone() };
    let path = request.path.as_deref().unwrap_or("/");
    format!("{scheme}://{}{path}", address(&with_port))
}

/// A command that sends a request, where `$GATEWAY` is the address of the gateway and `$TOKEN` a token with the claims.
/// `None` if curl cannot.
pub(super) fn curl(request: &Request) -> Option<String> {
    if request.protocol() == RequestProtocol::Tcp || request.to.is_some() {
        return None;
    }
    let mut words = vec!["curl".to_owned()];
    let is_usual = request.method.as_deref().is_none_or(|method| method == "GET");
    match request.method.as_deref() {
        Some("HEAD") => words.push("--head".to_owned()),
        Some(method) if !is_usual => words.extend(["-X".to_owned(), quoted(method)]),
        _ => {}
    }
    if request.gateway.as_ref().is_some_and(|it| *it != GatewayRef::Name("mesh".to_owned())) {
        words.extend(["--connect-to".to_owned(), "\"::$GATEWAY:\"".to_owned()]);
    }
    for (name, value) in &request.headers {
        for value in value.values() {
            // With a colon, curl sends no header that has no value.
            let header = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
            words.extend(["-H".to_owned(), quoted(&header)]);
        }
    }
    if !request.claims.is_null() {
        words.extend(["-H".to_owned(), "\"Authorization: Bearer $TOKEN\"".to_owned()]);
    }
    if request.tls() == Tls::Mtls {
        words.extend(["--cert", "client.pem"].map(str::to_owned));
    }
    words.push(quoted(&url(request)));
    Some(words.join(" "))
}

/// A word for a shell.
fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+=,".contains(&byte);
    match !word.is_empty() && word.bytes().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Request {
        Request::from_json(json.as_bytes()).unwrap()
    }

    #[test]
    fn requests_are_short() {
        let plain = read(r#"{"host": "reviews", "port": 80}"#);
        assert_eq!(
            (line(&plain).as_str(), curl(&plain).unwrap().as_str()),
            ("GET http://reviews/", "curl http://reviews/")
        );
        let tcp = read(r#"{"host": "db", "port": 3306, "protocol": "tcp"}"#);
        assert_eq!((line(&tcp).as_str(), curl(&tcp)), ("a TCP connection to db:3306", None));
    }

    #[test]
    fn a_command_can_be_pasted() {
        let request = read(
            r#"{"gateway": "a/b", "tls": "tls", "host": "shop.example.com", "port": 443, "method": "POST",
                "path": "/it's?a=1", "headers": {"x": "", "y": ["1", "2"]}, "claims": {"a": "b"}}"#,
        );
        assert_eq!(line(&request), r#"POST https://shop.example.com/it's?a=1  x:   y: 1  y: 2  with claims {"a":"b"}"#);
        assert_eq!(
            curl(&request).unwrap(),
            "curl -X POST --connect-to \"::$GATEWAY:\" -H 'x;' -H 'y: 1' -H 'y: 2' -H \"Authorization: Bearer $TOKEN\" \
             'https://shop.example.com/it'\\''s?a=1'"
        );
    }
}
