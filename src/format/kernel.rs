//! What the kernel's drivers say: the files of one directory, or one of them alone.
//!
//! 1-wire (`w1_slave`, Documentation/w1/slaves/w1_therm.rst), industrial I/O
//! (Documentation/ABI/testing/sysfs-bus-iio) and hwmon (Documentation/hwmon/sysfs-interface.rst).
//! The units are the kernel's, so none is assumed.

use std::borrow::Cow;

use super::findings::Fault;
use super::node::Node;
use super::record::Reader;
use super::{Dialect, Dropped, Error, Finding, Format, Ignored, Path, Record, Source, no_head};
use crate::reading::Unit;

/// A value of industrial I/O, as `in_temp_input` or as `in_temp_raw` with its scale and offset.
struct Channel {
    name: &'static str,
    /// The key that it is.
    key: &'static str,
    /// The value and its unit.
    convert: fn(f64) -> (f64, Unit),
}

const CHANNELS: [Channel; 7] = [
    Channel { name: "in_temp", key: "temperature", convert: millidegrees },
    Channel { name: "in_humidityrelative", key: "humidity", convert: humidity },
    Channel { name: "in_pressure", key: "pressure", convert: pressure },
    Channel { name: "in_illuminance", key: "illuminance", convert: |lux| (lux, Unit::Lux) },
    Channel { name: "in_uvindex", key: "uvi", convert: |index| (index, Unit::One) },
    Channel { name: "in_massconcentration_pm2p5", key: "pm2_5", convert: micrograms },
    Channel { name: "in_massconcentration_pm10", key: "pm10", convert: micrograms },
];

/// hwmon's values, by their keys. Another number than 1 is a second sensor of a chip that is none of ours.
const HWMON: [(&str, &str); 2] = [("temp1_input", "temperature"), ("humidity1_input", "humidity")];

/// Where a 1-wire thermometer stands: the file of old with the checksum, and the later one without.
const W1_SLAVE: &str = "w1_slave";
const W1_TEMPERATURE: &str = "temperature";

/// What is beside [`W1_TEMPERATURE`].
const W1_BESIDE: [&str; 4] = ["conv_time", "eeprom_cmd", "ext_power", "resolution"];

/// What the files of a directory are, for the errors.
const EXPECTED: &str = "files of a kernel driver, such as w1_slave or in_temp_input";

/// What the device calls itself.
const NAME: &str = "name";

/// What a chip that measures movement or voltage also has: its temperature is its own.
const NO_WEATHER: [&str; 6] = ["in_accel", "in_anglvel", "in_magn", "in_voltage", "in_current", "in_power"];

/// hwmon's names of chips that measure the air around them. The thermometers like the LM75 are on no
/// Raspberry Pi by themselves, so that somebody has put them there for a purpose.
const AIR_CHIPS: &str = "sht10 sht11 sht15 sht71 sht75 sht20 sht21 sht25 sht3x sts3x sht85 sht4x shtc1 shtw1 \
     shtc3 htu21 htu31 si7020 hih6130 aht10 aht20 dht20 hs3001 hs3002 hs3003 hs3004 cc2d23 cc2d25 cc2d33 cc2d35 \
     w1_slave_temp lm75 lm75a lm75b tmp75 tmp75b tmp75c tmp102 tmp108 tmp112 tmp175 tmp275 ds75 ds1621 ds1775 \
     mcp980x pct2075 adt75 adt7410 adt7420 tcn75 stds75 g751";

/// The value that a DS18B20 has before its first conversion, in thousandths of °C.
const POWER_ON: f64 = 85_000.0;

fn millidegrees(value: f64) -> (f64, Unit) {
    (value / 1000.0, Unit::Celsius)
}

fn micrograms(value: f64) -> (f64, Unit) {
    (value, Unit::MicrogramPerCubicMetre)
}

/// Thousandths of %. Old drivers of the BME680 gave %; so little as 0.1 % is nowhere.
fn humidity(value: f64) -> (f64, Unit) {
    (if value <= 103.0 { value } else { value / 1000.0 }, Unit::Percent)
}

/// kPa. Old drivers of the BME680 gave hPa. The ranges do not touch.
fn pressure(value: f64) -> (f64, Unit) {
    let unit = match value {
        300.0..=1150.0 => Unit::Hectopascal,
        30_000.0..=115_000.0 => Unit::Pascal,
        _ => Unit::Kilopascal,
    };
    (value, unit)
}

