//! `suppress`: findings that the configuration accepts.

use std::collections::BTreeSet;

use crate::config::{ConfigFile, Date, NamePattern, Suppression};
use crate::lint::diagnostic::{Diagnostic, ResourceName};
use crate::lint::diagnostics::Diagnostics;
use crate::lint::rules::unused_suppression::{EXPIRED, UNUSED};
use crate::lint::selector::Selector;
use crate::source::FileId;

/// The entries of `suppress`.
#[derive(Debug, Default)]
pub(in crate::lint) struct Suppressions {
    entries: Vec<Entry>,
}

/// A rule of an entry: the places of the entry and of the rule.
pub(in crate::lint) type EntryRule = (usize, usize);

#[derive(Debug)]
struct Entry {
    /// The findings that it accepts, by rule as written; `None` for a rule that does not exist.
    rules: Vec<(String, Option<Selector>)>,
    kind: Option<NamePattern>,
    namespace: Option<NamePattern>,
    name: Option<NamePattern>,
    /// The files; `None` for all.
    files: Option<BTreeSet<FileId>>,
    until: Option<Date>,
    is_expired: bool,
}

impl Suppressions {
    /// Adds an entry. `files` has the files that its paths match, if it has paths.
    pub fn add(&mut self, written: &Suppression, files: Option<BTreeSet<FileId>>, today: Date) {
        // The configuration has valid patterns only.
        let pattern = |text: &Option<String>| text.as_deref().and_then(|text| NamePattern::new(text).ok());
        self.entries.push(Entry {
            rules: written.rules.iter().map(|name| (name.clone(), Selector::of(name))).collect(),
            kind: pattern(&written.kind),
            namespace: pattern(&written.namespace),
            name: pattern(&written.name),
            files,
            until: written.until,
            is_expired: written.until.is_some_and(|until| until < today),
        });
    }

    /// The rules of entries that accept a finding.
    pub fn accepting<'s>(&'s self, diagnostic: &'s Diagnostic) -> impl Iterator<Item = EntryRule> + 's {
        let entries = self.entries.iter().enumerate().filter(|(_, entry)| entry.covers(diagnostic));
        entries.flat_map(move |(index, entry)| {
            let rules = entry.rules.iter().enumerate();
            let selecting = rules.filter(|(_, (_, rule))| rule.as_ref().is_some_and(|it| it.selects(diagnostic)));
            selecting.map(move |(rule, _)| (index, rule))
        })
    }

    /// Reports the entries that have ended.
    pub fn report_expired(&self, file: &ConfigFile, diagnostics: &mut Diagnostics) {
        for (index, entry) in self.entries.iter().enumerate() {
            if let Some(until) = entry.until.filter(|_| entry.is_expired) {
                diagnostics
                    .report(
                        &EXPIRED,
                        file.place(&format!("suppress[{index}].until")),
                        format!("the entry ended on {until}"),
                    )
                    .help("correct the findings and remove the entry, or set a later day");
            }
        }
    }

    /// Reports the rules of entries that accept nothing. `is_decided` says whether everything about a rule was checked.
    pub fn report_unused(
        &self,
        file: &ConfigFile,
        used: &BTreeSet<EntryRule>,
        is_decided: impl Fn(&[&'static str]) -> bool,
        diagnostics: &mut Diagnostics,
    ) {
        for (index, entry) in self.entries.iter().enumerate().filter(|(_, entry)| !entry.is_expired) {
            for (at, (name, selector)) in entry.rules.iter().enumerate() {
                let is_unused = !used.contains(&(index, at));
                if selector.as_ref().is_some_and(|selector| is_unused && is_decided(selector.rules())) {
                    let place = file.place(&format!("suppress[{index}].rules[{at}]"));
                    diagnostics
                        .report(&UNUSED, place, format!("`{name}` reports nothing that the entry suppresses"))
                        .help("remove the rule from the entry, or correct the patterns of the entry");
                }
            }
        }
    }
}

impl Entry {
    /// Whether the entry is about the place of a finding.
    fn covers(&self, diagnostic: &Diagnostic) -> bool {
        let is_of_file = |files: &BTreeSet<FileId>| files.contains(&diagnostic.span.file);
        !self.is_expired
            && self.files.as_ref().is_none_or(is_of_file)
            && self.covers_resource(diagnostic.subject.as_ref().map(|subject| &subject.resource))
    }

    fn covers_resource(&self, resource: Option<&ResourceName>) -> bool {
        let Some(resource) = resource else {
            return self.kind.is_none() && self.namespace.is_none() && self.name.is_none();
        };
        let fits = |pattern: &Option<NamePattern>, name: &str| pattern.as_ref().is_none_or(|it| it.matches(name));
        fits(&self.kind, &resource.kind)
            && fits(&self.namespace, resource.namespace.as_deref().unwrap_or_default())
            && fits(&self.name, &resource.name)
    }
}
