//! The JSON Schema of the configuration, `docs/mesh.schema.json`. `UPDATE=1 cargo test schema` writes it.

use std::path::{Path, PathBuf};
use std::{env, fs};

use boon::{Compiler, SchemaIndex, Schemas};
use mesh::config::{ConfigFile, schema};
use mesh::lint::rules;
use mesh::source::FileId;
use serde_json::Value;

use crate::cases;

/// The first line of code blocks that are configurations.
const MARK: &str = "# .mesh.yaml\n";

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/mesh.schema.json")
}

fn compiled() -> (Schemas, SchemaIndex) {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("mesh.schema.json", schema(&rules::names())).unwrap();
    let index = compiler.compile("mesh.schema.json", &mut schemas).unwrap();
    (schemas, index)
}

/// The mistakes that the schema and `mesh` find in a configuration; `None` if the schema accepts it.
fn mistakes((schemas, index): &(Schemas, SchemaIndex), text: &str) -> (Option<String>, Vec<String>) {
    let value: Value = serde_yaml::from_str(text).unwrap();
    let of_schema = schemas.validate(&value, *index).err().map(|error| error.to_string());
    let file = ConfigFile::parse(FileId::default(), text).unwrap();
    (of_schema, file.problems.into_iter().map(|problem| problem.message).collect())
}

#[test]
fn the_schema_is_up_to_date() {
    let mut expected = serde_json::to_string_pretty(&schema(&rules::names())).unwrap();
    expected.push('\n');
    if env::var_os("UPDATE").is_some() {
        fs::write(path(), &expected).unwrap();
    }
    let found = fs::read_to_string(path()).unwrap_or_default();
    assert!(found == expected, "docs/mesh.schema.json is out of date; run `UPDATE=1 cargo test schema` and commit it");
}

#[test]
fn the_schema_accepts_the_examples_of_the_documentation() {
    let schema = compiled();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut examples = 0;
    for entry in fs::read_dir(docs).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|it| it != "md") {
            continue;
        }
        let page = fs::read_to_string(&path).unwrap();
        for block in page.split("```yaml\n").skip(1).filter(|block| block.starts_with(MARK)) {
            let text = block.split("```").next().unwrap();
            assert_eq!(mistakes(&schema, text), (None, Vec::new()), "{}: {text}", path.display());
            examples += 1;
        }
    }
    assert!(examples >= 3, "only {examples} examples begin with `# .mesh.yaml`");
}

/// The cases of `invalid-configuration`: what the decoder reports, the schema refuses, and the other way round. It knows no
/// patterns, dates of short months, other documents or files.
#[test]
fn the_schema_and_the_program_agree_on_the_cases() {
    let schema = compiled();
    let rule = rules::ALL.iter().find(|rule| rule.name == "invalid-configuration").unwrap();
    let (mut good, mut bad) = (0, 0);
    for example in cases::examples(rule) {
        let Some(text) = example.file(".mesh.yaml") else { continue };
        let text = text.split("\n---").next().unwrap();
        let (of_schema, messages) = mistakes(&schema, text);
        // A schema sees the last one.
        if messages.iter().any(|message| message.ends_with("is defined twice")) {
            continue;
        }
        let linted = example.lint();
        let found = linted.of_rule(rule.name).filter(|it| !["unmatched", "unread"].contains(&it.finding.name));
        let is_bad = found.count() > 0;
        assert_eq!(of_schema.is_some(), is_bad, "{text}\n{of_schema:?}\n{messages:?}");
        *(if is_bad { &mut bad } else { &mut good }) += 1;
    }
    assert!(good >= 3 && bad >= 6, "{good} good and {bad} bad cases");
}
