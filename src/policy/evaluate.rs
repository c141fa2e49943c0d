//! The order in which policies are asked: CUSTOM, tokens, AUDIT, DENY, ALLOW (istiod: `authz/builder`).

use super::Attributes;
use super::condition::{Context, Failure};
use super::policy_ref::PolicyRef;
use super::rule::{self, Rule};
use super::token::{self, Token};
use crate::model::LabelSet;
use crate::model::security::PolicyAction;
use crate::source::Span;
use crate::world::{AuthorizationPolicy, World};

/// What the policies say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The request is let in.
    Allowed,
    /// It is not.
    Denied,
    /// It is let in if an external authorizer says so as well.
    External,
}

/// What decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The policy.
    pub policy: PolicyRef,
    /// What it does with what it matches; `None` of a RequestAuthentication.
    pub action: Option<PolicyAction>,
    /// The rule's index and place; `None` if it is that no rule matches.
    pub rule: Option<(usize, Span)>,
    /// The reason in words, where the rule alone does not say it.
    pub reason: Option<String>,
}

/// A policy or one of its rules that was considered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Considered {
    /// The policy.
    pub policy: PolicyRef,
    /// What it does with what it matches; `None` of a RequestAuthentication.
    pub action: Option<PolicyAction>,
    /// The rule's index and place; `None` if the policy has no rules.
    pub rule: Option<(usize, Span)>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It matches the request.
    Matched,
    /// A condition does not hold.
    NotMatched(Failure),
    /// The policy has no rules, so it matches nothing.
    WithoutRules,
    /// The proxy is not given the rule, with the reason.
    Void(String),
    /// The policy is only tried out; whether the rule would match.
    DryRun(bool),
}

/// What the policies say, and why.
#[derive(Debug, Clone)]
pub struct Findings {
    /// What they say together.
    pub decision: Decision,
    /// The status of a response that is not the policies' usual 403.
    pub status: Option<u32>,
    /// What decided: the rule that denies or allows. `None` if no policy applies.
    pub cause: Option<Cause>,
    /// The external authorizer that is asked first, by the name of its provider.
    pub provider: Option<(String, Cause)>,
    /// Everything that was considered, in order.
    pub considered: Vec<Considered>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
}

/// Asks the policies of a workload about a request. `attributes.claims` is not looked at: the claims come from the
/// request, if a RequestAuthentication has the workload's proxy look for a token.
pub fn evaluate(world: &World<'_>, namespace: &str, labels: &LabelSet<'_>, attributes: &Attributes<'_>) -> Findings {
    let policies = world.policies.authorization_policies_of(namespace, labels);
    let findings = Findings {
        decision: Decision::Allowed,
        status: None,
        cause: None,
        provider: None,
        considered: Vec::new(),
        notes: Vec::new(),
    };
    let mut evaluation = Evaluation { world, policies, findings };
    evaluation.run(namespace, labels, attributes);
    evaluation.findings
}

struct Evaluation<'w, 'a> {
    world: &'w World<'a>,
    policies: Vec<&'w AuthorizationPolicy<'a>>,
    findings: Findings,
}

impl<'w, 'a> Evaluation<'w, 'a> {
    fn run(&mut self, namespace: &str, labels: &LabelSet<'_>, attributes: &Attributes<'_>) {
        let no_claims = serde_json::Value::Null;
        let without_token = Attributes { claims: &no_claims, ..attributes.clone() };
        if self.custom(&without_token) {
            return;
        }
        let of_workload = self.world.policies.request_authentications_of(namespace, labels);
        let token = attributes.http.map_or(Token::Absent, |http| token::check(self.world, &of_workload, http));
        let claims = match token {
            Token::Absent => {
                if attributes.http.is_some_and(|http| !http.claims.is_null()) && of_workload.is_empty() {
                    self.note("no RequestAuthentication selects the workload, so its proxy does not read tokens");
                }
                no_claims
            }
            Token::Accepted(claims) => claims,
            Token::Rejected { status, policy, rule, reason } => {
                self.findings.status = Some(status);
                self.deny(Cause { policy, action: None, rule, reason: Some(reason) });
                return;
            }
        };
        let attributes = Attributes { claims: &claims, ..attributes.clone() };
        self.matching(PolicyAction::Audit, &attributes);
        if let Some((_, cause)) = self.matching(PolicyAction::Deny, &attributes) {
            self.deny(cause);
            return;
        }
        let allowing = self.enforced(PolicyAction::Allow).next();
        match (self.matching(PolicyAction::Allow, &attributes), allowing) {
            (Some((_, cause)), _) => self.findings.cause = Some(cause),
            (None, Some(first)) => {
                let reason = "no rule of the ALLOW policies for the workload matches".to_owned();
                let policy = PolicyRef::new(self.world, first);
                self.deny(Cause { policy, action: Some(PolicyAction::Allow), rule: None, reason: Some(reason) });
            }
            (None, None) => {}
        }
    }

