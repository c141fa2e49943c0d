//! The rules of the policies of a workload as clauses, for proofs about all requests.

use super::condition::CompiledCondition;
use super::facet::{Facet, FacetCondition};
use super::rule::PolicyRule;
use super::workload_policies::{CompiledPolicies, CompiledPolicy, RuleForm, WorkloadPolicies};
use super::{Attributes, evaluate};
use crate::model::security::PolicyAction;
use crate::source::Span;
use crate::world::{AuthorizationPolicy, World};

/// The effect of a rule on the requests that it matches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClauseEffect {
    /// An external authorizer, by the name of its provider, decides beside the other policies.
    Asks(String),
    /// A CUSTOM rule without a usable authorizer: it denies, before tokens are read.
    Refuses,
    /// The rule denies.
    Denies,
    /// The rule allows.
    Allows,
}

/// A rule of an enforced AuthorizationPolicy.
#[derive(Debug, Clone)]
pub struct PolicyClause<'p, 'a> {
    /// The policy.
    pub policy: &'a AuthorizationPolicy<'a>,
    /// The index of the rule.
    pub rule: usize,
    /// The place of the rule.
    pub span: Span,
    /// Its effect.
    pub effect: ClauseEffect,
    /// Its conditions; `None` if it has placeholders.
    pub(super) conditions: Option<&'p PolicyRule<'a>>,
    /// Whether tokens are read, but only later.
    is_before_tokens: bool,
    /// Whether claims are unknown to the rule.
    is_without_claims: bool,
}

impl<'a> CompiledPolicy<'a> {
    /// The rules that match something.
    fn clauses<'p>(
        &'p self,
        world: &'a World<'a>,
        effect: &ClauseEffect,
        is_tcp: bool,
    ) -> impl Iterator<Item = PolicyClause<'p, 'a>> {
        self.rules(world, is_tcp).iter().enumerate().filter_map(move |(index, rule)| {
            let conditions = match &rule.form {
                RuleForm::Void(_) => return None,
                RuleForm::Unknown => None,
                RuleForm::Conditions(conditions) => Some(conditions),
            };
            Some(PolicyClause {
                policy: self.policy,
                rule: index,
                span: rule.span,
                effect: effect.clone(),
                conditions,
                is_before_tokens: false,
                is_without_claims: is_tcp,
            })
        })
    }
}

impl<'a> CompiledPolicies<'a> {
    /// The rules of a policy that match something, as proxies apply them to HTTP requests or to other connections. Whether
    /// a proxy reads tokens is not known, so it may.
    pub fn clauses(&self, policy: &AuthorizationPolicy<'a>, is_tcp: bool) -> Vec<PolicyClause<'_, 'a>> {
        let Some(compiled) = self.compiled(policy) else { return Vec::new() };
        let effect = match compiled.action {
            PolicyAction::Allow => ClauseEffect::Allows,
            _ => ClauseEffect::Denies,
        };
        compiled.clauses(self.world, &effect, is_tcp).collect()
    }
}

impl<'a> WorkloadPolicies<'a> {
    /// The rules that decide about requests, or about connections that are not HTTP: CUSTOM, DENY, ALLOW. The first CUSTOM
    /// rule that matches counts, and independently of it the first of the others.
    pub fn clauses(&self, is_tcp: bool) -> Vec<PolicyClause<'_, 'a>> {
        let mut clauses = Vec::new();
        for action in [PolicyAction::Custom, PolicyAction::Deny, PolicyAction::Allow] {
            for compiled in self.authorization.iter().filter(|it| it.action == action && !it.is_dry_run) {
                self.add_clauses(compiled, is_tcp, &mut clauses);
            }
        }
        clauses
    }

    /// Whether some enforced policy has the action ALLOW, so that requests that no rule matches are denied.
    pub fn denies_by_default(&self) -> bool {
        self.authorization.iter().any(|it| it.action == PolicyAction::Allow && !it.is_dry_run)
    }

    /// The trust domain of the mesh.
    pub fn trust_domain(&self) -> &'a str {
        &self.world.settings.trust_domain
    }

    /// The issuers whose tokens the proxy reads.
    pub fn issuers(&self) -> Vec<String> {
        let rules = self.request.iter().flat_map(|policy| &policy.spec.jwt_rules);
        let mut issuers: Vec<String> =
            rules.filter_map(|rule| rule.issuer.as_ref()).map(|issuer| issuer.value.clone()).collect();
        issuers.sort();
        issuers.dedup();
        issuers
    }

    fn add_clauses<'p>(
        &'p self,
        compiled: &'p CompiledPolicy<'a>,
        is_tcp: bool,
        clauses: &mut Vec<PolicyClause<'p, 'a>>,
    ) {
        let effect = match compiled.action {
            PolicyAction::Custom => match evaluate::custom_effect(self, compiled.policy, is_tcp) {
                Some(effect) => effect,
                None => return,
            },
            PolicyAction::Deny => ClauseEffect::Denies,
            _ => ClauseEffect::Allows,
        };
        let is_custom = compiled.action == PolicyAction::Custom;
        clauses.extend(compiled.clauses(self.world, &effect, is_tcp).map(|clause| PolicyClause {
            is_before_tokens: is_custom && self.check_tokens(),
            is_without_claims: is_custom || is_tcp || !self.check_tokens(),
            ..clause
        }));
    }
}

impl PolicyClause<'_, '_> {
    /// Whether the rule is unknown, because it has placeholders.
    pub fn is_unknown(&self) -> bool {
        self.conditions.is_none()
    }

    /// Whether the rule matches a request. Its claims are those of an accepted token.
    pub fn matches(&self, attributes: &Attributes<'_>) -> bool {
        self.conditions.is_some_and(|rule| rule.matches(attributes))
    }

    /// The combinations of conditions by which the rule matches: a request needs to meet all of one combination. `None` if
    /// there are more than `most`, or the rule is unknown.
    pub fn alternatives(&self, most: usize) -> Option<Vec<Vec<FacetCondition>>> {
        let alternatives = self.conditions?.alternatives(most)?;
        let neutral = |all: Vec<&CompiledCondition<'_>>| all.into_iter().map(CompiledCondition::neutral).collect();
        Some(alternatives.into_iter().filter_map(|all| self.seen(neutral(all))).collect())
    }

    /// The conditions as they are where the rule is evaluated; `None` if they cannot hold.
    fn seen(&self, conditions: Vec<FacetCondition>) -> Option<Vec<FacetCondition>> {
        let mut seen = Vec::new();
        for mut condition in conditions {
            if self.is_without_claims && condition.facet.is_of_token() {
                if condition.is_negated {
                    continue;
                }
                return None;
            }
            // The filter for tokens changes headers.
            if let Facet::Header(name) = &condition.facet
                && self.is_before_tokens
            {
                condition.facet = Facet::Opaque(format!("early {name} {:?}", condition.expressions));
                condition.expressions.clear();
            }
            seen.push(condition);
        }
        seen.sort();
        seen.dedup();
        Some(seen)
    }
}
