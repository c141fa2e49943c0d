//! What a rule is.

use super::severity::Severity;
use super::{Context, Findings};

/// A rule: its identity, its documentation and its check. One file of `lint/rules` each.
pub struct Rule {
    /// The identity: stable, kebab-case.
    pub name: &'static str,
    /// The codes of `istioctl analyze` (IST…) and Kiali (KIA…) that say the same thing.
    pub aliases: &'static [&'static str],
    /// How bad a finding usually is. A check may choose another level for a milder case.
    pub severity: Severity,
    /// One line: what it finds.
    pub summary: &'static str,
    /// The documentation page, in Markdown.
    pub page: &'static str,
    /// Looks at the manifests and reports what it finds.
    pub check: fn(&Context<'_>, &mut Findings),
}

impl Rule {
    /// Where the documentation page is: a link, or the command that prints it where the project has no address.
    pub fn docs_link(&self) -> String {
        match env!("CARGO_PKG_REPOSITORY") {
            "" => format!("mesh explain {}", self.name),
            repository => format!("{repository}/blob/main/docs/rules/{}.md", self.name),
        }
    }
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Rules of one sort.
#[derive(Debug)]
pub struct Family {
    /// The name, as the directory of its rules is called.
    pub name: &'static str,
    about: &'static str,
    /// The rules.
    pub rules: &'static [&'static Rule],
}

impl Family {
    /// A family, by the text of its doc comment.
    pub(super) const fn new(name: &'static str, about: &'static str, rules: &'static [&'static Rule]) -> Self {
        Self { name, about, rules }
    }

    /// One line, a sentence: what they find.
    pub fn about(&self) -> &'static str {
        self.about.trim()
    }
}

/// Declares a rule; its page is `docs/rules/<name>.md`, which must exist for the project to compile.
macro_rules! rule {
    (name: $name:literal, aliases: $aliases:expr, severity: $severity:ident, summary: $summary:literal, check: $check:expr $(,)?) => {
        $crate::lint::Rule {
            name: $name,
            aliases: &$aliases,
            severity: $crate::lint::Severity::$severity,
            summary: $summary,
            page: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules/", $name, ".md")),
            check: $check,
        }
    };
}

/// Declares the list of all rules, by family: the modules, `FAMILIES` and `ALL`.
macro_rules! rules {
    ($(#[doc = $about:literal] $family:ident { $($rule:ident),* $(,)? })*) => {
        $(#[doc = $about] mod $family { $(pub(super) mod $rule;)* })*

        /// The families of rules.
        pub static FAMILIES: &[$crate::lint::Family] = &[
            $($crate::lint::Family::new(stringify!($family), $about, &[$(&$family::$rule::RULE),*])),*
        ];

        /// All rules, by family.
        pub static ALL: &[&$crate::lint::Rule] = &[$($(&$family::$rule::RULE),*),*];
    };
}

pub(super) use {rule, rules};
