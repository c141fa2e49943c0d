//! How bad a finding is: by the harm that it does, and by how certain it is. `docs/severity.md` explains the axis.

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Somebody will be surprised.
    Warning,
    /// Something is broken, or does not do what it says.
    Error,
}

impl Severity {
    /// The word that options and machine formats use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// A harm of this severity, for rules that do not declare their findings yet.
    pub(super) const fn default_harm(self) -> Harm {
        match self {
            Self::Error => Harm::Lost,
            Self::Warning => Harm::Surprising,
            Self::Info => Harm::Notable,
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

/// What happens if nobody mends what a finding reports.
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
    /// All of them, the worst first.
    pub const ALL: [Self; 5] = [Self::Refused, Self::Lost, Self::Exposed, Self::Surprising, Self::Notable];

    /// The word that pages and tables use.
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

/// How certain the harm is, given the manifests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// It happens whenever these manifests are applied together.
    Certain,
    /// It depends on something that the manifests do not say: another client, another resource, a version.
    Likely,
}

impl Certainty {
    /// The word that pages and tables use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
        }
    }
}
