//! Evaluation of policies in istiod's order: CUSTOM, tokens, AUDIT, DENY, ALLOW (istiod: `authz/builder`).

use std::collections::BTreeSet;

use super::Attributes;
use super::condition::{FailedCondition, PolicyContext};
use super::policy_ref::PolicyRef;
use super::rule::{self, PolicyRule};
use super::token::{self, TokenEffect, TokenVerdict};
use crate::model::LabelSet;
use crate::model::security::PolicyAction;
use crate::routing::HttpRequest;
use crate::source::Span;
use crate::world::{AuthorizationPolicy, Gap, UnusableProvider, World};

/// The combined ruling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// The policies allow the request.
    Allowed,
    /// The policies deny the request.
    Denied,
    /// An external authorizer decides, after the other policies allowed the request.
    External,
}

/// The policy or rule that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The policy.
    pub policy: PolicyRef,
    /// The action; `None` for a RequestAuthentication.
    pub action: Option<PolicyAction>,
    /// The index and place of the rule; `None` if no rule matches.
    pub rule: Option<(usize, Span)>,
    /// The reason, if the rule alone does not explain it.
    pub reason: Option<String>,
}

/// A policy or one of its rules that was considered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsideredRule {
    /// The policy.
    pub policy: PolicyRef,
    /// The action; `None` for a RequestAuthentication.
    pub action: Option<PolicyAction>,
    /// The index and place of the rule; `None` if the policy has no rules.
    pub rule: Option<(usize, Span)>,
    /// The outcome.
    pub outcome: RuleOutcome,
}

/// The outcome of a policy rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleOutcome {
    /// The rule matches the request.
    Matched,
    /// A condition does not hold.
    NotMatched(FailedCondition),
    /// The policy has no rules, so it matches no request.
    WithoutRules,
    /// istiod drops the rule, for this reason.
    Void(String),
    /// The policy is a dry run; whether the rule would match.
    DryRun(bool),
    /// The rule has placeholders, so it is treated as if it matched no request.
    Unknown,
}

/// The ruling of the policies, and its reason.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// The combined ruling.
    pub ruling: Ruling,
    /// The status of the response, if it is not the usual 403.
    pub status: Option<u32>,
    /// The rule that denies or allows; `None` if no policy applies.
    pub cause: Option<Cause>,
    /// The provider of the external authorizer that decides first, and the rule that calls it.
    pub provider: Option<(String, Cause)>,
    /// The changes that the filter for tokens makes to an HTTP request.
    pub token: TokenEffect,
    /// The rules that were considered, in order.
    pub considered: Vec<ConsideredRule>,
    /// Remarks for people.
    pub notes: Vec<String>,
}

/// Evaluates the policies of a workload for a request. `attributes.claims` is ignored: the claims come from the
/// token of the request, if a RequestAuthentication makes the proxy read tokens.
pub fn evaluate(world: &World<'_>, namespace: &str, labels: &LabelSet<'_>, attributes: &Attributes<'_>) -> Evaluation {
    let policies = world.policies.authorization_policies_of(namespace, labels);
    let findings = Evaluation {
        ruling: Ruling::Allowed,
        status: None,
        cause: None,
        provider: None,
        token: TokenEffect::default(),
        considered: Vec::new(),
        notes: Vec::new(),
    };
    let mut evaluation = Evaluator { world, policies, findings };
    evaluation.run(namespace, labels, attributes);
    evaluation.findings
}

struct Evaluator<'w, 'a> {
    world: &'w World<'a>,
    policies: Vec<&'w AuthorizationPolicy<'a>>,
    findings: Evaluation,
}

/// The reason why istiod denies what a policy matches. Without its port, only the requests to the authorizer fail.
fn describe(unusable: &UnusableProvider, name: &str) -> Option<String> {
    Some(match unusable {
        UnusableProvider::Undefined => format!("MeshConfig does not define the extension provider `{name}`"),
        UnusableProvider::OtherKind => format!("the extension provider `{name}` is not an external authorizer"),
        UnusableProvider::InvalidName => format!("istiod rejects the name of the extension provider `{name}`"),
        UnusableProvider::InvalidPort => format!("the extension provider `{name}` has no valid port"),
        UnusableProvider::ShortName(_) | UnusableProvider::UnknownService | UnusableProvider::SeveralServices => {
            format!("istiod finds no service for the extension provider `{name}`")
        }
        UnusableProvider::UnknownPort(_) => return None,
    })
}

