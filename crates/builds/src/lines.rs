//! Cuts the bytes a process prints into lines of bounded length.

/// Longest line that is held; the rest of a longer one is dropped. It is far above what is shown,
/// so that a secret at the border of what is shown is whole when it is masked.
pub(crate) const HELD: usize = 64 * 1024;
/// Longest line that is shown, in bytes.
pub(crate) const SHOWN: usize = 8 * 1024;
/// Stands at the end of a line that was cut.
const CUT: &str = " [cut]";

/// Turns chunks of bytes into lines.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    open: Vec<u8>,
}

impl Lines {
    /// The lines that `bytes` complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut complete = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = HELD - self.open.len();
            self.open.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.ends_with(b"\n") {
                complete.push(text(&std::mem::take(&mut self.open)));
            }
        }
        complete
    }

    /// What is left without a line end.
    pub(crate) fn finish(self) -> Option<String> {
        (!self.open.is_empty()).then(|| text(&self.open))
    }
}

/// Progress that is drawn over itself with carriage returns shows as its last state.
fn text(bytes: &[u8]) -> String {
    let line = String::from_utf8_lossy(bytes);
    let line = line.trim_end_matches(['\n', '\r']);
    let last = line.rsplit('\r').next().unwrap_or(line);
    // no engine stores NUL in text
    last.replace('\0', "")
}

/// A line as it may be shown: at most [`SHOWN`] bytes.
pub(crate) fn shorten(mut line: String) -> String {
    if line.len() > SHOWN {
        line.truncate(line.floor_char_boundary(SHOWN - CUT.len()));
        line.push_str(CUT);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_from_chunks() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"one\ntw"), ["one"]);
        assert_eq!(lines.push(b"o\r\n\n10%\r20%\r\nrest"), ["two", "", "20%"]);
        assert_eq!(lines.finish().as_deref(), Some("rest"));
        assert_eq!(Lines::default().finish(), None);
    }

    #[test]
    fn bytes_that_are_no_text_do_not_matter() {
        assert_eq!(Lines::default().push(b"a\xff\0b\n"), ["a\u{fffd}b"]);
    }

    #[test]
    fn an_endless_line_is_held_and_shown_in_part() {
        let mut lines = Lines::default();
        for _ in 0..3 {
            assert!(lines.push(&[b'x'; HELD]).is_empty());
        }
        let held = lines.push(b"y\nz\n");
        assert_eq!((held[0].len(), held[1].as_str()), (HELD, "z"));
        let shown = shorten(held[0].clone());
        assert_eq!(shown.len(), SHOWN);
        assert!(shown.ends_with(CUT));
        assert_eq!(shorten("short".to_owned()), "short");
        assert!(shorten("ä".repeat(SHOWN)).len() <= SHOWN);
    }
}
