//! Requests that two matches both take.

use std::fmt;

use super::implication::Automata;
use super::predicate::{MatchCondition, MatchSubject, Matcher};
use super::reach::Alternative;
use super::request::HttpRequest;

/// A request that shows that two matches overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
}

/// A request that two alternatives of one VirtualService both take. `None` if no such request exists, or if none is
/// easily found. `method` is the usual method of requests. Conditions on the proxy are not compared.
pub fn overlap(one: &Alternative<'_>, other: &Alternative<'_>, method: &str, automata: &Automata) -> Option<Witness> {
    let conditions: Vec<&MatchCondition> = one.conditions.iter().chain(&other.conditions).collect();
    let mut witness =
        Witness { method: method.to_owned(), path: "/".to_owned(), query: Vec::new(), headers: Vec::new() };
    let mut settled: Vec<&MatchSubject> = Vec::new();
    for condition in &conditions {
        if settled.contains(&&condition.subject) {
            continue;
        }
        settled.push(&condition.subject);
        let same: Vec<&MatchCondition> =
            conditions.iter().copied().filter(|it| it.subject == condition.subject).collect();
        let value = match condition.subject {
            MatchSubject::Path { .. } => automata.find_common_path(&same).into_utf8()?,
            _ => value(&same, automata)?,
        };
        match &condition.subject {
            MatchSubject::Path { .. } => witness.path = value,
            MatchSubject::Method => witness.method = value,
            MatchSubject::Header(name) => witness.headers.push((name.clone(), value)),
            MatchSubject::Query(name) => witness.query.push((name.clone(), value)),
            _ => return None,
        }
    }
    let request = witness.request();
    conditions.iter().all(|condition| condition.holds(&request)).then_some(witness)
}

/// A value that all conditions on it take.
fn value(same: &[&MatchCondition], automata: &Automata) -> Option<String> {
    let matchers: Vec<&Matcher> = same.iter().map(|condition| &condition.matcher).collect();
    let takes = |value: &str| matchers.iter().all(|matcher| matcher.matches(value.as_bytes()));
    let exact = matchers.iter().find_map(|matcher| match matcher {
        Matcher::Exact(text) => Some(text.clone()),
        _ => None,
    });
    match exact {
        Some(exact) => takes(&exact).then_some(exact),
        None if takes("1") => Some("1".to_owned()),
        None => automata.find_common_value(&matchers).into_utf8(),
    }
}

impl Witness {
    fn request(&self) -> HttpRequest<'_> {
        let headers = self.headers.iter().map(|(name, value)| (name.as_str().into(), value.as_bytes().into()));
        HttpRequest {
            method: self.method.as_str().into(),
            path: self.path.as_bytes().into(),
            query: (!self.query.is_empty()).then(|| self.query_string().into_bytes().into()),
            headers: headers.collect(),
            ..HttpRequest::default()
        }
    }

    fn query_string(&self) -> String {
        let pairs: Vec<String> = self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    }
}

impl fmt::Display for Witness {
    /// For a message: the request in backticks, and its headers.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.query.is_empty() { "" } else { "?" };
        write!(formatter, "`{} {}{separator}{}`", self.method, self.path, self.query_string())?;
        for (index, (name, value)) in self.headers.iter().enumerate() {
            let word = if index == 0 { " with header" } else { " and" };
            write!(formatter, "{word} `{name}: {value}`")?;
        }
        Ok(())
    }
}
