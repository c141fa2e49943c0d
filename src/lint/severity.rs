//! Severities, which follow from the harm of a finding and the certainty of that harm. `docs/severity.md` explains them.

use crate::config::Threshold;

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is wrong, or a surprise depends on something that the manifests do not say.
    Info,
    /// A setting has an unexpected effect, or requests may fail.
    Warning,
    /// A resource is rejected, requests fail, or requests are exposed.
    Error,
}

impl From<Threshold> for Severity {
    fn from(threshold: Threshold) -> Self {
        match threshold {
            Threshold::Info => Self::Info,
            Threshold::Warning => Self::Warning,
            Threshold::Error => Self::Error,
        }
    }
}

impl Severity {
    /// The word in options and machine-readable formats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The severity of a harm that is certain, or only likely.
    pub const fn of(harm: Harm, certainty: Certainty) -> Self {
        match (harm, certainty) {
            (Harm::Refused | Harm::Lost | Harm::Exposed, Certainty::Certain) => Self::Error,
            (Harm::Refused | Harm::Lost | Harm::Exposed, Certainty::Likely) => Self::Warning,
            (Harm::Surprising, Certainty::Certain) => Self::Warning,
            (Harm::Surprising, Certainty::Likely) | (Harm::Notable, _) => Self::Info,
        }
    }
}

/// The harm of a mistake, if nobody fixes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Harm {
    /// The resource cannot be read, or the API server, istiod's webhook or a proxy rejects it.
    Refused,
    /// Requests fail, or never reach the route, subset, policy or workload that is written for them.
    Lost,
    /// Requests are allowed, or sent in plaintext, although the manifests mean to prevent that.
    Exposed,
    /// A setting has no effect, or another effect than a reader expects; traffic still flows.
    Surprising,
    /// Nothing is wrong, but a reader should know.
    Notable,
}

impl Harm {
    /// All harms, the worst first.
    pub const ALL: [Self; 5] = [Self::Refused, Self::Lost, Self::Exposed, Self::Surprising, Self::Notable];

    /// The words in pages and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Lost => "traffic lost",
            Self::Exposed => "exposed",
            Self::Surprising => "surprising",
            Self::Notable => "worth knowing",
        }
    }
}

/// The certainty of a harm, given the manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// The harm happens whenever these manifests are applied together.
    Certain,
    /// The harm depends on something that the manifests do not say: a client, another resource, a version.
    Likely,
}

impl Certainty {
    /// The words in pages and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
        }
    }
}
