//! File, flags and environment → each room's own options.
//!
//! A flag wins over the environment, the environment over the TOML file, the file over the
//! default. What a higher layer overrides is checked all the same: a mistake is told when it is
//! made, not on the day when the flag above it is taken away.

mod moderation;
mod stations;

use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use lexopt::Arg;
use serde_json::{Map, Value};

use crate::answer::{self, Labels, Line, Units};
use crate::auth::{self, Keys};
use crate::endpoints::{DEFAULT_PATH, Endpoint};
use crate::http::Engine;
use crate::moderation::Moderation;
use crate::socket::Address;
use crate::{file, sampler};

/// The exit code that shells and most programs use for a command line that makes no sense.
const EXIT_USAGE: u8 = 2;

/// `EX_CONFIG` of sysexits.h, which systemd shows by name and can be told not to restart on.
const EXIT_CONFIG: u8 = 78;

/// The port is that of Dify's own example. Only the board itself is served until told
/// otherwise: the way in is a tunnel that ends here.
const DEFAULT_LISTEN: Address = Address::Tcp(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000));

/// Weather stations write every 16 s to every few minutes; a look at a file costs microseconds.
const DEFAULT_EVERY: Duration = Duration::from_secs(5);

/// The cores of a Raspberry Pi. On a larger machine more threads would only cost memory: one of
/// them answers more calls than a Dify can send.
const DEFAULT_THREADS_MAX: NonZero<usize> = NonZero::new(4).unwrap();
const THREADS_MAX: u64 = 64;

/// Many times what all options and labels with their comments need.
const FILE_MAX: usize = 64 * 1024;

/// Where the package and the installation by hand put configuration and key, so that who sits at the board
/// asks `weatherhook check` and not more.
const INSTALLED: &str = "/etc/weatherhook";

const VARIABLE_PREFIX: &str = "WEATHERHOOK_";

/// The one variable with our prefix that is no option: a key on the command line would be shown to
/// every user of the machine by ps(1), and a key in the file would be in its backups.
const KEY_VARIABLE: &str = "WEATHERHOOK_KEY";

/// What can be set: as `--stale-after` on the command line, as `WEATHERHOOK_STALE_AFTER` in the
/// environment, as `stale_after` in the TOML file. Flags, variables, keys and help come from here.
pub const OPTIONS: [Opt; 12] = [
    Opt {
        name: "listen",
        value: "ADDR:PORT",
        help: "or unix:/PATH; may be repeated",
        default: Some("127.0.0.1:8000"),
        expected: "ADDR:PORT, like 127.0.0.1:8000 or [::1]:8000, or unix:/PATH",
        take: |settings, given| keep(&mut settings.listen, given.addresses()),
    },
    Opt {
        name: "path",
        value: "PATH",
        help: "path of the endpoint, as in Dify",
        default: Some(DEFAULT_PATH),
        expected: "a slash and visible ASCII characters, without ? and #, and none of \
                   /weather, /openapi.json, /healthz and /metrics",
        take: |settings, given| keep(&mut settings.path, given.endpoint()),
    },
    Opt {
        name: "public_url",
        value: "URL",
        help: "how the world reaches it, for /openapi.json",
        default: None,
        expected: "a URL like https://weather.example.org, without ? and #",
        take: |settings, given| keep(&mut settings.public_url, given.url()),
    },
    Opt {
        name: "key_file",
        value: "FILE",
        help: "bearer keys that are let in, one a line",
        default: None,
        expected: "the path of a file",
        take: |settings, given| keep(&mut settings.key_file, given.path()),
    },
    Opt {
        name: "sensor",
        value: "FILE",
        help: "sensor file, unless the TOML file has [[station]]",
        default: None,
        expected: "the path of a file",
        take: |settings, given| keep(&mut settings.sensor, given.path()),
    },
    Opt {
        name: "city",
        value: "NAME",
        help: "name of the place, where the sensor file has none",
        default: None,
        expected: "a name without control characters",
        take: |settings, given| keep(&mut settings.city, given.name()),
    },
    Opt {
        name: "every",
        value: "TIME",
        help: "time between two looks at the sensor file",
        default: Some("5s"),
        expected: EVERY_EXPECTED,
        take: |settings, given| keep(&mut settings.every, given.every()),
    },
    Opt {
        name: "stale_after",
        value: "TIME",
        help: "age from which on a reading is not told as current",
        default: Some("15m"),
        expected: "a time of at least 1s, like 15m",
        take: |settings, given| {
            let age = given.duration().filter(|&age| age >= Duration::from_secs(1));
            keep(&mut settings.stale_after, age)
        },
    },
    Opt {
        name: "units",
        value: "UNITS",
        help: "metric or imperial",
        default: Some("metric"),
        expected: "metric or imperial",
        take: |settings, given| keep(&mut settings.units, given.units()),
    },
    Opt {
        name: "threads",
        value: "N",
        help: "threads that answer, 1 to 64",
        default: Some("the cores, at most 4"),
        expected: "a number from 1 to 64",
        take: |settings, given| keep(&mut settings.threads, given.threads()),
    },
    Opt {
        name: "engine",
        value: "ENGINE",
        help: "event, or tiny_http behind your own proxy",
        default: Some("event"),
        expected: if cfg!(feature = "tiny_http") {
            "event or tiny_http"
        } else {
            "event (this build is without the cargo feature tiny_http)"
        },
        take: |settings, given| keep(&mut settings.engine, given.engine()),
    },
    Opt {
        name: CONFIG,
        value: "FILE",
        help: "TOML file with these options",
        default: None,
        expected: "the path of a file",
        take: |settings, given| keep(&mut settings.file, given.path()),
    },
];

/// The one option that the file cannot set: it names the file.
const CONFIG: &str = "config";

const EVERY_EXPECTED: &str = "a time from 100ms to 1h, like 5s";

/// The tables of the file in which places and their sources stand.
const STATION: &str = "station";

/// The table of the file that names the list of words and what is done about them.
const MODERATION: &str = "moderation";

/// The table of the file in which the labels of the answer stand.
const LABELS: &str = "labels";

const LABEL_EXPECTED: &str = "text without control characters, or nothing to leave the line out";

/// The commands with their argument and what they do.
const COMMANDS: [(&str, &str); 6] = [
    ("serve", "answer Dify until a SIGTERM"),
    ("demo", "serve an example station, to try it all out"),
    ("query [PLACE]", "print what Dify would be told about a place"),
    ("check [--watch]", "tell what is wrong with configuration, key or sensor file"),
    ("doctor [URL]", "tell where the way from Dify to the sensor is broken"),
    ("keygen", "print a new key"),
];

/// One line of [`OPTIONS`].
pub struct Opt {
    /// The key in the file; flag and variable follow from it.
    pub name: &'static str,
    /// What stands for the value in the help.
    pub value: &'static str,
    /// What it is, in some words.
    pub help: &'static str,
    /// The default as the help writes it.
    pub default: Option<&'static str>,
    /// What a message says was expected.
    expected: &'static str,
    /// Keeps the value unless a higher layer has given one; `None` for what is not as expected.
    take: fn(&mut Settings, &Given<'_>) -> Option<()>,
}

impl Opt {
    /// The flag: `--stale-after`.
    pub fn flag(&self) -> String {
        format!("--{}", self.name.replace('_', "-"))
    }

