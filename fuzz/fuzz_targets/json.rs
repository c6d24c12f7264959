//! See `tests/fuzz/json.rs`, which `cargo test` runs over the corpus.
#![no_main]

#[path = "../../tests/fuzz/json.rs"]
mod json;

libfuzzer_sys::fuzz_target!(|data: &[u8]| json::check(data));
