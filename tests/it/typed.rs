//! What docs/sensors.md asks people to type, typed: its commands write the files that its configurations name, and
//! the program reads them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use crate::field::case::{self, Case};
use crate::fixture::*;

fn document() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sensors.md");
    fs::read_to_string(path).expect("the document")
}

/// The blocks of a document in one language.
fn blocks<'d>(document: &'d str, language: &str) -> Vec<&'d str> {
    let begin = format!("```{language}\n");
    document.split(&*begin).skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)).collect()
}

/// The first cell and the last of each row of the table that begins so.
fn rows<'d>(document: &'d str, header: &str) -> Vec<(&'d str, &'d str)> {
    let (_, table) = document.split_once(header).expect("the table");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| "));
    rows.map(|row| {
        let cells = row.trim_matches(['|', ' ']);
        (cells.split(" | ").next().unwrap_or_default(), cells.rsplit(" | ").next().unwrap_or_default())
    })
    .collect()
}

/// Programs that the board of a test does not have, or that would ask the net: each writes `$FIXTURE` in its way.
const PROGRAMS: &str = r#"
curl() { while [ "$1" != -o ]; do shift; done; cat "$FIXTURE" > "$2"; }
socat() { cat "$FIXTURE"; }
weewxd() { cat "$FIXTURE"; }
python3() { cat "$FIXTURE"; }
rtl_433() { cat "$FIXTURE" > "${2#json:}"; }
mosquitto_sub() {
    local option OPTIND format topic message
    while getopts h:RF:t: option; do
        case $option in F) format=$OPTARG;; t) topic=$OPTARG;; esac
    done
    message=$(cat "$FIXTURE")
    case $message in *'"message":'*) printf '%s\n' "$message"; return;; esac
    format=${format//%U/$(date +%s)}
    format=${format//%t/$topic}
    printf '%s\n' "${format//%p/$message}"
}
save-weather() { ( . "$SCRIPT" "$@" ) }
"#;

/// A board with the directories of the document under a scratch directory.
struct Board(Scratch);

impl Board {
    fn new() -> Board {
        let board = Board(Scratch::new());
        board.0.write("key", KEY);
        let document = document();
        let script =
            *blocks(&document, "sh").iter().find(|block| block.contains("save-weather")).expect("it");
        board.0.write("save-weather", board.moved(script));
        board.file("/run/weather/here", "");
        board
    }

    /// The text with its paths from the root led to the scratch directory.
    fn moved(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for directory in ["/run/", "/sys/", "/var/", "/home/", "/srv/", "/media/"] {
            text = text.replace(directory, &format!("{}{directory}", self.0.path("").display()));
        }
        text.replace("//", "/").replace(":/", "://").replace("json://", "json:/")
    }

    fn file(&self, path: &str, contents: impl AsRef<[u8]>) {
        let path = path.trim_start_matches('/').replace('*', "1");
        if let Some(directory) = self.0.path(&path).parent() {
            fs::create_dir_all(directory).expect("a directory");
        }
        self.0.write(&path, contents);
    }

    /// Types a line of shell while the programs write this.
    #[track_caller]
    fn type_in(&self, line: &str, written: &[u8]) {
        let fixture = self.0.write("fixture", written);
        let bash = |arguments: &[&str]| {
            let mut command = Command::new("bash");
            command.args(arguments).current_dir(self.0.path(""));
            command.env("FIXTURE", &fixture).env("SCRIPT", self.0.path("save-weather"));
            let output = output(&mut command);
            assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        };
        let line = self.moved(line);
        bash(&["-n", "-c", &line]);
        bash(&["-ec", &format!("{PROGRAMS}{line}")]);
    }

    /// What `check` prints of a configuration.
    fn check(&self, toml: &str) -> String {
        let config = self.0.write("weatherhook.toml", self.moved(toml));
        let output = output(weatherhook(["check", "--config", text(&config)]).env("WEATHERHOOK_KEY", KEY));
        String::from_utf8([output.stdout, output.stderr].concat()).expect("text")
    }
}

/// What is wrong with the output of a `check` that has to show current readings of every station.
fn fault(said: &str) -> Option<&str> {
    let bad = |line: &&str| {
        line.starts_with("error: ") || line.contains(": readings: 0") || line.contains("too old to be shown")
    };
    if said.contains("\nstation: ") { said.lines().find(bad) } else { Some("no station") }
}

/// The configuration for a row: that of the section, with the options that the row shows.
fn with_options(base: &str, options: &[&str]) -> String {
    let mut toml = base.to_owned();
    for option in options {
        match option.split(" = ").next() {
            Some("stale_after") => toml = format!("{option}\n{toml}"),
            Some("file") => toml = toml.replace("file = \"/run/weather/latest\"", option),
            _ => toml = format!("{toml}{option}\n"),
        }
    }
    toml
}

/// Does what a row says with the files of a case. Returns what is wrong with the answer.
fn fault_of(cell: &str, base: &str, case: &Case) -> Option<String> {
    let spans: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
    let is_option = |span: &&str| !span.contains("save-weather") && span.split(' ').nth(1) == Some("=");
    let is_command = |span: &&str| span.contains('/') && !is_option(span);
    let (options, commands): (Vec<&str>, Vec<&str>) = (
        spans.iter().copied().filter(|span| is_option(span)).collect(),
        spans.iter().copied().filter(|span| is_command(span)).collect(),
    );
    let file = options.iter().find_map(|option| option.strip_prefix("file = "));
    assert_eq!(commands.is_empty(), file.is_some(), "{cell}: either commands or a file");
    let toml = with_options(base, &options);
    let mut faults = commands.iter().map(Some).chain(file.map(|_| None)).filter_map(|command| {
        let board = Board::new();
        let written = case.written(SystemTime::now().into(), 0).remove(0).bytes;
        match command {
            Some(command) => board.type_in(command, &written),
            None => board.file(file?.trim_matches('"'), &written),
        }
        let said = board.check(&toml);
        let fault = fault(&said)?.to_owned();
        Some(format!("{}: {fault}\n{toml}\n{said}", case.id))
    });
    faults.next()
}

/// The cases that `check` reads by the row of each writer.
fn cases_by_writer() -> BTreeMap<String, Vec<Case>> {
    let mut found: BTreeMap<String, Vec<Case>> = BTreeMap::new();
    for case in case::all() {
        if !case.steps().is_empty() {
            continue;
        }
        let board = Board(Scratch::new());
        board.file("/file", case.written(SystemTime::now().into(), 0).remove(0).bytes);
        let said = run(["check", text(&board.0.path("file"))]).stdout;
        let said = String::from_utf8(said).expect("text");
        let mut names: Vec<_> =
            said.lines().filter_map(|line| Some(line.split_once("writer: ")?.1)).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            found.entry(name.to_owned()).or_default().push(case.clone());
        }
    }
    found
}

