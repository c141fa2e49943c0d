//! `dropped-listener`

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Spec;
use crate::world::{Ignored, Omission};

pub static RULE: Rule = rule! {
    name: "dropped-listener",
    summary: "a listener of a Gateway API Gateway has no effect, because istiod does not serve it",
    findings: [&CONFLICT, &NO_GRANT, &UNSUPPORTED, &LISTENER_SET, &NO_KINDS, &ADDRESSES, &KIND],
    check: check,
};

static CONFLICT: Finding = finding! {
    "conflict", Lost, Certain, ["KIA1503"],
    "the listener conflicts with an earlier one",
};
static NO_GRANT: Finding = finding! {
    "no-grant", Lost, Certain, [],
    "no ReferenceGrant allows the listener to use a certificate of another namespace",
};
static UNSUPPORTED: Finding = finding! {
    "unsupported", Lost, Certain, [],
    "Istio does not support the protocol or the TLS settings of the listener",
};
static LISTENER_SET: Finding = finding! {
    "listener-set", Lost, Certain, [],
    "the Gateway does not allow ListenerSets of the namespace",
};

static NO_KINDS: Finding = finding! {
    "no-kinds", Lost, Certain, [],
    "the protocol of the listener supports none of its `kinds`, so no route can attach",
};
static ADDRESSES: Finding = finding! {
    "addresses", Lost, Certain, [],
    "istiod does not support the addresses of the Gateway, and serves none of its listeners",
};
static KIND: Finding = finding! {
    "kind", Surprising, Certain, [],
    "the protocol of the listener does not support one of its `kinds`",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    // Of a resource that the API server rejects, only the rejection is a finding.
    let applied = context.world.derived.ignored.iter().filter(|ignored| !context.rejects(ignored.resource.span));
    for ignored in applied {
        let (finding, help) = match ignored.kind {
            Omission::ConflictingListener => (
                &CONFLICT,
                Some(
                    "use another `port`, or another `hostname` if both have the same protocol, `HTTP`, `HTTPS` or `TLS`",
                ),
            ),
            Omission::UngrantedCertificate => {
                (&NO_GRANT, Some("add a ReferenceGrant to the namespace of the certificate"))
            }
            Omission::UnsupportedListener => (&UNSUPPORTED, ignored.help.as_deref()),
            Omission::ListenerWithoutKinds => (&NO_KINDS, ignored.help.as_deref()),
            Omission::ListenerKind => (&KIND, ignored.help.as_deref()),
            Omission::Addresses => {
                (&ADDRESSES, Some("write one address of type `IPAddress`, or the Service of the gateway as `Hostname`"))
            }
            Omission::ListenerSet => {
                (&LISTENER_SET, Some("allow the namespace in `spec.allowedListeners` of the Gateway"))
            }
            _ => continue,
        };
        let edit = match ignored.kind {
            Omission::UnsupportedListener => protocol_in_capitals(ignored),
            Omission::ListenerKind => Some(Edit::remove(ignored.span)),
            Omission::ListenerWithoutKinds => Some(Edit::remove_around(ignored.span).of("kinds")),
            _ => None,
        };
        let diagnostic = diagnostics.report(finding, ignored.span, &ignored.reason);
        if let Some(help) = help {
            let help = Advice::new(help);
            diagnostic.help(edit.into_iter().fold(help, |help, edit| help.option([edit])));
        }
    }
}

/// The edit that writes the protocol of a listener in capitals, if the help says so.
fn protocol_in_capitals(ignored: &Ignored<'_>) -> Option<Edit> {
    let listeners = match &ignored.resource.spec {
        Spec::KubernetesGateway(gateway) => &gateway.listeners,
        Spec::ListenerSet(set) => &set.listeners,
        _ => return None,
    };
    let protocol = listeners.iter().find(|listener| listener.span == ignored.span)?.protocol.as_ref()?;
    let edit = Edit::set(protocol.span, protocol.to_ascii_uppercase());
    (ignored.help.as_deref() == Some(&*format!("write {edit}"))).then_some(edit)
}
