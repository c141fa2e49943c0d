//! `unknown-credential`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::{Kind, nearest};
use crate::world::{Credential, Gap, World};

pub static RULE: Rule = rule! {
    name: "unknown-credential",
    aliases: ["IST0101"],
    severity: Error,
    summary: "a credentialName for which the gateway's namespace has no Secret: the server has no certificate",
    check: check,
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for credential in context.world.credentials() {
        if credential.namespaces.is_empty() {
            diagnostics.unchecked(Gap::NoWorkloadsOf(Kind::Gateway, credential.gateway.name.to_string()));
            continue;
        }
        let lacks = |namespace: &&&str| context.world.secrets.get(namespace, credential.name).is_none();
        if let Some(namespace) = credential.namespaces.iter().find(lacks) {
            check_missing(context.world, &credential, namespace, diagnostics);
        }
    }
}

fn check_missing(world: &World<'_>, credential: &Credential<'_, '_>, namespace: &str, diagnostics: &mut Diagnostics) {
    let own = credential.gateway.name.namespace.as_ref();
    let message = format!("there is no Secret {namespace}/{}", credential.name);
    // Secrets are not pointed at, so that no excerpt shows what stands in them.
    if world.secrets.get(own, credential.name).is_some() {
        diagnostics
            .report_default(credential.written.span, format!("{message}, only one in namespace {own}"))
            .help(format!("put it into {namespace}, the namespace of the workloads that the Gateway selects"));
        return;
    }
    let mut known = world.secrets.with_certificates(namespace).peekable();
    let gap = Gap::NoCertificates(namespace.to_owned());
    if let Err(gap) = world.inventory.expect(known.peek().is_some(), gap) {
        return diagnostics.unchecked(gap);
    }
    let diagnostic = diagnostics.report_default(credential.written.span, message);
    match nearest(credential.name, known) {
        Some(suggestion) => diagnostic.help(format!("did you mean {suggestion}?")),
        None => diagnostic.help(format!("add a Secret with tls.crt and tls.key to namespace {namespace}")),
    };
}
