//! What the rules of AuthorizationPolicies ask for, wherever it is written.

use super::keys::Attribute;
use super::rule::{Field, operation_fields, source_fields};
use crate::model::security::Rule;
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

/// All that a rule asks for. Conditions on keys that there are not are left out.
pub fn asked(rule: &Rule) -> Vec<Asked<'_>> {
    let mut all = Vec::new();
    for source in rule.from.iter().filter_map(|from| from.source.as_ref()) {
        all.extend(of_fields(source_fields(source), source.span));
    }
    for operation in rule.to.iter().filter_map(|to| to.operation.as_ref()) {
        all.extend(of_fields(operation_fields(operation), operation.span));
    }
    for condition in &rule.when {
        let Some(key) = &condition.key else { continue };
        let Ok(attribute) = Attribute::of_key(key) else { continue };
        for (negated, values) in [(false, &condition.values), (true, &condition.not_values)] {
            if !values.is_empty() {
                let attribute = attribute.clone();
                let (span, part_of) = (key.span, condition.span);
                all.push(Asked { field: key, attribute, negated, values, span, part_of });
            }
        }
    }
    all
}

fn of_fields(fields: Vec<Field<'_>>, part_of: Span) -> impl Iterator<Item = Asked<'_>> {
    fields.into_iter().filter_map(move |(field, attribute, negated, values)| {
        let span = values.first()?.span.to(values.last()?.span);
        Some(Asked { field, attribute, negated, values, span, part_of })
    })
}
