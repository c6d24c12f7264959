//! How much memory the program takes on a board.

use crate::fixture::*;

/// KiB, what is promised of a release build. One without optimisation has twice the
/// code; its bound only detects another order of magnitude.
const IDLE: u64 = if cfg!(debug_assertions) { 12 * 1024 } else { 3 * 1024 + 512 };

#[test]
fn an_idle_server_is_small() {
    for engine in ENGINES {
        let server = london(engine);
        let idle = server.resident();
        assert!(idle.is_none_or(|kib| kib < IDLE), "{engine}: {idle:?} KiB");
    }
}
