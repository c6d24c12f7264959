//! Options from flags, environment and file, sorted by the rooms that they are for.
//!
//! A flag overrides the environment, the environment the TOML file, and the file the default. Values that are
//! overridden are checked, too: a mistake shows when it is made, not when the flag above it is removed.

mod command;
mod error;
mod moderation;
mod options;
mod stations;
mod values;

use std::ffi::{OsStr, OsString};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::answer::{self, Labels, Line};
use crate::auth::{self, Keys};
use crate::endpoints::PageAccess;
use crate::http::Engine;
use crate::moderation::Moderation;
use crate::socket::Address;
use crate::{file, sampler};

pub use command::{Command, CommandLine, Flags, help};
pub use error::{Error, Fault, SENSOR_REMEDY, nearest};
use options::Settings;
pub use options::{OPTIONS, Opt};
use values::{Given, Table, unknown_key};

/// The exit code that shells and most programs use for a wrong command line.
const EXIT_USAGE: u8 = 2;

/// `EX_CONFIG` of sysexits.h. systemd shows its name, and our unit does not restart on it.
const EXIT_CONFIG: u8 = 78;

/// The cores of a Raspberry Pi. On a larger machine more threads would only cost memory: one of
/// them answers more calls than a Dify can send.
const DEFAULT_THREADS_MAX: NonZero<usize> = NonZero::new(4).unwrap();

/// Many times what all options and labels with their comments need.
const FILE_MAX: usize = 64 * 1024;

/// Where the package and the installation by hand put configuration and key: at the board,
/// `weatherhook check` needs no options.
const INSTALLED: &str = "/etc/weatherhook";

const VARIABLE_PREFIX: &str = "WEATHERHOOK_";

/// The one variable with our prefix that is no option: a key on the command line would be shown to
/// every user of the machine by ps(1), and a key in the file would be in its backups.
const KEY_VARIABLE: &str = "WEATHERHOOK_KEY";

/// The tables of the file that describe places and their sources.
const STATION: &str = "station";

/// The table of the file that names the word list and what happens to its words.
const MODERATION: &str = "moderation";

/// The table of the file that has the labels of the answer.
const LABELS: &str = "labels";

/// All options, sorted by the rooms that they are for.
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
    /// Who may look at the page.
    pub page: PageAccess,
    /// Where the words are that no text may have; [`Config::moderation`] reads them.
    pub moderation: Option<crate::moderation::Options>,
}

impl Config {
    /// Puts the layers together. `default_file` is the TOML file if neither flag nor variable
    /// names one; without it, and without a sensor file, the file of an installed service is used. The keys
    /// are not read, so that commands that need none work without.
    pub fn load(
        flags: &Flags,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        default_file: Option<&Path>,
    ) -> Result<Config, Error> {
        let mut settings = Settings::default();
        read_flags(flags, &mut settings).map_err(Error::Usage)?;
        let mut service = read_variables(variables, &mut settings).map_err(Error::Variable)?;
        settings.config = settings.config.or_else(|| default_file.map(Path::to_owned));
        if settings.config.is_none() && settings.sensor.is_none() {
            settings.config = service.installed_file("weatherhook.toml");
            service.installed_key = settings.config.as_ref().and_then(|_| service.installed_file("key"));
        }
        let tables = match settings.config.clone() {
            Some(path) => read_file(&path, &mut settings)?,
            None => Tables::default(),
        };
        settings.read_defaults().map_err(Error::Usage)?;
        finish(settings, service, tables)
    }

    /// The same for what cannot do without a sensor file.
    pub fn with_sources(self) -> Result<Config, Error> {
        if self.sampler.sources.is_empty() { Err(Error::NoSensor) } else { Ok(self) }
    }

    /// Reads the keys. The warnings beside them are one line each.
    pub fn keys(&self) -> Result<(Keys, Vec<String>), Error> {
        Keys::load(self.key.as_ref().ok_or(Error::NoKey)?).map_err(Error::Keys)
    }

