//! One table of the endpoints, and one of Dify's points.
//!
//! Routing, the paths that the configuration refuses for the extension, `Allow`, the labels of the metrics and the
//! table in the documentation come from here.

use crate::table::table;

/// The path of Dify's own example.
pub const DEFAULT_PATH: &str = "/api/dify/receive";

/// The path of the page.
const ROOT: &str = "/";

/// Who may look at the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageAccess {
    /// Browsers that send the key as the password, and clients with the bearer key.
    #[default]
    Key,
    /// The same, and without a key the devices of the board's own network.
    Local,
    /// Nobody: there is no page.
    Off,
}

/// The fields by which a client of MCP repeats what the body says: version, method, name of the tool.
pub const MCP_FIELDS: [&str; 3] = ["mcp-protocol-version", "mcp-method", "mcp-name"];

table! {
    /// What the server serves at a path.
    pub enum Endpoint: Row {
        /// Dify's API extension.
        Extension = Row {
            path: Path::Configured { default: DEFAULT_PATH },
            method: Method::Post,
            access: Access::Key,
            about: "Dify's API extension; `path` sets where it is",
        },
        /// The page for people with a browser.
        Page = Row {
            path: Path::Fixed(ROOT),
            method: Method::Get,
            access: Access::Page,
            about: "the page for a browser: the weather now, plots and days; `page` sets who may look",
        },
        /// The weather for assistants, by the Model Context Protocol.
        Mcp = Row {
            path: Path::Fixed("/mcp"),
            method: Method::Post,
            access: Access::KeyFirst,
            about: "the weather as tools for assistants, by the Model Context Protocol (MCP)",
        },
        /// The weather for all other tools.
        Weather = Row {
            path: Path::Fixed("/weather"),
            method: Method::Get,
            access: Access::Key,
            about: "the weather at `?location=`: the text of the answer, and the readings as JSON with units, times and ages; with `from=` and `to=` past days",
        },
        /// The document that describes `/weather` to them.
        Openapi = Row {
            path: Path::Fixed("/openapi.json"),
            method: Method::Get,
            access: Access::Open,
            about: "OpenAPI 3.1 of `/weather`, which Dify's custom tools and others import",
        },
        /// Whether all stations report.
        Health = Row {
            path: Path::Fixed("/healthz"),
            method: Method::Get,
            access: Access::Open,
            about: "200 `ok`, or 503 and how many stations have no current reading",
        },
        /// Figures for Prometheus.
        Metrics = Row {
            path: Path::Fixed("/metrics"),
            method: Method::Get,
            access: Access::Key,
            about: "requests, refusals, connections and readings in Prometheus' text format",
        },
    }
}

/// The properties of an endpoint.
#[derive(Debug)]
struct Row {
    path: Path,
    method: Method,
    access: Access,
    about: &'static str,
}

/// Where an endpoint is. No path but the root has a slash at its end.
#[derive(Debug)]
enum Path {
    Fixed(&'static str),
    /// The configuration sets the path. At most one endpoint has this.
    Configured {
        default: &'static str,
    },
}

/// The method of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// `GET`, and `HEAD` for the head of the same answer.
    Get,
    /// `POST`
    Post,
}

impl Method {
    /// The name of the method.
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
        }
    }

    /// All methods, as the field `Allow` lists them.
    pub fn allow(self) -> &'static str {
        match self {
            Method::Get => "GET, HEAD",
            Method::Post => "POST",
        }
    }

    /// Whether a request with the method `sent` asks like this. Methods are case-sensitive (RFC 9110, section
    /// 9.1).
    pub fn allows(self, sent: &str) -> bool {
        match self {
            Method::Get => matches!(sent, "GET" | "HEAD"),
            Method::Post => sent == "POST",
        }
    }
}