impl<'w, 'a> Evaluator<'w, 'a> {
    fn run(&mut self, namespace: &str, labels: &LabelSet<'_>, attributes: &Attributes<'_>) {
        self.note_unknown_selectors(namespace);
        let no_claims = serde_json::Value::Null;
        let without_token = Attributes { claims: &no_claims, ..attributes.clone() };
        if self.custom(&without_token) {
            return;
        }
        let effect = match self.token(namespace, labels, attributes.http) {
            TokenVerdict::Passed(effect) => effect,
            TokenVerdict::Rejected { status, policy, rule, reason } => {
                self.findings.status = Some(status);
                self.deny(Cause { policy, action: None, rule, reason: Some(reason) });
                return;
            }
        };
        effect.notes.iter().for_each(|note| self.note(note));
        let http = attributes.http.map(|http| effect.apply(http));
        let attributes = Attributes { claims: &effect.claims, http: http.as_ref(), ..attributes.clone() };
        self.by_rules(&attributes);
        self.findings.token = effect;
    }

    /// The verdict on the tokens of an HTTP request.
    fn token(&mut self, namespace: &str, labels: &LabelSet<'_>, http: Option<&HttpRequest<'_>>) -> TokenVerdict {
        let Some(http) = http else { return TokenVerdict::Passed(TokenEffect::default()) };
        let of_workload = self.world.policies.request_authentications_of(namespace, labels);
        if of_workload.is_empty() && token::is_presented(http) {
            self.note("no RequestAuthentication selects the workload, so the proxy ignores tokens");
        }
        token::check(self.world, &of_workload, http)
    }

    /// Evaluates the policies that come after the tokens.
    fn by_rules(&mut self, attributes: &Attributes<'_>) {
        self.matching(PolicyAction::Audit, attributes);
        if let Some((_, cause)) = self.matching(PolicyAction::Deny, attributes) {
            self.deny(cause);
            return;
        }
        let first_allow = self.enforced(PolicyAction::Allow).next();
        match (self.matching(PolicyAction::Allow, attributes), first_allow) {
            (Some((_, cause)), _) => self.findings.cause = Some(cause),
            (None, Some(first)) => {
                let reason = "no ALLOW rule for the workload matches".to_owned();
                let policy = PolicyRef::new(self.world, first);
                self.deny(Cause { policy, action: Some(PolicyAction::Allow), rule: None, reason: Some(reason) });
            }
            (None, None) => {}
        }
    }

    fn deny(&mut self, cause: Cause) {
        self.findings.ruling = Ruling::Denied;
        self.findings.cause = Some(cause);
    }

    fn note(&mut self, note: &str) {
        if !self.findings.notes.iter().any(|known| known == note) {
            self.findings.notes.push(note.to_owned());
        }
    }