    /// Reads the word list, if one is configured.
    pub fn moderation(&self) -> Result<Option<Moderation>, Error> {
        self.moderation.as_ref().map(Moderation::load).transpose().map_err(Error::Moderation)
    }
}

/// What the environment says beside the options: what systemd hands to a service, and the key.
#[derive(Default)]
struct Service {
    key: Option<OsString>,
    /// `$CREDENTIALS_DIRECTORY`.
    credentials: Option<PathBuf>,
    /// `$CONFIGURATION_DIRECTORY`, where an installed service has configuration and key if not at [`INSTALLED`].
    configuration: Option<PathBuf>,
    /// `$STATE_DIRECTORY`.
    state: Option<PathBuf>,
    /// The key of an installed service, if its configuration is used.
    installed_key: Option<PathBuf>,
}

impl Service {
    /// The file of an installed service, if it exists, or if that cannot be seen: reading it reports why.
    fn installed_file(&self, name: &str) -> Option<PathBuf> {
        let directory = self.configuration.as_deref().unwrap_or(Path::new(INSTALLED));
        Some(directory.join(name)).filter(|path| path.try_exists().unwrap_or(true))
    }

    /// A key file that is named, or systemd's credential, or the variable, or the key of an installed service.
    fn key(&self, key_file: Option<PathBuf>) -> Option<auth::Source> {
        if let Some(path) = key_file {
            let is_guarded = self.credentials.as_ref().is_some_and(|directory| path.starts_with(directory));
            return Some(if is_guarded { auth::Source::Credential(path) } else { auth::Source::File(path) });
        }
        let credential = self.credentials.as_ref().map(|directory| directory.join("key"));
        let variable = || {
            let value = self.key.clone()?;
            Some(auth::Source::Variable { name: KEY_VARIABLE, value })
        };
        let credential = credential.filter(|path| path.exists()).map(auth::Source::Credential);
        credential.or_else(variable).or_else(|| self.installed_key.clone().map(auth::Source::File))
    }
}

/// The tables of the file.
#[derive(Default)]
struct Tables {
    labels: Labels,
    /// The stations, and the file that has them. They are read when all options are known.
    stations: Option<(Value, PathBuf)>,
    moderation: Option<crate::moderation::Options>,
}

impl Tables {
    /// The places and sources. A source without a time of its own is read `every`.
    fn stations(
        &self,
        every: Duration,
    ) -> Result<(Vec<sampler::StationOptions>, Vec<sampler::SourceOptions>), Error> {
        let Some((value, file)) = &self.stations else { return Ok(Default::default()) };
        let stations = stations::read(&Given::Toml(value, directory(file)), every);
        stations.map_err(|fault| Error::File(file.clone(), fault))
    }
}

fn read_flags(flags: &Flags, settings: &mut Settings) -> Result<(), Fault> {
    for option in OPTIONS.iter().filter(|option| flags.has(option.name)) {
        let values = flags.values(option.name);
        option.read(settings, &Given::Words(&values)).map_err(|fault| fault.at(option.flag()))?;
    }
    Ok(())
}

fn read_variables(
    all: impl IntoIterator<Item = (OsString, OsString)>,
    settings: &mut Settings,
) -> Result<Service, Fault> {
    let mut service = Service::default();
    for (variable, value) in all {
        let variable = variable.to_string_lossy();
        match &*variable {
            KEY_VARIABLE => service.key = Some(value),
            "CREDENTIALS_DIRECTORY" => service.credentials = absolute(&value),
            "CONFIGURATION_DIRECTORY" => service.configuration = absolute(&value),
            // systemd writes all that the unit names, with colons between.
            "STATE_DIRECTORY" => {
                let first = value.to_str().and_then(|paths| paths.split(':').next());
                service.state = first.and_then(|path| absolute(OsStr::new(path)));
            }
            _ if variable.starts_with(VARIABLE_PREFIX) => {
                let read = find_variable(&variable)?.read(settings, &Given::Words(&[value]));
                read.map_err(|fault| fault.at(&variable))?;
            }
            _ => {}
        }
    }
    Ok(service)
}

