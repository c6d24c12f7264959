//! The command line: a command and its options.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::path::PathBuf;

use lexopt::Arg;

use super::error::{Error, Fault, nearest};
use super::options::{OPTIONS, Opt};
use super::values::Given;
use super::{EXIT_CONFIG, EXIT_USAGE, INSTALLED, KEY_VARIABLE, LABELS, MODERATION, STATION, VARIABLE_PREFIX};
use crate::answer::Line;
use crate::table::table;

table! {
    /// What the program can do.
    pub enum Command: Row {
        /// Answer Dify until SIGTERM.
        Serve = Row {
            name: "serve",
            extra: Extra::Nothing,
            has_options: true,
            help: "answer Dify until SIGTERM or SIGINT",
        },
        /// The same with an example station.
        Demo = Row {
            name: "demo",
            extra: Extra::Nothing,
            has_options: true,
            help: "serve an example station",
        },
        /// Print the answer for a place, or for the default station.
        Query = Row {
            name: "query",
            extra: Extra::Argument("PLACE"),
            has_options: true,
            help: "print the answer that Dify gets for a place",
        },
        /// Show what is wrong with the configuration, or again and again what the sources report.
        Check = Row {
            name: "check",
            extra: Extra::FileOrWatch("FILE"),
            has_options: true,
            help: "show how a file or all that is configured is read",
        },
        /// Find what is wrong between Dify and the sensor: on this board, or by a call of the endpoint.
        Doctor = Row {
            name: "doctor",
            extra: Extra::Argument("URL"),
            has_options: true,
            help: "find what is wrong between Dify and the sensor",
        },
        /// Make days of older logs.
        Import = Row {
            name: "import",
            extra: Extra::StationAndFiles,
            has_options: true,
            help: "add the days of older logs; --dry-run shows them",
        },
        /// Print a new key.
        Keygen = Row { name: "keygen", extra: Extra::Nothing, has_options: false, help: "print a new key" },
        /// Print [`help`].
        Help = Row { name: "help", extra: Extra::Flag, has_options: false, help: "print this text" },
        /// Print name and version.
        Version = Row {
            name: "version",
            extra: Extra::Flag,
            has_options: false,
            help: "print name and version",
        },
    }
}

/// What is known of a command.
struct Row {
    name: &'static str,
    extra: Extra,
    has_options: bool,
    help: &'static str,
}

/// What a command accepts beside the options.
enum Extra {
    Nothing,
    /// Nothing, and the flag of the same name is the command, too.
    Flag,
    /// One word or none, by its name in the help.
    Argument(&'static str),
    /// A file in place of all options, by its name in the help; and the flag `--watch`.
    FileOrWatch(&'static str),
    /// A station and at least one file; and the flag `--dry-run`.
    StationAndFiles,
}

impl Command {
    /// As the help writes it.
    fn usage(self) -> String {
        let Row { name, extra, .. } = self.row();
        match extra {
            Extra::Nothing => (*name).to_owned(),
            Extra::Flag => format!("{name}, --{name}"),
            Extra::Argument(argument) => format!("{name} [{argument}]"),
            Extra::FileOrWatch(file) => format!("{name} [{file}] [--watch]"),
            Extra::StationAndFiles => format!("{name} STATION FILE..."),
        }
    }

    fn named(name: &OsStr) -> Result<Command, Fault> {
        let command = Command::ALL.iter().find(|command| command.row().name == name);
        command.copied().ok_or_else(|| {
            let name = name.to_string_lossy();
            let near = nearest(&name, &mut Command::ALL.iter().map(|command| command.row().name));
            Fault::unknown("command", &name, near.map(str::to_owned))
        })
    }
}

/// The option that the file of `check` stands for.
const SENSOR: &str = "sensor";

/// A command line: a command, and what it is to work on.
#[derive(Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// The command.
    pub command: Command,
    /// The place of `query`, the URL of `doctor`, the station of `import`.
    pub argument: Option<String>,
    /// Whether `check` goes on, and shows readings as they come.
    pub watch: bool,
    /// Whether `import` only shows what it would add.
    pub dry_run: bool,
    /// Whether `check` is about one file, which is the sensor file of the options then.
    pub file: bool,
    /// The files of `import`.
    pub files: Vec<PathBuf>,
    /// The options.
    pub flags: Flags,
}

/// The options of the command line: their names and the values, as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags(Vec<(&'static str, OsString)>);

impl Flags {
    /// Whether the command line has the option of that name.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(flag, _)| *flag == name)
    }

