//! The machine formats: schema `mesh.lint/v1` of `mesh lint`, `mesh.statistics/v1` of `mesh lint --statistics`,
//! `mesh.simulate/v1` of `mesh simulate`, `mesh.reach/v1` of `mesh reach`, `mesh.check/v1` of `mesh check`, `mesh.meshes/v1` of `mesh meshes`, and `mesh.rules/v1` of `mesh rules`.
//!
//! `docs/json.md` describes them. Each object has a struct here, so that changes of other modules do not change it.

mod answer;
mod check;
mod destination;
mod diff;
mod escape;
mod lint;
mod meshes;
mod reach;
mod request;
mod rules;
mod simulate;
mod test;
mod trace;

pub use check::check;
pub use diff::diff;
pub use lint::{lint, statistics};
pub use meshes::meshes;
pub use reach::reach;
pub use rules::rules;
pub use simulate::{answer_line, every_rule, simulate};
pub use test::{answer_value, request_value, test};

use std::io;

use serde::Serialize;

/// Writes an object, indented, with a newline at its end.
pub(super) fn write(object: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(escape::Escaping(out), object)?;
    out.write_all(b"\n")
}
