//! Evaluation of policies in istiod's order: CUSTOM, tokens, AUDIT, DENY, ALLOW (istiod: `authz/builder`).

use std::sync::Arc;

use super::Attributes;
use super::clause::ClauseEffect;
use super::condition::FailedCondition;
use super::policy_ref::PolicyRef;
use super::rule::PolicyRule;
use super::token::{self, TokenEffect, TokenVerdict};
use super::workload_policies::{CompiledPolicy, RuleForm, WorkloadPolicies};
use crate::model::security::PolicyAction;
use crate::model::wording::list;
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
    /// Whether the request has a token, and no RequestAuthentication makes the proxy read it.
    pub ignores_token: bool,
    /// The rules that were considered, in order. Empty without a trace.
    pub considered: Vec<ConsideredRule>,
    /// Remarks for people.
    pub notes: Vec<String>,
}

impl WorkloadPolicies<'_> {
    /// Evaluates the policies for a request. Its claims are ignored: they come from its token, if a RequestAuthentication
    /// makes the proxy read tokens. Only a trace lists the rules that were considered.
    pub fn evaluate(&self, attributes: &Attributes<'_>, trace: bool) -> Evaluation {
        let findings = Evaluation {
            ruling: Ruling::Allowed,
            status: None,
            cause: None,
            provider: None,
            token: TokenEffect::default(),
            ignores_token: false,
            considered: Vec::new(),
            notes: Vec::new(),
        };
        let mut evaluation = Evaluator { policies: self, trace, findings };
        evaluation.run(attributes);
        evaluation.findings
    }
}

/// Whether a CUSTOM policy denies what it matches, without an authorizer.
enum Refusal {
    /// The reason; `None` if an authorizer decides.
    Known(Option<String>),
    /// The manifests do not show it.
    Unknown(Gap),
}

impl<'a> WorkloadPolicies<'a> {
    /// Whether a CUSTOM policy denies without an authorizer, because its provider cannot be used or the workload has
    /// policies with different providers. Those of dry runs count too.
    fn refusal(&self, policy: &AuthorizationPolicy<'a>) -> Refusal {
        let (world, name) = (self.world, policy.provider());
        let mut custom = self.authorization.iter().filter(|it| it.action == PolicyAction::Custom);
        if custom.any(|it| it.policy.provider() != name) && !world.allows_several_providers() {
            return Refusal::Known(Some("the workload has CUSTOM policies with different providers".to_owned()));
        }
        match world.unusable_provider(policy, name) {
            Ok(unusable) => Refusal::Known(unusable.and_then(|unusable| describe(&unusable, name))),
            // Most manifests have no MeshConfig, so they do not define any provider.
            Err(Gap::NoMeshConfig) => Refusal::Known(None),
            Err(gap) => Refusal::Unknown(gap),
        }
    }

    /// Whether an authorizer only decides about HTTP requests.
    fn is_http_only(&self, provider: &str) -> bool {
        let mut authorizers = self.world.settings.authorizers.iter();
        authorizers.any(|authorizer| authorizer.name == provider && authorizer.is_http_only)
    }
}

/// The effect of a CUSTOM policy on the requests, or connections, that it matches; `None` if it has no effect.
pub(super) fn custom_effect<'a>(
    policies: &WorkloadPolicies<'a>,
    policy: &AuthorizationPolicy<'a>,
    is_tcp: bool,
) -> Option<ClauseEffect> {
    let name = policy.provider();
    match policies.refusal(policy) {
        Refusal::Known(Some(_)) => Some(ClauseEffect::Refuses),
        _ if is_tcp && policies.is_http_only(name) => None,
        _ => Some(ClauseEffect::Asks(name.to_owned())),
    }
}

struct Evaluator<'p, 'a> {
    policies: &'p WorkloadPolicies<'a>,
    trace: bool,
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

impl<'p, 'a> Evaluator<'p, 'a> {
    fn run(&mut self, attributes: &Attributes<'_>) {
        self.policies.notes.iter().for_each(|note| self.note(note));
        let without_claims = attributes.http.filter(|http| !http.claims.is_null()).map(HttpRequest::without_claims);
        let attributes = Attributes { http: without_claims.as_ref().or(attributes.http), ..attributes.clone() };
        if self.custom(&attributes) {
            return;
        }
        let effect = match self.token(attributes.http) {
            TokenVerdict::Passed(effect) => effect,
            TokenVerdict::Rejected { status, policy, rule, reason } => {
                self.findings.status = Some(status);
                self.deny(Cause { policy, action: None, rule, reason: Some(reason) });
                return;
            }
        };
        effect.notes.iter().for_each(|note| self.note(note));
        let is_changed = effect.changes_request() || effect.consumes_token;
        let changed = attributes.http.filter(|_| is_changed).map(|http| effect.apply(http));
        self.by_rules(&Attributes { http: changed.as_ref().or(attributes.http), ..attributes });
        self.findings.token = effect;
    }

