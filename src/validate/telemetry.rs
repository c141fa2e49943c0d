//! Telemetry (istio: `ValidateTelemetry`).

use super::cel;
use super::common::target_refs;
use super::violation::{Family, Found};
use crate::model::telemetry::{CustomTag, Metrics, ProviderRef, TagOperation, TagOverride, Telemetry, Tracing};
use crate::source::{Span, Spanned};

pub(super) fn check(telemetry: &Telemetry, found: &mut Found<'_>) {
    let Telemetry { selector, target_ref, target_refs, .. } = telemetry;
    target_refs::check_with_selector(selector.as_ref(), target_ref.as_ref(), target_refs, found);
    telemetry.metrics.iter().for_each(|metrics| check_metrics(metrics, found));
    if let [_, second, ..] = &telemetry.tracing[..] {
        found
            .warning("TE-6", Family::NoEffect, second.span, "only one entry of tracing is used")
            .help("put the settings into one entry");
    }
    telemetry.tracing.iter().for_each(|tracing| check_tracing(tracing, found));
    for logging in &telemetry.access_logging {
        check_providers(&logging.providers, found);
        let expression = logging.filter.as_ref().and_then(|filter| filter.expression.as_ref());
        if let Some(expression) = expression.filter(|expression| !cel::is_expression(expression.as_str())) {
            found
                .error("TE-11", Family::InvalidPolicy, expression.span, "this is no expression of CEL")
                .help("write one such as response.code >= 400");
        }
    }
}

fn check_providers(providers: &[ProviderRef], found: &mut Found<'_>) {
    for provider in providers {
        if let Some(span) = emptiness(provider.span, provider.name.as_ref()) {
            found
                .error("TE-1", Family::MissingField, span, "this provider has no name")
                .help("name an extensionProvider of the mesh configuration");
        }
    }
}

fn check_metrics(metrics: &Metrics, found: &mut Found<'_>) {
    check_providers(&metrics.providers, found);
    for change in &metrics.overrides {
        for (name, tag) in change.tag_overrides.iter() {
            if name.is_empty() {
                found.warning("TE-2", Family::NoEffect, name.span, "the name of this tag is empty");
            }
            check_tag(tag, found);
        }
        let custom = change.r#match.as_ref().and_then(|matched| matched.custom_metric.as_ref());
        if let Some(custom) = custom.filter(|name| name.is_empty()) {
            found
                .error("TE-5", Family::MissingField, custom.span, "the name of this metric is empty")
                .help("name a metric, or remove customMetric to take all of them");
        }
    }
}

fn check_tag(tag: &TagOverride, found: &mut Found<'_>) {
    let operation = tag.operation.as_ref().map_or(TagOperation::Upsert, |operation| operation.value);
    let value = tag.value.as_ref().filter(|value| !value.is_empty());
    match (operation, value) {
        (TagOperation::Upsert, None) => {
            let span = tag.value.as_ref().map_or(tag.span, |value| value.span);
            found
                .error("TE-3", Family::MissingField, span, "a tag that is set (UPSERT, the default) needs a value")
                .help("add value, or operation: REMOVE");
        }
        (TagOperation::Remove, Some(value)) => {
            found
                .error("TE-4", Family::ConflictingFields, value.span, "a tag that is removed has no value")
                .help("remove value");
        }
        _ => {}
    }
}

fn check_tracing(tracing: &Tracing, found: &mut Found<'_>) {
    check_providers(&tracing.providers, found);
    if let [_, second, ..] = &tracing.providers[..] {
        found.warning("TE-7", Family::NoEffect, second.span, "only one provider of tracing is used").help("keep one");
    }
    let percentage = tracing.random_sampling_percentage.as_ref();
    if let Some(percentage) = percentage.filter(|it| it.value < 0.0 || it.value > 100.0) {
        found
            .error("TE-8", Family::OutOfRange, percentage.span, "this is no percentage")
            .help("it takes a number from 0 to 100");
    }
    for (name, tag) in tracing.custom_tags.iter() {
        if name.is_empty() {
            found.error("TE-9", Family::MissingField, name.span, "the name of this tag is empty");
        }
        if let Some((span, what)) = missing_source(tag) {
            found.error("TE-10", Family::MissingField, span, format!("this tag has no {what}"));
        }
    }
}

/// What the source of a tag's value lacks; of several sources the last one counts.
fn missing_source(tag: &CustomTag) -> Option<(Span, &'static str)> {
    if tag.formatter.is_some() {
        return None;
    }
    if let Some(header) = &tag.header {
        return Some((emptiness(header.span, header.name.as_ref())?, "name of a header"));
    }
    if let Some(variable) = &tag.environment {
        return Some((emptiness(variable.span, variable.name.as_ref())?, "name of an environment variable"));
    }
    let literal = tag.literal.as_ref()?;
    Some((emptiness(literal.span, literal.value.as_ref())?, "value"))
}

/// Where a text that has to be there is not, in the message at `around`.
fn emptiness(around: Span, text: Option<&Spanned<String>>) -> Option<Span> {
    match text {
        None => Some(around),
        Some(text) => text.is_empty().then_some(text.span),
    }
}