    /// The environment variable: `WEATHERHOOK_STALE_AFTER`.
    pub fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.name.to_ascii_uppercase())
    }

    fn read(&self, settings: &mut Settings, given: &Given<'_>) -> Result<(), String> {
        (self.take)(settings, given).ok_or_else(|| format!("expected {}, found {given}", self.expected))
    }
}

/// What is wrong, in one line. The kind decides the exit code.
#[derive(Debug, PartialEq, Eq)]
pub enum Error {
    /// The command line.
    Usage(String),
    /// The environment, the file, the key, or a setting that is missing from all of them.
    Config(String),
}

impl Error {
    /// With what the program ends.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage(_) => EXIT_USAGE,
            Error::Config(_) => EXIT_CONFIG,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Error::Usage(message) | Error::Config(message)) = self;
        f.write_str(message)
    }
}

impl std::error::Error for Error {}

/// What the program is told to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Answer Dify until told to stop.
    Serve(Flags),
    /// The same with an example station.
    Demo(Flags),
    /// Print the answer about a place, or about the default station.
    Query(Option<String>, Flags),
    /// Tell what is wrong with the configuration.
    Check(Flags),
    /// Show what the sources say, again and again.
    Watch(Flags),
    /// Tell where the way from Dify is broken: on this board, or to the endpoint of that URL.
    Doctor(Option<String>, Flags),
    /// Print a new key.
    Keygen,
    /// Print [`help`].
    Help,
    /// Print name and version.
    Version,
}

/// The options of the command line: their names and the values, as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags(Vec<(&'static str, OsString)>);

impl Flags {
    /// Whether the option of that name stands on the command line.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(flag, _)| *flag == name)
    }
}

impl Command {
    /// Reads the command line, without the program's name. Whether the values of the flags make
    /// sense is told by [`Config::load`].
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Error> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let mut flags = Flags::default();
        let mut words = Vec::new();
        let mut watch = false;
        while let Some(argument) = parser.next().map_err(|error| Error::Usage(error.to_string()))? {
            let option = match argument {
                Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
                Arg::Short('V') | Arg::Long("version") => return Ok(Command::Version),
                Arg::Short(letter) => {
                    return Err(Error::Usage(unknown("option", &format!("-{letter}"), None)));
                }
                Arg::Long("watch") => {
                    watch = true;
                    continue;
                }
                Arg::Long(name) => find_flag(name).map_err(Error::Usage)?,
                Arg::Value(word) => {
                    words.push(word);
                    continue;
                }
            };
            let value = parser.value().map_err(|_| {
                Error::Usage(format!("{}: expected {}, found nothing", option.flag(), option.expected))
            })?;
            flags.0.push((option.name, value));
        }
        match (Command::from_words(words, flags), watch) {
            (Ok(Command::Check(flags)), true) => Ok(Command::Watch(flags)),
            (Ok(_), true) => Err(Error::Usage("--watch: only check has it".to_owned())),
            (command, _) => command.map_err(Error::Usage),
        }
    }

    fn from_words(words: Vec<OsString>, flags: Flags) -> Result<Command, String> {
        let mut words = words.into_iter();
        let Some(name) = words.next() else {
            return Err("no command; weatherhook --help lists them".to_owned());
        };
        let command = match name.to_str() {
            Some("help") => return Ok(Command::Help),
            Some("serve") => Command::Serve(flags),
            Some("demo") => Command::Demo(flags),
            Some(name @ ("query" | "doctor")) => {
                let word = words.next().map(OsString::into_string).transpose();
                let word = word.map_err(|word| format!("{name}: {word:?} is not UTF-8"))?;
                if name == "query" { Command::Query(word, flags) } else { Command::Doctor(word, flags) }
            }
            Some("check") => Command::Check(flags),
            Some("keygen") if flags.0.is_empty() => Command::Keygen,
            Some("keygen") => return Err("keygen: there are no options for it".to_owned()),
            _ => {
                let name = name.to_string_lossy();
                let known = COMMANDS.iter().filter_map(|(usage, _)| usage.split(' ').next());
                return Err(unknown("command", &name, nearest(&name, known)));
            }
        };
        match (words.next(), &command) {
            (None, _) => Ok(command),
            (Some(extra), Command::Query(..)) => {
                Err(format!("unexpected argument {extra:?}; a name of several words needs quotes"))
            }
            (Some(extra), _) => Err(format!("unexpected argument {extra:?}")),
        }
    }
}

