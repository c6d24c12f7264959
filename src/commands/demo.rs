//! `weatherhook demo`: the real server, with files of its own, to see it work before anything is
//! set up.

mod past;

use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::auth;
use crate::config::{self, Config};
use crate::endpoints::PageAccess;
use crate::service::{self, Error};
use crate::socket::Address;
use crate::time::Timestamp;

const CONFIGURATION: &str = include_str!("../../demo/weatherhook.toml");
const SENSOR: &str = include_str!("../../demo/london.json");

/// The directory of what is kept of the past.
const STATE: &str = "state";

/// Serves the demo until SIGTERM or SIGINT. `load` reads the configuration with the given file as its lowest
/// layer. How to call the server is written to `out`.
pub(super) fn run(
    load: &dyn Fn(&Path) -> Result<Config, config::Error>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let key = auth::generate().map_err(Error::machine("random numbers"))?;
    let directory = Directory::new(&key).map_err(Error::machine("the demo's files"))?;
    let load = || {
        let mut config = load(&directory.0.join("weatherhook.toml"))?;
        // The demo shows this key, so this key has to be accepted, also where the real server has another.
        config.key = Some(auth::Source::File(directory.0.join("key")));
        config.sampler.state = Some(directory.0.join(STATE));
        Ok(config)
    };
    service::serve(&load, &mut |config, addresses| {
        // The server runs, whether or not this can be written.
        let _ = addresses.first().map(|address| explain(address, config, &key, out));
    })
}

fn explain(address: &Address, config: &Config, key: &str, out: &mut dyn Write) -> io::Result<()> {
    let (socket, endpoint) = match address {
        Address::Tcp(_) => (String::new(), address.endpoint(&config.path)),
        Address::Unix(path) => {
            (format!("--unix-socket '{}' ", path.display()), format!("http://localhost{}", config.path))
        }
    };
    let sensor = config.sampler.sources.iter().map(|source| source.name().to_string());
    let sensor = sensor.collect::<Vec<_>>().join(", ");
    let page = match address {
        Address::Tcp(_) if config.page != PageAccess::Off && config.path != "/" => {
            format!("Page:          {} (any user name, the key as the password)\n", address.endpoint("/"))
        }
        _ => String::new(),
    };
    write!(
        out,
        r#"
{page}API endpoint:  {endpoint}
API key:       {key}

Ask it as Dify does:

curl -s {socket}'{endpoint}' -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d '{{"point": "app.external_data_tool.query", "params": {{"app_id": "61248ab4-1125-45be-ae32-0ce91334d021", "tool_variable": "weather_retrieve", "inputs": {{"location": "London"}}, "query": "What is the weather like today?"}}}}'

The answer is made from {sensor}: change a value there and ask again.
Ctrl-C ends the demo.
"#
    )?;
    out.flush()
}

/// A directory that nobody else can look into, removed at the end.
struct Directory(PathBuf);

impl Directory {
    fn new(key: &str) -> io::Result<Directory> {
        // Part of a random key makes a name that nobody else can guess and use first.
        let name = auth::generate()?;
        let path = std::env::temp_dir().join(format!("weatherhook-demo-{}", &name[..8]));
        DirBuilder::new().mode(0o700).create(&path)?;
        let directory = Directory(path);
        fs::write(directory.0.join("weatherhook.toml"), CONFIGURATION)?;
        fs::write(directory.0.join("london.json"), SENSOR)?;
        let state = directory.0.join(STATE);
        fs::create_dir(&state)?;
        past::write(&state, "London", Timestamp::now())?;
        let mut file = fs::OpenOptions::new();
        let mut file = file.write(true).create_new(true).mode(0o600).open(directory.0.join("key"))?;
        writeln!(file, "{key}")?;
        Ok(directory)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What cannot be removed is small, and lies in a directory for temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
