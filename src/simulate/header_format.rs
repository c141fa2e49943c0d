//! Values of headers with Envoy's commands, such as `%REQ(x-user)%`.

use crate::routing::HttpRequest;

/// A value with the commands replaced that the request determines. The others stay as they are written. `header` has the
/// values that a header has when the value is computed.
pub(super) fn formatted(written: &str, request: &HttpRequest<'_>, header: impl Fn(&str) -> Vec<String>) -> String {
    let mut result = String::new();
    let mut rest = written;
    while let Some((before, after)) = rest.split_once('%') {
        result.push_str(before);
        let Some((command, after)) = after.split_once('%') else {
            result.push('%');
            result.push_str(after);
            return result;
        };
        match value(command, request, &header) {
            Some(value) => result.push_str(&value),
            None => {
                result.push('%');
                result.push_str(command);
                result.push('%');
            }
        }
        rest = after;
    }
    result.push_str(rest);
    result
}

/// The value of a command; `None` if the request does not determine it. `%%` is a percent sign.
fn value(command: &str, request: &HttpRequest<'_>, header: &impl Fn(&str) -> Vec<String>) -> Option<String> {
    match command {
        "" => return Some("%".to_owned()),
        "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT" => return request.client.map(|address| address.to_string()),
        _ => {}
    }
    let (name, rest) = command.split_once('(')?;
    if !matches!(name, "REQ" | "REQUEST_HEADER") {
        return None;
    }
    let (names, length) = rest.rsplit_once(')')?;
    let longest = match length.strip_prefix(':') {
        Some(digits) => digits.parse().ok()?,
        None if length.is_empty() => usize::MAX,
        None => return None,
    };
    let of_header = |name: &str| match name.to_ascii_lowercase().as_str() {
        ":authority" | "host" => vec![request.authority.to_string()],
        ":method" => vec![request.method.to_string()],
        ":scheme" => vec![request.scheme.to_string()],
        ":path" => vec![request.path_and_query()],
        name => header(name),
    };
    // Envoy writes the first line of a repeated header.
    let first = names.split('?').find_map(|name| of_header(name).into_iter().next()).unwrap_or_default();
    Some(first.chars().take(longest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_on_the_request_have_its_values() {
        let request = HttpRequest { authority: "a.b".into(), path: b"/x".into(), ..HttpRequest::default() };
        let header = |name: &str| if name == "x-user" { vec!["ann".to_owned(), "bob".to_owned()] } else { Vec::new() };
        for (written, value) in [
            ("plain", "plain"),
            ("%REQ(X-User)%", "ann"),
            ("u=%REQUEST_HEADER(x-none?x-user):2%;", "u=an;"),
            ("%REQ(x-none)%", ""),
            ("%REQ(:authority)%%REQ(:path)%", "a.b/x"),
            ("50%%", "50%"),
            ("%DOWNSTREAM_REMOTE_ADDRESS%", "%DOWNSTREAM_REMOTE_ADDRESS%"),
            ("%UPSTREAM_HOST% %REQ(x-user)%", "%UPSTREAM_HOST% ann"),
            ("100%", "100%"),
        ] {
            assert_eq!(formatted(written, &request, header), value, "{written}");
        }
    }
}
