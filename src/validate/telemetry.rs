//! Telemetry (istio: `ValidateTelemetry`).

use super::cel;
use super::fields::target_refs;
use super::violation::{Mistake, Violations};
use crate::model::field::{PlacedField, TextField};
use crate::model::telemetry::{CustomTag, Metrics, ProviderRef, TagOperation, TagOverride, Telemetry, Tracing};
use crate::source::{Span, Spanned};

pub(super) fn check(telemetry: &Telemetry, violations: &mut Violations<'_>) {
    let Telemetry { selector, target_ref, target_refs, .. } = telemetry;
    target_refs::check_with_selector(selector.as_ref(), target_ref.as_ref(), target_refs, violations);
    telemetry.metrics.iter().for_each(|metrics| check_metrics(metrics, violations));
    if let [_, second, ..] = &telemetry.tracing[..] {
        violations
            .warning("TE-6", Mistake::NoEffect, second.span, "only one entry of `tracing` has an effect")
            .help("merge the entries");
    }
    telemetry.tracing.iter().for_each(|tracing| check_tracing(tracing, violations));
    for logging in &telemetry.access_logging {
        check_providers(&logging.providers, violations);
        let expression = logging.filter.as_ref().and_then(|filter| filter.expression.as_ref());
        if let Some(expression) = expression.filter(|expression| !cel::is_expression(expression.as_str())) {
            violations
                .error("TE-11", Mistake::InvalidExpression, expression.span, "the filter is not a valid CEL expression")
                .help("write an expression such as `response.code >= 400`");
        }
    }
}

fn check_providers(providers: &[ProviderRef], violations: &mut Violations<'_>) {
    for provider in providers {
        if let Some(span) = place_if_empty(provider.span, provider.name.as_ref()) {
            violations
                .error("TE-1", Mistake::MissingField, span, "the provider has no name")
                .help("add the name of an `extensionProvider` of the MeshConfig");
        }
    }
}

fn check_metrics(metrics: &Metrics, violations: &mut Violations<'_>) {
    check_providers(&metrics.providers, violations);
    for change in &metrics.overrides {
        for (name, tag) in change.tag_overrides.iter() {
            if name.is_empty() {
                violations
                    .warning("TE-2", Mistake::NoEffect, name.span, "the tag has an empty name")
                    .help("add a name, or remove the tag");
            }
            check_tag(tag, violations);
        }
        let custom = change.r#match.as_ref().and_then(|matched| matched.custom_metric.as_ref());
        if let Some(custom) = custom.filter(|name| name.is_empty()) {
            violations
                .error("TE-5", Mistake::MissingField, custom.span, "the metric has an empty name")
                .help("write the name of a metric, or remove `customMetric` to match all metrics");
        }
    }
}

fn check_tag(tag: &TagOverride, violations: &mut Violations<'_>) {
    let operation = tag.operation.as_ref().map_or(TagOperation::Upsert, |operation| operation.value);
    let value = tag.value.filled();
    match (operation, value) {
        (TagOperation::Upsert, None) => {
            let span = tag.value.place(tag.span);
            violations
                .error("TE-3", Mistake::MissingField, span, "operation UPSERT, the default, needs a value")
                .help("add `value`, or write `operation: REMOVE`");
        }
        (TagOperation::Remove, Some(value)) => {
            violations
                .error("TE-4", Mistake::ConflictingFields, value.span, "operation REMOVE excludes `value`")
                .remove("value");
        }
        _ => {}
    }
}

fn check_tracing(tracing: &Tracing, violations: &mut Violations<'_>) {
    check_providers(&tracing.providers, violations);
    if let [_, second, ..] = &tracing.providers[..] {
        violations
            .warning("TE-7", Mistake::NoEffect, second.span, "only one provider of `tracing` has an effect")
            .help("keep one provider");
    }
    let percentage = tracing.random_sampling_percentage.as_ref();
    if let Some(percentage) = percentage.filter(|it| it.value < 0.0 || it.value > 100.0) {
        violations
            .error(
                "TE-8",
                Mistake::OutOfRange,
                percentage.span,
                format!("{} is not a valid percentage", percentage.value),
            )
            .help("use a number from 0 to 100");
    }
    for (name, tag) in tracing.custom_tags.iter() {
        if name.is_empty() {
            violations
                .error("TE-9", Mistake::MissingField, name.span, "the tag has an empty name")
                .help("add a name, or remove the tag");
        }
        if let Some((span, missing)) = missing_source(tag) {
            violations
                .error("TE-10", Mistake::MissingField, span, format!("the tag has no {missing}"))
                .help(format!("add the {missing}"));
        }
    }
}

/// The missing part of the source of a tag's value. If there are several sources, istiod uses the last one.
fn missing_source(tag: &CustomTag) -> Option<(Span, &'static str)> {
    if tag.formatter.is_some() {
        return None;
    }
    if let Some(header) = &tag.header {
        return Some((place_if_empty(header.span, header.name.as_ref())?, "header name"));
    }
    if let Some(variable) = &tag.environment {
        return Some((place_if_empty(variable.span, variable.name.as_ref())?, "name of an environment variable"));
    }
    let literal = tag.literal.as_ref()?;
    Some((place_if_empty(literal.span, literal.value.as_ref())?, "value"))
}

/// The place of a required text that is empty or, if it is absent, of the enclosing message.
fn place_if_empty(around: Span, text: Option<&Spanned<String>>) -> Option<Span> {
    match text {
        None => Some(around),
        Some(text) => text.is_empty().then_some(text.span),
    }
}
