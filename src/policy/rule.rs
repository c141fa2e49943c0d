//! A rule of an AuthorizationPolicy, compiled for evaluation.

use super::Attributes;
use super::condition::{CompiledCondition, FailedCondition, PolicyContext};
use super::keys::{Attribute, InvalidKey};
use crate::model::field::TextField;
use crate::model::security::{self, Operation, PolicyAction, Source};
use crate::model::wording;
use crate::source::Spanned;

/// A compiled rule: any of the sources, any of the operations, all conditions.
#[derive(Debug)]
pub(super) struct PolicyRule<'a> {
    pub(super) from: Vec<Vec<CompiledCondition<'a>>>,
    pub(super) to: Vec<Vec<CompiledCondition<'a>>>,
    pub(super) when: Vec<CompiledCondition<'a>>,
    /// Reasons why istiod drops conditions, which widens the rule.
    pub(super) ignored: Vec<String>,
}

/// Compiles a rule. The error says why istiod drops the whole rule (istiod: `Model.Generate`).
pub(super) fn compile<'a>(
    written: &'a security::AuthorizationRule,
    action: PolicyAction,
    is_tcp: bool,
    context: &PolicyContext<'a>,
) -> Result<PolicyRule<'a>, String> {
    let mut compiler = Compiler { action, is_tcp, context, ignored: Vec::new(), http_only: Vec::new() };
    let mut from = Vec::new();
    for (index, from_entry) in written.from.iter().enumerate() {
        let fields = from_entry.source.as_ref().map(source_fields).unwrap_or_default();
        from.push(compiler.all(&format!("from[{index}].source."), fields)?);
    }
    let mut to = Vec::new();
    for (index, to_entry) in written.to.iter().enumerate() {
        let fields = to_entry.operation.as_ref().map(operation_fields).unwrap_or_default();
        to.push(compiler.all(&format!("to[{index}].operation."), fields)?);
    }
    let mut when = Vec::new();
    for condition in &written.when {
        let key = condition.key.text();
        let attribute = match Attribute::of_key(key) {
            Ok(attribute) => attribute,
            Err(InvalidKey::Unknown) => return Err(format!("key `{key}` is unknown")),
            Err(InvalidKey::WithoutName) => {
                compiler.give_up(format!("`{key}` needs a name in brackets"), None)?;
                continue;
            }
        };
        when.extend(compiler.condition(key.to_owned(), attribute.clone(), false, &condition.values)?);
        when.extend(compiler.condition(format!("{key} notValues"), attribute, true, &condition.not_values)?);
    }
    let Compiler { mut ignored, http_only, .. } = compiler;
    if !http_only.is_empty() {
        let verb = if http_only.len() == 1 { "applies" } else { "apply" };
        ignored.push(format!("{} {verb} only to HTTP", wording::list(&http_only, "and")));
    }
    Ok(PolicyRule { from, to, when, ignored })
}

/// A field: its name, its attribute, whether it is negated, and its values.
pub(super) type RuleField<'a> = (&'static str, Attribute<'a>, bool, &'a [Spanned<String>]);

pub(super) fn source_fields(source: &Source) -> Vec<RuleField<'_>> {
    use Attribute::{Namespace, Principal, RemoteIp, RequestPrincipal, ServiceAccount, SourceIp, TrustDomain};
    vec![
        ("principals", Principal, false, &source.principals),
        ("notPrincipals", Principal, true, &source.not_principals),
        ("requestPrincipals", RequestPrincipal, false, &source.request_principals),
        ("notRequestPrincipals", RequestPrincipal, true, &source.not_request_principals),
        ("namespaces", Namespace, false, &source.namespaces),
        ("notNamespaces", Namespace, true, &source.not_namespaces),
        ("serviceAccounts", ServiceAccount, false, &source.service_accounts),
        ("notServiceAccounts", ServiceAccount, true, &source.not_service_accounts),
        ("ipBlocks", SourceIp, false, &source.ip_blocks),
        ("notIpBlocks", SourceIp, true, &source.not_ip_blocks),
        ("remoteIpBlocks", RemoteIp, false, &source.remote_ip_blocks),
        ("notRemoteIpBlocks", RemoteIp, true, &source.not_remote_ip_blocks),
        ("trustDomains", TrustDomain, false, &source.trust_domains),
        ("notTrustDomains", TrustDomain, true, &source.not_trust_domains),
    ]
}

pub(super) fn operation_fields(operation: &Operation) -> Vec<RuleField<'_>> {
    use Attribute::{DestinationPort, Host, Method, Path};
    vec![
        ("hosts", Host, false, &operation.hosts),
        ("notHosts", Host, true, &operation.not_hosts),
        ("ports", DestinationPort, false, &operation.ports),
        ("notPorts", DestinationPort, true, &operation.not_ports),
        ("methods", Method, false, &operation.methods),
        ("notMethods", Method, true, &operation.not_methods),
        ("paths", Path, false, &operation.paths),
        ("notPaths", Path, true, &operation.not_paths),
    ]
}

struct Compiler<'c, 'a> {
    action: PolicyAction,
    is_tcp: bool,
    context: &'c PolicyContext<'a>,
    ignored: Vec<String>,
    http_only: Vec<String>,
}

