//! AuthorizationPolicy.

use super::PolicyTargetReference;
use crate::model::macros::{enumeration, message};
use crate::model::networking::LabelSelector;
use crate::source::Spanned;

message! {
    /// Which requests are let in.
    struct AuthorizationPolicy {
        selector: Option<LabelSelector>,
        target_ref: Option<PolicyTargetReference>,
        target_refs: Vec<PolicyTargetReference>,
        rules: Vec<Rule>,
        action: Option<Spanned<Action>>,
        provider: Option<ExtensionProvider>,
    }
}

message! {
    /// The service that a policy with the action CUSTOM leaves the decision to.
    struct ExtensionProvider {
        name: Option<Spanned<String>>,
    }
}

message! {
    /// Requests from any of the sources to any of the operations for which all conditions hold.
    struct Rule {
        from: Vec<From>,
        to: Vec<To>,
        when: Vec<Condition>,
    }
}

/// A value that a rule asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'r> {
    /// The value.
    pub value: &'r Spanned<String>,
    /// Whether it must not hold.
    pub negated: bool,
}

impl Rule {
    /// The values of two fields of a source, and of the conditions on the key that means the same attribute.
    pub fn of_source<'r>(
        &'r self,
        key: &'r str,
        fields: impl Fn(&'r Source) -> [&'r [Spanned<String>]; 2] + 'r,
    ) -> impl Iterator<Item = Asked<'r>> {
        let sources = self.from.iter().filter_map(|from| from.source.as_ref());
        let is_meant = move |condition: &&Condition| condition.key.as_ref().is_some_and(|it| it.as_str() == key);
        let conditions = self.when.iter().filter(is_meant);
        let lists = sources
            .map(fields)
            .chain(conditions.map(|condition| [condition.values.as_slice(), condition.not_values.as_slice()]));
        lists.flat_map(|[values, not_values]| {
            let asked = |negated| move |value| Asked { value, negated };
            values.iter().map(asked(false)).chain(not_values.iter().map(asked(true)))
        })
    }
}

message! {
    /// Wraps a source.
    struct From {
        source: Option<Source>,
    }
}

message! {
    /// Wraps an operation.
    struct To {
        operation: Option<Operation>,
    }
}

message! {
    /// Who sends a request. All fields must hold, each for one of its values.
    struct Source {
        principals: Vec<Spanned<String>>,
        not_principals: Vec<Spanned<String>>,
        request_principals: Vec<Spanned<String>>,
        not_request_principals: Vec<Spanned<String>>,
        namespaces: Vec<Spanned<String>>,
        not_namespaces: Vec<Spanned<String>>,
        service_accounts: Vec<Spanned<String>>,
        not_service_accounts: Vec<Spanned<String>>,
        ip_blocks: Vec<Spanned<String>>,
        not_ip_blocks: Vec<Spanned<String>>,
        remote_ip_blocks: Vec<Spanned<String>>,
        not_remote_ip_blocks: Vec<Spanned<String>>,
        trust_domains: Vec<Spanned<String>>,
        not_trust_domains: Vec<Spanned<String>>,
    }
}

message! {
    /// What a request asks for. All fields must hold, each for one of its values.
    struct Operation {
        hosts: Vec<Spanned<String>>,
        not_hosts: Vec<Spanned<String>>,
        ports: Vec<Spanned<String>>,
        not_ports: Vec<Spanned<String>>,
        methods: Vec<Spanned<String>>,
        not_methods: Vec<Spanned<String>>,
        paths: Vec<Spanned<String>>,
        not_paths: Vec<Spanned<String>>,
    }
}

message! {
    /// A condition on an attribute of a request.
    struct Condition {
        key: Option<Spanned<String>>,
        values: Vec<Spanned<String>>,
        not_values: Vec<Spanned<String>>,
    }
}

enumeration! {
    /// What happens to requests that a rule matches.
    enum Action {
        Allow = "ALLOW" / 0,
        Deny = "DENY" / 1,
        Audit = "AUDIT" / 2,
        Custom = "CUSTOM" / 3,
    }
}
