//! Which section of the log a line of the builder's begins: it prints a heading before each of its
//! steps. A plugin that prints by itself alone gets none, and its lines count to the step before. What a
//! build command prints can look the same, and then moves no more than its own lines.

use crate::log::section;

/// A zero-width space: what the builder prints in place of nothing.
const NOTHING: char = '\u{200b}';

/// The section that begins with this line.
pub(super) fn section_of(line: &str) -> Option<&'static str> {
    match bare(line).as_str() {
        "Netlify Build" => Some(section::BUILD),
        "Functions bundling" | "Edge Functions bundling" | "Server bundling" => Some(section::FUNCTIONS),
        "\u{276f} Loading plugins" => Some(section::PLUGINS),
        heading if is_command(heading) => Some(section::BUILD),
        heading if is_plugin(heading) => Some(section::PLUGINS),
        _ => None,
    }
}

/// `build.command from netlify.toml` and its like.
fn is_command(heading: &str) -> bool {
    ["build.command ", "Build command "].iter().any(|start| {
        heading.strip_prefix(start).is_some_and(|from| {
            ["from netlify.toml", "from a plugin", "automatically detected", "from Netlify app"]
                .contains(&from)
        })
    })
}

/// A package and the moment at which it runs: `@netlify/plugin-x (onPreBuild event)`.
fn is_plugin(heading: &str) -> bool {
    let words = heading.strip_suffix(" event)").and_then(|heading| heading.split_once(" (on"));
    words.is_some_and(|(package, event)| {
        !package.contains(' ') && event.chars().all(|letter| letter.is_ascii_alphabetic())
    })
}

/// The line without colours and the space that pads it.
fn bare(line: &str) -> String {
    let mut pieces = line.split("\u{1b}[");
    let first = pieces.next().unwrap_or_default().to_owned();
    let rest = pieces.filter_map(|piece| piece.split_once('m').map(|(_, text)| text));
    let text = rest.fold(first, |all, text| all + text);
    text.trim_matches(|letter: char| letter == NOTHING || letter.is_whitespace()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_begin_sections_and_other_lines_do_not() {
        for (line, expect) in [
            ("Netlify Build                                               ", Some("build")),
            ("\u{1b}[36m\u{1b}[1mFunctions bundling   \u{1b}[22m\u{1b}[39m", Some("functions")),
            ("Edge Functions bundling  ", Some("functions")),
            ("build.command from netlify.toml  ", Some("build")),
            ("Build command from Netlify app", Some("build")),
            ("@netlify/plugin-x (onPreBuild event)  ", Some("plugins")),
            ("./plugins/own (onSuccess event)", Some("plugins")),
            ("\u{276f} Loading plugins", Some("plugins")),
            ("Netlify Build Complete", None),
            // the server has its own words for what it does then
            ("Deploy site   ", None),
            ("build.command failed", None),
            ("a plugin (onPreBuild event)", None),
            ("x (on the event)", None),
            ("\u{200b}", None),
            ("", None),
        ] {
            assert_eq!(section_of(line), expect, "{line}");
        }
    }
}
