//! `contradictory-rule`

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::policy::{Attribute, Requirement, requirements};

pub static RULE: Rule = rule! {
    name: "contradictory-rule",
    summary: "a rule of an AuthorizationPolicy excludes every value that it requires, so no request matches it",
    findings: [&EXCLUDED],
    check: check,
};

static EXCLUDED: Finding = finding! {
    "excluded-values", Lost, Certain, [],
    "a negated field excludes every value of the field",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for policy in context.world.policies.authorization_policies() {
        for rule in &policy.spec.rules {
            let requirements = requirements(rule);
            for required in requirements.iter().filter(|it| !it.negated) {
                let excluded = requirements.iter().filter(|it| it.negated && it.part_of == required.part_of);
                for excluded in excluded.filter(|it| it.attribute == required.attribute) {
                    check_lists(required, excluded, diagnostics);
                }
            }
        }
    }
}

fn check_lists(required: &Requirement<'_>, excluded: &Requirement<'_>, diagnostics: &mut Diagnostics) {
    let is_excluded = |value: &str| {
        excluded.values.iter().any(|pattern| match required.attribute {
            Attribute::SourceIp | Attribute::RemoteIp | Attribute::DestinationIp => pattern.as_str() == value,
            _ => covers(pattern, value),
        })
    };
    if !required.values.iter().all(|value| is_excluded(value)) {
        return;
    }
    // Both lists of a condition have its key as their field.
    let is_condition = required.field == excluded.field;
    let (field, negated) = if is_condition { ("values", "notValues") } else { (required.field, excluded.field) };
    diagnostics
        .report(&EXCLUDED, required.span, format!("no request matches: `{negated}` excludes every value of `{field}`"))
        .related(excluded.values[0].span, "excluded here")
        .help(format!("remove or narrow `{negated}`"));
}

/// Whether a pattern, which may have a `*` at one end, matches everything that a value matches.
fn covers(pattern: &str, value: &str) -> bool {
    match (pattern.strip_suffix('*'), pattern.strip_prefix('*')) {
        (Some(prefix), _) => value.starts_with(prefix),
        (_, Some(suffix)) => value.ends_with(suffix),
        (None, None) => pattern == value,
    }
}
