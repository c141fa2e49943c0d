//! The rules of all hosts: a row for each, with the requests that it takes.

use std::borrow::Cow;
use std::io;

use super::rows::{Brevity, Target, denial_words, targets};
use super::{push_unanswered, trace};
use crate::report::Style;
use crate::report::text::table::Grid;
use crate::report::text::theme::Theme;
use crate::report::text::words::{clean, push_hanging};
use crate::simulate::{Answer, Outcome, RuleAnswer};

/// Writes the output of `mesh simulate` without a URL, for people: a table with rows for each rule of each host, the notes
/// of the answers, and the traces, if they have any.
pub fn every_rule(rules: &[RuleAnswer], style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let theme = Theme::new(*style);
    let mut text = String::new();
    let answered: Vec<(&RuleAnswer, &Answer)> =
        rules.iter().filter_map(|rule| Some((rule, rule.result.as_ref().ok()?))).collect();
    let notes = Notes::of(&answered);
    // Alternatives often have the same rules.
    let mut tables: Vec<(String, Vec<&str>)> = Vec::new();
    for of_mesh in answered.chunk_by(|(_, one), (_, other)| one.mesh == other.mesh) {
        let table = table(of_mesh, &notes).render(style);
        let mesh = of_mesh.first().and_then(|(_, answer)| answer.mesh.as_deref());
        match tables.iter_mut().find(|(known, _)| *known == table) {
            Some((_, meshes)) => meshes.extend(mesh),
            None => tables.push((table, mesh.into_iter().collect())),
        }
    }
    for (table, meshes) in &tables {
        if !meshes.is_empty() {
            let lead = theme.accent(if meshes.len() == 1 { "mesh" } else { "meshes" }) + " ";
            push_hanging(&mut text, &lead, 4, &clean(&meshes.join(", ")), style.columns());
        }
        text.push_str(table);
    }
    for (index, note) in notes.all.iter().enumerate() {
        let lead = format!("  {} ", theme.accent(&format!("[{}]", index + 1)));
        push_hanging(&mut text, &lead, 6, &clean(note), style.columns());
    }
    answered.iter().for_each(|(_, answer)| trace::push(&mut text, answer, &theme, true));
    let mut errors: Vec<(&str, &str)> = Vec::new();
    for unanswered in rules.iter().filter_map(|rule| rule.result.as_ref().err()) {
        let error = (unanswered.host.as_str(), unanswered.error.as_str());
        if !errors.contains(&error) {
            errors.push(error);
            push_unanswered(&mut text, unanswered, &theme);
        }
    }
    out.write_all(text.as_bytes())
}

/// The notes of answers, each once. The rows refer to them by their numbers.
struct Notes<'a> {
    all: Vec<Cow<'a, str>>,
}

impl<'a> Notes<'a> {
    fn of(answered: &[(&'a RuleAnswer, &'a Answer)]) -> Self {
        let mut all: Vec<Cow<'_, str>> = Vec::new();
        for note in answered.iter().flat_map(|(rule, answer)| notes_of(rule, answer)) {
            if !all.contains(&note) {
                all.push(note);
            }
        }
        Self { all }
    }

    /// The numbers of the notes of a rule: `[1] [2]`.
    fn marks(&self, rule: &RuleAnswer, answer: &Answer) -> String {
        let own = notes_of(rule, answer);
        let numbers = self.all.iter().enumerate().filter(|(_, note)| own.contains(note));
        numbers.map(|(index, _)| format!(" [{}]", index + 1)).collect()
    }
}

/// The notes of an answer, and one on the policy that denies some requests before they reach the rule.
fn notes_of<'a>(rule: &RuleAnswer, answer: &'a Answer) -> Vec<Cow<'a, str>> {
    let denial = rule.denial.as_ref().filter(|_| answer.outcome != Outcome::Denied);
    let denial = denial.map(|decision| Cow::Owned(format!("some requests: {}", denial_words(decision))));
    denial.into_iter().chain(answer.notes().into_iter().map(Cow::Borrowed)).collect()
}

/// The proxy and the host of an answer, which the rows of its rules share.
struct Heading<'a> {
    host: &'a str,
    gateway: Option<&'a str>,
    port: Option<u32>,
}

impl<'a> Heading<'a> {
    fn of((rule, answer): (&'a RuleAnswer, &'a Answer)) -> Self {
        Self { host: &rule.host, gateway: answer.gateway.as_deref(), port: rule.asked.port }
    }

    /// Whether the rows of both belong together. A request without a port goes to the only one.
    fn covers(&self, other: &Self) -> bool {
        let is_same_port = self.port.is_none() || other.port.is_none() || self.port == other.port;
        self.host == other.host && self.gateway == other.gateway && is_same_port
    }

    /// The lines of the heading. The port is shown if the proxy has other rules for the host at another port.
    fn lines(&self, all: &[(&'a RuleAnswer, &'a Answer)], brevity: &Brevity<'_>) -> Vec<String> {
        let is_rival = |other: &Self| {
            (other.host, other.gateway) == (self.host, self.gateway) && other.port.is_some() && !self.covers(other)
        };
        let has_rival = all.iter().any(|it| is_rival(&Self::of(*it)));
        let port = self.port.filter(|_| has_rival).map(|port| format!(":{port}")).unwrap_or_default();
        let via = self.gateway.map(|gateway| format!("via {}", clean(gateway)));
        std::iter::once(format!("{}{port}", brevity.host(self.host))).chain(via).collect()
    }
}

/// The rows of a rule. If no request is known that a policy lets reach the rule, the row is about the others.
fn all_targets(rule: &RuleAnswer, answer: &Answer, brevity: &Brevity<'_>) -> Vec<Target> {
    match &rule.denial {
        Some(decision) if answer.outcome == Outcome::Denied => {
            vec![Target { goes_to: format!("some requests: {}", denial_words(decision)), share: String::new() }]
        }
        _ => targets(answer, brevity),
    }
}

fn table(answered: &[(&RuleAnswer, &Answer)], notes: &Notes<'_>) -> Grid {
    let mut grid = Grid::new(vec!["HOST", "WHEN", "GOES TO", "SHARE"]);
    let hosts = answered.iter().flat_map(|(rule, answer)| {
        std::iter::once(rule.host.as_str()).chain(answer.destinations.iter().map(|it| it.host.as_str()))
    });
    let brevity = Brevity::of(hosts);
    let mut rest = answered;
    while let Some(first) = rest.first() {
        let heading = Heading::of(*first);
        let count = rest.iter().take_while(|it| heading.covers(&Heading::of(**it))).count();
        let (group, others) = rest.split_at(count);
        rest = others;
        let rows = group.iter().flat_map(|(rule, answer)| {
            all_targets(rule, answer, &brevity).into_iter().enumerate().map(|(index, target)| {
                let is_first = index == 0;
                let when = if is_first { clean(&rule.when) } else { String::new() };
                let marks = if is_first { notes.marks(rule, answer) } else { String::new() };
                [when, target.goes_to + &marks, target.share]
            })
        });
        let rows: Vec<[String; 3]> = rows.collect();
        let mut lines = heading.lines(answered, &brevity);
        // The lines of the heading share the rows of the rules.
        let spread = if rows.len() < lines.len() { vec![lines.join("\n")] } else { std::mem::take(&mut lines) };
        let mut spread = spread.into_iter();
        for row in rows {
            let host = spread.next().unwrap_or_default();
            grid.push(std::iter::once(host).chain(row).collect());
        }
    }
    grid
}