    /// The values of the option of that name, one for each time it is given.
    pub(super) fn values(&self, name: &str) -> Vec<OsString> {
        self.0.iter().filter(|(flag, _)| *flag == name).map(|(_, value)| value.clone()).collect()
    }
}

impl CommandLine {
    /// Reads the command line, without the program's name. The values of the flags are read by
    /// [`Config::load`](super::Config::load).
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<CommandLine, Error> {
        parse(arguments).map_err(Error::Usage)
    }

    fn of(command: Command) -> CommandLine {
        CommandLine {
            command,
            argument: None,
            watch: false,
            dry_run: false,
            file: false,
            files: Vec::new(),
            flags: Flags::default(),
        }
    }
}

fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<CommandLine, Fault> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut flags = Flags::default();
    let mut words = Vec::new();
    let (mut watch, mut dry_run) = (false, false);
    while let Some(argument) = parser.next().map_err(|error| Fault::other(error.to_string()))? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(CommandLine::of(Command::Help)),
            Arg::Short('V') | Arg::Long("version") => return Ok(CommandLine::of(Command::Version)),
            Arg::Long("watch") => watch = true,
            Arg::Long("dry-run") => dry_run = true,
            Arg::Short(letter) => return Err(Fault::unknown("option", &format!("-{letter}"), None)),
            Arg::Long(name) => {
                let option = find_flag(name)?;
                let value = parser.value().map_err(|_| option.without_value())?;
                flags.0.push((option.name, value));
            }
            Arg::Value(word) => words.push(word),
        }
    }
    let mut words = words.into_iter();
    let name = words.next().ok_or_else(|| Fault::other("no command; weatherhook --help lists them"))?;
    match Command::named(&name)? {
        // The text is about all commands, so the other words do not matter.
        Command::Help => Ok(CommandLine::of(Command::Help)),
        command => complete(command, words, (watch, dry_run), flags),
    }
}

/// Checks the rest of the command line.
fn complete(
    command: Command,
    mut words: impl Iterator<Item = OsString>,
    (watch, dry_run): (bool, bool),
    mut flags: Flags,
) -> Result<CommandLine, Fault> {
    let Row { name, extra, has_options, .. } = command.row();
    let argument = match extra {
        Extra::Argument(argument) => {
            let word = words.next().map(OsString::into_string).transpose();
            word.map_err(|word| Given::Words(&[word]).fault(*argument).at(name))?
        }
        Extra::StationAndFiles => {
            let word =
                words.next().ok_or_else(|| Fault::other("expected a station and its files").at(name))?;
            Some(word.into_string().map_err(|word| Given::Words(&[word]).fault("STATION").at(name))?)
        }
        _ => None,
    };
    let takes_files = matches!(extra, Extra::StationAndFiles);
    let files: Vec<PathBuf> =
        if takes_files { words.by_ref().map(PathBuf::from).collect() } else { Vec::new() };
    if takes_files && files.is_empty() {
        return Err(Fault::other("expected files behind the station").at(name));
    }
    if dry_run && !takes_files {
        return Err(Fault::other("only import accepts it").at("--dry-run"));
    }
    let file = matches!(extra, Extra::FileOrWatch(_)).then(|| words.next()).flatten();
    let is_file = file.is_some();
    if is_file && flags.has(SENSOR) {
        return Err(Fault::other("the word behind check names the file already").at("--sensor"));
    }
    flags.0.extend(file.map(|file| (SENSOR, file)));
    if let Some(word) = words.next() {
        let hint = if command == Command::Query { "; put quotes around a name of several words" } else { "" };
        return Err(Fault::other(format!("unexpected argument {word:?}{hint}")));
    }
    if watch && !matches!(extra, Extra::FileOrWatch(_)) {
        return Err(Fault::other("only check accepts it").at("--watch"));
    }
    if !(*has_options || flags.0.is_empty()) {
        return Err(Fault::other("it accepts no options").at(name));
    }
    Ok(CommandLine { command, argument, watch, dry_run, file: is_file, files, flags })
}

