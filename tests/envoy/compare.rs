//! Whether Envoy did what the library says. Of several weighted destinations Envoy may choose any.

use mesh::simulate::{Answer, Outcome};

use crate::batch::Said;
use crate::case::Ask;
use crate::client::Head;

/// What Envoy did.
#[derive(Debug)]
pub struct Seen {
    /// The status that the client got.
    pub status: u32,
    flag: String,
    route: String,
    location: Option<String>,
    /// The cluster, and the head of the request that it got.
    upstream: Option<(String, Head)>,
}

impl Seen {
    /// Reads an answer to a request of a case.
    pub fn new(answered: &Head, case: &str) -> Self {
        let status = String::from_utf8_lossy(&answered.first).split(' ').nth(1).and_then(|status| status.parse().ok());
        let known = |text: String| if text == "-" { String::new() } else { text };
        let upstream = answered.values("x-echo").next().map(|digits| {
            let head = Head::parse(&bytes(digits));
            let cluster = head.text("x-mesh-cluster");
            (cluster.strip_prefix(&format!("{case}/")).unwrap_or(&cluster).to_owned(), head)
        });
        Self {
            status: status.unwrap_or(0),
            flag: known(answered.text("x-mesh-flags")),
            route: known(
                upstream.as_ref().map_or_else(|| answered.text("x-mesh-route"), |(_, it)| it.text("x-mesh-route")),
            ),
            location: answered.values("location").next().map(|it| String::from_utf8_lossy(it).into_owned()),
            upstream,
        }
    }

    /// The target of the request that the upstream got.
    fn target(&self) -> Option<Vec<u8>> {
        let (_, head) = self.upstream.as_ref()?;
        head.first.split(|byte| *byte == b' ').nth(1).map(<[u8]>::to_vec)
    }
}

fn bytes(digits: &[u8]) -> Vec<u8> {
    let pairs = digits.chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
}

/// Says what is different.
pub fn compare(ask: &Ask, said: &Said, seen: &Seen) -> Result<(), String> {
    let equal = |what: &str, envoy: &str, mesh: &str| {
        if envoy == mesh { Ok(()) } else { Err(format!("{what}: Envoy has {envoy:?}, mesh says {mesh:?}")) }
    };
    // Without a path Envoy still looks for a route, but does not take it.
    let route = if ask.target.starts_with(b"/") { seen.route.as_str() } else { "" };
    equal("route", route, &said.route)
        .and_then(|()| said.answer.as_ref().map_or(Ok(()), |answer| outcome(ask, answer, seen, &equal)))
        .map_err(|difference| format!("{difference}\n  Envoy: {seen:?}\n  mesh: {said:?}"))
}

type Equal<'e> = &'e dyn Fn(&str, &str, &str) -> Result<(), String>;

fn outcome(ask: &Ask, answer: &Answer, seen: &Seen, equal: Equal<'_>) -> Result<(), String> {
    let status = |expected: u32| equal("status", &seen.status.to_string(), &expected.to_string());
    let abort = answer.fault.as_ref().and_then(|fault| fault.abort.as_ref());
    if let Some(abort) = abort.filter(|abort| abort.percentage >= 100.0) {
        let expected = abort.http_status.and_then(|status| status.try_into().ok()).unwrap_or(500);
        return status(expected).and_then(|()| equal("flag", &seen.flag, "FI"));
    }
    match answer.outcome {
        Outcome::Forward | Outcome::Passthrough => forwarded(ask, answer, seen, equal),
        _ => {
            status(answer.status.unwrap_or(0))?;
            equal("flag", &seen.flag, answer.flag.unwrap_or_default())?;
            equal(
                "location",
                seen.location.as_deref().unwrap_or_default(),
                answer.location.as_deref().unwrap_or_default(),
            )
        }
    }
}

fn forwarded(ask: &Ask, answer: &Answer, seen: &Seen, equal: Equal<'_>) -> Result<(), String> {
    let Some((cluster, head)) = &seen.upstream else {
        let problems: Vec<&str> = answer.destinations.iter().filter_map(|it| it.problem).collect();
        let problem = match seen.flag.as_str() {
            "NC" => "no-cluster",
            "UH" => "no-endpoints",
            other => other,
        };
        equal("status", &seen.status.to_string(), "503")?;
        return if problems.contains(&problem) { Ok(()) } else { equal("problem", problem, &problems.join(" or ")) };
    };
    let reached = answer.destinations.iter().find(|destination| destination.cluster == *cluster);
    match reached {
        None => equal("cluster", cluster, &format!("{:?}", answer.destinations))?,
        Some(destination) => equal("problem", "", destination.problem.unwrap_or_default())?,
    }
    let Some(expected) = &answer.request else { return Err("mesh does not say what the upstream gets".to_owned()) };
    equal("path", &String::from_utf8_lossy(&seen.target().unwrap_or_default()), &expected.path)?;
    equal("authority", &head.text("host"), &expected.authority)?;
    for (name, value) in &expected.headers {
        let values: Vec<String> = head.values(name).map(|value| String::from_utf8_lossy(value).into_owned()).collect();
        if !values.contains(value) {
            equal(&format!("header {name}"), &values.join(" | "), value)?;
        }
    }
    for name in expected.removed_headers.iter().filter(|name| !expected.headers.contains_key(*name)) {
        equal(&format!("removed header {name}"), &head.text(name), "")?;
    }
    untouched(ask, answer, head, equal)
}

/// Headers of the request that the rule does not touch arrive as they are.
fn untouched(ask: &Ask, answer: &Answer, head: &Head, equal: Equal<'_>) -> Result<(), String> {
    let Some(request) = &answer.request else { return Ok(()) };
    for name in ["x-a", "x-b", "x-c"] {
        let is_touched = request.headers.contains_key(name) || request.removed_headers.iter().any(|it| it == name);
        // The operations of one of several destinations are not in the answer.
        if is_touched || answer.destinations.len() > 1 {
            continue;
        }
        let shown = |values: Vec<&[u8]>| String::from_utf8_lossy(&values.join(&b" | "[..])).into_owned();
        let sent = ask.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        let sent = shown(sent.map(|header| header.value.trim_ascii()).collect());
        equal(&format!("header {name}"), &shown(head.values(name).collect()), &sent)?;
    }
    Ok(())
}
