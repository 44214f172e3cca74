//! How the builder ended, as a reason for the site's owner. Exit codes are those of `@netlify/build`
//! (contract integrations 4).

use super::file;
use crate::failure::Failure;
use deploys::Beneath;
use serde::Deserialize;
use std::io::Read as _;
use std::path::Path;
use std::process::ExitStatus;

/// Bytes of what the launcher leaves.
const ENDED_MAX: u64 = 16 * 1024;
/// Characters of a headline, and of a message, that are shown.
const TEXT_MAX: usize = 200;
/// How the builder calls a build command that failed, and begins to say why.
const COMMAND_FAILED: &str = "\"build.command\" failed";
const COMMAND_CODE: &str = "Command failed with exit code ";

/// What the launcher leaves behind.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ended {
    headline: String,
    message: String,
}

/// Why there is no deploy.
pub(super) fn failure(status: ExitStatus, home: &Path) -> Failure {
    let Ended { headline, message } = read(home).unwrap_or_default();
    let short = |text: &str| text.chars().take(TEXT_MAX).collect::<String>().trim().to_owned();
    reason(status.code(), &short(&headline), &short(&message))
}

/// The build wrote this file, so that it is read like anything else of a stranger's.
fn read(home: &Path) -> Option<Ended> {
    let file = Beneath::open(home, Path::new("")).and_then(|home| home.file(Path::new(file::ENDED))).ok()?;
    let mut text = String::new();
    file.take(ENDED_MAX).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn reason(code: Option<i32>, headline: &str, message: &str) -> Failure {
    let said: Vec<&str> = [headline, message].into_iter().filter(|text| !text.is_empty()).collect();
    let because = if said.is_empty() { String::new() } else { format!(": {}", said.join(": ")) };
    match code {
        Some(0) => Failure::build("the build ended without deploying anything"),
        Some(1) => Failure::Skipped("Canceled by a build plugin".to_owned()),
        Some(2) if headline == COMMAND_FAILED => Failure::Build(command(message)),
        Some(2) => Failure::Build(format!("the build failed{because}")),
        Some(3) => Failure::Build(format!("a build plugin failed{because}")),
        Some(4) => Failure::Build(format!("the builder itself failed{because}")),
        Some(code) => Failure::Build(format!("the builder ended with exit code {code}{because}")),
        None => Failure::build("the builder was killed by the system"),
    }
}

/// The words of the native engine, where the exit code is told.
fn command(message: &str) -> String {
    let code = message.strip_prefix(COMMAND_CODE).and_then(|rest| rest.split(':').next());
    code.map_or_else(
        || "the build command failed".to_owned(),
        |code| format!("the build command failed with exit code {code}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_end_has_its_reason() {
        for (code, headline, message, expect) in [
            (Some(0), "", "", "the build ended without deploying anything"),
            (
                Some(2),
                COMMAND_FAILED,
                "Command failed with exit code 7: make: x",
                "the build command failed with exit code 7",
            ),
            (Some(2), COMMAND_FAILED, "", "the build command failed"),
            (Some(2), "Configuration error", "", "the build failed: Configuration error"),
            (Some(2), "", "", "the build failed"),
            (
                Some(3),
                "Plugin \"x\" failed",
                "Error: no",
                "a build plugin failed: Plugin \"x\" failed: Error: no",
            ),
            (Some(4), "", "", "the builder itself failed"),
            (Some(127), "", "", "the builder ended with exit code 127"),
            (None, "", "", "the builder was killed by the system"),
        ] {
            let failure = reason(code, headline, message);
            assert!(
                matches!(&failure, Failure::Build(why) if why == expect),
                "{code:?} {headline} {failure:?}"
            );
        }
        let cancelled = reason(Some(1), "", "");
        assert!(
            matches!(&cancelled, Failure::Skipped(why) if why == "Canceled by a build plugin"),
            "{cancelled:?}"
        );
    }
}
