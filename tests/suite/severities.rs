//! `docs/severity.md` and the findings agree: the axis is the one in the code, the list has every finding, and findings
//! whose texts claim the same harm have the same harm.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use mesh::lint::{Certainty, Finding, Harm, Rule, Severity, rules};

/// The heading below which the list of findings is generated.
const LIST: &str = "## All findings\n";

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/severity.md")
}

fn findings() -> impl Iterator<Item = (&'static Rule, &'static Finding)> {
    rules::ALL.iter().flat_map(|rule| rule.findings.iter().map(move |finding| (*rule, *finding)))
}

#[test]
fn the_axis_is_the_documented_one() {
    let text = fs::read_to_string(page()).unwrap();
    for harm in Harm::ALL {
        let row = text.lines().find(|line| line.starts_with(&format!("| {} |", harm.as_str())));
        let cells: Vec<&str> = row.unwrap_or_else(|| panic!("no row of {harm:?}")).split('|').map(str::trim).collect();
        let severities = [Certainty::Certain, Certainty::Likely].map(|it| Severity::of(harm, it).as_str());
        assert_eq!(cells[3..5], severities, "the row of {harm:?}");
    }
}

#[test]
fn every_finding_is_listed_by_its_harm() {
    let text = fs::read_to_string(page()).unwrap();
    let (before, _) = text.split_once(LIST).expect("the page has the heading");
    let expected = format!("{before}{LIST}{}", list());
    if env::var_os("UPDATE").is_some() {
        fs::write(page(), &expected).unwrap();
    }
    assert!(fs::read_to_string(page()).unwrap() == expected, "run `UPDATE=1 cargo test severities` and commit it");
}

/// The tables of all findings, one for each harm.
fn list() -> String {
    let mut list = String::from("\n<!-- Written by `UPDATE=1 cargo test severities`. -->\n");
    for harm in Harm::ALL {
        let of_harm: Vec<_> = findings().filter(|(_, finding)| finding.harm == harm).collect();
        write!(
            list,
            "\n### {}\n\n| finding | certainty | severity | meaning |\n| --- | --- | --- | --- |\n",
            harm.as_str()
        )
        .unwrap();
        for (rule, finding) in of_harm {
            let (certainty, severity) = (finding.certainty.as_str(), finding.severity().as_str());
            let name = format!("[{}](rules/{}.md)/{}", rule.name, rule.name, finding.name);
            writeln!(list, "| {name} | {certainty} | {severity} | {} |", finding.summary).unwrap();
        }
    }
    list
}

/// The claims that summaries of findings make, each with the harms that fit it.
const CLAIMS: &[(&str, &[Harm])] = &[
    ("never gets a request", &[Harm::Lost]),
    ("never get a request", &[Harm::Lost]),
    ("no request reaches", &[Harm::Lost]),
    ("never gets a connection", &[Harm::Lost]),
    ("webhook rejects", &[Harm::Refused]),
    ("API server rejects", &[Harm::Refused]),
    ("has no effect", &[Harm::Surprising, Harm::Notable]),
    ("does not exist", &[Harm::Lost, Harm::Exposed, Harm::Surprising, Harm::Refused]),
];

#[test]
fn the_same_claim_is_the_same_harm() {
    let mut faults = Vec::new();
    for (rule, finding) in findings() {
        for (claim, harms) in CLAIMS {
            if finding.summary.contains(claim) && !harms.contains(&finding.harm) {
                faults.push(format!(
                    "{}/{} is {:?}, but claims {claim:?}: {}",
                    rule.name, finding.name, finding.harm, finding.summary
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
