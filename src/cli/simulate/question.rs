//! The request that the options describe.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::{Map, Value};

use super::args::Simulate;
use super::places::Places;
use super::url;
use crate::simulate::{Direction, GatewayRef, HeaderValue, Request, Tls, WorkloadRef};

/// The request that the options and the URL describe.
pub fn question(args: &Simulate, places: &Places) -> Result<Request, String> {
    let blank = Request { is_informal: true, names_options: true, ..Request::default() };
    let mut request = Request { trace: args.output.trace, ..blank.clone() };
    let dialled = places.url.as_ref().map(|url| url::apply(url, &mut request)).transpose()?;
    let options = &args.request;
    let set = |field: &mut Option<String>, option: &Option<String>| {
        if option.is_some() {
            field.clone_from(option);
        }
    };
    set(&mut request.method, &options.method);
    set(&mut request.path, &options.path);
    request.scheme.clone_from(&options.scheme);
    request.port = options.port;
    request.protocol = options.protocol.or(request.protocol);
    request.tls = options.tls.or(options.mtls.then_some(Tls::Mtls)).or(request.tls);
    request.sni.clone_from(&options.sni);
    request.alpn.clone_from(&options.alpn);
    request.token = options.token;
    request.claims = claims(&options.claim)?;
    request.issuer.clone_from(&options.issuer);
    request.audiences.clone_from(&options.audience);
    request.address.clone_from(&options.address);
    request.source_ip = args.client.source_ip.map(|address| address.to_string());
    request.id = args.output.id.as_ref().map_or(Value::Null, |id| id.clone().into());
    request.direction = args.gateway.direction;
    request.from = client(args)?;
    request.to = server(args)?;
    gateway(places.gateway.as_deref(), &mut request)?;
    let of_header = headers(&options.header, &mut request)?;
    if let Some(host) = options.host.clone().or(of_header) {
        other_host(host, dialled, &mut request);
    }
    if args.output.requests.is_some() && request != blank {
        return Err("`--requests` reads whole requests: write the other options into their fields".to_owned());
    }
    Ok(request)
}

/// Sends a `Host` header other than the host of the URL, which the client still dials.
fn other_host(host: String, dialled: Option<String>, request: &mut Request) {
    let written_port =
        request.host.take().and_then(|it| crate::uri::split_port(&it).1.and_then(|port| port.parse().ok()));
    request.port = request.port.or(written_port);
    request.host = Some(host);
    let Some(dialled) = dialled else { return };
    let is_address = dialled.parse::<IpAddr>().is_ok();
    if request.tls.is_some_and(|tls| tls != Tls::Plaintext) && request.sni.is_none() && !is_address {
        request.sni = Some(dialled.clone());
    }
    // Clients of a gateway dial the gateway, by whatever name.
    if request.gateway.is_none() && request.to.is_none() && request.direction != Some(Direction::Gateway) {
        request.address.get_or_insert(dialled);
    }
}

fn client(args: &Simulate) -> Result<Option<WorkloadRef>, String> {
    let options = &args.client;
    let client = WorkloadRef {
        kind: options.from_kind,
        service_account: options.from_account.clone(),
        ..workload(options.from.as_deref(), &options.from_label, args, "--from")?
    };
    Ok(Some(client).filter(|client| *client != WorkloadRef::default()))
}

fn server(args: &Simulate) -> Result<Option<WorkloadRef>, String> {
    let options = &args.server;
    if options.to.is_none() && options.to_label.is_empty() && options.to_kind.is_none() {
        return Ok(None);
    }
    let server = workload(options.to.as_deref(), &options.to_label, args, "--to")?;
    Ok(Some(WorkloadRef { kind: options.to_kind, ..server }))
}

/// The workload of `--from` or `--to`, which is a name or, with `=`, labels.
fn workload(name: Option<&str>, written: &[String], args: &Simulate, option: &str) -> Result<WorkloadRef, String> {
    let (name, selector) = match name {
        Some(selector) if selector.contains('=') => (None, Some(selector.to_owned())),
        name => (name.map(str::to_owned), None),
    };
    let mut found = labels(written, &format!("{option}-label"))?;
    found.extend(labels(&selector.into_iter().collect::<Vec<_>>(), option)?);
    Ok(WorkloadRef { name, namespace: args.client.namespace.clone(), labels: found, ..WorkloadRef::default() })
}

/// Labels, as `NAME=VALUE` or several of them with commas.
fn labels(written: &[String], option: &str) -> Result<BTreeMap<String, String>, String> {
    written.iter().flat_map(|list| list.split(',')).map(|label| pair(label, '=', option)).collect()
}

/// Reads `--gateway`: a name, nothing, or with `=` the labels of the workload.
fn gateway(written: Option<&str>, request: &mut Request) -> Result<(), String> {
    request.gateway = match written {
        None => None,
        Some("") => {
            request.direction.get_or_insert(Direction::Gateway);
            None
        }
        Some(selector) if selector.contains('=') => {
            let labels = labels(&[selector.to_owned()], "--gateway")?;
            let namespace = request.from.as_ref().and_then(|from| from.namespace.clone());
            Some(GatewayRef::Workload(WorkloadRef { namespace, labels, ..WorkloadRef::default() }))
        }
        Some(name) => Some(GatewayRef::Name(name.to_owned())),
    };
    Ok(())
}

