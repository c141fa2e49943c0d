//! The JSON of `mesh simulate`: schema `mesh.simulate/v1`.

use std::io;

use serde::Serialize;

use super::answer::{AnswerObject, ArrivalObject, DecisionObject, ErrorObject};
use super::destination::UpstreamRequestObject;
use super::escape::escape_from;
use super::request::RequestObject;
use super::trace::{PolicyObject, StepObject};
use super::write;
use crate::simulate::{Answer, Decision, Difference, Explained, RuleAnswer, Unanswered};

/// Writes the output of `mesh simulate --format json`: one object, indented, with a newline at its end.
///
/// `differences` are the differences from what was expected, one for each result.
pub fn simulate(
    explained: &[Explained],
    differences: &[Option<Difference>],
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let results = explained.iter().zip(differences).map(|(it, difference)| ExplainedObject {
        result: ResultObject::of(&it.result),
        way: &it.way,
        hints: &it.hints,
        difference: difference.as_ref().map(DifferenceObject::of),
    });
    write(&ResultsObject { schema: SCHEMA, results: results.collect() }, out)
}

/// Writes the output of `mesh simulate --format json` without a URL: one object, indented, with a newline at its end.
pub fn every_rule(rules: &[RuleAnswer], differences: &[Option<Difference>], out: &mut dyn io::Write) -> io::Result<()> {
    let results = rules.iter().zip(differences).map(|(rule, difference)| RuleObject {
        rule: RuleRequestsObject {
            host: &rule.host,
            when: &rule.when,
            asked: RequestObject::of(&rule.asked),
            denied_by: rule.denial.as_ref().and_then(|denial| denial.policy.as_ref()).map(PolicyObject::of),
        },
        result: ResultObject::of(&rule.result),
        difference: difference.as_ref().map(DifferenceObject::of),
    });
    write(&ResultsObject { schema: SCHEMA, results: results.collect() }, out)
}

const SCHEMA: &str = "mesh.simulate/v1";

#[derive(Serialize)]
struct ResultsObject<T> {
    schema: &'static str,
    results: Vec<T>,
}

/// A result with its explanation.
#[derive(Serialize)]
struct ExplainedObject<'a> {
    #[serde(flatten)]
    result: ResultObject<'a>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    way: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    hints: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<DifferenceObject<'a>>,
}

/// The difference from what was expected.
#[derive(Serialize)]
struct DifferenceObject<'a> {
    expected: &'a [String],
    actual: &'a [String],
}

impl<'a> DifferenceObject<'a> {
    fn of(difference: &'a Difference) -> Self {
        let Difference { expected, actual } = difference;
        Self { expected, actual }
    }
}

/// The result for a rule: that of a request which the rule takes.
#[derive(Serialize)]
struct RuleObject<'a> {
    rule: RuleRequestsObject<'a>,
    #[serde(flatten)]
    result: ResultObject<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<DifferenceObject<'a>>,
}