fn absolute(path: &OsStr) -> Option<PathBuf> {
    Some(PathBuf::from(path)).filter(|path| path.is_absolute())
}

fn find_variable(variable: &str) -> Result<&'static Opt, Fault> {
    OPTIONS.iter().find(|option| option.variable() == variable).ok_or_else(|| {
        let name = variable.trim_start_matches(VARIABLE_PREFIX);
        let near = nearest(name, &mut OPTIONS.iter().map(|option| option.name).chain(["key"]));
        let near = near.map(|near| VARIABLE_PREFIX.to_owned() + &near.to_uppercase());
        Fault::unknown("environment variable", variable, near)
    })
}

fn read_file(path: &Path, settings: &mut Settings) -> Result<Tables, Error> {
    let contents =
        file::read_small(path, FILE_MAX).map_err(|error| Error::Unreadable(path.to_owned(), error))?;
    read_toml(&contents.bytes, path, settings).map_err(|fault| Error::File(path.to_owned(), fault))
}

fn read_toml(toml: &[u8], path: &Path, settings: &mut Settings) -> Result<Tables, Fault> {
    if is_too_deep(toml) {
        return Err(Fault::other("nested too deeply"));
    }
    let all: Map<String, Value> =
        basic_toml::from_slice(toml).map_err(|error| Fault::other(error.to_string()))?;
    let mut tables = Tables::default();
    for (key, value) in &all {
        let given = Given::Toml(value, directory(path));
        match key.as_str() {
            LABELS => tables.labels = read_labels(&given)?,
            STATION => tables.stations = Some((value.clone(), path.to_owned())),
            MODERATION => tables.moderation = Some(moderation::read(&given)?),
            _ => {
                let option = options::of_file().find(|option| option.name == key).ok_or_else(|| {
                    let options = options::of_file().map(|option| option.name);
                    unknown_key(key, &mut options.chain([LABELS, MODERATION, STATION]))
                })?;
                option.read(settings, &given).map_err(|fault| fault.at(key))?;
            }
        }
    }
    Ok(tables)
}

/// The directory in which relative paths of the file start.
fn directory(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}

fn read_labels(given: &Given<'_>) -> Result<Labels, Fault> {
    let mut labels = Labels::default();
    let keys = Line::keys().collect::<Vec<_>>();
    let table = Table::new(given, LABELS, Some(&keys))?;
    for &line in Line::ALL {
        if let Some(label) = table.get(line.key(), Given::label)? {
            labels[line] = label;
        }
    }
    Ok(labels)
}

/// Gives each setting to its room. Each field is named here, so that the compiler finds one that is not used.
fn finish(settings: Settings, service: Service, tables: Tables) -> Result<Config, Error> {
    let Settings {
        listen,
        path,
        public_url,
        key_file,
        sensor,
        city,
        every,
        stale_after,
        units,
        page,
        threads,
        engine,
        config,
    } = settings;
    let every = needed("every", every)?;
    let (stations, mut sources) = tables.stations(every)?;
    sources.extend(sensor.map(|sensor| sampler::SourceOptions::files(sensor, every)));
    Ok(Config {
        file: config,
        listen: needed("listen", listen)?,
        path: needed("path", path)?,
        public_url,
        threads: threads.unwrap_or_else(default_threads),
        engine: needed("engine", engine)?,
        key: service.key(key_file),
        sampler: sampler::Options { stations, sources, city, state: service.state },
        answer: answer::Options {
            units: needed("units", units)?,
            labels: tables.labels,
            stale_after: needed("stale_after", stale_after)?,
        },
        page: needed("page", page)?,
        moderation: tables.moderation,
    })
}

