//! Metrics, traces and access logs.

mod telemetry_provider;

use crate::lint::Family;

pub static FAMILY: Family =
    Family { name: "telemetry", about: "Metrics, traces and access logs", rules: &[&telemetry_provider::RULE] };
