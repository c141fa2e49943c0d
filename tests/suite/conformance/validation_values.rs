//! The verdicts on names, hosts and numbers: istiod's own test tables of single values.

use mesh::validate::syntax;
use mesh::world::host;
use serde_json::{Value, json};

use super::different;
use super::validation::{found, rows};

/// Whether a value is valid; `None` if another test has the check.
fn verdict(check: &str, input: &Value) -> Option<bool> {
    let text = || input.as_str().unwrap_or_default();
    let pair = || (input["a"].as_str().unwrap_or_default(), input["b"].as_str().unwrap_or_default());
    Some(match check {
        "fqdn" => syntax::is_fqdn(text()),
        "wildcard-domain" => syntax::is_wildcard_domain(text()),
        "wildcard-domain-gateway" => syntax::is_gateway_domain(input["host"].as_str()?, input["sni"].as_bool()?),
        "ip-address" => syntax::is_ip_address(text()),
        "ip-or-cidr" => syntax::is_subnet(text()),
        "port-name" => syntax::is_label(text()),
        "host-matches" => host::overlap(pair().0, pair().1),
        "host-subset-of" => host::covered_by(pair().0, pair().1),
        "labels" => passes(&destination_rule(&json!({"subsets": [{"name": "a", "labels": input}]})), "LB"),
        "localities" => accepts_localities(input.as_array()?),
        "duration-1ms-precision" => passes(&route(&json!({"timeout": input})), "TO-"),
        "match-header-name" => passes(&route(&json!({"match": [{"headers": {text(): {"exact": "a"}}}]})), "HM-"),
        "header-value" => passes(&route(&json!({"headers": {"request": {"set": {"a": input}}}})), "H"),
        "http-status" => {
            passes(&route(&json!({"fault": {"abort": {"httpStatus": input, "percentage": {"value": 1}}}})), "F")
        }
        _ => return None,
    })
}

/// Whether a manifest has no violation of a check whose number starts with a prefix.
fn passes(manifest: &Value, prefix: &str) -> bool {
    let [errors, _] = found(manifest);
    !errors.iter().any(|error| error.starts_with(prefix) || error == "DEC")
}

/// Whether a list of localities is valid. The `from` fields of `distribute` are such a list.
fn accepts_localities(localities: &[Value]) -> bool {
    let share = |from: &Value| json!({"from": from, "to": {"region": 100}});
    let distribute: Vec<Value> = localities.iter().map(share).collect();
    let balancer = json!({"localityLbSetting": {"distribute": distribute}});
    passes(&destination_rule(&json!({"trafficPolicy": {"loadBalancer": balancer}})), "LO-")
}

fn destination_rule(fields: &Value) -> Value {
    let mut spec = json!({"host": "a"});
    spec.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({
        "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
        "metadata": {"name": "a", "namespace": "b"}, "spec": spec,
    })
}

fn route(fields: &Value) -> Value {
    let mut route = json!({"route": [{"destination": {"host": "a"}}]});
    route.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({
        "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
        "metadata": {"name": "a", "namespace": "b"}, "spec": {"hosts": ["a"], "http": [route]},
    })
}

#[test]
fn values_are_valid_as_for_istiod() {
    let Some(rows) = rows("units.jsonl") else { return };
    let results = rows.iter().filter_map(|row| {
        let (check, input) = (row["check"].as_str()?, &row["input"]);
        let valid = verdict(check, input)?;
        let result = if Some(valid) == row["valid"].as_bool() { Ok(()) } else { Err(format!("valid: {valid}")) };
        Some((format!("{check} {input}"), result))
    });
    different::check("validation of values, units.jsonl", results.collect(), 137);
}
