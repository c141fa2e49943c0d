//! Rules of policies in words.

use super::clause::PolicyClause;
use super::condition::CompiledCondition;
use super::keys::Attribute;
use super::rule::PolicyRule;
use crate::model::wording::enumeration;

/// The most values of a condition that are shown.
const MOST_VALUES: usize = 4;

impl PolicyClause<'_, '_> {
    /// The requests that the rule matches, as in "namespace is shop, and method is GET". Empty for all requests.
    pub fn words(&self) -> String {
        self.conditions.map(PolicyRule::words).unwrap_or_else(|| "a rule with placeholders matches".to_owned())
    }
}

impl PolicyRule<'_> {
    fn words(&self) -> String {
        let when = all(&self.when);
        let parts = [any(&self.from), any(&self.to), when];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", and ")
    }
}

/// Alternatives, of which one suffices. Empty if one of them has no conditions.
fn any(alternatives: &[Vec<CompiledCondition<'_>>]) -> String {
    let mut words: Vec<String> = alternatives.iter().map(|conditions| all(conditions)).collect();
    if words.iter().any(String::is_empty) {
        return String::new();
    }
    words.dedup();
    match words.as_slice() {
        [_, _, ..] => format!("either {}", words.join(" or ")),
        words => words.concat(),
    }
}

fn all(conditions: &[CompiledCondition<'_>]) -> String {
    conditions.iter().map(CompiledCondition::words).collect::<Vec<_>>().join(" and ")
}

impl CompiledCondition<'_> {
    fn words(&self) -> String {
        let mut values: Vec<String> =
            self.values.iter().take(MOST_VALUES).map(|(written, _)| written.as_str().to_owned()).collect();
        if self.values.len() > MOST_VALUES {
            values.push(format!("{} more", self.values.len() - MOST_VALUES));
        }
        if let ["*"] = values.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            return format!("{} is {}", self.noun(), if self.is_negated { "absent" } else { "present" });
        }
        let is = if self.is_negated { "is not" } else { "is" };
        format!("{} {is} {}", self.noun(), enumeration(values, "or"))
    }

    fn noun(&self) -> String {
        let noun = match &self.attribute {
            Attribute::Principal => "principal",
            Attribute::Namespace => "namespace",
            Attribute::ServiceAccount => "service account",
            Attribute::TrustDomain => "trust domain",
            Attribute::RequestPrincipal => "request principal",
            Attribute::SourceIp => "source IP",
            Attribute::RemoteIp => "remote IP",
            Attribute::Host => "host",
            Attribute::Method => "method",
            Attribute::Path => "path",
            Attribute::DestinationIp => "destination IP",
            Attribute::DestinationPort => "port",
            Attribute::Sni => "SNI",
            Attribute::Claim(path) => return format!("claim {}", path.join(".")),
            Attribute::Header(name) => return format!("header {name}"),
            Attribute::FilterMetadata => return self.name.trim_end_matches(" notValues").to_owned(),
        };
        noun.to_owned()
    }
}
