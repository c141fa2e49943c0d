//! Diagnostics: findings at a place of the manifests.

use std::panic::Location;
use std::sync::Arc;

use super::finding::Finding;
use super::rule::Rule;
use super::severity::Severity;
use crate::advice::Advice;
use crate::source::Span;

/// One finding of a rule: what is wrong, where, and what to do about it.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// Which of the rule's findings it is.
    pub finding: &'static Finding,
    /// How bad it is.
    pub severity: Severity,
    /// The message: lower case, no final period.
    pub message: String,
    /// The place of the finding.
    pub span: Span,
    /// A few words shown at the place, if the message needs them.
    pub label: Option<String>,
    /// The resource and the field that contain `span`; `None` outside of resources.
    pub subject: Option<Subject>,
    /// Other places that the finding refers to, in this file or others.
    pub related: Vec<Related>,
    /// The advice: one line, and the edits that carry it out, if they are known.
    pub help: Option<Advice>,
    /// The names of the meshes that have the finding. Empty if there is only one mesh.
    pub meshes: Vec<Arc<str>>,
    /// The one thing that is wrong, if other findings can have the same cause: `host ratings.shop.svc.cluster.local`. They
    /// become one finding.
    pub cause: Option<String>,
    /// The line of this program that reported it. Tests use it to verify that each such line is exercised.
    pub reported_at: &'static Location<'static>,
}

/// The identity of a finding: the same finding of several meshes has the same key.
pub type DiagnosticKey = (&'static str, &'static str, Span);

impl Diagnostic {
    /// The identity of the finding: rule, finding and place.
    pub(super) fn key(&self) -> DiagnosticKey {
        (self.rule.name, self.finding.name, self.span)
    }
}

/// Another place that a finding refers to.
#[derive(Debug, Clone)]
pub struct Related {
    /// The role of the place, such as "first defined here".
    pub message: String,
    /// The place.
    pub span: Span,
    /// The resource and the field that contain the place; `None` outside of resources.
    pub subject: Option<Subject>,
}

/// A field of a resource.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Subject {
    /// The resource.
    pub resource: ResourceName,
    /// The path of the field in the resource, such as `spec.http[0].route[1].destination.host`.
    pub field: String,
}

/// The identity of a resource.
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
