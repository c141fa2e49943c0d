//! `exact-ingress-path`

use std::collections::BTreeSet;

use crate::advice::{Advice, Edit};
use crate::lint::finding::finding;
use crate::lint::rule::rule;
use crate::lint::{Context, Diagnostics, Finding, Rule};
use crate::model::Spec;
use crate::model::kubernetes::IngressPath;
use crate::routing::alternative;
use crate::source::{Span, Spanned};
use crate::world::{Origin, RuleSource};

pub static RULE: Rule = rule! {
    name: "exact-ingress-path",
    summary: "istiod compares a path of an Ingress as a whole, although other controllers read it as a prefix or pattern",
    findings: [&WHOLE_PATH, &LITERAL_PATTERN],
    check: check,
};

// A user may want exactly this path.
static WHOLE_PATH: Finding = finding! {
    "whole-path", Lost, Likely, [],
    "the path has type `ImplementationSpecific`, and no other path of the host matches the paths below it",
};
static LITERAL_PATTERN: Finding = finding! {
    "literal-pattern", Lost, Certain, [],
    "the path is a regular expression, which istiod compares as plain text",
};

fn check(context: &Context<'_>, diagnostics: &mut Diagnostics) {
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    let world = context.world;
    for virtual_service in world.derived.virtual_services.iter().filter(|it| it.origin == Origin::Ingress) {
        for source in &virtual_service.sources {
            if let Some(text) = glob_path(source).filter(|text| seen.insert(text.span)) {
                report_glob(text, diagnostics);
            }
        }
        let alternatives = alternative::alternatives(world, virtual_service);
        for source in &virtual_service.sources {
            let Some((path, text)) = exact_path(source).filter(|(path, _)| seen.insert(path.span)) else { continue };
            if is_pattern(text) {
                let message =
                    format!("istiod compares the path with `{}` as plain text, so no request matches", text.value);
                let start = text.split(['(', '[', '|', '^', '$', '\\', '*', '+', '?']).next().unwrap_or_default();
                let start = if start.len() > 1 { start.trim_end_matches(['/', '.']) } else { "/" };
                let edits = [Edit::set(text.span, start).of("path"), with_type(path, "Prefix")];
                let help = Advice::new(format!("write {} with {}", edits[0], edits[1])).fix(edits);
                diagnostics.report(&LITERAL_PATTERN, text.span, message).help(help);
                continue;
            }
            let below = format!("{}/items", text.trim_end_matches('/'));
            let takes_below = |it: &alternative::Alternative<'_>| it.takes_path(below.as_bytes());
            if !alternatives.iter().any(takes_below) {
                let message =
                    format!("only requests for `{}` itself match: the others, such as `{below}`, get 404", text.value);
                let place = path.path_type.as_ref().map_or(text.span, |kind| kind.span);
                let [prefix, exact] = ["Prefix", "Exact"].map(|kind| with_type(path, kind));
                let help = format!("write {prefix}, or {exact} if only this path is wanted");
                let help = Advice::new(help).option([prefix]).option([exact]);
                diagnostics.report(&WHOLE_PATH, place, message).help(help);
            }
        }
    }
}

/// The path of an entry of type `Exact` or `Prefix` that ends like a glob. Other controllers accept it.
fn glob_path<'a>(source: &RuleSource<'a>) -> Option<&'a Spanned<String>> {
    let path = path_of(source)?;
    path.path.as_ref().filter(|text| is_typed(path) && text.ends_with("/*"))
}

fn report_glob(text: &Spanned<String>, diagnostics: &mut Diagnostics) {
    let message = format!("istiod compares the `*` of `{}` as plain text, so no request matches", text.value);
    let prefix = text.trim_end_matches('*').trim_end_matches('/');
    let edit = Edit::set(text.span, if prefix.is_empty() { "/" } else { prefix }).of("path");
    let help = Advice::new(format!("write {edit} with type `Prefix`, which matches the paths below it")).option([edit]);
    diagnostics.report(&LITERAL_PATTERN, text.span, message).help(help);
}

/// Whether a path is certainly a regular expression. `$` and `+` are common in plain paths.
fn is_pattern(path: &str) -> bool {
    let has_group = path.split_once('(').is_some_and(|(_, group)| group.contains('|') && group.contains(')'));
    let has_class = path.split_once('[').is_some_and(|(_, class)| class.contains(']'));
    let has_repetition = [".*", ".+"].iter().any(|it| path.contains(it));
    has_group || has_class || has_repetition || path.contains(['^', '\\', '?']) || path.ends_with('$')
}

/// The edit that gives a path a type.
fn with_type(path: &IngressPath, kind: &str) -> Edit {
    match &path.path_type {
        Some(written) => Edit::set(written.span, kind).of("pathType"),
        None => Edit::add(path.span, ["pathType"], kind),
    }
}

/// The path of an entry that istiod compares as a whole, because its type is neither `Exact` nor `Prefix`.
fn exact_path<'a>(source: &RuleSource<'a>) -> Option<(&'a IngressPath, &'a Spanned<String>)> {
    let path = path_of(source)?;
    let text = path.path.as_ref().filter(|text| !is_typed(path) && text.starts_with('/'))?;
    let is_prefix = text.ends_with("/*") || text.ends_with(".*");
    (!is_prefix).then_some((path, text))
}

fn path_of<'a>(source: &RuleSource<'a>) -> Option<&'a IngressPath> {
    let Spec::Ingress(ingress) = &source.resource.spec else { return None };
    ingress.rules.get(source.rule)?.http.as_ref()?.paths.get(source.entry?)
}

fn is_typed(path: &IngressPath) -> bool {
    path.path_type.as_ref().is_some_and(|kind| matches!(kind.as_str(), "Exact" | "Prefix"))
}
