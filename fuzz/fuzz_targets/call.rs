//! See `tests/fuzz/call.rs`, which `cargo test` runs over the corpus.
#![no_main]

#[path = "../../tests/fuzz/call.rs"]
mod call;

libfuzzer_sys::fuzz_target!(|data: &[u8]| call::check(data));
