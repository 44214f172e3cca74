//! Cleans a request path: percent-encoding is decoded once, dot segments and double slashes go.

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

/// What would end a path in a URL, be decoded once more, or be read as something else.
pub(crate) const IN_A_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'\\')
    .add(b'%')
    .add(b'?')
    .add(b'#')
    .add(b'^')
    .add(b'|');

/// Longest request path that is looked at, in bytes as sent.
pub const MAX_PATH_BYTES: usize = 8192;

/// Stands for `%2F` in a path that rules are matched on. A real NUL is refused before, so that this
/// can be nothing else.
pub(crate) const ENCODED_SLASH: char = '\0';

/// Why a request path names nothing at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// `%2F`: an encoded slash never becomes a separator, and no file name holds one.
    #[error("the path holds an encoded slash")]
    EncodedSlash,
    /// `%00` or a NUL byte.
    #[error("the path holds a NUL byte")]
    Nul,
    /// The decoded bytes are no UTF-8.
    #[error("the path is not UTF-8")]
    NotUtf8,
    /// The path does not begin with `/`.
    #[error("the path does not begin with a slash")]
    NotAbsolute,
    /// Longer than [`MAX_PATH_BYTES`].
    #[error("the path is longer than {MAX_PATH_BYTES} bytes")]
    TooLong,
}

/// The decoded form of a raw request path (no query): begins with `/`, has no empty, `.` or `..`
/// segment, keeps one trailing slash, keeps `+` as it is. `..` above the root stays at the root.
///
/// # Errors
/// See [`PathError`]; such a request matches no file.
pub fn clean(raw: &str) -> Result<String, PathError> {
    let decoded = decode(raw, |_| Err(PathError::EncodedSlash))?;
    Ok(normalise(&decoded))
}

/// Like [`clean`], but keeps an encoded slash within its segment, as a NUL: no file has such a path,
/// a rule may be for it.
///
/// # Errors
/// See [`PathError`]; such a request is matched by no rule.
pub fn clean_for_rules(raw: &str) -> Result<String, PathError> {
    let decoded = decode(raw, |segment| Ok(segment.replace('/', "\0")))?;
    Ok(normalise(&decoded))
}

/// A clean path as it is written in a URL.
#[must_use]
pub fn encode(path: &str) -> String {
    utf8_percent_encode(path, IN_A_PATH).to_string()
}

/// Decodes segment by segment; `on_slash` gets a segment in which decoding produced a slash.
fn decode(raw: &str, on_slash: impl Fn(&str) -> Result<String, PathError>) -> Result<String, PathError> {
    if raw.len() > MAX_PATH_BYTES {
        return Err(PathError::TooLong);
    }
    if !raw.starts_with('/') {
        return Err(PathError::NotAbsolute);
    }
    let mut decoded = String::with_capacity(raw.len());
    for (index, segment) in raw.split('/').enumerate() {
        if index > 0 {
            decoded.push('/');
        }
        let text = percent_decode_str(segment).decode_utf8().map_err(|_| PathError::NotUtf8)?;
        if text.contains('\0') {
            return Err(PathError::Nul);
        }
        if text.contains('/') {
            decoded.push_str(&on_slash(&text)?);
        } else {
            decoded.push_str(&text);
        }
    }
    Ok(decoded)
}

fn normalise(decoded: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    let names_a_folder = matches!(decoded.rsplit('/').next(), Some("" | "." | ".."));
    let mut path = String::with_capacity(decoded.len());
    for segment in &segments {
        path.push('/');
        path.push_str(segment);
    }
    if names_a_folder || segments.is_empty() {
        path.push('/');
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleans_what_names_something() {
        for (raw, expect) in [
            ("/", "/"),
            ("/a", "/a"),
            ("/a/", "/a/"),
            ("//a//b//", "/a/b/"),
            ("/a/./b", "/a/b"),
            ("/a/b/..", "/a/"),
            ("/a/b/.", "/a/b/"),
            ("/../../a", "/a"),
            ("/a/%2e%2e/b", "/b"),
            ("/%61bout", "/about"),
            ("/a+b", "/a+b"),
            ("/a%20b", "/a b"),
            ("/%C3%9C", "/Ü"),
            ("/a%252Fb", "/a%2Fb"),
            ("/a%2", "/a%2"),
            ("/a%zz", "/a%zz"),
            ("/a\\b", "/a\\b"),
            ("/.well-known/x", "/.well-known/x"),
        ] {
            assert_eq!(clean(raw).as_deref(), Ok(expect), "{raw}");
        }
    }

    #[test]
    fn refuses_what_names_nothing() {
        for (raw, expect) in [
            ("/about%2F", PathError::EncodedSlash),
            ("/folder%2findex.html", PathError::EncodedSlash),
            ("/..%2fabout", PathError::EncodedSlash),
            ("/a%00", PathError::Nul),
            ("/a\0", PathError::Nul),
            ("/%ff", PathError::NotUtf8),
            ("a", PathError::NotAbsolute),
            ("", PathError::NotAbsolute),
            ("*", PathError::NotAbsolute),
        ] {
            assert_eq!(clean(raw), Err(expect), "{raw}");
        }
    }

    #[test]
    fn a_clean_path_survives_being_encoded() {
        for path in ["/", "/a/", "/a b", "/100%", "/%2F", "/ü?#", "/a\\b\"<>", "/a+b"] {
            let encoded = encode(path);
            assert!(encoded.is_ascii() && !encoded.contains([' ', '?', '#', '"', '\\']), "{encoded}");
            assert_eq!(clean(&encoded).as_deref(), Ok(path), "{encoded}");
        }
    }

    #[test]
    fn rules_see_an_encoded_slash_inside_its_segment() {
        assert_eq!(clean_for_rules("/a%2Fb/c").as_deref(), Ok("/a\0b/c"));
        assert_eq!(clean_for_rules("/a%2F..%2Fb").as_deref(), Ok("/a\0..\0b"));
        assert_eq!(clean_for_rules("/a%00b"), Err(PathError::Nul));
    }

    #[test]
    fn the_length_limit_holds() {
        let longest = format!("/{}", "a".repeat(MAX_PATH_BYTES - 1));
        assert!(clean(&longest).is_ok());
        assert_eq!(clean(&format!("{longest}a")), Err(PathError::TooLong));
    }
}
