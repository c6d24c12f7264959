//! InfluxDB's line protocol, which telegraf writes to files: `weather,site=garden temperature=7.4 1795842600000000000`.

use std::borrow::Cow;

use super::findings::Fault;
use super::names::{Meaning, meaning};
use super::node::Node;
use super::record::Reader;
use super::{Dialect, Format, no_head};

pub(super) static INFLUX: Format = Format {
    name: "influx",
    expected: "lines such as weather,site=garden temperature=7.4",
    lines: true,
    recognises,
    head: no_head,
    read,
};

fn recognises(beginning: &str, dialect: &Dialect) -> bool {
    let mut lines = beginning.lines().filter(|line| is_content(line));
    lines.next().is_some_and(|line| record(line, dialect).is_some())
}

fn read(text: &str, reader: &mut Reader<'_>) -> Result<(), Fault> {
    let dialect = reader.dialect();
    reader.lines(text, &|line: &str, then: &mut dyn FnMut(&Node<'_>)| {
        if is_content(line) {
            then(&record(line, dialect).ok_or(Fault::NoRecord)?);
        }
        Ok(())
    });
    Ok(())
}

fn is_content(line: &str) -> bool {
    !line.trim().is_empty() && !line.starts_with('#')
}

type Entry<'t> = (Cow<'t, str>, Node<'t>);

/// The measurement, the tags, the fields and the time of a line.
fn record<'t>(line: &'t str, dialect: &Dialect) -> Option<Node<'t>> {
    let (series, rest) = split(line.trim(), ' ')?;
    let (fields, time) = split(rest, ' ').unwrap_or((rest, ""));
    let (measurement, tags) = split(series, ',').unwrap_or((series, ""));
    // What begins with a digit is a time.
    let is_name = measurement == "%" || measurement.contains(char::is_alphabetic);
    if !is_name || measurement.contains(['=', ':']) || measurement.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let mut entries: Vec<Entry<'t>> = vec![(Cow::Borrowed("measurement"), Node::Text(plain(measurement)))];
    pairs(tags, &mut |key, value| entries.push((key, Node::Text(plain(value)))))?;
    let tags = entries.len();
    pairs(fields, &mut |key, value| entries.push((key, field(value))))?;
    if entries.len() == tags {
        return None;
    }
    name_value(&mut entries, tags, dialect);
    match time.trim() {
        "" => {}
        // Since the epoch, in a unit that its size tells.
        time => entries.push((Cow::Borrowed("time"), Node::Number(time.parse::<i64>().ok()? as f64))),
    }
    Some(Node::Object(entries))
}

/// Names a field that is called `value` only by what the measurement or a tag says: `temperature value=7.4`,
/// and Home Assistant's `°C,entity_id=outdoor_temperature value=7.4`.
fn name_value(entries: &mut [Entry<'_>], tags: usize, dialect: &Dialect) {
    let Some(index) = entries.iter().skip(tags).position(|(key, _)| key == "value") else { return };
    let is_measured = |name: &str| matches!(meaning(dialect.known(name)), Ok(Meaning::Measured(..)));
    let names = entries[..tags].iter().filter_map(|(key, node)| match node {
        Node::Text(name) if is_measured(name) => Some((key, name.clone())),
        _ => None,
    });
    let Some((key, name)) = names.max_by_key(|(key, _)| *key == "entity_id") else { return };
    let (Node::Text(unit), Node::Number(number)) = (&entries[0].1, &entries[tags + index].1) else { return };
    let value = if key == "entity_id" {
        Node::Text(format!("{number} {unit}").into())
    } else {
        Node::Number(*number)
    };
    entries[tags + index] = (name, value);
}

/// Hands over the pairs of a list; `None` if it is none.
fn pairs<'t>(mut list: &'t str, each: &mut dyn FnMut(Cow<'t, str>, &'t str)) -> Option<()> {
    while !list.is_empty() {
        let (pair, rest) = split(list, ',').unwrap_or((list, ""));
        let (key, value) = split(pair, '=')?;
        // In the query of a URL these part the pairs.
        if key.is_empty() || value.is_empty() || key.contains(['?', '&']) {
            return None;
        }
        each(plain(key), value);
        list = rest;
    }
    Some(())
}

