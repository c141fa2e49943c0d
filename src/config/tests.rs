//! Tests of the whole configuration.

use serde_json::Value as Json;

use super::keys::CONFIG;
use super::shape::Shape;
use super::*;

/// The mistakes of a text, as `line: message; help`.
fn problems(text: &str) -> Vec<String> {
    let file = ConfigFile::parse(FileId::default(), text).unwrap();
    let line = |problem: &ConfigProblem| text[..problem.span.range().start].matches('\n').count() + 1;
    file.problems.iter().map(|it| format!("{}: {}; {}", line(it), it.message, it.help)).collect()
}

#[test]
fn an_empty_file_sets_nothing() {
    for text in ["", "# nothing\n", "---\n", "manifests:\nmesh:\n", "{}\n"] {
        assert_eq!(Config::parse(text).unwrap(), Config::default(), "{text:?}");
    }
}

#[test]
fn a_misspelt_key_is_left_out_and_the_rest_applies() {
    let text = "namespace: shop\nmesh:\n  rootNamspace: infra\n  domain: example.org\nwombat: 1\n";
    let found = problems(text);
    assert_eq!(found[0], "3: `mesh` does not have a key `rootNamspace`; did you mean `rootNamespace`?");
    assert!(found[1].starts_with("5: the configuration does not have a key `wombat`; remove it, or "), "{found:?}");
    assert_eq!(
        problems("meshes: [{name: a, paths: [b], wombat: 1}]\n"),
        [
            "1: `meshes[0]` does not have a key `wombat`; use one of its keys: `name`, `paths`, `namespace` or `inventory`"
        ]
    );
    let config = ConfigFile::parse(FileId::default(), text).unwrap().config;
    assert_eq!((config.namespace.as_deref(), config.mesh.domain.as_deref()), (Some("shop"), Some("example.org")));
}

#[test]
fn values_of_other_types_are_left_out() {
    assert_eq!(problems("manifests: a\n")[0], "1: `manifests` is a string, but must be a list; write `[a]`");
    assert_eq!(problems("namespace: 12\n")[0], "1: `namespace` is a number, but must be a string; write `\"12\"`");
    assert_eq!(problems("namespace: ' '\n")[0], "1: `namespace` is empty; write the name of a namespace");
    assert_eq!(
        problems("inventory: {shop: completed}\n")[0],
        "1: `completed` is not an extent of the manifests; did you mean `complete`?"
    );
    assert_eq!(
        problems("rules: {unknown-host: loud}\n")[0],
        "1: `loud` is not a level; write `off`, `info`, `warning` or `error`"
    );
    assert_eq!(
        problems("failOnUnchecked: sure\n")[0],
        "1: `failOnUnchecked` is a string, but must be `true` or `false`; "
    );
    assert!(problems("exclude: ['a[']\n")[0].starts_with("1: `a[` is not a valid pattern: "));
    assert_eq!(problems("namespace: a\nnamespace: b\n").len(), 1);
    let config = ConfigFile::parse(FileId::default(), "manifests: [a, {b: c}, d]\n").unwrap().config;
    assert_eq!(config.manifests, [PathBuf::from("a"), PathBuf::from("d")]);
}

#[test]
fn entries_without_a_required_key_are_left_out() {
    let text =
        "suppress:\n- rules: unknown-host\n- {rules: [a], reason: b, until: 2026-02-30}\n- {rules: [a], reason: c}\n";
    assert_eq!(
        problems(text),
        [
            "2: `suppress[0]` does not have `reason`; add `reason`",
            "3: `2026-02-30` is not a day; write a day such as `2026-12-31`"
        ]
    );
    let config = ConfigFile::parse(FileId::default(), text).unwrap().config;
    let reasons: Vec<&str> = config.suppress.iter().map(|it| it.reason.as_str()).collect();
    assert_eq!(reasons, ["b", "c"]);
}

#[test]
fn words_of_yaml_are_words() {
    let config = Config::parse("rules: {a: off}\noverrides: [{paths: [b], rules: {c: off}}]\nhelm: yes\n").unwrap();
    assert_eq!((config.rules["a"], config.overrides[0].rules["c"], config.helm.is_on), (Level::Off, Level::Off, true));
}

