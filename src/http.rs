//! HTTP/1.1 for small boards; nothing in here knows about weather.

/// Which implementation serves the sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Our own event loop.
    #[default]
    Event,
    /// The loop on tiny_http, for a server that stands behind a proxy.
    TinyHttp,
}
