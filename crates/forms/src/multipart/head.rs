//! The head of a part: which field it is of, and the name and type of its file. Pure.

use super::Fault;
use std::borrow::Cow;

/// What the head of a part says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// Name of the field; none when the part is of no field.
    pub name: Option<String>,
    /// Name of the file, as it was sent; none when the part is no file.
    pub filename: Option<String>,
    /// Type of the file.
    pub kind: Option<String>,
}

impl Head {
    /// Reads the lines of a head.
    pub(super) fn read(lines: &[u8]) -> Result<Self, Fault> {
        let text = String::from_utf8_lossy(lines);
        let mut head = Self::default();
        for line in text.split("\r\n").filter(|line| !line.is_empty()) {
            let (name, value) = line.split_once(':').ok_or(Fault::Malformed)?;
            if name.eq_ignore_ascii_case("content-disposition") {
                head.dispose(value);
            } else if name.eq_ignore_ascii_case("content-type") {
                head.kind = Some(value.trim().to_owned());
            }
        }
        Ok(head)
    }

    fn dispose(&mut self, value: &str) {
        let kind = value.split(';').next().unwrap_or_default().trim();
        if kind.eq_ignore_ascii_case("form-data") {
            let of = |name| parameter(value, name).map(|raw| unescaped(&raw));
            (self.name, self.filename) = (of("name"), of("filename"));
        }
    }
}

/// A parameter of a header's value, without the quotes around it.
pub(super) fn parameter<'v>(value: &'v str, wanted: &str) -> Option<Cow<'v, str>> {
    let mut rest = value.split_once(';')?.1;
    loop {
        let (name, after) = rest.split_once('=')?;
        // `a; b=c` has a parameter without a value before b
        let name = name.rsplit(';').next().unwrap_or_default().trim();
        let (text, behind) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => until_quote(quoted)?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim(), &after[end..])
            }
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(Cow::Borrowed(text));
        }
        rest = behind;
    }
}

/// The text before the closing quote, and what is behind it. Names may hold backslashes and, from
/// some senders, quotes: the one that closes has nothing or a semicolon behind it.
fn until_quote(quoted: &str) -> Option<(&str, &str)> {
    let closes = |at: &usize| matches!(quoted[at + 1..].trim_start().bytes().next(), None | Some(b';'));
    let end = quoted.match_indices('"').map(|(at, _)| at).find(closes)?;
    Some((&quoted[..end], &quoted[end + 1..]))
}

/// Browsers write quotes and new lines of names as %22, %0D and %0A, and nothing else so; some other
/// senders put a backslash before a quote.
fn unescaped(raw: &str) -> String {
    let escapes = [("\\\"", "\""), ("%22", "\""), ("%0D", "\r"), ("%0d", "\r"), ("%0A", "\n"), ("%0a", "\n")];
    escapes.iter().fold(raw.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &str) -> Result<Head, Fault> {
        Head::read(lines.as_bytes())
    }

    #[test]
    fn heads_are_read_as_senders_write_them() {
        for (lines, name, filename, kind) in [
            (r#"Content-Disposition: form-data; name="a""#, "a", "-", "-"),
            (r#"CONTENT-DISPOSITION:FORM-DATA;NAME="a""#, "a", "-", "-"),
            (r#"Content-Disposition: form-data; filename="f.txt"; name="a""#, "a", "f.txt", "-"),
            (r"Content-Disposition: form-data; name=a; filename=f.txt ", "a", "f.txt", "-"),
            (r#"Content-Disposition: form-data; name="a%22b%0D%0Ac%20d""#, "a\"b\r\nc%20d", "-", "-"),
            (r#"Content-Disposition: form-data; name="a\"b"; filename="x\"y""#, "a\"b", "x\"y", "-"),
            (r#"Content-Disposition: form-data; name="a\"; filename="C:\x\""#, "a\\", "C:\\x\\", "-"),
            (r#"Content-Disposition: form-data; name="a; filename=b""#, "a; filename=b", "-", "-"),
            (r#"Content-Disposition: form-data; odd; name="a"; filename*=UTF-8''x"#, "a", "-", "-"),
            (r#"Content-Disposition: form-data; name="""#, "", "-", "-"),
            (r#"Content-Disposition: form-data; name="a"#, "-", "-", "-"),
            (r#"Content-Disposition: attachment; name="a""#, "-", "-", "-"),
            ("Content-Disposition: form-data", "-", "-", "-"),
            ("Content-Type: text/plain; charset=x\r\nX-Other: y", "-", "-", "text/plain; charset=x"),
            ("", "-", "-", "-"),
        ] {
            let some = |text: &str| (text != "-").then(|| text.to_owned());
            let head = Head { name: some(name), filename: some(filename), kind: some(kind) };
            assert_eq!(read(lines), Ok(head), "{lines}");
        }
        for lines in ["no colon", "A: b\r\nno colon"] {
            assert_eq!(read(lines), Err(Fault::Malformed), "{lines}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let head = Head::read(b"content-disposition: form-data; name=\"\xff\"").map(|head| head.name);
        assert_eq!(head, Ok(Some("\u{fffd}".to_owned())));
    }
}
