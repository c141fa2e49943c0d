//! `yaml-syntax`

use crate::lint::rule::rule;
use crate::lint::{Context, Findings, Rule};
use crate::yaml::ProblemKind;

pub static RULE: Rule = rule! {
    name: "yaml-syntax",
    aliases: [],
    severity: Error,
    summary: "a document that cannot be read, so that nothing in it takes effect",
    check: check,
};

fn check(context: &Context<'_>, findings: &mut Findings) {
    context.yaml_problems(ProblemKind::Syntax).for_each(|problem| findings.report_yaml(problem));
    for (_, template) in &context.snapshot.templates {
        findings.unchecked(template.describe());
    }
}
