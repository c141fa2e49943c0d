//! The policies of a workload, compiled once for all requests.

use std::sync::{Arc, OnceLock};

use super::condition::PolicyContext;
use super::rule::{self, PolicyRule};
use crate::model::LabelSet;
use crate::model::security::PolicyAction;
use crate::source::Span;
use crate::world::{AuthorizationPolicy, RequestAuthentication, World};

/// The AuthorizationPolicies of a mesh. Each is compiled when a request first needs it, and workloads share it.
#[derive(Debug)]
pub struct CompiledPolicies<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) authorization: Vec<Arc<CompiledPolicy<'a>>>,
}

/// The policies that apply to a workload.
#[derive(Debug)]
pub struct WorkloadPolicies<'a> {
    pub(super) world: &'a World<'a>,
    pub(super) authorization: Vec<Arc<CompiledPolicy<'a>>>,
    pub(super) request: Vec<&'a RequestAuthentication<'a>>,
    /// Remarks about the policies that may apply, because their selectors have placeholders.
    pub(super) notes: Vec<String>,
}

/// An AuthorizationPolicy with its rules, as they are at HTTP ports and at others.
#[derive(Debug)]
pub(super) struct CompiledPolicy<'a> {
    pub(super) policy: &'a AuthorizationPolicy<'a>,
    pub(super) action: PolicyAction,
    pub(super) is_dry_run: bool,
    of_http: OnceLock<Vec<CompiledRule<'a>>>,
    of_tcp: OnceLock<Vec<CompiledRule<'a>>>,
}

/// A rule and its place.
#[derive(Debug)]
pub(super) struct CompiledRule<'a> {
    pub(super) span: Span,
    pub(super) form: RuleForm<'a>,
}

/// The form of a rule in the configuration of a proxy.
#[derive(Debug)]
pub(super) enum RuleForm<'a> {
    /// Conditions.
    Conditions(PolicyRule<'a>),
    /// istiod drops it, for this reason.
    Void(String),
    /// It has placeholders.
    Unknown,
}

impl<'a> CompiledPolicies<'a> {
    /// The policies of a mesh.
    pub fn new(world: &'a World<'a>) -> Self {
        let compiled = |policy: &'a AuthorizationPolicy<'a>| {
            Arc::new(CompiledPolicy {
                policy,
                action: policy.action(),
                is_dry_run: policy.is_dry_run(),
                of_http: OnceLock::new(),
                of_tcp: OnceLock::new(),
            })
        };
        Self { world, authorization: world.policies.authorization_policies().iter().map(compiled).collect() }
    }

    /// The compiled form of a policy.
    pub(super) fn compiled(&self, policy: &AuthorizationPolicy<'a>) -> Option<&Arc<CompiledPolicy<'a>>> {
        let all = self.world.policies.authorization_policies();
        self.authorization.get(all.element_offset(policy)?)
    }

    /// The policies that apply to a workload.
    pub fn of_workload(&self, namespace: &str, labels: &LabelSet<'_>) -> WorkloadPolicies<'a> {
        let policies = &self.world.policies;
        let attached = policies.authorization_policies_of(namespace, labels).into_iter();
        let compiled = attached.filter_map(|policy| self.compiled(policy).cloned());
        WorkloadPolicies {
            world: self.world,
            authorization: compiled.collect(),
            request: policies.request_authentications_of(namespace, labels),
            notes: unknown_selectors(self.world, namespace),
        }
    }
}

impl<'a> WorkloadPolicies<'a> {
    /// Whether some RequestAuthentication checks tokens. Without one, a proxy knows no claims.
    pub fn check_tokens(&self) -> bool {
        !self.request.is_empty()
    }

    /// No policies, as at the sidecar of a client.
    pub fn none(world: &'a World<'a>) -> Self {
        Self { world, authorization: Vec::new(), request: Vec::new(), notes: Vec::new() }
    }

    /// Whether all requests without a token pass in the same way.
    pub fn is_empty(&self) -> bool {
        self.authorization.is_empty() && self.request.is_empty()
    }

    /// Whether there are remarks for all requests.
    pub fn has_notes(&self) -> bool {
        !self.notes.is_empty()
    }
}

impl<'a> CompiledPolicy<'a> {
    /// The rules for requests, or those for connections that are not HTTP.
    pub(super) fn rules(&self, world: &'a World<'a>, is_tcp: bool) -> &[CompiledRule<'a>] {
        let form = if is_tcp { &self.of_tcp } else { &self.of_http };
        form.get_or_init(|| {
            let context = PolicyContext { settings: &world.settings, namespace: &self.policy.name.namespace };
            let rules = self.policy.spec.rules.iter();
            let compile = |written| match rule::compile(written, self.action, is_tcp, &context) {
                Ok(rule) => RuleForm::Conditions(rule),
                Err(reason) => RuleForm::Void(reason),
            };
            let is_unknown = |span| world.snapshot.placeholders.touch(span);
            let rules = rules.map(|written| CompiledRule {
                span: written.span,
                form: if is_unknown(written.span) { RuleForm::Unknown } else { compile(written) },
            });
            rules.collect()
        })
    }
}

/// Notes the policies that may select a workload of a namespace, because their selectors have placeholders.
fn unknown_selectors(world: &World<'_>, namespace: &str) -> Vec<String> {
    let placeholders = &world.snapshot.placeholders;
    if placeholders.is_empty() {
        return Vec::new();
    }
    let root = &world.settings.root_namespace;
    let is_near = |it: &&AuthorizationPolicy<'_>| it.name.namespace == namespace || it.name.namespace == *root;
    let hides_selector = |it: &&AuthorizationPolicy<'_>| {
        it.spec.selector.as_ref().is_some_and(|selector| placeholders.hide_labels(&selector.match_labels))
    };
    let policies = world.policies.authorization_policies().iter().filter(is_near).filter(hides_selector);
    let note = |policy: &AuthorizationPolicy<'_>| {
        format!(
            "AuthorizationPolicy `{}` has placeholders in its selector: the answer assumes that it does not apply",
            policy.name
        )
    };
    policies.map(note).collect()
}
