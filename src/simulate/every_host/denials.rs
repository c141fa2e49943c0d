//! Requests that the policies of a gateway or waypoint let pass, where they deny others of the same rule.
//!
//! A proxy evaluates its policies before it takes a route. So a denied request does not show where the rule leads, and
//! [`Denials::let_past`] looks for another one: it changes what the policies that deny the request compare.

use std::cell::Cell;

use super::RuleAnswer;
use crate::model::security::{AuthorizationRule, PolicyAction};
use crate::policy::{Attribute, Requirement, RuleParts};
use crate::routing::{EnvoyRegex, MatchCondition, MatchSubject, Matcher};
use crate::simulate::{Answer, Outcome, PolicyVerdict, Request, Simulator, Verdict};
use crate::world::host;

/// The most requests that are tried for a rule.
const MOST_TRIED: u32 = 40;

/// The most policies that a request is led past.
const MOST_POLICIES: usize = 4;

/// Addresses for documentation (RFC 5737), which manifests rarely name.
const OTHER_ADDRESSES: [&str; 2] = ["203.0.113.1", "198.51.100.1"];

/// Properties of a request with which policies let it pass.
#[derive(Debug, Clone, Default)]
pub(super) struct Wish {
    /// Conditions that must hold.
    pub wanted: Vec<MatchCondition>,
    /// Conditions that must not hold.
    pub avoided: Vec<MatchCondition>,
    /// The address of the client.
    pub source_ip: Option<String>,
    /// The issuer of the token.
    pub issuer: Option<String>,
}

/// Whether a policy of the first proxy denies the request of an answer.
pub(super) fn is_denied(answer: &RuleAnswer) -> bool {
    answer.result.as_ref().is_ok_and(|it| it.outcome == Outcome::Denied && it.policy.is_some())
}

/// Denials by the policies of a proxy.
pub(super) struct Denials<'s, 'a> {
    pub simulator: &'s Simulator<'a>,
    /// The parts that all requests have.
    pub template: &'s Request,
}