#[test]
fn what_each_known_writer_needs_works() {
    let document = document();
    let base =
        blocks(&document, "toml").into_iter().find(|block| block.contains("/run/weather/")).expect("it");
    let cases = cases_by_writer();
    let mut before = "";
    let mut wrong = Vec::new();
    for (writer, cell) in rows(&document, "| written by | recognised by |") {
        let typed = if cell.starts_with("the same") { before } else { cell };
        before = typed;
        let Some(cases) = cases.get(writer) else {
            wrong.push(format!("{writer}: no case of tests/field has it"));
            continue;
        };
        // It is known, and that is all.
        if cell.contains("nothing is read") {
            continue;
        }
        let faults: Vec<_> = cases.iter().map(|case| fault_of(typed, base, case)).collect();
        if faults.iter().all(Option::is_some) {
            wrong.extend(faults.into_iter().flatten().map(|fault| format!("{writer}: {fault}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The case of each row of the second table.
const OTHERS: [(&str, &str); 22] = [
    ("rtl_433", "rtl-433-us"),
    ("Tasmota", "tasmota-bme"),
    ("zigbee2mqtt", "z2m-alone"),
    ("SwitchBot", "switchbot-outdoor"),
    ("Home Assistant, history", "home-assistant-history"),
    ("wttr.in", "wttr"),
    ("InfluxDB", "influx-json"),
    ("Telegraf, file output", "line-protocol-tags"),
    ("weewx, its MQTT extension", "weewx-mqtt"),
    ("weewx, LOOP packets on the screen", "weewx-loop"),
    ("weewx, Belchertown skin", "belchertown"),
    ("Cumulus, realtime.txt", "cumulus-realtime"),
    ("Weather Display, clientraw.txt", "clientraw"),
    ("Ecowitt, upload", "ecowitt-upload"),
    ("Ecowitt, SD card", "ecowitt-sd-card"),
    ("Govee, export", "govee-app"),
    ("WeatherLink, text export", "weatherlink-text"),
    ("Netatmo, export of a module", "netatmo-export-outdoor"),
    ("HOBO, export", "hoboware"),
    ("SenML", "senml"),
    ("DHT22, as the tutorials print it", "dht-example"),
    ("Sense HAT, a CSV log", "sense-hat-message"),
];

#[test]
fn what_the_other_writers_need_works() {
    let document = document();
    let base =
        blocks(&document, "toml").into_iter().find(|block| block.contains("/run/weather/")).expect("it");
    let rows = rows(&document, "| written by | what to type |");
    assert_eq!(
        rows.iter().map(|(writer, _)| *writer).collect::<Vec<_>>(),
        OTHERS.map(|(writer, _)| writer).to_vec()
    );
    let cases = case::all();
    let mut wrong = Vec::new();
    for ((writer, cell), (_, id)) in rows.into_iter().zip(OTHERS) {
        let case = cases.iter().find(|case| case.id == id).expect(id);
        wrong.extend(fault_of(cell, base, case).map(|fault| format!("{writer}: {fault}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Files for each configuration of the document, in its order.
const FILES: [&[(&str, &str)]; 15] = [
    &[
        (
            "/run/rtl_433/rtl_433.json",
            "{\"time\": NOW, \"model\": \"Bresser-5in1\", \"temperature_C\": 8.4}\n",
        ),
        ("/sys/bus/iio/devices/iio:device0/in_pressure_input", "97.65\n"),
    ],
    &[(
        "/run/rtl_433/rtl_433.json",
        "{\"time\": NOW, \"model\": \"Acurite-5n1\", \"id\": 612, \"channel\": \"A\", \"temperature_F\": 47.1}\n\
         {\"time\": NOW, \"model\": \"Acurite-5n1\", \"id\": 99, \"channel\": \"C\", \"temperature_F\": 52.1}\n",
    )],
    &[(
        "/run/rtl_433/rtl_433.json",
        "{\"time\": NOW, \"model\": \"Acurite-5n1\", \"id\": 612, \"channel\": \"A\", \"temperature_F\": 47.1}\n\
         {\"time\": NOW, \"model\": \"Nexus-TH\", \"id\": 7, \"channel\": 2, \"temperature_C\": 9.4}\n",
    )],
    &[(
        "/run/mqtt-weather/mqtt.json",
        "{\"time\":NOW,\"id\":\"zigbee2mqtt/garden\",\"message\":{\"temperature\":8.4,\"humidity\":77}}\n",
    )],
    &[(
        "/var/www/html/weewx/loop-data.txt",
        "{\"current.dateTime.raw\":\"NOW\",\"current.outTemp\":\"47.1°F\",\"current.barometer\":\"29.660 inHg\"}",
    )],
    &[(
        "/run/ecowitt/upload",
        "PASSKEY=0&stationtype=GW1000B_V1.7.3&tempf=47.1&humidity=77&baromrelin=29.660",
    )],
    &[(
        "/var/lib/enviro/readings/a.json",
        "{\"nickname\": \"yard\", \"readings\": {\"temperature\": 8.4, \"humidity\": 77.1, \"pressure\": 976.5}}",
    )],
    &[(
        "/var/lib/enviro/readings/a.csv",
        "timestamp,temperature,humidity,pressure,luminance,wind_speed,rain,wind_direction,voltage\n\
         ISO,8.4,77.1,976.5,900,4.2,0.3,315,4.1\n",
    )],
    &[("weather.csv", "Zeit;Temperatur;Feuchte;Luftdruck\nNOW;8,4;77;976,5\n")],
    &[("weather.csv", "NOW,8.4,77,21.5,97650\n")],
    &[(
        "/sys/bus/w1/devices/28-0316a2790d33/w1_slave",
        "86 00 4b 46 7f ff 0c 10 1a : crc=1a YES\n86 00 4b 46 7f ff 0c 10 1a t=8375\n",
    )],
    &[
        ("/sys/bus/iio/devices/iio:device0/name", "bme280\n"),
        ("/sys/bus/iio/devices/iio:device0/in_temp_input", "13400\n"),
        ("/sys/bus/iio/devices/iio:device0/in_humidityrelative_input", "55100\n"),
        ("/sys/bus/iio/devices/iio:device0/in_pressure_input", "97.65\n"),
    ],
    &[
        ("/sys/class/hwmon/hwmon0/name", "sht3x\n"),
        ("/sys/class/hwmon/hwmon0/temp1_input", "8400\n"),
        ("/sys/class/hwmon/hwmon0/humidity1_input", "77100\n"),
    ],
    &[(
        "/var/lib/prometheus/node-exporter/weather.prom",
        "outdoor_temperature_celsius{site=\"shed\"} 6.7\noutdoor_humidity_ratio{site=\"shed\"} 0.81\n",
    )],
    &[("/run/weather/latest", "{\"temperature_C\": 8.4}")],
];

#[test]
fn each_configuration_reads_a_file_of_its_kind() {
    let document = document();
    let now = DateTime::<Utc>::from(SystemTime::now());
    let blocks = blocks(&document, "toml");
    assert_eq!(blocks.len(), FILES.len());
    for (toml, files) in blocks.into_iter().zip(FILES) {
        let board = Board::new();
        for (path, contents) in files {
            let contents = contents.replace("NOW", &now.timestamp().to_string());
            board.file(path, contents.replace("ISO", &now.format("%Y-%m-%dT%H:%M:%SZ").to_string()));
        }
        let said = board.check(toml);
        assert_eq!(fault(&said), None, "{toml}\n{said}");
    }
}

/// What the services of the document start.
#[test]
fn each_service_writes_what_a_configuration_reads() {
    let document = document();
    let starts: Vec<&str> = blocks(&document, "ini")
        .into_iter()
        .flat_map(str::lines)
        .filter_map(|line| line.strip_prefix("ExecStart="))
        .collect();
    assert_eq!(starts.len(), 2);
    let now = DateTime::<Utc>::from(SystemTime::now()).format("%Y-%m-%dT%H:%M:%S%z");
    for (start, directory, message, toml) in [
        (
            starts[0],
            "/run/rtl_433",
            format!(
                "{{\"time\": \"{now}\", \"model\": \"Acurite-5n1\", \"channel\": \"A\", \"temperature_F\": 47.1}}\n"
            ),
            blocks(&document, "toml")[1],
        ),
        (starts[1], "/run/mqtt-weather", "{\"temperature\": 8.4}\n".to_owned(), blocks(&document, "toml")[3]),
    ] {
        let board = Board::new();
        board.file(&format!("{directory}/here"), "");
        let line = start.strip_prefix("/bin/sh -c \"exec ").and_then(|line| line.strip_suffix('"'));
        let line = line.unwrap_or(start).replace("\\\"", "\"").replace("%%", "%").replace("/usr/bin/", "");
        board.type_in(&line, message.as_bytes());
        let said = board.check(toml);
        assert_eq!(fault(&said), None, "{start}: {said}");
    }
}

#[test]
fn each_shell_line_of_the_document_is_one() {
    let document = document();
    let blocks = blocks(&document, "sh");
    for block in &blocks {
        let output = output(Command::new("bash").args(["-n", "-c", block]));
        assert!(output.status.success(), "{block}: {}", String::from_utf8_lossy(&output.stderr));
    }
    // What a script of one's own does.
    let script = blocks.iter().find(|block| block.starts_with("printf ")).expect("it");
    let board = Board::new();
    board.type_in(script, b"");
    let said = board.check("[[station]]\ncity = \"London\"\n[[station.source]]\nfile = \"weather.json\"\n");
    assert_eq!(fault(&said), None, "{said}");
}
