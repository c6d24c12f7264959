//! What a text of no known format looks like, and what to write so that it is read.

use super::Dialect;
use super::sample::Sample;
use super::text::decoded;

/// The beginnings of files that hold no text, and what they are called.
const MAGIC: [(&[u8], &str); 8] = [
    (b"SQLite format 3\0", "a SQLite database"),
    (b"\x1f\x8b", "a file that is compressed by gzip"),
    (b"\xfd7zXZ\0", "a file that is compressed by xz"),
    (b"BZh", "a file that is compressed by bzip2"),
    (b"PK\x03\x04", "a spreadsheet or an archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"%PDF", "a PDF document"),
];

/// What to do where there is no text.
const BINARY: &str = "let the program write lines such as `time,temperature`";

/// What a text looks like, and what to do: two clauses of a message. `formats` are the names of all.
pub(super) fn looks(beginning: &[u8], dialect: &Dialect, formats: &str) -> String {
    let text = decoded(beginning);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| beginning.starts_with(magic)) {
        return format!("it looks like {what}; {BINARY}");
    }
    if text.contains('\0') {
        return format!("it holds bytes that are no text; {BINARY}");
    }
    let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).take(2).collect();
    if squeezed.starts_with('<') {
        return "it looks like a web page or XML; let the program write a table with a row of names, or lines \
                of `key=value`"
            .to_owned();
    }
    if squeezed == "{'" || squeezed == "['" {
        return "it looks like a dict of Python; write it with json.dumps(...)".to_owned();
    }
    if squeezed.starts_with('{') {
        return "it looks like JSON without the quotes around its names; write {\"temperature\": 7.4}"
            .to_owned();
    }
    if text.trim().parse::<f64>().is_ok()
        || text.lines().take(20).all(|line| line.trim().parse::<f64>().is_ok())
    {
        return "it looks like numbers without names; write `columns = [\"temperature_C\"]`, or what else they \
                are, and `format = \"csv\"`"
            .to_owned();
    }
    Sample::of_table(text).map_or_else(|| lines(formats), |sample| table(&sample, dialect))
}

fn table(sample: &Sample, dialect: &Dialect) -> String {
    let width = sample.width();
    if sample.separator == ' ' {
        return format!(
            "it looks like a table of {width} columns with blanks between them; write commas, semicolons or \
             tabulators between them, and `columns = [\"time\", \"temperature_C\"]` with a name for each"
        );
    }
    match &sample.names {
        _ if !dialect.columns.is_empty() => {
            format!("`columns` has {} names, and the rows have {width} cells", dialect.columns.len())
        }
        None => format!(
            "it looks like a table without names; write `columns = [\"time\", \"temperature_C\"]` with a name for \
             each of its {width} columns"
        ),
        Some(_) => "it looks like a table whose names are not known; write `format = \"csv\"` and \
                    `keys = { \"its own name\" = \"temperature_C\" }`"
            .to_owned(),
    }
}

fn lines(formats: &str) -> String {
    format!(
        "it looks like lines of text; write `format = \"...\"` with one of {formats}, `columns = [...]` if it is a \
         table without names, and `keys = {{...}}` for names of its own"
    )
}
