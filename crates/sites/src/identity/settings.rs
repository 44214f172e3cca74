//! What an owner may say of visitors' tokens beside the secret, checked. Pure.

use context::{Error, Result};

/// Longest path to the roles in a token's claims, in bytes.
pub const MAX_ROLES_PATH_BYTES: usize = 256;
/// Longest name of an issuer or an audience, in bytes.
pub const MAX_NAME_BYTES: usize = 512;

/// A path of names with dots between them; none for an empty one.
pub(crate) fn roles_path(path: String) -> Result<Option<String>> {
    let named = path.split('.').all(|name| !name.is_empty());
    if path.len() > MAX_ROLES_PATH_BYTES || (!path.is_empty() && !named) {
        let why = "jwt_roles_path must be names of claims with dots between them, such as app_metadata.roles";
        return Err(Error::Unprocessable(why.to_owned()));
    }
    Ok((!path.is_empty()).then_some(path))
}

/// What a claim of a token must say; none for an empty text.
pub(crate) fn name(field: &str, text: String) -> Result<Option<String>> {
    if text.len() > MAX_NAME_BYTES {
        return Err(Error::Unprocessable(format!("{field} has at most {MAX_NAME_BYTES} bytes")));
    }
    Ok((!text.is_empty()).then_some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_roles_path_is_names_with_dots() {
        for (path, fine) in [
            ("roles", true),
            ("app_metadata.roles", true),
            ("https://a.example/roles", true),
            ("", true),
            (".", false),
            ("a..b", false),
            ("a.", false),
        ] {
            assert_eq!(roles_path(path.to_owned()).is_ok(), fine, "{path}");
        }
        assert!(roles_path("a".repeat(MAX_ROLES_PATH_BYTES)).is_ok());
        assert!(roles_path("a".repeat(MAX_ROLES_PATH_BYTES + 1)).is_err());
    }

    #[test]
    fn a_name_is_bounded_and_an_empty_one_is_none() {
        let said = |text: &str| name("jwt_issuer", text.to_owned());
        assert!(matches!(said(""), Ok(None)));
        let longest = "a".repeat(MAX_NAME_BYTES);
        assert!(matches!(said(&longest), Ok(Some(text)) if text == longest));
        let refused = said(&format!("{longest}a")).map_err(|error| error.to_string());
        assert!(refused.is_err_and(|why| why.contains("jwt_issuer") && why.contains("512")));
    }
}
