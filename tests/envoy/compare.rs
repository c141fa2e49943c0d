//! Compares the behaviour of Envoy with the answer of the library. Envoy may choose any of several weighted destinations.

use mesh::simulate::{Answer, Outcome, Rewritten};

use crate::batch::Simulated;
use crate::case::ClientRequest;
use crate::client::Head;

/// The behaviour of Envoy for one request.
#[derive(Debug)]
pub struct Observed {
    /// The status that the client received.
    pub status: u32,
    flag: String,
    route: String,
    location: Option<String>,
    /// The cluster, and the head of the request that it received.
    upstream: Option<(String, Head)>,
}

impl Observed {
    /// Reads the response to a request of a case.
    pub fn new(response: &Head, case: &str) -> Self {
        let status = String::from_utf8_lossy(&response.first).split(' ').nth(1).and_then(|status| status.parse().ok());
        let known = |text: String| if text == "-" { String::new() } else { text };
        let upstream = response.values("x-echo").next().map(|digits| {
            let head = Head::parse(&bytes(digits));
            let cluster = head.text("x-mesh-cluster");
            (cluster.strip_prefix(&format!("{case}/")).unwrap_or(&cluster).to_owned(), head)
        });
        Self {
            status: status.unwrap_or(0),
            flag: known(response.text("x-mesh-flags")),
            route: known(
                upstream.as_ref().map_or_else(|| response.text("x-mesh-route"), |(_, it)| it.text("x-mesh-route")),
            ),
            location: response.values("location").next().map(|it| String::from_utf8_lossy(it).into_owned()),
            upstream,
        }
    }

    /// The target of the request that the upstream received.
    fn target(&self) -> Option<Vec<u8>> {
        let (_, head) = self.upstream.as_ref()?;
        head.first.split(|byte| *byte == b' ').nth(1).map(<[u8]>::to_vec)
    }
}

fn bytes(digits: &[u8]) -> Vec<u8> {
    let pairs = digits.chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

/// Compares both; the error describes the first difference.
pub fn compare(request: &ClientRequest, simulated: &Simulated, observed: &Observed) -> Result<(), String> {
    let equal = |subject: &str, envoy: &str, mesh: &str| {
        if envoy == mesh { Ok(()) } else { Err(format!("{subject}: Envoy has {envoy:?}, mesh has {mesh:?}")) }
    };
    // Envoy looks up a route for a request without a path, but does not use it.
    let route = if request.target.starts_with(b"/") { observed.route.as_str() } else { "" };
    equal("route", route, &simulated.route)
        .and_then(|()| simulated.answer.as_ref().map_or(Ok(()), |answer| outcome(request, answer, observed, &equal)))
        .map_err(|difference| format!("{difference}\n  Envoy: {observed:?}\n  mesh: {simulated:?}"))
}

type Equal<'e> = &'e dyn Fn(&str, &str, &str) -> Result<(), String>;

fn outcome(request: &ClientRequest, answer: &Answer, observed: &Observed, equal: Equal<'_>) -> Result<(), String> {
    let status = |expected: u32| equal("status", &observed.status.to_string(), &expected.to_string());
    let abort = answer.fault.as_ref().and_then(|fault| fault.abort.as_ref());
    if let Some(abort) = abort.filter(|abort| abort.percentage >= 100.0) {
        let expected = abort.http_status.and_then(|status| status.try_into().ok()).unwrap_or(500);
        return status(expected).and_then(|()| equal("flag", &observed.flag, "FI"));
    }
    match answer.outcome {
        Outcome::Forward | Outcome::Passthrough => forwarded(request, answer, observed, equal),
        _ => {
            status(answer.status.unwrap_or(0))?;
            equal("flag", &observed.flag, answer.flag.unwrap_or_default())?;
            equal(
                "location",
                observed.location.as_deref().unwrap_or_default(),
                answer.location.as_deref().unwrap_or_default(),
            )
        }
    }
}

fn forwarded(request: &ClientRequest, answer: &Answer, observed: &Observed, equal: Equal<'_>) -> Result<(), String> {
    let Some((cluster, head)) = &observed.upstream else {
        let problems: Vec<&str> = answer.destinations.iter().filter_map(|it| it.problem).collect();
        let problem = match observed.flag.as_str() {
            "NC" => "no-cluster",
            "UH" => "no-endpoints",
            other => other,
        };
        equal("status", &observed.status.to_string(), "503")?;
        return if problems.contains(&problem) { Ok(()) } else { equal("problem", problem, &problems.join(" or ")) };
    };
    let mut reached = answer.destinations.iter().filter(|destination| destination.cluster == *cluster).peekable();
    match reached.peek() {
        None => equal("cluster", cluster, &format!("{:?}", answer.destinations))?,
        Some(destination) => equal("problem", "", destination.problem.unwrap_or_default())?,
    }
    let Some(common) = &answer.request else { return Err("the answer of mesh has no `request`".to_owned()) };
    // Several destinations can have one cluster, and Envoy does not say which of them it chose.
    let mut requests = reached.map(|destination| destination.request.as_deref().unwrap_or(common));
    let first = requests.next().map_or(Ok(()), |expected| received(request, expected, observed, head, equal));
    first.or_else(|difference| {
        let is_received = |expected| received(request, expected, observed, head, equal).is_ok();
        if requests.any(is_received) { Ok(()) } else { Err(difference) }
    })
}

/// Compares the request that the upstream received with the expected one.
fn received(
    request: &ClientRequest,
    expected: &Rewritten,
    observed: &Observed,
    head: &Head,
    equal: Equal<'_>,
) -> Result<(), String> {
    equal("path", &String::from_utf8_lossy(&observed.target().unwrap_or_default()), &expected.path)?;
    equal("authority", &head.text("host"), &expected.authority)?;
    for (name, value) in &expected.headers {
        let values: Vec<String> = head.values(name).map(|value| String::from_utf8_lossy(value).into_owned()).collect();
        equal(&format!("header {name}"), &values.join(","), value)?;
    }
    for name in &expected.removed_headers {
        equal(&format!("removed header {name}"), &head.text(name), "")?;
    }
    unchanged_headers(request, expected, head, equal)
}

/// Headers of the request that the route does not change arrive unchanged.
fn unchanged_headers(
    request: &ClientRequest,
    forwarded: &Rewritten,
    head: &Head,
    equal: Equal<'_>,
) -> Result<(), String> {
    for name in ["x-a", "x-b", "x-c"] {
        let is_changed = forwarded.headers.contains_key(name) || forwarded.removed_headers.iter().any(|it| it == name);
        if is_changed {
            continue;
        }
        let shown = |values: Vec<&[u8]>| String::from_utf8_lossy(&values.join(&b" | "[..])).into_owned();
        let sent = request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        let sent = shown(sent.map(|header| header.value.trim_ascii()).collect());
        equal(&format!("header {name}"), &shown(head.values(name).collect()), &sent)?;
    }
    Ok(())
}