/// Whether a directory with these files is one of a sensor.
pub fn is_kernel_directory(names: &[&str]) -> bool {
    !wanted(names).is_empty()
}

/// Whether a file called so is one that says what it is without others; hwmon's need `name` beside.
pub fn is_kernel_file(name: &str) -> bool {
    let input = name.strip_suffix("_input");
    name == W1_SLAVE
        || HWMON.iter().any(|(file, _)| *file == name)
        || input.is_some_and(|input| CHANNELS.iter().any(|channel| channel.name == input))
}

/// The files of a directory that [`read`] takes, so that no other is opened: reading some of them
/// starts a conversion.
pub fn wanted<'n>(names: &[&'n str]) -> Vec<&'n str> {
    let find = |name: &str| names.iter().find(|known| **known == name).copied();
    let mut wanted = Vec::new();
    let is_w1 = || W1_BESIDE.iter().any(|name| find(name).is_some());
    match find(W1_SLAVE) {
        Some(file) => wanted.push(file),
        None => wanted.extend(find(W1_TEMPERATURE).filter(|_| is_w1())),
    }
    if !names.iter().any(|name| NO_WEATHER.iter().any(|other| name.starts_with(other))) {
        for Channel { name, .. } in &CHANNELS {
            match (find(&format!("{name}_input")), find(&format!("{name}_raw"))) {
                (Some(input), _) => wanted.push(input),
                (None, Some(raw)) => {
                    wanted.push(raw);
                    wanted.extend(
                        ["scale", "offset"].iter().filter_map(|what| find(&format!("{name}_{what}"))),
                    );
                }
                (None, None) => {}
            }
        }
    }
    if find(NAME).is_some() {
        wanted.extend(HWMON.iter().filter_map(|(name, _)| find(name)));
    }
    if !wanted.is_empty() {
        wanted.extend(find(NAME));
    }
    wanted
}

/// Hands over the record that these files are, each with its name and what stands in it. One that could
/// not be read is left out or empty; an offset empty, because without it the value would be wrong.
///
/// `source.modified` is when they were read. As anywhere, the configuration may call a file otherwise:
/// `in_temp_input` as `indoor_temperature`.
pub fn read(
    files: &[(String, String)],
    source: &Source<'_>,
    emit: &mut dyn FnMut(Record),
    findings: &mut dyn FnMut(Finding<'_>),
) -> Result<(), Error> {
    if files.is_empty() {
        return Err(Error::Empty { expected: EXPECTED });
    }
    let files = Files(files);
    // The configuration's come first, and count.
    let mut dialect = source.dialect.clone();
    dialect.keys.push((NAME.to_owned(), "model".to_owned()));
    let mut entries = Vec::new();
    let mut value = |name: &str, key: &str, value: Result<(f64, Unit), Dropped>| match value {
        Ok((number, unit)) => {
            dialect.keys.push((name.to_owned(), key.to_owned()));
            let text = format!("{number} {}", unit.symbol());
            entries.push((Cow::Owned(name.to_owned()), Node::Text(Cow::Owned(text))));
        }
        Err(why) => findings(Finding::Dropped { key: Path::key(None, name), why }),
    };
    if let Some(text) = files.text(W1_SLAVE) {
        value(W1_SLAVE, "temperature", w1_slave(text).map(millidegrees));
    } else if let Some(text) = files.text(W1_TEMPERATURE) {
        value(W1_TEMPERATURE, "temperature", w1_temperature(text).map(millidegrees));
    }
    for Channel { name, key, convert } in &CHANNELS {
        let (input, raw) = (format!("{name}_input"), format!("{name}_raw"));
        if let Some(text) = files.text(&input) {
            value(&input, key, number(text).map(convert));
        } else if let Some(text) = files.text(&raw) {
            value(&raw, key, files.scaled(text, name).map(convert));
        }
    }
    let chip = files.text(NAME).unwrap_or_default();
    let is_air = AIR_CHIPS.split(' ').any(|air| air == chip);
    for (name, key) in HWMON {
        if let Some(text) = files.text(name).filter(|_| is_air) {
            value(
                name,
                key,
                number(text).map(|value| match key {
                    "humidity" => (value / 1000.0, Unit::Percent),
                    _ => millidegrees(value),
                }),
            );
        }
    }
    for (name, _) in HWMON.iter().filter(|(name, _)| !is_air && files.text(name).is_some()) {
        findings(Finding::Ignored { key: Path::key(None, name), why: Ignored::OtherChip });
    }
    if !chip.is_empty() && !entries.is_empty() {
        entries.push((Cow::Borrowed(NAME), Node::Text(Cow::Borrowed(chip))));
    }
    let source = Source { dialect: &dialect, ..*source };
    let record = Reader::new("", &source, emit, findings).root(&Node::Object(entries));
    record.map_err(|fault| Error::new(fault, EXPECTED))
}

struct Files<'f>(&'f [(String, String)]);

