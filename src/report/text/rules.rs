//! The list of rules for people.

use std::io;

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};

use crate::lint::{Family, Rule};
use crate::report::Style;

/// Writes the output of `mesh rules` for people: a table for each family, with a row for each rule.
pub fn rules(families: &[&Family], style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    let longest = families.iter().map(|family| longest(family.rules)).max().unwrap_or_default();
    for family in families {
        writeln!(out, "{}\n\n{}\n", family.about, table(family.rules, longest, style))?;
    }
    let count: usize = families.iter().map(|family| family.rules.len()).sum();
    writeln!(out, "{count} rules; `mesh explain RULE` shows the page of a rule")
}

/// Writes the rules that a code refers to.
pub fn rules_of_code(rules: &[&Rule], style: &Style, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "{}", table(rules, longest(rules), style))
}

fn longest(rules: &[&Rule]) -> usize {
    rules.iter().map(|rule| rule.name.len()).max().unwrap_or_default()
}

/// Whether an alias is a code of another tool, such as IST0101, and not a former name of the rule.
fn is_code(alias: &str) -> bool {
    alias.starts_with(|letter: char| letter.is_ascii_uppercase())
}

fn codes(rule: &Rule) -> Vec<&'static str> {
    rule.aliases().into_iter().filter(|alias| is_code(alias)).collect()
}

/// The summary with the former names of the rule, which would not fit in the column of the codes.
fn summary_of(rule: &Rule) -> String {
    let former: Vec<&str> = rule.aliases().into_iter().filter(|alias| !is_code(alias)).collect();
    match former.is_empty() {
        true => rule.summary.to_owned(),
        false => format!("{} (formerly {})", rule.summary, former.join(", ")),
    }
}

/// A table with one rule in each row. Names are at most `longest` columns wide.
fn table(rules: &[&Rule], longest: usize, style: &Style) -> String {
    const LEVEL: u16 = 9;
    const CODES: u16 = 9;
    let name = u16::try_from(longest).unwrap_or(u16::MAX).saturating_add(4);
    let all = u16::try_from(style.columns()).unwrap_or(u16::MAX);
    let summary = all.saturating_sub(name + LEVEL + CODES).max(20);
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    for rule in rules {
        table.add_row([
            &format!("  {}", rule.name),
            rule.severity().as_str(),
            &summary_of(rule),
            &codes(rule).join("\n"),
        ]);
    }
    let widths = [name, LEVEL, summary, CODES];
    table.set_constraints(widths.map(|width| ColumnConstraint::Absolute(Width::Fixed(width))));
    table.trim_fmt()
}
