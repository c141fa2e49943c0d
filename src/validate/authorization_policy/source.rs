//! Sources of an AuthorizationPolicy, the entries of `from` (istio: `validateSource`).

use super::{empty_values, without_value};
use crate::model::security::{PolicyAction, Source};
use crate::source::Spanned;
use crate::validate::Mistake;
use crate::validate::policy_syntax::{is_service_account, is_trust_domain};
use crate::validate::quoted;
use crate::validate::syntax::is_subnet;
use crate::validate::violation::Violations;

/// The number of service accounts that a list can have.
const MOST_SERVICE_ACCOUNTS: usize = 16;

type List = [Spanned<String>];

pub(super) fn check(source: &Source, action: PolicyAction, violations: &mut Violations<'_>) {
    let accounts: [&List; 2] = [&source.service_accounts, &source.not_service_accounts];
    let domains: [&List; 2] = [&source.trust_domains, &source.not_trust_domains];
    let identities: [&List; 4] =
        [&source.principals, &source.not_principals, &source.namespaces, &source.not_namespaces];
    let requests: [&List; 2] = [&source.request_principals, &source.not_request_principals];
    let networks: [&List; 4] =
        [&source.ip_blocks, &source.not_ip_blocks, &source.remote_ip_blocks, &source.not_remote_ip_blocks];
    let first = |lists: &[&List]| lists.iter().find_map(|list| list.first()).map(|entry| entry.span);

    if [&accounts[..], &domains, &identities, &requests, &networks].concat().iter().all(|list| list.is_empty()) {
        let message = "the source is empty";
        let help = "add principals, namespaces or IP blocks, or remove `from` to match every client";
        violations.error("AP-9", Mistake::MissingField, source.span, message).help(help);
    }
    let unavailable_to_custom = [&accounts[..], &domains, &identities, &requests].concat();
    if let Some(span) = first(&unavailable_to_custom).filter(|_| action == PolicyAction::Custom) {
        let message = "a policy with action CUSTOM cannot match the identity of the client";
        let help = "use only `ipBlocks` and `remoteIpBlocks`, and let the provider check the rest";
        violations.error("AP-3", Mistake::InvalidPolicy, span, message).help(help);
    }
    if let (Some(span), Some(_)) = (first(&accounts), first(&identities)) {
        let message = "`serviceAccounts` excludes `principals` and `namespaces`";
        let help = "keep `serviceAccounts`, or write the service accounts as `principals`";
        violations.error("AP-8", Mistake::ConflictingFields, span, message).help(help);
    }
    let values = [&identities[..], &requests, &networks].concat();
    for (list, value) in empty_values(values) {
        violations.error("AP-10", Mistake::InvalidPolicy, value, "the value is empty").help(without_value(list, value));
    }
    for network in networks.into_iter().flatten().filter(|network| !is_subnet(network)) {
        let message = format!("{} is not a valid IP address or CIDR range", quoted(network));
        violations
            .error("AP-11", Mistake::InvalidAddress, network.span, message)
            .help("write an address such as `10.0.0.1`, or a range such as `10.0.0.0/8`");
    }
    accounts.into_iter().for_each(|list| check_accounts(list, violations));
    for domain in domains.into_iter().flatten().filter(|domain| !is_trust_domain(domain)) {
        let message = format!("{} is not a valid trust domain", quoted(domain));
        let help = "write a name such as `cluster.local`; a wildcard can be at the start or the end";
        violations.error("AP-13", Mistake::InvalidReference, domain.span, message).help(help);
    }
}

fn check_accounts(accounts: &List, violations: &mut Violations<'_>) {
    if let Some(extra) = accounts.get(MOST_SERVICE_ACCOUNTS) {
        let message = format!(
            "the list has {} service accounts, but at most {MOST_SERVICE_ACCOUNTS} are allowed",
            accounts.len()
        );
        let help = "move some of them to another source";
        violations.error("AP-12", Mistake::OversizedValue, extra.span, message).help(help);
    }
    for account in accounts.iter().filter(|account| !is_service_account(account)) {
        let message = format!("{} is not a valid service account", quoted(account));
        let help = "write `name` or `namespace/name`, without wildcards";
        violations.error("AP-12", Mistake::InvalidReference, account.span, message).help(help);
    }
}
