//! weatherhook answers Dify's API extension calls with the weather from a sensor file.
//!
//! The rooms, in the order in which they build on each other: a file imports only from rooms of a
//! lower layer, which ARCHITECTURE.md lists and a test holds in place.

// Layer 0
pub mod file;
pub mod place;
pub mod published;
pub mod quantity;
pub mod socket;
pub(crate) mod table;
pub mod thread;
pub mod time;
pub mod url;
pub mod weather;

// Layer 1
pub mod auth;
pub mod http;
pub mod moderation;
pub mod reading;
pub mod systemd;

// Layer 2
pub mod endpoints;
pub mod format;
pub mod history;

// Layer 3
pub mod answer;
pub mod sampler;

// Layer 4
pub mod config;
pub mod extension;
pub mod metrics;
pub mod tool;

// Layer 5
pub mod routes;

// Layer 6
pub mod logging;
pub mod service;

// Layer 7
pub mod commands;
