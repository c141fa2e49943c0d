//! Which names, hosts and numbers the admission webhook takes: istiod's own tables of single values.

use mesh::validate::syntax;
use mesh::world::host;
use serde_json::{Value, json};

use super::different;
use super::validation::{found, rows};

/// Whether a value is valid; `None` of what another test looks at.
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
        "labels" => takes(&destination_rule(&json!({"subsets": [{"name": "a", "labels": input}]})), "LB"),
        "localities" => takes_localities(input.as_array()?),
        "duration-1ms-precision" => takes(&route(&json!({"timeout": input})), "TO-"),
        "match-header-name" => takes(&route(&json!({"match": [{"headers": {text(): {"exact": "a"}}}]})), "HM-"),
        "header-value" => takes(&route(&json!({"headers": {"request": {"set": {"a": input}}}})), "H"),
        "http-status" => {
            takes(&route(&json!({"fault": {"abort": {"httpStatus": input, "percentage": {"value": 1}}}})), "F")
        }
        _ => return None,
    })
}

/// Whether a manifest is taken, as far as rules whose number begins like that are asked.
fn takes(manifest: &Value, id: &str) -> bool {
    let [errors, _] = found(manifest);
    !errors.iter().any(|error| error.starts_with(id) || error == "DEC")
}

/// Whether localities may stand in one list. Those of `from` are such a list.
fn takes_localities(localities: &[Value]) -> bool {
    let share = |from: &Value| json!({"from": from, "to": {"region": 100}});
    let distribute: Vec<Value> = localities.iter().map(share).collect();
    let balancer = json!({"localityLbSetting": {"distribute": distribute}});
    takes(&destination_rule(&json!({"trafficPolicy": {"loadBalancer": balancer}})), "LO-")
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
fn values_are_those_that_istiod_takes() {
    let Some(rows) = rows("units.jsonl") else { return };
    let results = rows.iter().filter_map(|row| {
        let (check, input) = (row["check"].as_str()?, &row["input"]);
        let valid = verdict(check, input)?;
        let result = if Some(valid) == row["valid"].as_bool() { Ok(()) } else { Err(format!("valid: {valid}")) };
        Some((format!("{check} {input}"), result))
    });
    different::check("validation of values, units.jsonl", results.collect(), 137);
}
