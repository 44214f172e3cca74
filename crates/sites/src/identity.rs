//! The secret that verifies a site's visitors: their `nf_jwt` cookie is signed with it, by an identity
//! provider of the owner's choice. Sealed at rest and never shown again.

use context::{Context, Error, Result};
use store::sites::SiteRow;

/// What secrets are sealed for.
const PURPOSE: &str = "site identity secret";
/// Longest secret, in bytes.
pub const MAX_SECRET_BYTES: usize = 1024;
/// Longest path to the roles in a token's claims, in bytes.
pub const MAX_ROLES_PATH_BYTES: usize = 256;
/// Where the roles are when the site does not say otherwise: one of these.
pub const ROLES_PATHS: [&str; 2] = ["app_metadata.authorization.roles", "app_metadata.roles"];

/// A secret as it is kept; none for an empty one.
pub(crate) fn sealed(cx: &Context, secret: &str) -> Result<Option<String>> {
    if secret.len() > MAX_SECRET_BYTES {
        let why = format!("jwt_secret is longer than {MAX_SECRET_BYTES} bytes");
        return Err(Error::Unprocessable(why));
    }
    Ok((!secret.is_empty()).then(|| hex::encode(cx.seal(PURPOSE, secret.as_bytes()))))
}

/// A path of names with dots between them; none for an empty one.
pub(crate) fn roles_path(path: String) -> Result<Option<String>> {
    let named = path.split('.').all(|name| !name.is_empty());
    if path.len() > MAX_ROLES_PATH_BYTES || (!path.is_empty() && !named) {
        let why = "jwt_roles_path must be names of claims with dots between them, such as app_metadata.roles";
        return Err(Error::Unprocessable(why.to_owned()));
    }
    Ok((!path.is_empty()).then_some(path))
}

/// The secret of a site; none when its owner has set none, and then no token verifies.
///
/// # Errors
/// When it was not sealed with this server's key.
pub fn secret(cx: &Context, site: &SiteRow) -> Result<Option<Vec<u8>>> {
    let Some(text) = &site.info.jwt_secret else { return Ok(None) };
    let sealed = hex::decode(text).map_err(Error::internal)?;
    cx.open(PURPOSE, &sealed).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use testbed::Bed;

    #[tokio::test]
    async fn secrets_are_sealed_and_bounded() {
        let cx = Bed::sqlite().await.cx.clone();
        let longest = "s".repeat(MAX_SECRET_BYTES);
        let text = sealed(&cx, &longest).expect("fits").expect("kept");
        assert!(!text.contains(&hex::encode("ssss")));
        let opened = cx.open(PURPOSE, &hex::decode(&text).expect("hex")).expect("opens");
        assert_eq!(opened, longest.as_bytes());
        assert_eq!(sealed(&cx, "").expect("fits"), None);
        assert!(matches!(sealed(&cx, &format!("{longest}s")), Err(Error::Unprocessable(_))));
    }

    #[test]
    fn a_roles_path_is_names_with_dots() {
        for (path, fine) in [
            ("roles", true),
            ("app_metadata.roles", true),
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
}
