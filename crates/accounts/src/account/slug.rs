//! The account's name in paths. It stands where other resources stand (`/{account_slug}/sites`), so
//! their names and everything that looks like an id are refused. Pure.

use context::{Error, Result};
use model::is_hex24;

/// First parts of API paths, which no account may be called.
const RESERVED: [&str; 31] = [
    "access_tokens",
    "accounts",
    "agent_runners",
    "ai-gateway",
    "api",
    "asyncapi",
    "billing",
    "blobs",
    "build",
    "build_hooks",
    "builds",
    "deliveries",
    "deploy_keys",
    "deploys",
    "dns_zones",
    "drop",
    "events",
    "forms",
    "hooks",
    "members",
    "oauth",
    "openapi",
    "purge",
    "services",
    "sites",
    "snippets",
    "submissions",
    "tickets",
    "tokens",
    "user",
    "users",
];

/// A slug that a person chose.
///
/// # Errors
/// When it is not in the form that [`model::slug`] gives, is reserved, or looks like an id.
pub(super) fn checked(text: &str) -> Result<String> {
    if text.is_empty() || model::slug(text) != text {
        return Err(Error::Unprocessable(
            "slug may hold only lower-case letters, digits and single hyphens".to_owned(),
        ));
    }
    if !is_free_to_use(text) {
        return Err(Error::Unprocessable("this slug is reserved".to_owned()));
    }
    Ok(text.to_owned())
}

/// A slug made from an account's name; `tail` tells it from one that is taken.
pub(super) fn from_name(name: &str, tail: Option<&str>) -> String {
    let stem = Some(model::slug(name)).filter(|slug| !slug.is_empty() && is_free_to_use(slug));
    let stem: String = stem.unwrap_or_else(|| "team".to_owned()).chars().take(50).collect();
    tail.map_or_else(|| stem.clone(), |tail| format!("{}-{tail}", stem.trim_end_matches('-')))
}

fn is_free_to_use(slug: &str) -> bool {
    !RESERVED.contains(&slug) && !is_hex24(slug)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_slugs() {
        for (name, tail, expect) in [
            ("My Team", None, "my-team"),
            ("My Team", Some("a1"), "my-team-a1"),
            ("Sites", None, "team"),
            ("695735a5abababababababab", None, "team"),
            ("日本", None, "team"),
        ] {
            assert_eq!(from_name(name, tail), expect, "{name}");
        }
        assert_eq!(from_name(&"x".repeat(100), Some("a1")).len(), 53);
    }

    #[test]
    fn chosen_slugs_are_checked() {
        for good in ["a", "my-team", "0x"] {
            assert_eq!(checked(good).ok().as_deref(), Some(good));
        }
        for bad in ["", "A", "a--b", "-a", "a b", "sites", "accounts", "695735a5abababababababab"] {
            assert!(matches!(checked(bad), Err(Error::Unprocessable(_))), "{bad}");
        }
    }
}
