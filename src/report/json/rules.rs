//! The JSON of `mesh rules`: schema `mesh.rules/v1`.

use std::io;

use serde::Serialize;

use super::write;
use crate::lint;

/// Writes the output of `mesh rules --format json`: one object, indented, with a newline at its end.
pub fn rules(families: &[&lint::Family], out: &mut dyn io::Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Object<'a> {
        schema: &'static str,
        rules: Vec<RuleObject<'a>>,
    }
    #[derive(Serialize)]
    struct RuleObject<'a> {
        name: &'a str,
        family: &'a str,
        aliases: Vec<&'a str>,
        severity: &'a str,
        summary: &'a str,
        findings: Vec<FindingObject<'a>>,
        docs: String,
    }
    #[derive(Serialize)]
    struct FindingObject<'a> {
        name: &'a str,
        severity: &'a str,
        aliases: &'a [&'a str],
        summary: &'a str,
    }
    let findings = |rule: &'static lint::Rule| {
        let findings = rule.findings.iter().map(|it| FindingObject {
            name: it.name,
            severity: it.severity().as_str(),
            aliases: it.aliases,
            summary: it.summary,
        });
        findings.collect()
    };
    let rules = families.iter().flat_map(|family| family.rules.iter().map(move |rule| (family, rule)));
    let rules = rules.map(|(family, rule)| RuleObject {
        name: rule.name,
        family: family.name,
        aliases: rule.aliases(),
        severity: rule.severity().as_str(),
        summary: rule.summary,
        findings: findings(rule),
        docs: rule.explain_command(),
    });
    let object = Object { schema: "mesh.rules/v1", rules: rules.collect() };
    write(&object, out)
}
