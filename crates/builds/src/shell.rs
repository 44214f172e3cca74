//! Words that a shell takes as they are.

use std::path::Path;

/// A path as one word of a shell command, whatever is in it.
pub(crate) fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_path_that_was_quoted() {
        for path in ["/plain", "/w o/it's", "/$HOME/`id`/\"x\"\\", "", "/a\nb"] {
            let script = format!("printf %s {}", quoted(Path::new(path)));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().expect("it runs");
            assert_eq!(String::from_utf8_lossy(&output.stdout), path);
        }
    }
}
