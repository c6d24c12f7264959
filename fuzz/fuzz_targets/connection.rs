//! See `tests/fuzz/connection.rs`, which `cargo test` runs over the corpus.
#![no_main]

#[path = "../../tests/fuzz/connection.rs"]
mod connection;

libfuzzer_sys::fuzz_target!(|data: &[u8]| connection::check(data));
