//! All integration tests in one binary, so that they are linked once.

#![allow(clippy::disallowed_macros, reason = "tests say what they skip and count")]

mod architecture;
mod baseline;
mod book;
mod bookinfo;
mod cases;
mod check;
mod commands;
mod configuration;
mod conformance;
mod corpus;
mod dead_routes;
mod diff;
mod diff_revisions;
mod english;
mod example;
#[cfg(unix)]
mod fix;
mod formats;
mod helm;
mod helps;
mod hostile;
mod ignored_files;
mod json_fields;
mod kustomize;
mod lint;
mod mesh;
mod nothing_checked;
mod output_safety;
mod placeholders;
mod policies;
mod pre_commit;
mod reach;
mod readme;
mod rendered;
mod rules;
mod schema;
mod severities;
mod shared;
mod simulate;
mod simulate_asking;
mod simulate_expect;
mod simulate_inbound;
mod simulate_text;
mod simulation;
#[path = "../support/skip.rs"]
mod skip;
mod suppression;
mod test_command;
mod test_compared;
mod violations;
