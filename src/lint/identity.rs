//! The identity of a finding across versions of manifests.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Diagnostic, Report};
use crate::source::Sources;

/// The statement of a finding, wherever it is: rule, resource, field and value. Lines and files do not count, so the finding of
/// a resource that moves stays the same. Neither do the places in lists and the words of the message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Identity<'d> {
    rule: &'static str,
    finding: &'static str,
    /// Kind, namespace and name.
    resource: Option<(&'d str, Option<&'d str>, &'d str)>,
    /// The path of the field without the places in lists.
    field: String,
    /// The first line of the value.
    value: &'d str,
    /// The message of a finding outside of resources, which nothing else tells apart.
    message: Option<&'d str>,
}

impl<'d> Identity<'d> {
    pub(super) fn of(diagnostic: &'d Diagnostic, sources: &'d Sources) -> Self {
        let subject = diagnostic.subject.as_ref();
        let resource = subject.map(|subject| &subject.resource);
        Self {
            rule: diagnostic.rule.name,
            finding: diagnostic.finding.name,
            resource: resource.map(|it| (it.kind.as_str(), it.namespace.as_deref(), it.name.as_str())),
            field: subject.map(|subject| without_places(&subject.field)).unwrap_or_default(),
            value: sources.text(diagnostic.span).lines().next().unwrap_or_default().trim(),
            message: subject.is_none().then_some(diagnostic.message.as_str()),
        }
    }

    /// The identity as 32 hexadecimal digits; `time` tells equal findings apart.
    fn fingerprint(&self, time: usize) -> String {
        let (kind, namespace, name) = self.resource.unwrap_or_default();
        let time = time.to_string();
        let namespace = namespace.unwrap_or_default();
        let message = self.message.unwrap_or_default();
        let mut hash = Sha256::new();
        for part in [self.rule, self.finding, kind, namespace, name, &self.field, self.value, message, &time] {
            // No part can run into the next one.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Report {
    /// A fingerprint for each finding, which stays the same if lines move, files are renamed, or unrelated parts of the
    /// resource change. Equal findings are numbered.
    pub fn fingerprints(&self, sources: &Sources) -> Vec<String> {
        let mut times: BTreeMap<Identity<'_>, usize> = BTreeMap::new();
        let fingerprint = |diagnostic| {
            let identity = Identity::of(diagnostic, sources);
            let time = times.entry(identity.clone()).or_default();
            *time += 1;
            identity.fingerprint(*time)
        };
        self.diagnostics.iter().map(fingerprint).collect()
    }
}

/// `spec.http[0].route[1].weight` as `spec.http[].route[].weight`. Keys in brackets, such as those of labels, stay.
fn without_places(field: &str) -> String {
    let mut path = String::with_capacity(field.len());
    let mut rest = field;
    while let Some((before, after)) = rest.split_once('[') {
        path.push_str(before);
        path.push('[');
        rest = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
    }
    path + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_lists_do_not_count() {
        assert_eq!(without_places("spec.http[12].match[0].uri"), "spec.http[].match[].uri");
        assert_eq!(without_places("metadata.labels[\"a/b\"]"), "metadata.labels[\"a/b\"]");
        assert_eq!(without_places("spec"), "spec");
    }
}