/// What `--help` prints.
pub fn help() -> String {
    let mut text = "\
weatherhook answers Dify's API extension calls with the weather of a sensor file

Usage: weatherhook COMMAND [OPTION...]

Commands:
"
    .to_owned();
    // Writing to a String cannot fail.
    for (usage, help) in COMMANDS {
        let _ = writeln!(text, "  {usage:<18}  {help}");
    }
    let keys: Vec<_> = Line::keys().collect();
    text.push_str("  --help, --version\n\nOptions of all but keygen:\n");
    for option in &OPTIONS {
        let usage = format!("{} {}", option.flag(), option.value);
        let default = option.default.map(|default| format!(" [{default}]")).unwrap_or_default();
        let _ = writeln!(text, "  {usage:<18}  {}{default}", option.help);
    }
    let _ = write!(
        text,
        "
Each option is also an environment variable ({VARIABLE_PREFIX}STALE_AFTER) and, but
for --{CONFIG}, a key of the TOML file (stale_after = \"15m\"). A flag wins over the
environment, the environment over the file. Paths in the file start at the
directory of the file. Its tables [[{STATION}]] with [[{STATION}.source]] describe
places that one file alone does not; [{MODERATION}] names a list of words that no
text may have. Its table [{LABELS}] sets the words before the colons:
  {}

Without --key-file: $CREDENTIALS_DIRECTORY/key, or else ${KEY_VARIABLE}.
Without --config and --sensor: weatherhook.toml and key of {INSTALLED}, if
they are there.

Exit codes: 0 done, 1 failed, {EXIT_USAGE} wrong command line, {EXIT_CONFIG} wrong configuration.

Example:
  (umask 077; weatherhook keygen > key)
  weatherhook serve --sensor /run/weather.json --key-file key
",
        keys.chunks(5).map(|line| line.join(", ")).collect::<Vec<_>>().join(",\n  ")
    );
    text
}

/// All that was set, sorted by the rooms that it is for.
#[derive(Debug, PartialEq, Eq)]
pub struct Config {
    /// The TOML file, if there is one.
    pub file: Option<PathBuf>,
    /// Where to listen, at least one.
    pub listen: Vec<Address>,
    /// The path of the endpoint, without a slash at its end but for `/` itself.
    pub path: String,
    /// The URL by which the world reaches the server, without a slash at its end, if that is known.
    pub public_url: Option<String>,
    /// How many threads answer.
    pub threads: NonZero<usize>,
    /// What serves the sockets.
    pub engine: Engine,
    /// Where the keys are; [`Config::keys`] reads them.
    pub key: Option<auth::Source>,
    /// What is sampled.
    pub sampler: sampler::Options,
    /// How the answer is written.
    pub answer: answer::Options,
    /// Where the words are that no text may have; [`Config::moderation`] reads them.
    pub moderation: Option<crate::moderation::Options>,
}

impl Config {
    /// Puts the layers together. `default_file` is the TOML file where neither flag nor variable
    /// names one; without it, and without a sensor file, that of an installed service is taken. The keys
    /// stay unread, so that what needs none works without.
    pub fn load(
        flags: &Flags,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        default_file: Option<&Path>,
    ) -> Result<Config, Error> {
        let mut settings = Settings::default();
        settings.take_flags(flags).map_err(Error::Usage)?;
        settings.take_variables(variables).map_err(Error::Config)?;
        settings.file = settings.file.or_else(|| default_file.map(Path::to_owned));
        if settings.file.is_none() && settings.sensor.is_none() {
            let installed = settings.installed.clone().unwrap_or_else(|| INSTALLED.into());
            settings.file = Some(installed.join("weatherhook.toml")).filter(|path| is_there(path));
            settings.installed_key =
                settings.file.as_ref().map(|_| installed.join("key")).filter(|path| is_there(path));
        }
        if let Some(path) = settings.file.clone() {
            let faulty = |fault| Error::Config(format!("{}: {fault}", path.display()));
            settings.take_file(&path).map_err(faulty)?;
            settings.take_stations().map_err(faulty)?;
        }
        settings.finish().map_err(Error::Config)
    }

    /// The same for what cannot do without a sensor file.
    pub fn with_sources(self) -> Result<Config, Error> {
        if self.sampler.sources.is_empty() {
            return Err(Error::Config(
                "no sensor file: give --sensor FILE, set WEATHERHOOK_SENSOR, or write \
                 sensor = \"FILE\" or [[station]] tables in the file of --config"
                    .to_owned(),
            ));
        }
        Ok(self)
    }

    /// Reads the keys; beside them come warnings of one line each.
    pub fn keys(&self) -> Result<(Keys, Vec<String>), Error> {
        let source = self.key.as_ref().ok_or_else(|| {
            Error::Config(format!(
                "no key: make one with (umask 077; weatherhook keygen > key) and give --key-file key, \
                 or set {KEY_VARIABLE}"
            ))
        })?;
        Keys::load(source).map_err(|error| Error::Config(error.to_string()))
    }

    /// Reads the list of words, if there is to be one.
    pub fn moderation(&self) -> Result<Option<Moderation>, Error> {
        let moderation = self.moderation.as_ref().map(Moderation::load).transpose();
        moderation.map_err(|error| Error::Config(error.to_string()))
    }
}

/// What the layers have given so far, the highest first.
#[derive(Default)]
struct Settings {
    file: Option<PathBuf>,
    listen: Option<Vec<Address>>,
    path: Option<String>,
    public_url: Option<String>,
    key_file: Option<PathBuf>,
    key_variable: Option<OsString>,
    /// Where an installed service has configuration and key, if not at [`INSTALLED`].
    installed: Option<PathBuf>,
    /// The key of an installed service, if its configuration is taken.
    installed_key: Option<PathBuf>,
    credentials: Option<PathBuf>,
    state: Option<PathBuf>,
    sensor: Option<PathBuf>,
    city: Option<String>,
    every: Option<Duration>,
    stale_after: Option<Duration>,
    units: Option<Units>,
    threads: Option<NonZero<usize>>,
    engine: Option<Engine>,
    labels: Labels,
    /// The tables of the stations, and the file's directory.
    stations: Option<(Value, PathBuf)>,
    places: Vec<sampler::StationOptions>,
    sources: Vec<sampler::SourceOptions>,
    moderation: Option<crate::moderation::Options>,
}

impl Settings {
    fn take_flags(&mut self, flags: &Flags) -> Result<(), String> {
        for option in &OPTIONS {
            let words = flags.0.iter().filter(|(name, _)| *name == option.name);
            let words: Vec<OsString> = words.map(|(_, word)| word.clone()).collect();
            if !words.is_empty() {
                let read = option.read(self, &Given::Words(&words));
                read.map_err(|fault| format!("{}: {fault}", option.flag()))?;
            }
        }
        Ok(())
    }

    fn take_variables(&mut self, all: impl IntoIterator<Item = (OsString, OsString)>) -> Result<(), String> {
        for (variable, value) in all {
            let variable = variable.to_string_lossy();
            if variable == KEY_VARIABLE {
                self.key_variable = Some(value);
            } else if variable == "CREDENTIALS_DIRECTORY" {
                self.credentials = Some(value.into()).filter(|path: &PathBuf| path.is_absolute());
            } else if variable == "CONFIGURATION_DIRECTORY" {
                self.installed = Some(value.into()).filter(|path: &PathBuf| path.is_absolute());
            } else if variable == "STATE_DIRECTORY" {
                // systemd writes all that the unit names, with colons between.
                let first = value.to_str().and_then(|paths| paths.split(':').next()).map(PathBuf::from);
                self.state = first.filter(|path| path.is_absolute());
            } else if let Some(name) = variable.strip_prefix(VARIABLE_PREFIX) {
                let option = OPTIONS.iter().find(|option| option.variable() == variable);
                let option = option.ok_or_else(|| {
                    let known = OPTIONS.iter().map(|option| option.name).chain(["key"]);
                    let near =
                        nearest(name, known).map(|near| VARIABLE_PREFIX.to_owned() + &near.to_uppercase());
                    unknown("environment variable", &variable, near.as_deref())
                })?;
                let read = option.read(self, &Given::Words(&[value]));
                read.map_err(|fault| format!("{variable}: {fault}"))?;
            }
        }
        Ok(())
    }

    fn take_file(&mut self, path: &Path) -> Result<(), String> {
        let contents = file::read_small(path, FILE_MAX).map_err(|error| error.to_string())?;
        if is_too_deep(&contents.bytes) {
            return Err("nested too deeply".to_owned());
        }
        let table: Map<String, Value> =
            basic_toml::from_slice(&contents.bytes).map_err(|error| error.to_string())?;
        let directory = path.parent().unwrap_or(Path::new(""));
        let in_file = || OPTIONS.iter().filter(|option| option.name != CONFIG);
        for (key, value) in &table {
            match key.as_str() {
                LABELS => {
                    self.read_labels(value)?;
                    continue;
                }
                STATION => {
                    // Read when it is known how often to look.
                    self.stations = Some((value.clone(), directory.to_owned()));
                    continue;
                }
                MODERATION => {
                    self.moderation = Some(moderation::read(value, directory)?);
                    continue;
                }
                _ => {}
            }
            let option = in_file().find(|option| option.name == key).ok_or_else(|| {
                unknown(
                    "key",
                    key,
                    nearest(key, in_file().map(|option| option.name).chain([LABELS, MODERATION, STATION])),
                )
            })?;
            let read = option.read(self, &Given::Toml(value, directory));
            read.map_err(|fault| format!("{key}: {fault}"))?;
        }
        Ok(())
    }

    fn read_labels(&mut self, labels: &Value) -> Result<(), String> {
        let table = labels.as_object();
        let table = table.ok_or_else(|| format!("{LABELS}: expected a table, found {}", shown(labels)))?;
        for (key, value) in table {
            let line = Line::named(key)
                .ok_or_else(|| format!("{LABELS}: {}", unknown("key", key, nearest(key, Line::keys()))))?;
            let text = value.as_str().filter(|text| !text.contains(char::is_control));
            self.labels[line] = text
                .ok_or_else(|| format!("{LABELS}: {key}: expected {LABEL_EXPECTED}, found {}", shown(value)))?
                .to_owned();
        }
        Ok(())
    }

    /// Reads the stations' tables. What they do not say is as it is set for all.
    fn take_stations(&mut self) -> Result<(), String> {
        if let Some((tables, directory)) = self.stations.take() {
            let every = self.every.unwrap_or(DEFAULT_EVERY);
            (self.places, self.sources) = stations::read(&tables, &directory, every)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Config, String> {
        let key = self.key();
        if let Some(sensor) = self.sensor {
            self.sources.push(sampler::SourceOptions::new(sensor, self.every.unwrap_or(DEFAULT_EVERY)));
        }
        let answer = answer::Options::default();
        Ok(Config {
            file: self.file,
            listen: self.listen.unwrap_or_else(|| vec![DEFAULT_LISTEN]),
            path: self.path.unwrap_or_else(|| DEFAULT_PATH.to_owned()),
            public_url: self.public_url,
            threads: self.threads.unwrap_or_else(|| {
                thread::available_parallelism()
                    .map_or(NonZero::<usize>::MIN, |cores| cores.min(DEFAULT_THREADS_MAX))
            }),
            engine: self.engine.unwrap_or_default(),
            key,
            sampler: sampler::Options {
                stations: self.places,
                sources: self.sources,
                city: self.city,
                state: self.state,
            },
            answer: answer::Options {
                units: self.units.unwrap_or(answer.units),
                labels: self.labels,
                stale_after: self.stale_after.unwrap_or(answer.stale_after),
            },
            moderation: self.moderation,
        })
    }

    /// A named key file, else systemd's credential, else the variable, else an installed service's.
    fn key(&self) -> Option<auth::Source> {
        if let Some(path) = self.key_file.clone() {
            let guarded = self.credentials.as_ref().is_some_and(|directory| path.starts_with(directory));
            return Some(if guarded { auth::Source::Credential(path) } else { auth::Source::File(path) });
        }
        let credential = self.credentials.as_ref().map(|directory| directory.join("key"));
        let variable = || {
            let value = self.key_variable.clone()?;
            Some(auth::Source::Variable { name: KEY_VARIABLE, value })
        };
        let credential = credential.filter(|path| path.exists()).map(auth::Source::Credential);
        credential.or_else(variable).or_else(|| self.installed_key.clone().map(auth::Source::File))
    }
}

/// Whether there is such a file, or one that may not be looked at: reading it will tell so.
fn is_there(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}

/// The parser calls itself for each bracket and for each part of a dotted name, without an end but
/// that of the stack. Nothing that we know nests deeper than a few levels.
fn is_too_deep(toml: &[u8]) -> bool {
    const BRACKETS: usize = 64;
    const NAME: usize = 512;
    let mut open = 0_usize;
    toml.split(|&byte| byte == b'\n').any(|line| {
        for byte in line {
            match byte {
                b'[' | b'{' => open += 1,
                b']' | b'}' => open = open.saturating_sub(1),
                _ => {}
            }
            if open > BRACKETS {
                return true;
            }
        }
        let name = line.split(|&byte| byte == b'=').next().unwrap_or_default();
        name.len() > NAME && name.contains(&b'.')
    })
}

/// Keeps the value unless a higher layer has given one; `None` if there is no value.
fn keep<T>(slot: &mut Option<T>, value: Option<T>) -> Option<()> {
    slot.get_or_insert(value?);
    Some(())
}

/// The value of an option as one of the layers writes it.
enum Given<'a> {
    /// A variable's value, or a flag's: more than one if the flag is repeated.
    Words(&'a [OsString]),
    /// A value in the file, and the file's directory.
    Toml(&'a Value, &'a Path),
}

impl Given<'_> {
    fn texts(&self) -> Option<Vec<&str>> {
        match self {
            Given::Words(words) => words.iter().map(|word| word.to_str()).collect(),
            Given::Toml(Value::Array(values), _) => values.iter().map(Value::as_str).collect(),
            Given::Toml(value, _) => value.as_str().map(|text| vec![text]),
        }
    }

    fn text(&self) -> Option<&str> {
        match self {
            Given::Words([word]) => word.to_str(),
            Given::Words(_) => None,
            Given::Toml(value, _) => value.as_str(),
        }
    }

    fn path(&self) -> Option<PathBuf> {
        let (directory, path) = match self {
            Given::Words([word]) => (Path::new(""), Path::new(word)),
            Given::Words(_) => return None,
            Given::Toml(value, directory) => (*directory, Path::new(value.as_str()?)),
        };
        (!path.as_os_str().is_empty()).then(|| directory.join(path))
    }

    fn duration(&self) -> Option<Duration> {
        humantime::parse_duration(self.text()?).ok()
    }

    fn every(&self) -> Option<Duration> {
        let bounds = Duration::from_millis(100)..=Duration::from_secs(3600);
        self.duration().filter(|every| bounds.contains(every))
    }

    fn addresses(&self) -> Option<Vec<Address>> {
        let texts = self.texts()?;
        let addresses: Option<Vec<_>> =
            texts.iter().flat_map(|text| text.split(',')).map(|text| address(text.trim())).collect();
        addresses.filter(|addresses| !addresses.is_empty())
    }

    fn endpoint(&self) -> Option<String> {
        let path = self.text()?;
        let trimmed = path.trim_end_matches('/');
        let fits = path.starts_with('/') && is_of_url(path) && !Endpoint::is_taken(trimmed);
        fits.then(|| if trimmed.is_empty() { "/" } else { trimmed }.to_owned())
    }

    fn url(&self) -> Option<String> {
        let url = self.text()?.trim_end_matches('/');
        let host = url.strip_prefix("https://").or(url.strip_prefix("http://"))?;
        (is_of_url(url) && !host.is_empty() && !host.starts_with('/')).then(|| url.to_owned())
    }

    fn name(&self) -> Option<String> {
        let name = self.text()?.trim();
        (!name.is_empty() && !name.contains(char::is_control)).then(|| name.to_owned())
    }

    fn threads(&self) -> Option<NonZero<usize>> {
        let number = match self {
            Given::Words(_) => self.text()?.parse().ok(),
            Given::Toml(value, _) => value.as_u64(),
        };
        NonZero::new(usize::try_from(number.filter(|&number| number <= THREADS_MAX)?).ok()?)
    }

    fn units(&self) -> Option<Units> {
        match self.text()? {
            "metric" => Some(Units::Metric),
            "imperial" => Some(Units::Imperial),
            _ => None,
        }
    }

    fn engine(&self) -> Option<Engine> {
        match self.text()? {
            "event" => Some(Engine::Event),
            "tiny_http" if cfg!(feature = "tiny_http") => Some(Engine::TinyHttp),
            _ => None,
        }
    }
}

/// A value of the file as a message shows it. `Display` would bring along a second writer, for indented JSON.
fn shown(value: &Value) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// As a message shows it, in one line.
impl fmt::Display for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Given::Words(words) => {
                let shown: Vec<_> = words.iter().map(|word| format!("{word:?}")).collect();
                f.write_str(&shown.join(" and "))?;
                if words.iter().any(|word| word.to_str().is_none()) {
                    f.write_str(", which is not UTF-8")?;
                }
                Ok(())
            }
            Given::Toml(value, _) => f.write_str(&shown(value)),
        }
    }
}