/// The value of an option that has a default.
fn needed<T>(name: &'static str, value: Option<T>) -> Result<T, Error> {
    value.ok_or_else(|| Error::Usage(Fault::expected("a default", &Given::NOTHING).at(name)))
}

fn default_threads() -> NonZero<usize> {
    thread::available_parallelism().map_or(NonZero::<usize>::MIN, |cores| cores.min(DEFAULT_THREADS_MAX))
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

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;
    use crate::file::Scratch;

    /// A command line, an environment and a file, with `sensor` set if the test is not about it.
    #[derive(Clone, Copy, Default)]
    struct Layers<'a> {
        flags: &'a [&'a str],
        variables: &'a [(&'a str, &'a str)],
        toml: &'a str,
    }

    fn serve_flags(flags: &[&str]) -> Result<Flags, Error> {
        Ok(CommandLine::parse([&["serve"], flags].concat().iter().map(OsString::from))?.flags)
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
    fn options_that_nobody_sets_have_their_defaults() {
        let plain = loaded(Layers::default());
        assert_eq!(plain.listen.iter().map(Address::to_string).collect::<Vec<_>>(), ["127.0.0.1:8000"]);
        assert_eq!(plain.path, "/api/dify/receive");
        assert_eq!(plain.engine, Engine::Event);
        assert_eq!(plain.answer, answer::Options::default());
        assert_eq!(plain.sampler.sources[0].every, Duration::from_secs(5));
        assert!((1..=4).contains(&plain.threads.get()));
        assert_eq!((plain.key, plain.sampler.city, plain.public_url), (None, None, None));
    }

    /// Sets one option in each layer by itself and then in all of them at once. `values` are the
    /// values in file, environment and flag; `seen` gives the value of the configuration.
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
        let keys = ["/a", "b", "../c"];
        let key = |config: &Config| match &config.key {
            Some(auth::Source::File(path)) => path.display().to_string(),
            other => format!("{other:?}"),
        };
        check_layers("key_file", keys, key, keys);
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
    fn relative_paths_start_at_the_file_that_has_them() {
        let scratch = Scratch::new();
        let toml = "sensor = \"here.json\"\nkey_file = \"/there/key\"";
        let config = load_in(&scratch, Layers { toml, ..Layers::default() }).expect("a configuration");
        assert_eq!(config.sampler.sources[0].kind, sampler::SourceKind::Files(scratch.path("here.json")));
        assert_eq!(config.key, Some(auth::Source::File("/there/key".into())));
        assert_eq!(config.file, Some(scratch.path("weatherhook.toml")));
        let flags: &[_] = &["--sensor", "here.json"];
        let config = load_in(&scratch, Layers { flags, toml, ..Layers::default() }).expect("a configuration");
        assert_eq!(config.sampler.sources[0].kind, sampler::SourceKind::Files("here.json".into()));
    }

    #[test]
    fn paths_need_not_be_utf8() {
        use std::os::unix::ffi::OsStringExt;
        let path = OsString::from_vec(b"sens\xffor".to_vec());
        let variables = [("WEATHERHOOK_SENSOR".into(), path.clone())];
        let config = Config::load(&Flags::default(), variables, None).expect("a configuration");
        assert_eq!(config.sampler.sources[0].kind, sampler::SourceKind::Files(path.clone().into()));
        let variables = [("WEATHERHOOK_SENSOR".into(), "s".into()), ("WEATHERHOOK_CITY".into(), path)];
        let error = Config::load(&Flags::default(), variables, None).expect_err("no name");
        let expected = "WEATHERHOOK_CITY: expected a name without control characters, \
                        found \"sens\\xFFor\", which is not UTF-8";
        assert_eq!(error.to_string(), expected);
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

    /// The message and the exit code.
    #[track_caller]
    fn check_error<T: fmt::Debug>(result: Result<T, Error>, code: u8, expected: &str) {
        let error = result.expect_err(expected);
        assert_eq!((&*error.to_string(), error.exit_code()), (expected, code));
    }

    #[track_caller]
    fn check_flags(flags: &[&str], expected: &str) {
        check_error(load(Layers { flags, ..Layers::default() }), 2, expected);
    }

    #[track_caller]
    fn check_variable(name: &str, value: &str, expected: &str) {
        check_error(load(Layers { variables: &[(name, value)], ..Layers::default() }), 78, expected);
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
    fn refuses_wrong_labels() {
        let expected =
            "expected a text without control characters, or an empty one to leave the line out, found";
        check_toml("[labels]\nuv = 3", &format!("labels.uv: {expected} 3"));
        check_toml("[labels]\nuv = \"a\\nb\"", &format!("labels.uv: {expected} \"a\\nb\""));
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
    fn a_mistake_is_reported_even_if_a_higher_layer_hides_it() {
        let layers = Layers { flags: &["--threads", "2"], toml: "threads = 0", ..Layers::default() };
        assert_eq!(load(layers).map_err(|error| error.exit_code()), Err(78));
        let layers = Layers { variables: &[("WEATHERHOOK_THREADS", "0")], ..layers };
        let expected = "WEATHERHOOK_THREADS: expected a number from 1 to 64, found \"0\"";
        check_error(load(layers), 78, expected);
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
        assert_eq!(error.to_string(), format!("{}: a named pipe, expected a regular file", fifo.display()));
        let error =
            Config::load(&Flags::default(), [], Some(Path::new("/absent.toml"))).expect_err("no file");
        assert_eq!(error.to_string(), "/absent.toml: No such file or directory (os error 2)");
    }

    #[test]
    fn a_sensor_is_needed() {
        let result = installed(&Scratch::new(), &[]).and_then(Config::with_sources);
        assert!(matches!(result, Err(Error::NoSensor)), "{result:?}");
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

    /// No layer names a file or a sensor, and a service is installed in `scratch`.
    fn installed(scratch: &Scratch, variables: &[(&str, &str)]) -> Result<Config, Error> {
        let directory = [("CONFIGURATION_DIRECTORY".into(), scratch.path("").into())];
        let variables = variables.iter().map(|(name, value)| (name.into(), value.into()));
        Config::load(&Flags::default(), variables.chain(directory), None)
    }

    #[test]
    fn what_is_installed_is_the_last_resort() {
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
        assert_eq!((config.file, config.key), (None, None), "a sensor is for another service");
        let other = Scratch::new();
        let other = other.write("other.toml", "");
        let config = installed(&scratch, &[("WEATHERHOOK_CONFIG", other.to_str().expect("UTF-8"))]);
        assert_eq!(config.expect("a configuration").key, None, "so is a file");

        std::fs::remove_file(scratch.path("key")).expect("removed");
        let error = installed(&scratch, &[]).expect("a configuration").keys().expect_err("no key");
        assert!(error.to_string().starts_with("no key: make one with "), "{error}");
    }

    #[test]
    fn keys_are_read_on_demand() {
        let config = loaded(Layers { variables: &[("WEATHERHOOK_KEY", "123456")], ..Layers::default() });
        assert!(!format!("{config:?}").contains("123456"), "{config:?}");
        let (keys, warnings) = config.keys().expect("keys");
        assert!(keys.admits(Some(b"Bearer 123456")));
        assert_eq!(warnings.len(), 1);

        let config = loaded(Layers { variables: &[("WEATHERHOOK_KEY", "1234")], ..Layers::default() });
        let error = config.keys().expect_err("too short");
        let expected = "WEATHERHOOK_KEY: line 1: Dify takes no key of fewer than 5 characters";
        assert_eq!(error.to_string(), expected);

        let error = loaded(Layers::default()).keys().expect_err("no key");
        let expected = "no key: make one with (umask 077; weatherhook keygen > key) and give --key-file key, \
                        or set WEATHERHOOK_KEY";
        assert_eq!(error.to_string(), expected);
    }
}
