//! The conditions of AuthorizationPolicies that ztunnel tests (istiod: `convertAuthorizationPolicy`; ztunnel:
//! `Authorization::matches`).

use crate::model::field::TextField;
use crate::model::security::{AuthorizationRule, Operation, PolicyCondition, Source};
use crate::source::{Span, Spanned};

/// A condition of a rule that ztunnel cannot test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Untested {
    /// The field of a source or an operation, or the key of a condition.
    pub(super) field: String,
    /// Its place.
    pub(super) span: Span,
    /// Whether istiod drops the whole rule if it is an ALLOW rule. istiod does not notice trust domains.
    pub(super) drops_rule: bool,
    /// Whether ztunnel matches no connection by what is left of the rule. It skips a source, an operation or a condition of
    /// which nothing is left, rather than treating it as one that matches everything.
    pub(super) is_rest_empty: bool,
}

/// The keys of `when` that ztunnel tests (istiod: `l4WhenAttributes`).
const TESTED_KEYS: [&str; 5] =
    ["source.ip", "source.namespace", "source.principal", "destination.ip", "destination.port"];

type Values<'r> = (&'static str, &'r [Spanned<String>]);

/// The first condition of a rule that ztunnel cannot test (istiod: `handleRule`).
pub(super) fn untested(rule: &AuthorizationRule) -> Option<Untested> {
    let sources: Vec<&Source> = rule.from.iter().filter_map(|from| from.source.as_ref()).collect();
    let operations: Vec<&Operation> = rule.to.iter().filter_map(|to| to.operation.as_ref()).collect();
    let is_tested = |condition: &&PolicyCondition| TESTED_KEYS.contains(&condition.key.text());
    // All of these must match, and none does if it has nothing that ztunnel tests.
    let is_rule_empty = (!sources.is_empty() && !sources.iter().any(|it| tests_source(it)))
        || (!operations.is_empty() && !operations.iter().any(|it| it.has_ports()))
        || !rule.when.iter().all(|condition| is_tested(&condition));
    let first = |lists: Vec<Values<'_>>| {
        let mut filled = lists.into_iter().filter_map(|(field, values)| Some((field.to_owned(), values.first()?.span)));
        filled.next()
    };
    let of_sources = sources.iter().find_map(|source| {
        let (field, span) = first(requests_of_source(source))?;
        Some(Untested { field, span, drops_rule: true, is_rest_empty: is_rule_empty || !tests_source(source) })
    });
    let of_operations = || {
        operations.iter().find_map(|operation| {
            let (field, span) = first(requests_of_operation(operation))?;
            let is_rest_empty = is_rule_empty || !operation.has_ports();
            Some(Untested { field, span, drops_rule: true, is_rest_empty })
        })
    };
    let of_conditions = || {
        let key = rule.when.iter().find(|condition| !is_tested(condition))?.key.as_ref()?;
        Some(Untested { field: key.value.clone(), span: key.span, drops_rule: true, is_rest_empty: true })
    };
    let of_trust_domains = || {
        sources.iter().find_map(|source| {
            let lists =
                vec![("trustDomains", &source.trust_domains[..]), ("notTrustDomains", &source.not_trust_domains)];
            let (field, span) = first(lists)?;
            Some(Untested { field, span, drops_rule: false, is_rest_empty: is_rule_empty || !tests_source(source) })
        })
    };
    of_sources.or_else(of_operations).or_else(of_conditions).or_else(of_trust_domains)
}

fn requests_of_source(source: &Source) -> Vec<Values<'_>> {
    vec![
        ("remoteIpBlocks", &source.remote_ip_blocks),
        ("notRemoteIpBlocks", &source.not_remote_ip_blocks),
        ("requestPrincipals", &source.request_principals),
        ("notRequestPrincipals", &source.not_request_principals),
    ]
}

fn requests_of_operation(operation: &Operation) -> Vec<Values<'_>> {
    vec![
        ("hosts", &operation.hosts),
        ("notHosts", &operation.not_hosts),
        ("methods", &operation.methods),
        ("notMethods", &operation.not_methods),
        ("paths", &operation.paths),
        ("notPaths", &operation.not_paths),
    ]
}

/// Whether a source has a list that ztunnel compares with connections.
fn tests_source(source: &Source) -> bool {
    let tested = [
        &source.principals,
        &source.not_principals,
        &source.namespaces,
        &source.not_namespaces,
        &source.service_accounts,
        &source.not_service_accounts,
        &source.ip_blocks,
        &source.not_ip_blocks,
    ];
    tested.into_iter().any(|values| !values.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Snapshot;
    use crate::model::Spec;

    /// The field of a rule that ztunnel cannot test, whether an ALLOW rule is dropped, and whether the rest is empty.
    fn of(rule: &str) -> Option<(String, bool, bool)> {
        let text = format!(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {{name: a}}\nspec: {{rules: [{rule}]}}\n"
        );
        let snapshot = Snapshot::of_texts([("a.yaml", text.as_str())]);
        let resource = snapshot.resources().next().unwrap();
        let Spec::AuthorizationPolicy(policy) = &resource.spec else { unreachable!() };
        untested(&policy.rules[0]).map(|it| (it.field, it.drops_rule, it.is_rest_empty))
    }

    #[test]
    fn what_is_left_of_a_rule_may_match_nothing() {
        for (rule, expected) in [
            ("{from: [{source: {namespaces: [a]}}], to: [{operation: {ports: ['80']}}]}", None),
            ("{to: [{operation: {methods: [GET]}}]}", Some(("methods", true, true))),
            ("{to: [{operation: {methods: [GET], ports: ['80']}}]}", Some(("methods", true, false))),
            ("{to: [{operation: {methods: [GET]}}, {operation: {ports: ['80']}}]}", Some(("methods", true, true))),
            ("{from: [{source: {namespaces: [a]}}], to: [{operation: {paths: [/a]}}]}", Some(("paths", true, true))),
            (
                "{from: [{source: {namespaces: [a], requestPrincipals: ['*']}}]}",
                Some(("requestPrincipals", true, false)),
            ),
            (
                "{from: [{source: {namespaces: [a]}}], when: [{key: 'request.headers[x]', values: [a]}]}",
                Some(("request.headers[x]", true, true)),
            ),
            ("{from: [{source: {namespaces: [a]}}], when: [{key: source.ip, values: [10.0.0.1]}]}", None),
            ("{from: [{source: {trustDomains: [a]}}]}", Some(("trustDomains", false, true))),
            ("{from: [{source: {trustDomains: [a], namespaces: [a]}}]}", Some(("trustDomains", false, false))),
        ] {
            let expected = expected.map(|(field, drops, empty): (&str, bool, bool)| (field.to_owned(), drops, empty));
            assert_eq!(of(rule), expected, "{rule}");
        }
    }
}