/// Splits at the first `mark` that is neither escaped nor in quotes.
fn split(text: &str, mark: char) -> Option<(&str, &str)> {
    let (mut is_escaped, mut is_quoted) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            _ if c == mark && !is_quoted => return Some((&text[..at], &text[at + c.len_utf8()..])),
            _ => {}
        }
    }
    None
}

/// A name without the marks that escape.
fn plain(text: &str) -> Cow<'_, str> {
    if text.contains('\\') { Cow::Owned(text.replace('\\', "")) } else { Cow::Borrowed(text) }
}

/// The value of a field: a number, an integer (`81i`, `81u`), true or false, a text in quotes.
fn field(value: &str) -> Node<'_> {
    match value {
        "t" | "T" | "true" | "True" | "TRUE" => return Node::Bool(true),
        "f" | "F" | "false" | "False" | "FALSE" => return Node::Bool(false),
        _ => {}
    }
    let number = value.strip_suffix(['i', 'u']).unwrap_or(value);
    match (number.parse(), value.strip_prefix('"').and_then(|text| text.strip_suffix('"'))) {
        (Ok(number), _) => Node::Number(number),
        (_, Some(text)) => Node::Text(plain(text)),
        _ => Node::Text(plain(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::{WRITTEN, at, check_mutated, only, read};
    use crate::format::{Source, recognise};
    use crate::reading::Quantity::{self, *};
    use crate::reading::Station;

    #[track_caller]
    fn check(text: &str, expected: &[(Quantity, f64)]) -> (Vec<Station>, Vec<String>) {
        assert_eq!(recognise(text.as_bytes(), &Dialect::USUAL).ok(), Some(&INFLUX), "{text}");
        let (stations, findings) = read(&INFLUX, text.as_bytes(), &Source::new(None, at(WRITTEN)));
        assert_eq!(only(&stations), expected, "{text}: {findings:?}");
        (stations, findings)
    }

    #[test]
    fn lines_with_tags_escapes_and_times() {
        let expected = [(Temperature, 7.4), (Humidity, 81.0)];
        let (stations, _) = check("weather temperature=7.4,humidity=81i 1740953400000000000\n", &expected);
        assert_eq!(stations[0].newest(), Some(at("2025-03-02T22:10:00Z")));
        for text in [
            "weather,site=back\\ yard,model=WS\\,1 temperature=7.4,humidity=81u 1740953400\n",
            "# from telegraf\n\nweather temperature=7.4,note=\"a, b=c d\",ok=true,humidity=81 1740953400000\n",
            "weather temperature_F=45.32,humidity=81\n",
            "temperature value=7.4\nhumidity value=81\n",
            "°C,domain=sensor,entity_id=outdoor_temperature value=7.4 1740953400000000000\n\
             %,domain=sensor,entity_id=outdoor_humidity value=81 1740953400000000000\n",
            "°F,entity_id=outdoor_temperature friendly_name_str=\"Garden\",value=45.32\nweather humidity=81\n",
            "a temperature=3 1740953300000000000\nb temperature=7.4 1740953400000000000\nc humidity=81\n",
        ] {
            check(text, &expected);
        }
        let (_, findings) =
            check("weather temperature=7.4,humidity=81\nweather temp\nweather temp=1 now\n", &expected);
        assert_eq!(findings.iter().filter(|finding| *finding == "a line: not a whole record").count(), 2);
    }

    #[test]
    fn other_texts_are_not_recognised() {
        for text in [
            "temp=7.4 humidity=81",
            "temp 7.4",
            "weather",
            "weather temp",
            "a b=c d=e",
            "Kitchen: temp=21",
            "22:10:00 temp=2.1",
            "1740954000 temp=2.1",
            "GET /a/b?tempf=55&humidity=63",
            ",a b=1",
            "# note\n",
        ] {
            assert_ne!(recognise(text.as_bytes(), &Dialect::USUAL).ok(), Some(&INFLUX), "{text}");
        }
    }

    #[test]
    fn mutated_texts_give_believable_values_or_none() {
        let texts = [
            "weather,site=back\\ yard,id=3 temperature=7.4,humidity=81i,note=\"a, b\" 1740953400000000000\n",
            "°C,entity_id=outdoor_temperature value=7.4 1740953400000000000\ntemperature value=3\n",
        ];
        check_mutated(
            &INFLUX,
            &texts,
            &["\n", ",", "=", " ", "\\", "\"", "value=", "1e999", "i", "NaN", "°"],
        );
    }
}
