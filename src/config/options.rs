//! The table of options: a row for each, from which flag, variable, key, help and default come.

use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use super::VARIABLE_PREFIX;
use super::error::Fault;
use super::values::Given;
use crate::answer::Units;
use crate::endpoints::{DEFAULT_PATH, PageAccess};
use crate::http::Engine;
use crate::socket::Address;

/// The value of an option that no layer gives.
enum Default {
    /// None.
    Nothing,
    /// This one, read like any other.
    Value(&'static str),
    /// It depends on the machine, and the help describes it.
    Described(&'static str),
}

/// One row of [`OPTIONS`].
pub struct Opt {
    /// The key in the file; flag and variable follow from it.
    pub name: &'static str,
    /// What stands for the value in the help.
    pub value: &'static str,
    /// What it is, in some words.
    pub help: &'static str,
    default: Default,
    /// Keeps the value unless a higher layer has given one.
    keep: fn(&mut Settings, &Given<'_>) -> Result<(), Fault>,
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

    /// The default as the help writes it.
    pub fn default(&self) -> Option<&'static str> {
        match self.default {
            Default::Nothing => None,
            Default::Value(text) | Default::Described(text) => Some(text),
        }
    }

    /// Keeps the value in `settings` unless a higher layer has given one. It is checked all the same.
    pub(super) fn read(&self, settings: &mut Settings, given: &Given<'_>) -> Result<(), Fault> {
        (self.keep)(settings, given)
    }

    /// The fault of a flag without a value.
    pub(super) fn without_value(&self) -> Fault {
        let fault = self.read(&mut Settings::default(), &Given::NOTHING).err();
        fault.unwrap_or_else(|| Fault::other("no value")).at(self.flag())
    }
}

/// Makes [`OPTIONS`], and [`Settings`] with a field for each row.
macro_rules! options {
    ($(
        $name:ident: $Value:ty {
            value: $value:expr,
            help: $help:expr,
            default: $default:expr,
            read: $read:expr,
        }
    )+) => {
        /// What can be set: as `--stale-after` on the command line, as `WEATHERHOOK_STALE_AFTER` in the
        /// environment, as `stale_after` in the TOML file.
        pub const OPTIONS: &[Opt] = &[$(
            Opt {
                name: stringify!($name),
                value: $value,
                help: $help,
                default: $default,
                keep: |settings, given| {
                    let value = $read(given)?;
                    settings.$name.get_or_insert(value);
                    Ok(())
                },
            },
        )+];

        /// What the layers have given so far, the highest first: for each option its value.
        #[derive(std::default::Default)]
        pub(super) struct Settings {
            $( pub(super) $name: Option<$Value>, )+
        }
    };
}

options! {
    // The port is that of Dify's own example. Only this board can connect by default: calls come through a
    // tunnel that ends here.
    listen: Vec<Address> {
        value: "ADDR:PORT",
        help: "address, or unix:/PATH; may be repeated",
        default: Default::Value("127.0.0.1:8000"),
        read: Given::addresses,
    }
    path: String {
        value: "PATH",
        help: "path of the endpoint, as in Dify",
        default: Default::Value(DEFAULT_PATH),
        read: Given::endpoint,
    }
    public_url: String {
        value: "URL",
        help: "public address of the server, for /openapi.json and /mcp",
        default: Default::Nothing,
        read: Given::url,
    }
    key_file: PathBuf {
        value: "FILE",
        help: "accepted bearer keys, one a line",
        default: Default::Nothing,
        read: Given::file,
    }
    sensor: PathBuf {
        value: "FILE",
        help: "sensor file, unless the TOML file has [[station]]",
        default: Default::Nothing,
        read: Given::file,
    }
    city: String {
        value: "NAME",
        help: "name of the place, if the sensor file has none",
        default: Default::Nothing,
        read: Given::name,
    }
    // Weather stations write every 16 s to every few minutes; a look at a file costs microseconds.
    every: Duration {
        value: "TIME",
        help: "time between two looks at the sensor file",
        default: Default::Value("5s"),
        read: Given::every,
    }
    stale_after: Duration {
        value: "TIME",
        help: "age from which a reading is stale and not shown",
        default: Default::Value("15m"),
        read: Given::age,
    }
    units: Units {
        value: "UNITS",
        help: "metric or imperial",
        default: Default::Value("metric"),
        read: Given::units,
    }
    page: PageAccess {
        value: "WHO",
        help: "who may look at the page: key, local or off",
        default: Default::Value("key"),
        read: Given::page,
    }
    threads: NonZero<usize> {
        value: "N",
        help: "threads that answer, 1 to 64",
        default: Default::Described("the cores, at most 4"),
        read: Given::threads,
    }
    engine: Engine {
        value: "ENGINE",
        help: "event, or tiny_http behind your own proxy",
        default: Default::Value("event"),
        read: Given::engine,
    }
    config: PathBuf {
        value: "FILE",
        help: "TOML file with these options",
        default: Default::Nothing,
        read: Given::file,
    }
}

/// The one option that the file cannot set: it names the file.
const CONFIG: &str = "config";

/// The options that the file can set.
pub(super) fn of_file() -> impl Iterator<Item = &'static Opt> {
    OPTIONS.iter().filter(|option| option.name != CONFIG)
}

impl Settings {
    /// The lowest layer.
    pub(super) fn read_defaults(&mut self) -> Result<(), Fault> {
        for option in OPTIONS {
            if let Default::Value(text) = option.default {
                option.read(self, &Given::Words(&[text.into()])).map_err(|fault| fault.at(option.name))?;
            }
        }
        Ok(())
    }
}
