//! The verdicts on single values of policies: istiod's own test tables.

use mesh::validate::policy_syntax as policy;
use serde_json::{Value, json};

use super::different;
use super::validation::{found, rows};

/// Whether all texts of a list are valid.
fn all(input: &Value, is_valid: impl Fn(&str) -> bool) -> bool {
    input.as_array().expect("the input is a list").iter().all(|text| is_valid(text.as_str().expect("it is a text")))
}

/// Whether the webhook accepts a policy with a condition.
fn accepts_condition(condition: &Value) -> bool {
    let manifest = json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "AuthorizationPolicy",
        "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {"rules": [{"when": [condition]}]},
    });
    found(&manifest)[0].is_empty()
}

/// The verdict of a check on its input; `None` if the check is not about policies.
fn verdict(check: &str, input: &Value) -> Option<bool> {
    Some(match check {
        "authz-condition" => accepts_condition(input),
        "authz-path-template" => all(input, |path| policy::path_fault(path).is_none()),
        "authz-path-literal" => policy::is_path_literal(input.as_str()?),
        "trust-domain-values" => all(input, policy::is_trust_domain),
        "wildcard-values" => all(input, policy::is_wildcard_value),
        "strict-header-name" => policy::is_strict_header_name(input.as_str()?),
        _ => return None,
    })
}

#[test]
fn values_of_policies_are_valid_as_for_istiod() {
    let Some(rows) = rows("units.jsonl") else { return };
    let results = rows.iter().filter_map(|row| {
        let (check, input) = (row["check"].as_str()?, &row["input"]);
        let valid = verdict(check, input)?;
        let result = if Some(valid) == row["valid"].as_bool() { Ok(()) } else { Err(format!("valid: {valid}")) };
        Some((format!("{check} {input}"), result))
    });
    different::check("validation of policies, units.jsonl", results.collect(), 94);
}

#[test]
fn annotations_are_checked_for_every_kind() {
    let files = ["cases.jsonl", "extra.jsonl"];
    let rows = files.iter().filter_map(|file| rows(file)).flatten();
    for row in rows.filter(|row| row["errors"][0].as_str().is_some_and(|id| id.starts_with("M-"))) {
        let wanted: Vec<&str> = row["errors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert_eq!(found(&row["manifest"])[0].iter().collect::<Vec<_>>(), wanted, "{}", row["id"]);
    }
}
