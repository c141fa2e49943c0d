//! AuthorizationPolicy.

use super::PolicyTargetReference;
use crate::model::macros::{enumeration, message};
use crate::model::networking::MatchLabelsSelector;
use crate::source::Spanned;

message! {
    /// Access control for workloads.
    struct AuthorizationPolicy {
        selector: Option<MatchLabelsSelector>,
        target_ref: Option<PolicyTargetReference>,
        target_refs: Vec<PolicyTargetReference>,
        rules: Vec<AuthorizationRule>,
        action: Option<Spanned<PolicyAction>>,
        provider: Option<PolicyProvider>,
    }
}

message! {
    /// The external authorizer of a policy with `action: CUSTOM`.
    struct PolicyProvider {
        name: Option<Spanned<String>>,
    }
}

message! {
    /// A rule. It matches a request from one of the sources to one of the operations, if all conditions hold.
    struct AuthorizationRule {
        from: Vec<RuleFrom>,
        to: Vec<RuleTo>,
        when: Vec<PolicyCondition>,
    }
}

message! {
    /// An entry of `from`.
    struct RuleFrom {
        source: Option<Source>,
    }
}

message! {
    /// An entry of `to`.
    struct RuleTo {
        operation: Option<Operation>,
    }
}

message! {
    /// The source of a request. Every field must match with one of its values.
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
    /// The operation of a request. Every field must match with one of its values.
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

impl Operation {
    /// Whether it tests ports: the only test that is for connections as well as for requests.
    pub fn has_ports(&self) -> bool {
        !self.ports.is_empty() || !self.not_ports.is_empty()
    }
}

message! {
    /// A condition on an attribute of a request.
    struct PolicyCondition {
        key: Option<Spanned<String>>,
        values: Vec<Spanned<String>>,
        not_values: Vec<Spanned<String>>,
    }
}

enumeration! {
    /// The effect on requests that a rule matches.
    enum PolicyAction {
        Allow = "ALLOW" / 0,
        Deny = "DENY" / 1,
        Audit = "AUDIT" / 2,
        Custom = "CUSTOM" / 3,
    }
}
