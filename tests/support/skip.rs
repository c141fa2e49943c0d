//! Skipping tests whose data or program is absent, for all test programs.

/// Says why a test is skipped. With `MESH_NO_SKIP` in the environment, as in CI, that is a failure: there everything is
/// expected to be present, and nothing may be skipped unnoticed.
#[allow(clippy::disallowed_macros, reason = "tests say what they skip")]
#[track_caller]
pub fn skip(reason: &str) {
    assert!(
        std::env::var_os("MESH_NO_SKIP").is_none(),
        "MESH_NO_SKIP is set, but this test would be skipped: {reason}"
    );
    println!("skipped: {reason}");
}
