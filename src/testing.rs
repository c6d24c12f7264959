//! The one door for tests and fuzzing: what `tests/`, `fuzz/` and `examples/` use of the rooms, item by item.

/// Answers from snapshots.
pub mod answer {
    pub use crate::answer::{Line, Options, answer};
}
/// The table of options, and what a command line and its file say.
pub mod config {
    pub use crate::config::{CommandLine, Config, OPTIONS};
}
/// The table of endpoints.
pub mod endpoints {
    pub use crate::endpoints::{Access, Endpoint};
}
/// Dify's calls.
pub mod extension {
    pub use crate::extension::{Context, Refusal, receive};
}
/// The formats and their readers.
pub mod format {
    pub use crate::format::{Dialect, Error, FORMATS, Finding, Format, Record, Source, named, recognise};
    /// What the kernel's drivers show.
    pub mod kernel {
        pub use crate::format::kernel::*;
    }
}
/// HTTP without a socket.
pub mod http {
    pub use crate::http::{Admission, Head, MAX_BODY, Meter, Response, Service, Status};
    /// The state machine of one connection.
    pub mod connection {
        pub use crate::http::connection::{Connection, Step, Tick};
    }
}
/// Messages of MCP.
pub mod mcp {
    pub use crate::mcp::{Context, Fields, Reply, answer};
}
/// The words that no text may have.
pub mod moderation {
    pub use crate::moderation::{Action, Matching, Moderation, Options};
}
/// Names of places.
pub mod place {
    pub use crate::place::fold;
}
/// The table of quantities.
pub mod quantity {
    pub use crate::quantity::Quantity;
}
/// Stations and snapshots.
pub mod reading {
    pub use crate::reading::{Quantity, Snapshot, Station};
}
/// Records on the board that the program uses, and files as `query` reads them.
pub mod sampler {
    pub use crate::sampler::{Options, Sampler, published};
}
/// Who connects.
pub mod socket {
    pub use crate::socket::Peer;
}
/// Instants.
pub mod time {
    pub use crate::time::{Date, Timestamp};
}
/// The formulas, for `examples/formulas.rs`.
pub mod weather {
    pub use crate::weather::*;
}
