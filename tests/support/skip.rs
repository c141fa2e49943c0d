//! Skips tests that lack their data or programs.

/// Prints why a test is skipped. Fails if the environment variable `MESH_NO_SKIP` is set, as in CI, where all data and
/// programs must be present.
#[allow(clippy::disallowed_macros, reason = "tests print why they are skipped")]
#[track_caller]
pub fn skip(reason: &str) {
    assert!(std::env::var_os("MESH_NO_SKIP").is_none(), "this test is skipped although MESH_NO_SKIP is set: {reason}");
    println!("skipped: {reason}");
}
