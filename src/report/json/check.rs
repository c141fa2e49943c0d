//! The JSON of `mesh check`: schema `mesh.check/v1`.

use std::io;

use serde::Serialize;

use super::answer::AnswerObject;
use super::request::RequestObject;
use super::write;
use crate::proof::check::{Checked, Verdict, Violation};

/// Writes the output of `mesh check --format json`: one object, indented, with a newline at its end.
pub fn check(checked: &[Checked<'_>], out: &mut dyn io::Write) -> io::Result<()> {
    let invariants = checked.iter().map(InvariantObject::of).collect();
    write(&CheckObject { schema: "mesh.check/v1", invariants }, out)
}

#[derive(Serialize)]
struct CheckObject<'a> {
    schema: &'static str,
    invariants: Vec<InvariantObject<'a>>,
}

/// The verdict on an invariant in a mesh.
#[derive(Serialize)]
struct InvariantObject<'a> {
    file: &'a str,
    line: usize,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mesh: Option<&'a str>,
    verdict: &'static str,
    #[serde(flatten)]
    violation: Option<ViolationObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A request that breaks an invariant.
#[derive(Serialize)]
struct ViolationObject<'a> {
    context: &'a str,
    condition: &'a str,
    witness: RequestObject<'a>,
    result: AnswerObject<'a>,
}

impl<'a> InvariantObject<'a> {
    fn of(checked: &'a Checked<'a>) -> Self {
        let Checked { invariant, mesh, verdict } = checked;
        let violation = match verdict {
            Verdict::Violated(violation) => Some(ViolationObject::of(violation)),
            Verdict::Holds | Verdict::Undecided(_) => None,
        };
        let reason = match verdict {
            Verdict::Undecided(reasons) => Some(reasons.iter().cloned().collect::<Vec<_>>().join("; ")),
            Verdict::Holds | Verdict::Violated(_) => None,
        };
        Self {
            file: &invariant.file,
            line: invariant.line,
            name: &invariant.name,
            mesh: mesh.as_deref(),
            verdict: verdict.as_str(),
            violation,
            reason,
        }
    }
}

impl<'a> ViolationObject<'a> {
    fn of(violation: &'a Violation) -> Self {
        Self {
            context: &violation.context,
            condition: &violation.condition,
            witness: RequestObject::of(&violation.witness),
            result: AnswerObject::of(&violation.answer),
        }
    }
}
