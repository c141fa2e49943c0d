//! Files of invariants. `docs/check.md` describes them.

use super::invariant::{Claim, Clients, Invariant, Verb};
use crate::proof::fields::{FileMistake, Reader};
use crate::proof::search::Hosts;
use crate::routing::{EnvoyRegex, MatchCondition, MatchSubject, Matcher};
use crate::source::{FileId, Sources, Span};
use crate::yaml::{self, Node, Value};

const KEYS: [&str; 6] = ["name", "from", "requests", "never", "always", "only"];
const VERBS: [Verb; 3] = [Verb::Never, Verb::Always, Verb::Only];
const CLIENT_KEYS: [&str; 5] = ["gateway", "namespace", "outside", "labels", "workload"];
const REQUEST_KEYS: [&str; 8] =
    ["host", "port", "path", "method", "scheme", "headers", "withoutHeaders", "queryParams"];
const MATCH_KEYS: [&str; 3] = ["exact", "prefix", "regex"];

/// Reads a file of invariants.
///
/// # Errors
///
/// All mistakes of the file, with their places.
pub fn read(sources: &Sources, file: FileId) -> Result<Vec<Invariant>, Vec<FileMistake>> {
    let text = sources.file(file).text();
    let mut reader = Reader { sources, errors: Vec::new() };
    let mut invariants = Vec::new();
    let documents: Vec<_> = yaml::split(file, text).iter().map(|chunk| yaml::parse(chunk, text)).collect();
    let mut is_empty = true;
    for document in &documents {
        for problem in &document.problems {
            reader.fail(problem.span, problem.message.clone());
        }
        let Some(root) = &document.root else { continue };
        is_empty = false;
        if !reader.mapping(root, "the file", &["invariants"]) {
            continue;
        }
        let Some(list) = root.get("invariants") else { continue };
        match &list.value {
            Value::Sequence(items) => invariants.extend(items.iter().filter_map(|item| invariant(&mut reader, item))),
            other => reader.fail(list.span, format!("`invariants` must be a list, not {}", other.type_name())),
        }
    }
    if is_empty && reader.errors.is_empty() {
        reader.fail(Span::new(file, 0, 0), "the file has no invariants: write a list `invariants`");
    }
    if reader.errors.is_empty() { Ok(invariants) } else { Err(reader.errors) }
}

fn invariant(reader: &mut Reader<'_>, node: &Node) -> Option<Invariant> {
    if !reader.mapping(node, "an invariant", &KEYS) {
        return None;
    }
    let name = node.get("name").and_then(|name| reader.text(name, "`name`"));
    let from = node.get("from").map(|from| clients(reader, from)).unwrap_or_default();
    let written: Vec<(Verb, &Node)> = VERBS.iter().filter_map(|verb| Some((*verb, node.get(verb.as_str())?))).collect();
    let claim = match written.as_slice() {
        [(verb, ends)] => Claim { verb: *verb, ends: reader.texts(ends, &format!("`{}`", verb.as_str())) },
        [] => {
            reader.fail(node.span, "the invariant claims nothing: write `never`, `always` or `only`");
            return None;
        }
        [_, (second, ends), ..] => {
            let message = format!("the invariant claims several things: write `{}` in one of its own", second.as_str());
            reader.fail(ends.span, message);
            return None;
        }
    };
    let mut requests = Requests { hosts: Hosts::Known, port: None, conditions: Vec::new() };
    if let Some(node) = node.get("requests") {
        requests.read(reader, node);
    }
    let position = reader.sources.start(node.span);
    let Requests { hosts, port, conditions } = requests;
    Some(Invariant {
        name: name.unwrap_or_else(|| claim.words()),
        file: reader.sources.file(node.span.file).path().to_owned(),
        line: position.line,
        from,
        hosts,
        port,
        conditions,
        claim,
    })
}

fn clients(reader: &mut Reader<'_>, node: &Node) -> Clients {
    let mut clients = Clients::default();
    if !reader.mapping(node, "`from`", &CLIENT_KEYS) {
        return clients;
    }
    let mut texts = |key: &str| match node.get(key) {
        Some(value) => reader.texts(value, &format!("`from.{key}`")),
        None => Vec::new(),
    };
    clients.gateways = texts("gateway");
    clients.namespaces = texts("namespace");
    clients.outside = texts("outside");
    clients.workload = texts("workload").into_iter().next();
    if let Some(labels) = node.get("labels") {
        for (key, value) in reader.named(labels, "`from.labels`") {
            if let Some(value) = reader.text(value, "the value of a label") {
                clients.labels.insert(key.to_owned(), value);
            }
        }
    }
    let of_clients = ["namespace", "outside", "labels", "workload"];
    if let (Some(_), Some(entry)) = (node.get("gateway"), of_clients.iter().find_map(|key| node.entry(key))) {
        let message =
            format!("`{}` is about clients of the mesh, and `gateway` is not: write two invariants", entry.key.text);
        reader.fail(entry.key.span, message);
    }
    clients
}

