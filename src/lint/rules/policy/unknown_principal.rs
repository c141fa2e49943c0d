//! `unknown-principal`

use std::collections::{BTreeMap, BTreeSet};

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::spelling::misspelt;
use crate::model::wording::list;
use crate::model::{Kind, Resource, nearest};
use crate::policy::{Attribute, requirements};
use crate::source::Spanned;
use crate::world::{Gap, World};

pub static RULE: Rule = rule! {
    name: "unknown-principal",
    summary: "an AuthorizationPolicy names a principal or service account that no client has",
    findings: [&SCHEME, &ASTERISK, &FORM, &SERVICE_ACCOUNT, &UNUSED_SERVICE_ACCOUNT, &SIMILAR_DOMAIN, &OTHER_DOMAIN],
    check: check,
};

static SCHEME: Finding = finding! {
    "scheme", Lost, Certain, ["KIA0106"],
    "a principal starts with `spiffe://`",
};
static ASTERISK: Finding = finding! {
    "asterisk", Lost, Certain, ["KIA0106"],
    "a principal has an asterisk in the middle, where it has no special meaning",
};
static FORM: Finding = finding! {
    "form", Lost, Certain, ["KIA0106"],
    "a text does not have the form of a principal",
};
static SERVICE_ACCOUNT: Finding = finding! {
    "service-account", Lost, Certain, ["KIA0106"],
    "the service account does not exist",
};
static UNUSED_SERVICE_ACCOUNT: Finding = finding! {
    "unused-service-account", Lost, Likely, ["KIA0106"],
    "no workload runs as the service account, which may exist all the same",
};
static SIMILAR_DOMAIN: Finding = finding! {
    "similar-trust-domain", Lost, Likely, ["KIA0108"],
    "the trust domain is spelt almost like one of the mesh",
};
static OTHER_DOMAIN: Finding = finding! {
    "other-trust-domain", Surprising, Likely, ["KIA0108"],
    "the trust domain is not one of the mesh",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let accounts = Accounts::new(world);
    for policy in world.policies.authorization_policies() {
        for requirement in policy.spec.rules.iter().flat_map(requirements) {
            for value in requirement.values {
                match requirement.attribute {
                    Attribute::Principal => check_principal(world, &accounts, policy.resource, value, diagnostics),
                    Attribute::ServiceAccount => {
                        let own = (policy.name.namespace.as_ref(), value.as_str());
                        let (namespace, name) = value.split_once('/').unwrap_or(own);
                        let place = (policy.resource, value);
                        check_account(world, &accounts, place, namespace, name, diagnostics);
                    }
                    _ => {}
                }
            }
        }
    }
}

fn check_principal(
    world: &World<'_>,
    accounts: &Accounts<'_>,
    policy: &Resource,
    written: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    let value = written.as_str();
    if value == "*" || value.is_empty() {
        return;
    }
    if let Some(rest) = value.strip_prefix("spiffe://") {
        diagnostics
            .report(&SCHEME, written.span, format!("no client has the principal `{value}`: principals have no scheme"))
            .help(match has_form(rest) {
                true => Advice::write(Edit::set(written.span, rest)),
                false => FORM_HELP.into(),
            });
        return;
    }
    let inner = value.strip_prefix('*').or_else(|| value.strip_suffix('*')).unwrap_or(value);
    if inner.contains('*') {
        let message = format!("no client has the principal `{value}`: `*` is special only at one end");
        diagnostics
            .report(&ASTERISK, written.span, message)
            .help("use `namespaces` to match all clients of a namespace, or list the principals");
        return;
    }
    if value == ".*" || value.contains(['^', '$', '\\', '(', '|', '[', '+']) {
        let message = format!("no client has the principal `{value}`: principals are not regular expressions");
        diagnostics
            .report(&FORM, written.span, message)
            .help("list the principals, or use `namespaces` to match all clients of a namespace");
        return;
    }
    let parts: Vec<&str> = value.split('/').collect();
    match parts.as_slice() {
        [domain, "ns", namespace, "sa", account] => {
            if domain.starts_with('*') || is_own(world, domain) {
                check_account(world, accounts, (policy, written), namespace, account, diagnostics);
            } else {
                report_domain(world, written, domain, diagnostics);
            }
        }
        // A pattern may end anywhere in the form.
        _ if inner.len() < value.len() => {}
        // Other issuers than Istio have other forms.
        [domain, _, ..] if !is_own(world, domain) && parts.get(1) != Some(&"ns") => {
            report_domain(world, written, domain, diagnostics)
        }
        _ => {
            diagnostics
                .report(&FORM, written.span, format!("no client matches `{value}`, which is not a principal"))
                .help(FORM_HELP);
        }
    }
}

const FORM_HELP: &str = "write `<trust domain>/ns/<namespace>/sa/<service account>`";

/// Whether a text without a scheme is a principal, or the start of one before an asterisk.
fn has_form(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let is_whole = matches!(parts.as_slice(), [_, "ns", _, "sa", _]);
    text.find('*').is_none_or(|at| at + 1 == text.len()) && (is_whole || text.ends_with('*'))
}

/// Whether a trust domain is one of the mesh. `cluster.local` always stands for the mesh's own.
fn is_own(world: &World<'_>, domain: &str) -> bool {
    let settings = &world.settings;
    domain == "cluster.local"
        || domain == settings.trust_domain
        || settings.trust_domain_aliases.iter().any(|it| it == domain)
}