/// Reads `--header`. Returns the `Host` header, which is not one of the others.
fn headers(written: &[String], request: &mut Request) -> Result<Option<String>, String> {
    let mut host = None;
    let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for header in written {
        // `name=value`, or `Name: value` as for curl. Names of pseudo-headers begin with a colon.
        let colon = header.get(1..).and_then(|rest| rest.find(':')).map(|at| at + 1);
        let is_curl = colon.is_some_and(|colon| header.find('=').is_none_or(|equals| colon < equals));
        let (name, value) = match colon.filter(|_| is_curl) {
            Some(colon) => (header[..colon].trim().to_owned(), header[colon + 1..].trim().to_owned()),
            None => pair(header, '=', "--header")?,
        };
        match name.to_ascii_lowercase().as_str() {
            "host" | ":authority" => host = Some(value),
            ":method" | ":path" | ":scheme" => {
                return Err(format!("`{name}` is not a header: use `--{}`", &name[1..].to_ascii_lowercase()));
            }
            _ if !is_token(&name) => {
                return Err(format!("`{name}` is not the name of a header, in `--header {header}`"));
            }
            _ => named.entry(name).or_default().push(value),
        }
    }
    for (name, values) in named {
        // The option takes precedence over the header that a scheme implies.
        request.headers.retain(|implied, _| !implied.eq_ignore_ascii_case(&name));
        request.headers.insert(name, HeaderValue::Many(values));
    }
    Ok(host)
}

/// Whether a text can be the name of a header (RFC 9110: token).
fn is_token(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// Reads `--claim`. A claim that is repeated is a list.
fn claims(written: &[String]) -> Result<Value, String> {
    /// Claims that are always text (RFC 7519).
    const TEXTS: [&str; 3] = ["iss", "sub", "jti"];
    let mut claims = Map::new();
    for claim in written {
        let (name, text) = pair(claim, '=', "--claim")?;
        let value = match serde_json::from_str(&text) {
            Ok(value) if !TEXTS.contains(&name.as_str()) => value,
            _ => Value::String(text),
        };
        // The names of some issuers' claims are URLs, whose dots nest nothing.
        let path: Vec<&str> = if name.contains(['/', ':']) { vec![name.as_str()] } else { name.split('.').collect() };
        if path.iter().any(|part| part.is_empty()) {
            return Err(format!("`--claim {claim}`: a part of the name is empty"));
        }
        insert(&mut claims, &path, value).map_err(|()| {
            format!("`--claim {claim}`: another `--claim` gives `{}` a value that cannot be nested", path[0])
        })?;
    }
    Ok(if claims.is_empty() { Value::Null } else { Value::Object(claims) })
}

fn insert(claims: &mut Map<String, Value>, path: &[&str], value: Value) -> Result<(), ()> {
    let [name, rest @ ..] = path else { return Ok(()) };
    if !rest.is_empty() {
        let inner = claims.entry(*name).or_insert_with(|| Value::Object(Map::new()));
        return insert(inner.as_object_mut().ok_or(())?, rest, value);
    }
    match claims.get_mut(*name) {
        None => drop(claims.insert((*name).to_owned(), value)),
        Some(Value::Array(list)) => list.push(value),
        Some(Value::Object(_)) => return Err(()),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
    Ok(())
}

fn pair(text: &str, separator: char, option: &str) -> Result<(String, String), String> {
    match text.split_once(separator) {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.trim().to_owned())),
        _ => Err(format!("`{option}` needs `NAME{separator}VALUE`, found `{text}`")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims_of(written: &[&str]) -> Result<Value, String> {
        claims(&written.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn claims_nest_and_repeat() {
        assert_eq!(claims_of(&["group=a", "group=b", "group=c"]), Ok(json!({"group": ["a", "b", "c"]})));
        assert_eq!(claims_of(&["a.b=x", "a.c=[\"y\"]", "a.c=z"]), Ok(json!({"a": {"b": "x", "c": ["y", "z"]}})));
        assert_eq!(
            claims_of(&["sub=123", "admin=true", "v=\"1\""]),
            Ok(json!({"sub": "123", "admin": true, "v": "1"}))
        );
        assert_eq!(claims_of(&["https://a.b/roles=x"]), Ok(json!({"https://a.b/roles": "x"})));
        assert_eq!(claims_of(&[]), Ok(Value::Null));
        for wrong in [&["a"][..], &["=x"], &["a=x", "a.b=y"], &["a.b=y", "a=x"], &["a..b=x"]] {
            assert!(claims_of(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn headers_have_two_forms() {
        let read = |written: &[&str]| {
            let mut request = Request::default();
            let host = headers(&written.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>(), &mut request)?;
            let flat = request.headers.iter().map(|(name, value)| format!("{name}={}", value.values().join(",")));
            Ok::<_, String>((host, flat.collect::<Vec<_>>()))
        };
        let plain = |flat: &[&str]| Ok((None, flat.iter().map(|it| (*it).to_owned()).collect()));
        assert_eq!(read(&["end-user=jason", "x-a: b=c", "x-d=e:f"]), plain(&["end-user=jason", "x-a=b=c", "x-d=e:f"]));
        assert_eq!(read(&["x=1", "x=2", "empty:"]), plain(&["empty=", "x=1,2"]));
        assert_eq!(read(&["Host: Shop.example.com"]), Ok((Some("Shop.example.com".to_owned()), Vec::new())));
        assert_eq!(read(&[":authority=shop"]), Ok((Some("shop".to_owned()), Vec::new())));
        for wrong in ["jason", "=x", ":path=/x", "end user: jason", "x"] {
            assert!(read(&[wrong]).is_err(), "{wrong}");
        }
    }
}
