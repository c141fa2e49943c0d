//! `rewrite-slashes` for `ReplacePrefixMatch` in HTTPRoutes.
//!
//! The prefix of a match has no slash at its end, unless it is `/`. istiod cuts the slash at the end of the replacement in
//! a rewrite, and treats the replacement `/` specially, but passes that of a redirect on as it is (istiod:
//! `createRewriteFilter`, `createRedirectFilter`).

use std::collections::BTreeSet;

use super::rewrite_slashes::{DOUBLED, LOST};
use crate::advice::{Advice, Edit};
use crate::lint::Diagnostics;
use crate::model::networking::HttpRoute;
use crate::source::{Span, Spanned};
use crate::world::{Origin, World};

pub(super) fn check(world: &World<'_>, diagnostics: &mut Diagnostics) {
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    let derived = world.derived.virtual_services.iter();
    for route in derived.filter(|it| it.origin == Origin::GatewayApi).flat_map(|it| &it.spec.http) {
        let of_match = route.r#match.first().and_then(|entry| entry.uri.as_ref());
        let Some(prefix) = of_match.and_then(|uri| uri.prefix.as_ref()) else { continue };
        if let Some(rewrite) = rewrite(route).filter(|rewrite| !seen.contains(&rewrite.span)) {
            if check_rewrite(prefix, rewrite, diagnostics) {
                seen.insert(rewrite.span);
            }
        } else if let Some(redirect) = redirect(route).filter(|redirect| !seen.contains(&redirect.span))
            && check_redirect(prefix, redirect, diagnostics)
        {
            seen.insert(redirect.span);
        }
    }
}

fn rewrite(route: &HttpRoute) -> Option<&Spanned<String>> {
    route.rewrite.as_ref()?.uri.as_ref()
}

fn redirect(route: &HttpRoute) -> Option<&Spanned<String>> {
    route.redirect.as_ref()?.prefix_rewrite.as_ref().filter(|prefix| prefix.starts_with('/'))
}

fn check_rewrite(prefix: &Spanned<String>, replacement: &Spanned<String>, diagnostics: &mut Diagnostics) -> bool {
    let is_lost = prefix.as_str() == "/" && replacement.as_str() != "/" && replacement.starts_with('/');
    if is_lost {
        let to = &replacement.value;
        diagnostics
            .report(&LOST, replacement.span, format!("the rewrite turns `/items` into `{to}items`"))
            .related(prefix.span, "the prefix that is replaced")
            .help(format!("replace the full path instead: `replaceFullPath: '{to}\\0'`, where `\\0` is the path"));
    }
    is_lost
}

fn check_redirect(prefix: &Spanned<String>, replacement: &Spanned<String>, diagnostics: &mut Diagnostics) -> bool {
    let to = replacement.as_str();
    let write = |text: String| Advice::write(Edit::set(replacement.span, text).of("replacePrefixMatch"));
    let (finding, from, made, help) = match (prefix.as_str(), to.ends_with('/')) {
        ("/", false) => {
            let help = write(format!("{to}/"));
            (&LOST, "/items".to_owned(), format!("{to}items"), help)
        }
        (from, true) if from != "/" => {
            let help = match to.trim_end_matches('/') {
                "" => Advice::new("redirect to another prefix than `/`, because istiod cannot remove a prefix"),
                bare => write(bare.to_owned()),
            };
            (&DOUBLED, format!("{from}/items"), format!("{to}/items"), help)
        }
        _ => return false,
    };
    diagnostics
        .report(finding, replacement.span, format!("the redirect turns `{from}` into `{made}`"))
        .related(prefix.span, "the prefix that is replaced")
        .help(help);
    true
}
