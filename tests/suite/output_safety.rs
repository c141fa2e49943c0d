//! Names and values from manifests cannot control terminals and CI systems.

#![allow(clippy::disallowed_methods, reason = "tests write files")]

use std::fs;

use super::mesh::mesh_in;

/// Names, values and keys with escape sequences, directions of writing, and commands of CI systems.
const HOSTILE: &str = r#"apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: "a\e[31m\u202eb\u009b2J", namespace: "::error::x\n::error::y"}
spec:
  hosts: ["\e]0;title\a", "x\r::error::z", "::error::host"]
  "k\e[2Jey": 1
  http:
  - name: "n\u2066"
    match: [{headers: {"h\u001b": {exact: "v\u0007\n::set-output name=a::b"}}}]
    route: [{destination: {host: "\u200fgone", subset: "s\u001b[1A"}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
"#;

#[test]
fn no_output_has_control_characters_or_commands() {
    let directory = tempfile::tempdir().unwrap();
    let file = "::error::f\u{1b}[31m.yaml";
    fs::write(directory.path().join(file), HOSTILE).unwrap();
    fs::create_dir(directory.path().join("other")).unwrap();
    fs::write(directory.path().join("other").join(file), HOSTILE.replace("k\\e", "l\\e")).unwrap();
    let commands: [&[&str]; 18] = [
        &["lint", "."],
        &["lint", ".", "--color", "always"],
        &["lint", ".", "--quiet"],
        &["lint", ".", "--statistics"],
        &["lint", ".", "--format", "json"],
        &["meshes", "."],
        &["meshes", ".", "--format", "json"],
        &["simulate", "."],
        &["simulate", ".", "http://web/", "--trace"],
        &["simulate", ".", "--header", "h\u{1b}=v\u{7}", "--format", "json"],
        &["reach", "web", "-f", "."],
        &["reach", "404", "-f", ".", "--format", "json"],
        &["diff", ".", "other"],
        &["diff", ".", "other", "--text", "--format", "markdown"],
        &["diff", ".", "other", "--format", "json"],
        &["lint", "gone\u{1b}[2J\n::error::x"],
        &["reach", "\u{1b}[2J\n::error::x", "-f", "."],
        &["explain", "\u{1b}[2J\n::error::x"],
    ];
    for arguments in commands {
        let run = mesh_in(directory.path(), arguments, "", &[]);
        let mut text = format!("{}{}", run.stdout, run.stderr);
        if arguments.contains(&"always") {
            // The colours are our own.
            text = anstream::adapter::strip_str(&text).to_string();
        }
        let is_unsafe = |it: char| it.is_control() && it != '\n' || "\u{200f}\u{202e}\u{2066}".contains(it);
        assert!(!text.contains(is_unsafe), "{arguments:?}: {text:?}");
        // Nothing carries out a line that begins with a colour.
        let has_commands = text.lines().any(|line| line.trim_start().starts_with("::"));
        assert!(!has_commands || arguments.contains(&"always"), "{arguments:?}: {text}");
        assert!(!text.is_empty(), "{arguments:?}");
    }
}