impl<'a> Compiler<'_, 'a> {
    fn all(&mut self, prefix: &str, fields: Vec<RuleField<'a>>) -> Result<Vec<CompiledCondition<'a>>, String> {
        let mut conditions = Vec::new();
        for (name, attribute, is_negated, values) in fields {
            conditions.extend(self.condition(format!("{prefix}{name}"), attribute, is_negated, values)?);
        }
        Ok(conditions)
    }

    fn condition(
        &mut self,
        name: String,
        attribute: Attribute<'a>,
        is_negated: bool,
        values: &'a [Spanned<String>],
    ) -> Result<Option<CompiledCondition<'a>>, String> {
        if values.is_empty() {
            return Ok(None);
        }
        if self.is_tcp && attribute.is_http_only() {
            self.give_up(format!("`{name}` applies only to HTTP"), Some(name))?;
            return Ok(None);
        }
        let (condition, invalid) = CompiledCondition::new(name.clone(), attribute, is_negated, values, self.context);
        for value in invalid {
            self.give_up(format!("`{name}` has the invalid value `{}`", value.value), None)?;
        }
        Ok(condition)
    }

    /// An invalid condition makes istiod drop an ALLOW rule. From other rules it drops only the condition, so that they
    /// rather deny too much (istiod: `checkError`). `http_only` is the name of a condition that only HTTP has.
    fn give_up(&mut self, reason: String, http_only: Option<String>) -> Result<(), String> {
        if self.action == PolicyAction::Allow {
            return Err(reason);
        }
        match http_only {
            Some(name) => self.http_only.push(name),
            None => self.ignored.push(reason),
        }
        Ok(())
    }
}

impl PolicyRule<'_> {
    /// The first condition that does not hold; `None` if the rule matches.
    pub(super) fn first_failing(&self, attributes: &Attributes<'_>) -> Option<FailedCondition> {
        of_alternatives(&self.from, attributes)
            .or_else(|| of_alternatives(&self.to, attributes))
            .or_else(|| of_all(&self.when, attributes))
    }

    /// Whether the rule matches.
    pub(super) fn matches(&self, attributes: &Attributes<'_>) -> bool {
        self.has_alternative(|condition| condition.holds(attributes))
    }

    /// Whether the rule matches if all its conditions on other attributes than the identity hold.
    pub(super) fn can_match(&self, attributes: &Attributes<'_>) -> bool {
        let can_hold = |it: &CompiledCondition<'_>| !it.attribute.is_of_identity() || it.holds(attributes);
        self.has_alternative(|condition| can_hold(condition))
    }

    /// Whether the rule matches because of the identity alone, whatever the request is.
    pub(super) fn always_matches(&self, attributes: &Attributes<'_>) -> bool {
        self.has_alternative(|condition| condition.attribute.is_of_identity() && condition.holds(attributes))
    }

    /// Whether the identity alone meets the conditions of some source.
    pub(super) fn takes_source(&self, attributes: &Attributes<'_>) -> bool {
        let holds = |it: &CompiledCondition<'_>| it.attribute.is_of_identity() && it.holds(attributes);
        self.takes_all_sources() || self.from.iter().any(|all| all.iter().all(holds))
    }

    /// Whether the rule has no conditions on sources.
    pub(super) fn takes_all_sources(&self) -> bool {
        self.from.is_empty() || self.from.iter().any(Vec::is_empty)
    }

    /// Whether conditions are met so that the rule matches: those of a source, of an operation, and all of `when`.
    fn has_alternative(&self, is_met: impl Fn(&CompiledCondition<'_>) -> bool) -> bool {
        let any = |alternatives: &[Vec<CompiledCondition<'_>>]| {
            alternatives.is_empty() || alternatives.iter().any(|all| all.iter().all(&is_met))
        };
        any(&self.from) && any(&self.to) && self.when.iter().all(&is_met)
    }

    /// The lists of conditions of which one must hold as a whole, each with a source, an operation and all of `when`. `None`
    /// if there are more than `most`.
    pub(super) fn alternatives(&self, most: usize) -> Option<Vec<Vec<&CompiledCondition<'_>>>> {
        const NOTHING: &[CompiledCondition<'_>] = &[];
        let or_any = |all: &'_ [Vec<CompiledCondition<'_>>]| all.len().max(1);
        if or_any(&self.from).checked_mul(or_any(&self.to)).is_none_or(|count| count > most) {
            return None;
        }
        let from = self.from.iter().map(Vec::as_slice).chain(self.from.is_empty().then_some(NOTHING));
        let both = from.flat_map(|from| {
            let to = self.to.iter().map(Vec::as_slice).chain(self.to.is_empty().then_some(NOTHING));
            to.map(move |to| from.iter().chain(to).chain(&self.when).collect())
        });
        Some(both.collect())
    }

    /// Conditions whose result the request does not determine, with the reason.
    pub(super) fn unknown(&self, attributes: &Attributes<'_>) -> impl Iterator<Item = (&str, &'static str)> {
        let conditions = self.from.iter().chain(&self.to).flatten().chain(&self.when);
        conditions.filter_map(|condition| Some((condition.name.as_str(), condition.unknown(attributes)?)))
    }
}

fn of_all(conditions: &[CompiledCondition<'_>], attributes: &Attributes<'_>) -> Option<FailedCondition> {
    let failing = conditions.iter().find(|condition| !condition.holds(attributes));
    failing.map(|condition| condition.failure(attributes))
}

/// The failed condition of the first alternative. Those of other alternatives are added if they are on the same field.
fn of_alternatives(
    alternatives: &[Vec<CompiledCondition<'_>>],
    attributes: &Attributes<'_>,
) -> Option<FailedCondition> {
    let mut failures = Vec::new();
    for conditions in alternatives {
        failures.push(of_all(conditions, attributes)?);
    }
    let field = |failure: &FailedCondition| failure.condition.rsplit('.').next().unwrap_or_default().to_owned();
    let mut failures = failures.into_iter();
    let mut first = failures.next()?;
    for other in failures.filter(|other| field(other) == field(&first)).collect::<Vec<_>>() {
        first.wanted.push_str(" or ");
        first.wanted.push_str(&other.wanted);
    }
    Some(first)
}
