//! `mistaken-match-type` for the values of HTTPRoutes, whose `type` says how Envoy compares them.

use std::collections::BTreeSet;

use super::mistaken_match_type::PATTERN_AS_TEXT;
use crate::lint::Diagnostics;
use crate::model::Kind;
use crate::model::networking::{HttpMatchRequest, StringMatch};
use crate::re2;
use crate::source::{Span, Spanned};
use crate::world::{Origin, World};

pub(super) fn check(world: &World<'_>, diagnostics: &mut Diagnostics) {
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    for virtual_service in world.derived.virtual_services.iter().filter(|it| it.origin == Origin::GatewayApi) {
        for (route, source) in virtual_service.spec.http.iter().zip(&virtual_service.sources) {
            if source.resource.kind == Kind::HttpRoute {
                let new = route.r#match.iter().filter(|entry| seen.insert(entry.span));
                new.for_each(|entry| check_match(entry, diagnostics));
            }
        }
    }
}

fn check_match(entry: &HttpMatchRequest, diagnostics: &mut Diagnostics) {
    if let Some((kind, text)) = entry.uri.as_ref().and_then(plain_text)
        && text.contains('*')
    {
        report(text, kind, "*", &help_of_path(kind, text), diagnostics);
    }
    let values = entry.headers.iter().chain(entry.query_params.iter()).map(|(_, value)| value);
    for (kind, text) in values.filter_map(plain_text) {
        let is_anchored = text.len() > 2 && text.starts_with('^') && text.ends_with('$');
        if is_anchored || matches!(text.as_str(), "*" | ".*" | ".+") {
            report(text, kind, text, "write `type: RegularExpression`", diagnostics);
        }
    }
}

fn report(text: &Spanned<String>, kind: &str, pattern: &str, help: &str, diagnostics: &mut Diagnostics) {
    let message = format!("`{pattern}` has no special meaning in a value of type `{kind}`: Envoy compares it as text");
    diagnostics.report(&PATTERN_AS_TEXT, text.span, message).help(help);
}

/// The type of a value that Envoy compares as text, and the value.
fn plain_text(value: &StringMatch) -> Option<(&'static str, &Spanned<String>)> {
    let prefix = value.prefix.as_ref().map(|prefix| ("PathPrefix", prefix));
    prefix.or_else(|| value.exact.as_ref().map(|exact| ("Exact", exact)))
}

/// The advice for a path with an asterisk. A prefix ends where a segment ends.
fn help_of_path(kind: &str, text: &str) -> String {
    let bare = text.strip_suffix("/*").or_else(|| text.strip_suffix("/.*")).filter(|bare| !bare.contains('*'));
    match bare {
        Some(bare) => {
            let value = if bare.is_empty() { "/" } else { bare };
            let with_type = if kind == "Exact" { "`type: PathPrefix` and " } else { "" };
            format!("write {with_type}`value: {value}`")
        }
        None => {
            let expression = if text.contains(".*") { text.to_owned() } else { re2::quote(text).replace(r"\*", ".*") };
            format!("write `type: RegularExpression` and `value: {expression}`")
        }
    }
}
