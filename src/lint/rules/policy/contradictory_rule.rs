//! `contradictory-rule`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::policy::{Attribute, Requirement, requirements};

pub static RULE: Rule = rule! {
    name: "contradictory-rule",
    aliases: [],
    severity: Error,
    summary: "a rule of an AuthorizationPolicy that excludes all that it asks for: it never matches",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for policy in context.world.policies.authorization_policies() {
        for rule in &policy.spec.rules {
            let asked = requirements(rule);
            for wanted in asked.iter().filter(|asked| !asked.negated) {
                let excluded = asked.iter().filter(|it| it.negated && it.part_of == wanted.part_of);
                for excluded in excluded.filter(|it| it.attribute == wanted.attribute) {
                    check_lists(wanted, excluded, diagnostics);
                }
            }
        }
    }
}

fn check_lists(wanted: &Requirement<'_>, excluded: &Requirement<'_>, diagnostics: &mut Diagnostics) {
    let is_excluded = |value: &str| {
        excluded.values.iter().any(|pattern| match wanted.attribute {
            Attribute::SourceIp | Attribute::RemoteIp | Attribute::DestinationIp => pattern.as_str() == value,
            _ => covers(pattern, value),
        })
    };
    if wanted.values.iter().all(|value| is_excluded(value)) {
        let (field, other) = (wanted.field, excluded.field);
        let message = match field == other {
            true => {
                format!("this condition on {field} excludes all values that it asks for, so the rule never matches")
            }
            false => format!("{other} excludes all of {field}, so this never matches"),
        };
        diagnostics
            .report_default(wanted.span, message)
            .related(excluded.values[0].span, "excluded here")
            .help("all fields of a source, an operation or a condition must hold together");
    }
}

/// Whether all that a value means is meant by a pattern, which may have a `*` at one end.
fn covers(pattern: &str, value: &str) -> bool {
    match (pattern.strip_suffix('*'), pattern.strip_prefix('*')) {
        (Some(prefix), _) => value.starts_with(prefix),
        (_, Some(suffix)) => value.ends_with(suffix),
        (None, None) => pattern == value,
    }
}