/// `ADDR:PORT`. No name is looked up, because at start there may be no network yet; `localhost` is
/// always the board itself (RFC 6761, 6.3). A socket in the file system has its whole path, as a service
/// starts in another directory than its user.
fn address(text: &str) -> Option<Address> {
    if let Some(path) = text.strip_prefix("unix:") {
        return path.starts_with('/').then(|| Address::Unix(path.into()));
    }
    let address = match text.strip_prefix("localhost:") {
        Some(port) => format!("{}:{port}", Ipv4Addr::LOCALHOST).parse(),
        None => text.parse(),
    };
    address.ok().map(Address::Tcp)
}

fn is_of_url(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#".contains(&byte))
}

fn find_flag(name: &str) -> Result<&'static Opt, String> {
    let flag = format!("--{name}");
    OPTIONS.iter().find(|option| option.flag() == flag).ok_or_else(|| {
        let near = nearest(name, OPTIONS.iter().map(|option| option.name));
        let near = near.map(|near| format!("--{}", near.replace('_', "-")));
        unknown("option", &flag, near.as_deref())
    })
}

fn unknown(kind: &str, name: &str, near: Option<&str>) -> String {
    match near {
        Some(near) => format!("unknown {kind} {name:?}, did you mean {near:?}?"),
        None => format!("unknown {kind} {name:?}; weatherhook --help lists the known ones"),
    }
}

