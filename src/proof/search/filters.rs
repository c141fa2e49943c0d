//! The policies on the way of a request, as far as they decide by more than the client and the port.

use std::collections::BTreeSet;

use crate::model::security::PolicyAction;
use crate::model::{LabelSet, label_set};
use crate::policy::{Attribute, Requirement, RuleParts, requirements};
use crate::proof::hosts::escaped;
use crate::proof::vantage::Vantage;
use crate::routing::{EnvoyRegex, MatchCondition, MatchSubject, Matcher};
use crate::simulate::{Answer, Simulator};
use crate::source::Span;
use crate::world::{AuthorizationPolicy, DataPlane, World};

/// The policies on the way of the requests of a rule.
#[derive(Debug, Default)]
pub struct Filters<'a> {
    /// The AuthorizationPolicies that decide by the request or by its address.
    pub deciding: Vec<&'a AuthorizationPolicy<'a>>,
    /// Whether some proxy checks tokens.
    pub check_tokens: bool,
    /// Whether an external authorizer decides about some requests.
    pub has_authorizer: bool,
    /// Whether the proxies see bytes, and not requests.
    is_of_bytes: bool,
}

impl<'a> Filters<'a> {
    /// The policies of the proxy that routes the requests, and of the workloads that get them.
    pub fn on_way(simulator: &Simulator<'a>, vantage: &Vantage, answers: &[Answer], is_of_bytes: bool) -> Self {
        let world = simulator.world();
        let mut filters = Self { is_of_bytes, ..Self::default() };
        if vantage.is_gateway() {
            for name in gateway_names(vantage) {
                if let Some(workload) = simulator.gateway_workload(name) {
                    let namespace = workload.namespace.unwrap_or_default();
                    filters.add(world, &namespace, &label_set(&workload.labels));
                }
            }
        }
        if let Vantage::Sidecar { namespace, labels } = vantage
            && world.data_plane_of_client(namespace, &label_set(labels)).data_plane == DataPlane::Ambient
        {
            let all = world.policies.authorization_policies().iter();
            filters.extend(all.filter(|policy| !policy.spec.target_refs.is_empty()));
        }
        let arrived = answers.iter().flat_map(|answer| answer.arrivals.iter().map(|it| it.workload.as_str()));
        let behind = answers
            .iter()
            .flat_map(|answer| answer.destinations.iter().flat_map(|it| it.workloads.iter().map(String::as_str)));
        let names: BTreeSet<&str> = arrived.chain(behind).collect();
        for workload in world.workloads.iter().filter(|it| names.contains(it.name.to_string().as_str())) {
            filters.add(world, &workload.name.namespace, &workload.labels);
        }
        filters
    }

    fn add(&mut self, world: &'a World<'a>, namespace: &str, labels: &LabelSet<'_>) {
        self.extend(world.policies.authorization_policies_of(namespace, labels));
        self.check_tokens |= !world.policies.request_authentications_of(namespace, labels).is_empty();
    }

    fn extend(&mut self, policies: impl IntoIterator<Item = &'a AuthorizationPolicy<'a>>) {
        for policy in policies {
            let is_enforced =
                !policy.is_dry_run() && matches!(policy.action(), PolicyAction::Allow | PolicyAction::Deny);
            let is_known = || self.deciding.iter().any(|known| std::ptr::eq(*known, policy));
            self.has_authorizer |= policy.action() == PolicyAction::Custom && !policy.is_dry_run();
            if is_enforced && self.decides(policy) && !is_known() {
                self.deciding.push(policy);
            }
        }
    }

    /// The reason why the answer to one request does not hold for the others, if an aim depends on policies.
    pub fn reason(&self, is_about_denial: bool) -> Option<String> {
        if let Some(policy) = self.deciding.first() {
            return Some(format!("AuthorizationPolicy `{}` decides by more than the client and the port", policy.name));
        }
        match is_about_denial {
            true if self.check_tokens => Some("a RequestAuthentication rejects some tokens".to_owned()),
            true if self.has_authorizer => Some("an external authorizer decides about some requests".to_owned()),
            _ => None,
        }
    }

    /// Whether more than AuthorizationPolicies can deny requests.
    pub fn is_open(&self, is_about_denial: bool) -> bool {
        is_about_denial && (self.check_tokens || self.has_authorizer)
    }

