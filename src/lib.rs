//! weatherhook answers Dify's API extension, and assistants that speak MCP, with the weather from a sensor file.
//!
//! The rooms, in the order in which they build on each other: a file imports only from rooms of a
//! lower layer, which ARCHITECTURE.md lists and a test holds in place. They are private, so that the compiler
//! names what nobody uses, but for the program's entry and the door for tests.

// Layer 0
mod base64;
mod file;
mod json;
mod place;
mod printed;
mod published;
mod quantity;
mod received;
mod socket;
mod table;
mod thread;
mod time;
mod url;
mod weather;

// Layer 1
mod auth;
mod http;
mod moderation;
mod reading;
mod systemd;

// Layer 2
mod endpoints;
mod format;
mod history;

// Layer 3
mod answer;
mod sampler;

// Layer 4
mod config;
mod extension;
mod mcp;
mod metrics;
mod page;
mod tool;

// Layer 5
mod routes;

// Layer 6
mod logging;
mod service;

// Layer 7
pub mod commands;
pub mod testing;
