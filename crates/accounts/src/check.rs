//! Rules for texts that people type: names and addresses. Pure.

use context::{Error, Result};

/// Longest name of an account, person or token, in characters.
pub const NAME_MAX: usize = 100;
/// Longest e-mail address, in bytes (RFC 5321).
pub const EMAIL_MAX: usize = 254;

/// `text` without blanks around it, when it has 1 to `max` characters and no control character.
/// `what` names the field in the error.
pub(crate) fn text(what: &str, text: &str, max: usize) -> Result<String> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > max {
        return Err(Error::Unprocessable(format!("{what} must have 1 to {max} characters")));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::Unprocessable(format!("{what} may not hold control characters")));
    }
    Ok(text.to_owned())
}

/// An e-mail address in lower case: something, one `@`, something, no blanks.
pub(crate) fn email(address: &str) -> Result<String> {
    let address = address.trim().to_lowercase();
    let parts: Vec<&str> = address.split('@').collect();
    let is_whole = matches!(parts.as_slice(), [local, domain] if !local.is_empty() && !domain.is_empty());
    let is_plain = !address.chars().any(|c| c.is_control() || c.is_whitespace() || c == ',');
    if is_whole && is_plain && address.len() <= EMAIL_MAX {
        return Ok(address);
    }
    Err(Error::Unprocessable("email must be an address like ada@example.org".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        for (input, expect) in
            [(" Ada ", Some("Ada")), ("", None), ("   ", None), ("a\nb", None), ("é", Some("é"))]
        {
            assert_eq!(text("name", input, NAME_MAX).ok().as_deref(), expect, "{input:?}");
        }
        assert!(text("name", &"é".repeat(NAME_MAX), NAME_MAX).is_ok());
        let error = text("name", &"x".repeat(NAME_MAX + 1), NAME_MAX).expect_err("one too many");
        assert_eq!(error.to_string(), "name must have 1 to 100 characters");
    }

    #[test]
    fn addresses_are_folded_and_checked() {
        for (input, expect) in [
            (" Ada@Example.ORG ", Some("ada@example.org")),
            ("owner@localhost", Some("owner@localhost")),
            ("ada", None),
            ("@example.org", None),
            ("ada@", None),
            ("a@b@c", None),
            ("a b@c", None),
            ("a@b,c@d", None),
        ] {
            assert_eq!(email(input).ok().as_deref(), expect, "{input:?}");
        }
        let longest = format!("{}@x", "a".repeat(EMAIL_MAX - 2));
        assert!(email(&longest).is_ok() && email(&format!("a{longest}")).is_err());
    }
}
