//! The command `mesh`.

use std::process::ExitCode;

fn main() -> ExitCode {
    mesh::cli::main()
}
