//! See `tests/fuzz/field.rs`, of which `cargo test` tries all mutations once.
#![no_main]

#[path = "../../tests/it/field/case.rs"]
#[expect(dead_code)]
mod case;
#[path = "../../tests/fuzz/field.rs"]
#[expect(dead_code)]
mod field;

libfuzzer_sys::fuzz_target!(|plan: &[u8]| field::check(plan));
