//! Runs the real binary in a clean environment.

#![allow(clippy::disallowed_methods, reason = "tests run programs")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// The result of running `mesh`.
#[derive(Debug, PartialEq, Eq)]
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Run {
    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The findings of `lint --format json` as `severity rule resource field`.
    pub fn findings(&self) -> Vec<String> {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
        let json = self.json();
        let diagnostics = json["diagnostics"].as_array().unwrap();
        let line = |it: &serde_json::Value| {
            let resource = &it["resource"];
            let name = format!("{}/{}", text(&resource["namespace"]), text(&resource["name"]));
            format!(
                "{} {} {} {name} {}",
                text(&it["severity"]),
                text(&it["rule"]),
                text(&resource["kind"]),
                text(&it["field"])
            )
        };
        diagnostics.iter().map(line).collect()
    }
}

/// Runs `mesh` in a directory, with a text on standard input.
pub fn mesh_in(directory: &Path, arguments: &[&str], stdin: &str, environment: &[(&str, &str)]) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mesh"))
        .current_dir(directory)
        .args(arguments)
        .env_clear()
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = stdin.to_owned();
    let writer = std::thread::spawn(move || drop(input.write_all(text.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Run {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs `mesh` in the project's directory.
pub fn mesh(arguments: &[&str]) -> Run {
    mesh_in(Path::new(env!("CARGO_MANIFEST_DIR")), arguments, "", &[])
}