/// Which clients may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// All clients. The answer is made from the head alone, so that no body of an unknown client is kept.
    Open,
    /// Clients with a bearer key.
    Key,
    /// Clients with a bearer key, which is checked before the method: clients of MCP look for the 401 with `GET`.
    /// Before both, the origin is checked, for a page in a browser.
    KeyFirst,
    /// Browsers, as the option `page` says. For all others nothing is there: a client that sends `POST` has the wrong
    /// path.
    Page,
}

impl Endpoint {
    /// The endpoint at `path`, where `configured` is the configured path, both without a slash at the end. The
    /// extension's may be that of the page, which then has none.
    pub fn at(path: &str, configured: &str) -> Option<Endpoint> {
        let path = if path.is_empty() && !configured.is_empty() { ROOT } else { path };
        Endpoint::ALL.iter().copied().find(|endpoint| endpoint.path(configured) == path)
    }

    /// The paths that no other endpoint can have.
    pub fn fixed_paths() -> impl Iterator<Item = &'static str> {
        Endpoint::ALL.iter().filter_map(|endpoint| match endpoint.row().path {
            Path::Fixed(path) if path != ROOT => Some(path),
            _ => None,
        })
    }

    /// Whether an endpoint with a fixed path is at `path`, which has no slash at the end.
    pub fn is_taken(path: &str) -> bool {
        Endpoint::fixed_paths().any(|fixed| fixed == path)
    }

    /// The path, where `configured` is the configured one.
    pub fn path(self, configured: &str) -> &str {
        match self.row().path {
            Path::Fixed(path) => path,
            Path::Configured { .. } => configured,
        }
    }

    /// The path without a configuration.
    pub fn default_path(self) -> &'static str {
        match self.row().path {
            Path::Fixed(path) | Path::Configured { default: path } => path,
        }
    }

    /// The label in the metrics: the path, empty if the configuration sets it.
    pub fn label(self) -> &'static str {
        self.path("")
    }

    /// Its method.
    pub fn method(self) -> Method {
        self.row().method
    }

    /// Which clients may ask.
    pub fn access(self) -> Access {
        self.row().access
    }

    /// The fields of the head that its answer depends on. A head is not kept until the body is there, but these are.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Endpoint::Mcp => &MCP_FIELDS,
            _ => &[],
        }
    }

    /// What it answers, for the documentation.
    pub fn about(self) -> &'static str {
        self.row().about
    }
}

table! {
    /// The subject of a call of Dify's extension.
    pub enum Point: &'static str {
        /// Whether the extension can be reached.
        Ping = "ping",
        /// The weather for a prompt.
        Query = "app.external_data_tool.query",
        /// What a user wrote, to be moderated.
        ModerationInput = "app.moderation.input",
        /// What a model answers, to be moderated.
        ModerationOutput = "app.moderation.output",
    }
}

impl Point {
    /// The point with this name.
    pub fn named(name: &str) -> Option<Point> {
        Point::ALL.iter().copied().find(|point| point.name() == name)
    }

    /// Its name in Dify's calls and in the metrics.
    pub fn name(self) -> &'static str {
        self.row()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_finds_its_endpoint() {
        for (index, &endpoint) in Endpoint::ALL.iter().enumerate() {
            assert_eq!(endpoint.index(), index);
            let path = endpoint.path("/elsewhere");
            assert_eq!(Endpoint::at(path, "/elsewhere"), Some(endpoint), "{path} stands there twice");
            assert!(path.starts_with('/') && (path == ROOT || !path.ends_with('/')), "{path}");
            assert_eq!(Endpoint::is_taken(path), path != "/elsewhere" && path != ROOT, "{path}");
        }
        assert_eq!(Endpoint::at("/elsewhere", ""), None);
        assert_eq!(Endpoint::at("", "/elsewhere"), Some(Endpoint::Page));
        assert_eq!(Endpoint::at("", ""), Some(Endpoint::Extension));
    }

    #[test]
    fn a_call_finds_its_point() {
        for (index, &point) in Point::ALL.iter().enumerate() {
            assert_eq!((point.index(), Point::named(point.name())), (index, Some(point)));
        }
        assert_eq!(Point::named(""), None);
    }
}
