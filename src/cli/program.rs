//! Programs that `mesh` runs.

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// The time between two looks at a running program.
const PAUSE: Duration = Duration::from_millis(5);

/// The output of a program that has ended.
#[derive(Debug)]
pub struct ProgramOutput {
    /// Whether the program reports success.
    pub is_success: bool,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

/// The reasons why a program has no output.
#[derive(Debug)]
pub enum ProgramFailure {
    /// The program does not exist.
    NotInstalled,
    /// The program did not end in time, and was stopped.
    TimedOut,
    /// The operating system reports an error.
    Failed(io::Error),
}

impl From<io::Error> for ProgramFailure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound { Self::NotInstalled } else { Self::Failed(error) }
    }
}

/// Runs a program without input, for at most the given time.
pub fn run(command: &mut Command, limit: Duration) -> Result<ProgramOutput, ProgramFailure> {
    run_with_input(command, Vec::new(), limit)
}

/// Runs a program with some input, for at most the given time.
pub fn run_with_input(command: &mut Command, input: Vec<u8>, limit: Duration) -> Result<ProgramOutput, ProgramFailure> {
    let deadline = Instant::now() + limit;
    let stdin = if input.is_empty() { Stdio::null() } else { Stdio::piped() };
    let mut child = command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that does not read its input to the end closes the pipe.
        thread::spawn(move || drop(stdin.write_all(&input)));
    }
    let stdout = read_in_background(child.stdout.take().expect("stdout is piped"));
    let stderr = read_in_background(child.stderr.take().expect("stderr is piped"));
    let status = loop {
        match child.try_wait().map_err(ProgramFailure::Failed)? {
            Some(status) => break status,
            None if Instant::now() >= deadline => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(ProgramFailure::TimedOut);
            }
            None => thread::sleep(PAUSE),
        }
    };
    // A program that it started may still hold the pipes open.
    let rest = |output: Receiver<io::Result<Vec<u8>>>| {
        let left = deadline.saturating_duration_since(Instant::now());
        output.recv_timeout(left).map_err(|_| ProgramFailure::TimedOut)?.map_err(ProgramFailure::Failed)
    };
    Ok(ProgramOutput { is_success: status.success(), stdout: rest(stdout)?, stderr: rest(stderr)? })
}

/// Reads a pipe to its end. A full pipe would stop the program.
fn read_in_background(mut pipe: impl Read + Send + 'static) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let result = pipe.read_to_end(&mut bytes).map(|_| bytes);
        // After a timeout, nobody receives it.
        let _ = sender.send(result);
    });
    receiver
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, limit: Duration) -> Result<ProgramOutput, ProgramFailure> {
        run(Command::new("/bin/sh").args(["-c", script]), limit)
    }

    #[test]
    fn output_and_status_are_returned() {
        // More than a pipe holds, on both.
        let script = "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890123456789; \
            echo 0123456789012345678901234567890123456789 >&2; i=$((i+1)); done; exit 3";
        let output = shell(script, Duration::from_secs(60)).unwrap();
        assert_eq!((output.is_success, output.stdout.len(), output.stderr.len()), (false, 123_000, 123_000));
        assert!(shell("exit 0", Duration::from_secs(60)).unwrap().is_success);
    }

    #[test]
    fn a_program_that_does_not_end_is_stopped() {
        let start = Instant::now();
        for script in ["sleep 30", "sleep 30 & exit 0"] {
            let result = shell(script, Duration::from_millis(100));
            assert!(matches!(result, Err(ProgramFailure::TimedOut)), "{script}: {result:?}");
        }
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_missing_program_is_reported() {
        let result = run(&mut Command::new("/nowhere/helm"), Duration::from_secs(1));
        assert!(matches!(result, Err(ProgramFailure::NotInstalled)), "{result:?}");
    }
}
