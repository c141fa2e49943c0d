//! Comparison with another parser, and mutated manifests.

use super::*;
use proptest::prelude::*;

/// The tree with every scalar as text, since the parsers resolve plain scalars by different rules.
fn ours(node: &Node) -> String {
    match &node.value {
        Value::Sequence(items) => {
            format!("[{}]", items.iter().map(ours).collect::<Vec<_>>().join(","))
        }
        Value::Mapping(entries) => {
            let entries = entries.iter().map(|entry| format!("{:?}:{}", entry.key.text, ours(&entry.value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => (*value as f64).to_string(),
        Value::Float(value) => value.to_string(),
        Value::String(text) => format!("{text:?}"),
    }
}

fn theirs(value: &serde_yaml::Value) -> String {
    use serde_yaml::Value as Other;
    match value {
        Other::Sequence(items) => format!("[{}]", items.iter().map(theirs).collect::<Vec<_>>().join(",")),
        Other::Mapping(entries) => {
            let key = |key: &Other| match key {
                Other::String(text) => format!("{text:?}"),
                other => format!("{:?}", theirs(other)),
            };
            let entries = entries.iter().map(|(name, value)| format!("{}:{}", key(name), theirs(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
        Other::Null => "null".into(),
        Other::Bool(value) => value.to_string(),
        Other::Number(value) => value.as_f64().unwrap().to_string(),
        Other::String(text) => format!("{text:?}"),
        Other::Tagged(tagged) => theirs(&tagged.value),
    }
}

/// Whether both trees have the same keys, lengths and strings. Plain scalars may differ.
pub(super) fn same_structure(node: &Node, other: &serde_yaml::Value) -> bool {
    use serde_yaml::Value as Other;
    match (&node.value, other) {
        (_, Other::Tagged(tagged)) => same_structure(node, &tagged.value),
        (Value::Sequence(items), Other::Sequence(others)) => {
            items.len() == others.len() && items.iter().zip(others).all(|(item, other)| same_structure(item, other))
        }
        // Merge keys are left alone over there.
        (Value::Mapping(_), Other::Mapping(others)) if others.contains_key("<<") => true,
        (Value::Mapping(entries), Other::Mapping(others)) => {
            let text = |key: &Other| key.as_str().map(str::to_string).unwrap_or_else(|| theirs(key));
            entries.len() == others.len()
                && entries.iter().zip(others).all(|(entry, (key, other))| {
                    let resolved = text(key) == *entry.key.text || ["true", "false"].contains(&&*entry.key.text);
                    resolved && same_structure(&entry.value, other)
                })
        }
        (Value::String(text), Other::String(other)) => **text == **other,
        (Value::Null, Other::Null) => true,
        (Value::Bool(_), Other::Bool(_) | Other::String(_)) => true,
        (Value::Int(_) | Value::Float(_), Other::Number(_) | Other::String(_)) => true,
        _ => false,
    }
}

fn agree(text: &str) {
    let value: serde_yaml::Value = serde_yaml::from_str(text).unwrap_or_else(|error| panic!("{error} in\n{text}"));
    assert_eq!(ours(&tree(text)), theirs(&value), "{text}");
}

#[test]
fn handwritten_documents_agree() {
    for text in MANIFESTS {
        agree(text);
    }
    for text in [
        "a: b c  # d\ne: 'it''s'\nf: \"\\u00e9\\n\\\n  x\"\n",
        "a: |-\n  x\n   y\n\n  z\nb: >+\n  x\n  y\n\n  z\n\nc: >\n   x\n    y\n   z\n",
        "- - a\n  - b\n- \n  - c\n-   d: e\n    f: g\n",
        "a:\n- b\n- c:\n  - d\n",
        "? a\n: b\n? c\n",
        "{a: [b, c: d], 'e': {f: }, \"g\": h}",
        "a: &x\n  - 1\nb: *x\n",
        "a: x#y\nb: x:y\nc: http://x/y?z=[1]\n",
        "a: multi\n line\n\n plain\nb: 'multi\n\n  quoted'\n",
        "a: \"one\n  two\\\n  three\"\n",
        "{\"a\":1,\"b\":[1,2,{\"c\":null}]}",
    ] {
        agree(text);
    }
}

/// A generated document.
#[derive(Debug, Clone)]
enum Tree {
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

fn trees() -> impl Strategy<Value = Tree> {
    let text =
        prop_oneof!["[ -~éü😀\n\t]{0,20}", "[a-z]{1,8}( [a-z]{1,8}){0,3}\n?", Just("- x: {{ y }} # z".to_string())];
    text.prop_map(Tree::Text).prop_recursive(5, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Tree::List),
            prop::collection::btree_map("[a-z]{1,3}( [#:'é]?[a-z])?", inner, 0..5)
                .prop_map(|entries| Tree::Map(entries.into_iter().collect())),
        ]
    })
}

impl Tree {
    /// Writes the document in a style that `seed` picks for each node. Every string is quoted or a block scalar.
    fn write(&self, out: &mut String, indent: usize, seed: &mut u32) {
        *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let style = *seed >> 29;
        let pad = " ".repeat(indent);
        match self {
            Tree::Text(text) => {
                let block = !text.is_empty() && !text.contains('\t') && !text.starts_with([' ', '\n']) && style < 4;
                if block && text.trim_end_matches('\n').len() + 1 == text.len() {
                    *out += &format!("|\n{}", text.lines().map(|line| format!("{pad} {line}\n")).collect::<String>());
                } else if block && !text.ends_with('\n') {
                    *out += &format!("|-\n{}", text.lines().map(|line| format!("{pad} {line}\n")).collect::<String>());
                } else if !text.contains('\n') && style.is_multiple_of(2) {
                    *out += &format!("'{}'\n", text.replace('\'', "''"));
                } else {
                    *out += &serde_json::to_string(text).unwrap();
                    *out += "\n";
                }
            }
            Tree::List(items) if items.is_empty() => *out += "[]\n",
            Tree::Map(entries) if entries.is_empty() => *out += "{ }\n",
            _ if style == 7 => {
                self.write_flow(out);
                *out += "\n";
            }
            Tree::List(items) => {
                *out += "# list\n\n";
                for item in items {
                    *out += &format!("{pad}- ");
                    item.write(out, indent + 2, seed);
                }
            }
            Tree::Map(entries) => {
                *out += "\n";
                for (key, value) in entries {
                    *out += &format!("{pad}{}: ", serde_json::to_string(key).unwrap());
                    value.write(out, indent + 2, seed);
                }
            }
        }
    }

    fn write_flow(&self, out: &mut String) {
        match self {
            Tree::Text(text) => *out += &serde_json::to_string(text).unwrap(),
            Tree::List(items) => {
                *out += "[ ";
                for item in items {
                    item.write_flow(out);
                    *out += ",";
                }
                *out += "]";
            }
            Tree::Map(entries) => {
                *out += "{";
                for (key, value) in entries {
                    *out += &format!("{}: ", serde_json::to_string(key).unwrap());
                    value.write_flow(out);
                    *out += " ,";
                }
                *out += "}";
            }
        }
    }

    fn shape(&self) -> String {
        match self {
            Tree::Text(text) => format!("{text:?}"),
            Tree::List(items) => format!("[{}]", items.iter().map(Tree::shape).collect::<Vec<_>>().join(",")),
            Tree::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| format!("{key:?}:{}", value.shape()));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn generated_documents_agree(generated in trees(), seed: u32) {
        let mut text = String::new();
        generated.write(&mut text, 0, &mut seed.clone());
        let document = read(&text);
        check_spans(&document, &text);
        prop_assert_eq!(&document.problems, &[]);
        prop_assert_eq!(ours(&document.root.unwrap()), generated.shape(), "{}", text);
        if let Ok(value) = serde_yaml::from_str(&text) {
            prop_assert_eq!(theirs(&value), generated.shape(), "{}", text);
        }
    }

    #[test]
    fn any_text_is_survived(text in "[a-c:\\-?\\[\\]{},#&*!|>'\"%@` \n\r\t~<é\u{feff}\u{1}0.]{0,60}") {
        split(file(), &text).iter().for_each(|chunk| check_spans(&parse(chunk, &text), &text));
        check_spans(&parse_json(file(), &text), &text);
    }
}

#[test]
fn mutated_manifests_are_survived() {
    const PIECES: [&str; 24] = [
        "\n", " ", "\t", ": ", "- ", "[", "]", "{", "}", "'", "\"", "|\n", ">-\n", "&a ", "*a", "<<: ", "---\n", "#",
        "!!int ", "é", "\u{feff}", "{{ x }}", "? ", "\r\n",
    ];
    let mut seed = 1u64;
    let mut below = |limit: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % limit.max(1)
    };
    for _ in 0..1_500 {
        for manifest in MANIFESTS {
            let mut text = manifest.to_string();
            for _ in 0..=below(3) {
                let at = text.floor_char_boundary(below(text.len()));
                match below(4) {
                    0 => text.truncate(at),
                    1 => {
                        let end = text.ceil_char_boundary((at + below(12)).min(text.len()));
                        text.replace_range(at..end, "");
                    }
                    2 => text.insert_str(at, PIECES[below(PIECES.len())]),
                    _ => {
                        let end = text.ceil_char_boundary((at + below(80)).min(text.len()));
                        let copied = text[at..end].to_string();
                        let to = text.floor_char_boundary(below(text.len()));
                        text.insert_str(to, &copied);
                    }
                }
            }
            split(file(), &text).iter().for_each(|chunk| check_spans(&parse(chunk, &text), &text));
        }
    }
}

const MANIFESTS: [&str; 4] = [
    r#"apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  namespace: "bookinfo"   # quoted
  labels: {app: reviews, 'tier': "backend"}
spec:
  hosts:
  - reviews.prod.svc.cluster.local
  - '*.example.com'
  http:
  - name: canary
    match:
    - headers:
        end-user:
          exact: jason
      uri:
        prefix: /v2
    route:
    - destination: {host: reviews, subset: v2, port: {number: 9080}}
      weight: 25
    - destination:
        host: reviews
        subset: v1
      weight: 75

    # the rest
    timeout: 0.5s
    retries:
      attempts: 3
      retryOn: gateway-error,connect-failure
  - route:
      -
        destination:
          host: reviews
"#,
    r#"apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata:
  name: lua
spec:
  configPatches:
    - applyTo: HTTP_FILTER
      match: &match
        context: SIDECAR_INBOUND
      patch:
        operation: INSERT_BEFORE
        value:
          name: envoy.lua
          inlineCode: |
            function envoy_on_request(handle)
              -- comment
              handle:logInfo("héllo")

            end
    - applyTo: CLUSTER
      match: *match
      patch:
        operation: MERGE
        value: >-
          folded
          text

"#,
    "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [\n    {\"kind\": \"Service\", \"spec\": {\"ports\": [{\"port\": 80}]}},\n    null\n  ]\n}\n",
    "a: &base\r\n  timeout: 5\r\n  empty:\r\nb:\r\n  - *base\r\n  -\r\n  - [x, p: z, {q: }]\r\nc: 'single\r\n  line'\r\n\"d\": \"\\u00e9\\t\"\r\n",
];
