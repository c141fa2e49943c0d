//! What a rule says about the manifests.

use std::panic::Location;

use super::finding::Finding;
use super::rule::Rule;
use super::severity::Severity;
use crate::source::Span;

/// One finding of a rule: what is wrong, where, and what to do about it.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// Which of the rule's findings it is.
    pub finding: &'static Finding,
    /// The codes of `istioctl analyze` and Kiali that say the same thing, and former names of the rule.
    pub aliases: &'static [&'static str],
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong: lower case, no final period.
    pub message: String,
    /// The exact place.
    pub span: Span,
    /// A few words for the place itself, where the message does not say it all.
    pub label: Option<String>,
    /// The resource and the field that `span` lies in, if it lies in one.
    pub subject: Option<Subject>,
    /// Other places that belong to the finding, in this file or others.
    pub related: Vec<Related>,
    /// What to do.
    pub help: Option<String>,
    /// The line of this program that reported it. Tests use it to see that each such line is exercised.
    pub reported_at: &'static Location<'static>,
}

/// Another place that belongs to a finding.
#[derive(Debug, Clone)]
pub struct Related {
    /// What the place has to do with it ("first defined here").
    pub message: String,
    /// The place.
    pub span: Span,
    /// The resource and the field that it lies in, if it lies in one.
    pub subject: Option<Subject>,
}

/// A field of a resource.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Subject {
    /// The resource.
    pub resource: ResourceName,
    /// The path inside it, such as `spec.http[0].route[1].destination.host`.
    pub field: String,
}

/// What identifies a resource. Absent means that the manifest does not say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceName {
    /// As written: `networking.istio.io/v1`.
    pub api_version: String,
    /// As written: `VirtualService`.
    pub kind: String,
    /// The namespace; absent for cluster-wide kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}
