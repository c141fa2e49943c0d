//! `docs/json.md` describes every field of the JSON output, and no others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The sources of the structs that are written as JSON.
const SOURCES: [&str; 4] =
    ["src/source/line_index.rs", "src/lint/diagnostic.rs", "src/lint/diagnostics.rs", "src/lint/statistics.rs"];

/// The structs that have only a `schema` and a list, which the first table describes.
const ENVELOPES: [&str; 4] = ["meshes::Object", "rules::Object", "simulate::ResultsObject", "check::CheckObject"];

/// The fields of each struct with `#[derive(Serialize)]`, as `module::Name`. Flattened fields are left out.
fn written() -> BTreeMap<String, BTreeSet<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = fs::read_dir(root.join("src/report/json")).unwrap().map(|entry| entry.unwrap().path());
    let mut structs = BTreeMap::new();
    for path in own.chain(SOURCES.map(|path| root.join(path))) {
        let module = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let mut lines = text.split("#[cfg(test)]").next().unwrap().lines().map(str::trim);
        let mut attributes = String::new();
        while let Some(line) = lines.next() {
            if line.starts_with("#[") || line.starts_with("///") {
                attributes.push_str(line);
                continue;
            }
            let name = line.split("struct ").nth(1).filter(|_| line.ends_with('{'));
            if let Some(name) = name.filter(|_| attributes.contains("Serialize")) {
                let name = name.split(['<', ' ']).next().unwrap();
                let fields = fields(&mut lines, attributes.contains("camelCase"));
                structs.insert(format!("{module}::{name}"), fields);
            }
            attributes.clear();
        }
    }
    structs
}

/// The fields up to the end of a struct.
fn fields<'t>(lines: &mut impl Iterator<Item = &'t str>, camel_case: bool) -> BTreeSet<String> {
    let mut fields = BTreeSet::new();
    let mut is_left_out = false;
    for line in lines.take_while(|line| *line != "}") {
        if line.starts_with("#[") {
            is_left_out |= line.contains("flatten") || line == "#[serde(skip)]";
        } else if let Some((name, _)) = line.split_once(": ").filter(|_| !line.starts_with("//")) {
            let name = name.rsplit(' ').next().unwrap().trim_start_matches("r#");
            if !std::mem::take(&mut is_left_out) {
                fields.insert(if camel_case { to_camel_case(name) } else { name.to_owned() });
            }
        }
    }
    fields
}

fn to_camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap().to_owned();
    words.fold(first, |text, word| text + &word[..1].to_uppercase() + &word[1..])
}

/// The structs of each table of the page, and the fields in its first column.
fn documented() -> Vec<(Vec<String>, BTreeSet<String>)> {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/json.md")).unwrap();
    let tables = page.split("<!-- fields: ").skip(1).map(|part| {
        let (names, rest) = part.split_once(" -->").unwrap();
        let rows = rest.split("\n#").next().unwrap().lines().filter(|line| line.starts_with("| ")).skip(2);
        let cells = rows.map(|row| row.split(" | ").next().unwrap());
        let fields = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
        (names.split(' ').map(str::to_owned).collect(), fields)
    });
    tables.collect()
}

#[test]
fn each_field_of_the_output_is_documented_and_no_other() {
    let structs = written();
    let mut seen: BTreeSet<String> = ENVELOPES.iter().map(|name| (*name).to_owned()).collect();
    for (names, fields) in documented() {
        let of =
            |name: &String| structs.get(name).unwrap_or_else(|| panic!("no struct {name} in {:?}", structs.keys()));
        let written: BTreeSet<String> = names.iter().flat_map(of).cloned().collect();
        assert_eq!(fields, written, "the fields of {names:?}: the page, and the program");
        seen.extend(names);
    }
    let is_own = |name: &&String| {
        !SOURCES.iter().any(|path| path.contains(&format!("/{}.rs", name.split("::").next().unwrap())))
    };
    let missing: Vec<&String> = structs.keys().filter(|name| !seen.contains(*name)).filter(is_own).collect();
    assert!(missing.is_empty(), "docs/json.md does not describe {missing:?}");
}
