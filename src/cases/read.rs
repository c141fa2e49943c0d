//! Files of cases. `docs/test.md` describes them.

use serde_json::Value;

use super::asserted::Asserted;
use super::{AnswerCase, Body, Case, RuleCase, json};
use crate::model::spelling::nearest;
use crate::model::wording;
use crate::proof::fields::{FileMistake, Reader};
use crate::simulate::{Expectation, Request};
use crate::source::{FileId, Sources};
use crate::yaml::{self, Node};

/// The key of a list of cases.
const LIST: &str = "testCases";
/// The same in a text that is not YAML.
const MARK: &str = "testcases:";
const KEYS: [&str; 13] = [
    "description",
    "wantMatch",
    "request",
    "requests",
    "expect",
    "mesh",
    "route",
    "redirect",
    "rewrite",
    "fault",
    "headers",
    "delegate",
    "name",
];
const RULE_REQUEST: [&str; 4] = ["authority", "method", "uri", "headers"];
/// The end of requests, and fields of the result object.
const EXPECTED: [&str; 19] = [
    "to",
    "outcome",
    "status",
    "flag",
    "host",
    "gateway",
    "route",
    "policy",
    "destinations",
    "mirrors",
    "fault",
    "timeout",
    "retries",
    "request",
    "location",
    "legs",
    "arrivals",
    "notes",
    "via",
];

/// The cases of a file.
#[derive(Debug, Default)]
pub struct Cases {
    /// The cases.
    pub cases: Vec<Case>,
    /// Whether some document of the file has a list of cases.
    pub has_list: bool,
    /// Keys that mean nothing, in cases that istio-config-validator reads, too. It ignores them.
    pub ignored: Vec<FileMistake>,
    /// Mistakes of documents that are not YAML, and do not look like cases.
    pub broken: Vec<FileMistake>,
}

/// Reads a file of cases. Documents without a list of cases are left out, so that cases and manifests can be in one directory.
///
/// # Errors
///
/// All mistakes of the file, with their places.
pub fn read(sources: &Sources, file: FileId) -> Result<Cases, Vec<FileMistake>> {
    let text = sources.file(file).text();
    let mut reader = Reader { sources, errors: Vec::new() };
    let mut found = Cases::default();
    for chunk in yaml::split(file, text) {
        let document = yaml::parse(&chunk, text);
        let list = document.root.as_ref().and_then(|root| get(root, LIST));
        if document.root.is_none() {
            let mistake = |it: &yaml::YamlProblem| reader.mistake(it.span, format!("not valid YAML: {}", it.message));
            let mistakes: Vec<FileMistake> = document.problems.iter().map(mistake).collect();
            // Templates of manifests can be beside cases. What is meant as cases must be YAML.
            let is_meant = sources.text(document.span).to_ascii_lowercase().contains(MARK);
            let kept = if is_meant { &mut reader.errors } else { &mut found.broken };
            kept.extend(mistakes);
        }
        let Some(list) = list else { continue };
        found.has_list = true;
        for problem in &document.problems {
            reader.fail(problem.span, problem.message.clone());
        }
        match &list.value {
            yaml::Value::Sequence(items) => {
                for item in items.iter() {
                    found.cases.extend(case(&mut reader, item, &mut found.ignored));
                }
            }
            other => reader.fail(list.span, format!("`{LIST}` must be a list, not {}", other.type_name())),
        }
    }
    if reader.errors.is_empty() { Ok(found) } else { Err(reader.errors) }
}

/// The value of a key. As in istio-config-validator, upper and lower case do not matter.
pub(super) fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let entry = node.entries().iter().find(|entry| entry.key.text.eq_ignore_ascii_case(key))?;
    Some(&entry.value)
}