    fn world(&self) -> &'a World<'a> {
        self.policies.world
    }

    /// The verdict on the tokens of an HTTP request.
    fn token(&mut self, http: Option<&HttpRequest<'_>>) -> TokenVerdict {
        let Some(http) = http else { return TokenVerdict::Passed(TokenEffect::default()) };
        let of_workload = &self.policies.request;
        if of_workload.is_empty() {
            self.findings.ignores_token = token::is_presented(http);
            return TokenVerdict::Passed(TokenEffect::default());
        }
        if token::is_preflight(http) && token::is_presented(http) {
            self.note("the proxy does not read the tokens of CORS preflights, so policies see none");
        }
        token::check(self.world(), of_workload, http)
    }

    /// Evaluates the policies that come after the tokens.
    fn by_rules(&mut self, attributes: &Attributes<'_>) {
        self.matching(PolicyAction::Audit, attributes);
        if let Some((_, cause)) = self.matching(PolicyAction::Deny, attributes) {
            self.deny(cause);
            return;
        }
        let mut enforced = self.with(PolicyAction::Allow).filter(|it| !it.is_dry_run);
        match (self.matching(PolicyAction::Allow, attributes), enforced.next()) {
            (Some((_, cause)), _) => self.findings.cause = Some(cause),
            (None, Some(first)) => {
                let names: Vec<_> = std::iter::once(first).chain(enforced).map(|it| &it.policy.name).collect();
                let reason = match names.as_slice() {
                    [_] => "no ALLOW rule for the workload matches".to_owned(),
                    several => format!("no ALLOW rule of {} matches", list(several, "and")),
                };
                let policy = PolicyRef::new(self.world(), first.policy);
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

    /// Evaluates the CUSTOM policies. Returns whether they deny the request without an authorizer.
    fn custom(&mut self, attributes: &Attributes<'_>) -> bool {
        let Some((policy, mut cause)) = self.matching(PolicyAction::Custom, attributes) else { return false };
        let name = policy.provider();
        match self.policies.refusal(policy) {
            Refusal::Known(reason) => cause.reason = reason,
            Refusal::Unknown(gap) => self.note(&format!(
                "it is not known whether the external authorizer `{name}` exists: {gap}; without its service, istiod \
                 denies what the policy matches"
            )),
        }
        if cause.reason.is_none() && attributes.http.is_none() && self.policies.is_http_only(name) {
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

    fn with(&self, action: PolicyAction) -> impl Iterator<Item = &'p CompiledPolicy<'a>> + use<'p, 'a> {
        self.policies.authorization.iter().map(Arc::as_ref).filter(move |it| it.action == action)
    }

    /// The first matching rule of the policies with an action. Later rules are not considered.
    fn matching(
        &mut self,
        action: PolicyAction,
        attributes: &Attributes<'_>,
    ) -> Option<(&'a AuthorizationPolicy<'a>, Cause)> {
        for compiled in self.with(action) {
            let policy = compiled.policy;
            if policy.spec.rules.is_empty() {
                self.consider(compiled, None, || RuleOutcome::WithoutRules);
            }
            for (index, rule) in compiled.rules(self.world(), attributes.http.is_none()).iter().enumerate() {
                let place = Some((index, rule.span));
                let conditions = match &rule.form {
                    RuleForm::Unknown => {
                        self.note(&format!(
                            "AuthorizationPolicy `{}`, `rules[{index}]` has placeholders: the answer assumes that the \
                             rule matches no request",
                            policy.name
                        ));
                        self.consider(compiled, place, || RuleOutcome::Unknown);
                        continue;
                    }
                    RuleForm::Void(reason) => {
                        self.consider(compiled, place, || RuleOutcome::Void(reason.clone()));
                        continue;
                    }
                    RuleForm::Conditions(conditions) => conditions,
                };
                self.note_doubts(policy, index, conditions, attributes);
                let is_match = conditions.matches(attributes);
                self.consider(compiled, place, || match conditions.first_failing(attributes) {
                    failure if compiled.is_dry_run => RuleOutcome::DryRun(failure.is_none()),
                    None => RuleOutcome::Matched,
                    Some(failure) => RuleOutcome::NotMatched(failure),
                });
                if is_match && !compiled.is_dry_run {
                    let policy_ref = PolicyRef::new(self.world(), policy);
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

    fn consider(
        &mut self,
        compiled: &CompiledPolicy<'_>,
        rule: Option<(usize, Span)>,
        outcome: impl FnOnce() -> RuleOutcome,
    ) {
        if self.trace {
            let policy = PolicyRef::new(self.policies.world, compiled.policy);
            let action = Some(compiled.action);
            self.findings.considered.push(ConsideredRule { policy, action, rule, outcome: outcome() });
        }
    }
}
