//! weatherhook answers Dify's API extension calls with the weather from a sensor file.
//!
//! The rooms, in the order in which they build on each other: a file imports only from rooms of a
//! lower layer, which ARCHITECTURE.md lists and a test holds in place.

// Layer 0
pub mod place;
pub mod reading;
pub mod time;
pub mod weather;

// Layer 1
pub mod format;
pub mod http;

// Layer 2
pub mod answer;
pub mod sampler;