    /// Notes the policies that may select the workload, because their selectors have placeholders.
    fn note_unknown_selectors(&mut self, namespace: &str) {
        let placeholders = &self.world.snapshot.placeholders;
        if placeholders.is_empty() {
            return;
        }
        let root = &self.world.settings.root_namespace;
        let is_near = |it: &&AuthorizationPolicy<'_>| it.name.namespace == namespace || it.name.namespace == *root;
        let hides_selector = |it: &&AuthorizationPolicy<'_>| {
            it.spec.selector.as_ref().is_some_and(|selector| placeholders.hide_labels(&selector.match_labels))
        };
        let policies = self.world.policies.authorization_policies().iter();
        for policy in policies.filter(is_near).filter(hides_selector) {
            let name = &policy.name;
            self.note(&format!(
                "AuthorizationPolicy `{name}` has placeholders in its selector: the answer assumes that it does not \
                 apply"
            ));
        }
    }

    /// Evaluates the CUSTOM policies. Returns whether they deny the request without an authorizer, because the provider
    /// cannot be used or the workload has policies with different providers. Those of dry runs count too.
    fn custom(&mut self, attributes: &Attributes<'_>) -> bool {
        let custom = self.policies.iter().filter(|policy| policy.action() == PolicyAction::Custom);
        let providers: BTreeSet<&str> = custom.map(|policy| policy.provider()).collect();
        let Some((policy, mut cause)) = self.matching(PolicyAction::Custom, attributes) else { return false };
        let name = policy.provider();
        cause.reason = if providers.len() > 1 && !self.world.allows_several_providers() {
            Some("the workload has CUSTOM policies with different providers".to_owned())
        } else {
            match self.world.unusable_provider(policy, name) {
                Ok(unusable) => unusable.and_then(|unusable| describe(&unusable, name)),
                // Most manifests have no MeshConfig, so they do not define any provider.
                Err(Gap::NoMeshConfig) => None,
                Err(gap) => {
                    self.note(&format!(
                        "it is not known whether the external authorizer `{name}` exists: {gap}; without its service, \
                         istiod denies what the policy matches"
                    ));
                    None
                }
            }
        };
        let mut authorizers = self.world.settings.authorizers.iter();
        let is_http_only = authorizers.any(|authorizer| authorizer.name == name && authorizer.is_http_only);
        if cause.reason.is_none() && is_http_only && attributes.http.is_none() {
            self.note(&format!("istiod ignores the external authorizer `{name}` on TCP ports, because it speaks HTTP"));
            return false;
        }
        if cause.reason.is_none() {
            self.note(&format!(
                "the external authorizer `{name}` decides first (AuthorizationPolicy `{}`)",
                cause.policy.name
            ));
            self.findings.ruling = Ruling::External;
            self.findings.provider = Some((name.to_owned(), cause));
            return false;
        }
        self.deny(cause);
        true
    }

    fn enforced(&self, action: PolicyAction) -> impl Iterator<Item = &'w AuthorizationPolicy<'a>> {
        let policies: Vec<_> =
            self.policies.iter().copied().filter(|it| it.action() == action && !it.is_dry_run()).collect();
        policies.into_iter()
    }

    /// The first matching rule of the policies with an action. Later rules are not considered.
    fn matching(
        &mut self,
        action: PolicyAction,
        attributes: &Attributes<'_>,
    ) -> Option<(&'w AuthorizationPolicy<'a>, Cause)> {
        let policies: Vec<_> = self.policies.iter().copied().filter(|policy| policy.action() == action).collect();
        for policy in policies {
            if policy.spec.rules.is_empty() {
                self.consider(policy, None, RuleOutcome::WithoutRules);
            }
            for (index, written) in policy.spec.rules.iter().enumerate() {
                let place = Some((index, written.span));
                if self.world.snapshot.placeholders.touch(written.span) {
                    self.note(&format!(
                        "AuthorizationPolicy `{}`, `rules[{index}]` has placeholders: the answer assumes that the rule \
                         matches no request",
                        policy.name
                    ));
                    self.consider(policy, place, RuleOutcome::Unknown);
                    continue;
                }
                let context = PolicyContext { settings: &self.world.settings, namespace: &policy.name.namespace };
                let compiled = rule::compile(written, action, attributes.http.is_none(), &context);
                let outcome = match compiled {
                    Err(reason) => RuleOutcome::Void(reason),
                    Ok(rule) => {
                        self.note_doubts(policy, index, &rule, attributes);
                        match rule.first_failing(attributes) {
                            failure if policy.is_dry_run() => RuleOutcome::DryRun(failure.is_none()),
                            None => RuleOutcome::Matched,
                            Some(failure) => RuleOutcome::NotMatched(failure),
                        }
                    }
                };
                let is_match = outcome == RuleOutcome::Matched;
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

    /// Notes where the request does not determine the result, and where istiod drops a condition.
    fn note_doubts(
        &mut self,
        policy: &AuthorizationPolicy<'_>,
        index: usize,
        rule: &PolicyRule<'_>,
        attributes: &Attributes<'_>,
    ) {
        let name = &policy.name;
        for (condition, unknown) in rule.unknown(attributes) {
            self.note(&format!("AuthorizationPolicy `{name}`, `rules[{index}].{condition}`: {unknown}"));
        }
        for reason in &rule.ignored {
            self.note(&format!(
                "AuthorizationPolicy `{name}`, `rules[{index}]`: {reason}; istiod drops such conditions, so the rule matches more \
                 requests"
            ));
        }
    }

    fn consider(&mut self, policy: &AuthorizationPolicy<'_>, rule: Option<(usize, Span)>, outcome: RuleOutcome) {
        let policy_ref = PolicyRef::new(self.world, policy);
        self.findings.considered.push(ConsideredRule {
            policy: policy_ref,
            action: Some(policy.action()),
            rule,
            outcome,
        });
    }
}
