//! Names of branches that may be handed to Git.

/// Longest branch name, in bytes.
pub(crate) const BRANCH_MAX: usize = 255;

/// Accepts what `git check-ref-format --branch` does, and nothing that looks like an option.
pub(crate) fn check_branch(branch: &str) -> Result<(), String> {
    let say = |what: &str| Err(format!("the branch name {what}"));
    if branch.is_empty() || branch.len() > BRANCH_MAX {
        return say(&format!("must have 1 to {BRANCH_MAX} bytes"));
    }
    if branch.starts_with(['-', '/']) || branch.ends_with(['/', '.']) {
        return say("may not begin with - or / nor end with / or .");
    }
    if branch.chars().any(|c| c.is_control() || " ~^:?*[\\".contains(c)) {
        return say("holds a character that Git refuses");
    }
    if ["..", "//", "@{"].iter().any(|bad| branch.contains(bad)) || branch == "@" {
        return say("holds a sequence that Git refuses");
    }
    if branch.split('/').any(|part| part.starts_with('.') || part.ends_with(".lock")) {
        return say("has a part that begins with . or ends with .lock");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_checked() {
        for good in ["main", "feature/new-thing", "v1.2", "ünicode", "a@b"] {
            assert_eq!(check_branch(good), Ok(()), "{good}");
        }
        let bad = [
            "",
            "-x",
            "--upload-pack=evil",
            "/a",
            "a/",
            "a.",
            "a b",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "a[",
            "a\\b",
            "a..b",
            "a//b",
            "a@{1}",
            "@",
            ".a",
            "a/.b",
            "a.lock",
            "a.lock/b",
            "a\nb",
            "a\0b",
        ];
        for bad in bad {
            assert!(check_branch(bad).is_err(), "{bad:?}");
        }
        assert!(check_branch(&"x".repeat(BRANCH_MAX)).is_ok());
        assert!(check_branch(&"x".repeat(BRANCH_MAX + 1)).is_err());
    }
}
