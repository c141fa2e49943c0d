//! What the rules of AuthorizationPolicies ask for, wherever it is written.

use super::keys::Attribute;
use super::rule::{Field, operation_fields, source_fields};
use crate::model::security::AuthorizationRule;
use crate::source::{Span, Spanned};

/// A list of values that an attribute of a request is held against.
#[derive(Debug, Clone)]
pub struct Asked<'r> {
    /// The field, or the key of a condition.
    pub field: &'r str,
    /// The attribute.
    pub attribute: Attribute<'r>,
    /// Whether none of the values may hold.
    pub negated: bool,
    /// The values; there is at least one.
    pub values: &'r [Spanned<String>],
    /// Where the list stands, or the key of a condition.
    pub span: Span,
    /// The source, operation or condition that it is a part of. All parts must hold.
    pub part_of: Span,
}

/// What a rule asks for, part by part: one of `from`, one of `to` and all of `when` must hold.
#[derive(Debug, Clone)]
pub struct Parts<'r> {
    /// The sources.
    pub from: Vec<Vec<Asked<'r>>>,
    /// The operations.
    pub to: Vec<Vec<Asked<'r>>>,
    /// The conditions. Those on keys that there are not are left out.
    pub when: Vec<Asked<'r>>,
}

impl<'r> Parts<'r> {
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
                    when.push(Asked { field: key, attribute, negated, values, span, part_of });
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

/// All that a rule asks for. Conditions on keys that there are not are left out.
pub fn asked(rule: &AuthorizationRule) -> Vec<Asked<'_>> {
    let parts = Parts::new(rule);
    parts.from.into_iter().chain(parts.to).flatten().chain(parts.when).collect()
}

fn of_fields(fields: Vec<Field<'_>>, part_of: Span) -> impl Iterator<Item = Asked<'_>> {
    fields.into_iter().filter_map(move |(field, attribute, negated, values)| {
        let span = values.first()?.span.to(values.last()?.span);
        Some(Asked { field, attribute, negated, values, span, part_of })
    })
}
