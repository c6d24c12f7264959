//! One test binary that starts the real program on port 0 and speaks raw bytes to it; a file per
//! behaviour.

// A test fails by a panic, also in what it calls; clippy.toml's permission ends at its own function.
#![expect(clippy::panic)]

mod commands;
mod contract;
mod corpus;
mod days;
mod demo;
mod doctor;
mod documented;
#[cfg(feature = "tiny_http")]
mod engines;
mod field;
mod fixture;
mod followed;
mod footprint;
mod history;
mod keys;
mod labels_and_units;
mod layers;
mod log;
mod mcp;
mod moderation;
mod page;
mod past;
mod places;
mod protocol;
mod refusals;
mod reload;
mod sensor_file;
mod systemd;
mod tools;
mod traps;
mod typed;
mod unix_socket;
mod wording;
mod zones;
