//! See `tests/fuzz/formats.rs`, which `cargo test` runs over the corpus.
#![no_main]

#[path = "../../tests/fuzz/formats.rs"]
mod formats;
#[path = "../../tests/fuzz/json.rs"]
#[expect(dead_code)]
mod json;

libfuzzer_sys::fuzz_target!(|data: &[u8]| formats::check(data));
