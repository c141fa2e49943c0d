//! The list of rules.

mod action;
mod ambient;
mod binding;
mod configuration;
mod conflict;
mod cors;
mod delegation;
mod envoy_filter;
mod gateway_api;
mod kustomize;
mod matching;
mod metadata;
mod policy;
mod reference;
mod routing;
mod schema;
mod selection;
mod service_entry;
mod sidecar;
mod suppression;
mod syntax;
mod telemetry;
mod tls;
mod traffic_policy;
mod validation;
mod workload;

use std::sync::LazyLock;

use super::{Family, Finding, Rule};
use crate::model::nearest;

/// The families of rules, in the order in which documentation lists them.
pub static FAMILIES: &[&Family] = &[
    &syntax::FAMILY,
    &kustomize::FAMILY,
    &schema::FAMILY,
    &validation::FAMILY,
    &reference::FAMILY,
    &conflict::FAMILY,
    &routing::FAMILY,
    &delegation::FAMILY,
    &binding::FAMILY,
    &matching::FAMILY,
    &action::FAMILY,
    &cors::FAMILY,
    &traffic_policy::FAMILY,
    &tls::FAMILY,
    &service_entry::FAMILY,
    &sidecar::FAMILY,
    &selection::FAMILY,
    &envoy_filter::FAMILY,
    &telemetry::FAMILY,
    &ambient::FAMILY,
    &policy::FAMILY,
    &gateway_api::FAMILY,
    &workload::FAMILY,
    &metadata::FAMILY,
    &suppression::FAMILY,
    &configuration::FAMILY,
];

/// The families of rules about conflicts of resources with each other.
pub(super) static ABOUT_CONFLICTS: &[&Family] = &[&conflict::FAMILY, &selection::FAMILY];

/// The families of rules about the effect of resources on others.
pub(super) static ABOUT_EFFECTS: &[&Family] = &[
    &routing::FAMILY,
    &delegation::FAMILY,
    &binding::FAMILY,
    &action::FAMILY,
    &tls::FAMILY,
    &service_entry::FAMILY,
    &sidecar::FAMILY,
    &policy::FAMILY,
];

/// All rules, by family.
pub static ALL: LazyLock<Vec<&'static Rule>> =
    LazyLock::new(|| FAMILIES.iter().flat_map(|family| family.rules.iter().copied()).collect());

pub(super) use configuration::invalid_configuration;
pub(super) use routing::{shadowed_match, unreachable_route};
pub(super) use suppression::unused_suppression;
pub(super) use syntax::yaml_syntax;

/// The rules that have a word as their name or alias, in any case. The rule of that name comes first.
pub fn find(word: &str) -> Vec<&'static Rule> {
    let is_word = |known: &str| known.eq_ignore_ascii_case(word);
    let named = ALL.iter().filter(|rule| is_word(rule.name));
    let has_alias = |rule: &&&Rule| !is_word(rule.name) && rule.aliases().into_iter().any(is_word);
    named.chain(ALL.iter().filter(has_alias)).copied().collect()
}

/// All names that select findings: those of families, rules, aliases and findings, sorted.
pub fn names() -> Vec<String> {
    let findings = |rule: &&'static Rule| {
        let rule = *rule;
        rule.findings.iter().map(move |finding| format!("{}/{}", rule.name, finding.name))
    };
    let owned = |name: &str| name.to_owned();
    let mut names: Vec<String> = FAMILIES
        .iter()
        .map(|family| owned(family.name))
        .chain(ALL.iter().map(|rule| owned(rule.name)))
        .chain(ALL.iter().flat_map(|rule| rule.aliases()).map(owned))
        .chain(ALL.iter().flat_map(findings))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The finding that `rule-name/finding-name` names, in any case.
pub fn find_finding(word: &str) -> Option<(&'static Rule, &'static Finding)> {
    let (rule, finding) = word.split_once('/')?;
    let rule = ALL.iter().find(|known| known.name.eq_ignore_ascii_case(rule))?;
    let finding = rule.findings.iter().find(|known| known.name.eq_ignore_ascii_case(finding))?;
    Some((rule, finding))
}

/// The name or alias that is most similar to one that no rule has.
pub(super) fn similar(name: &str) -> Option<&'static str> {
    let code = name.split_at_checked(3).and_then(|(tool, number)| Some((tool, number.parse::<u16>().ok()?)));
    match code {
        // Nearly all codes are similar to each other. Only one with a missing or surplus zero is a good guess.
        Some((tool, number)) => {
            let code = format!("{tool}{number:04}");
            let mut aliases = ALL.iter().flat_map(|rule| rule.aliases());
            aliases.find(|alias| alias.eq_ignore_ascii_case(&code))
        }
        None => nearest(name, ALL.iter().map(|rule| rule.name).chain(FAMILIES.iter().map(|family| family.name))),
    }
}

/// A message that no rule, or no finding of a rule, has a name, and a help that suggests others.
pub(super) fn unknown_name(name: &str) -> (String, String) {
    if let Some((rule, finding)) = name.split_once('/')
        && let Some(rule) = ALL.iter().find(|known| known.name.eq_ignore_ascii_case(rule))
    {
        let known: Vec<String> = rule.findings.iter().map(|finding| format!("`{}`", finding.name)).collect();
        let message = format!("rule `{}` does not have finding `{finding}`", rule.name);
        let help = match known.as_slice() {
            [only] => format!("use its only finding: {only}"),
            known => format!("use one of its findings: {}", known.join(", ")),
        };
        return (message, help);
    }
    let help = match similar(name) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => "run `mesh rules` to list all rules".to_owned(),
    };
    (format!("rule `{name}` does not exist"), help)
}

/// The message and help of [`unknown_name`] in one line, for errors of the command line and the configuration.
pub fn unknown(name: &str) -> String {
    let (message, help) = unknown_name(name);
    format!("{message}; {help}")
}