fn find_flag(name: &str) -> Result<&'static Opt, Fault> {
    let flag = format!("--{name}");
    OPTIONS.iter().find(|option| option.flag() == flag).ok_or_else(|| {
        let near = nearest(name, &mut OPTIONS.iter().map(|option| option.name));
        Fault::unknown("option", &flag, near.map(|near| format!("--{}", near.replace('_', "-"))))
    })
}

/// What `--help` prints.
pub fn help() -> String {
    let labels = Line::keys().collect::<Vec<_>>();
    let labels = labels.chunks(5).map(|line| line.join(", ")).collect::<Vec<_>>().join(",\n  ");
    let mut text = "\
weatherhook answers calls of Dify's API extension with the weather from sensors

Usage: weatherhook COMMAND [OPTION...]

Commands:
"
    .to_owned();
    // Writing to a String cannot fail.
    for command in Command::ALL {
        let _ = writeln!(text, "  {:<22}  {}", command.usage(), command.row().help);
    }
    text.push_str("\nOptions of all commands but keygen:\n");
    for option in OPTIONS {
        let usage = format!("{} {}", option.flag(), option.value);
        let default = option.default().map(|default| format!(" [{default}]")).unwrap_or_default();
        let _ = writeln!(text, "  {usage:<18}  {}{default}", option.help);
    }
    let _ = write!(
        text,
        "
Each option is also an environment variable ({VARIABLE_PREFIX}STALE_AFTER) and,
except --config, a key of the TOML file (stale_after = \"15m\"). A flag overrides
the environment, and the environment overrides the file. Relative paths in the
file start at its directory. The file also has tables: [[{STATION}]] with
[[{STATION}.source]] for places with several sources, [{MODERATION}] for words to
flag or mask, and [{LABELS}] for the words before the colons of the answer:
  {labels}

Without --key-file, weatherhook reads $CREDENTIALS_DIRECTORY/key, or else uses
the value of ${KEY_VARIABLE}. Without --config and --sensor, it uses
weatherhook.toml and key of {INSTALLED}, if they exist.

Exit codes: 0 done, 1 failed, {EXIT_USAGE} wrong command line, {EXIT_CONFIG} wrong configuration.

Example:
  (umask 077; weatherhook keygen > key)
  weatherhook serve --sensor /run/weather.json --key-file key
"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(command: Command, argument: Option<&str>, flags: Flags) -> CommandLine {
        CommandLine { argument: argument.map(str::to_owned), flags, ..CommandLine::of(command) }
    }

    #[track_caller]
    fn check(arguments: &[&str], expected: Result<CommandLine, &str>) {
        let line = parse(arguments.iter().map(OsString::from)).map_err(|fault| fault.to_string());
        assert_eq!(line, expected.map_err(str::to_owned), "{arguments:?}");
    }

    #[test]
    fn reads_commands() {
        let none = Flags::default();
        for command in Command::ALL.iter().filter(|command| **command != Command::Import) {
            check(&[command.row().name], Ok(CommandLine::of(*command)));
        }
        let import = CommandLine {
            dry_run: true,
            files: vec!["a.csv".into(), "b.csv".into()],
            ..of(Command::Import, Some("New York"), Flags::default())
        };
        check(&["import", "New York", "a.csv", "--dry-run", "b.csv"], Ok(import));
        check(&["query", "New York"], Ok(of(Command::Query, Some("New York"), none.clone())));
        check(&["query", "--", "--x"], Ok(of(Command::Query, Some("--x"), none)));
        check(&["--watch", "check"], Ok(CommandLine { watch: true, ..CommandLine::of(Command::Check) }));
        let file = Flags(vec![(SENSOR, "a.csv".into())]);
        let line = CommandLine { file: true, ..of(Command::Check, None, file) };
        check(&["check", "a.csv"], Ok(line));
        for help in [&["--help"][..], &["-h"], &["help"], &["help", "serve"], &["serve", "--threads=2", "-h"]]
        {
            check(help, Ok(CommandLine::of(Command::Help)));
        }
        check(&["--version"], Ok(CommandLine::of(Command::Version)));
        check(&["-V"], Ok(CommandLine::of(Command::Version)));
        let flags = Flags(vec![("threads", "2".into()), ("city", "-".into())]);
        check(&["--threads", "2", "serve", "--city=-"], Ok(of(Command::Serve, None, flags)));
    }

    #[test]
    fn refuses_other_commands() {
        check(&[], Err("no command; weatherhook --help lists them"));
        check(&["--threads", "2"], Err("no command; weatherhook --help lists them"));
        check(&["server"], Err(r#"unknown command "server", did you mean "serve"?"#));
        check(&["qury"], Err(r#"unknown command "qury", did you mean "query"?"#));
        check(&["x"], Err(r#"unknown command "x"; weatherhook --help lists the known ones"#));
        check(&["serve", "now"], Err(r#"unexpected argument "now""#));
        check(&["keygen", "now"], Err(r#"unexpected argument "now""#));
        check(&["keygen", "--threads", "2"], Err("keygen: it accepts no options"));
        let twice = "--sensor: the word behind check names the file already";
        check(&["check", "a.csv", "--sensor", "b.csv"], Err(twice));
        check(&["check", "a.csv", "b.csv"], Err(r#"unexpected argument "b.csv""#));
        check(&["serve", "--watch"], Err("--watch: only check accepts it"));
        check(&["serve", "--dry-run"], Err("--dry-run: only import accepts it"));
        check(&["import"], Err("import: expected a station and its files"));
        check(&["import", "Home"], Err("import: expected files behind the station"));
        let several = r#"unexpected argument "York"; put quotes around a name of several words"#;
        check(&["query", "New", "York"], Err(several));
        check(&["serve", "--threads"], Err("--threads: expected a number from 1 to 64, found nothing"));
        use std::os::unix::ffi::OsStringExt;
        let result = CommandLine::parse(["query".into(), OsString::from_vec(b"\xff".to_vec())]);
        let error = result.expect_err("not UTF-8");
        assert_eq!(error.to_string(), r#"query: expected PLACE, found "\xFF", which is not UTF-8"#);
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn a_flag_without_a_value_is_a_fault_of_every_option() {
        for option in OPTIONS {
            let fault = option.without_value().to_string();
            assert!(fault.starts_with(&format!("{}: expected ", option.flag())), "{fault}");
            assert!(fault.ends_with(", found nothing"), "{fault}");
        }
    }

    #[test]
    fn the_help_is_one_screen_and_complete() {
        let help = help();
        for option in OPTIONS {
            assert!(help.contains(&format!("\n  {} {} ", option.flag(), option.value)), "{}", option.name);
        }
        let commands = Command::ALL.iter().map(|command| command.usage());
        for word in commands.chain(Line::keys().map(str::to_owned)) {
            assert!(help.contains(&word), "{word}");
        }
        assert!(help.lines().count() <= 50 && help.lines().all(|line| line.chars().count() <= 80), "{help}");
    }
}
