//! Paths of files inside a deploy, as clients name them.

use context::{Error, Result};
use model::quoted;

/// Longest single name between slashes, as file systems have it.
pub const SEGMENT_MAX: usize = 255;

/// The path with one leading slash, when it is a plain path inside the deploy.
///
/// # Errors
/// `Unprocessable` for empty paths and segments, `.` and `..`, NUL and other control characters,
/// back-slashes, segments over [`SEGMENT_MAX`] bytes and paths over `max` bytes. Nothing is
/// "cleaned" silently: two names must not become one.
pub fn clean_path(path: &str, max: usize) -> Result<String> {
    let bare = path.strip_prefix('/').unwrap_or(path);
    let problem = if bare.is_empty() {
        Some("is empty")
    } else if bare.len() > max {
        Some("is too long")
    } else if bare.chars().any(|c| c.is_control() || c == '\\') {
        Some("holds a control character or a back-slash")
    } else {
        bare.split('/').find_map(segment_problem)
    };
    match problem {
        Some(problem) => Err(Error::Unprocessable(format!("path {} {problem}", beginning(path)))),
        None => Ok(format!("/{bare}")),
    }
}

fn segment_problem(segment: &str) -> Option<&'static str> {
    match segment {
        "" => Some("has an empty segment"),
        "." | ".." => Some("steps outside with a dot segment"),
        _ if segment.len() > SEGMENT_MAX => Some("has a segment that is too long"),
        _ => None,
    }
}

/// The beginning of a path for a message, with nothing in it that could break a log or a terminal.
fn beginning(path: &str) -> String {
    const SHOWN: usize = 80;
    let short: String = path.chars().take(SHOWN).collect();
    let more = if short.len() < path.len() { "…" } else { "" };
    format!("{}{more}", quoted(&short))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_pass_and_tricks_do_not() {
        for (path, clean) in [
            ("index.html", "/index.html"),
            ("/a/b c/ü+.html", "/a/b c/ü+.html"),
            (".well-known/x", "/.well-known/x"),
            ("a..b/...", "/a..b/..."),
        ] {
            assert_eq!(clean_path(path, 4096).ok().as_deref(), Some(clean));
        }
        let long = "a/".repeat(5000) + "a";
        let segment = "a".repeat(256);
        for path in
            ["", "/", "//x", "a//b", "a/", "../x", "a/../b", "./a", "a\0b", "a\\b", "a\nb", &long, &segment]
        {
            assert!(clean_path(path, 4096).is_err(), "{path:?}");
        }
    }

    #[test]
    fn messages_stay_short_and_printable() {
        let message = clean_path(&"é\u{1b}".repeat(5000), 100).map_err(|e| e.to_string());
        let message = message.err().unwrap_or_default();
        assert!(message.len() < 1200 && !message.contains('\u{1b}'), "{message}");
    }
}