/// Checks the keys of a mapping.
fn check_keys(reader: &mut Reader<'_>, node: &Node, what: &str, keys: &[&str]) {
    for entry in node.entries() {
        let key = &*entry.key.text;
        if keys.iter().any(|known| known.eq_ignore_ascii_case(key)) {
            continue;
        }
        reader.fail(entry.key.span, unknown_key(key, what, keys));
    }
}

fn unknown_key(key: &str, of: &str, known: &[&str]) -> String {
    match nearest(key, known.iter().copied()) {
        Some(close) => format!("unknown key `{key}` in {of}; did you mean `{close}`?"),
        None => format!("unknown key `{key}` in {of}; write {}", wording::list(known, "or")),
    }
}

/// The keys of a case about rules that mean nothing.
fn unknown_keys(sources: &Sources, node: &Node) -> Vec<FileMistake> {
    let mut reader = Reader { sources, errors: Vec::new() };
    check_keys(&mut reader, node, "a case", &KEYS);
    if let Some(request) = get(node, "request") {
        check_keys(&mut reader, request, "`request` of a case without `expect`", &RULE_REQUEST);
    }
    reader.errors
}

fn case(reader: &mut Reader<'_>, node: &Node, ignored: &mut Vec<FileMistake>) -> Option<Case> {
    if !matches!(node.value, yaml::Value::Mapping(_)) {
        reader.fail(node.span, format!("a case must be a mapping, not {}", node.value.type_name()));
        return None;
    }
    match get(node, "expect") {
        Some(_) => check_keys(reader, node, "a case", &KEYS),
        None => ignored.extend(unknown_keys(reader.sources, node)),
    }
    let name = get(node, "description").or_else(|| get(node, "name"));
    let name = name.and_then(|name| reader.text(name, "`description`"));
    let mesh = get(node, "mesh").and_then(|mesh| reader.text(mesh, "`mesh`"));
    let body = match get(node, "expect") {
        Some(expect) => answers(reader, node, expect)?,
        None => Body::Rules(rules(reader, node, ignored)?),
    };
    let position = reader.sources.start(node.span);
    Some(Case {
        file: reader.sources.file(node.span.file).path().to_owned(),
        line: position.line,
        name: name.unwrap_or_else(|| "a case without a description".to_owned()),
        mesh,
        body,
    })
}

/// A case about rules, as istio-config-validator has it.
fn rules(reader: &mut Reader<'_>, node: &Node, ignored: &mut Vec<FileMistake>) -> Option<RuleCase> {
    let Some(request) = get(node, "request") else {
        reader.fail(node.span, "the case has no `request`");
        return None;
    };
    let mut list = |key: &str| match get(request, key) {
        Some(value) => reader.texts(value, &format!("`request.{key}`")).into_iter().map(|it| it.0).collect(),
        None => {
            reader.fail(request.span, format!("`request` has no `{key}`"));
            Vec::new()
        }
    };
    let (authorities, methods, uris) = (list("authority"), list("method"), list("uri"));
    let mut inputs = Vec::new();
    for uri in &uris {
        for authority in &authorities {
            inputs.extend(methods.iter().map(|method| [authority.clone(), method.clone(), path_of(uri)]));
        }
    }
    let mut headers = Vec::new();
    if let Some(node) = get(request, "headers") {
        for (name, value) in reader.named(node, "`request.headers`") {
            if let Some(value) = text_or_empty(reader, value) {
                headers.push((name.to_ascii_lowercase(), value));
            }
        }
    }
    let wants_match = match get(node, "wantMatch").map(|it| (&it.value, it.span)) {
        None => false,
        Some((yaml::Value::Bool(wants), _)) => *wants,
        Some((other, span)) => {
            reader.fail(span, format!("`wantMatch` must be true or false, not {}", other.type_name()));
            false
        }
    };
    let asserted = Asserted::read_all(reader, node, ignored);
    Some(RuleCase { wants_match, inputs, headers, asserted })
}

