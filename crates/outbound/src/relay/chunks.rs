//! Takes chunks apart (RFC 9112 section 7.1), strictly: where another reader of the same bytes might
//! see another end of the body, there is none. Extensions and trailers are read and dropped. Pure.

use super::answer::Fault;
use bytes::{Buf as _, Bytes};

/// Bytes of extensions and trailers of one body.
pub(super) const EXTRA_BYTES: usize = 16 * 1024;
/// Digits of a size: what fits 64 bits.
const MAX_DIGITS: u32 = 16;

/// A body in chunks, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Chunks {
    at: At,
    /// Bytes of this chunk that are still to come, or its size as far as it was read.
    left: u64,
    /// Bytes of extensions and trailers.
    extra: usize,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// The size of a chunk, of which so many digits were read.
    Size(u32),
    /// Blanks behind the size.
    Blank,
    Extension,
    EndOfSize,
    Data,
    BehindData,
    EndOfData,
    /// The beginning of a line behind the last chunk.
    Line,
    Trailer,
    EndOfTrailer,
    LastByte,
    Over,
}

impl Default for At {
    fn default() -> Self {
        Self::Size(0)
    }
}

impl Chunks {
    /// Bytes of the body out of those that came; none when it takes more of them, or nothing of the body
    /// is left.
    ///
    /// # Errors
    /// When these are no chunks.
    pub(super) fn take(&mut self, bytes: &mut Bytes) -> Result<Option<Bytes>, Fault> {
        while !bytes.is_empty() && self.at != At::Over {
            if self.at == At::Data {
                return Ok(Some(self.data(bytes)));
            }
            self.step(bytes.get_u8())?;
        }
        Ok(None)
    }

    /// Whether all of the body was read, its last line included.
    pub(super) fn is_over(&self) -> bool {
        self.at == At::Over
    }

    fn data(&mut self, bytes: &mut Bytes) -> Bytes {
        let count = usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
        self.left -= count as u64;
        if self.left == 0 {
            self.at = At::BehindData;
        }
        bytes.split_to(count)
    }

    fn step(&mut self, byte: u8) -> Result<(), Fault> {
        self.at = match (self.at, byte) {
            (At::Size(digits), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.digit(digits, byte)?,
            (At::Size(1..) | At::Blank | At::Extension, b'\r') => At::EndOfSize,
            (At::Size(1..) | At::Blank, b' ' | b'\t') => self.skip(At::Blank)?,
            (At::Size(1..) | At::Blank, b';') => self.skip(At::Extension)?,
            (At::EndOfSize, b'\n') if self.left == 0 => At::Line,
            (At::EndOfSize, b'\n') => At::Data,
            (At::BehindData, b'\r') => At::EndOfData,
            (At::EndOfData, b'\n') => At::Size(0),
            (At::Line, b'\r') => At::LastByte,
            (At::LastByte, b'\n') => At::Over,
            (At::Trailer, b'\r') => At::EndOfTrailer,
            (At::EndOfTrailer, b'\n') => At::Line,
            (At::Line | At::Trailer, byte) if byte != b'\n' => self.skip(At::Trailer)?,
            (At::Extension, byte) if byte != b'\n' => self.skip(At::Extension)?,
            _ => return Err(Fault::Chunks),
        };
        Ok(())
    }

    fn digit(&mut self, digits: u32, byte: u8) -> Result<At, Fault> {
        let value = char::from(byte).to_digit(16).filter(|_| digits < MAX_DIGITS).ok_or(Fault::Chunks)?;
        let before = if digits == 0 { 0 } else { self.left };
        self.left = before << 4 | u64::from(value);
        Ok(At::Size(digits + 1))
    }

    fn skip(&mut self, at: At) -> Result<At, Fault> {
        self.extra += 1;
        if self.extra > EXTRA_BYTES { Err(Fault::Chunks) } else { Ok(at) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What of these bytes, handed over so many at a time, is the body, and what follows it; none when
    /// it has not come to its end.
    fn read(text: &str, step: usize) -> Result<Option<(String, String)>, Fault> {
        let (mut chunks, mut body, mut bytes) = (Chunks::default(), Vec::new(), Bytes::new());
        let mut rest = Bytes::copy_from_slice(text.as_bytes());
        while !chunks.is_over() && !rest.is_empty() {
            bytes = rest.split_to(step.min(rest.len()));
            while let Some(piece) = chunks.take(&mut bytes)? {
                assert!(!piece.is_empty());
                body.extend_from_slice(&piece);
            }
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(chunks.is_over().then(|| (text(&body), text(&bytes) + &text(&rest))))
    }

    fn check(text: &str, expect: Result<Option<(&str, &str)>, Fault>) {
        for step in [1, 2, 3, 7, text.len().max(1)] {
            let found = read(text, step);
            let found = found.as_ref().map(|found| found.as_ref().map(|(body, rest)| (&**body, &**rest)));
            assert_eq!(found, expect.as_ref().copied(), "{text:?} by {step}");
        }
    }

    #[test]
    fn chunks_are_put_together() {
        for (text, body, rest) in [
            ("0\r\n\r\n", "", ""),
            ("3\r\nabc\r\n0\r\n\r\n", "abc", ""),
            ("3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\nHTTP/1.1", "abc0123456789", "HTTP/1.1"),
            ("2\r\n\r\n\r\n000\r\n\r\n", "\r\n", ""),
            ("0000000000000001\r\na\r\n0\r\n\r\n", "a", ""),
            ("1 \t\r\na\r\n0;last\r\n\r\n", "a", ""),
            ("1;x=\"y;z\"\r\na\r\n0\r\nA: b\r\nC: d\r\n\r\n0", "a", "0"),
        ] {
            check(text, Ok(Some((body, rest))));
        }
    }

    #[test]
    fn what_is_not_over_waits_for_more() {
        for text in [
            "",
            "3",
            "3\r",
            "3\r\n",
            "3\r\nab",
            "3\r\nabc",
            "3\r\nabc\r\n0",
            "0\r\n",
            "0\r\nA: b\r\n",
            "0\r\n\r",
        ] {
            check(text, Ok(None));
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for text in [
            "\r\n",
            "g\r\n",
            "-1\r\n",
            "0x1\r\na",
            " 1\r\na",
            "1\na",
            "1\r\rn",
            "1 1\r\na",
            "1;a\nb\r\n",
            "1\r\nab\r\n",
            "1\r\na\n0\r\n\r\n",
            "1\r\na\r\r",
            "0\r\nA: b\n\r\n",
            "0\r\n\n",
            "0\r\n\rx",
            "10000000000000000\r\n",
            "00000000000000001\r\n",
        ] {
            check(text, Err(Fault::Chunks));
        }
    }

    #[test]
    fn what_is_dropped_has_its_limit() {
        for (room, expect) in [(EXTRA_BYTES, true), (EXTRA_BYTES + 1, false)] {
            let (in_size, in_trailer) = ("x".repeat(room / 2 - 1), "y".repeat(room - room / 2));
            let text = format!("0;{in_size}\r\n{in_trailer}\r\n\r\n");
            assert_eq!(read(&text, 100).is_ok(), expect, "{room}");
        }
    }

    #[test]
    fn sizes_go_up_to_what_can_be_counted() {
        let mut chunks = Chunks::default();
        let mut bytes = Bytes::from_static(b"ffffffffffffffff\r\nabc");
        assert_eq!(chunks.take(&mut bytes), Ok(Some(Bytes::from_static(b"abc"))));
        assert_eq!(chunks.left, u64::MAX - 3);
    }
}
