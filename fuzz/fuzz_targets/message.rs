//! See `tests/fuzz/message.rs`, which `cargo test` runs over the corpus.
#![no_main]

#[path = "../../tests/fuzz/message.rs"]
mod message;

libfuzzer_sys::fuzz_target!(|data: &[u8]| message::check(data));
