//! The chunked transfer coding, decoded as it comes (RFC 9112, section 7.1).

use super::head::{MAX_HEAD, Malformed, is_token};
use super::{MAX_BODY, Status};

/// Extensions and trailer fields are thrown away, so they get no more room than a head.
const MAX_IGNORED: usize = MAX_HEAD;

/// Digits of a chunk size: 2⁶⁴ has 16.
const MAX_DIGITS: u8 = 16;

/// The decoder's place in the coding.
#[derive(Debug)]
pub(super) struct Chunked {
    at: At,
    ignored: usize,
}

#[derive(Clone, Copy, Debug)]
enum At {
    /// In the digits of a chunk size.
    Size {
        size: u64,
        digits: u8,
    },
    /// In the blanks between a chunk size and a `;`.
    Blank {
        size: u64,
    },
    /// In a chunk extension.
    Extension {
        size: u64,
        at: Extension,
    },
    /// Before the LF of a chunk-size line.
    SizeLf {
        size: u64,
    },
    /// In the data of a chunk.
    Data {
        left: u64,
    },
    /// Before the CR, then the LF, that ends the data of a chunk.
    DataCr,
    DataLf,
    /// At the beginning of a trailer line, in its name, in its value.
    Trailer,
    TrailerName,
    TrailerValue,
    /// Before the LF of a trailer line.
    TrailerLf {
        empty: bool,
    },
}

/// The place in a chunk extension, `;name`, `;name=token` or `;name="text"` (RFC 9112, section 7.1.1), with blanks
/// around `;` and `=`. Another reader could take what is none for the end of the line.
#[derive(Clone, Copy, Debug)]
enum Extension {
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Value,
    AfterValue,
    Quoted,
    Escaped,
    Unquoted,
}

impl Extension {
    /// The place behind `byte`, which is not the end of the line. `None` if it cannot stand here.
    fn next(self, byte: u8) -> Option<Extension> {
        use Extension::{
            AfterName, AfterValue, BeforeName, BeforeValue, Escaped, Name, Quoted, Unquoted, Value,
        };
        let is_text = byte == b'\t' || (byte >= b' ' && byte != 127);
        Some(match (self, byte) {
            (Quoted, b'"') => Unquoted,
            (Quoted, b'\\') => Escaped,
            (Quoted | Escaped, _) if is_text => Quoted,
            (BeforeName | BeforeValue, b' ' | b'\t') => self,
            (Name | AfterName, b' ' | b'\t') => AfterName,
            (Value | Unquoted | AfterValue, b' ' | b'\t') => AfterValue,
            (Name | AfterName | Value | Unquoted | AfterValue, b';') => BeforeName,
            (Name | AfterName, b'=') => BeforeValue,
            (BeforeName | Name, _) if is_token(byte) => Name,
            (BeforeValue, b'"') => Quoted,
            (BeforeValue | Value, _) if is_token(byte) => Value,
            _ => return None,
        })
    }

    /// Whether the line may end here.
    fn is_complete(self) -> bool {
        matches!(self, Extension::Name | Extension::Value | Extension::Unquoted)
    }
}

impl Chunked {
    pub(super) fn new() -> Chunked {
        Chunked { at: At::Size { size: 0, digits: 0 }, ignored: 0 }
    }

