//! The JSON of `mesh diff`: schema `mesh.diff/v1`.

use std::collections::BTreeSet;
use std::io;

use serde::Serialize;

use super::answer::AnswerObject;
use super::request::RequestObject;
use super::write;
use crate::lint::PlacedFinding;
use crate::proof::diff::{Change, Compared, Meshes};
use crate::report::Comparison;

/// Writes the output of `mesh diff --format json`: one object, indented, with a newline at its end.
pub fn diff(comparison: &Comparison<'_>, out: &mut dyn io::Write) -> io::Result<()> {
    let Comparison { diff, findings, .. } = comparison;
    let settings = diff.settings.iter().map(|(cluster, fields)| SettingsObject { cluster, fields });
    let Compared { vantages, tables, rules } = diff.compared;
    let appearances = |appears: bool| {
        let all = diff.appearances.iter().filter(move |it| it.appears == appears);
        all.map(|it| ResourceObject { kind: it.kind, name: &it.name, file: &it.place.0, line: it.place.1 }).collect()
    };
    let Meshes { both, touched, appeared, vanished } = &diff.meshes;
    let object = DiffObject {
        schema: "mesh.diff/v1",
        changes: diff.changes.iter().map(ChangeObject::of).collect(),
        settings: settings.collect(),
        appeared: appearances(true),
        vanished: appearances(false),
        meshes: MeshesObject { both: *both, touched, appeared, vanished },
        findings: FindingsObject {
            introduced: findings.introduced.iter().map(FindingObject::of).collect(),
            fixed: findings.fixed.iter().map(FindingObject::of).collect(),
        },
        complete: diff.incomplete.is_empty(),
        incomplete: &diff.incomplete,
        compared: ComparedObject { vantages, tables, rules },
    };
    write(&object, out)
}

#[derive(Serialize)]
struct DiffObject<'a> {
    schema: &'static str,
    changes: Vec<ChangeObject<'a>>,
    settings: Vec<SettingsObject<'a>>,
    appeared: Vec<ResourceObject<'a>>,
    vanished: Vec<ResourceObject<'a>>,
    meshes: MeshesObject<'a>,
    findings: FindingsObject<'a>,
    complete: bool,
    incomplete: &'a BTreeSet<String>,
    compared: ComparedObject,
}

/// A class of requests that are treated differently.
#[derive(Serialize)]
struct ChangeObject<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    meshes: &'a [String],
    host: &'a str,
    hosts: &'a [String],
    context: &'a str,
    condition: &'a str,
    aspects: Vec<&'static str>,
    witness: RequestObject<'a>,
    before: AnswerObject<'a>,
    after: AnswerObject<'a>,
}

/// The fields of a cluster's traffic policy that differ.
#[derive(Serialize)]
struct SettingsObject<'a> {
    cluster: &'a str,
    fields: &'a BTreeSet<&'static str>,
}

/// A service, subset or policy that only one of the sides has.
#[derive(Serialize)]
struct ResourceObject<'a> {
    kind: &'static str,
    name: &'a str,
    file: &'a str,
    line: usize,
}

/// The meshes of both sides.
#[derive(Serialize)]
struct MeshesObject<'a> {
    both: usize,
    touched: &'a [String],
    appeared: &'a [String],
    vanished: &'a [String],
}

/// The findings of only one of the sides.
#[derive(Serialize)]
struct FindingsObject<'a> {
    introduced: Vec<FindingObject<'a>>,
    fixed: Vec<FindingObject<'a>>,
}

#[derive(Serialize)]
struct FindingObject<'a> {
    rule: &'static str,
    severity: &'static str,
    message: &'a str,
    file: &'a str,
    line: usize,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    meshes: &'a [String],
}

impl<'a> FindingObject<'a> {
    fn of(finding: &'a PlacedFinding) -> Self {
        let PlacedFinding { rule, severity, message, file, line, meshes } = finding;
        Self { rule, severity: severity.as_str(), message, file, line: *line, meshes }
    }
}

/// The extent of the comparison.
#[derive(Serialize)]
struct ComparedObject {
    vantages: usize,
    tables: usize,
    rules: usize,
}

impl<'a> ChangeObject<'a> {
    fn of(change: &'a Change) -> Self {
        Self {
            kind: change.kind.as_str(),
            meshes: &change.meshes,
            host: change.hosts.first().map_or("", String::as_str),
            hosts: &change.hosts,
            context: &change.context,
            condition: &change.condition,
            aspects: change.aspects.iter().map(|it| it.as_str()).collect(),
            witness: RequestObject::of(&change.witness),
            before: AnswerObject::of(&change.before),
            after: AnswerObject::of(&change.after),
        }
    }
}
