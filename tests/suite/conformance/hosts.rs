//! Tables of istiod's functions on host names.

use mesh::world::{NamespacedName, host, resolve_gateway_name};
use serde_json::Value;

use crate::shared;

fn tables() -> Option<Value> {
    let text = std::fs::read_to_string(shared::data("conformance/simulation/unit-tables.json")?).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> Vec<&str> {
    value.as_array().map(|items| items.iter().map(text).collect()).unwrap_or_default()
}

/// Whether a row of a table agrees; `None` if the table is of something else.
fn agrees(test: &str, row: &Value) -> Option<bool> {
    Some(match test {
        "TestNameMatches" => host::overlap(text(&row["a"]), text(&row["b"])) == row["out"],
        "TestNameSubsetOf" => host::covered_by(text(&row["a"]), text(&row["b"])) == row["out"],
        "TestNamesIntersection" => {
            let mut ours = host::intersection(&list(&row["a"]), &list(&row["b"]));
            let mut theirs = list(&row["intersection"]);
            ours.sort_unstable();
            theirs.sort_unstable();
            ours == theirs
        }
        "TestNamesSortOrder" => {
            let mut ours = list(&row["in"]);
            ours.sort_by(|a, b| host::by_specificity(a, b));
            ours == list(&row["want"])
        }
        "TestMostSpecificHostMatch" => {
            host::most_specific(text(&row["needle"]), list(&row["in"])).unwrap_or_default() == text(&row["want"])
        }
        "TestResolveGatewayName" => {
            let namespace = text(&row["namespace"]);
            let ours = resolve_gateway_name(text(&row["gateway"]), namespace);
            ours.as_ref().map(NamespacedName::to_string).unwrap_or_default() == text(&row["resolved"])
        }
        _ => return None,
    })
}

#[test]
fn host_names_are_compared_as_istiod_does() {
    let Some(tables) = tables() else { return };
    let (mut agree, mut skipped, mut differ) = (0, 0, Vec::new());
    for table in tables["tables"].as_array().unwrap() {
        let test = text(&table["test"]);
        for row in table["rows"].as_array().unwrap() {
            match agrees(test, row) {
                Some(true) => agree += 1,
                Some(false) => differ.push(format!("{test}: {row}")),
                None => skipped += 1,
            }
        }
    }
    println!("unit tables: {agree} rows agree, {} differ, {skipped} skipped (of other functions)", differ.len());
    assert!(agree >= 80, "only {agree} rows were compared");
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