    /// Decodes from `bytes` to the end of `body`. Gives how many bytes were used, and whether the
    /// body is complete.
    pub(super) fn decode(&mut self, bytes: &[u8], body: &mut Vec<u8>) -> Result<(usize, bool), Malformed> {
        let mut used = 0;
        while let Some(&byte) = bytes.get(used) {
            if let At::Data { left } = self.at {
                let here = &bytes[used..];
                let n = here.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                body.extend_from_slice(&here[..n]);
                used += n;
                let left = left - n as u64;
                self.at = if left == 0 { At::DataCr } else { At::Data { left } };
                continue;
            }
            used += 1;
            self.at = match (self.at, byte) {
                (At::Size { size, digits }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                    if digits == MAX_DIGITS {
                        return Err(Malformed::new("chunk size: expected at most 16 hex digits"));
                    }
                    let digit = char::from(byte).to_digit(16).unwrap_or_default();
                    At::Size { size: size << 4 | u64::from(digit), digits: digits + 1 }
                }
                (At::Size { size, digits: 1.. }, b'\r') => At::SizeLf { size },
                (At::Size { size, digits: 1.. } | At::Blank { size }, b';') => {
                    At::Extension { size, at: Extension::BeforeName }
                }
                (At::Size { size, digits: 1.. } | At::Blank { size }, b' ' | b'\t') => {
                    self.ignore()?;
                    At::Blank { size }
                }
                (At::Size { .. } | At::Blank { .. }, _) => {
                    return Err(Malformed::new("chunk size: expected hex digits"));
                }
                (At::Extension { size, at }, b'\r') if at.is_complete() => At::SizeLf { size },
                (At::Extension { size, at }, _) => {
                    self.ignore()?;
                    let at = at.next(byte).ok_or(Malformed::new("chunk extension: malformed"))?;
                    At::Extension { size, at }
                }
                (At::SizeLf { size: 0 }, b'\n') => At::Trailer,
                (At::SizeLf { size }, b'\n') => {
                    let room = (MAX_BODY - body.len().min(MAX_BODY)) as u64;
                    if size > room {
                        return Err(Malformed::body_too_large());
                    }
                    At::Data { left: size }
                }
                (At::DataCr, b'\r') => At::DataLf,
                (At::DataLf, b'\n') => At::Size { size: 0, digits: 0 },
                (At::DataCr | At::DataLf, _) => {
                    return Err(Malformed::new("chunk: the data is longer than its size"));
                }
                (At::Trailer, b'\r') => At::TrailerLf { empty: true },
                (At::TrailerValue, b'\r') => At::TrailerLf { empty: false },
                (At::Trailer | At::TrailerName | At::TrailerValue, _) => {
                    self.ignore()?;
                    match (self.at, byte) {
                        (At::TrailerName, b':') => At::TrailerValue,
                        (At::TrailerValue, b'\t' | b' '..=126 | 128..) => At::TrailerValue,
                        (At::Trailer | At::TrailerName, _) if is_token(byte) => At::TrailerName,
                        _ => return Err(Malformed::new("trailer: expected NAME: VALUE")),
                    }
                }
                (At::TrailerLf { empty: true }, b'\n') => return Ok((used, true)),
                (At::TrailerLf { empty: false }, b'\n') => At::Trailer,
                (At::SizeLf { .. } | At::TrailerLf { .. }, _) => {
                    return Err(Malformed::new("chunk: a CR stands without its LF"));
                }
                // Taken care of above: data is copied in pieces, not byte by byte.
                (At::Data { left }, _) => At::Data { left },
            };
        }
        Ok((used, false))
    }

