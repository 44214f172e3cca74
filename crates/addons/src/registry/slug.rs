//! Names of add-ons in commands and under `/.netlify/`.

/// Longest slug, in letters.
pub const SLUG_MAX: usize = 63;
/// What the platform itself serves under `/.netlify/`, or may one day.
pub const RESERVED: [&str; 18] = [
    "ai",
    "blobs",
    "builders",
    "build-hooks",
    "cache",
    "clock",
    "db",
    "deploy",
    "edge-functions",
    "functions",
    "git",
    "identity",
    "images",
    "internal",
    "large-media",
    "manifest",
    "plugins",
    "scripts",
];

/// What is wrong with a slug; none when it will do.
pub(super) fn fault(slug: &str) -> Option<String> {
    let plain = slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let edges = slug.starts_with('-') || slug.ends_with('-');
    if slug.is_empty() || slug.len() > SLUG_MAX || !plain || edges {
        return Some(format!(
            "slug must be 1 to {SLUG_MAX} small letters and digits, with hyphens between them"
        ));
    }
    RESERVED.contains(&slug).then(|| format!("the slug {slug} is reserved"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_and_reserved_slugs_are_refused() {
        let (longest, longer) = ("a".repeat(SLUG_MAX), "a".repeat(SLUG_MAX + 1));
        for fine in ["a", "demo", "demo-staging", "a1", "42", "functionsx", &longest] {
            assert_eq!(fault(fine), None, "{fine}");
        }
        for bad in
            ["", " ", "a b", "../x", "a/b", "Demo", "-a", "a-", "ä", "a_b", "a.b", "%61", "a\n", &longer]
        {
            assert!(fault(bad).is_some(), "{bad:?}");
        }
        for reserved in RESERVED {
            assert!(fault(reserved).is_some_and(|why| why.contains("reserved")), "{reserved}");
        }
    }
}
