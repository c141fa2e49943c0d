//! Who a rule is about (istio: `validateSource`).

use crate::model::security::{PolicyAction, Source};
use crate::source::Spanned;
use crate::validate::Family;
use crate::validate::policy_syntax::{is_service_account, is_trust_domain};
use crate::validate::syntax::is_subnet;
use crate::validate::violation::Found;

/// How many service accounts one list takes.
const MOST_SERVICE_ACCOUNTS: usize = 16;

type List = [Spanned<String>];

pub(super) fn check(source: &Source, action: PolicyAction, found: &mut Found<'_>) {
    let accounts: [&List; 2] = [&source.service_accounts, &source.not_service_accounts];
    let domains: [&List; 2] = [&source.trust_domains, &source.not_trust_domains];
    let identities: [&List; 4] =
        [&source.principals, &source.not_principals, &source.namespaces, &source.not_namespaces];
    let requests: [&List; 2] = [&source.request_principals, &source.not_request_principals];
    let networks: [&List; 4] =
        [&source.ip_blocks, &source.not_ip_blocks, &source.remote_ip_blocks, &source.not_remote_ip_blocks];
    let first = |lists: &[&List]| lists.iter().find_map(|list| list.first()).map(|entry| entry.span);

    if [&accounts[..], &domains, &identities, &requests, &networks].concat().iter().all(|list| list.is_empty()) {
        let message = "this source is empty";
        let help = "say who is meant, or remove the entry: a rule without from is about everyone";
        found.error("AP-9", Family::MissingField, source.span, message).help(help);
    }
    let unknown_to_custom = [&accounts[..], &domains, &identities, &requests].concat();
    if let Some(span) = first(&unknown_to_custom).filter(|_| action == PolicyAction::Custom) {
        let message = "the action CUSTOM is taken before it is known who sends a request";
        let help = "only ipBlocks and remoteIpBlocks can be used here; let the provider look at the rest";
        found.error("AP-3", Family::InvalidPolicy, span, message).help(help);
    }
    if let (Some(span), Some(_)) = (first(&accounts), first(&identities)) {
        let message = "service accounts stand beside principals or namespaces";
        let help = "an account says both: keep serviceAccounts, or write it as a principal";
        found.error("AP-8", Family::ConflictingFields, span, message).help(help);
    }
    for entry in [&identities[..], &requests, &networks].concat().into_iter().flatten() {
        if entry.is_empty() {
            found.error("AP-10", Family::InvalidPolicy, entry.span, "this value is empty").help("remove it");
        }
    }
    for network in networks.into_iter().flatten().filter(|network| !is_subnet(network)) {
        let message = format!("{:?} is no address and no network", network.value);
        found.error("AP-11", Family::InvalidAddress, network.span, message).help("write 10.0.0.1 or 10.0.0.0/8");
    }
    accounts.into_iter().for_each(|list| check_accounts(list, found));
    for domain in domains.into_iter().flatten().filter(|domain| !is_trust_domain(domain)) {
        let message = format!("{:?} is no trust domain", domain.value);
        let help = "write a name such as cluster.local; it may begin or end with *";
        found.error("AP-13", Family::InvalidReference, domain.span, message).help(help);
    }
}

fn check_accounts(accounts: &List, found: &mut Found<'_>) {
    if let Some(extra) = accounts.get(MOST_SERVICE_ACCOUNTS) {
        let message = format!("a list takes {MOST_SERVICE_ACCOUNTS} service accounts at most");
        let help = "put the others into another source";
        found.error("AP-12", Family::OutOfRange, extra.span, message).help(help);
    }
    for account in accounts.iter().filter(|account| !is_service_account(account)) {
        let message = format!("{:?} is no service account", account.value);
        let help = "write its name or namespace/name, without wildcards";
        found.error("AP-12", Family::InvalidReference, account.span, message).help(help);
    }
}