impl<'f> Files<'f> {
    fn text(&self, name: &str) -> Option<&'f str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, text)| text.trim())
    }

    /// (raw + offset) · scale; without an offset it is 0. Without its scale a raw value may mean anything.
    fn scaled(&self, raw: &str, channel: &str) -> Result<f64, Dropped> {
        let scale = self.text(&format!("{channel}_scale")).ok_or(Dropped::Expected("its scale beside it"))?;
        let offset = self.text(&format!("{channel}_offset")).map_or(Ok(0.0), number)?;
        Ok((number(raw)? + offset) * number(scale)?)
    }
}

fn number(text: &str) -> Result<f64, Dropped> {
    text.parse().ok().filter(|number: &f64| number.is_finite()).ok_or(Dropped::NoNumber)
}

/// A copy of `w1_slave`, as scripts make one, whatever it is called.
pub(super) static W1: Format = Format {
    name: "w1",
    expected: "the two lines of w1_slave",
    lines: false,
    recognises: is_w1,
    head: no_head,
    read: read_w1,
};

fn is_w1(beginning: &str, _: &Dialect) -> bool {
    beginning.lines().next().is_some_and(|line| line.contains(" : crc="))
}

fn read_w1(text: &str, reader: &mut Reader<'_>) -> Result<(), Fault> {
    match w1_slave(text).map(millidegrees) {
        Ok((number, unit)) => {
            let value = Node::Text(format!("{number} {}", unit.symbol()).into());
            reader.root(&Node::Object(vec![("temperature".into(), value)]))
        }
        Err(why) => {
            reader.dropped(Path::key(None, W1_SLAVE), why);
            Ok(())
        }
    }
}

/// Thousandths of °C. A `NO` stands beside the value of before.
fn w1_slave(text: &str) -> Result<f64, Dropped> {
    let (first, second) = text.split_once('\n').ok_or(Dropped::BadLine)?;
    let (bytes, checksum) = first.split_once(" : ").ok_or(Dropped::BadLine)?;
    if !checksum.trim_end().ends_with("YES") {
        return Err(Dropped::Checksum);
    }
    // The checksum of zeros is right, too.
    if bytes.split_whitespace().all(|byte| byte == "00") {
        return Err(Dropped::NoSensor);
    }
    let (_, value) = second.split_once("t=").ok_or(Dropped::BadLine)?;
    w1_temperature(value)
}

