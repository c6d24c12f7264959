//! weatherhook answers Dify's API extension calls with the weather from a sensor file.
//!
//! The rooms, in the order in which they build on each other (a file imports only from rooms
//! above it in this list; `tests/it/layers.rs` holds that in place):

pub mod time;

pub mod reading;
