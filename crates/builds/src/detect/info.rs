//! `@netlify/build-info`, where the builder is installed: it knows more generators, and monorepos.

use super::Framework;
use crate::shell::quoted;
use serde_json::Value;
use std::path::Path;

/// The program in the builder's folder.
const PROGRAM: &str = "node_modules/@netlify/build-info/bin.js";
/// Bytes of its answer that are read.
const ANSWER_MAX: u64 = 1 << 20;
/// Where the answer is left, in the build's home.
const ANSWER: &str = ".boathook-info.json";

/// The script that asks about `project` in the checkout `repo`.
pub(super) fn script(builder: &Path, repo: &Path, project: &Path) -> String {
    format!(
        "exec node {} {} --rootDir {} > \"$HOME/{ANSWER}\" 2> /dev/null",
        quoted(&builder.join(PROGRAM)),
        quoted(project),
        quoted(repo),
    )
}

/// What it answered. The file was written in the sandbox.
pub(super) fn answer(home: &Path) -> Option<Framework> {
    use std::io::Read as _;
    let file = deploys::Beneath::open(home, Path::new("")).and_then(|home| home.file(Path::new(ANSWER)));
    let mut text = String::new();
    file.ok()?.take(ANSWER_MAX).read_to_string(&mut text).ok()?;
    understand(&serde_json::from_str(&text).ok()?)
}

fn understand(said: &Value) -> Option<Framework> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let first = said["frameworks"].get(0)?;
    let settings = said["settings"].as_array().into_iter().flatten();
    let own = settings.clone().find(|one| one["framework"]["id"] == first["id"]);
    let name = text(&first["id"]);
    let (command, publish) = match own {
        Some(own) => (text(&own["buildCommand"]), text(&own["dist"])),
        None => (text(&first["build"]["commands"][0]), text(&first["staticAssetsDirectory"])),
    };
    let publish = if publish.is_empty() { text(&first["build"]["directory"]) } else { publish };
    (!name.is_empty() && !publish.is_empty()).then_some(Framework { name, command, publish })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn answers_are_understood() {
        let hugo = json!({
            "frameworks": [{ "id": "hugo", "build": { "commands": ["hugo"], "directory": "public" } }],
            "settings": [{ "framework": { "id": "hugo" }, "buildCommand": "hugo", "dist": "public" }],
        });
        let expect = |name: &str, command: &str, publish: &str| {
            Some(Framework { name: name.into(), command: command.into(), publish: publish.into() })
        };
        assert_eq!(understand(&hugo), expect("hugo", "hugo", "public"));
        let bare = json!({ "frameworks": [{ "id": "x", "build": { "commands": ["npm run build"], "directory": "out" } }] });
        assert_eq!(understand(&bare), expect("x", "npm run build", "out"));
        assert_eq!(understand(&json!({ "frameworks": [] })), None);
        assert_eq!(understand(&json!("x")), None);
    }

    #[test]
    fn folders_are_quoted() {
        let script = script(Path::new("/b"), Path::new("/w/it's"), Path::new("/w/it's/web"));
        assert!(script.contains(r"'/w/it'\''s/web' --rootDir '/w/it'\''s' >"), "{script}");
    }
}
