//! Mistakes in kustomizations.

use crate::source::Span;

/// A mistake in a kustomization, or in a file that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildProblem {
    /// The kind of mistake.
    pub kind: BuildProblemKind,
    /// The exact place.
    pub span: Span,
    /// The message: lower case, no final period.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
    /// Other places that belong to the mistake, with labels.
    pub related: Vec<(Span, String)>,
}

/// The kinds of mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BuildProblemKind {
    /// The kustomization itself is not valid: an unknown field, a wrong type, two files in one directory.
    Invalid,
    /// A file or directory that it names does not exist.
    MissingFile,
    /// A base contains the kustomization that uses it.
    Cycle,
    /// A file that it names is not YAML. The file itself has the same problem at the same place.
    Yaml,
    /// A file that it names holds something that is not a Kubernetes object.
    NotResource,
    /// Two objects have the same identity.
    DuplicateResource,
    /// A patch is not valid, or does not apply.
    Patch,
    /// A patch, a replacement, a var or another transformer does not find the object or field that it needs.
    NoMatch,
    /// A patch, a replacement, a var or another transformer finds several objects.
    SeveralMatches,
    /// kustomize builds it, but a part of a patch or of another transformer has no effect.
    NoEffect,
    /// kustomize builds it only with `--load-restrictor LoadRestrictionsNone`.
    OutsideRoot,
}

impl BuildProblemKind {
    /// Whether kustomize stops at this mistake. The others are mistakes that it does not report.
    pub fn stops_build(self) -> bool {
        !matches!(self, Self::NoEffect | Self::OutsideRoot)
    }
}

/// The result of a step of a build. The problem stops the build.
pub(super) type Step<T = ()> = Result<T, Box<BuildProblem>>;

impl BuildProblem {
    /// A problem without help and other places.
    pub(super) fn new(kind: BuildProblemKind, span: Span, message: impl Into<String>) -> Box<Self> {
        Box::new(Self { kind, span, message: message.into(), help: None, related: Vec::new() })
    }

    /// Adds how to mend it.
    pub(super) fn help(mut self: Box<Self>, help: impl Into<String>) -> Box<Self> {
        self.help = Some(help.into());
        self
    }

    /// Adds another place.
    pub(super) fn related(mut self: Box<Self>, span: Span, label: impl Into<String>) -> Box<Self> {
        self.related.push((span, label.into()));
        self
    }
}