impl<'a> Denials<'_, 'a> {
    /// The answer to a request of the same rule that the policies let pass, with the policy that denies others. `ask` gives
    /// the answer to a request that has what is wished, and `is_taken` says whether the rule takes it. Without such a
    /// request, the answer stays, and names its policy if that may let others pass.
    pub fn let_past(
        &self,
        denied: RuleAnswer,
        ask: &dyn Fn(&Wish) -> Option<RuleAnswer>,
        is_taken: &dyn Fn(&RuleAnswer) -> bool,
    ) -> RuleAnswer {
        let rules = self.rules(&denied);
        if !rules.iter().any(|it| self.is_conditional(it, &denied)) {
            return denied;
        }
        let left = Cell::new(MOST_TRIED);
        let denial = denied.result.as_ref().ok().map(|answer| answer.decision.clone());
        let passed = self.search(&denied, &Wish::default(), MOST_POLICIES, &left, ask, is_taken);
        RuleAnswer { denial, ..passed.unwrap_or(denied) }
    }

    fn search(
        &self,
        denied: &RuleAnswer,
        wish: &Wish,
        depth: usize,
        left: &Cell<u32>,
        ask: &dyn Fn(&Wish) -> Option<RuleAnswer>,
        is_taken: &dyn Fn(&RuleAnswer) -> bool,
    ) -> Option<RuleAnswer> {
        for rule in self.rules(denied) {
            for wish in self.wishes(&rule, wish) {
                left.set(left.get().checked_sub(1)?);
                let Some(answer) = ask(&wish) else { continue };
                if is_taken(&answer) {
                    return Some(answer);
                }
                if is_denied(&answer) && depth > 1 && cause(&answer) != cause(denied) {
                    let found = self.search(&answer, &wish, depth - 1, left, ask, is_taken);
                    if found.is_some() {
                        return found;
                    }
                }
            }
        }
        None
    }

    /// The rules on which a denial depends: the one that denies, else those that could allow.
    fn rules(&self, denied: &RuleAnswer) -> Vec<DecidingRule<'a>> {
        let Some(decisive) = cause(denied) else { return Vec::new() };
        if decisive.rule.is_some() {
            return self.rule(decisive, false).into_iter().collect();
        }
        let traced = self.simulator.simulate(&Request { trace: true, ..denied.asked.clone() });
        let steps = traced.map(|answer| answer.trace).unwrap_or_default();
        let allowing = steps.iter().filter(|it| it.verdict == Verdict::NotMatched).filter_map(|it| it.policy.as_ref());
        let allowing = allowing.filter(|it| it.action == PolicyAction::Allow.as_str());
        allowing.filter_map(|it| self.rule(it, true)).collect()
    }

    fn rule(&self, verdict: &PolicyVerdict, must_match: bool) -> Option<DecidingRule<'a>> {
        let rules = self.simulator.world.policies.authorization_policies().iter().flat_map(|it| &it.spec.rules);
        let rule = rules.into_iter().find(|rule| rule.span == verdict.span)?;
        Some(DecidingRule { rule, must_match })
    }

    /// Whether a rule compares what the template leaves open.
    fn is_conditional(&self, deciding: &DecidingRule<'_>, denied: &RuleAnswer) -> bool {
        // A connection has no status, and istiod drops conditions that only HTTP has.
        let is_http = denied.result.as_ref().is_ok_and(|answer| answer.status.is_some());
        crate::policy::requirements(deciding.rule).iter().any(|it| match &it.attribute {
            attribute if attribute.is_http_only() && !is_http => false,
            attribute if attribute.is_of_identity() => self.template.from.is_none(),
            Attribute::SourceIp | Attribute::RemoteIp => self.template.source_ip.is_none(),
            Attribute::Path => self.template.path.is_none(),
            Attribute::Method => self.template.method.is_none(),
            Attribute::Header(name) => !self.template.headers.keys().any(|own| own.eq_ignore_ascii_case(name)),
            Attribute::RequestPrincipal | Attribute::Claim(_) => {
                self.template.claims.is_null() && self.template.token.is_none()
            }
            Attribute::Sni | Attribute::DestinationIp | Attribute::DestinationPort => false,
            Attribute::Host => host::wildcard_suffix(&denied.host).is_some(),
            _ => true,
        })
    }

    /// The wishes with which a rule no longer denies a request.
    fn wishes(&self, deciding: &DecidingRule<'a>, base: &Wish) -> Vec<Wish> {
        let parts = RuleParts::new(deciding.rule);
        let mut wishes = Vec::new();
        if deciding.must_match {
            let one_of = |groups: &[Vec<Requirement<'a>>]| match groups {
                [] => vec![Vec::new()],
                groups => groups.to_vec(),
            };
            for from in one_of(&parts.from) {
                for to in one_of(&parts.to) {
                    let mut wish = base.clone();
                    let all = from.iter().chain(&to).chain(&parts.when);
                    all.for_each(|requirement| {
                        self.wish_for(&mut wish, requirement, true);
                    });
                    wishes.push(wish);
                }
            }
            return wishes;
        }
        // A rule matches nothing if none of its sources or operations does, or if a condition does not hold.
        for requirement in &parts.when {
            let mut wish = base.clone();
            if self.wish_for(&mut wish, requirement, false) {
                wishes.push(wish);
            }
        }
        for groups in [&parts.to, &parts.from].into_iter().filter(|groups| !groups.is_empty()) {
            let longest = groups.iter().map(Vec::len).max().unwrap_or_default();
            for at in 0..longest {
                let mut wish = base.clone();
                let is_broken = |group: &Vec<Requirement<'_>>, wish: &mut Wish| {
                    let start = at.min(group.len().saturating_sub(1));
                    group[start..].iter().any(|requirement| self.wish_for(wish, requirement, false))
                };
                if groups.iter().all(|group| is_broken(group, &mut wish)) {
                    wishes.push(wish);
                }
            }
        }
        wishes
    }

    /// Adds to a wish that a requirement holds, or that it does not. Returns whether a request can be changed so.
    fn wish_for(&self, wish: &mut Wish, requirement: &Requirement<'_>, holds: bool) -> bool {
        let has_value = holds != requirement.negated;
        let values: Vec<&str> = requirement.values.iter().map(|value| value.as_str()).collect();
        let mut conditions = Vec::new();
        let mut add = |subject: MatchSubject, texts: &[&str]| {
            let matcher = Matcher::Regex(EnvoyRegex::new(&one_of(texts, &requirement.attribute)).ok()?);
            conditions.push(MatchCondition { subject, matcher, span: requirement.span });
            Some(())
        };
        let claim = |path: &[&str]| MatchSubject::Claim(path.iter().map(|it| (*it).to_owned()).collect());
        let added = match &requirement.attribute {
            Attribute::Path => add(MatchSubject::Path { ignore_case: false }, &values),
            Attribute::Method => add(MatchSubject::Method, &values),
            Attribute::Host => add(MatchSubject::Authority, &values),
            Attribute::Header(name) => add(MatchSubject::Header(name.to_ascii_lowercase()), &values),
            Attribute::Claim(path) => add(claim(path), &values),
            Attribute::RequestPrincipal => {
                let (issuer, subject) = values[0].rsplit_once('/').unwrap_or(("*", "*"));
                if has_value && !issuer.contains('*') && self.template.issuer.is_none() {
                    wish.issuer = Some(issuer.to_owned());
                }
                add(claim(&["sub"]), &[subject])
            }
            Attribute::SourceIp | Attribute::RemoteIp if self.template.source_ip.is_none() => {
                let networks: Vec<_> = values.iter().filter_map(|value| host::network(value)).collect();
                let mut others = OTHER_ADDRESSES.iter().filter(|text| {
                    text.parse().is_ok_and(|it: std::net::IpAddr| !networks.iter().any(|network| network.contains(&it)))
                });
                let address = match has_value {
                    true => networks.first().map(|network| network.addr().to_string()),
                    false => others.next().map(|text| (*text).to_owned()),
                };
                wish.source_ip = address.or(wish.source_ip.take());
                return wish.source_ip.is_some();
            }
            _ => None,
        };
        match has_value {
            true => wish.wanted.append(&mut conditions),
            false => wish.avoided.append(&mut conditions),
        }
        added.is_some()
    }
}