/// The requests that an invariant is about.
struct Requests {
    hosts: Hosts,
    port: Option<u32>,
    conditions: Vec<MatchCondition>,
}

impl Requests {
    fn read(&mut self, reader: &mut Reader<'_>, node: &Node) {
        if !reader.mapping(node, "`requests`", &REQUEST_KEYS) {
            return;
        }
        if let Some(host) = node.get("host") {
            self.read_host(reader, host);
        }
        if let Some(port) = node.get("port") {
            match port.value {
                Value::Int(number @ 1..=65535) => self.port = u32::try_from(number).ok(),
                _ => reader.fail(port.span, "`port` must be a number from 1 to 65535"),
            }
        }
        let parts = [
            ("path", MatchSubject::Path { ignore_case: false }),
            ("method", MatchSubject::Method),
            ("scheme", MatchSubject::Scheme),
        ];
        for (key, subject) in parts {
            if let Some(value) = node.get(key) {
                self.conditions.extend(condition(reader, subject, value, &format!("`{key}`")));
            }
        }
        for key in ["headers", "withoutHeaders", "queryParams"] {
            let Some(map) = node.get(key) else { continue };
            for (name, value) in reader.named(map, &format!("`{key}`")) {
                let subject = match key {
                    "headers" => MatchSubject::Header(name.to_ascii_lowercase()),
                    "withoutHeaders" => MatchSubject::WithoutHeader(name.to_ascii_lowercase()),
                    _ => MatchSubject::Query(name.to_owned()),
                };
                self.conditions.extend(condition(reader, subject, value, &format!("`{key}.{name}`")));
            }
        }
    }

    fn read_host(&mut self, reader: &mut Reader<'_>, node: &Node) {
        let Some(host) = reader.text(node, "`host`") else { return };
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if host == "*" {
            self.hosts = Hosts::Any;
            return;
        }
        if host.contains(['/', ':', ' ']) || host.trim_start_matches("*.").contains('*') {
            reader.fail(
                node.span,
                format!("`{host}` is not a host: write a host, or a wildcard such as `*.example.com`"),
            );
        }
        self.hosts = Hosts::Named(host);
    }
}

/// A condition in the form of VirtualServices. A plain text must be met exactly.
fn condition(reader: &mut Reader<'_>, subject: MatchSubject, node: &Node, what: &str) -> Option<MatchCondition> {
    let span = node.span;
    let matcher = match &node.value {
        Value::Mapping(entries) if entries.is_empty() => Matcher::Present,
        Value::Mapping(entries) => {
            let count = reader.errors.len();
            reader.mapping(node, what, &MATCH_KEYS);
            if reader.errors.len() > count {
                return None;
            }
            if let [_, second, ..] = entries.iter().as_slice() {
                reader.fail(second.key.span, format!("{what} has several comparisons: write one of them"));
                return None;
            }
            let entry = entries.first()?;
            let text = match &entry.value.value {
                Value::String(text) => text.to_string(),
                _ => reader.text(&entry.value, &format!("{what}.{}", entry.key.text))?,
            };
            match &*entry.key.text {
                "exact" => Matcher::Exact(text),
                "prefix" => Matcher::Prefix(text),
                _ => match EnvoyRegex::new(&text) {
                    Ok(regex) => Matcher::Regex(regex),
                    Err(error) => {
                        reader.fail(entry.value.span, format!("RE2 rejects the expression: {}", error.message));
                        return None;
                    }
                },
            }
        }
        _ => Matcher::Exact(reader.text(node, what)?),
    };
    let is_path = matches!(subject, MatchSubject::Path { .. });
    if let (true, Matcher::Exact(text) | Matcher::Prefix(text)) = (is_path, &matcher)
        && !text.starts_with('/')
    {
        reader.fail(span, format!("a path starts with `/`: write `/{text}`"));
    }
    Some(MatchCondition { subject, matcher, span })
}
