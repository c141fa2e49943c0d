//! The data of generated ConfigMaps and Secrets.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::entries::{GeneratorEntry, Text};
use super::fields::invalid;
use super::generators::{Generated, string};
use super::paths::file_name;
use super::place::Place;
use super::problem::Step;
use super::resource_set::ResourceSet;
use super::{InputFile, UnrenderedReason};
use crate::source::Span;
use crate::yaml::Entry;

/// The data of a generator, or the reason why one of its files cannot be read here.
pub(super) fn read(
    set: &mut ResourceSet,
    entry: &GeneratorEntry<'_>,
    generated: Generated,
    place: Place<'_>,
) -> Step<Result<Vec<Entry>, UnrenderedReason>> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut add = |key: &str, value: &str, span: Span, source: Text<'_>| {
        if let Some(known) = entries.iter().find(|entry| &*entry.key.text == key) {
            return Err(invalid(source.span, format!("key `{key}` is defined twice"))
                .related(known.key.span, "first defined here"));
        }
        let value = match generated {
            Generated::ConfigMap => value.to_owned(),
            Generated::Secret => encoded(value),
        };
        entries.push(Entry::new(key, source.span, string(&value, span)));
        Ok(())
    };
    for source in &entry.envs {
        if let Some(reason) = place.gap(source.value) {
            return Ok(Err(reason));
        }
        let file = place.read(set, *source)?;
        for line in file.text.trim_start_matches('\u{feff}').lines().map(str::trim_start) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or((line, ""));
            add(key, value, whole(file), *source)?;
        }
    }
    for source in &entry.literals {
        let Some((key, value)) = source.value.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(
                invalid(source.span, format!("literal `{}` has no key", source.value)).help("write `KEY=VALUE`")
            );
        };
        add(key, without_quotes(value), source.span, *source)?;
    }
    for source in &entry.files {
        let (key, path) = match source.value.split_once('=') {
            Some((key, path)) => (key, path),
            None => (file_name(source.value), source.value),
        };
        if let Some(reason) = place.gap(path) {
            return Ok(Err(reason));
        }
        let file = place.read_path(set, *source, path)?;
        add(key, file.text, whole(file), *source)?;
    }
    Ok(Ok(entries))
}

fn whole(file: InputFile<'_>) -> Span {
    Span::new(file.id, 0, file.text.len())
}

/// A value without one pair of quotes around it.
fn without_quotes(value: &str) -> &str {
    let inside = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).unwrap_or(value)
}

/// The base64 of a text. kustomize breaks it into lines if it is longer than one.
fn encoded(text: &str) -> String {
    const LINE: usize = 70;
    let letters = STANDARD.encode(text);
    if letters.len() < LINE {
        return letters;
    }
    let mut lines = String::new();
    let mut rest = letters.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        lines.push_str(line);
        lines.push('\n');
        rest = after;
    }
    lines
}