    /// Whether a policy decides by more than the client and the port.
    fn decides(&self, policy: &AuthorizationPolicy<'_>) -> bool {
        let is_known = |it: &Requirement<'_>| {
            it.attribute.is_of_identity()
                || it.attribute == Attribute::DestinationPort
                || self.is_of_bytes && it.attribute.is_http_only()
        };
        policy.spec.rules.iter().flat_map(requirements).any(|it| !is_known(&it))
    }

    /// Conditions that the operations of the policies name. A request that meets some of them may be treated differently.
    pub fn hints(&self) -> Vec<Vec<MatchCondition>> {
        let rules = self.deciding.iter().flat_map(|policy| &policy.spec.rules);
        let mut hints: Vec<Vec<MatchCondition>> = Vec::new();
        for parts in rules.map(RuleParts::new) {
            let operations = if parts.to.is_empty() { vec![Vec::new()] } else { parts.to };
            for operation in operations {
                hints.extend(choices(operation.iter().chain(&parts.when)));
            }
        }
        hints.retain(|hint| !hint.is_empty());
        hints
    }
}

fn gateway_names(vantage: &Vantage) -> impl Iterator<Item = &str> {
    let names = match vantage {
        Vantage::Gateway { names, .. } => Some(names),
        Vantage::Sidecar { .. } => None,
    };
    names.into_iter().flatten().map(String::as_str)
}

/// One value for each requirement on the request: the first of each, and then others of one at a time. What a requirement
/// excludes is a value, too: a rule that denies all other requests does not match it.
fn choices<'r>(requirements: impl Iterator<Item = &'r Requirement<'r>>) -> Vec<Vec<MatchCondition>> {
    let lists: Vec<Vec<MatchCondition>> = requirements
        .map(|it| it.values.iter().filter_map(|value| condition(&it.attribute, value.as_str(), value.span)).collect())
        .filter(|list: &Vec<MatchCondition>| !list.is_empty())
        .collect();
    let first: Vec<MatchCondition> = lists.iter().map(|list| list[0].clone()).collect();
    let mut choices = vec![first.clone()];
    for (number, list) in lists.iter().enumerate() {
        for other in &list[1..] {
            let mut choice = first.clone();
            choice[number] = other.clone();
            choices.push(choice);
        }
    }
    choices
}

/// A value of a policy as a condition of a route; `None` if routes have no such condition. Hosts of policies ignore case.
pub fn condition(attribute: &Attribute<'_>, value: &str, span: Span) -> Option<MatchCondition> {
    let subject = match attribute {
        Attribute::Path => MatchSubject::Path { ignore_case: false },
        Attribute::Method => MatchSubject::Method,
        Attribute::Host => MatchSubject::Authority,
        Attribute::Header(name) => MatchSubject::Header(name.to_ascii_lowercase()),
        Attribute::Claim(path) => MatchSubject::Claim(path.iter().map(|key| (*key).to_owned()).collect()),
        _ => return None,
    };
    if *attribute == Attribute::Path && value.contains('{') {
        return None;
    }
    let matcher = match (value, value.strip_suffix('*'), value.strip_prefix('*')) {
        ("*", ..) => Matcher::Present,
        _ if *attribute == Attribute::Host => Matcher::Regex(EnvoyRegex::new(&ignoring_case(value)).ok()?),
        (_, Some(prefix), _) => Matcher::Prefix(prefix.to_owned()),
        (_, _, Some(suffix)) => Matcher::Regex(EnvoyRegex::new(&format!(".*{}", escaped(suffix))).ok()?),
        _ => Matcher::Exact(value.to_owned()),
    };
    Some(MatchCondition { subject, matcher, span })
}

/// A host of a policy as a regular expression.
fn ignoring_case(value: &str) -> String {
    let (inner, is_prefix) = value.strip_suffix('*').map_or((value, false), |prefix| (prefix, true));
    let (inner, is_suffix) = inner.strip_prefix('*').filter(|_| !is_prefix).map_or((inner, false), |it| (it, true));
    let (before, after) = (if is_suffix { ".*" } else { "" }, if is_prefix { ".*" } else { "" });
    format!("(?i:{before}{}{after})", escaped(inner))
}
