//! Hostile text: it is read or rejected in reasonable time, without a panic.

#![allow(clippy::disallowed_methods, reason = "tests measure time")]

use std::time::{Duration, Instant};

use super::*;

fn survive(text: &str) -> Document {
    let id = file();
    split(id, text).iter().for_each(|chunk| check_spans(&parse(chunk, text), text));
    check_spans(&parse_json(id, text), text);
    let document = read(text);
    check_spans(&document, text);
    drop(document.root.clone());
    document
}

#[test]
fn deep_nesting_is_rejected() {
    for unit in ["[", "{", "- ", "? ", "a: [", "{a: ", "[a: ", "[[a: {", "&a [", "!x [", "- a: [", "\"a\":{"] {
        let document = survive(&unit.repeat(10_000));
        assert!(document.root.is_none() && document.problems.len() == 1, "{unit}");
    }
    let lines: String = (0..10_000).map(|depth| format!("{}a:\n", " ".repeat(depth.min(2_000)))).collect();
    survive(&lines);
    let document = survive(&format!("{}{}", "[".repeat(2_000), "]".repeat(2_000)));
    assert!(document.problems[0].message.contains("too deeply"));
    assert!(survive(&format!("{}{}", "[".repeat(499), "]".repeat(499))).root.is_some());
    assert!(survive(&format!("{}1{}", "{\"a\":".repeat(499), "}".repeat(499))).root.is_some());
}

#[test]
fn aliases_expand_within_bounds() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let items = vec![format!("*a{}", level - 1); 9].join(", ");
        bomb += &format!("a{level}: &a{level} [{items}]\n");
    }
    let document = survive(&bomb);
    assert_eq!(document.problems.len(), 1);
    assert!(document.problems[0].message.contains("expands to more"), "{:?}", document.problems);

    let mut tower = String::from("a0: &a0 [x]\n");
    for level in 1..5_000 {
        tower += &format!("a{level}: &a{level} [*a{}]\n", level - 1);
    }
    assert_eq!(survive(&tower).problems.len(), 1);

    let text = format!("a: &a {}\nb: [{}]\n", "x".repeat(1_000_000), "*a, ".repeat(10_000));
    assert_eq!(survive(&text).problems.len(), 1);

    let nested = format!("{}{}{}", "&a [".repeat(400), "x, ".repeat(50_000), "]".repeat(400));
    assert!(survive(&nested).root.is_some());
}

/// Far more than a text of these sizes needs, and far less than if time grew with the square of the size.
const PATIENCE: Duration = Duration::from_secs(30);

fn survive_soon(text: &str) -> Document {
    let start = Instant::now();
    let document = survive(text);
    let time = start.elapsed();
    assert!(time < PATIENCE, "{:?}… took {time:?}", text.chars().take(20).collect::<String>());
    document
}

#[test]
fn time_grows_linearly_with_size() {
    let keys: String = (0..75_000).map(|key| format!("k{key}: 1\n")).collect();
    assert_eq!(survive_soon(&keys).root.unwrap().entries().len(), 75_000);
    let duplicates = survive_soon(&"k: 1\n".repeat(50_000));
    assert_eq!((duplicates.problems.len(), duplicates.root.unwrap().entries().len()), (49_999, 1));
    survive_soon(&"- &a x\n- *a\n".repeat(25_000));
    survive_soon(&"<<: {a: 1}\n".repeat(12_500));
    survive_soon(&format!("[{}]", "1,".repeat(75_000)));
    survive_soon(&"x".repeat(1_250_000));
    survive_soon(&format!("a: \"{}\"", "é ".repeat(250_000)));
    survive_soon(&"-\n# c\n".repeat(25_000));
    survive_soon(&format!("a:\n{}", "# c\n".repeat(75_000)));
    survive_soon(&format!("a: |\n{}b: c\n", "\n".repeat(250_000)));
    survive_soon(&"a: |\n\n".repeat(25_000));
    survive_soon(&"---\n".repeat(75_000));
    survive_soon(&"---x\n".repeat(75_000));
    survive_soon(&"{{ x }}\n".repeat(25_000));
    survive_soon(&"- {{ x }}\n".repeat(25_000));
    survive_soon(&format!("a: \"{}\\q\"", "\\n".repeat(125_000)));
    survive_soon(&format!("{}\t", " ".repeat(250_000)));
}

#[test]
fn odd_characters() {
    for text in [
        "\0",
        "a: \0",
        "\u{feff}\u{feff}a: 1",
        "a:\u{feff}1",
        "\t",
        "\ta: 1",
        "a:\t1",
        "- \t- a",
        "\r",
        "a: 1\rb",
        "\u{1}",
        "\u{85}a: 1",
        "a: \u{2028}b",
        "\u{7f}",
        "a: \"\\x\"",
        "a: \"\\ud800\"",
        "é",
        "é: é\né",
        "'é",
        "[é",
        "? ",
        ":",
        "-",
        ": :",
        "!",
        "&",
        "*",
        "|",
        ">",
        "%",
        "@",
        "`",
        "{{",
        "}}",
        "{{}}",
        "{{é",
        "a: é\t\n\té",
        "--- é",
        "---é",
        "...",
        "... x",
        "%é\n",
        "a: |é\n",
        "a: |\n é\n  é\n é",
        "a: |1\n é",
        "- |\n-",
        "é: |\n\u{a0}",
        "&é a: *é",
        "? |\n  é\n: 1",
        "? >\n",
        "[? a, ? b : c]",
        "[: a]",
        "{: a}",
        "{a, b: }",
        "[a:]",
        "{a:}",
        "[a:",
        "{é:,é:}",
        "[? é:]",
        "<<:",
        "<<: *x",
        "{<<}",
        "? <<\n",
        "[<<: {a: 1}]",
        "<<: &a {<<: *a}",
    ] {
        survive(text);
    }
}
