//! Requirements of AuthorizationPolicy rules, for code that reasons about rules without a request.

use super::keys::Attribute;
use super::rule::{RuleField, operation_fields, source_fields};
use crate::model::security::AuthorizationRule;
use crate::source::{Span, Spanned};

/// A list of values with which a rule compares an attribute of a request.
#[derive(Debug, Clone)]
pub struct Requirement<'r> {
    /// The field, or the key of a condition.
    pub field: &'r str,
    /// The attribute.
    pub attribute: Attribute<'r>,
    /// Whether the attribute must have none of the values.
    pub negated: bool,
    /// The values; at least one.
    pub values: &'r [Spanned<String>],
    /// The place of the list, or of the key of a condition.
    pub span: Span,
    /// The source, operation or condition that contains the list. All lists of it must hold.
    pub part_of: Span,
}

/// The requirements of a rule: one of `from`, one of `to` and all of `when` must hold.
#[derive(Debug, Clone)]
pub struct RuleParts<'r> {
    /// The sources.
    pub from: Vec<Vec<Requirement<'r>>>,
    /// The operations.
    pub to: Vec<Vec<Requirement<'r>>>,
    /// The conditions, without those on unknown keys.
    pub when: Vec<Requirement<'r>>,
}

impl<'r> RuleParts<'r> {
    /// Reads a rule.
    pub fn new(rule: &'r AuthorizationRule) -> Self {
        let sources = rule.from.iter().filter_map(|from| from.source.as_ref());
        let operations = rule.to.iter().filter_map(|to| to.operation.as_ref());
        let mut when = Vec::new();
        for condition in &rule.when {
            let Some(key) = &condition.key else { continue };
            let Ok(attribute) = Attribute::of_key(key) else { continue };
            for (negated, values) in [(false, &condition.values), (true, &condition.not_values)] {
                if !values.is_empty() {
                    let attribute = attribute.clone();
                    let (span, part_of) = (key.span, condition.span);
                    when.push(Requirement { field: key, attribute, negated, values, span, part_of });
                }
            }
        }
        Self {
            from: sources.map(|source| of_fields(source_fields(source), source.span).collect()).collect(),
            to: operations.map(|operation| of_fields(operation_fields(operation), operation.span).collect()).collect(),
            when,
        }
    }
}

/// All requirements of a rule, without those on unknown keys.
pub fn requirements(rule: &AuthorizationRule) -> Vec<Requirement<'_>> {
    let parts = RuleParts::new(rule);
    parts.from.into_iter().chain(parts.to).flatten().chain(parts.when).collect()
}

fn of_fields(fields: Vec<RuleField<'_>>, part_of: Span) -> impl Iterator<Item = Requirement<'_>> {
    fields.into_iter().filter_map(move |(field, attribute, negated, values)| {
        let span = values.first()?.span.to(values.last()?.span);
        Some(Requirement { field, attribute, negated, values, span, part_of })
    })
}