fn w1_temperature(text: &str) -> Result<f64, Dropped> {
    // Whole, unlike what somebody else's file of this name may hold.
    let value: i32 = text.trim().parse().map_err(|_| Dropped::NoNumber)?;
    let value = f64::from(value);
    if value == POWER_ON { Err(Dropped::PowerOn) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::{WRITTEN, at, check_finding, check_station, complaint, mutated, readings};
    use crate::reading::Quantity::{self, *};

    /// What the files give, and the findings that are no readings.
    #[track_caller]
    fn check(files: &[(&str, &str)], expected: &[(Quantity, f64)]) -> Vec<String> {
        let files: Vec<_> =
            files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let mut found = Vec::new();
        let mut findings = Vec::new();
        let source = Source::new(Some("London"), at(WRITTEN));
        let result = read(&files, &source, &mut |record| found.push(record), &mut |finding| {
            assert!(!matches!(finding, Finding::Reading { assumed: true, unit, .. } if unit != Unit::One));
            findings.extend(complaint(finding));
        });
        assert!(result.is_ok() && found.len() <= 1);
        let found = found.first().map(|record| readings(&record.station)).unwrap_or_default();
        assert_eq!(found, expected, "{files:?}: {findings:?}");
        findings
    }

    #[test]
    fn a_thermometer_on_one_wire() {
        #[track_caller]
        fn check_w1(text: &str, expected: Result<f64, &str>) {
            match expected {
                Ok(value) => assert_eq!(check(&[("w1_slave", text)], &[(Temperature, value)]), [""; 0]),
                Err(why) => assert_eq!(check(&[("w1_slave", text)], &[]), [format!("w1_slave: {why}")]),
            }
        }
        let bytes = "72 01 4b 46 7f ff 0e 10 57";
        check_w1(&format!("{bytes} : crc=57 YES\n{bytes} t=23125\n"), Ok(23.13));
        check_w1(&format!("{bytes} : crc=57 YES\n{bytes} t=-62"), Ok(-0.06));
        check_w1(&format!("{bytes} : crc=58 NO\n{bytes} t=23125\n"), Err("the checksum is wrong"));
        check_w1(&format!("{bytes} : crc=57 YES\n{bytes}\n"), Err("not a whole record"));
        check_w1(&format!("{bytes} : crc=57 YES\n{bytes} t=\n"), Err("not a number"));
        check_w1(&format!("{bytes} : crc=57 YES\n"), Err("not a whole record"));
        check_w1("", Err("not a whole record"));
        let zeros = "00 00 00 00 00 00 00 00 00";
        check_w1(
            &format!("{zeros} : crc=00 YES\n{zeros} t=0\n"),
            Err("nothing but zeros: no sensor answered"),
        );
        check_w1(
            &format!("{bytes} : crc=57 YES\n{bytes} t=85000\n"),
            Err("85 °C stands there before the first conversion"),
        );
        check_w1(
            &format!("{bytes} : crc=57 YES\n{bytes} t=127937\n"),
            Err("127.9 °C is outside -60 to 60 °C"),
        );
        check(&[("temperature", "23125\n"), ("name", "28-0115")], &[(Temperature, 23.13)]);
        assert_eq!(check(&[("temperature", "23.1\n")], &[]), ["temperature: not a number"]);
        assert_eq!(check(&[("temperature", "85000\n")], &[]).len(), 1);
    }

    #[test]
    fn industrial_io() {
        let bme280 = [
            ("name", "bme280\n"),
            ("in_temp_input", "21500\n"),
            ("in_humidityrelative_input", "54800\n"),
            ("in_pressure_input", "102.793000000\n"),
        ];
        let all = [(Temperature, 21.5), (Humidity, 54.8), (StationPressure, 1027.93)];
        assert_eq!(check(&bme280, &all), [""; 0]);
        // A failing file hides no other.
        assert_eq!(check(&[&bme280[..2], &bme280[3..]].concat(), &[all[0], all[2]]), [""; 0]);
        let empty = [bme280[0], ("in_temp_input", ""), bme280[2], bme280[3]];
        assert_eq!(check(&empty, &all[1..]), ["in_temp_input: not a number"]);
        // An old driver's units.
        check(
            &[
                ("in_temp_input", "24540 "),
                ("in_humidityrelative_input", "41.074"),
                ("in_pressure_input", "1014.35"),
            ],
            &[(Temperature, 24.54), (Humidity, 41.07), (StationPressure, 1014.35)],
        );
        check(
            &[
                ("in_illuminance_input", "4000.5"),
                ("in_uvindex_input", "3"),
                ("in_massconcentration_pm2p5_input", "12"),
            ],
            &[(Pm25, 12.0), (UvIndex, 3.0), (Illuminance, 4000.5)],
        );
        let raw = [("in_temp_raw", "1500"), ("in_temp_scale", "10.5"), ("in_temp_offset", "-100")];
        check(&raw, &[(Temperature, 14.7)]);
        check(&raw[..2], &[(Temperature, 15.75)]);
        assert_eq!(check(&raw[..1], &[]), ["in_temp_raw: expected its scale beside it"]);
        assert_eq!(check(&[raw[0], raw[1], ("in_temp_offset", "")], &[]), ["in_temp_raw: not a number"]);
        for (text, why) in [
            ("", "not a number"),
            ("nan", "not a number"),
            ("-9999000", "-9999.0 °C is outside -60 to 60 °C"),
        ] {
            assert_eq!(check(&[("in_temp_input", text)], &[]), [format!("in_temp_input: {why}")]);
        }
    }

    #[test]
    fn hwmon_counts_only_where_the_air_is_measured() {
        let sht3x = [("name", "sht3x\n"), ("temp1_input", "31500\n"), ("humidity1_input", "45000\n")];
        assert_eq!(check(&sht3x, &[(Temperature, 31.5), (Humidity, 45.0)]), [""; 0]);
        for chip in ["cpu_thermal", "nvme", "rpi_volt", "ds3231", "jc42", ""] {
            let findings = check(&[("name", chip), ("temp1_input", "31500\n")], &[]);
            assert_eq!(findings, ["temp1_input: its chip is not known to measure the air"], "{chip}");
        }
        assert_eq!(check(&[("temp1_input", "31500\n")], &[]).len(), 1);
    }

    #[test]
    fn the_device_and_the_configured_keys() {
        let files =
            [("name", "bme280\n"), ("in_temp_input", "21500"), ("in_humidityrelative_input", "54800")];
        let files = files.map(|(name, text)| (name.to_owned(), text.to_owned()));
        let keys = [("in_temp_input".to_owned(), "indoor_temperature".to_owned())].into();
        let dialect = Dialect { keys, ..Dialect::USUAL };
        let source = Source { dialect: &dialect, ..Source::new(Some("London"), at(WRITTEN)) };
        let mut found = Vec::new();
        assert!(read(&files, &source, &mut |record| found.push(record), &mut |_| {}).is_ok());
        assert_eq!(found[0].device.to_string(), "bme280");
        assert_eq!(found[0].station.city.as_deref(), Some("London"));
        assert_eq!(found[0].station.newest(), Some(at(WRITTEN)));
        assert_eq!(readings(&found[0].station), [(Humidity, 54.8)]);
        assert!(matches!(read(&[], &source, &mut |_| {}, &mut |_| {}), Err(Error::Empty { .. })));
    }

    #[test]
    fn no_more_files_are_opened_than_are_read() {
        #[track_caller]
        fn check(names: &[&str], expected: &[&str]) {
            assert_eq!(wanted(names), expected);
            assert_eq!(is_kernel_directory(names), !expected.is_empty());
        }
        check(&["driver", "id", "name", "temperature", "resolution", "w1_slave"], &["w1_slave", "name"]);
        check(&["id", "name", "temperature", "resolution"], &["temperature", "name"]);
        check(&["temperature", "humidity"], &[]);
        check(
            &["dev", "in_pressure_input", "in_temp_input", "in_temp_raw", "in_temp_scale", "name", "uevent"],
            &["in_temp_input", "in_pressure_input", "name"],
        );
        check(
            &["in_temp_raw", "in_temp_scale", "in_temp_offset"],
            &["in_temp_raw", "in_temp_scale", "in_temp_offset"],
        );
        check(&["in_temp_raw", "in_temp_scale", "in_accel_x_raw", "name"], &[]);
        check(
            &["temp1_input", "temp1_crit", "temp2_input", "humidity1_input", "name"],
            &["temp1_input", "humidity1_input", "name"],
        );
        check(&["temp1_input"], &[]);
        check(&["name", "uevent"], &[]);
        for (name, expected) in [
            ("w1_slave", true),
            ("in_temp_input", true),
            ("temp1_input", true),
            ("in_temp_raw", false),
            ("temperature", false),
            ("a.json", false),
        ] {
            assert_eq!(is_kernel_file(name), expected, "{name}");
        }
    }

    #[test]
    fn mutated_files_give_believable_values_or_none() {
        let texts = [
            "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=23125\n",
            "21500",
            "102.79",
            "sht3x\n",
        ];
        let pieces = ["\n", " : ", "YES", "t=", "-", "00", "e300", "NaN", "sht3x", "0.0001"];
        let names = [
            "w1_slave",
            "temperature",
            "in_temp_input",
            "in_pressure_raw",
            "in_pressure_scale",
            "humidity1_input",
            "temp1_input",
            "name",
        ];
        let source = Source::new(None, at(WRITTEN));
        mutated(&texts, &pieces, &mut |text| {
            let text = String::from_utf8_lossy(text).into_owned();
            for start in 0..names.len() {
                let files: Vec<_> =
                    names[start..].iter().map(|name| ((*name).to_owned(), text.clone())).collect();
                let _ =
                    read(&files, &source, &mut |record| check_station(&record.station), &mut check_finding);
            }
        });
    }
}
