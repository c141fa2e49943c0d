//! `outdated-gateway-api`

use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Rule};
use crate::model::Kind;

pub static RULE: Rule = rule! {
    name: "outdated-gateway-api",
    aliases: ["IST0176"],
    severity: Warning,
    summary: "a definition of a kind of the Gateway API that is older than what istiod reads",
    check: check,
};

/// The annotation in which a definition says of which release it is.
const RELEASE: &str = "gateway.networking.k8s.io/bundle-version";

/// The definitions, and the first release in which istiod reads the kind (istio: `minimumCRDVersions`).
const FIRST: [(&str, Release); 4] = [
    ("grpcroutes.gateway.networking.k8s.io", Release(1, 1, 0)),
    ("backendtlspolicies.gateway.networking.k8s.io", Release(1, 4, 0)),
    ("tlsroutes.gateway.networking.k8s.io", Release(1, 5, 0)),
    ("tcproutes.gateway.networking.k8s.io", Release(1, 6, 0)),
];

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Release(u32, u32, u32);

impl Release {
    /// Reads `v1.4.1`, also with something behind a dash.
    fn parse(text: &str) -> Option<Self> {
        let plain = text.trim().trim_start_matches('v').split(['-', '+']).next()?;
        let mut parts = plain.split('.').map(|part| part.parse().ok());
        let release = Self(parts.next()??, parts.next().unwrap_or(Some(0))?, parts.next().unwrap_or(Some(0))?);
        parts.next().is_none().then_some(release)
    }
}

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let definitions = context.snapshot.resources.iter().filter(|it| it.kind == Kind::CustomResourceDefinition);
    for definition in definitions {
        let Some((_, first)) = FIRST.iter().find(|(name, _)| *name == definition.name()) else { continue };
        let Some(written) = definition.metadata.annotations.get(RELEASE) else { continue };
        if Release::parse(written).is_some_and(|release| release < *first) {
            let message =
                format!("istiod passes over this kind of the Gateway API before v{}.{}.{}", first.0, first.1, first.2);
            diagnostics
                .report_default(written.span, message)
                .help("install the definitions of a newer release of the Gateway API");
        }
    }
}
