//! The rules that are reported at all: `select` and `ignore`.

use crate::lint::diagnostic::{Diagnostic, DiagnosticKey};
use crate::lint::finding::Finding;
use crate::lint::rule::Rule;
use crate::lint::rules::{self, invalid_configuration};
use crate::lint::selector::{Precision, Selector};

/// Which findings are reported. The most precise name decides: a finding before its rule, a rule before a code, a code before
/// a family. Of equal ones, an option takes precedence over the configuration, and `ignore` over `select`.
#[derive(Debug, Clone, Default)]
pub(in crate::lint) struct Selection {
    /// The names to select; `None` for everything.
    pub select: Option<Vec<Named>>,
    /// The names to leave out.
    pub ignore: Vec<Named>,
}

/// A name, and where it is written.
#[derive(Debug, Clone)]
pub(in crate::lint) struct Named {
    /// The findings that it means.
    pub selector: Selector,
    /// Whether an option has it, and not the configuration.
    pub is_option: bool,
}

impl Selection {
    /// Whether everything is reported.
    pub fn is_everything(&self) -> bool {
        self.select.is_none() && self.ignore.is_empty()
    }

    /// Whether a finding is reported.
    pub fn keeps(&self, diagnostic: &Diagnostic) -> bool {
        self.keeps_finding(diagnostic.rule, diagnostic.finding)
    }

    /// Whether any finding of a rule is reported.
    pub fn keeps_rule(&self, name: &str) -> bool {
        let rule = rules::ALL.iter().find(|rule| rule.name == name);
        rule.is_none_or(|rule| rule.findings.iter().any(|finding| self.keeps_finding(rule, finding)))
    }

    /// Whether the finding of a key is reported.
    pub fn keeps_key(&self, (rule, finding, _): &DiagnosticKey) -> bool {
        let rule = rules::ALL.iter().find(|known| known.name == *rule);
        let finding = rule.and_then(|rule| rule.findings.iter().find(|known| known.name == *finding));
        rule.zip(finding).is_none_or(|(rule, finding)| self.keeps_finding(rule, finding))
    }

    fn keeps_finding(&self, rule: &Rule, finding: &Finding) -> bool {
        let strength = |names: &[Named], is_ignored: bool| -> Option<(Precision, bool, bool)> {
            let selecting = names.iter().filter(|named| named.selector.selects_finding(rule, finding));
            selecting.map(|named| (named.selector.precision(), named.is_option, is_ignored)).max()
        };
        let selected = self.select.as_deref().and_then(|names| strength(names, false));
        let ignored = strength(&self.ignore, true);
        match (selected, ignored) {
            // A list of rules does not hide that something else in the configuration has no effect.
            (None, None) => self.select.is_none() || rule.name == invalid_configuration::RULE.name,
            (selected, ignored) => selected > ignored,
        }
    }
}
