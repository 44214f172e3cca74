//! Joins the folders named in `netlify.toml` without leaving the repository.
//! Judges text alone; whoever opens the result must still refuse symbolic links that lead out.

/// Longest path, in bytes, that [`join_inside`] accepts or produces.
pub const MAX_JOINED_PATH_BYTES: usize = 4096;

/// Why two paths could not be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// `..` leads above the root of the repository.
    #[error("the path leads out of the repository; use fewer \"..\"")]
    Escapes,
    /// A NUL byte, which no file name can hold.
    #[error("the path holds a NUL byte")]
    Nul,
    /// Longer than [`MAX_JOINED_PATH_BYTES`].
    #[error("the path is longer than {MAX_JOINED_PATH_BYTES} bytes")]
    TooLong,
}

/// Joins `relative` to `base`, both relative to the root of the repository. A leading `/` means
/// the root of the repository, as on Netlify. The result has no leading or trailing `/` and no
/// `.`, `..` or empty segment; it is empty for the root itself.
///
/// # Errors
/// See [`JoinError`]. `a/../../a` is refused although it names a folder inside again.
pub fn join_inside(base: &str, relative: &str) -> Result<String, JoinError> {
    if base.len() + relative.len() > MAX_JOINED_PATH_BYTES {
        return Err(JoinError::TooLong);
    }
    if base.contains('\0') || relative.contains('\0') {
        return Err(JoinError::Nul);
    }
    let mut segments = Vec::new();
    if !relative.starts_with('/') {
        push_segments(&mut segments, base)?;
    }
    push_segments(&mut segments, relative)?;
    Ok(segments.join("/"))
}

fn push_segments<'a>(segments: &mut Vec<&'a str>, path: &'a str) -> Result<(), JoinError> {
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => segments.pop().map(|_| ()).ok_or(JoinError::Escapes)?,
            name => segments.push(name),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_inside_the_repository() {
        for (base, relative, expect) in [
            ("", "dist", "dist"),
            ("site", "dist", "site/dist"),
            ("site/", "./dist//css/", "site/dist/css"),
            ("site", "/dist", "dist"),
            ("site", "../dist", "dist"),
            ("/site", "..", ""),
            ("", "", ""),
            ("", "/", ""),
            ("a", "..b", "a/..b"),
        ] {
            assert_eq!(join_inside(base, relative).as_deref(), Ok(expect), "{base} + {relative}");
        }
    }

    #[test]
    fn refuses_what_leads_out() {
        for (base, relative, expect) in [
            ("", "..", JoinError::Escapes),
            ("site", "../../etc", JoinError::Escapes),
            ("site", "/../etc", JoinError::Escapes),
            ("..", "site", JoinError::Escapes),
            ("a", "../../a", JoinError::Escapes),
            ("a", "b\0c", JoinError::Nul),
        ] {
            assert_eq!(join_inside(base, relative), Err(expect), "{base} + {relative}");
        }
    }

    #[test]
    fn the_length_limit_holds() {
        let longest = "a".repeat(MAX_JOINED_PATH_BYTES);
        assert!(join_inside("", &longest).is_ok());
        assert_eq!(join_inside("b", &longest), Err(JoinError::TooLong));
    }
}