/// A rule on which a denial depends.
struct DecidingRule<'a> {
    rule: &'a AuthorizationRule,
    /// Whether it must match so that the request passes, or must not.
    must_match: bool,
}

fn cause(answer: &RuleAnswer) -> Option<&PolicyVerdict> {
    answer.result.as_ref().ok().and_then(|answer: &Answer| answer.policy.as_ref())
}

/// A regular expression for the texts that match one of some values of a policy.
fn one_of(values: &[&str], attribute: &Attribute<'_>) -> String {
    let may_be_empty = matches!(attribute, Attribute::Header(_));
    let pattern = |value: &&str| {
        if *attribute == Attribute::Path && value.contains("{*") {
            return escaped(value).replace(r"\{\*\*\}", ".*").replace(r"\{\*\}", "[^/]+");
        }
        match (value.strip_prefix('*'), value.strip_suffix('*')) {
            (Some(""), _) if may_be_empty => ".*".to_owned(),
            (Some(""), _) => ".+".to_owned(),
            (Some(end), _) => format!(".*{}", escaped(end)),
            (None, Some(start)) => format!("{}.*", escaped(start)),
            (None, None) => escaped(value),
        }
    };
    values.iter().map(pattern).collect::<Vec<_>>().join("|")
}

fn escaped(text: &str) -> String {
    regex_syntax::escape(text)
}
