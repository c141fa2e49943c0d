//! Baselines: lists of findings that are known, so that only new ones are reported.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Diagnostic, Report};
use crate::source::Sources;

/// The version of the format.
const SCHEMA: &str = "mesh.baseline/v1";

/// A list of known findings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    schema: String,
    /// The findings, sorted so that the file changes little if they do.
    pub findings: Vec<KnownFinding>,
}

/// A known finding. Only the fingerprint counts; the rest is for readers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFinding {
    /// The file, relative to the baseline.
    pub file: String,
    /// The rule.
    pub rule: String,
    /// The resource: `VirtualService shop/reviews`. Empty outside of resources.
    pub resource: String,
    /// The field of the resource.
    pub field: String,
    /// The message.
    pub message: String,
    /// The fingerprint, see [`Report::fingerprints`].
    pub fingerprint: String,
}

impl Default for Baseline {
    fn default() -> Self {
        Self { schema: SCHEMA.to_owned(), findings: Vec::new() }
    }
}

impl Baseline {
    /// The findings of a report. `relative` gives the path of a file for the baseline.
    pub fn of(report: &Report, sources: &Sources, relative: impl Fn(&str) -> String) -> Self {
        let known = |(diagnostic, fingerprint): (&Diagnostic, String)| {
            let subject = diagnostic.subject.as_ref();
            let resource = subject.map(|subject| match (&subject.resource.namespace, &subject.resource.name) {
                (Some(namespace), name) => format!("{} {namespace}/{name}", subject.resource.kind),
                (None, name) => format!("{} {name}", subject.resource.kind),
            });
            KnownFinding {
                file: relative(sources.file(diagnostic.span.file).path()),
                rule: diagnostic.rule.name.to_owned(),
                resource: resource.unwrap_or_default(),
                field: subject.map(|subject| subject.field.clone()).unwrap_or_default(),
                message: diagnostic.message.clone(),
                fingerprint,
            }
        };
        let findings = report.diagnostics.iter().zip(report.fingerprints(sources)).map(known).collect();
        Self { findings, ..Self::default() }.sorted()
    }

    /// Reads a baseline.
    ///
    /// # Errors
    ///
    /// If the text is not a baseline, or one of another version of `mesh`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let baseline: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if baseline.schema != SCHEMA {
            return Err(format!("the schema is `{}`, and this version of mesh reads `{SCHEMA}`", baseline.schema));
        }
        Ok(baseline)
    }

    /// The text of the file.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// This baseline, with those findings of an older one that are kept.
    pub fn keeping(mut self, older: &Self, is_kept: impl Fn(&KnownFinding) -> bool) -> Self {
        let own: BTreeSet<&str> = self.findings.iter().map(|it| it.fingerprint.as_str()).collect();
        let kept = older.findings.iter().filter(|it| !own.contains(it.fingerprint.as_str()) && is_kept(it));
        let kept: Vec<KnownFinding> = kept.cloned().collect();
        self.findings.extend(kept);
        self.sorted()
    }

    /// Takes the known findings out of a report, and returns those that it does not have any more.
    pub fn apply(&self, report: &mut Report, sources: &Sources) -> Vec<&KnownFinding> {
        let mut left: BTreeMap<&str, &KnownFinding> =
            self.findings.iter().map(|known| (known.fingerprint.as_str(), known)).collect();
        let fingerprints = report.fingerprints(sources);
        let mut is_new = fingerprints.iter().map(|fingerprint| left.remove(fingerprint.as_str()).is_none());
        let before = report.diagnostics.len();
        report.diagnostics.retain(|_| is_new.next().unwrap_or(true));
        report.summary.known = before - report.diagnostics.len();
        report.count();
        self.findings.iter().filter(|known| left.contains_key(known.fingerprint.as_str())).collect()
    }

    fn sorted(mut self) -> Self {
        self.findings.sort();
        self
    }
}
