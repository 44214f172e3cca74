//! Variables that a provider hands to builds and functions: scalars become texts, nulls are dropped,
//! the rest becomes JSON; names that belong to the platform or steer programs are refused.

use model::{PLATFORM_VARIABLES, PLATFORM_VARIABLES_PREFIX};
use serde_json::{Map, Value};

/// Names beside those of the platform that a provider has no say in.
const OWN: [&str; 3] = ["NETLIFY_DEV", "DEPLOY_URL", "DEPLOY_PRIME_URL"];
/// Names by which a variable would take hold of the programs that see it.
const STEERING: [&str; 14] = [
    "BASH_ENV",
    "ENV",
    "HOME",
    "IFS",
    "NODE_EXTRA_CA_CERTS",
    "NODE_OPTIONS",
    "NODE_PATH",
    "NODE_TLS_REJECT_UNAUTHORIZED",
    "PATH",
    "PERL5OPT",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "RUBYOPT",
    "SHELL",
];
/// Beginnings of such names.
const BEGINNINGS: [&str; 4] = [PLATFORM_VARIABLES_PREFIX, "LD_", "DYLD_", "npm_config_"];

/// Whether a variable of this name is not taken from a provider.
#[must_use]
pub fn refused(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let named = PLATFORM_VARIABLES.iter().chain(&OWN).chain(&STEERING).any(|one| *one == upper);
    let begun = BEGINNINGS.iter().any(|start| upper.starts_with(&start.to_ascii_uppercase()));
    named || begun || !is_name(name)
}

/// A name that a shell can export.
fn is_name(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && letters.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The variables that are taken.
pub(super) fn taken(said: &Map<String, Value>) -> Map<String, Value> {
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.replace('\0', "")),
        other => Some(other.to_string()),
    };
    let kept = said.iter().filter(|(name, _)| !refused(name));
    kept.filter_map(|(name, value)| Some((name.clone(), Value::String(text(value)?)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_become_texts_and_nulls_go() {
        let said = json!({ "A": "x", "B": 3, "C": true, "D": null, "E": { "k": [1] }, "F": 1.5, "G": "" });
        let taken = taken(said.as_object().unwrap());
        let expect = json!({ "A": "x", "B": "3", "C": "true", "E": "{\"k\":[1]}", "F": "1.5", "G": "" });
        assert_eq!(Value::Object(taken), expect);
    }

    #[test]
    fn names_of_the_platform_and_steering_ones_are_refused() {
        for name in PLATFORM_VARIABLES.iter().chain(&OWN).chain(&STEERING) {
            assert!(refused(name), "{name}");
        }
        for name in
            ["INCOMING_HOOK_BODY", "LD_PRELOAD", "node_options", "NPM_CONFIG_REGISTRY", "", "A B", "1A", "Ä"]
        {
            assert!(refused(name), "{name}");
        }
        for name in ["YOUR_SERVICE_API_SECRET", "_a", "HEADS", "URLS", "OLD_PATH"] {
            assert!(!refused(name), "{name}");
        }
    }
}
