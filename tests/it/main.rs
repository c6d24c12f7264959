//! One test binary that starts the real program on port 0 and speaks raw bytes to it; a file per
//! behaviour.

mod contract;
mod corpus;
#[cfg(feature = "tiny_http")]
mod engines;
mod fixture;
mod protocol;
mod refusals;