/// The mesh may trust another mesh, which no manifest shows.
fn report_domain(world: &World<'_>, written: &Spanned<String>, domain: &str, diagnostics: &mut Diagnostics) {
    let settings = &world.settings;
    let own =
        std::iter::once(settings.trust_domain.as_str()).chain(settings.trust_domain_aliases.iter().map(String::as_str));
    let similar = nearest(domain, own);
    let (finding, help) = match similar {
        Some(similar) => {
            let edit = Edit::set(written.span, written.replacen(domain, similar, 1)).shown(similar);
            (&SIMILAR_DOMAIN, Advice::did_you_mean(edit))
        }
        None => {
            let own = &settings.trust_domain;
            let help = format!("use `{own}`, unless the mesh trusts another mesh with this trust domain");
            (&OTHER_DOMAIN, help.into())
        }
    };
    let message = format!("`{domain}` is not a trust domain of this mesh");
    diagnostics.report(finding, written.span, message).cause(format!("trust domain {domain}")).help(help);
}

fn check_account(
    world: &World<'_>,
    accounts: &Accounts<'_>,
    (policy, written): (&Resource, &Spanned<String>),
    namespace: &str,
    name: &str,
    diagnostics: &mut Diagnostics,
) {
    if accounts.has(namespace, name) || world.inventory.makes(Kind::ServiceAccount, namespace, name) {
        return;
    }
    let more = match name.ends_with('*') {
        true => world.inventory.may_have_more(Kind::ServiceAccount, namespace),
        false => world.inventory.may_exist(Kind::ServiceAccount, namespace, name),
    };
    if let Some(gap) = more {
        return diagnostics.unchecked(gap);
    }
    let are_listed = world.inventory.lists_service_accounts(namespace);
    if !are_listed && world.inventory.lists_workloads(namespace).is_err() {
        return diagnostics.unchecked(match accounts.of(namespace).next() {
            Some(_) => Gap::NotAllResources(Kind::ServiceAccount, namespace.to_owned()),
            None => Gap::NoServiceAccountsOrWorkloads(namespace.to_owned()),
        });
    }
    if let Err(gap) = world.expects_account(policy, name, namespace) {
        return diagnostics.unchecked(gap);
    }
    // The ServiceAccount and some workloads may be in other manifests.
    let finding = match !are_listed && world.namespaces.labels(namespace).is_none() {
        true => &UNUSED_SERVICE_ACCOUNT,
        false => &SERVICE_ACCOUNT,
    };
    let message = if !are_listed {
        format!("no workload of namespace `{namespace}` runs as service account `{name}`")
    } else if name.ends_with('*') {
        format!("no service account of namespace `{namespace}` matches `{name}`")
    } else {
        format!("service account `{name}` does not exist in namespace `{namespace}`")
    };
    let cause = format!("service account {namespace}/{name}");
    diagnostics.report(finding, written.span, message).cause(cause).help(
        match misspelt(name, accounts.of(namespace)) {
            Some(similar) => format!("did you mean `{similar}`?"),
            None if name.ends_with('*') => match accounts.of(namespace).take(SHOWN + 1).count() {
                1..=SHOWN => format!("correct the name: the namespace has {}", list(accounts.of(namespace), "and")),
                _ => "correct the name".to_owned(),
            },
            None => format!("correct the name, or set `serviceAccountName: {name}` in the client's pods"),
        },
    );
}

/// How many service accounts a help names at most.
const SHOWN: usize = 5;

/// The service accounts that pods of each namespace can run as.
struct Accounts<'w> {
    /// The service accounts that are defined, or that workloads run as.
    by_namespace: BTreeMap<&'w str, BTreeSet<&'w str>>,
    /// The Gateways of the Gateway API. istiod creates a service account for each, whose name starts with the Gateway's.
    gateways: BTreeMap<&'w str, Vec<&'w str>>,
}

impl<'w> Accounts<'w> {
    fn new(world: &'w World<'_>) -> Self {
        let mut accounts = Self { by_namespace: BTreeMap::new(), gateways: BTreeMap::new() };
        let defined = world.service_accounts.iter().map(|account| (account.namespace.as_ref(), account.name.as_ref()));
        let used = world.workloads.iter().filter_map(|it| Some((it.name.namespace.as_ref(), it.service_account?)));
        for (namespace, name) in defined.chain(used) {
            accounts.by_namespace.entry(namespace).or_default().insert(name);
        }
        for gateway in world.snapshot.resources().filter(|resource| resource.kind == Kind::KubernetesGateway) {
            accounts.gateways.entry(world.settings.namespace_of(gateway)).or_default().push(gateway.name());
        }
        accounts
    }

    fn of(&self, namespace: &str) -> impl Iterator<Item = &'w str> {
        self.by_namespace.get(namespace).into_iter().flatten().copied()
    }

    /// Whether a service account has this name, or starts with it if it ends with `*`.
    fn has(&self, namespace: &str, name: &str) -> bool {
        if let Some(prefix) = name.strip_suffix('*') {
            return prefix.is_empty() || self.of(namespace).any(|account| account.starts_with(prefix));
        }
        let gateways = self.gateways.get(namespace).into_iter().flatten();
        name == "default"
            || self.of(namespace).any(|it| it == name)
            || gateways.into_iter().any(|it| name.starts_with(it))
    }
}
