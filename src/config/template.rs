//! A commented configuration, for `mesh init`.

use std::fmt::Write as _;

use super::keys::CONFIG;
use super::schema::SCHEMA_URL;
use super::shape::Shape;

/// The width of comments.
const WIDTH: usize = 100;

/// The page that describes the file.
const PAGE: &str = "https://mesh-lint.github.io/mesh/configuration.html";

/// The suggestion of a project for a key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suggestion {
    /// The name of the key.
    pub key: &'static str,
    /// Remarks, each a sentence.
    pub remarks: Vec<String>,
    /// The entry, as YAML. `None` if the key is only explained.
    pub entry: Option<String>,
}

/// Entries that show how a key is written, for those that nothing suggests.
const EXAMPLES: [(&str, &str); 19] = [
    ("manifests", "manifests: [manifests]"),
    ("exclude", "exclude: [drafts, \"**/*.tmp.yaml\"]"),
    ("namespace", "namespace: default"),
    ("mesh", "mesh:\n  rootNamespace: istio-system\n  trustDomain: cluster.local"),
    ("inventory", "inventory:\n  payments: complete\n  \"*\": partial"),
    ("known", "known:\n  hosts: [\"*.example.com\"]\n  services:\n    payments: [ledger]"),
    ("meshes", "meshes:\n- name: production\n  paths: [common, envs/production]"),
    ("helm", "helm: true"),
    ("check", "check: [mesh-check.yaml]"),
    ("tests", "tests: [tests]"),
    ("baseline", "baseline: .mesh-baseline.json"),
    ("select", "select: [reference, routing, IST0109]"),
    ("ignore", "ignore: [port-name]"),
    ("rules", "rules:\n  unknown-host: warning"),
    ("overrides", "overrides:\n- paths: [\"legacy/**\"]\n  rules:\n    unknown-field: warning"),
    (
        "suppress",
        "suppress:\n- rules: [unknown-host]\n  kind: VirtualService\n  namespace: legacy-*\n  \
         reason: the hosts move to the new cluster\n  until: 2099-12-31",
    ),
    ("minSeverity", "minSeverity: warning"),
    ("failOn", "failOn: warning"),
    ("failOnUnchecked", "failOnUnchecked: true"),
];

/// A configuration with all keys: those with a suggested entry are set, and the others are comments.
pub fn template(suggestions: &[Suggestion]) -> String {
    let mut text = format!("# yaml-language-server: $schema={SCHEMA_URL}\n#\n");
    comment(&mut text, &format!("Settings of mesh. Every key is optional. See {PAGE}"));
    let Shape::Keys(keys) = CONFIG else { return text };
    for key in keys {
        text.push('\n');
        comment(&mut text, key.about);
        let suggested = suggestions.iter().find(|it| it.key == key.name);
        suggested.into_iter().flat_map(|it| &it.remarks).for_each(|remark| comment(&mut text, remark));
        match suggested.and_then(|it| it.entry.as_ref()) {
            Some(entry) => writeln!(text, "{entry}").expect("it is a string"),
            None => {
                let example = EXAMPLES.iter().find(|(name, _)| *name == key.name).map_or("", |(_, example)| example);
                for line in example.lines() {
                    writeln!(text, "# {line}").expect("it is a string");
                }
            }
        }
    }
    text
}

/// Writes a sentence as comments. Line breaks of YAML in it, which names of files can have, are escaped.
fn comment(text: &mut String, sentence: &str) {
    let is_break = |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}');
    let escape = |letter: char| if is_break(letter) { letter.escape_unicode().to_string() } else { letter.to_string() };
    let sentence: String = sentence.chars().map(escape).collect();
    let options = textwrap::Options::new(WIDTH).initial_indent("# ").subsequent_indent("# ").break_words(false);
    for line in textwrap::wrap(&sentence, options.word_separator(textwrap::WordSeparator::AsciiSpace)) {
        writeln!(text, "{line}").expect("it is a string");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, ConfigFile};
    use crate::source::FileId;

    #[test]
    fn without_suggestions_everything_is_a_comment() {
        assert_eq!(Config::parse(&template(&[])).unwrap(), Config::default());
    }

    #[test]
    fn every_key_has_a_valid_example() {
        let Shape::Keys(keys) = CONFIG else { panic!("it is a mapping") };
        let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
        assert_eq!(names, EXAMPLES.map(|(name, _)| name));
        for (name, example) in EXAMPLES {
            let suggestion = Suggestion { key: name, remarks: Vec::new(), entry: Some(example.to_owned()) };
            let file = ConfigFile::parse(FileId::default(), &template(&[suggestion])).unwrap();
            assert!(file.problems.is_empty() && file.config != Config::default(), "{name}: {:?}", file.problems);
        }
    }

    #[test]
    fn remarks_cannot_leave_their_comment() {
        for line_break in ["\n", "\r", "\u{85}", "\u{2028}"] {
            let remarks = vec![format!("a{line_break}rules: {{unknown-host: off}}")];
            let text = template(&[Suggestion { key: "helm", remarks, entry: None }]);
            assert_eq!(Config::parse(&text).unwrap(), Config::default(), "{text}");
        }
    }
}