/// A header can be empty.
fn text_or_empty(reader: &mut Reader<'_>, node: &Node) -> Option<String> {
    match &node.value {
        yaml::Value::String(text) if text.is_empty() => Some(String::new()),
        _ => reader.text(node, "the value of a header"),
    }
}

/// The path of a URI with its query.
fn path_of(uri: &str) -> String {
    let after_scheme = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let path = if uri.contains("://") { after_scheme.find('/').map_or("/", |at| &after_scheme[at..]) } else { uri };
    path.to_owned()
}

/// Reports what is wrong with a request, at the fields that are wrong.
fn reject(reader: &mut Reader<'_>, request: &Node, error: &str) {
    let count = reader.errors.len();
    for entry in request.entries() {
        // Each field can be read alone.
        let alone = serde_json::json!({ &*entry.key.text: json::value_of(&entry.value) });
        let Err(error) = serde_json::from_value::<Request>(alone) else { continue };
        let error = error.to_string();
        let Some((unknown, known)) = unknown_field(&error) else {
            reader.fail(entry.value.span, format!("`{}` is not valid: {error}", entry.key.text));
            continue;
        };
        let (place, of) = match unknown == &*entry.key.text {
            true => (entry.key.span, "a request".to_owned()),
            false => {
                let inner = entry.value.entries().iter().find(|it| &*it.key.text == unknown);
                (inner.map_or(entry.value.span, |it| it.key.span), format!("`{}`", entry.key.text))
            }
        };
        reader.fail(place, unknown_key(unknown, &of, &known));
    }
    if reader.errors.len() == count {
        reader.fail(request.span, format!("the request is not valid: {error}"));
    }
}

/// The field that serde does not know, and those that it does: ``unknown field `a`, expected one of `b`, `c` ``.
fn unknown_field(error: &str) -> Option<(&str, Vec<&str>)> {
    let mut quoted = error.strip_prefix("unknown field ")?.split('`').skip(1).step_by(2);
    Some((quoted.next()?, quoted.collect()))
}

/// A case about the answers for requests.
fn answers(reader: &mut Reader<'_>, node: &Node, expect: &Node) -> Option<Body> {
    let count = reader.errors.len();
    let written: Vec<&Node> = match (get(node, "request"), get(node, "requests")) {
        (Some(request), None) => vec![request],
        (None, Some(requests)) => requests.items().iter().collect(),
        _ => Vec::new(),
    };
    if written.is_empty() {
        reader.fail(node.span, "write either `request`, or a list `requests`");
    }
    let mut requests = Vec::new();
    for request in written {
        match serde_json::from_value::<Request>(json::value_of(request)) {
            Ok(request) => requests.push(request),
            Err(error) => reject(reader, request, &error.to_string()),
        }
    }
    if let Some(entry) = ["wantMatch", "redirect", "rewrite", "delegate"].iter().find_map(|key| node.entry(key)) {
        reader.fail(entry.key.span, format!("`{}` is for cases without `expect`", entry.key.text));
    }
    let mut ends = Vec::new();
    if let Some(written) = get(expect, "to") {
        for (text, span) in reader.texts(written, "`expect.to`") {
            match Expectation::parse(&text) {
                Ok(end) => ends.push(end),
                Err(error) => reader.fail(span, error),
            }
        }
    }
    if !matches!(expect.value, yaml::Value::Mapping(_)) {
        reader.fail(expect.span, format!("`expect` must be a mapping, not {}", expect.value.type_name()));
    }
    check_keys(reader, expect, "`expect`", &EXPECTED);
    let mut fields = json::value_of(expect);
    if let Value::Object(fields) = &mut fields {
        fields.retain(|key, _| !key.eq_ignore_ascii_case("to"));
        if ends.is_empty() && fields.is_empty() {
            reader.fail(expect.span, "`expect` is empty: write `to`, or a field of the result");
        }
    }
    if reader.errors.len() > count {
        return None;
    }
    Some(Body::Answers(Box::new(AnswerCase { requests, ends, fields, is_negated: false })))
}
