//! `outdated-gateway-api`

use std::fmt;

use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Kind;

pub static RULE: Rule = rule! {
    name: "outdated-gateway-api",
    summary: "a CustomResourceDefinition of the Gateway API is too old for istiod, which ignores the kind",
    findings: [&OLD_RELEASE],
    check: check,
};

static OLD_RELEASE: Finding = finding! {
    "old-release", Lost, Likely, ["IST0176"],
    "the release of the Gateway API lacks the version of the kind that istiod reads",
};

/// The annotation with the Gateway API release of a CustomResourceDefinition.
const RELEASE: &str = "gateway.networking.k8s.io/bundle-version";

/// The CustomResourceDefinitions, their kinds, and the first release in which istiod reads them (istio:
/// `minimumCRDVersions`).
const FIRST: [(&str, &str, Release); 4] = [
    ("grpcroutes.gateway.networking.k8s.io", "GRPCRoute", Release(1, 1, 0)),
    ("backendtlspolicies.gateway.networking.k8s.io", "BackendTLSPolicy", Release(1, 4, 0)),
    ("tlsroutes.gateway.networking.k8s.io", "TLSRoute", Release(1, 5, 0)),
    ("tcproutes.gateway.networking.k8s.io", "TCPRoute", Release(1, 6, 0)),
];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Release(u32, u32, u32);

impl Release {
    /// Reads `v1.4.1`. The suffix of a pre-release is dropped, as istiod drops it.
    fn parse(text: &str) -> Option<Self> {
        let plain = text.trim().trim_start_matches('v').split(['-', '+']).next()?;
        let mut parts = plain.split('.').map(|part| part.parse().ok());
        let release = Self(parts.next()??, parts.next().unwrap_or(Some(0))?, parts.next().unwrap_or(Some(0))?);
        parts.next().is_none().then_some(release)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}.{}", self.0, self.1, self.2)
    }
}

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let definitions = context.snapshot.resources().filter(|it| it.kind == Kind::CustomResourceDefinition);
    for definition in definitions {
        let Some((_, kind, first)) = FIRST.iter().find(|(name, ..)| *name == definition.name()) else { continue };
        let Some(written) = definition.metadata.annotations.get(RELEASE) else { continue };
        if Release::parse(written).is_some_and(|release| release < *first) {
            let message = format!("istiod ignores kind {kind} of Gateway API releases before {first}");
            diagnostics
                .report(&OLD_RELEASE, written.span, message)
                .help(format!("install the CustomResourceDefinitions of Gateway API {first} or later"));
        }
    }
}