#[test]
fn names_that_were_booleans_are_names() {
    let config = Config::parse("namespace: y\n").unwrap();
    assert_eq!(config.namespace.as_deref(), Some("y"));
    assert_eq!(problems("namespace: True\n"), ["1: `namespace` is a boolean, but must be a string; write `\"True\"`"]);
}

#[test]
fn inventories_are_words_or_mappings() {
    let setting = |text| Config::parse(text).unwrap().inventory.unwrap();
    assert_eq!(setting("inventory: complete\n"), InventoryMode::Complete.into());
    let by_namespace = setting("inventory: {payments: complete, '*': partial}\n");
    assert_eq!(by_namespace.of("payments"), Some(InventoryMode::Complete));
    assert_eq!(by_namespace.of("shop"), Some(InventoryMode::Partial));
    assert_eq!(setting("inventory: {payments: complete}\n").of("shop"), None);
}

#[test]
fn a_text_that_is_not_yaml_is_an_error() {
    let error = Config::parse("a: b\nc: [\n").unwrap_err();
    assert!(error.contains("not valid YAML"), "{error}");
    assert_eq!(problems("[a]\n"), ["1: the configuration is a list, but must be a mapping; "]);
    assert_eq!(problems("{}\n---\nnamespace: a\n").len(), 1);
}

#[test]
fn places_are_those_of_values_and_chosen_keys() {
    let text = "rules:\n  unknown-host: off\nsuppress:\n- {rules: no-effect, reason: a}\n";
    let file = ConfigFile::parse(FileId::default(), text).unwrap();
    let at = |path: &str| &text[file.place(path).range()];
    assert_eq!((at("rules.unknown-host"), at("suppress[0].rules[0]")), ("unknown-host", "no-effect"));
    let text = "suppress:\n- {rules: a}\n- {rules: [[b], c, d], reason: e, until: 2026-12-31}\n";
    let file = ConfigFile::parse(FileId::default(), text).unwrap();
    let at = |path: &str| &text[file.place(path).range()];
    assert_eq!(
        (at("suppress[0].rules[1]"), at("suppress[0].until")),
        ("d", "2026-12-31"),
        "what is left out does not count"
    );
    let text = "rules:\n";
    let file = ConfigFile::parse(FileId::default(), text).unwrap();
    let at = |path: &str| &text[file.place(path).range()];
    assert_eq!(at("select[0]"), "rules:", "the first line stands for what is missing");
}

/// [`Config`] has a field for each key that the table has, and of its type.
#[test]
fn the_table_and_the_settings_agree() {
    fn sample(shape: &Shape) -> Json {
        match shape {
            Shape::Text(_) | Shape::Rule | Shape::PathPattern | Shape::NamePattern => "text".into(),
            Shape::Flag => true.into(),
            Shape::Date => "2026-12-31".into(),
            Shape::Word(_, words) => words[0].word.into(),
            Shape::List(item) | Shape::OneOrMore(item) => vec![sample(item)].into(),
            Shape::Map(_, value) | Shape::ByRule(value) => [("key".to_owned(), sample(value))].into_iter().collect(),
            Shape::Keys(keys) => keys.iter().map(|key| (key.name.to_owned(), sample(&key.shape))).collect(),
            Shape::Or(_, other) => sample(other),
        }
    }
    let every_key = sample(&CONFIG);
    let config: Config = serde_json::from_value(every_key.clone()).unwrap();
    let parsed = Config::parse(&every_key.to_string()).unwrap();
    assert_eq!(config, parsed);
    // `deny_unknown_fields` names the fields that there are.
    let error = serde_json::from_str::<Config>("{\"-\": 1}").unwrap_err().to_string();
    let fields = error.split('`').skip(3).step_by(2).collect::<std::collections::BTreeSet<_>>();
    let keys = every_key.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, keys);
    // Each word is one that the type knows.
    for word in ["off", "info", "warning", "error"] {
        assert!(Config::parse(&format!("rules: {{a: {word}}}\n")).is_ok());
    }
    for mode in ["ALLOW_ANY", "REGISTRY_ONLY", "ALLOW_ANY_DYNAMIC_DNS"] {
        assert!(Config::parse(&format!("mesh: {{outboundTrafficPolicy: {{mode: {mode}}}}}\n")).is_ok());
    }
}