/// The known name that is most like `name`, if any is like it at all.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // From 0.0 for nothing in common to 1.0 for equal; below this, suggestions are no help.
    const ALIKE: f64 = 0.8;
    let name = name.to_ascii_lowercase().replace('-', "_");
    known
        .map(|known| (strsim::jaro_winkler(&name, known), known))
        .filter(|&(likeness, _)| likeness > ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::Scratch;

    /// A command line, an environment and a file, with `sensor` set where the test is not about it.
    #[derive(Clone, Copy, Default)]
    struct Layers<'a> {
        flags: &'a [&'a str],
        variables: &'a [(&'a str, &'a str)],
        toml: &'a str,
    }

    fn command(arguments: &[&str]) -> Result<Command, Error> {
        Command::parse(arguments.iter().map(OsString::from))
    }

    fn serve_flags(flags: &[&str]) -> Result<Flags, Error> {
        match command(&[&["serve"], flags].concat())? {
            Command::Serve(flags) => Ok(flags),
            other => unreachable!("{other:?}"),
        }
    }

    fn load_in(scratch: &Scratch, layers: Layers<'_>) -> Result<Config, Error> {
        let file = scratch.write("weatherhook.toml", layers.toml);
        let variables = layers.variables.iter().map(|(name, value)| (name.into(), value.into()));
        Config::load(&serve_flags(layers.flags)?, variables, Some(&file))
    }

    fn load(layers: Layers<'_>) -> Result<Config, Error> {
        let sensor = ("WEATHERHOOK_SENSOR", "sensor.json");
        load_in(&Scratch::new(), Layers { variables: &[&[sensor], layers.variables].concat(), ..layers })
    }

    #[track_caller]
    fn loaded(layers: Layers<'_>) -> Config {
        load(layers).unwrap_or_else(|error| unreachable!("{error}"))
    }

    #[test]
    fn the_help_tells_the_true_defaults() {
        let plain = loaded(Layers::default());
        for option in OPTIONS.iter().filter(|option| option.name != "threads") {
            if let Some(default) = option.default {
                let config = loaded(Layers { flags: &[&option.flag(), default], ..Layers::default() });
                assert_eq!(Config { file: plain.file.clone(), ..config }, plain, "{}", option.name);
            }
        }
        assert!((1..=4).contains(&plain.threads.get()));
        assert_eq!(plain.key, None);
        assert_eq!(plain.sampler.city, None);
    }

    /// Sets one option in each layer by itself and then in all of them at once. `values` are the
    /// words for file, environment and flag; `seen` tells how the configuration shows them.
    #[track_caller]
    fn check_layers(name: &str, values: [&str; 3], seen: fn(&Config) -> String, expected: [&str; 3]) {
        let option = OPTIONS.iter().find(|option| option.name == name).expect("an option");
        let quoted = if name == "threads" { values[0].to_owned() } else { format!("{:?}", values[0]) };
        let toml = &format!("{name} = {quoted}\n");
        let (variable, flag) = (option.variable(), option.flag());
        let variables: &[_] = &[(variable.as_str(), values[1])];
        let flags: &[_] = &[flag.as_str(), values[2]];
        for (layers, expected) in [
            (Layers { toml, ..Layers::default() }, expected[0]),
            (Layers { variables, ..Layers::default() }, expected[1]),
            (Layers { flags, ..Layers::default() }, expected[2]),
            (Layers { toml, variables, ..Layers::default() }, expected[1]),
            (Layers { toml, flags, ..Layers::default() }, expected[2]),
            (Layers { variables, flags, ..Layers::default() }, expected[2]),
            (Layers { toml, variables, flags }, expected[2]),
        ] {
            assert_eq!(seen(&loaded(layers)), expected);
        }
    }

    #[test]
    fn every_option_comes_from_each_layer() {
        check_layers(
            "listen",
            ["0.0.0.0:1", "[::1]:2, 127.0.0.1:3", "localhost:4"],
            |config| config.listen.iter().map(Address::to_string).collect::<Vec<_>>().join(" "),
            ["0.0.0.0:1", "[::1]:2 127.0.0.1:3", "127.0.0.1:4"],
        );
        check_layers("path", ["/", "/a/b/", "/~c%20"], |config| config.path.clone(), ["/", "/a/b", "/~c%20"]);
        let key = |config: &Config| format!("{:?}", config.key);
        let keys = ["/a", "b", "../c"];
        check_layers(
            "key_file",
            keys,
            key,
            [r#"Some(File("/a"))"#, r#"Some(File("b"))"#, r#"Some(File("../c"))"#],
        );
        check_layers(
            "city",
            ["Łódź", "New York", " 東京 "],
            |config| config.sampler.city.clone().unwrap_or_default(),
            ["Łódź", "New York", "東京"],
        );
        let every = |config: &Config| format!("{:?}", config.sampler.sources[0].every);
        check_layers("every", ["100ms", "1m 30s", "1h"], every, ["100ms", "90s", "3600s"]);
        let stale_after = |config: &Config| format!("{:?}", config.answer.stale_after);
        check_layers("stale_after", ["1s", "2h", "365days"], stale_after, ["1s", "7200s", "31536000s"]);
        let units = |config: &Config| format!("{:?}", config.answer.units);
        check_layers("units", ["imperial", "metric", "imperial"], units, ["Imperial", "Metric", "Imperial"]);
        let threads = |config: &Config| config.threads.to_string();
        check_layers("threads", ["1", "64", "7"], threads, ["1", "64", "7"]);
        let engine = |config: &Config| format!("{:?}", config.engine);
        if cfg!(feature = "tiny_http") {
            check_layers(
                "engine",
                ["tiny_http", "event", "tiny_http"],
                engine,
                ["TinyHttp", "Event", "TinyHttp"],
            );
        }
    }

    #[test]
    fn listens_on_several_addresses() {
        let listen = |layers| loaded(layers).listen.iter().map(Address::to_string).collect::<Vec<_>>();
        let flags: &[_] = &["--listen", "127.0.0.1:1", "--listen=[::1]:2"];
        assert_eq!(listen(Layers { flags, ..Layers::default() }), ["127.0.0.1:1", "[::1]:2"]);
        let toml = r#"listen = ["127.0.0.1:3", "localhost:0"]"#;
        assert_eq!(listen(Layers { toml, ..Layers::default() }), ["127.0.0.1:3", "127.0.0.1:0"]);
        let toml = r#"listen = ["unix:/run/h.sock", "127.0.0.1:3"]"#;
        assert_eq!(listen(Layers { toml, ..Layers::default() }), ["unix:/run/h.sock", "127.0.0.1:3"]);
    }

    #[test]
    fn files_are_found_from_the_place_where_they_are_named() {
        let scratch = Scratch::new();
        let toml = "sensor = \"here.json\"\nkey_file = \"/there/key\"";
        let config = load_in(&scratch, Layers { toml, ..Layers::default() }).expect("a configuration");
        assert_eq!(config.sampler.sources[0].file, scratch.path("here.json"));
        assert_eq!(config.key, Some(auth::Source::File("/there/key".into())));
        assert_eq!(config.file, Some(scratch.path("weatherhook.toml")));
        let flags: &[_] = &["--sensor", "here.json"];
        let config = load_in(&scratch, Layers { flags, toml, ..Layers::default() }).expect("a configuration");
        assert_eq!(config.sampler.sources[0].file, Path::new("here.json"));
    }

    #[test]
    fn paths_need_not_be_utf8() {
        use std::os::unix::ffi::OsStringExt;
        let path = OsString::from_vec(b"sens\xffor".to_vec());
        let variables = [("WEATHERHOOK_SENSOR".into(), path.clone())];
        let config = Config::load(&Flags::default(), variables, None).expect("a configuration");
        assert_eq!(config.sampler.sources[0].file, path);
        let variables = [("WEATHERHOOK_SENSOR".into(), "s".into()), ("WEATHERHOOK_CITY".into(), path)];
        let error = Config::load(&Flags::default(), variables, None).expect_err("no name");
        let expected = "WEATHERHOOK_CITY: expected a name without control characters, \
                        found \"sens\\xFFor\", which is not UTF-8";
        assert_eq!(error, Error::Config(expected.to_owned()));
    }

    #[test]
    fn the_file_is_named_by_flag_variable_or_caller() {
        let scratch = Scratch::new();
        let [by_flag, by_variable] = ["flag", "variable"].map(|name| {
            let path = scratch.write(name, format!("city = {name:?}\nsensor = \"s\""));
            path.into_os_string().into_string().expect("UTF-8")
        });
        let toml = "city = \"caller\"\nsensor = \"s\"";
        let city = |layers| load_in(&scratch, layers).expect("a configuration").sampler.city;
        assert_eq!(city(Layers { toml, ..Layers::default() }).as_deref(), Some("caller"));
        let variables: &[_] = &[("WEATHERHOOK_CONFIG", by_variable.as_str())];
        assert_eq!(city(Layers { toml, variables, ..Layers::default() }).as_deref(), Some("variable"));
        let flags: &[_] = &["--config", &by_flag];
        assert_eq!(city(Layers { toml, variables, flags }).as_deref(), Some("flag"));
    }

    #[test]
    fn labels_come_from_the_file() {
        let toml = "[labels]\ncity = \"Stadt\"\nuv = \"\"";
        let labels = loaded(Layers { toml, ..Layers::default() }).answer.labels;
        let mut expected = Labels::default();
        expected[Line::City] = "Stadt".to_owned();
        expected[Line::Uv].clear();
        assert_eq!(labels, expected);
        for &line in Line::ALL {
            let toml = &format!("[labels]\n{} = \"word\"", line.key());
            assert_eq!(loaded(Layers { toml, ..Layers::default() }).answer.labels[line], "word");
        }
    }

    #[track_caller]
    fn check_flags(flags: &[&str], expected: &str) {
        assert_eq!(load(Layers { flags, ..Layers::default() }), Err(Error::Usage(expected.to_owned())));
    }

    #[track_caller]
    fn check_variable(name: &str, value: &str, expected: &str) {
        let result = load(Layers { variables: &[(name, value)], ..Layers::default() });
        assert_eq!(result, Err(Error::Config(expected.to_owned())));
    }

    /// The message without the file's name, which is checked here.
    #[track_caller]
    fn check_toml(toml: &str, expected: &str) {
        let error = load(Layers { toml, ..Layers::default() }).expect_err("an error");
        assert_eq!(error.exit_code(), 78);
        let message = error.to_string();
        let (file, message) = message.split_once(": ").unwrap_or_default();
        assert!(file.ends_with("/weatherhook.toml"), "{file:?}");
        assert_eq!(message, expected);
    }

    #[test]
    fn refuses_wrong_values_of_each_option() {
        let listen = |found| {
            format!("expected ADDR:PORT, like 127.0.0.1:8000 or [::1]:8000, or unix:/PATH, found {found}")
        };
        for value in
            ["", "127.0.0.1", ":8000", "8000", "::1:8000", "pi.local:80", "127.0.0.1:70000", "localhost:x"]
        {
            check_flags(&["--listen", value], &format!("--listen: {}", listen(format!("{value:?}"))));
        }
        check_variable(
            "WEATHERHOOK_LISTEN",
            "127.0.0.1:1,",
            &format!("WEATHERHOOK_LISTEN: {}", listen("\"127.0.0.1:1,\"".to_owned())),
        );
        check_toml("listen = []", &format!("listen: {}", listen("[]".to_owned())));
        check_toml("listen = [1]", &format!("listen: {}", listen("[1]".to_owned())));
        check_toml("listen = 8000", &format!("listen: {}", listen("8000".to_owned())));

        for value in ["", "receive", "/a?b", "/a#b", "/a b", "/ä", "/a\nb"] {
            let expected = format!(
                "--path: expected a slash and visible ASCII characters, without ? and #, and none of /weather, /openapi.json, /healthz and /metrics, found {value:?}"
            );
            check_flags(&["--path", value], &expected);
        }
        check_flags(&["--key-file", ""], "--key-file: expected the path of a file, found \"\"");
        check_toml("key_file = \"\"", "key_file: expected the path of a file, found \"\"");
        check_flags(&["--sensor="], "--sensor: expected the path of a file, found \"\"");
        check_toml("sensor = 7", "sensor: expected the path of a file, found 7");
        check_variable(
            "WEATHERHOOK_CONFIG",
            "",
            "WEATHERHOOK_CONFIG: expected the path of a file, found \"\"",
        );
        for value in ["", " ", "two\nlines"] {
            let expected = format!("--city: expected a name without control characters, found {value:?}");
            check_flags(&["--city", value], &expected);
        }
        for value in ["5", "99ms", "3601s", "soon", "-5s", ""] {
            let expected = format!("--every: expected a time from 100ms to 1h, like 5s, found {value:?}");
            check_flags(&["--every", value], &expected);
        }
        check_toml("every = 5", "every: expected a time from 100ms to 1h, like 5s, found 5");
        for value in ["15", "999ms", "never", "99999999999999999999y"] {
            let expected =
                format!("--stale-after: expected a time of at least 1s, like 15m, found {value:?}");
            check_flags(&["--stale-after", value], &expected);
        }
        check_variable(
            "WEATHERHOOK_UNITS",
            "Metric",
            "WEATHERHOOK_UNITS: expected metric or imperial, found \"Metric\"",
        );
        for value in ["0", "65", "many", "-1", "1.5", "99999999999999999999"] {
            let expected = format!("--threads: expected a number from 1 to 64, found {value:?}");
            check_flags(&["--threads", value], &expected);
        }
        check_toml("threads = \"many\"", "threads: expected a number from 1 to 64, found \"many\"");
        check_toml("threads = \"2\"", "threads: expected a number from 1 to 64, found \"2\"");
        check_toml("threads = 1.0", "threads: expected a number from 1 to 64, found 1.0");
        check_toml("threads = -1", "threads: expected a number from 1 to 64, found -1");
        check_flags(
            &["--threads", "1", "--threads", "2"],
            "--threads: expected a number from 1 to 64, found \"1\" and \"2\"",
        );
        if cfg!(feature = "tiny_http") {
            check_flags(&["--engine", "axum"], "--engine: expected event or tiny_http, found \"axum\"");
        } else {
            check_flags(
                &["--engine", "tiny_http"],
                "--engine: expected event (this build is without the cargo feature tiny_http), \
                 found \"tiny_http\"",
            );
        }
    }

    #[test]
    fn refuses_wrong_labels() {
        let expected = "expected text without control characters, or nothing to leave the line out, found";
        check_toml("[labels]\nuv = 3", &format!("labels: uv: {expected} 3"));
        check_toml("[labels]\nuv = \"a\\nb\"", &format!("labels: uv: {expected} \"a\\nb\""));
        check_toml("labels = \"no\"", "labels: expected a table, found \"no\"");
        check_toml(
            "[labels]\nwindspeed = \"\"",
            r#"labels: unknown key "windspeed", did you mean "wind_speed"?"#,
        );
    }

    #[test]
    fn names_the_nearest_known_name() {
        check_flags(
            &["--stale-afer", "1h"],
            r#"unknown option "--stale-afer", did you mean "--stale-after"?"#,
        );
        check_flags(
            &["--stale_after", "1h"],
            r#"unknown option "--stale_after", did you mean "--stale-after"?"#,
        );
        check_flags(&["--key=hunter2"], r#"unknown option "--key", did you mean "--key-file"?"#);
        check_flags(&["--zzz"], r#"unknown option "--zzz"; weatherhook --help lists the known ones"#);
        check_flags(&["-p"], r#"unknown option "-p"; weatherhook --help lists the known ones"#);
        check_variable(
            "WEATHERHOOK_KEYS",
            "hunter2",
            r#"unknown environment variable "WEATHERHOOK_KEYS", did you mean "WEATHERHOOK_KEY"?"#,
        );
        check_variable(
            "WEATHERHOOK_KEYFILE",
            "key",
            r#"unknown environment variable "WEATHERHOOK_KEYFILE", did you mean "WEATHERHOOK_KEY_FILE"?"#,
        );
        check_variable(
            "WEATHERHOOK_",
            "",
            r#"unknown environment variable "WEATHERHOOK_"; weatherhook --help lists the known ones"#,
        );
        check_toml("stale-after = \"1h\"", r#"unknown key "stale-after", did you mean "stale_after"?"#);
        check_toml("lables = {}", r#"unknown key "lables", did you mean "labels"?"#);
        check_toml("key = \"hunter2\"", r#"unknown key "key", did you mean "key_file"?"#);
        check_toml("config = \"b\"", r#"unknown key "config"; weatherhook --help lists the known ones"#);
        check_toml("[[sation]]", r#"unknown key "sation", did you mean "station"?"#);
    }

    #[test]
    fn a_mistake_is_told_even_where_a_higher_layer_hides_it() {
        let layers = Layers { flags: &["--threads", "2"], toml: "threads = 0", ..Layers::default() };
        assert_eq!(load(layers).map_err(|error| error.exit_code()), Err(78));
        let layers = Layers { variables: &[("WEATHERHOOK_THREADS", "0")], ..layers };
        let expected = "WEATHERHOOK_THREADS: expected a number from 1 to 64, found \"0\"";
        assert_eq!(load(layers), Err(Error::Config(expected.to_owned())));
    }

    #[test]
    fn refuses_files_that_are_not_toml() {
        check_toml("threads 2", "expected an equals, found an identifier at line 1 column 9");
        for deep in [
            format!("x = {}", "[".repeat(16_000)),
            format!("x = {}", "[\n".repeat(16_000)),
            format!("x = {}", "{a=".repeat(16_000)),
            format!("[{}a]", "a.".repeat(8_000)),
            format!("{}a = 1", "a.".repeat(8_000)),
        ] {
            check_toml(&deep, "nested too deeply");
        }
        check_toml("threads = 1\nthreads = 2", "duplicate key: `threads` at line 2 column 1");
        let scratch = Scratch::new();
        let fifo = scratch.mkfifo("fifo");
        let error = Config::load(&Flags::default(), [], Some(&fifo)).expect_err("no file");
        assert_eq!(
            error,
            Error::Config(format!("{}: a named pipe, expected a regular file", fifo.display()))
        );
        let error =
            Config::load(&Flags::default(), [], Some(Path::new("/absent.toml"))).expect_err("no file");
        assert_eq!(error, Error::Config("/absent.toml: No such file or directory (os error 2)".to_owned()));
    }

    #[test]
    fn a_sensor_is_needed() {
        let expected = "no sensor file: give --sensor FILE, set WEATHERHOOK_SENSOR, \
                        or write sensor = \"FILE\" or [[station]] tables in the file of --config";
        let error = installed(&Scratch::new(), &[]).and_then(Config::with_sources).expect_err("no sensor");
        assert_eq!(error, Error::Config(expected.to_owned()));
    }

    #[test]
    fn the_key_is_looked_for_in_three_places() {
        let scratch = Scratch::new();
        let credentials = scratch.path("").into_os_string().into_string().expect("UTF-8");
        let directory = ("CREDENTIALS_DIRECTORY", credentials.as_str());
        let key = ("WEATHERHOOK_KEY", "a-key-of-the-environment");
        let credential = scratch.path("key");
        let source = |layers| loaded(layers).key;
        let variable = auth::Source::Variable { name: "WEATHERHOOK_KEY", value: key.1.into() };

        let both: &[_] = &[directory, key];
        let from_both = Layers { variables: both, ..Layers::default() };
        assert_eq!(source(from_both), Some(variable), "no such credential yet");
        scratch.write("key", "a-key-of-the-service");
        assert_eq!(source(from_both), Some(auth::Source::Credential(credential.clone())));
        let flags: &[_] = &["--key-file", "elsewhere"];
        assert_eq!(source(Layers { flags, ..from_both }), Some(auth::Source::File("elsewhere".into())));
        let within = credential.to_str().expect("UTF-8");
        let flags: &[_] = &["--key-file", within];
        assert_eq!(source(Layers { flags, ..from_both }), Some(auth::Source::Credential(credential.clone())));
        let relative = Layers { variables: &[("CREDENTIALS_DIRECTORY", "")], flags, ..Layers::default() };
        assert_eq!(source(relative), Some(auth::Source::File(credential.clone())));
    }

    /// Neither a file nor a sensor is named, and a service is installed in `scratch`.
    fn installed(scratch: &Scratch, variables: &[(&str, &str)]) -> Result<Config, Error> {
        let directory = [("CONFIGURATION_DIRECTORY".into(), scratch.path("").into())];
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        Config::load(&Flags::default(), variables.chain(directory), None)
    }

    #[test]
    fn what_is_installed_is_taken_last() {
        let scratch = Scratch::new();
        let key = scratch.write("key", "a-key-of-the-service");
        let config = installed(&scratch, &[]).expect("a configuration");
        assert_eq!((config.file, config.key), (None, None), "no key without its configuration");

        let file = scratch.write("weatherhook.toml", "path = \"/installed\"\nsensor = \"a.json\"");
        let config = installed(&scratch, &[]).expect("a configuration");
        assert_eq!((&config.file, &*config.path), (&Some(file), "/installed"));
        assert_eq!(config.key, Some(auth::Source::File(key)));
        let config = installed(&scratch, &[("WEATHERHOOK_KEY", "a-key-of-the-environment")]);
        assert!(matches!(config.expect("a configuration").key, Some(auth::Source::Variable { .. })));
        let config = installed(&scratch, &[("WEATHERHOOK_SENSOR", "b.json")]).expect("a configuration");
        assert_eq!((config.file, config.key), (None, None), "a sensor is another service's");
        let other = Scratch::new();
        let other = other.write("other.toml", "");
        let config = installed(&scratch, &[("WEATHERHOOK_CONFIG", other.to_str().expect("UTF-8"))]);
        assert_eq!(config.expect("a configuration").key, None, "so is a file");

        std::fs::remove_file(scratch.path("key")).expect("removed");
        let error = installed(&scratch, &[]).expect("a configuration").keys().expect_err("no key");
        assert!(error.to_string().starts_with("no key: make one with "), "{error}");
    }

    #[test]
    fn keys_are_read_when_asked_for() {
        let config = loaded(Layers { variables: &[("WEATHERHOOK_KEY", "123456")], ..Layers::default() });
        assert!(!format!("{config:?}").contains("123456"), "{config:?}");
        let (keys, warnings) = config.keys().expect("keys");
        assert!(keys.admits(Some(b"Bearer 123456")));
        assert_eq!(warnings.len(), 1);

        let config = loaded(Layers { variables: &[("WEATHERHOOK_KEY", "1234")], ..Layers::default() });
        let error = config.keys().expect_err("too short");
        let expected = "WEATHERHOOK_KEY: line 1: Dify takes no key of fewer than 5 characters";
        assert_eq!(error, Error::Config(expected.to_owned()));

        let error = loaded(Layers::default()).keys().expect_err("no key");
        let expected = "no key: make one with (umask 077; weatherhook keygen > key) and give --key-file key, \
                        or set WEATHERHOOK_KEY";
        assert_eq!(error, Error::Config(expected.to_owned()));
    }

    #[track_caller]
    fn check_command(arguments: &[&str], expected: Result<Command, &str>) {
        assert_eq!(command(arguments), expected.map_err(|message| Error::Usage(message.to_owned())));
    }

    #[test]
    fn reads_commands() {
        let none = Flags::default();
        check_command(&["serve"], Ok(Command::Serve(none.clone())));
        check_command(&["demo"], Ok(Command::Demo(none.clone())));
        check_command(&["check"], Ok(Command::Check(none.clone())));
        check_command(&["query"], Ok(Command::Query(None, none.clone())));
        check_command(&["query", "New York"], Ok(Command::Query(Some("New York".to_owned()), none.clone())));
        check_command(&["query", "--", "--x"], Ok(Command::Query(Some("--x".to_owned()), none)));
        check_command(&["keygen"], Ok(Command::Keygen));
        for help in [&["--help"][..], &["-h"], &["help"], &["help", "serve"], &["serve", "--threads=2", "-h"]]
        {
            check_command(help, Ok(Command::Help));
        }
        check_command(&["--version"], Ok(Command::Version));
        check_command(&["-V"], Ok(Command::Version));
        let flags = Flags(vec![("threads", "2".into()), ("city", "-".into())]);
        check_command(&["--threads", "2", "serve", "--city=-"], Ok(Command::Serve(flags)));
    }

    #[test]
    fn refuses_other_commands() {
        check_command(&[], Err("no command; weatherhook --help lists them"));
        check_command(&["--threads", "2"], Err("no command; weatherhook --help lists them"));
        check_command(&["server"], Err(r#"unknown command "server", did you mean "serve"?"#));
        check_command(&["qury"], Err(r#"unknown command "qury", did you mean "query"?"#));
        check_command(&["x"], Err(r#"unknown command "x"; weatherhook --help lists the known ones"#));
        check_command(&["serve", "now"], Err(r#"unexpected argument "now""#));
        check_command(&["keygen", "now"], Err(r#"unexpected argument "now""#));
        check_command(&["keygen", "--threads", "2"], Err("keygen: there are no options for it"));
        let several = r#"unexpected argument "York"; a name of several words needs quotes"#;
        check_command(&["query", "New", "York"], Err(several));
        let missing = "--threads: expected a number from 1 to 64, found nothing";
        check_command(&["serve", "--threads"], Err(missing));
        use std::os::unix::ffi::OsStringExt;
        let error =
            Command::parse(["query".into(), OsString::from_vec(b"\xff".to_vec())]).expect_err("not UTF-8");
        assert_eq!(error, Error::Usage(r#"query: "\xFF" is not UTF-8"#.to_owned()));
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn the_help_is_one_screen_and_complete() {
        let help = help();
        for option in &OPTIONS {
            assert!(help.contains(&format!("\n  {} {} ", option.flag(), option.value)), "{}", option.name);
        }
        for word in COMMANDS.iter().map(|(usage, _)| *usage).chain(Line::keys()) {
            assert!(help.contains(word), "{word}");
        }
        assert!(help.lines().count() <= 50 && help.lines().all(|line| line.chars().count() <= 80), "{help}");
    }
}
