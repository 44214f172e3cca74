//! Edge functions are not run by this server: a deploy that brings some is refused in words, whichever
//! way it comes, rather than put live without them.

use context::{Error, Result};
use rules::config::Config;
use serde_json::Value;

/// Where clients put packed edge functions among the files of a deploy.
const FOLDER: &str = ".netlify/internal/edge-functions/";
/// The list of them, which clients send also where it is empty.
const LIST: &str = "manifest.json";

/// What somebody is told whose site has edge functions; `place` says where they are.
#[must_use]
pub fn edge_functions_refusal(place: &str) -> String {
    format!(
        "edge functions are not supported by this server; remove {place}, or do its work in functions or redirects"
    )
}

/// Refuses a digest that names some: `named` under their own key, or as files.
pub(crate) fn check_digest<'a>(named: &Value, files: impl Iterator<Item = &'a String>) -> Result<()> {
    let is_empty = match named {
        Value::Object(named) => named.is_empty(),
        Value::Array(named) => named.is_empty(),
        other => other.is_null(),
    };
    let packed =
        |path: &&String| path.trim_start_matches('/').strip_prefix(FOLDER).is_some_and(|name| name != LIST);
    let mut files = files;
    if is_empty && !files.any(|path| packed(&path)) {
        return Ok(());
    }
    Err(refused("the edge functions of this site"))
}

/// Refuses a deploy whose configuration declares some. Text that is no configuration declares none.
pub(crate) fn check_config(text: Option<&str>) -> Result<()> {
    let config = text.and_then(|text| Config::parse(text).ok());
    match config.is_some_and(|config| !config.edge_functions().is_empty()) {
        true => Err(refused("[[edge_functions]] of netlify.toml")),
        false => Ok(()),
    }
}

fn refused(place: &str) -> Error {
    Error::Unprocessable(edge_functions_refusal(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_digest_that_brings_some_is_told_apart() {
        let bundle = ".netlify/internal/edge-functions/a.eszip";
        for (named, file, fine) in [
            (json!(null), "index.html", true),
            (json!({}), ".netlify/internal/edge-functions/manifest.json", true),
            (json!([]), "edge-functions/a.js", true),
            (json!({ "tar": "ab" }), "index.html", false),
            (json!({}), bundle, false),
            (json!(null), "/.netlify/internal/edge-functions/a.eszip", false),
        ] {
            let files = [file.to_owned()];
            let said = check_digest(&named, files.iter());
            assert_eq!(said.is_ok(), fine, "{named} {file}");
            if let Err(error) = said {
                assert!(error.to_string().contains("edge functions are not supported by this server"));
            }
        }
    }

    #[test]
    fn a_configuration_that_declares_some_is_told_apart() {
        for (text, fine) in [
            (None, true),
            (Some("[build]\nedge_functions = \"folder\"\n"), true),
            (Some("edge_functions = []\n"), true),
            (Some("no = [toml"), true),
            (Some("[[edge_functions]]\npath = \"/\"\nfunction = \"x\"\n"), false),
        ] {
            assert_eq!(check_config(text).is_ok(), fine, "{text:?}");
        }
    }
}
