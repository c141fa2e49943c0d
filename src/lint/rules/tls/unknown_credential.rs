//! `unknown-credential`

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::{Kind, nearest};
use crate::world::{Credential, Gap, World};

pub static RULE: Rule = rule! {
    name: "unknown-credential",
    summary: "the Secret of a `credentialName` does not exist, so the server has no certificate",
    findings: [&MISSING, &OTHER_NAMESPACE],
    check: check,
};

static MISSING: Finding = finding! {
    "missing", Lost, Certain, ["IST0101"],
    "the namespace of the gateway workloads has no Secret of that name",
};
static OTHER_NAMESPACE: Finding = finding! {
    "other-namespace", Lost, Certain, ["IST0101"],
    "the Secret is in the namespace of the Gateway, and the workloads are in another",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    for credential in context.world.credentials() {
        if credential.namespaces.is_empty() {
            diagnostics.unchecked(credential.gateway.gap_of_workloads());
            continue;
        }
        let lacks = |namespace: &&&str| {
            context.world.secrets.get(namespace, credential.name).is_none()
                && !context.world.inventory.makes(Kind::Secret, namespace, credential.name)
        };
        if let Some(namespace) = credential.namespaces.iter().find(lacks) {
            check_missing(context.world, &credential, namespace, diagnostics);
        }
    }
}

fn check_missing(world: &World<'_>, credential: &Credential<'_, '_>, namespace: &str, diagnostics: &mut Diagnostics) {
    let own = credential.gateway.name.namespace.as_ref();
    let message = format!("Secret `{namespace}/{}` does not exist", credential.name);
    // No related place in the Secret: an excerpt would show its contents.
    let gap = world.inventory.may_exist(Kind::Secret, namespace, credential.name);
    // A Gateway without a namespace may be applied to that of the workloads, and the maker as well.
    let is_made = credential.gateway.resource.metadata.namespace.is_some()
        && world.inventory.makers().names(Kind::Secret, own).any(|name| name == credential.name);
    let is_defined = world.secrets.get(own, credential.name).is_some();
    if gap.is_none() && (is_defined || is_made) {
        let verb = if is_defined { "move it to" } else { "create the Secret in" };
        diagnostics
            .report(&OTHER_NAMESPACE, credential.written.span, format!("{message}, only `{own}/{}`", credential.name))
            .help(format!("{verb} namespace `{namespace}`, where the workloads of the Gateway run"));
        return;
    }
    let mut known = world.secrets.with_certificates(namespace).peekable();
    let any = known.peek().is_some();
    let gap = match any {
        true => Gap::NotAllResources(Kind::Secret, namespace.to_owned()),
        false => Gap::NoCertificates(namespace.to_owned()),
    };
    if let Err(gap) = world.inventory.expect_named(Kind::Secret, namespace, credential.name, any, gap) {
        return diagnostics.unchecked(gap);
    }
    let cause = format!("Secret {namespace}/{}", credential.name);
    let diagnostic = diagnostics.report(&MISSING, credential.written.span, message).cause(cause);
    match nearest(credential.name, known) {
        Some(suggestion) => match credential.gateway.resource.kind {
            Kind::Gateway => {
                let edit =
                    Edit::set(credential.written.span, credential.written.replacen(credential.name, suggestion, 1));
                diagnostic.help(Advice::did_you_mean(edit.shown(suggestion)))
            }
            _ => diagnostic.help(format!("did you mean `{suggestion}`?")),
        },
        None => diagnostic.help(format!("add a Secret with `tls.crt` and `tls.key` to namespace `{namespace}`")),
    };
}
