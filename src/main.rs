//! The command `mesh`.

use std::process::ExitCode;

/// Threads that build many overlays allocate and free small values all the time. The allocator of glibc spends more time in
/// the kernel for that than `mesh` needs for the rest.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    mesh::cli::main()
}
