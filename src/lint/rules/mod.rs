//! The list of rules.

mod action;
mod ambient;
mod binding;
mod conflict;
mod cors;
mod delegation;
mod envoy_filter;
mod gateway_api;
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
];

/// All rules, by family.
pub static ALL: LazyLock<Vec<&'static Rule>> =
    LazyLock::new(|| FAMILIES.iter().flat_map(|family| family.rules.iter().copied()).collect());

pub(super) use suppression::unused_suppression::RULE as UNUSED_SUPPRESSION;

/// The rules that a word stands for, in any case: the one of that name first, then those that have it as an alias.
pub fn find(word: &str) -> Vec<&'static Rule> {
    let is_meant = |known: &str| known.eq_ignore_ascii_case(word);
    let named = ALL.iter().filter(|rule| is_meant(rule.name));
    let has_alias = |rule: &&&Rule| !is_meant(rule.name) && rule.aliases().into_iter().any(is_meant);
    named.chain(ALL.iter().filter(has_alias)).copied().collect()
}

/// The finding that `rule-name/finding-name` stands for, in any case.
pub fn find_finding(word: &str) -> Option<(&'static Rule, &'static Finding)> {
    let (rule, finding) = word.split_once('/')?;
    let rule = ALL.iter().find(|known| known.name.eq_ignore_ascii_case(rule))?;
    let finding = rule.findings.iter().find(|known| known.name.eq_ignore_ascii_case(finding))?;
    Some((rule, finding))
}

/// The name or alias that was probably meant by one that no rule has.
pub fn similar(name: &str) -> Option<&'static str> {
    let code = name.split_at_checked(3).and_then(|(tool, number)| Some((tool, number.parse::<u16>().ok()?)));
    match code {
        // Of codes nearly all are near; only a lost or superfluous zero tells which one is meant.
        Some((tool, number)) => {
            let code = format!("{tool}{number:04}");
            let mut aliases = ALL.iter().flat_map(|rule| rule.aliases());
            aliases.find(|alias| alias.eq_ignore_ascii_case(&code))
        }
        None => nearest(name, ALL.iter().map(|rule| rule.name)),
    }
}

/// The message that no rule, or no finding of a rule, has this name, with the one that may be meant.
pub fn unknown(name: &str) -> String {
    if let Some((rule, finding)) = name.split_once('/')
        && let Some(rule) = ALL.iter().find(|known| known.name.eq_ignore_ascii_case(rule))
    {
        let known: Vec<&str> = rule.findings.iter().map(|finding| finding.name).collect();
        return format!("rule {} has no finding {finding}; it has {}", rule.name, known.join(", "));
    }
    let hint =
        similar(name).map_or_else(|| "`mesh rules` lists all".to_owned(), |name| format!("did you mean {name}?"));
    format!("there is no rule {name}; {hint}")
}