/// The requests that a rule takes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleRequestsObject<'a> {
    host: &'a str,
    when: &'a str,
    asked: RequestObject<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    denied_by: Option<PolicyObject<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum ResultObject<'a> {
    Answer(Box<AnswerObject<'a>>),
    Error(ErrorObject<'a>),
}

impl<'a> ResultObject<'a> {
    fn of(result: &'a Result<Answer, Unanswered>) -> Self {
        match result {
            Ok(answer) => Self::Answer(Box::new(AnswerObject::of(answer))),
            Err(unanswered) => Self::Error(ErrorObject::of(unanswered)),
        }
    }
}

/// Writes one result on one line.
///
/// The bytes equal those of serializing the answer, but the part that many answers share is serialized once and copied.
pub fn answer_line(
    result: &Result<Answer, Unanswered>,
    difference: Option<&Difference>,
    out: &mut Vec<u8>,
) -> serde_json::Result<()> {
    let start = out.len();
    match result {
        Ok(answer) => push_answer(answer, difference, out)?,
        Err(unanswered) => serde_json::to_writer(&mut *out, &ErrorObject::of(unanswered))?,
    }
    escape_from(out, start);
    out.push(b'\n');
    Ok(())
}

fn push_answer(answer: &Answer, difference: Option<&Difference>, out: &mut Vec<u8>) -> serde_json::Result<()> {
    push("{\"id\":", &answer.id, out)?;
    if let Some(mesh) = &answer.mesh {
        push(",\"mesh\":", mesh, out)?;
    }
    push(",\"host\":", &answer.host, out)?;
    if let Some(gateway) = &answer.gateway {
        push(",\"gateway\":", gateway, out)?;
    }
    out.push(b',');
    out.extend_from_slice(answer.decision.json_fields(fields));
    push_remarks(answer, out)?;
    push(",\"request\":", &answer.request.as_ref().map(UpstreamRequestObject::of), out)?;
    push(",\"location\":", &answer.location, out)?;
    if !answer.legs.is_empty() {
        push(",\"legs\":", &answer.legs.iter().map(AnswerObject::of).collect::<Vec<_>>(), out)?;
    }
    push(",\"arrivals\":", &answer.arrivals.iter().map(ArrivalObject::of).collect::<Vec<_>>(), out)?;
    push(",\"trace\":", &answer.trace.iter().map(StepObject::of).collect::<Vec<_>>(), out)?;
    if let Some(difference) = difference {
        push(",\"difference\":", &DifferenceObject::of(difference), out)?;
    }
    out.push(b'}');
    Ok(())
}

/// Writes the remarks on the request after the notes of the decision, at the end of whose fields they are.
fn push_remarks(answer: &Answer, out: &mut Vec<u8>) -> serde_json::Result<()> {
    let mut separator = match answer.decision.notes.is_empty() {
        true => ",\"notes\":[",
        false => ",",
    };
    if answer.remarks.is_empty() {
        return Ok(());
    }
    if !answer.decision.notes.is_empty() {
        out.pop();
    }
    for remark in &answer.remarks {
        push(separator, remark, out)?;
        separator = ",";
    }
    out.push(b']');
    Ok(())
}

fn push(key: &str, value: &impl Serialize, out: &mut Vec<u8>) -> serde_json::Result<()> {
    out.extend_from_slice(key.as_bytes());
    serde_json::to_writer(out, value)
}

/// The fields of a decision as JSON, without the surrounding braces, and its notes at the end.
fn fields(decision: &Decision) -> Box<[u8]> {
    let mut object = serde_json::to_vec(&DecisionObject::of(decision)).unwrap_or_default();
    object.pop();
    if !decision.notes.is_empty() {
        object.extend_from_slice(b",\"notes\":");
        object.extend(serde_json::to_vec(&decision.notes).unwrap_or_default());
    }
    object.get(1..).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::{Outcome, Rewritten};

    #[test]
    fn a_line_equals_the_serialized_answer() {
        let notes = |of_decision: &[&str], of_request: &[&'static str]| Answer {
            id: 1.into(),
            mesh: Some("a".into()),
            host: "reviews".to_owned(),
            gateway: Some("default/bookinfo".to_owned()),
            decision: Decision {
                notes: of_decision.iter().map(|&note| note.to_owned()).collect(),
                ..Decision::new(Outcome::NoRoute)
            }
            .into(),
            request: Some(Rewritten { path: "/".to_owned(), ..Rewritten::default() }),
            location: None,
            via: None,
            legs: [].into(),
            arrivals: [].into(),
            trace: Vec::new(),
            remarks: of_request.iter().map(|&note| note.into()).collect(),
        };
        for leaf in [
            notes(&[], &[]),
            notes(&["of \"all\""], &[]),
            notes(&[], &["of one", "and \\ another"]),
            notes(&["of all", "and more"], &["of one"]),
        ] {
            let answer = Answer { legs: [leaf.clone()].into(), ..leaf };
            let mut line = Vec::new();
            answer_line(&Ok(answer.clone()), None, &mut line).unwrap();
            let line = String::from_utf8(line).unwrap();
            assert_eq!(line.trim_end(), serde_json::to_string(&AnswerObject::of(&answer)).unwrap());
        }
    }
}