    fn deny(&mut self, cause: Cause) {
        self.findings.decision = Decision::Denied;
        self.findings.cause = Some(cause);
    }

    fn note(&mut self, note: &str) {
        if !self.findings.notes.iter().any(|known| known == note) {
            self.findings.notes.push(note.to_owned());
        }
    }

    /// Asks the CUSTOM policies; whether they deny the request without asking anybody. That is so if the provider does
    /// not exist, or the workload has policies with different ones.
    fn custom(&mut self, attributes: &Attributes<'_>) -> bool {
        let provider = |policy: &AuthorizationPolicy<'_>| {
            let name = policy.spec.provider.as_ref().and_then(|provider| provider.name.as_ref());
            name.map_or(String::new(), |name| name.value.clone())
        };
        let providers: Vec<String> = self.enforced(PolicyAction::Custom).map(provider).collect();
        let Some((policy, mut cause)) = self.matching(PolicyAction::Custom, attributes) else { return false };
        let name = provider(policy);
        let is_known = |known: &Vec<String>| known.contains(&name);
        cause.reason = if providers.iter().any(|other| *other != name) {
            Some("the workload has CUSTOM policies with different providers".to_owned())
        } else if !self.world.settings.extension_providers.as_ref().is_none_or(is_known) {
            Some(format!("MeshConfig has no extension provider {name:?}"))
        } else {
            self.note(&format!("the external authorizer {name} decides first, for {}", cause.policy.name));
            self.findings.decision = Decision::External;
            self.findings.provider = Some((name, cause));
            return false;
        };
        self.deny(cause);
        true
    }

    fn enforced(&self, action: PolicyAction) -> impl Iterator<Item = &'w AuthorizationPolicy<'a>> {
        let policies: Vec<_> =
            self.policies.iter().copied().filter(|it| it.action() == action && !it.is_dry_run()).collect();
        policies.into_iter()
    }

    /// The first rule that matches among the policies of an action. Those behind it are not considered.
    fn matching(
        &mut self,
        action: PolicyAction,
        attributes: &Attributes<'_>,
    ) -> Option<(&'w AuthorizationPolicy<'a>, Cause)> {
        let policies: Vec<_> = self.policies.iter().copied().filter(|policy| policy.action() == action).collect();
        for policy in policies {
            if policy.spec.rules.is_empty() {
                self.consider(policy, None, Outcome::WithoutRules);
            }
            for (index, written) in policy.spec.rules.iter().enumerate() {
                let place = Some((index, written.span));
                let context = Context { settings: &self.world.settings, namespace: &policy.name.namespace };
                let compiled = rule::compile(written, action, attributes.http.is_none(), &context);
                let outcome = match compiled {
                    Err(reason) => Outcome::Void(reason),
                    Ok(rule) => {
                        self.note_doubts(policy, index, &rule, attributes);
                        match rule.first_failing(attributes) {
                            failure if policy.is_dry_run() => Outcome::DryRun(failure.is_none()),
                            None => Outcome::Matched,
                            Some(failure) => Outcome::NotMatched(failure),
                        }
                    }
                };
                let is_match = outcome == Outcome::Matched;
                self.consider(policy, place, outcome);
                if is_match {
                    let policy_ref = PolicyRef::new(self.world, policy);
                    let cause = Cause { policy: policy_ref, action: Some(action), rule: place, reason: None };
                    return Some((policy, cause));
                }
            }
        }
        None
    }

    /// Says where the answer hangs on what the question does not say, or a rule means more than it seems to.
    fn note_doubts(
        &mut self,
        policy: &AuthorizationPolicy<'_>,
        index: usize,
        rule: &Rule<'_>,
        attributes: &Attributes<'_>,
    ) {
        let name = &policy.name;
        for (condition, unknown) in rule.unknown(attributes) {
            self.note(&format!("{name} rules[{index}].{condition}: {unknown}"));
        }
        for reason in &rule.ignored {
            self.note(&format!("{name} rules[{index}]: {reason}; the condition is left out, which widens the rule"));
        }
    }

    fn consider(&mut self, policy: &AuthorizationPolicy<'_>, rule: Option<(usize, Span)>, outcome: Outcome) {
        let policy_ref = PolicyRef::new(self.world, policy);
        self.findings.considered.push(Considered { policy: policy_ref, action: Some(policy.action()), rule, outcome });
    }
}
