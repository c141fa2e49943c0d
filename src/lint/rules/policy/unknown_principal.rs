//! `unknown-principal`

use std::collections::{BTreeMap, BTreeSet};

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule, Severity};
use crate::model::{Kind, nearest};
use crate::policy::{Attribute, requirements};
use crate::source::Spanned;
use crate::world::{Gap, World};

pub static RULE: Rule = rule! {
    name: "unknown-principal",
    aliases: ["KIA0106", "KIA0108"],
    severity: Error,
    summary: "a principal or service account that nobody has: the rule never matches",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let world = context.world;
    let accounts = Accounts::new(world);
    for policy in world.policies.authorization_policies() {
        for asked in policy.spec.rules.iter().flat_map(requirements) {
            for value in asked.values {
                match asked.attribute {
                    Attribute::Principal => check_principal(world, &accounts, value, diagnostics),
                    Attribute::ServiceAccount => {
                        let own = (policy.name.namespace.as_ref(), value.as_str());
                        let (namespace, name) = value.split_once('/').unwrap_or(own);
                        check_account(world, &accounts, value, namespace, name, diagnostics);
                    }
                    _ => {}
                }
            }
        }
    }
}

const FORM: &str = "a principal is written <trust domain>/ns/<namespace>/sa/<service account>";

fn check_principal(
    world: &World<'_>,
    accounts: &Accounts<'_>,
    written: &Spanned<String>,
    diagnostics: &mut Diagnostics,
) {
    let value = written.as_str();
    if value == "*" || value.is_empty() {
        return;
    }
    if let Some(rest) = value.strip_prefix("spiffe://") {
        let diagnostic =
            diagnostics.report_default(written.span, "spiffe:// is no part of a principal, so this matches nobody");
        diagnostic.help(format!("write {rest}"));
        return;
    }
    let inner = value.strip_prefix('*').or_else(|| value.strip_suffix('*')).unwrap_or(value);
    if inner.contains('*') {
        let message = format!("{value} matches nobody: only at one end * stands for anything");
        diagnostics
            .report_default(written.span, message)
            .help("use source.namespaces for everybody in a namespace, or list the principals");
        return;
    }
    let parts: Vec<&str> = value.split('/').collect();
    match parts.as_slice() {
        [domain, "ns", namespace, "sa", account] => {
            if domain.starts_with('*') || is_own(world, domain) {
                check_account(world, accounts, written, namespace, account, diagnostics);
            } else {
                report_domain(world, written, domain, diagnostics);
            }
        }
        // Pieces of the form at which the pattern breaks off, and identities that others than Istio hand out.
        _ if inner.len() < value.len() => {}
        [domain, _, ..] if !is_own(world, domain) && parts.get(1) != Some(&"ns") => {
            report_domain(world, written, domain, diagnostics)
        }
        _ => {
            diagnostics
                .report_default(written.span, format!("{value} is no principal, so it matches nobody"))
                .help(FORM);
        }
    }
}

/// Whether principals of a trust domain are the mesh's own. `cluster.local` always means those.
fn is_own(world: &World<'_>, domain: &str) -> bool {
    let settings = &world.settings;
    domain == "cluster.local"
        || domain == settings.trust_domain
        || settings.trust_domain_aliases.iter().any(|it| it == domain)
}

/// Another mesh may be trusted, which its certificates tell and no manifest.
fn report_domain(world: &World<'_>, written: &Spanned<String>, domain: &str, diagnostics: &mut Diagnostics) {
    let settings = &world.settings;
    let own =
        std::iter::once(settings.trust_domain.as_str()).chain(settings.trust_domain_aliases.iter().map(String::as_str));
    let similar = nearest(domain, own);
    let diagnostic = diagnostics.report_default(written.span, format!("{domain} is not the trust domain of this mesh"));
    diagnostic.aliases = &["KIA0108"];
    match similar {
        Some(similar) => diagnostic.severity(Severity::Warning).help(format!("did you mean {similar}?")),
        None => diagnostic.severity(Severity::Info).help(format!(
            "the mesh has {}; the rule matches only if it trusts another mesh with this one",
            settings.trust_domain
        )),
    };
}

fn check_account(
    world: &World<'_>,
    accounts: &Accounts<'_>,
    written: &Spanned<String>,
    namespace: &str,
    name: &str,
    diagnostics: &mut Diagnostics,
) {
    if accounts.has(namespace, name) {
        return;
    }
    let knows_accounts = world.inventory.service_accounts(namespace).is_ok();
    if !knows_accounts && world.inventory.workloads(namespace).is_err() {
        return diagnostics.unchecked(Gap::NoServiceAccountsOrWorkloads(namespace.to_owned()));
    }
    let diagnostic = diagnostics
        .report_default(written.span, format!("nobody in namespace {namespace} runs as service account {name}"));
    diagnostic.aliases = &["KIA0106"];
    // Of workloads alone a few may be here and the others elsewhere.
    if !knows_accounts && world.namespaces.labels(namespace).is_none() {
        diagnostic.severity(Severity::Warning);
    }
    let known: Vec<&str> = accounts.of(namespace).take(5).collect();
    diagnostic.help(match nearest(name, accounts.of(namespace)) {
        Some(similar) => format!("did you mean {similar}?"),
        None if known.is_empty() => "its workloads run as default; give them a serviceAccountName".to_owned(),
        None => format!("it has {}", known.join(", ")),
    });
}

/// Whom the pods of each namespace can run as.
struct Accounts<'w> {
    /// Those that are defined, and those that workloads run as.
    by_namespace: BTreeMap<&'w str, BTreeSet<&'w str>>,
    /// The Gateways of the Gateway API. istiod makes an account for each, whose name begins with the Gateway's.
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
        for gateway in world.snapshot.resources.iter().filter(|resource| resource.kind == Kind::KubernetesGateway) {
            accounts.gateways.entry(world.settings.namespace_of(gateway)).or_default().push(gateway.name());
        }
        accounts
    }

    fn of(&self, namespace: &str) -> impl Iterator<Item = &'w str> {
        self.by_namespace.get(namespace).into_iter().flatten().copied()
    }

    /// Whether there is an account of this name, or one that begins with it if it ends with `*`.
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
