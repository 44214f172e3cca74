//! Which variables the provider of an add-on may hand to builds and functions. Pure.

use crate::{PLATFORM_VARIABLES, PLATFORM_VARIABLES_PREFIX};

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

/// Whether a variable of this name is taken from a provider: not when it is the platform's, when it
/// steers programs, or when no shell could export it.
#[must_use]
pub fn addon_may_set(name: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let named = PLATFORM_VARIABLES.iter().chain(&OWN).chain(&STEERING).any(|one| *one == upper);
    let begun = BEGINNINGS.iter().any(|start| upper.starts_with(&start.to_ascii_uppercase()));
    is_name(name) && !named && !begun
}

/// A name that a shell can export.
fn is_name(name: &str) -> bool {
    let mut letters = name.bytes();
    letters.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && letters.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_platform_and_steering_ones_are_refused() {
        for name in PLATFORM_VARIABLES.iter().chain(&OWN).chain(&STEERING) {
            assert!(!addon_may_set(name), "{name}");
        }
        for name in
            ["INCOMING_HOOK_BODY", "LD_PRELOAD", "node_options", "NPM_CONFIG_REGISTRY", "", "A B", "1A", "Ä"]
        {
            assert!(!addon_may_set(name), "{name}");
        }
        for name in ["YOUR_SERVICE_API_SECRET", "_a", "HEADS", "URLS", "OLD_PATH"] {
            assert!(addon_may_set(name), "{name}");
        }
    }
}
