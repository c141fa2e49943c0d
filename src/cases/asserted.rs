//! The values that a case about rules compares, as the API has them.

use serde_json::Value;

use super::read::get;
use super::{Difference, json};
use crate::model::DecodeProblemKind;
use crate::model::decode::{Decode, Decoder, Texts};
use crate::model::networking::{
    Delegate, Headers, HttpFaultInjection, HttpRedirect, HttpRewrite, HttpRoute, HttpRouteDestination,
};
use crate::proof::fields::{FileMistake, Reader};
use crate::yaml::{self, Node};

/// The fields of a rule that a case can assert.
pub const ASSERTED: [&str; 6] = ["route", "redirect", "rewrite", "fault", "headers", "delegate"];

/// A field of a rule, and the value that a case compares with it.
#[derive(Debug, Clone)]
pub struct Asserted {
    /// The name of the field.
    pub name: &'static str,
    /// The value as it is written.
    written: Value,
    value: Field,
}

#[derive(Debug, Clone)]
enum Field {
    Route(Vec<HttpRouteDestination>),
    Redirect(HttpRedirect),
    Rewrite(HttpRewrite),
    Fault(HttpFaultInjection),
    Headers(Headers),
    Delegate(Delegate),
}

impl Asserted {
    /// The asserted fields of a case. As in istio-config-validator, null asserts nothing, and fields that the API does not
    /// know are `ignored`.
    pub fn read_all(reader: &mut Reader<'_>, case: &Node, ignored: &mut Vec<FileMistake>) -> Vec<Self> {
        let written = ASSERTED.into_iter().filter_map(|name| Some((name, get(case, name)?)));
        let written = written.filter(|(_, node)| !node.is_null());
        written.filter_map(|(name, node)| Self::read(reader, name, node, ignored)).collect()
    }

    fn read(reader: &mut Reader<'_>, name: &'static str, node: &Node, ignored: &mut Vec<FileMistake>) -> Option<Self> {
        let mut decoder = Decoder::new(Texts::Files(reader.sources));
        let value = match (name, &node.value) {
            ("route", yaml::Value::Sequence(items)) => {
                let destinations = items.iter().filter_map(|item| Decode::decode(item, &mut decoder));
                Some(Field::Route(destinations.collect()))
            }
            ("route", _) => {
                decoder.wrong_type(node, "a list");
                None
            }
            ("redirect", _) => Decode::decode(node, &mut decoder).map(Field::Redirect),
            ("rewrite", _) => Decode::decode(node, &mut decoder).map(Field::Rewrite),
            ("fault", _) => Decode::decode(node, &mut decoder).map(Field::Fault),
            ("headers", _) => Decode::decode(node, &mut decoder).map(Field::Headers),
            _ => Decode::decode(node, &mut decoder).map(Field::Delegate),
        };
        for problem in decoder.into_problems() {
            match problem.kind {
                DecodeProblemKind::WrongType { expected, found, .. } => {
                    reader.fail(problem.span, format!("`{name}` needs {expected} here, not {found}"));
                }
                DecodeProblemKind::InvalidValue { expected, found, .. } => {
                    reader.fail(problem.span, format!("`{}` is not {expected}", found.trim()));
                }
                DecodeProblemKind::UnknownField { key, suggestion, .. } => {
                    let close = suggestion.map(|close| format!("; did you mean `{close}`?")).unwrap_or_default();
                    let message = format!("unknown field `{key}` in `{name}`{close}");
                    ignored.push(reader.mistake(problem.span, message));
                }
                _ => {}
            }
        }
        Some(Self { name, written: json::value_of(node), value: value? })
    }

    /// Whether a rule has the value. No rule has an empty `route`.
    pub fn is_of(&self, rule: &HttpRoute) -> bool {
        match &self.value {
            Field::Route(expected) => !expected.is_empty() && are_same(expected, &rule.route),
            Field::Redirect(expected) => rule.redirect.as_ref() == Some(expected),
            Field::Rewrite(expected) => rule.rewrite.as_ref() == Some(expected),
            Field::Fault(expected) => rule.fault.as_ref() == Some(expected),
            Field::Headers(expected) => rule.headers.as_ref() == Some(expected),
            Field::Delegate(expected) => rule.delegate.as_ref() == Some(expected),
        }
    }

    /// The differences from a rule that does not have the value. `rule` is its tree.
    pub fn differences(&self, rule: Option<&Node>) -> Vec<Difference> {
        let actual = rule.and_then(|rule| rule.get(self.name)).map_or(Value::Null, json::value_of);
        let mut found = Vec::new();
        json::differences(self.name, &self.written, &actual, true, &mut found);
        if found.is_empty() {
            found.push(json::difference(self.name, &self.written, &actual));
        }
        found
    }
}

/// Whether destinations are the same. Without a weight, it is 0.
fn are_same(expected: &[HttpRouteDestination], actual: &[HttpRouteDestination]) -> bool {
    let weight = |it: &HttpRouteDestination| it.weight.map_or(0, |weight| weight.value);
    let same = |(one, other): (&HttpRouteDestination, &HttpRouteDestination)| {
        one.destination == other.destination && one.headers == other.headers && weight(one) == weight(other)
    };
    expected.len() == actual.len() && expected.iter().zip(actual).all(same)
}