    fn ignore(&mut self) -> Result<(), Malformed> {
        self.ignored += 1;
        if self.ignored > MAX_IGNORED {
            return Err(Malformed {
                status: Status::RequestHeaderFieldsTooLarge,
                detail: "chunk extensions and trailers: over 8 KiB",
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body and what is left behind it, or the refusal; the same for every split of the bytes.
    fn decode(bytes: &[u8]) -> Result<(Vec<u8>, usize), Malformed> {
        let whole = decode_in(bytes, bytes.len().max(1));
        for size in 1..bytes.len().min(8) {
            assert_eq!(decode_in(bytes, size), whole, "in pieces of {size}");
        }
        whole
    }

    fn decode_in(bytes: &[u8], size: usize) -> Result<(Vec<u8>, usize), Malformed> {
        let (mut chunked, mut body, mut total) = (Chunked::new(), Vec::new(), 0);
        for piece in bytes.chunks(size) {
            let (used, done) = chunked.decode(piece, &mut body)?;
            total += used;
            if done {
                return Ok((body, bytes.len() - total));
            }
            assert_eq!(used, piece.len(), "an incomplete body uses all there is");
        }
        Err(Malformed::new("incomplete"))
    }

    #[track_caller]
    fn check(bytes: &str, body: &str, behind: usize) {
        let (found, left) = decode(bytes.as_bytes()).expect("a good body");
        assert_eq!((String::from_utf8_lossy(&found).as_ref(), left), (body, behind));
    }

    #[track_caller]
    fn check_refused(bytes: &str, status: u16, detail: &str) {
        let refused = decode(bytes.as_bytes()).expect_err("a bad body");
        assert_eq!(refused.status.code(), status, "{}", refused.detail);
        assert!(refused.detail.contains(detail), "{}", refused.detail);
    }

    #[test]
    fn good_bodies() {
        check("0\r\n\r\n", "", 0);
        check("5\r\nhello\r\n0\r\n\r\n", "hello", 0);
        check("3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\nGET", "hello", 3);
        check("00a\r\n0123456789\r\n0\r\n\r\n", "0123456789", 0);
        check("A;name=value;quoted=\"a b\"\r\n0123456789\r\n0;last\r\n\r\n", "0123456789", 0);
        check("1;a = b ; c=\"d;\\\"e\u{e9}\";f\r\na\r\n0\r\nEmpty:\r\n\r\n", "a", 0);
        check("1 \t;x\r\na\r\n0\r\nTrailer: one\r\nOther: two\r\n\r\n", "a", 0);
        check("2\r\n\r\n\r\n0\r\n\r\n", "\r\n", 0);
    }

    #[test]
    fn bad_bodies() {
        check_refused("\r\n", 400, "hex digits");
        check_refused("-1\r\n", 400, "hex digits");
        check_refused("+1\r\n", 400, "hex digits");
        check_refused("0x1\r\n", 400, "hex digits");
        check_refused(" 1\r\n", 400, "hex digits");
        check_refused("1 2\r\n", 400, "hex digits");
        check_refused("1\na\r\n", 400, "hex digits");
        check_refused("1\r\r\n", 400, "without its LF");
        for extension in [
            "x\n", "x\0", "", "x;", "x=", "x=;y", "=x", "x y", "x=y z", "x=\"y", "x=\"y\"z", "x=\"\\",
            "x=y=z", "(x)", "x ",
        ] {
            check_refused(&format!("1;{extension}\r\na\r\n0\r\n\r\n"), 400, "chunk extension");
        }
        check_refused("1\r\nab\r\n", 400, "longer than its size");
        check_refused("1\r\na\n0\r\n\r\n", 400, "longer than its size");
        check_refused("1\r\na\rb", 400, "longer than its size");
        for trailer in
            ["Trailer", "Trailer\n", "A: b\u{7f}", "A: b\n", "A : b", " A: b", "A: b\r\n c", ": b", "A(: b"]
        {
            check_refused(&format!("0\r\n{trailer}\r\n\r\n"), 400, "trailer");
        }
        check_refused("0\r\nTrailer: a\r\r\n", 400, "without its LF");
        check_refused("00000000000000001\r\na", 400, "16 hex digits");
        check_refused("ffffffffffffffff\r\na", 413, "1 MiB");
        check_refused("100001\r\na", 413, "1 MiB");
        check_refused(&format!("1;{}\r\n", "x".repeat(MAX_IGNORED + 1)), 431, "8 KiB");
        check_refused(&format!("0\r\nx:{}\r\n", "x".repeat(MAX_IGNORED)), 431, "8 KiB");
        check_refused("5\r\nhell", 400, "incomplete");
    }

    #[test]
    fn the_bound_counts_all_chunks() {
        let mut bytes = format!("{MAX_BODY:x}\r\n{}\r\n", "a".repeat(MAX_BODY));
        bytes.push_str("0\r\n\r\n");
        assert_eq!(decode_in(bytes.as_bytes(), 9_000).expect("exactly the bound").0.len(), MAX_BODY);
        bytes.insert_str(0, "1\r\na\r\n");
        assert_eq!(decode_in(bytes.as_bytes(), 9_000).expect_err("one over").status, Status::ContentTooLarge);
    }
}
